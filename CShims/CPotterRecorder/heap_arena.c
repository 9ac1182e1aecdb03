// SPDX-License-Identifier: Apache-2.0
// Memory for calls that come before there is an allocator: few and small. Nothing is given back. Blocks are recognized
// by their address when they are freed or resized, and look like mapped blocks of glibc's to its malloc_usable_size.
//
//   chunk: next, size ─▶ block: 0, size of block and header | 2 (IS_MMAPPED), bytes ...
#include "heap.h"
#include <string.h>

#define PP_ARENA_FIRST (64u << 10)
#define PP_ARENA_MAPPED 2u

typedef struct arena_chunk {
    struct arena_chunk *next;
    uint64_t size; // of the whole chunk
    _Atomic uint64_t used;
    uint64_t reserved;
} arena_chunk;

static union {
    arena_chunk chunk;
    uint8_t bytes[PP_ARENA_FIRST];
} first __attribute__((aligned(4096)));
static arena_chunk *_Atomic newest;
_Atomic bool pp_arena_in_use;

static arena_chunk *current(void) {
    arena_chunk *chunk = atomic_load_explicit(&newest, memory_order_acquire);
    if (chunk != NULL)
        return chunk;
    first.chunk.size = sizeof(first);
    atomic_store_explicit(&first.chunk.used, sizeof(arena_chunk), memory_order_relaxed);
    arena_chunk *none = NULL;
    atomic_compare_exchange_strong(&newest, &none, &first.chunk); // else another thread did the same
    return atomic_load_explicit(&newest, memory_order_acquire);
}

static bool add_chunk(arena_chunk *full, size_t size) {
    size_t bytes = size + sizeof(arena_chunk) > PP_ARENA_FIRST ? size + sizeof(arena_chunk) + 4096 : PP_ARENA_FIRST;
    arena_chunk *chunk = pp_heap_map(bytes);
    if (chunk == NULL)
        return false;
    chunk->next = full;
    chunk->size = bytes;
    atomic_store_explicit(&chunk->used, sizeof(arena_chunk), memory_order_relaxed);
    if (!atomic_compare_exchange_strong(&newest, &full, chunk))
        pp_heap_unmap(chunk, bytes); // another thread was faster
    return true;
}

void *pp_arena_allocate(size_t alignment, size_t size) {
    if (size > PP_HEAP_SIZE_MASK || alignment > size + PP_ARENA_FIRST)
        return NULL;
    size_t step = alignment < 16 ? 16 : alignment, body = (size + 15) & ~(size_t)15;
    atomic_store_explicit(&pp_arena_in_use, true, memory_order_relaxed);
    for (;;) {
        arena_chunk *chunk = current();
        uint64_t used = atomic_load_explicit(&chunk->used, memory_order_relaxed);
        uint64_t at = ((uint64_t)(uintptr_t)chunk + used + 16 + step - 1) & ~(uint64_t)(step - 1);
        uint64_t end = at + body - (uint64_t)(uintptr_t)chunk;
        if (end > chunk->size) {
            if (!add_chunk(chunk, body + step + 16))
                return NULL;
        } else if (atomic_compare_exchange_weak(&chunk->used, &used, end)) {
            ((uint64_t *)at)[-1] = (body + 16) | PP_ARENA_MAPPED; // NOLINT: an address
            pp_heap.root.arena = (uint64_t)(uintptr_t)chunk;
            return (void *)at; // NOLINT
        }
    }
}

bool pp_arena_holds(const void *block) {
    if (__builtin_expect(!atomic_load_explicit(&pp_arena_in_use, memory_order_relaxed), 1))
        return false;
    for (const arena_chunk *chunk = atomic_load_explicit(&newest, memory_order_acquire); chunk != NULL;
         chunk = chunk->next)
        if ((uintptr_t)block - (uintptr_t)chunk < chunk->size)
            return true;
    return false;
}

size_t pp_arena_size(const void *block) { return (((const uint64_t *)block)[-1] & ~(uint64_t)7) - 16; }
