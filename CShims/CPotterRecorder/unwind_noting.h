// SPDX-License-Identifier: Apache-2.0
// What the noting unwind (unwind_notes.h) does more than the sampler's, for which all of this is nothing.
#pragma once

#if PP_UNWIND_NOTING
#include "unwind_notes.h"

#define PP_FP_NOTED 0u        // the fp at hand depends on nothing that is not noted
#define PP_FP_OF_REGISTERS 1u // it is the first frame's
// Else the address of the word that it was read from.

static inline void pp_note(pp_notes *notes, uint64_t address) {
    if (notes->count < PP_NOTES)
        notes->addresses[notes->count++] = address;
    else
        notes->lasting = false;
}
static inline void pp_note_fp(pp_notes *notes, uint64_t *source) {
    if (*source == PP_FP_OF_REGISTERS)
        notes->uses_fp = true;
    else if (*source != PP_FP_NOTED)
        pp_note(notes, *source);
    *source = PP_FP_NOTED;
}
#define PP_NOTE_WORD(walk, address) pp_note((walk)->stacks->notes, address)
#define PP_NOTE_FP(walk) pp_note_fp((walk)->stacks->notes, (walk)->fp_source)
#define PP_NOTE_PASSING(walk) ((walk)->stacks->notes->lasting = false)
#define PP_NOTE_GUESS(walk) (*(walk)->fp_source = PP_FP_NOTED) // the guess read it by pp_stack_word
#define PP_NOTES_ARE_COMPLETE (!PP_IS_ARM64)                   // not written for its layouts yet
#if defined(__aarch64__)
#define PP_IS_ARM64 1
#else
#define PP_IS_ARM64 0
#endif
#define PP_IS_CALLER true // the first frame is a caller's, too
#else
#define PP_NOTE_WORD(walk, address) ((void)0)
#define PP_NOTE_FP(walk) ((void)0)
#define PP_NOTE_PASSING(walk) ((void)0)
#define PP_NOTE_GUESS(walk) ((void)0)
#define PP_IS_CALLER false
#endif
