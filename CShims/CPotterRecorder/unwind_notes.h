// SPDX-License-Identifier: Apache-2.0
// An unwind that also says which words of the stack it read: unwind.c once more, compiled with PP_UNWIND_NOTING.
// Another stack with the same pc and sp, and equal words at these places (and an equal fp, if `uses_fp`), unwinds to
// the same frames, as long as the map of modules is the same: each step depends on nothing else (heap_memo.c lives on
// that).
//
// Saved frame pointers are noted when a frame further out is found by them, not when they are read: most never are
// used. The async register is not followed here, as no frame depends on it.
#pragma once
#include "pp_unwind.h"

#define PP_NOTES 512u

typedef struct pp_notes {
    uint32_t count;
    bool uses_fp;                 // the first frame's fp was used
    bool lasting;                 // false: something else mattered as well, or there were more than PP_NOTES words
    uint64_t addresses[PP_NOTES]; // in the order of their use
} pp_notes;

/// As pp_unwind_stacks for code that has called us: `registers` are those after the return, pc is the return address.
pp_unwound pp_unwind_caller(const pp_unwind_space *_Nonnull space, pp_registers registers,
                            const pp_stacks *_Nonnull stacks, uint64_t *_Nonnull frames, pp_notes *_Nonnull notes);
