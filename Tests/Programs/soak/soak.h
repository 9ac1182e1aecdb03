// SPDX-License-Identifier: Apache-2.0
// What the soak's programs share: a known computation, a deadline, the verdict. Each ends with a line `rounds N`, its CPU
// time by getrusage (`cpu 9.9123`, of waited-for children too: `children 3.2`) and `result right`, or says what was wrong
// and ends with status 1.
#pragma once
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SOAK_STEPS 4000
#define SOAK_NOINLINE __attribute__((noipa))

static inline double soak_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Some microseconds of work whose result the caller knows: it must not depend on when, where and how often it ran.
static inline uint64_t soak_mix(uint64_t x, int steps) {
    for (int i = 0; i < steps; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + (uint64_t)i;
    return x;
}

static inline void soak_fail(const char *what, uint64_t got, uint64_t wanted) {
    printf("WRONG: %s: %llu instead of %llu\n", what, (unsigned long long)got, (unsigned long long)wanted);
    fflush(stdout);
    _exit(1);
}

static inline void soak_expect(const char *what, uint64_t got, uint64_t wanted) {
    if (got != wanted)
        soak_fail(what, got, wanted);
}

static inline double soak_seconds(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static inline int soak_end(uint64_t rounds) {
    printf("rounds %llu\ncpu %.4f\nchildren %.4f\nresult right\n", (unsigned long long)rounds, soak_seconds(RUSAGE_SELF),
           soak_seconds(RUSAGE_CHILDREN));
    return rounds == 0;
}
