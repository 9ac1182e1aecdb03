// SPDX-License-Identifier: Apache-2.0
// For programs that know what they allocate: they print what the collector must have counted.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__clang__)
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noipa)) // nor made into several functions
#endif
#define KEEP(pointer) __asm__ volatile("" : "+r"(pointer) : : "memory")
// After a call: it is then no jump to the callee, whose caller's frame would be gone.
#define STAY __asm__ volatile("" : : : "memory")

/// Of the stacks that begin with `chain` (functions, innermost first, separated by `;`).
static inline void expect(const char *chain, uint64_t allocations, uint64_t bytes, uint64_t frees, uint64_t freed) {
    printf("expect %s %lu %lu %lu %lu\n", chain, allocations, bytes, frees, freed);
}

/// Of frees of blocks that are inherited from a parent, in whatever process.
static inline void expect_inherited(const char *chain, uint64_t frees, uint64_t bytes) {
    printf("inherited %s %lu %lu\n", chain, frees, bytes);
}

static inline void check(bool condition, const char *what) {
    if (condition)
        return;
    printf("wrong: %s\n", what);
    fflush(stdout);
    abort();
}
