// SPDX-License-Identifier: Apache-2.0
// Unwind tables: made by the collector (PotterSymbols), looked up in signal handlers (CPotterRecorder/unwind.c).
// One table describes one module (ELF file, vDSO). Position-independent: all addresses are file-relative (pc - bias).
#pragma once
#include <stdint.h>

#define PP_UNWIND_MAGIC 0x31574e55u // "UNW1"

// Kinds of a rule.
enum pp_unwind_kind {
    PP_UNWIND_NONE = 0,    // no function here (padding, data), or code without an FDE
    PP_UNWIND_SP = 1,      // CFA = sp + cfa_offset
    PP_UNWIND_FP = 2,      // CFA = fp + cfa_offset
    PP_UNWIND_FP_DEREF = 3, // CFA = *(fp + cfa_offset) (stack realignment)
    PP_UNWIND_PLT = 4,     // x86-64 PLT stub: CFA = sp + 8 + ((pc & 15) >= 11 ? 8 : 0)
    PP_UNWIND_SIGNAL = 5,  // signal frame: registers are in the ucontext at sp
    PP_UNWIND_END = 6,     // outermost function: stop here, complete
    PP_UNWIND_OTHER = 7,   // has an FDE that these rules cannot express: fall back, counted
};

// A rule in one 64-bit word. The return address is always at CFA - 8 (x86-64).
//   bits  0..3  kind
//   bits  4..23 cfa_offset, signed, bytes (20 bits: +-512 KiB)
//   bits 24..35 saved fp: 0 = same value, 1 = unknown, n >= 2: at CFA - 8 * (n - 1)
//   bits 36..47 saved async context register (r14, x22): the same coding
#define PP_RULE_KIND(rule) ((uint32_t)((rule)&15u))
#define PP_RULE_CFA(rule) ((int64_t)((uint64_t)(rule) << 40) >> 44)
#define PP_RULE_FP(rule) ((uint32_t)((rule) >> 24) & 0xfffu)
#define PP_RULE_ASYNC(rule) ((uint32_t)((rule) >> 36) & 0xfffu)
#define PP_RULE_SAME 0u
#define PP_RULE_UNKNOWN 1u

typedef struct pp_unwind_table {
    uint32_t magic;
    uint32_t row_count;
    uint64_t size;       // bytes of the whole blob, this header included
    uint32_t pcs;        // offset from the header: uint32_t[row_count], ascending, file-relative minus `base`
    uint32_t rules;      // offset: uint64_t[row_count]; row i holds for pcs[i] <= pc < pcs[i + 1]
    uint64_t base;       // lowest file-relative address described
    uint64_t limit;      // one past the highest
    uint32_t page_map;   // offset: one bit per 1 << page_shift bytes from base, or 0. Bit set: every row in there that
    uint32_t page_shift; // can hold a return address is CFA = fp + 16, fp at CFA - 16, async same
    uint32_t first;      // offset: uint32_t[(limit - base) >> first_shift + 2]: first row at or before a block's start
    uint32_t first_shift;
    uint64_t reserved[3];
} pp_unwind_table;
_Static_assert(sizeof(pp_unwind_table) == 80, "unwind table header");
