// SPDX-License-Identifier: Apache-2.0
// The collector's view of the session memory: atomics and computed offsets do not import into Swift, these functions
// do. Loads acquire, stores release. Nothing here checks an index: the caller has.
#pragma once
#include "CPotterWire.h"
#include <stddef.h>
#include <string.h>

static inline uint64_t pp_session_size(void) { return PP_SESSION_SIZE; }
// Where the areas are, for tests that write them as a target could.
static inline uint64_t pp_offset_claims(void) { return offsetof(pp_session, process_high); }
static inline uint64_t pp_offset_processes(void) { return PP_PROCESSES_OFFSET; }
static inline uint64_t pp_offset_threads(void) { return PP_THREADS_OFFSET; }
static inline uint64_t pp_offset_modules(void) { return PP_MODULES_OFFSET; }
static inline uint64_t pp_offset_strings(void) { return PP_STRINGS_OFFSET; }
static inline uint64_t pp_offset_rings(void) { return PP_RINGS_OFFSET; }
static inline uint64_t pp_offset_arena(void) { return PP_STACK_ARENA_OFFSET; }
static inline uint64_t pp_offset_copies(void) { return PP_COPIES_OFFSET; }
/// Bytes that every image uses from the start: all areas but rings and arena, which are allocated as they are used.
static inline uint64_t pp_session_reserved(void) { return PP_THREADS_OFFSET + 64 * sizeof(pp_thread); }

/// Fills in the header of a new session: constant parts and the limits' defaults. The memory is zero before.
static inline void pp_session_init(pp_session *s) {
    s->magic = PP_SESSION_MAGIC;
    s->version = PP_WIRE_VERSION;
    s->header_size = sizeof(pp_session);
    s->size = PP_SESSION_SIZE;
    s->processes = PP_PROCESSES_OFFSET;
    s->threads = PP_THREADS_OFFSET;
    s->modules = PP_MODULES_OFFSET;
    s->strings = PP_STRINGS_OFFSET;
    s->rings = PP_RINGS_OFFSET;
    s->stack_index = PP_STACK_INDEX_OFFSET;
    s->stack_arena = PP_STACK_ARENA_OFFSET;
    s->arena_limit_words = PP_STACK_ARENA_WORDS;
    s->ring_limit = PP_RING_RECORDS;
    s->module_limit = PP_MODULE_SLOTS;
    s->thread_limit = PP_THREAD_SLOTS;
    // Word 0 of the arena is never a stack: id 0 means none.
    atomic_store(&s->arena_used_words, 2);
}
static inline pp_process *pp_session_process(pp_session *s, uint32_t i) {
    return (pp_process *)((uint8_t *)s + PP_PROCESSES_OFFSET) + i;
}
static inline pp_thread *pp_session_thread(pp_session *s, uint32_t i) {
    return (pp_thread *)((uint8_t *)s + PP_THREADS_OFFSET) + i;
}
static inline pp_module *pp_session_module(pp_session *s, uint32_t i) {
    return (pp_module *)((uint8_t *)s + PP_MODULES_OFFSET) + i;
}
static inline uint32_t pp_clamped(uint32_t value, uint32_t limit) { return value < limit ? value : limit; }
static inline uint32_t pp_session_process_high(pp_session *s) {
    return pp_clamped(pp_load32(&s->process_high), PP_PROCESS_SLOTS);
}
static inline uint32_t pp_session_thread_high(pp_session *s) {
    return pp_clamped(pp_load32(&s->thread_high), PP_THREAD_SLOTS);
}
static inline uint32_t pp_session_module_high(pp_session *s) {
    return pp_clamped(pp_load32(&s->module_high), PP_MODULE_SLOTS);
}
static inline uint32_t pp_session_announced(pp_session *s) { return pp_load32(&s->announced); }
static inline uint64_t pp_session_counter(pp_session *s, uint32_t i) { return i < 16 ? pp_load64(&s->counters[i]) : 0; }
static inline uint64_t pp_session_arena_used(pp_session *s) { return pp_load64(&s->arena_used_words); }
static inline void pp_session_beat(pp_session *s, uint64_t now_ns) { pp_store64(&s->heartbeat_ns, now_ns); }
static inline void pp_session_set_state(pp_session *s, uint32_t state) { pp_store32(&s->state, state); }
static inline const void *pp_session_set_ready(pp_session *s) {
    pp_store32(&s->ready, 1);
    return &s->ready;
}
static inline bool pp_session_is_ready(pp_session *s) { return pp_load32(&s->ready) != 0; }
static inline void pp_session_set_restores_default(pp_session *s) { pp_store32(&s->restores_default, 1); }
/// Whether a fork is under way whose child has not claimed its slot.
static inline bool pp_session_is_forking(pp_session *s) {
    return pp_load32(&s->forks_begun) != pp_load32(&s->forks_claimed);
}
/// The path (as an offset in strings) and the count of foreign program `i`; false if there is none.
static inline bool pp_session_foreign(pp_session *s, uint32_t i, uint32_t *path, uint32_t *count) {
    uint32_t claim = i < PP_FOREIGN_SLOTS ? pp_load32(&s->foreign[i].path) : 0;
    *path = claim - 1;
    *count = claim != 0 ? pp_load32(&s->foreign[i].count) : 0;
    return claim != 0;
}
/// Copies a module's path, at most `size - 1` bytes.
static inline void pp_session_copy_path(pp_session *s, uint32_t offset, char *to, uint32_t size) {
    uint32_t n = 0;
    const char *strings = (const char *)s + PP_STRINGS_OFFSET;
    while (n + 1 < size && offset + (uint64_t)n < PP_STRING_BYTES && strings[offset + n] != 0) {
        to[n] = strings[offset + n];
        n++;
    }
    to[n] = 0;
}

static inline uint64_t pp_least_address_space(void) { return PP_LEAST_ADDRESS_SPACE; }
static inline uint64_t pp_least_data(void) { return PP_LEAST_DATA; }

static inline uint32_t pp_process_state(pp_process *p) { return pp_load32(&p->state); }
static inline void pp_process_set_state(pp_process *p, uint32_t state) { pp_store32(&p->state, state); }
static inline uint64_t pp_process_exit_cpu(pp_process *p) { return pp_load64(&p->exit_cpu_ns); }
static inline uint32_t pp_process_exec(pp_process *p) { return pp_load32(&p->exec); }
static inline uint32_t pp_process_signal_taken(pp_process *p) { return pp_load32(&p->signal_taken); }
static inline uint32_t pp_process_filtered(pp_process *p) { return pp_load32(&p->filtered); }
static inline const void *pp_process_signal_given(pp_process *p) {
    pp_store32(&p->signal_taken, 2);
    return &p->signal_taken;
}

static inline uint32_t pp_thread_state(pp_thread *t) { return pp_load32(&t->state); }
static inline uint64_t pp_thread_head(pp_thread *t) { return pp_load64(&t->head); }
static inline void pp_thread_set_head(pp_thread *t, uint64_t head) { pp_store64(&t->head, head); } // for tests
static inline uint64_t pp_thread_tail(pp_thread *t) { return pp_load64(&t->tail); }
static inline void pp_thread_set_tail(pp_thread *t, uint64_t tail) { pp_store64(&t->tail, tail); }
static inline uint64_t pp_thread_dropped(pp_thread *t) { return pp_load64(&t->dropped); }
static inline uint64_t pp_thread_exit_cpu(pp_thread *t) { return pp_load64(&t->exit_cpu_ns); }
static inline uint64_t pp_thread_handler_ns(pp_thread *t) { return pp_load64(&t->handler_ns); }
static inline uint32_t pp_thread_exec(pp_thread *t) { return pp_load32(&t->exec); }
static inline uint64_t pp_thread_armed_cpu(pp_thread *t) { return pp_load64(&t->armed_cpu_ns); }
static inline uint32_t pp_thread_redraw_at(pp_thread *t) { return pp_load32(&t->redraw_at); }
static inline uint32_t pp_thread_fired(pp_thread *t) { return pp_load32(&t->fired); }
static inline uint32_t pp_thread_user_ticks(pp_thread *t) { return pp_load32(&t->user_ticks); }
/// Since the recorder met the thread, at its last tick.
static inline uint64_t pp_thread_kernel(pp_thread *t) {
    uint64_t now = pp_load64(&t->kernel_ns);
    return now > t->start_kernel_ns ? now - t->start_kernel_ns : 0;
}
static inline uint32_t pp_thread_fault_fired(pp_thread *t) { return pp_load32(&t->fault_fired); }
/// `descriptor` is the collector's; its first period is the rest of one.
static inline void pp_thread_set_fault_clock(pp_thread *t, int descriptor) {
    pp_store32(&t->fault_ready, 0);
    pp_store32(&t->fault_clock, (uint32_t)descriptor + 1);
}
static inline void pp_thread_set_fault_ready(pp_thread *t) { pp_store32(&t->fault_ready, 1); }
/// A new period is in force: counting its fires starts again.
static inline void pp_thread_redrawn(pp_thread *t, uint64_t weight_ns, uint64_t late_weight_ns, uint32_t redraw_at) {
    pp_store64(&t->weight_ns, weight_ns);
    pp_store64(&t->late_weight_ns, late_weight_ns);
    pp_store32(&t->redraw_at, redraw_at);
    pp_store32(&t->fired, 0);
}
static inline uint32_t pp_thread_armed(pp_thread *t) { return pp_load32(&t->armed); }
static inline const void *pp_thread_set_armed(pp_thread *t, uint32_t armed) {
    pp_store32(&t->armed, armed);
    return &t->armed;
}
/// Gives a drained, exited slot back: its next owner starts from an empty ring.
static inline void pp_thread_free(pp_thread *t) {
    pp_store32(&t->armed, 0);
    pp_store64(&t->tail, 0);
    pp_store64(&t->head, 0);
    pp_store32(&t->state, PP_SLOT_FREE);
}

static inline uint32_t pp_module_state(pp_module *m) { return pp_load32(&m->state); }
static inline const void *pp_module_set_prepared(pp_module *m, uint64_t table_offset) {
    pp_store64(&m->table_offset, table_offset);
    pp_store32(&m->state, PP_MODULE_PREPARED);
    return &m->state;
}

/// Copies record `position` of thread slot `i`'s ring.
static inline pp_sample pp_session_sample(pp_session *s, uint32_t i, uint64_t position) {
    const pp_sample *ring = (const pp_sample *)((uint8_t *)s + PP_RINGS_OFFSET + (uint64_t)i * PP_RING_BYTES);
    return ring[position & (PP_RING_RECORDS - 1)];
}
/// Copies the stack `id` to `header` and `frames` (room for PP_MAX_FRAMES); false if it is not one.
static inline bool pp_session_copy_stack(pp_session *s, uint32_t id, pp_stack *header, uint64_t *frames) {
    if (id < 2 || id + 2ull > PP_STACK_ARENA_WORDS)
        return false;
    const pp_stack *stack = (const pp_stack *)((uint8_t *)s + PP_STACK_ARENA_OFFSET + (uint64_t)id * 8);
    memcpy(header, stack, sizeof(pp_stack));
    if (header->depth > PP_MAX_FRAMES || id + 2ull + header->depth > PP_STACK_ARENA_WORDS)
        return false;
    memcpy(frames, stack->frames, header->depth * sizeof(uint64_t));
    return true;
}

static inline _Atomic uint32_t *pp_copy_owner(pp_session *s, uint32_t slot) {
    return (_Atomic uint32_t *)((uint8_t *)s + PP_COPIES_OFFSET) + slot;
}
static inline pp_copy *pp_session_copy(pp_session *s, uint32_t slot) {
    return (pp_copy *)((uint8_t *)s + PP_COPIES_OFFSET + PP_COPY_OWNERS_BYTES) + slot;
}
/// Copies the copied stack `slot` to `to`, if thread slot `thread` owns it and it belongs to that thread's record
/// `sequence`; false if not, or if it is damaged. The slot is free after that, unless another thread owns it.
static inline bool pp_session_take_copy(pp_session *s, uint32_t slot, uint32_t thread, uint32_t sequence, pp_copy *to) {
    if (slot >= PP_COPY_SLOTS || pp_load32(pp_copy_owner(s, slot)) != thread + 1)
        return false;
    const pp_copy *from = pp_session_copy(s, slot);
    memcpy(to, from, offsetof(pp_copy, stack));
    bool valid = to->thread == thread && to->sequence == sequence && to->size <= PP_COPY_BYTES && (to->size & 7) == 0 &&
                 (to->low & 7) == 0 && to->low <= UINT64_MAX - PP_COPY_BYTES && to->module_count <= PP_COPY_MODULES;
    if (valid)
        memcpy(to->stack, from->stack, to->size);
    pp_store32(pp_copy_owner(s, slot), 0);
    return valid;
}
/// Gives back what a thread still owns that writes no more records.
static inline void pp_session_free_copies(pp_session *s, uint32_t thread) {
    if (pp_load32(&s->copy_next) == 0)
        return; // none was ever claimed
    for (uint32_t slot = 0; slot < PP_COPY_SLOTS; slot++)
        if (pp_load32(pp_copy_owner(s, slot)) == thread + 1)
            pp_swap32(pp_copy_owner(s, slot), thread + 1, 0);
}

static inline pp_freeze *pp_session_freeze(pp_session *s) { return (pp_freeze *)((uint8_t *)s + PP_FREEZE_OFFSET); }
static inline const void *pp_freeze_buffer(pp_freeze *f) { return (const uint8_t *)f + 4096; }
/// Orders a park. Before the signals are sent.
static inline void pp_freeze_begin(pp_freeze *f, uint32_t order, uint32_t forker, uint32_t expected,
                                   uint64_t deadline_ns) {
    f->forker = forker;
    f->deadline_ns = deadline_ns;
    pp_store32(&f->expected, expected);
    pp_store32(&f->parked, 0);
    pp_store32(&f->copy, 0);
    pp_store32(&f->read_state, PP_READ_IDLE);
    pp_store32(&f->order, order);
}
/// Fewer come than were expected. Returns the word to wake.
static inline const void *pp_freeze_expect(pp_freeze *f, uint32_t expected) {
    pp_store32(&f->expected, expected);
    return &f->parked;
}
static inline uint32_t pp_freeze_order(pp_freeze *f) { return pp_load32(&f->order); }
static inline const void *pp_freeze_order_word(pp_freeze *f) { return &f->order; }
/// Nobody is to obey `order` any more. Returns the word to wake.
static inline const void *pp_freeze_cancel(pp_freeze *f, uint32_t order) {
    pp_swap32(&f->order, order, (order & ~PP_ORDER_KIND) | PP_ORDER_GO);
    return &f->order;
}
static inline uint32_t pp_freeze_copy(pp_freeze *f) { return pp_load32(&f->copy); }
static inline uint32_t pp_freeze_read_state(pp_freeze *f) { return pp_load32(&f->read_state); }
/// Asks the copy for `size` bytes, or to end (PP_READ_END). Returns the word to wake and to wait on.
static inline const void *pp_freeze_ask(pp_freeze *f, uint32_t state, uint64_t address, uint32_t size) {
    f->read_address = address;
    f->read_size = size;
    pp_store32(&f->read_state, state);
    return &f->read_state;
}
/// Where the thread's ucontext_t was when it obeyed `order`; 0: it did not.
static inline uint64_t pp_thread_context(pp_thread *t, uint32_t order) {
    return pp_load32(&t->parked) == order ? pp_load64(&t->context) : 0;
}

static inline uint32_t pp_bell_word(pp_bell *b) { return pp_load32(&b->word); }
static inline const void *pp_bell_set_waiting(pp_bell *b, uint32_t waiting) {
    pp_store32(&b->waiting, waiting);
    atomic_thread_fence(memory_order_seq_cst);
    return &b->word;
}
static inline const void *pp_bell_increment(pp_bell *b) {
    atomic_fetch_add(&b->word, 1);
    return &b->word;
}
