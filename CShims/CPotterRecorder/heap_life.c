// SPDX-License-Identifier: Apache-2.0
// When hooks record: from the program's first allocation on, in every thread, and in forked children.
//
//   EARLY ──constructor: a session that wants it──▶ RECORDING ──filter, limit, no slot──▶ ENDED
//
//  1. Before the constructor blocks are indexed under PP_HEAP_STACK_EARLY, so that they are known when they are freed.
//  2. A forked child finds the gate's page empty. Its first hook, or the fork handler, makes the state its own: a new
//     value for locks, so that those which other threads of the parent held are taken over; a new generation, so that
//     blocks of the parent are told from its own; no tables of counters, since those are the parent's.
//  3. Until the child has a process slot its events are pending; one that a raw clone made never gets one.
//  4. A vfork child shares all of it, and acts as its parent.
#include "heap.h"
#include "heap_next.h"
#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

pp_heap_state pp_heap;
pp_heap_gate *pp_heap_gate_page;
__thread pp_heap_local pp_heap_local_state;
bool pp_heap_is_hooked;

static void open_gate(uint32_t mode) {
    pp_heap_gate *gate = pp_heap_gate_page;
    if (gate == NULL) {
        gate = pp_heap_map(4096);
        if (gate == NULL)
            return;
#ifdef MADV_WIPEONFORK
        madvise(gate, 4096, MADV_WIPEONFORK); // without it: the fork handler
#endif
        pp_heap_gate_page = gate;
    }
    atomic_store_explicit(&gate->mode, mode, memory_order_release);
}

void pp_heap_end(void) {
    atomic_store_explicit(&pp_heap.phase, PP_HEAP_ENDED, memory_order_release);
    if (pp_heap_gate_page != NULL)
        atomic_store_explicit(&pp_heap_gate_page->mode, PP_HEAP_OFF, memory_order_release);
}

static bool has_limit(int resource) {
    struct rlimit limit;
    return getrlimit((__rlimit_resource_t)resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

// Whether the program's calls of malloc come to this library: its own definition would be found first.
static bool is_bypassed(void) {
    Dl_info own, found;
    void *first = dlsym(RTLD_DEFAULT, "malloc");
    return first == NULL || dladdr(first, &found) == 0 || dladdr((void *)&pp_heap_is_hooked, &own) == 0 ||
           found.dli_fbase != own.dli_fbase;
}

static void publish_root(void) {
    pp_heap_root *root = &pp_heap.root;
    root->magic = PP_HEAP_ROOT_MAGIC;
    root->lock_value = pp_heap_lock_value;
    pp_index_describe(root);
    root->mapped = (uint64_t)(uintptr_t)pp_heap_mapped();
    pp_process *process = &pp_processes(pp_recorder_state.session)[pp_recorder_state.process];
    atomic_store_explicit(&process->heap_root, (uint64_t)(uintptr_t)root, memory_order_release);
}

// Why it may not record, 0: it may.
static uint32_t refused(void) {
    if (has_limit(RLIMIT_AS) || has_limit(RLIMIT_DATA))
        return PP_HEAP_REFUSED_LIMIT;
    return is_bypassed() ? PP_HEAP_REFUSED_BYPASSED : 0;
}

static bool may_record(const pp_session *session) {
    pp_heap.area = (pp_heap_area *)((uint8_t *)session + PP_HEAP_OFFSET);
    uint32_t why = refused();
    atomic_store(&pp_heap.area->refused, why);
    return why == 0;
}

void pp_heap_start(void) {
    const pp_recorder *recorder = &pp_recorder_state;
    const pp_session *session = recorder->session;
    bool is_wanted = session != NULL && recorder->session_size == PP_HEAP_SESSION_SIZE &&
                     (session->heap_mode == PP_HEAP_EXACT || session->heap_mode == PP_HEAP_SAMPLED);
    if (!is_wanted || !may_record(session) || !pp_next_is_known()) {
        pp_heap_end();
        return;
    }
    pp_heap.mode = session->heap_mode;
    pp_heap.interval = session->heap_interval != 0 ? session->heap_interval : 1;
    pp_heap.flags = session->heap_flags;
    uint64_t first = PP_HEAP_SITES_OFFSET - PP_HEAP_OFFSET;
    atomic_store(&pp_heap.area->used, first);
    publish_root();
    pp_heap_thread_begin(recorder->main_stack_low, recorder->main_stack_high);
    pp_heap_local *local = &pp_heap_local_state;
    pp_heap_thread *thread = pp_heap_enter(local);
    pp_heap.may_claim = true;
    pp_heap_flush_pending(thread);
    pp_heap_leave(local, thread);
    open_gate(pp_heap.mode); // first: a closed gate and this phase together mean a forked child
    atomic_store_explicit(&pp_heap.phase, PP_HEAP_RECORDING, memory_order_release);
}

// A thread of the list, or a new one.
static pp_heap_thread *take_thread(void) {
    pp_heap_lock(&pp_heap.lock);
    pp_heap_thread *thread = pp_heap.free;
    if (thread != NULL)
        pp_heap.free = thread->next_free;
    pp_heap_unlock(&pp_heap.lock);
    if (thread != NULL || (thread = pp_heap_map(sizeof(*thread))) == NULL)
        return thread;
    pp_heap_lock(&pp_heap.lock);
    thread->hook.next = atomic_load_explicit(&pp_heap.root.hooks, memory_order_relaxed);
    atomic_store_explicit(&pp_heap.root.hooks, (uint64_t)(uintptr_t)thread, memory_order_release);
    pp_heap_unlock(&pp_heap.lock);
    return thread;
}

void pp_heap_thread_begin(uint64_t stack_low, uint64_t stack_high) {
    pp_heap_local *local = &pp_heap_local_state;
    if (atomic_load(&pp_heap.phase) == PP_HEAP_ENDED || !pp_heap_is_hooked)
        return;
    pp_heap_thread *thread = take_thread();
    if (thread == NULL)
        return; // it shares one
    thread->stack_low = stack_low;
    thread->stack_high = stack_high;
    thread->last_block = 0;
    thread->event_count = 0;
    pp_memo_begin(thread);
    uint32_t tid = (uint32_t)gettid();
    if (thread->table != NULL)
        atomic_store_explicit(&thread->table->owner, tid, memory_order_relaxed);
    atomic_store_explicit(&thread->hook.owner, tid, memory_order_release);
    local->thread = thread;
}

void pp_heap_thread_end(void) {
    pp_heap_local *local = &pp_heap_local_state;
    pp_heap_thread *thread = local->thread;
    if (thread == NULL || local->busy || local->inside)
        return; // ended in the midst of a hook, by a handler: what it has stays its own
    if (pp_heap_has_events(thread))
        pp_nested_flush(thread);
    local->thread = NULL;
    atomic_store_explicit(&thread->hook.owner, 0, memory_order_release);
    if (thread->table != NULL)
        atomic_store_explicit(&thread->table->owner, PP_HEAP_TABLE_FREE, memory_order_release);
    pp_heap_lock(&pp_heap.lock);
    thread->next_free = pp_heap.free;
    pp_heap.free = thread;
    pp_heap_unlock(&pp_heap.lock);
}

static void forget_table(pp_heap_thread *thread) {
    thread->table = NULL;
    thread->sites = NULL;
    thread->capacity = thread->used = thread->refused = 0;
}

// Threads of the parent are not here: what they had is free.
static void adopt_threads(const pp_heap_thread *own) {
    pp_heap.free = NULL;
    uint64_t at = atomic_load_explicit(&pp_heap.root.hooks, memory_order_relaxed);
    while (at != 0) {
        pp_heap_thread *thread = (pp_heap_thread *)at; // NOLINT: an address
        at = thread->hook.next;
        forget_table(thread);
        if (thread == own)
            continue;
        thread->event_count = 0;
        atomic_store_explicit(&thread->hook.moving.what, 0, memory_order_relaxed);
        atomic_store_explicit(&thread->hook.owner, 0, memory_order_relaxed);
        thread->next_free = pp_heap.free;
        pp_heap.free = thread;
    }
    forget_table(&pp_heap.shared);
}

void pp_heap_adopt(void) {
    pp_heap_local *local = &pp_heap_local_state;
    pp_heap_root *root = &pp_heap.root;
    if (pp_heap_gate_page == NULL || local->busy)
        return; // a handler of the child's within the hook that forked: when that is done
    root->generation++;
    pp_heap_lock_value = (uint8_t)(1 + root->generation % 255);
    root->lock_value = pp_heap_lock_value;
    pp_heap.may_claim = false;
    pp_heap.pending = (pp_heap_site){0};
    adopt_threads(local->thread);
    local->random = 0;
    local->left = 0;
    open_gate(pp_heap.mode);
}

void pp_heap_fork_child(bool is_recorded) {
    if (atomic_load(&pp_heap.phase) != PP_HEAP_RECORDING)
        return;
    if (!is_recorded || pp_heap_local_state.busy) { // busy: forked by a handler that interrupted a hook
        pp_heap_end();
        return;
    }
    if (pp_heap.may_claim)
        pp_heap_adopt();
    publish_root();
    pp_heap_local *local = &pp_heap_local_state;
    if (local->thread == NULL)
        pp_heap_thread_begin(pp_recorder_state.main_stack_low, pp_recorder_state.main_stack_high);
    else
        atomic_store_explicit(&local->thread->hook.owner, (uint32_t)gettid(), memory_order_release);
    pp_heap_thread *thread = pp_heap_enter(local);
    pp_heap.may_claim = true;
    pp_heap_flush_pending(thread);
    pp_heap_leave(local, thread);
}
