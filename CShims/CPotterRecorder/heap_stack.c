// SPDX-License-Identifier: Apache-2.0
// Unwinding in a hook: the caller's stack -> id of the stack table.
#include "heap.h"
#include "unwind_stacks_linux.h"

uint32_t pp_heap_map_generation(void) {
    const pp_recorder *recorder = &pp_recorder_state;
    return recorder->maps[atomic_load_explicit(&recorder->active, memory_order_acquire)].generation;
}

// As in the sampler: the map may be written over while it is read.
static pp_unwound unwind(pp_heap_thread *thread, const pp_registers *caller) {
    const pp_recorder *recorder = &pp_recorder_state;
    // Where the bounds are not known, and on stacks that nobody announced, each page is asked for.
    pp_stacks stacks = {.is_readable = pp_is_readable};
    if (thread->stack_low != 0) {
        stacks.low[1] = thread->stack_low;
        stacks.high[1] = thread->stack_high & ~(uint64_t)7;
    }
    pp_unwind_space space = {.modules = pp_modules(recorder->session),
                             .tables = recorder->tables,
                             .tables_size = recorder->tables_size,
                             .code_is_leaving = atomic_load_explicit(&recorder->closing, memory_order_acquire) != 0};
    pp_unwound unwound = {0};
    for (int attempt = 0; attempt < 2; attempt++) {
        uint32_t version = atomic_load_explicit(&recorder->map_version, memory_order_acquire);
        space.map = &recorder->maps[atomic_load_explicit(&recorder->active, memory_order_acquire)];
        unwound = pp_unwind_caller(&space, *caller, &stacks, thread->frames, &thread->notes);
        atomic_thread_fence(memory_order_acquire);
        uint32_t now = atomic_load_explicit(&recorder->map_version, memory_order_relaxed);
        if (space.code_is_leaving || version != now)
            thread->notes.lasting = false;
        if (now - (version & ~1u) < 3)
            return unwound;
    }
    unwound.flags |= PP_STACK_RACED;
    return unwound;
}

// Whether a frame lies in no module that is known.
static bool meets_unknown(const pp_heap_thread *thread, const pp_unwound *unwound) {
    for (uint32_t i = 0; i < unwound->depth; i++)
        if (thread->frames[i] >> PP_FRAME_MODULE_SHIFT == PP_FRAME_NO_MODULE)
            return true;
    return false;
}

uint32_t pp_heap_unwind(pp_heap_thread *thread, const pp_registers *caller) {
    pp_unwound unwound = unwind(thread, caller);
    // A constructor of what is being loaded.
    if (pp_local_state.loading != 0 && meets_unknown(thread, &unwound) && pp_modules_meet())
        unwound = unwind(thread, caller);
    if (unwound.flags & PP_STACK_RACED)
        thread->notes.lasting = false;
    uint32_t id;
    if (pp_stack_intern(pp_recorder_state.session, thread->frames, &unwound, &id))
        return id;
    pp_heap_count(PP_HEAP_COUNT_STACKS_FULL);
    thread->notes.lasting = false;
    return PP_HEAP_STACK_NO_ROOM;
}
