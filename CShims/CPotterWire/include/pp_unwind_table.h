// SPDX-License-Identifier: Apache-2.0
// Unwind tables: made by the collector (PotterSymbols), looked up in signal handlers (CPotterRecorder/unwind.c).
// One table describes one module (ELF file, vDSO). Position-independent: all addresses are file-relative (pc - bias).
//
//   ┌────────┬────────────────────────────────┬───────────────────────┬────────────────┐
//   │ header │ rows: uint64_t, pc 32, rule 32 │ first: uint32_t/block │ layouts: arm64 │
//   └────────┴────────────────────────────────┴───────────────────────┴────────────────┘
//
// pc and rule share a word, so that a look-up touches two cache lines: one of `first`, one of the rows. Measured: 10 ns
// per frame when warm, so that neither a cache of rules nor a map of pages with plain frames earns its keep.
#pragma once
#include <stdint.h>

#define PP_UNWIND_MAGIC 0x32574e55u // "UNW2"

// Kinds of a rule.
enum pp_unwind_kind {
    PP_UNWIND_NONE = 0,     // no function here (padding, data), or code without an FDE
    PP_UNWIND_SP = 1,       // CFA = sp + offset
    PP_UNWIND_FP = 2,       // CFA = fp + offset
    PP_UNWIND_FP_DEREF = 3, // CFA = *(fp + offset) (gcc's stack realignment); saved registers lie below fp, not CFA
    PP_UNWIND_PLT = 4,      // x86-64 PLT stub: CFA = sp + 8 + ((pc & 15) >= offset / 8 ? 8 : 0)
    PP_UNWIND_SIGNAL = 5,   // signal frame: registers are in the ucontext at sp
    PP_UNWIND_END = 6,      // outermost function: stop here, complete
    PP_UNWIND_OTHER = 7,    // has an FDE that these rules cannot express: the stack is copied for libunwind
    PP_UNWIND_SP_DEREF = 8, // CFA = *(sp + offset) + 8 (assembly of OpenSSL)
    PP_UNWIND_RESOLVE = 9,  // _dl_runtime_resolve: CFA = rbx + offset, found by its shape, as rbx is not followed
    PP_UNWIND_AT_SP = 10,   // arm64: by a layout of the table, CFA = sp + its cfa; bits 4..31 say which
    PP_UNWIND_AT_FP = 11,   // arm64: the same, CFA = x29 + its cfa
    PP_UNWIND_LOST = 12,    // the caller was overwritten: stop here, incomplete; an FDE says otherwise
};

// A rule in 32 bits. The return address is always at CFA - 8 (x86-64).
//   bits  0..3  kind
//   bits  4..8  saved fp: 0 = same value, 1 = unknown, n >= 2: at CFA - 8 * (n - 1), for FP_DEREF at fp - 8 * (n - 2)
//   bits  9..13 saved async context register (r14, x22): the same coding
//   bits 14..31 offset / 8, signed (+-1 MiB)
#define PP_RULE_KIND(rule) ((uint32_t)((rule)&15u))
#define PP_RULE_FP(rule) ((uint32_t)(rule) >> 4 & 31u)
#define PP_RULE_ASYNC(rule) ((uint32_t)(rule) >> 9 & 31u)
#define PP_RULE_OFFSET(rule) ((int64_t)((int32_t)(rule) >> 14) * 8)
#define PP_RULE_SAME 0u
#define PP_RULE_UNKNOWN 1u

// What 32 bits have no room for: on arm64 the return address may be in x30, and frame records lie anywhere in a frame.
// A module has some hundred layouts at most. Distances are from the CFA, in bytes.
typedef struct pp_unwind_layout {
    int32_t cfa;           // from the register that the rule's kind says
    int32_t ra, fp, async; // where the caller's x30, x29 and x22 are saved, or PP_SAVED_*
} pp_unwind_layout;
_Static_assert(sizeof(pp_unwind_layout) == 16, "layout of a frame");
#define PP_SAVED_SAME 1 // not saved, still in its register
#define PP_SAVED_LOST 3
#define PP_IS_UNSAVED(place) (((place)&1) != 0) // places are multiples of 4

typedef struct pp_unwind_table {
    uint32_t magic;
    uint32_t row_count;   // at least 1: row 0 has pc 0
    uint64_t size;        // bytes of the whole blob, this header included
    uint64_t base;        // lowest file-relative address described
    uint64_t limit;       // one past the highest; limit - base < 2^32
    uint64_t code_start;  // file-relative range of one readable, executable load segment: its bytes may be read
    uint64_t code_end;    // in a handler; equal if there is none
    uint32_t rows;        // offset from the header: uint64_t[row_count], ascending, (pc - base) << 32 | rule;
                          // row i holds up to the pc of row i + 1
    uint32_t first;       // offset: uint32_t[((limit - base - 1) >> first_shift) + 2]: the last row at or before a
    uint32_t first_shift; // block's start
    uint32_t layouts;     // offset: pp_unwind_layout[(size - layouts) / 16], 0: none
} pp_unwind_table;
_Static_assert(sizeof(pp_unwind_table) == 64, "unwind table header");
