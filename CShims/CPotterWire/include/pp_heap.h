// SPDX-License-Identifier: Apache-2.0
// What the malloc hooks leave for others: counters by stack in session memory, and the block index in the target's
// private memory, which whoever reads a process (a frozen fork of it, or by process_vm_readv) finds from pp_heap_root.
//
//   session memory, after PP_SESSION_SIZE, only with pp_session.heap_mode
//   ┌──────────────┬─────────────────────────┬────────────┬────────────┬─────
//   │ pp_heap_area │ pp_heap_table[tables]   │ sites of 0 │ sites of 1 │ ...
//   └──────────────┴─────────────────────────┴────────────┴────────────┴─────
//
//   private memory of the target
//   pp_heap_root ─▶ chunk (4 GiB of addresses) ─▶ pp_heap_region (64 KiB of addresses) ─▶ pp_heap_block ...
//
// Invariants
//  1. A table of counters has one writer at a time, its owner, and belongs to one process. Counters only grow; a thread
//     that ends leaves its table to the next. The collector adds up all tables of a process: live = allocations -
//     frees.
//  2. A block's `what` is written last and cleared first. A reader of a frozen process sees each live block once or, in
//     a region whose lock is held, perhaps twice; one whose realloc is under way is in pp_heap_hook.moving.
#pragma once
#include <stdatomic.h>
#include <stdint.h>

// pp_session.heap_mode
#define PP_HEAP_OFF 0u
#define PP_HEAP_SAMPLED 1u // Poisson over bytes, mean distance pp_session.heap_interval
#define PP_HEAP_EXACT 2u

// pp_session.heap_flags
#define PP_HEAP_VERIFY 1u  // each stack that the memo answers is unwound, too, and compared: for tests
#define PP_HEAP_NO_MEMO 2u // each stack is unwound: for measurements

#define PP_HEAP_BYTES (128ull << 20) // of the heap area, sparse
#define PP_HEAP_TABLES 16384u

// A stack id has 23 bits (pp_stack); blocks whose stack is not known have one of these.
#define PP_HEAP_STACK_EARLY 0x800001u   // from before the recorder's constructor, or before a fork was over
#define PP_HEAP_STACK_NESTED 0x800002u  // from a signal handler that interrupted a hook
#define PP_HEAP_STACK_NO_ROOM 0x800003u // the stack table was full
#define PP_HEAP_STACK_MASK 0xffffffu

// pp_heap_site.key: kind in the upper 8 bits, stack id in the lower 24.
#define PP_HEAP_KIND_SHIFT 24
#define PP_HEAP_KIND_BLOCK 0u   // malloc and its family
#define PP_HEAP_KIND_PRIVATE 1u // mmap, anonymous and private; counts are of connected pieces
#define PP_HEAP_KIND_MAPPED 2u  // mmap, of files or shared

// pp_heap_area.counters: what could not be recorded, and what was checked.
enum pp_heap_counter {
    PP_HEAP_COUNT_NO_TABLE,     // events without counters: no room in the area
    PP_HEAP_COUNT_NO_INDEX,     // blocks that are not in the index: no memory for it
    PP_HEAP_COUNT_UNKNOWN_FREE, // frees of blocks that are not in the index
    PP_HEAP_COUNT_REPLACED,     // blocks that came again without a free in between: it was not seen
    PP_HEAP_COUNT_NESTED_LOST,  // events of signal handlers in a hook that found no room to be kept
    PP_HEAP_COUNT_STACKS_FULL,  // blocks whose stack found no room
    PP_HEAP_COUNT_VERIFIED,     // PP_HEAP_VERIFY: answers of the memo that were compared
    PP_HEAP_COUNT_DIFFERENT,    // of these: wrong ones
    PP_HEAP_COUNT_UNWOUND,      // stacks that were unwound
    PP_HEAP_COUNT_NO_MAPPING,   // mappings that found no room in the list
    PP_HEAP_COUNT_COUNTERS
};

// Why the hooks do nothing though pp_session.heap_mode wants them; pp_heap_area.refused.
#define PP_HEAP_REFUSED_LIMIT 1u    // the program has a limit of address space or data, which the index could exceed
#define PP_HEAP_REFUSED_BYPASSED 2u // malloc is defined in the program itself: its calls do not come here

typedef struct pp_heap_area {
    _Atomic uint64_t used;       // bytes handed out, from the start of the area
    _Atomic uint32_t table_high; // entries of the directory ever used
    _Atomic uint32_t refused;    // PP_HEAP_REFUSED_*, 0: none
    _Atomic uint64_t counters[PP_HEAP_COUNT_COUNTERS];
    uint64_t reserved[4];
} pp_heap_area;
_Static_assert(sizeof(pp_heap_area) == 128, "heap area");

// pp_heap_table.owner; else the tid of the thread that writes it
#define PP_HEAP_TABLE_FREE 0u             // nobody writes it; its counts are of `process`
#define PP_HEAP_TABLE_FULL 0xffffffffu    // left for a bigger one
#define PP_HEAP_TABLE_CLEARED 0xfffffffeu // the collector has taken the counts of an ended process, and zeroed it

typedef struct pp_heap_table {
    _Atomic uint32_t owner;
    uint32_t process;        // slot
    uint32_t capacity;       // sites, a power of two
    uint32_t site_size;      // bytes: of a pp_heap_site, or of a pp_heap_sampled_site
    _Atomic uint64_t offset; // of the sites, from the start of the session memory; 0: not there yet
    uint64_t reserved;
} pp_heap_table;
_Static_assert(sizeof(pp_heap_table) == 32, "directory entry");

// Counters of one stack. Bytes are those that were asked for.
// In sampled mode all but `key` are estimates: each sample counts with its weight 1 / (1 - exp(-(size + 1) /
// interval)), numbers of blocks in units of 1 / PP_HEAP_UNITS.
typedef struct pp_heap_site {
    _Atomic uint32_t key; // 0: unused
    uint32_t reserved;
    uint64_t allocations, bytes;
    uint64_t frees, freed_bytes;               // of blocks that this process allocated
    uint64_t inherited_frees, inherited_bytes; // of blocks that a forked child has from its parents
    uint64_t temporary; // of the frees: the block was the last one that the same thread had allocated
} pp_heap_site;
_Static_assert(sizeof(pp_heap_site) == 64, "site");
#define PP_HEAP_UNITS 1024u

// The variance of an estimate is the sum of (weight^2 - weight) * value^2 over its samples.
typedef struct pp_heap_sampled_site {
    pp_heap_site estimate;
    uint64_t samples, freed_samples;
    double count_variance, bytes_variance;             // of allocations
    double freed_count_variance, freed_bytes_variance; // of frees; what is live has the difference
    uint64_t reserved[2];
} pp_heap_sampled_site;
_Static_assert(sizeof(pp_heap_sampled_site) == 128, "sampled site");

// A live block.
//   place: bits 0..15 address within the region, 16..27 slack, 28..31 generation, 32..63 birth
//   what:  bits 0..39 size that was asked for, 40..63 stack id; 0: no block
// Slack: usable bytes beyond the size rounded up to 8, in units of 8; 4095: that or more. Birth: ticks of
// 2^PP_HEAP_TICK_SHIFT ns of CLOCK_MONOTONIC, modulo 2^32, as the collector's heartbeat tells them.
typedef struct pp_heap_block {
    uint64_t place;
    _Atomic uint64_t what;
} pp_heap_block;
_Static_assert(sizeof(pp_heap_block) == 16, "block");
#define PP_HEAP_TICK_SHIFT 20
#define PP_HEAP_REGION_SHIFT 16
#define PP_HEAP_SIZE_BITS 40
#define PP_HEAP_SIZE_MASK ((1ull << PP_HEAP_SIZE_BITS) - 1)
#define PP_HEAP_SLACK_MOST 4095u
#define PP_HEAP_GENERATIONS 16u // of a block: pp_heap_root.generation modulo this when it was allocated

static inline uint64_t pp_heap_block_address(const pp_heap_block *block, uint64_t region_start) {
    return region_start + (block->place & 0xffffu);
}
static inline uint64_t pp_heap_block_size(uint64_t what) { return what & PP_HEAP_SIZE_MASK; }
static inline uint32_t pp_heap_block_stack(uint64_t what) { return (uint32_t)(what >> PP_HEAP_SIZE_BITS); }
static inline uint32_t pp_heap_block_birth(uint64_t place) { return (uint32_t)(place >> 32); }
/// How many bytes of it the program may use; a little less where the slack has no room for the truth.
static inline uint64_t pp_heap_block_usable(uint64_t place, uint64_t what) {
    return ((pp_heap_block_size(what) + 7) & ~7ull) + (place >> 16 & PP_HEAP_SLACK_MOST) * 8;
}

typedef struct pp_heap_region {
    _Atomic uint8_t lock; // 0: free; else pp_heap_root.lock_value of the process whose thread holds it
    uint8_t reserved[3];
    _Atomic uint32_t count;
    _Atomic uint64_t table; // bits 0..47 address of pp_heap_block[], 0: none; 48..63 class of its capacity:
                            // pp_heap_root.capacities[class] entries
} pp_heap_region;
_Static_assert(sizeof(pp_heap_region) == 16, "region");
#define PP_HEAP_TABLE_CLASS_SHIFT 48
#define PP_HEAP_TABLE_ADDRESS ((1ull << PP_HEAP_TABLE_CLASS_SHIFT) - 1)
#define PP_HEAP_CHUNK_SHIFT 32
#define PP_HEAP_REGIONS (1u << (PP_HEAP_CHUNK_SHIFT - PP_HEAP_REGION_SHIFT)) // of a chunk
#define PP_HEAP_CHUNKS (1u << 16)                                            // 48 bits of addresses

// A thread that hooks run on. One that is not `owner`ed is nobody's.
typedef struct pp_heap_hook {
    uint64_t next;          // address of the next, 0: none
    _Atomic uint32_t owner; // tid
    uint32_t reserved;
    pp_heap_block moving; // a block whose realloc is under way: it is not in the index; what 0: none
    uint64_t moving_address;
} pp_heap_hook;

// A mapping that the program made by mmap or mremap; sorted by start.
typedef struct pp_heap_mapping {
    uint64_t start, end;
    uint32_t key; // as of a pp_heap_site
    uint32_t generation;
} pp_heap_mapping;

#define PP_HEAP_ROOT_MAGIC 0x544f4f5250414548ull // "HEAPROOT"
typedef struct pp_heap_root {
    uint64_t magic;
    uint32_t generation; // forks between the image's first process and this one
    uint32_t lock_value;
    uint64_t chunks;     // address of uint64_t[PP_HEAP_CHUNKS]: of pp_heap_region[PP_HEAP_REGIONS], 0: none
    uint64_t capacities; // address of uint32_t[capacity_count]
    uint32_t capacity_count;
    uint32_t mapping_count;
    _Atomic uint64_t hooks; // address of the first pp_heap_hook
    uint64_t mappings;      // address of pp_heap_mapping[mapping_count]
    // Blocks from before there was an allocator lie in the arena: linked chunks, each starts with the address of the
    // next one and its size in bytes.
    uint64_t arena;
    uint64_t mapped; // address of a uint64_t: bytes mapped for index, hooks and memos
} pp_heap_root;
