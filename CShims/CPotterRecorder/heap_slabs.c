// SPDX-License-Identifier: Apache-2.0
// Tables are cut from big pieces one after another, and kept by class when they are given back, for the next region
// that comes through that class. Regions that grow in step leave more than anybody takes: what is kept beyond an eighth
// of what is in use gives its whole pages back to the system.
//
// Invariant: a fork may copy this in the middle of a change by another thread. Each step is one store that leaves the
// lists in order; at worst a table is lost to the child.
#include "heap_slabs.h"

#define PP_SLAB_FIRST (64u << 10)
#define PP_SLAB_MOST (4u << 20)
#define PP_SLAB_KEPT 8u // one part in so many

typedef struct kept_table {
    struct kept_table *next;
} kept_table;

static _Atomic uint8_t lock;
static kept_table *kept[PP_INDEX_CAPACITIES];
static uint8_t *piece, *piece_end;
static size_t piece_size = PP_SLAB_FIRST;
static uint64_t used_bytes, kept_bytes;

// Whole cache lines: two threads that work in neighbouring tables are not to wait for each other.
static void *cut(size_t size) {
    size = (size + 63) & ~(size_t)63;
    if (piece == NULL || (size_t)(piece_end - piece) < size) {
        uint8_t *fresh = pp_heap_map(piece_size);
        if (fresh == NULL)
            return NULL;
        piece = fresh;
        piece_end = fresh + piece_size;
        piece_size = piece_size < PP_SLAB_MOST ? piece_size * 2 : PP_SLAB_MOST;
    }
    void *table = piece;
    piece += size;
    return table;
}

static void clear(pp_heap_block *table, size_t size) {
    for (size_t i = 0; i < size / sizeof(*table); i++) {
        table[i].place = 0;
        atomic_store_explicit(&table[i].what, 0, memory_order_relaxed);
    }
}

pp_heap_block *pp_slab_take(uint8_t capacity) {
    size_t size = pp_index_capacity_bytes(capacity);
    pp_heap_lock(&lock);
    kept_table *table = kept[capacity];
    bool is_kept = table != NULL;
    if (is_kept) {
        kept[capacity] = table->next;
        kept_bytes -= size;
    } else {
        table = cut(size);
    }
    used_bytes += table != NULL ? size : 0;
    pp_heap_unlock(&lock);
    if (is_kept)
        clear((pp_heap_block *)table, size);
    return (pp_heap_block *)table;
}

void pp_slab_give(pp_heap_block *table, uint8_t capacity) {
    size_t size = pp_index_capacity_bytes(capacity);
    kept_table *given = (kept_table *)table;
    pp_heap_lock(&lock);
    used_bytes -= size;
    kept_bytes += size;
    bool discard = size > 2 * 4096 && kept_bytes > used_bytes / PP_SLAB_KEPT;
    if (discard) // while nobody else can take it
        pp_heap_discard(given + 1, (uint8_t *)table + size);
    given->next = kept[capacity];
    kept[capacity] = given;
    pp_heap_unlock(&lock);
}
