// SPDX-License-Identifier: Apache-2.0
// The memo: which stack it is, without an unwind. Private to a thread.
//
//   (pc, sp) ─▶ shape: which words of the stack an unwind from there read ─▶ hash of their values ─▶ stack id
//
// It is exact. An unwind is a function of pc, sp, fp and the words that it reads: where all of them are equal, so are
// the frames (but for a collision of 64 bits). "The same sp and return address, so the same callers" is not: return
// addresses of earlier calls lie about in the stack, and frames grow by what alloca or a spill takes. Words are loaded
// side by side, not one found by the other: that is what makes it 5 to 10 times faster than an unwind.
//
// Invariants
//  1. A shape holds for one stack: its words lie between sp and the end of it, and where sp is the thread's own, all of
//     that can be read. Stacks that nobody announced, and those with a signal frame in them, have no shape.
//  2. The map of modules is that of the shape; with another one all are forgotten. So are they when the thread ends.
//  3. Two stacks with equal hashes under different shapes are the same only if the lists of words are: these are
//  hashed.
#include "heap.h"
#include <string.h>

#define PP_MEMO_WAYS 4u
#define PP_SHAPE_WAYS 2u
#define PP_MEMO_LEVELS 8u       // each of twice the size
#define PP_MEMO_ENTRIES 512u    // of level 0; a power of two
#define PP_MEMO_SHAPES 128u     // of level 0; a power of two
#define PP_MEMO_SLOTS 8192u     // of level 0
#define PP_SLOT_MOST UINT16_MAX // words from sp

typedef struct shape {
    uint64_t pc, sp; // 0: none
    uint64_t salt;   // hash of its slots
    uint32_t first;  // index of its slots
    uint16_t count;
    uint16_t uses_fp;
} shape;

typedef struct entry {
    uint64_t hash; // 0: none
    uint32_t stack;
    uint32_t site; // where its counters were last
} entry;

struct pp_memo {
    size_t bytes; // of all of it
    uint32_t level;
    uint32_t generation;          // of the map of modules
    uint32_t slots_used, evicted; // evicted: entries and shapes, since the last change of level
    uint32_t turn;                // which way is evicted next
    entry *entries;
    shape *shapes;
    uint16_t *slots; // words from sp
};

static inline uint32_t entry_count(const pp_memo *memo) { return PP_MEMO_ENTRIES << memo->level; }
static inline uint32_t shape_count(const pp_memo *memo) { return PP_MEMO_SHAPES << memo->level; }
static inline uint32_t slot_count(const pp_memo *memo) { return PP_MEMO_SLOTS << memo->level; }

static pp_memo *make(uint32_t level) {
    size_t entries = (PP_MEMO_ENTRIES << level) * sizeof(entry), shapes = (PP_MEMO_SHAPES << level) * sizeof(shape);
    size_t bytes = 64 + sizeof(pp_memo) + entries + shapes + (PP_MEMO_SLOTS << level) * sizeof(uint16_t);
    pp_memo *memo = pp_heap_map(bytes);
    if (memo == NULL)
        return NULL;
    memo->bytes = bytes;
    memo->level = level;
    uintptr_t at = ((uintptr_t)(memo + 1) + 63) & ~(uintptr_t)63; // cache lines
    memo->entries = (entry *)at;                                  // NOLINT: an address
    memo->shapes = (shape *)(at + entries);                       // NOLINT
    memo->slots = (uint16_t *)(at + entries + shapes);            // NOLINT
    return memo;
}

static void forget(pp_memo *memo) {
    memset(memo->entries, 0, entry_count(memo) * sizeof(entry));
    memset(memo->shapes, 0, shape_count(memo) * sizeof(shape));
    memo->slots_used = 0;
}

static inline uint64_t fold(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#define PP_K0 0x9e3779b97f4a7c15ull
#define PP_K1 0xbf58476d1ce4e5b9ull
#define PP_K2 0x94d049bb133111ebull
#define PP_K3 0xd6e8feb86659fd93ull

// Hash of the words that a shape names; four lanes, so that loads and multiplications overlap.
static inline uint64_t hash_words(const shape *shape, const uint16_t *slots, uint64_t fp) {
    const volatile uint64_t *stack = (const volatile uint64_t *)shape->sp; // NOLINT: an address
    uint64_t a = shape->salt, b = shape->pc ^ PP_K1, c = shape->sp ^ PP_K2, d = (shape->uses_fp ? fp : 0) ^ PP_K3;
    uint32_t i = 0, count = shape->count;
    for (; i + 8 <= count; i += 8) {
        a = fold(stack[slots[i]] ^ PP_K0, stack[slots[i + 1]] ^ a);
        b = fold(stack[slots[i + 2]] ^ PP_K1, stack[slots[i + 3]] ^ b);
        c = fold(stack[slots[i + 4]] ^ PP_K2, stack[slots[i + 5]] ^ c);
        d = fold(stack[slots[i + 6]] ^ PP_K3, stack[slots[i + 7]] ^ d);
    }
    for (; i + 2 <= count; i += 2)
        a = fold(stack[slots[i]] ^ PP_K0, stack[slots[i + 1]] ^ a);
    if (i < count)
        b = fold(stack[slots[i]] ^ PP_K1, b);
    uint64_t hash = fold(fold(a, b ^ PP_K2) ^ PP_K0, fold(c, d ^ PP_K1) ^ PP_K3);
    return hash != 0 ? hash : 1;
}

static inline shape *shapes_of(const pp_memo *memo, uint64_t pc, uint64_t sp) {
    uint64_t hash = (pc ^ sp << 20) * PP_K0;
    return &memo->shapes[(hash >> 40) & (shape_count(memo) - PP_SHAPE_WAYS)];
}
static inline entry *entries_of(const pp_memo *memo, uint64_t hash) {
    return &memo->entries[hash & (entry_count(memo) - PP_MEMO_WAYS)];
}
static inline entry *find(const pp_memo *memo, uint64_t hash) {
    entry *ways = entries_of(memo, hash);
    for (uint32_t i = 0; i < PP_MEMO_WAYS; i++)
        if (ways[i].hash == hash)
            return &ways[i];
    return NULL;
}

// The notes of an unwind as a shape; false: they do not fit one.
static bool describe(const pp_notes *notes, const pp_registers *caller, shape *new, uint16_t *slots) {
    *new = (shape){.pc = caller->pc, .sp = caller->sp, .count = (uint16_t)notes->count, .uses_fp = notes->uses_fp};
    uint64_t salt = fold(notes->count ^ PP_K0, notes->uses_fp ^ PP_K1);
    for (uint32_t i = 0; i < notes->count; i++) {
        uint64_t slot = (notes->addresses[i] - caller->sp) / 8;
        if (notes->addresses[i] < caller->sp || slot > PP_SLOT_MOST)
            return false;
        slots[i] = (uint16_t)slot;
        salt = fold(salt ^ PP_K2, slot ^ PP_K3);
    }
    new->salt = salt;
    return true;
}

// The shape that was used last comes first.
static void keep_shape(pp_memo *memo, shape *new, const uint16_t *slots) {
    shape *ways = shapes_of(memo, new->pc, new->sp);
    for (uint32_t i = 0; i < PP_SHAPE_WAYS; i++)
        if (ways[i].pc == new->pc && ways[i].sp == new->sp &&ways[i].salt == new->salt)
            return;
    if (memo->slots_used + new->count > slot_count(memo)) {
        memo->evicted += entry_count(memo);
        if (memo->level + 1 < PP_MEMO_LEVELS)
            return; // the next level has room
        forget(memo);
    }
    memo->evicted += ways[PP_SHAPE_WAYS - 1].pc != 0;
    new->first = memo->slots_used;
    memcpy(memo->slots + memo->slots_used, slots, new->count * sizeof(uint16_t));
    memo->slots_used += new->count;
    for (uint32_t i = PP_SHAPE_WAYS - 1; i > 0; i--)
        ways[i] = ways[i - 1];
    ways[0] = *new;
}

static uint32_t *keep_entry(pp_memo *memo, uint64_t hash, uint32_t stack) {
    entry *ways = entries_of(memo, hash), *way = NULL;
    for (uint32_t i = 0; i < PP_MEMO_WAYS && way == NULL; i++)
        way = ways[i].hash == 0 ? &ways[i] : NULL;
    if (way == NULL) {
        way = &ways[memo->turn++ % PP_MEMO_WAYS];
        memo->evicted++;
    }
    *way = (entry){.hash = hash, .stack = stack};
    return &way->site;
}

// More stacks than it can hold come again and again: the next level.
static void grow(pp_heap_thread *thread) {
    pp_memo *memo = thread->memo;
    bool is_small = memo->evicted > entry_count(memo) / 2 && memo->level + 1 < PP_MEMO_LEVELS;
    pp_memo *larger = is_small ? make(memo->level + 1) : NULL;
    if (larger == NULL)
        return;
    larger->generation = memo->generation;
    pp_heap_unmap(memo, memo->bytes);
    thread->memo = larger;
}

static uint32_t unwind_and_keep(pp_heap_thread *thread, const pp_registers *caller, uint32_t **hint) {
    uint32_t stack = pp_heap_unwind(thread, caller);
    pp_memo *memo = thread->memo;
    uint16_t slots[PP_NOTES];
    shape new;
    *hint = NULL;
    pp_heap_count(PP_HEAP_COUNT_UNWOUND);
    if (!thread->notes.lasting || !describe(&thread->notes, caller, &new, slots))
        return stack;
    keep_shape(memo, &new, slots);
    *hint = keep_entry(memo, hash_words(&new, slots, caller->fp), stack);
    if (memo->evicted > entry_count(memo) / 2) {
        *hint = NULL;
        grow(thread);
    }
    return stack;
}

static void verify(pp_heap_thread *thread, const pp_registers *caller, uint32_t stack) {
    uint32_t unwound = pp_heap_unwind(thread, caller);
    pp_heap_count(PP_HEAP_COUNT_VERIFIED);
    if (unwound != stack)
        pp_heap_count(PP_HEAP_COUNT_DIFFERENT);
}

uint32_t pp_memo_stack(pp_heap_thread *thread, const pp_registers *caller, uint32_t **hint) {
    pp_memo *memo = thread->memo;
    *hint = NULL;
    if (__builtin_expect(memo == NULL || (caller->sp & 7) != 0, 0)) {
        pp_heap_count(PP_HEAP_COUNT_UNWOUND);
        return pp_heap_unwind(thread, caller);
    }
    uint32_t generation = pp_heap_map_generation();
    if (__builtin_expect(memo->generation != generation, 0)) {
        forget(memo);
        memo->generation = generation;
    }
    const shape *ways = shapes_of(memo, caller->pc, caller->sp);
    for (uint32_t i = 0; i < PP_SHAPE_WAYS; i++) {
        if (ways[i].pc != caller->pc || ways[i].sp != caller->sp)
            continue;
        entry *known = find(memo, hash_words(&ways[i], memo->slots + ways[i].first, caller->fp));
        if (known == NULL)
            continue;
        uint32_t stack = known->stack;
        *hint = &known->site;
        if (__builtin_expect(pp_heap.flags & PP_HEAP_VERIFY, 0))
            verify(thread, caller, stack);
        return stack;
    }
    return unwind_and_keep(thread, caller, hint);
}

// A large one is not worth clearing for a thread that may never need it.
#define PP_MEMO_LEVEL_KEPT 2u

void pp_memo_begin(pp_heap_thread *thread) {
    if (thread->memo != NULL && thread->memo->level > PP_MEMO_LEVEL_KEPT) {
        pp_heap_unmap(thread->memo, thread->memo->bytes);
        thread->memo = NULL;
    }
    if (thread->memo != NULL)
        forget(thread->memo);
    else if (!(pp_heap.flags & PP_HEAP_NO_MEMO))
        thread->memo = make(0);
    if (thread->memo != NULL)
        thread->memo->generation = pp_heap_map_generation();
}
