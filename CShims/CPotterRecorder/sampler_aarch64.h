// SPDX-License-Identifier: Apache-2.0
// What the sampler needs to know of the machine: arm64.
#pragma once
#include "recorder.h"
#include "unwind_walk.h"
#include <ucontext.h>

static inline pp_registers pp_context_registers(const ucontext_t *context) {
    const mcontext_t *r = &context->uc_mcontext;
    return (pp_registers){.pc = r->pc, .sp = r->sp, .fp = r->regs[29], .async = r->regs[22], .ra = r->regs[30]};
}

// Whether pc is where a system call returns to: behind `svc #0`. The kernel leaves no mark in the registers, so the
// bytes are only read where a table says that they are code which can be read.
static inline bool pp_context_follows_syscall(const ucontext_t *context) {
    const pp_recorder *recorder = &pp_recorder_state;
    uint64_t at = context->uc_mcontext.pc - 4;
    pp_unwind_space space = {.map = &recorder->maps[atomic_load_explicit(&recorder->active, memory_order_acquire)],
                             .modules = pp_modules(recorder->session),
                             .tables = recorder->tables,
                             .tables_size = recorder->tables_size};
    const pp_code_range *range = pp_range_of(&space, at);
    const pp_unwind_table *table = pp_table_of(&space, range);
    if (table == NULL || (at & 3) != 0)
        return false;
    uint64_t relative = at - range->bias;
    if (relative < table->code_start || relative >= table->code_end || table->code_end - relative < 4)
        return false;
    return *(const volatile uint32_t *)(uintptr_t)at == 0xd4000001u;
}

// All registers that an unwind may want, by their DWARF numbers.
static inline void pp_context_all_registers(const ucontext_t *context, uint64_t registers[PP_COPY_REGISTERS]) {
    const mcontext_t *r = &context->uc_mcontext;
    for (uint32_t i = 0; i < 31; i++)
        registers[i] = r->regs[i];
    registers[31] = r->sp;
    registers[32] = r->pc;
}

// Not memcpy: a sanitizer's looks at every byte of the stack, and finds what it has poisoned.
static inline void pp_copy_words(void *to, uint64_t from, uint64_t words) {
    uint64_t *at = to;
    const volatile uint64_t *source = (const volatile uint64_t *)(uintptr_t)from;
    for (uint64_t i = 0; i < words; i++)
        at[i] = source[i];
}
