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

// All registers that an unwind may want, by their DWARF numbers.
static inline void pp_context_all_registers(const ucontext_t *context, uint64_t registers[PP_COPY_REGISTERS]) {
    static const uint8_t order[PP_COPY_REGISTERS] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                                     REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                     REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (uint32_t i = 0; i < PP_COPY_REGISTERS; i++)
        registers[i] = (uint64_t)context->uc_mcontext.gregs[order[i]];
}

// Not memcpy: a sanitizer's looks at every byte of the stack, and finds what it has poisoned.
static inline void pp_copy_words(void *to, uint64_t from, uint64_t words) {
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}
