// SPDX-License-Identifier: Apache-2.0
// Stacks that the target copied for the collector to unwind: where a module's unwind table is not there yet, or all of
// them (pp_session.copies_all).
//
//   ┌─────────────────────────┬─────────┬─────────┬─────
//   │ owners, a word per slot │ pp_copy │ pp_copy │ ...
//   └─────────────────────────┴─────────┴─────────┴─────
//
//   0 ──handler: compare-and-swap──▶ thread slot + 1 ──record in that thread's ring──▶ collector copies it ──▶ 0
//
// What a thread owned that died before it wrote the record is given back when the collector ends the thread.
#pragma once
#include <stdint.h>

#define PP_COPY_SLOTS 256u
#define PP_COPY_BYTES 32768u // of a stack, from the red zone below sp upwards
// By DWARF numbers.
#if defined(__aarch64__)
#define PP_COPY_REGISTERS 33u // x0-x30 sp pc (DWARF for the Arm 64-bit Architecture, section 4.1)
#else
#define PP_COPY_REGISTERS 17u // rax rdx rcx rbx rsi rdi rbp rsp r8-r15 rip (x86-64 psABI, figure 3.36)
#endif
#define PP_COPY_MODULES 1024u // mapped at once
#define PP_COPY_OWNERS_BYTES 4096u

typedef struct pp_copy {
    uint32_t thread;   // slot, and
    uint32_t sequence; // pp_sample.sequence: of which record it is
    uint32_t size;     // bytes of the stack that were copied; 0: its bounds are not known
    uint32_t module_count;
    uint32_t raced; // 1: the module map changed while it was copied, twice
    uint32_t reserved;
    uint64_t low;  // address of the first byte, a multiple of 8
    uint64_t high; // where the stack ends
    uint64_t registers[PP_COPY_REGISTERS];
    uint16_t modules[PP_COPY_MODULES]; // slots of what was mapped, in the order of addresses
    uint64_t reserved1[2];
    uint8_t stack[PP_COPY_BYTES];
} pp_copy;
_Static_assert(sizeof(pp_copy) % 64 == 0, "slots start on cache lines");
_Static_assert(PP_COPY_SLOTS * sizeof(uint32_t) <= PP_COPY_OWNERS_BYTES, "owners");
