// SPDX-License-Identifier: Apache-2.0
// The malloc family: which way a call goes, and what is noted around the next definition.
//
//   straight   hooks have ended, or the block is not sampled
//   record     the usual one
//   nested     within another hook of this thread: heap_nested.c
//   arena      before there is an allocator: heap_arena.c
#include "heap_hooks.h"
#include "heap.h"
#include "heap_next.h"
#include <errno.h>
#include <string.h>

typedef enum way { STRAIGHT, RECORD, NESTED, ARENA } way;

#define PP_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
// Gives a block back to the next definition. What that calls in turn is nested.
#define PP_INSIDE(local, call)                                                                                         \
    do {                                                                                                               \
        (local)->inside++;                                                                                             \
        call;                                                                                                          \
        (local)->inside--;                                                                                             \
    } while (0)

// Where the gate is closed: the mode to go by, or a way that is settled.
static bool is_settled(uint32_t *mode, way *settled) {
    *settled = STRAIGHT;
    if (!pp_next_is_known()) {
        *settled = ARENA;
        return true;
    }
    uint32_t phase = atomic_load_explicit(&pp_heap.phase, memory_order_acquire);
    if (phase == PP_HEAP_RECORDING && pp_heap_mode() == PP_HEAP_OFF)
        pp_heap_adopt();
    *mode = phase == PP_HEAP_EARLY ? PP_HEAP_EXACT : pp_heap_mode();
    return *mode == PP_HEAP_OFF;
}

static __attribute__((noinline)) way slow_way(uint64_t size, uint32_t mode, bool is_counted) {
    way settled;
    if (mode == PP_HEAP_OFF && is_settled(&mode, &settled))
        return settled;
    pp_heap_local *local = &pp_heap_local_state;
    if (mode == PP_HEAP_SAMPLED) {
        if (!is_counted)
            local->left -= (int64_t)size + 1;
        if (local->left >= 0 || !pp_heap_is_sampled(local, size))
            return STRAIGHT;
    }
    return local->busy || local->inside ? NESTED : RECORD;
}

static inline way way_of(uint64_t size) {
    uint32_t mode = pp_heap_mode();
    pp_heap_local *local = &pp_heap_local_state;
    if (mode == PP_HEAP_EXACT && !PP_UNLIKELY(local->busy | local->inside))
        return RECORD;
    if (mode == PP_HEAP_SAMPLED && !PP_UNLIKELY((local->left -= (int64_t)size + 1) < 0))
        return STRAIGHT;
    return slow_way(size, mode, mode == PP_HEAP_SAMPLED);
}

// `inside` until we are busy: a handler in between must not work off the list of nested events, in which the block is
// if the next definition got it by one of our names.
static inline pp_heap_thread *come_out(pp_heap_local *local, const void *block) {
    pp_heap_thread *thread = pp_heap_enter(local);
    local->inside--;
    if (PP_UNLIKELY(pp_heap_has_events(thread)))
        pp_nested_forget(thread, (uint64_t)(uintptr_t)block);
    return thread;
}

static inline void note(pp_heap_local *local, const void *block, uint64_t size, const pp_registers *caller) {
    if (PP_UNLIKELY(block == NULL)) {
        local->inside--;
        return;
    }
    pp_heap_thread *thread = come_out(local, block);
    pp_heap_note_allocation(thread, (uint64_t)(uintptr_t)block, size, caller);
    pp_heap_leave(local, thread);
}

static inline void note_nested(pp_heap_local *local, const void *block, uint64_t size) {
    pp_nested_allocated(block, size);
    local->inside--;
}

// A function that allocates: `call` gives `block` from pp_next, `size` is what is asked for.
#define PP_ALLOCATE(size, arena, call)                                                                                 \
    pp_heap_local *local = &pp_heap_local_state;                                                                       \
    way taken = way_of(size);                                                                                          \
    if (PP_UNLIKELY(taken == ARENA))                                                                                   \
        return arena;                                                                                                  \
    if (PP_UNLIKELY(taken == STRAIGHT))                                                                                \
        return call;                                                                                                   \
    local->inside++;                                                                                                   \
    void *block = call;                                                                                                \
    pp_registers caller = PP_CALLER_REGISTERS;                                                                         \
    if (PP_UNLIKELY(taken == NESTED))                                                                                  \
        note_nested(local, block, size);                                                                               \
    else                                                                                                               \
        note(local, block, size, &caller);                                                                             \
    return block

void *pp_heap_malloc(size_t size, size_t b, size_t c, PP_CALLER) {
    PP_ALLOCATE(size, pp_arena_allocate(16, size), pp_next.malloc(size));
}

void *pp_heap_calloc(size_t count, size_t size, size_t c, PP_CALLER) {
    size_t product;
    bool is_too_large = __builtin_mul_overflow(count, size, &product); // then there is no block
    product = is_too_large ? SIZE_MAX >> 1 : product;
    PP_ALLOCATE(product, pp_arena_allocate(16, product), pp_next.calloc(count, size));
}

void *pp_heap_aligned_alloc(size_t alignment, size_t size, size_t c, PP_CALLER) {
    PP_ALLOCATE(size, pp_arena_allocate(alignment, size), pp_next.aligned_alloc(alignment, size));
}

void *pp_heap_memalign(size_t alignment, size_t size, size_t c, PP_CALLER) {
    PP_ALLOCATE(size, pp_arena_allocate(alignment, size), pp_next.memalign(alignment, size));
}

void *pp_heap_valloc(size_t size, size_t b, size_t c, PP_CALLER) {
    PP_ALLOCATE(size, pp_arena_allocate(4096, size), pp_next.valloc(size));
}

// Whole pages, but what is asked for counts.
void *pp_heap_pvalloc(size_t size, size_t b, size_t c, PP_CALLER) {
    PP_ALLOCATE(size, pp_arena_allocate(4096, (size + 4095) & ~(size_t)4095), pp_next.pvalloc(size));
}

static int posix_memalign_in_arena(void **result, size_t alignment, size_t size) {
    void *block = pp_arena_allocate(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *result = block;
    return 0;
}

int pp_heap_posix_memalign(void **result, size_t alignment, size_t size, PP_CALLER) {
    pp_heap_local *local = &pp_heap_local_state;
    way taken = way_of(size);
    if (PP_UNLIKELY(taken == ARENA))
        return posix_memalign_in_arena(result, alignment, size);
    if (PP_UNLIKELY(taken == STRAIGHT))
        return pp_next.posix_memalign(result, alignment, size);
    local->inside++;
    int error = pp_next.posix_memalign(result, alignment, size);
    const void *block = error == 0 ? *result : NULL;
    pp_registers caller = PP_CALLER_REGISTERS;
    if (PP_UNLIKELY(taken == NESTED))
        note_nested(local, block, size);
    else
        note(local, block, size, &caller);
    return error;
}

// A block of the arena never goes to the next definition.
static void *realloc_of_arena(void *block, size_t size, PP_CALLER) {
    if (size == 0)
        return NULL;
    size_t before = pp_arena_size(block);
    void *copy = pp_heap_malloc(size, 0, 0, PP_CALLER_PASSED);
    if (copy != NULL)
        memcpy(copy, block, before < size ? before : size);
    return copy;
}

// What handlers did within the next definition's free, which nothing followed that would have worked it off.
static inline void settle(pp_heap_local *local) {
    if (PP_UNLIKELY(local->thread != NULL && pp_heap_has_events(local->thread)) && local->inside == 0 && !local->busy)
        pp_nested_flush(local->thread);
}

// The block leaves the index; whoever reads this process meanwhile finds it in the hook.
static bool begin_move(pp_heap_local *local, const void *block, pp_heap_block *before) {
    uint64_t address = (uint64_t)(uintptr_t)block;
    if (block == NULL || (pp_heap.mode == PP_HEAP_SAMPLED && pp_index_is_empty_near(address)))
        return false;
    settle(local);
    pp_heap_thread *thread = pp_heap_enter(local);
    bool found = pp_index_remove(address, before);
    if (found) {
        thread->hook.moving_address = address;
        thread->hook.moving.place = before->place;
        atomic_store_explicit(&thread->hook.moving.what, before->what, memory_order_release);
    } else if (pp_heap_mode() == PP_HEAP_EXACT) {
        pp_heap_count(PP_HEAP_COUNT_UNKNOWN_FREE);
    }
    pp_heap_leave(local, thread);
    return found;
}

// `after` is NULL where it failed, and with a size of 0 where it only freed.
static void end_move(pp_heap_local *local, const void *block, const pp_heap_block *before, bool found,
                     const void *after, size_t size, const pp_registers *caller) {
    uint64_t address = (uint64_t)(uintptr_t)block;
    pp_heap_thread *thread = come_out(local, after);
    pp_heap_block replaced;
    bool failed = after == NULL && size != 0;
    if (found && failed)
        pp_index_insert(address, before->place, before->what, &replaced);
    else if (found)
        pp_heap_note_free(thread, before, address);
    if (after != NULL && caller != NULL)
        pp_heap_note_allocation(thread, (uint64_t)(uintptr_t)after, size, caller);
    atomic_store_explicit(&thread->hook.moving.what, 0, memory_order_release);
    pp_heap_leave(local, thread);
}

void *pp_heap_realloc(void *block, size_t size, size_t c, PP_CALLER) {
    if (PP_UNLIKELY(pp_arena_holds(block)))
        return realloc_of_arena(block, size, PP_CALLER_PASSED);
    pp_heap_local *local = &pp_heap_local_state;
    way taken = way_of(size);
    if (PP_UNLIKELY(taken == ARENA)) // block is NULL
        return pp_arena_allocate(16, size);
    if (PP_UNLIKELY(taken == NESTED))
        return pp_nested_realloc(block, size);
    bool records = pp_heap_mode() != PP_HEAP_OFF || atomic_load(&pp_heap.phase) == PP_HEAP_EARLY;
    if (!records || (taken == STRAIGHT && pp_index_is_empty_near((uint64_t)(uintptr_t)block)) || local->busy)
        return pp_next.realloc(block, size);
    pp_heap_block before;
    bool found = begin_move(local, block, &before);
    local->inside++;
    void *after = pp_next.realloc(block, size);
    pp_registers caller = PP_CALLER_REGISTERS;
    end_move(local, block, &before, found, after, size, taken == RECORD ? &caller : NULL);
    return after;
}

// The C library's calls realloc by its exported name.
void *pp_heap_reallocarray(void *block, size_t count, size_t size, PP_CALLER) {
    size_t product;
    if (__builtin_mul_overflow(count, size, &product)) {
        errno = ENOMEM;
        return NULL;
    }
    return pp_heap_realloc(block, product, 0, PP_CALLER_PASSED);
}

// What is to be done about a block before it is freed; false: it is no business of the next definition.
static bool before_free(void *block) {
    if (PP_UNLIKELY(pp_arena_holds(block)))
        return false;
    uint32_t mode = pp_heap_mode();
    way settled;
    if (PP_UNLIKELY(mode == PP_HEAP_OFF) && is_settled(&mode, &settled))
        return settled != ARENA;
    if (mode == PP_HEAP_SAMPLED && pp_index_is_empty_near((uint64_t)(uintptr_t)block))
        return true;
    pp_heap_local *local = &pp_heap_local_state;
    if (PP_UNLIKELY(local->busy)) {
        pp_nested_free(block);
        return false;
    }
    settle(local);
    pp_heap_thread *thread = pp_heap_enter(local);
    pp_heap_block before;
    bool was_nested = PP_UNLIKELY(pp_heap_has_events(thread)) && pp_nested_forget(thread, (uint64_t)(uintptr_t)block);
    if (pp_index_remove((uint64_t)(uintptr_t)block, &before))
        pp_heap_note_free(thread, &before, (uint64_t)(uintptr_t)block);
    else if (mode == PP_HEAP_EXACT && local->inside == 0 && !was_nested)
        pp_heap_count(PP_HEAP_COUNT_UNKNOWN_FREE);
    pp_heap_leave(local, thread);
    return true;
}

void pp_heap_free(void *block) {
    if (block == NULL || !before_free(block))
        return;
    pp_heap_local *local = &pp_heap_local_state;
    PP_INSIDE(local, pp_next.free(block));
}

void pp_heap_free_sized(void *block, size_t size) {
    if (block == NULL || !before_free(block))
        return;
    pp_heap_local *local = &pp_heap_local_state;
    PP_INSIDE(local, pp_next.free_sized != NULL ? pp_next.free_sized(block, size) : pp_next.free(block));
}

void pp_heap_free_aligned_sized(void *block, size_t alignment, size_t size) {
    if (block == NULL || !before_free(block))
        return;
    pp_heap_local *local = &pp_heap_local_state;
    if (pp_next.free_aligned_sized != NULL)
        PP_INSIDE(local, pp_next.free_aligned_sized(block, alignment, size));
    else
        PP_INSIDE(local, pp_next.free(block));
}
