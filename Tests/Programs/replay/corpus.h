// SPDX-License-Identifier: Apache-2.0
// What measure.c writes in a recorded program and replay.c reads: one sparse file, mapped by both.
//
//   header | modules | calls | stacks | data: stack bytes, frames, unwind tables, the loader's variables
//
// All offsets are from the start of the file. Areas have room for what the header says; `*_used` may run past that, the
// surplus was not written.
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#define CORPUS_MAGIC 0x32535550524f43ull
#define CORPUS_MODULES 1024u
#define CORPUS_DATA_BYTES (4ull << 30)       // sparse
#define CORPUS_STACK_BYTES (256u << 10)      // of one stack, at most
#define CORPUS_REGISTERS 17                  // rax rdx rcx rbx rsi rdi rbp rsp r8..r15 rip: DWARF's numbers
enum { CORPUS_RBP = 6, CORPUS_RSP = 7, CORPUS_R14 = 14, CORPUS_RIP = 16 };

typedef struct corpus_module {
    uint64_t start, end, bias; // as in pp_code_range
    uint64_t table;            // offset of its pp_unwind_table, 0: none
    uint32_t slot;             // in the session memory
    char path[244];            // "" is the program; "linux-vdso.so.1" has no file
} corpus_module;

// One run of the signal handler. Times are processor ticks (rdtsc).
typedef struct corpus_call {
    uint32_t handler_ticks; // from its first instruction to its last, without the kernel's delivery
    uint32_t unwind_ticks;  // of the unwind in it; 0: this call took no stack
    uint32_t depth;         // frames
    uint32_t thread;        // tid
} corpus_call;

typedef struct corpus_stack {
    uint64_t registers[CORPUS_REGISTERS];
    uint64_t low, high; // the bounds that the recorder gave to the unwinder
    uint64_t bytes;     // copied from `low` on; less than high - low: it did not fit
    uint64_t data;      // offset of these bytes
    uint64_t frames;    // offset of what the unwinder said in the program: uint64_t[depth], PP_FRAME_*
    uint32_t depth, cut, flags, reserved;
} corpus_stack;

typedef struct corpus_header {
    uint64_t magic;
    uint64_t modules, calls, stacks, data, size; // offsets of the areas, and the end
    uint64_t begin_ticks, end_ticks, begin_ns, end_ns;
    uint32_t calls_room, stacks_room, module_count, finished;
    _Atomic uint32_t calls_used, stacks_used;
    _Atomic uint64_t data_used;
    char program[244]; // path of the executed file
    uint32_t reserved;
    uint64_t loader_address, loader_bytes, loader_data; // ld.so's variables, the unwinder reads one
} corpus_header;

static inline uint64_t corpus_ticks(void) {
    uint32_t low, high;
    __asm__ volatile("rdtscp\n\tlfence" : "=a"(low), "=d"(high) : : "rcx", "memory");
    return (uint64_t)high << 32 | low;
}
