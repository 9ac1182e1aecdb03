// SPDX-License-Identifier: Apache-2.0
// What one allocation or free leaves behind: an entry of the block index, and counters of its stack.
#include "heap.h"
#include "heap_next.h"

#define PP_SAME_TICK 1000000u // blocks: 0.1 s and more

uint32_t pp_heap_now(void) {
    const pp_session *session = pp_recorder_state.session;
    if (session == NULL)
        return 0;
    return (uint32_t)(atomic_load_explicit(&session->heartbeat_ns, memory_order_relaxed) >> PP_HEAP_TICK_SHIFT);
}

static inline uint64_t slack_of(uint64_t address, uint64_t size) {
    if (pp_next.malloc_usable_size == NULL)
        return 0;
    uint64_t usable = pp_next.malloc_usable_size((void *)address), rounded = (size + 7) & ~7ull; // NOLINT: an address
    uint64_t slack = usable > rounded ? (usable - rounded) / 8 : 0;
    return slack < PP_HEAP_SLACK_MOST ? slack : PP_HEAP_SLACK_MOST;
}

void pp_heap_note_free(pp_heap_thread *thread, const pp_heap_block *block, uint64_t address) {
    uint64_t what = atomic_load_explicit(&block->what, memory_order_relaxed);
    bool is_own = (block->place >> 28 & (PP_HEAP_GENERATIONS - 1)) == pp_heap_generation();
    pp_heap_add(thread, pp_heap_block_stack(what), NULL, is_own ? PP_HEAP_FREED : PP_HEAP_FREED_INHERITED,
                pp_heap_block_size(what), address == thread->last_block);
}

// The collector's clock stands still: if it is gone for good, so is who wants to know.
static void look_for_collector(pp_heap_thread *thread) {
    thread->same_tick = 0;
    if (pp_heap.may_claim && !pp_collector_lives() && !pp_collector_exists())
        pp_heap_end();
}

// The tick of a block that is allocated now.
static inline uint32_t next_tick(pp_heap_thread *thread) {
    uint32_t tick = pp_heap_now();
    thread->same_tick = tick == thread->tick ? thread->same_tick + 1 : 0;
    thread->tick = tick;
    if (__builtin_expect(thread->same_tick > PP_SAME_TICK, 0))
        look_for_collector(thread);
    return tick;
}

void pp_heap_note_allocation(pp_heap_thread *thread, uint64_t address, uint64_t size, const pp_registers *caller) {
    uint32_t *hint = NULL;
    uint32_t stack = PP_HEAP_STACK_EARLY;
    if (__builtin_expect(pp_heap.may_claim, 1))
        stack = caller != NULL ? pp_memo_stack(thread, caller, &hint) : PP_HEAP_STACK_NESTED;
    size = size <= PP_HEAP_SIZE_MASK ? size : PP_HEAP_SIZE_MASK;
    pp_heap_add(thread, stack, hint, PP_HEAP_ALLOCATED, size, false);
    uint64_t place =
        slack_of(address, size) << 16 | (uint64_t)pp_heap_generation() << 28 | (uint64_t)next_tick(thread) << 32;
    pp_heap_block before;
    pp_index_result result = pp_index_insert(address, place, size | (uint64_t)stack << PP_HEAP_SIZE_BITS, &before);
    if (__builtin_expect(result != PP_INDEX_NEW, 0)) {
        pp_heap_count(result == PP_INDEX_REPLACED ? PP_HEAP_COUNT_REPLACED : PP_HEAP_COUNT_NO_INDEX);
        if (result == PP_INDEX_REPLACED)
            pp_heap_note_free(thread, &before, 0);
    }
    thread->last_block = address;
}
