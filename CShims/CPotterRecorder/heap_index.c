// SPDX-License-Identifier: Apache-2.0
// The block index: for each 64 KiB of addresses a table of its own, open addressing with linear probing, under a lock
// of its own. Neighbours in memory are neighbours in the index: a thread's small blocks touch few cache lines of it,
// and threads with arenas of their own do not meet.
//
//   chunks[address >> 32] ─▶ regions[address >> 16 & 0xffff] ─▶ table: slot = hash(address & 0xffff) * capacity >> 32
//
// Invariants
//  1. Tables are at most 3/4 full and grow by 5/4: 21 to 27 bytes a block, and 16 for each 64 KiB in use.
//  2. Deletion moves later blocks of a probe sequence back: there are no tombstones, look-ups stay short for ever.
//  3. A block that moves is written to its new slot before it leaves the old one: a frozen reader may see it twice,
//     never not at all. A table that grows is replaced when the new one is complete, by one store.
//  4. A region whose lock is taken over from a process that is not this one is built anew from the blocks in it.
#include "heap_index.h"
#include "heap_slabs.h"

static const uint32_t capacities[PP_INDEX_CAPACITIES] = {
    4,    6,    8,    10,   13,    17,    22,    28,    35,    44,    55,    69,    87,    109,  137,
    172,  215,  269,  337,  422,   528,   660,   825,   1032,  1290,  1613,  2017,  2522,  3153, 3942,
    4928, 6160, 7700, 9625, 12032, 15040, 18800, 23500, 29375, 36719, 45899, 57374, 71718, 89648};
#define PP_INDEX_HALF 3 // classes down: half the capacity
#define PP_INDEX_REGION_MASK ((1u << PP_HEAP_REGION_SHIFT) - 1)

static _Atomic uint64_t *chunks; // PP_HEAP_CHUNKS addresses of pp_heap_region[PP_HEAP_REGIONS]
static _Atomic uint8_t chunk_lock;

uint64_t pp_index_capacity_bytes(uint8_t capacity) { return (uint64_t)capacities[capacity] * sizeof(pp_heap_block); }

// The slot where the search for `offset` begins. Fibonacci hashing spreads what is evenly spaced evenly.
static inline uint32_t home_of(uint32_t offset, uint32_t capacity) {
    return (uint32_t)((uint64_t)(offset * 0x9e3779b1u) * capacity >> 32);
}

static inline pp_heap_block *table_of(const pp_heap_region *region) {
    uint64_t word = atomic_load_explicit(&region->table, memory_order_relaxed);
    return (pp_heap_block *)(word & PP_HEAP_TABLE_ADDRESS); // NOLINT: an address by definition
}
static inline uint8_t class_of(const pp_heap_region *region) {
    return (uint8_t)(atomic_load_explicit(&region->table, memory_order_relaxed) >> PP_HEAP_TABLE_CLASS_SHIFT);
}
static inline uint32_t capacity_of(const pp_heap_region *region) { return capacities[class_of(region)]; }
static inline uint32_t count_of(const pp_heap_region *region) {
    return atomic_load_explicit(&region->count, memory_order_relaxed);
}
static inline void set_count(pp_heap_region *region, uint32_t count) {
    atomic_store_explicit(&region->count, count, memory_order_relaxed);
}
static inline uint64_t what_of(const pp_heap_block *block) {
    return atomic_load_explicit(&block->what, memory_order_relaxed);
}
static inline void put(pp_heap_block *slot, uint64_t place, uint64_t what) {
    slot->place = place;
    atomic_store_explicit(&slot->what, what, memory_order_release);
}

static bool make_chunks(void) {
    pp_heap_lock(&chunk_lock);
    if (chunks == NULL)
        chunks = pp_heap_map(PP_HEAP_CHUNKS * sizeof(uint64_t));
    pp_heap_unlock(&chunk_lock);
    return chunks != NULL;
}

static pp_heap_region *make_chunk(_Atomic uint64_t *chunk) {
    pp_heap_lock(&chunk_lock);
    uint64_t regions = atomic_load_explicit(chunk, memory_order_relaxed);
    if (regions == 0) {
        regions = (uint64_t)(uintptr_t)pp_heap_map(PP_HEAP_REGIONS * sizeof(pp_heap_region));
        atomic_store_explicit(chunk, regions, memory_order_release);
    }
    pp_heap_unlock(&chunk_lock);
    return (pp_heap_region *)regions; // NOLINT: an address
}

// The region of `address`; NULL: it has none, and no memory if one was to be made.
static inline pp_heap_region *region_of(uint64_t address, bool make) {
    if (__builtin_expect(chunks == NULL, 0) && (!make || !make_chunks()))
        return NULL;
    _Atomic uint64_t *chunk = &chunks[address >> PP_HEAP_CHUNK_SHIFT & (PP_HEAP_CHUNKS - 1)];
    pp_heap_region *regions = (pp_heap_region *)atomic_load_explicit(chunk, memory_order_acquire); // NOLINT
    if (__builtin_expect(regions == NULL, 0) && (!make || (regions = make_chunk(chunk)) == NULL))
        return NULL;
    return &regions[address >> PP_HEAP_REGION_SHIFT & (PP_HEAP_REGIONS - 1)];
}

// The slot of `offset`, or the free one where it belongs. There is always a free one.
static inline uint32_t find(const pp_heap_block *table, uint32_t capacity, uint32_t offset) {
    uint32_t at = home_of(offset, capacity);
    while (what_of(&table[at]) != 0 && (table[at].place & PP_INDEX_REGION_MASK) != offset)
        at = at + 1 == capacity ? 0 : at + 1;
    return at;
}

// Moves all blocks to a table of another class; false: there is no memory.
static bool resize(pp_heap_region *region, uint8_t class) {
    pp_heap_block *before = table_of(region), *table = pp_slab_take(class);
    if (table == NULL)
        return false;
    uint8_t class_before = class_of(region);
    uint32_t count = 0, size = before != NULL ? capacities[class_before] : 0;
    for (uint32_t i = 0; i < size; i++) {
        uint64_t what = what_of(&before[i]), place = before[i].place;
        if (what == 0)
            continue;
        uint32_t at = find(table, capacities[class], (uint32_t)place & PP_INDEX_REGION_MASK);
        count += what_of(&table[at]) == 0; // a block that was on the move when its process was forked is there twice
        put(&table[at], place, what);
    }
    uint64_t word = (uint64_t)(uintptr_t)table | (uint64_t) class << PP_HEAP_TABLE_CLASS_SHIFT;
    atomic_store_explicit(&region->table, word, memory_order_release);
    set_count(region, count);
    if (before != NULL)
        pp_slab_give(before, class_before);
    return true;
}

// The lock of a region. One that a thread of another process held is repaired; without memory it stays as it is, and a
// block that was on the move there may be missed.
static inline void enter(pp_heap_region *region) {
    if (__builtin_expect(pp_heap_lock(&region->lock) == PP_HEAP_TAKEN_OVER, 0) && table_of(region) != NULL)
        resize(region, class_of(region));
}

// Room for one more block.
static inline bool make_room(pp_heap_region *region) {
    if (__builtin_expect(table_of(region) == NULL, 0))
        return resize(region, 0);
    if (__builtin_expect((count_of(region) + 1) * 4 <= capacity_of(region) * 3, 1))
        return true;
    return class_of(region) + 1u < PP_INDEX_CAPACITIES && resize(region, class_of(region) + 1);
}

pp_index_result pp_index_insert(uint64_t address, uint64_t place, uint64_t what, pp_heap_block *before) {
    pp_heap_region *region = region_of(address, true);
    if (region == NULL)
        return PP_INDEX_NO_MEMORY;
    enter(region);
    pp_index_result result = PP_INDEX_NO_MEMORY;
    if (make_room(region)) {
        uint32_t offset = (uint32_t)address & PP_INDEX_REGION_MASK;
        pp_heap_block *table = table_of(region), *slot = &table[find(table, capacity_of(region), offset)];
        result = what_of(slot) == 0 ? PP_INDEX_NEW : PP_INDEX_REPLACED;
        if (result == PP_INDEX_NEW)
            set_count(region, count_of(region) + 1);
        else
            *before = *slot;
        put(slot, (place & ~(uint64_t)PP_INDEX_REGION_MASK) | offset, what);
    }
    pp_heap_unlock(&region->lock);
    return result;
}

// Closes the gap at `gap`: blocks behind it that a search would no longer reach move back.
static void close_gap(pp_heap_block *table, uint32_t capacity, uint32_t gap) {
    uint32_t at = gap;
    for (;;) {
        at = at + 1 == capacity ? 0 : at + 1;
        uint64_t what = what_of(&table[at]);
        if (what == 0)
            return;
        uint32_t home = home_of((uint32_t)table[at].place & PP_INDEX_REGION_MASK, capacity);
        bool is_reached = gap < at ? home > gap && home <= at : home > gap || home <= at;
        if (is_reached)
            continue;
        put(&table[gap], table[at].place, what);
        atomic_store_explicit(&table[at].what, 0, memory_order_release);
        gap = at;
    }
}

// Takes the block in slot `at` out. A table that is nearly empty is left for one of half its size.
static inline void take_out(pp_heap_region *region, pp_heap_block *table, uint32_t at) {
    uint32_t capacity = capacity_of(region), count = count_of(region) - 1;
    atomic_store_explicit(&table[at].what, 0, memory_order_release);
    close_gap(table, capacity, at);
    set_count(region, count);
    if (__builtin_expect(count * 5 < capacity && class_of(region) >= PP_INDEX_HALF, 0))
        resize(region, class_of(region) - PP_INDEX_HALF);
}

bool pp_index_remove(uint64_t address, pp_heap_block *block) {
    pp_heap_region *region = region_of(address, false);
    if (region == NULL)
        return false;
    enter(region);
    pp_heap_block *table = table_of(region);
    bool found = false;
    if (table != NULL) {
        uint32_t at = find(table, capacity_of(region), (uint32_t)address & PP_INDEX_REGION_MASK);
        found = what_of(&table[at]) != 0;
        if (found) {
            *block = table[at];
            take_out(region, table, at);
        }
    }
    pp_heap_unlock(&region->lock);
    return found;
}

bool pp_index_is_empty_near(uint64_t address) {
    const pp_heap_region *region = region_of(address, false);
    return region == NULL || atomic_load_explicit(&region->count, memory_order_relaxed) == 0;
}

void pp_index_describe(pp_heap_root *root) {
    if (chunks == NULL)
        make_chunks();
    root->chunks = (uint64_t)(uintptr_t)chunks;
    root->capacities = (uint64_t)(uintptr_t)capacities;
    root->capacity_count = PP_INDEX_CAPACITIES;
}
