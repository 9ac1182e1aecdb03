// SPDX-License-Identifier: Apache-2.0
// Which stack the walk is on. A walk begins on the stack of the interrupted code, and comes to another one where a
// signal frame says that the signal interrupted code there: a handler on an alternate stack, in the thread's own code
// or in a coroutine. Included by unwind.c; everything in here runs in signal handlers.
#pragma once
#include "unwind_walk.h"

#define PP_RED_ZONE 128u // below sp, where leaf functions may keep something (System V ABI, x86-64)
#define PP_PROBE_PAGE 4096u
#define PP_PROBE_STEP 256u  // pages that one frame of an unknown stack may take: 1 MiB
#define PP_PROBE_WALK 4096u // pages that one walk may ask for: a stack of 16 MiB, at 0.1 to 0.2 us a page

// Makes the stack that holds sp the one that words may be read from. False: no stack is known there.
static inline bool pp_enter_stack(pp_walk *walk) {
    const pp_stacks *stacks = walk->stacks;
    uint64_t sp = walk->at.sp, below = (sp - PP_RED_ZONE) & ~(uint64_t)7;
    walk->probing = false;
    for (int i = 0; i < PP_KNOWN_STACKS; i++) {
        if (sp < stacks->low[i] || sp >= stacks->high[i] || stacks->high[i] < 8)
            continue;
        walk->low = below > stacks->low[i] ? below : stacks->low[i];
        walk->high = stacks->high[i];
        return true;
    }
    if (stacks->is_readable == NULL || sp < PP_PROBE_PAGE || sp >= UINT64_MAX - PP_PROBE_PAGE ||
        !stacks->is_readable(sp & ~(uint64_t)(PP_PROBE_PAGE - 1)))
        return false;
    walk->low = sp & ~(uint64_t)7;
    walk->high = (sp & ~(uint64_t)(PP_PROBE_PAGE - 1)) + PP_PROBE_PAGE;
    walk->probing = true;
    PP_NOTE_PASSING(walk);
    return true;
}

// One more page of a stack that nobody has announced. False: it ends here, or the walk has asked for enough.
static inline bool pp_extend_stack(pp_walk *walk) {
    if (walk->high >= UINT64_MAX - PP_PROBE_PAGE || walk->probed >= PP_PROBE_WALK ||
        !walk->stacks->is_readable(walk->high))
        return false;
    walk->probed++;
    walk->high += PP_PROBE_PAGE;
    return true;
}
