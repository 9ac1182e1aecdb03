// SPDX-License-Identifier: Apache-2.0
// Memory and locks of the hooks. Everything is private and anonymous: a forked child owns its copy.
//
// A lock is a byte: 0, or the value of the process whose thread holds it (1..255, a new one after each fork). Whoever
// takes one and finds another process's value is in a forked child, where the holder is not: it takes the lock over,
// and repairs what the lock protects. So a fork needs neither to stop other threads nor to wait for them.
#pragma once
#include "CPotterWire.h"
#include <stddef.h>

/// What locks of this process hold.
extern uint8_t pp_heap_lock_value;

/// Zeroed pages, or NULL. `bytes` is rounded up. Keeps errno; not interposed.
void *pp_heap_map(size_t bytes);
void pp_heap_unmap(void *at, size_t bytes);
/// Gives the whole pages between the two addresses back; they read as zero.
void pp_heap_discard(void *from, void *to);
void pp_heap_wait(uint32_t turn); // a turn in a loop that waits for a lock
/// Bytes that are mapped.
const _Atomic uint64_t *pp_heap_mapped(void);

typedef enum pp_heap_locked { PP_HEAP_LOCKED, PP_HEAP_TAKEN_OVER } pp_heap_locked;

static inline pp_heap_locked pp_heap_lock(_Atomic uint8_t *lock) {
    uint8_t mine = pp_heap_lock_value, before;
    for (uint32_t turn = 0;; turn++) {
        before = atomic_exchange_explicit(lock, mine, memory_order_acquire);
        if (__builtin_expect(before == 0, 1))
            return PP_HEAP_LOCKED;
        if (before != mine)
            return PP_HEAP_TAKEN_OVER;
        while (atomic_load_explicit(lock, memory_order_relaxed) == mine)
            pp_heap_wait(turn++);
    }
}
static inline void pp_heap_unlock(_Atomic uint8_t *lock) { atomic_store_explicit(lock, 0, memory_order_release); }
