// SPDX-License-Identifier: Apache-2.0
// Hooks within hooks of one thread: a signal handler that interrupts our book-keeping and allocates, an allocator that
// allocates by the exported names. The locks of the index may be held by the hook around it, so what is done here is
// put on a list, which that hook works off when it is done.
//
//   allocated   the block is there at once, and is recorded later, without a stack
//   freed       a block of the list leaves it; another one is freed later, when it has left the index: nobody can tell
//
// A handler may come in at every instruction of this: an entry is reserved by one atomic addition, and is valid from
// when its address is written; the list is emptied by one exchange, if nothing was added meanwhile.
#include "heap.h"
#include "heap_next.h"
#include <string.h>

#define PP_EVENT_FREE 0u
#define PP_EVENT_WRITTEN 1u // no address of a block

static bool change(pp_heap_event *event, uint64_t from, uint64_t to) {
    return atomic_compare_exchange_strong_explicit(&event->address, &from, to, memory_order_relaxed,
                                                   memory_order_relaxed);
}
static uint64_t address_of(const pp_heap_event *event) {
    return atomic_load_explicit(&event->address, memory_order_relaxed);
}

static bool push(pp_heap_thread *thread, uint64_t address, uint64_t size, bool is_free) {
    for (uint32_t i = 0; i < PP_NESTED_EVENTS; i++) {
        pp_heap_event *event = &thread->events[i];
        if (!change(event, PP_EVENT_FREE, PP_EVENT_WRITTEN))
            continue;
        event->size = size;
        event->is_free = is_free;
        // First: there are never more entries than are counted, so that a search may end with the last.
        atomic_fetch_add_explicit(&thread->event_count, 1, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
        change(event, PP_EVENT_WRITTEN, address);
        return true;
    }
    return false;
}

// Takes the allocation of `address` off the list; false: it is not there. A handler that comes again before a search
// of the whole list is over would keep the program from going on: it ends where nothing more is on it.
static bool drop(pp_heap_thread *thread, uint64_t address) {
    uint32_t left = atomic_load_explicit(&thread->event_count, memory_order_relaxed);
    for (uint32_t i = 0; i < PP_NESTED_EVENTS && left > 0; i++) {
        pp_heap_event *event = &thread->events[i];
        left -= address_of(event) > PP_EVENT_WRITTEN;
        if (address_of(event) != address || event->is_free || !change(event, address, PP_EVENT_FREE))
            continue;
        atomic_fetch_sub_explicit(&thread->event_count, 1, memory_order_relaxed);
        return true;
    }
    return false;
}

bool pp_nested_forget(pp_heap_thread *thread, uint64_t address) { return drop(thread, address); }

void pp_nested_allocated(const void *block, size_t size) {
    pp_heap_local *local = &pp_heap_local_state;
    if (block == NULL)
        return;
    uint64_t address = (uint64_t)(uintptr_t)block;
    if (local->thread != NULL)
        drop(local->thread, address); // the next definition got it by one of our names
    if (local->thread != NULL && push(local->thread, address, size, false))
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
    bool was_new = thread != NULL && drop(thread, address);
    if (!was_new && thread != NULL && push(thread, address, 0, true))
        return;
    if (!was_new)
        pp_heap_count(PP_HEAP_COUNT_NESTED_LOST);
    pp_next.free(block);
}

// Always another block: the next definition's realloc may free by our name what was taken off the list here.
void *pp_nested_realloc(void *block, size_t size) {
    void *other = size != 0 || block == NULL ? pp_next.malloc(size) : NULL;
    if (other == NULL && size != 0)
        return NULL;
    if (block != NULL) {
        size_t before = pp_next.malloc_usable_size != NULL ? pp_next.malloc_usable_size(block) : size;
        memcpy(other, block, before < size ? before : size);
        pp_nested_free(block);
    }
    pp_nested_allocated(other, size);
    return other;
}

// False: there was nothing.
static bool work_off(pp_heap_thread *thread, pp_heap_event *event) {
    uint64_t address = address_of(event), size = event->size, is_free = event->is_free;
    if (address <= PP_EVENT_WRITTEN || !change(event, address, PP_EVENT_FREE))
        return false;
    atomic_fetch_sub_explicit(&thread->event_count, 1, memory_order_relaxed);
    if (!is_free) {
        pp_heap_note_allocation(thread, address, size, NULL);
        return true;
    }
    pp_heap_block block;
    if (pp_index_remove(address, &block))
        pp_heap_note_free(thread, &block, address);
    pp_next.free((void *)address); // NOLINT: an address
    return true;
}

void pp_nested_flush(pp_heap_thread *thread) {
    pp_heap_local *local = &pp_heap_local_state;
    local->busy = 1;
    atomic_signal_fence(memory_order_seq_cst);
    bool any;
    do {
        any = false;
        for (uint32_t i = 0; i < PP_NESTED_EVENTS; i++)
            any |= work_off(thread, &thread->events[i]);
    } while (any);
    atomic_signal_fence(memory_order_seq_cst);
    local->busy = 0;
}
