// SPDX-License-Identifier: Apache-2.0
// The malloc hooks: what runs when the program allocates and frees (libPotterHeap.so alone exports the names).
//
//   stub (caller's registers) ─▶ heap_hooks.c ─▶ the next definition (heap_next.c)
//                                     └▶ heap_record.c ─▶ stack id (heap_memo.c), counters (heap_counts.c), block index
//
// Invariants
//  1. Outside of the next definition nothing here calls the C library, but for what the unwinder may; errno is kept.
//  2. `busy` is set while a hook works on our own data. A signal handler that interrupts it and allocates, or frees, is
//     served, and what it did is noted when the hook is done (heap_nested.c).
//  3. A block leaves the index before it is freed, and enters it after it was allocated: no other thread can see it
//  twice.
//  4. The gate says whether hooks record; it lies in a page that the kernel empties in a forked child, by whatever way
//     it was forked: the child's first hook makes the state its own (heap_life.c).
#pragma once
#include "heap_caller.h"
#include "heap_index.h"
#include "recorder.h"
#include "unwind_notes.h"

#define PP_NESTED_EVENTS 32u

typedef enum pp_heap_phase {
    PP_HEAP_EARLY,     // before the recorder's constructor: blocks are indexed, counted later
    PP_HEAP_RECORDING, // the gate tells the mode
    PP_HEAP_ENDED      // every call goes straight to the next definition
} pp_heap_phase;

typedef struct pp_heap_gate {
    _Atomic uint32_t mode; // PP_HEAP_*; OFF: see the phase
} pp_heap_gate;

typedef struct pp_heap_event {
    _Atomic uint64_t address; // see heap_nested.c
    uint64_t size, is_free;
} pp_heap_event;

typedef struct pp_memo pp_memo;

/// What a thread has while it may call hooks; kept for the next when it ends, with its counters and memo.
typedef struct pp_heap_thread {
    pp_heap_hook hook; // for readers
    struct pp_heap_thread *next_free;
    uint64_t stack_low, stack_high; // 0: not known
    // Counters: a table in session memory.
    uint8_t *sites; // NULL: none yet
    pp_heap_table *table;
    uint32_t capacity, used, shift;
    uint32_t refused;             // tick + 1 in which there was no room for another
    uint64_t last_block;          // allocated on this thread
    uint32_t tick;                // of that
    uint32_t same_tick;           // how many blocks have it
    pp_memo *memo;                // NULL: every stack is unwound
    _Atomic uint32_t event_count; // nested events
    pp_heap_event events[PP_NESTED_EVENTS];
    uint64_t frames[PP_MAX_FRAMES]; // of an unwind; the sampler, which may interrupt it, has its own
    pp_notes notes;
} pp_heap_thread;

// Per thread; initial-exec TLS.
typedef struct pp_heap_local {
    volatile int busy;
    volatile int inside;    // the next definition: what it maps is no mapping of the program's
    pp_heap_thread *thread; // NULL: the one that such threads share
    int64_t left;           // sampled mode: bytes up to the next sample
    uint64_t random;        // 0: to be seeded
} pp_heap_local;

typedef struct pp_heap_state {
    _Atomic uint32_t phase;
    uint32_t mode;     // of the session; what the gate says while recording
    bool may_claim;    // counters: this process has a slot
    uint64_t interval; // sampled mode: mean bytes between samples
    uint32_t flags;    // PP_HEAP_VERIFY, ...
    pp_heap_area *area;
    pp_heap_root root;
    pp_heap_thread *free; // threads without owner
    pp_heap_site pending; // events of when there was no table: all under PP_HEAP_STACK_EARLY
    _Atomic uint8_t lock; // of `free`, `pending`
    _Atomic uint8_t shared_lock;
    pp_heap_thread shared; // of threads that have none of their own
} pp_heap_state;

extern pp_heap_state pp_heap;
extern pp_heap_gate *pp_heap_gate_page; // NULL: closed; nothing that the loader would have to relocate first
extern __thread pp_heap_local pp_heap_local_state;

static inline uint32_t pp_heap_mode(void) {
    const pp_heap_gate *gate = pp_heap_gate_page;
    return gate != NULL ? atomic_load_explicit(&gate->mode, memory_order_relaxed) : PP_HEAP_OFF;
}
static inline void pp_heap_count(enum pp_heap_counter counter) {
    if (pp_heap.area != NULL)
        atomic_fetch_add_explicit(&pp_heap.area->counters[counter], 1, memory_order_relaxed);
}
static inline uint32_t pp_heap_generation(void) { return pp_heap.root.generation % PP_HEAP_GENERATIONS; }

static inline bool pp_heap_has_events(const pp_heap_thread *thread) {
    return atomic_load_explicit(&thread->event_count, memory_order_relaxed) != 0;
}

/// Begins work on our own data: the thread's, or those that threads without share, under a lock.
static inline pp_heap_thread *pp_heap_enter(pp_heap_local *local) {
    local->busy = 1;
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(local->thread != NULL, 1))
        return local->thread;
    if (pp_heap_lock(&pp_heap.shared_lock) == PP_HEAP_TAKEN_OVER)
        pp_heap.shared.event_count = 0;
    return &pp_heap.shared;
}
void pp_nested_flush(pp_heap_thread *thread);
static inline void pp_heap_leave(pp_heap_local *local, pp_heap_thread *thread) {
    if (__builtin_expect(thread == &pp_heap.shared, 0))
        pp_heap_unlock(&pp_heap.shared_lock);
    atomic_signal_fence(memory_order_seq_cst);
    local->busy = 0;
    if (__builtin_expect(pp_heap_has_events(thread), 0) && local->inside == 0)
        pp_nested_flush(thread);
}

// heap_life.c
extern bool pp_heap_is_hooked; // set by libPotterHeap.so, before any constructor
void pp_heap_start(void);      // the constructor is done: record, or end
void pp_heap_end(void);        // for good; other threads may be in hooks
void pp_heap_fork_child(bool is_recorded);
void pp_heap_thread_begin(uint64_t stack_low, uint64_t stack_high);
void pp_heap_thread_end(void);
/// In a forked child whose state is still its parent's: makes it its own.
void pp_heap_adopt(void);

// heap_record.c: with `busy` set
/// `caller` NULL: it is not known.
void pp_heap_note_allocation(pp_heap_thread *thread, uint64_t address, uint64_t size, const pp_registers *caller);
void pp_heap_note_free(pp_heap_thread *thread, const pp_heap_block *block, uint64_t address);
uint32_t pp_heap_now(void); // tick

// heap_stack.c
/// The id of the caller's stack, by an unwind.
uint32_t pp_heap_unwind(pp_heap_thread *thread, const pp_registers *caller);
uint32_t pp_heap_map_generation(void);

// heap_memo.c
/// The id of the caller's stack. *hint: where its counters were last.
uint32_t pp_memo_stack(pp_heap_thread *thread, const pp_registers *caller, uint32_t **hint);
void pp_memo_begin(pp_heap_thread *thread); // the thread's stack is another one

// heap_counts.c
typedef enum pp_heap_what { PP_HEAP_ALLOCATED, PP_HEAP_FREED, PP_HEAP_FREED_INHERITED } pp_heap_what;
/// Adds an event to the counters of `key`. *hint: index of the site, in and out; may be NULL.
void pp_heap_add(pp_heap_thread *thread, uint32_t key, uint32_t *hint, pp_heap_what what, uint64_t size,
                 bool is_temporary);
/// The same for mappings, whose bytes come and go in parts: `count` of pieces.
void pp_heap_add_bytes(pp_heap_thread *thread, uint32_t key, pp_heap_what what, uint64_t count, uint64_t bytes);
void pp_heap_flush_pending(pp_heap_thread *thread);

// heap_sampling.c
bool pp_heap_is_sampled(pp_heap_local *local, uint64_t size); // `left` is below 0
double pp_heap_weight(uint64_t size);

// heap_nested.c: a hook called within another one of this thread, pp_nested_flush when that is done
void pp_nested_allocated(const void *block, size_t size);
void pp_nested_free(void *block);
void *pp_nested_realloc(void *block, size_t size);
/// Takes an allocation off the list; false: it is not there.
bool pp_nested_forget(pp_heap_thread *thread, uint64_t address);

// heap_arena.c
void *pp_arena_allocate(size_t alignment, size_t size);
bool pp_arena_holds(const void *block);
size_t pp_arena_size(const void *block);
extern _Atomic bool pp_arena_in_use;
