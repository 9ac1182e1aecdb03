// SPDX-License-Identifier: Apache-2.0
// Hooks within hooks of one thread: a signal handler that interrupts our book-keeping and allocates, an allocator that
// allocates by the exported names. The locks of the index may be held by the hook around it, so what is done here is
// put on a list, which that hook works off when it is done.
//
//   allocated   the block is there at once, and is recorded later, without a stack
//   freed       a block of the list leaves it; another one is freed later, when it has left the index: nobody can tell
//
// Each entry is written before it is counted, and taken after: a handler that comes in between finds the list in order.
#include "heap.h"
#include "heap_next.h"
#include <string.h>

static bool push(pp_heap_thread *thread, pp_heap_event event) {
    uint32_t count = thread->event_count;
    if (count >= PP_NESTED_EVENTS)
        return false;
    thread->events[count] = event;
    atomic_signal_fence(memory_order_seq_cst);
    thread->event_count = count + 1;
    return true;
}

// Takes the allocation of `address` off the list; false: it is not there.
static bool drop(pp_heap_thread *thread, uint64_t address) {
    for (uint32_t i = 0; i < thread->event_count; i++) {
        if (thread->events[i].address != address || thread->events[i].is_free)
            continue;
        thread->events[i] = thread->events[thread->event_count - 1];
        atomic_signal_fence(memory_order_seq_cst);
        thread->event_count--;
        return true;
    }
    return false;
}

void pp_nested_forget(pp_heap_thread *thread, uint64_t address) { drop(thread, address); }

void pp_nested_allocated(const void *block, size_t size) {
    pp_heap_local *local = &pp_heap_local_state;
    if (block == NULL)
        return;
    uint64_t address = (uint64_t)(uintptr_t)block;
    if (local->thread != NULL && push(local->thread, (pp_heap_event){.address = address, .size = size}))
        return;
    if (local->busy) {
        pp_heap_count(PP_HEAP_COUNT_NESTED_LOST);
        return;
    }
    pp_heap_thread *thread = pp_heap_enter(local);
    pp_heap_note_allocation(thread, address, size, NULL);
    pp_heap_leave(local, thread);
}

void pp_nested_free(void *block) {
    pp_heap_thread *thread = pp_heap_local_state.thread;
    uint64_t address = (uint64_t)(uintptr_t)block;
    bool is_kept =
        thread != NULL && !drop(thread, address) && push(thread, (pp_heap_event){.address = address, .is_free = 1});
    if (is_kept)
        return;
    pp_heap_count(PP_HEAP_COUNT_NESTED_LOST);
    pp_next.free(block);
}

void *pp_nested_realloc(void *block, size_t size) {
    pp_heap_thread *thread = pp_heap_local_state.thread;
    bool was_new = thread != NULL && drop(thread, (uint64_t)(uintptr_t)block);
    if (was_new || block == NULL || thread == NULL || thread->event_count + 2 > PP_NESTED_EVENTS || size == 0) {
        if (!was_new && block != NULL)
            pp_heap_count(PP_HEAP_COUNT_NESTED_LOST);
        void *grown = pp_next.realloc(block, size);
        pp_nested_allocated(grown, size);
        return grown;
    }
    void *copy = pp_next.malloc(size);
    if (copy == NULL)
        return NULL;
    size_t before = pp_next.malloc_usable_size != NULL ? pp_next.malloc_usable_size(block) : size;
    memcpy(copy, block, before < size ? before : size);
    pp_nested_allocated(copy, size);
    pp_nested_free(block);
    return copy;
}

// Takes the last event off the list; false: it is empty.
static bool pop(pp_heap_thread *thread, pp_heap_event *event) {
    uint32_t count = thread->event_count;
    if (count == 0)
        return false;
    *event = thread->events[count - 1];
    atomic_signal_fence(memory_order_seq_cst);
    thread->event_count = count - 1;
    return true;
}

void pp_nested_flush(pp_heap_thread *thread) {
    pp_heap_local *local = &pp_heap_local_state;
    pp_heap_event event;
    for (;;) {
        local->busy = 1;
        atomic_signal_fence(memory_order_seq_cst);
        bool any = pop(thread, &event);
        pp_heap_block block;
        if (any && !event.is_free)
            pp_heap_note_allocation(thread, event.address, event.size, NULL);
        else if (any && pp_index_remove(event.address, &block))
            pp_heap_note_free(thread, &block, event.address);
        atomic_signal_fence(memory_order_seq_cst);
        local->busy = 0;
        if (!any)
            return;
        if (event.is_free)
            pp_next.free((void *)event.address); // NOLINT: an address
    }
}
