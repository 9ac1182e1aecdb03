// SPDX-License-Identifier: Apache-2.0
// The unwinder: registers of an interrupted thread -> frames. Async-signal-safe: no call leaves this library, no lock,
// no allocation, no read outside the given stack bounds and the tables.
#pragma once
#include "CPotterWire.h"

// One mapped module, as the unwinder sees it. Sorted by start, ranges do not overlap.
typedef struct pp_code_range {
    uint64_t start, end; // run-time addresses
    uint64_t bias;       // run-time address minus file-relative address
    uint32_t module;     // module slot
    uint32_t reserved;
} pp_code_range;

#define PP_MAX_LOADED 1024u // modules mapped at once
typedef struct pp_code_map {
    uint32_t count;
    uint32_t generation;
    pp_code_range ranges[PP_MAX_LOADED];
} pp_code_map;

typedef struct pp_unwind_space {
    const pp_code_map *_Nonnull map;
    const pp_module *_Nonnull modules; // indexed by pp_code_range.module: table_offset (atomic) is read from there
    const uint8_t *_Nonnull tables;    // base of the tables memfd
    uint64_t tables_size;
    bool code_is_leaving; // a dlclose is under way: what the map says may be unmapped any moment, so no step may read
                          // code bytes to check a guess
} pp_unwind_space;

typedef struct pp_registers {
    uint64_t pc, sp, fp, async; // x86-64: rip, rsp, rbp, r14; arm64: pc, sp, x29, x22
#if defined(__aarch64__)
    uint64_t ra; // x30, where the interrupted function may keep its return address
#endif
} pp_registers;

typedef struct pp_unwound {
    uint32_t depth;         // frames written, at most PP_MAX_FRAMES
    uint32_t cut;           // frames left out in the middle
    uint32_t flags;         // PP_STACK_*
    uint32_t fallbacks;     // steps made by frame pointers
    uint32_t failed_module; // module slot where an incomplete unwind stopped, or PP_FRAME_NO_MODULE
    uint32_t beyond_rules;  // 1: it stopped at a rule that rows cannot hold (PP_UNWIND_OTHER)
} pp_unwound;

#define PP_KNOWN_STACKS 2

// The stacks that a walk may come to. It begins on the one that holds sp; out of a signal handler it goes on where the
// signal struck.
typedef struct pp_stacks {
    uint64_t low[PP_KNOWN_STACKS], high[PP_KNOWN_STACKS]; // [low, high) can be read; empty: none. The first that fits
    // counts, so that an alternate stack which lies in the thread's own comes first.
    /// Whether the page that starts at `address` can be read: for stacks that nobody announced (coroutines). Called in
    /// the handler. NULL: such stacks yield their leaf only, incomplete.
    bool (*_Nullable is_readable)(uint64_t address);
    struct pp_notes *_Nullable notes; // of the noting unwind (unwind_notes.h)
} pp_stacks;

/// Walks the stack from `registers` and writes frames (PP_FRAME_*, leaf first) to `frames` (room for PP_MAX_FRAMES).
/// Reads stack words only in the stack at hand, 8-byte aligned. At most PP_WALK_LIMIT steps. If the map's generation
/// changes meanwhile the walk is repeated once; if it changes again, the result says PP_STACK_RACED.
pp_unwound pp_unwind_stacks(const pp_unwind_space *_Nonnull space, pp_registers registers,
                            const pp_stacks *_Nonnull stacks, uint64_t *_Nonnull frames);

/// The same on one stack, [stack_low, stack_high): where sp is outside of it the walk ends, incomplete.
pp_unwound pp_unwind(const pp_unwind_space *_Nonnull space, pp_registers registers, uint64_t stack_low,
                     uint64_t stack_high, uint64_t *_Nonnull frames);
