// SPDX-License-Identifier: Apache-2.0
// What the sampler needs to know of the machine: x86-64.
#pragma once
#include "pp_unwind.h"
#include <stdbool.h>
#include <ucontext.h>

static inline pp_registers pp_context_registers(const ucontext_t *context) {
    const greg_t *r = context->uc_mcontext.gregs;
    return (pp_registers){.pc = (uint64_t)r[REG_RIP],
                          .sp = (uint64_t)r[REG_RSP],
                          .fp = (uint64_t)r[REG_RBP],
                          .async = (uint64_t)r[REG_R14]};
}

// Whether pc is where a system call returns to: behind `syscall` (0f 05). The kernel leaves rcx = pc and r11 = flags
// there, which no ordinary code does by accident; so the bytes are only read where rcx says that they exist.
static inline bool pp_context_follows_syscall(const ucontext_t *context) {
    const greg_t *r = context->uc_mcontext.gregs;
    if (r[REG_RCX] != r[REG_RIP])
        return false;
    const uint8_t *pc = (const uint8_t *)(uintptr_t)r[REG_RIP];
    return pc[-2] == 0x0f && pc[-1] == 0x05;
}
