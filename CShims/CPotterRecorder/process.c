// SPDX-License-Identifier: Apache-2.0
// Processes: a slot each in the memory of their image. A forked child says nothing over a socket: it claims a slot in
// the memory that it inherited.
#include "heap.h"
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

static __thread sigset_t mask_before_fork;
static __thread bool fork_prepared; // by us: the recorder may withdraw while a fork is under way

static uint32_t claim_slot(pp_session *session) {
    pp_process *processes = pp_processes(session);
    uint32_t high = atomic_load_explicit(&session->process_high, memory_order_acquire);
    for (uint32_t i = 0; i < PP_PROCESS_SLOTS; i++) {
        uint32_t expected = PP_SLOT_FREE;
        if (!atomic_compare_exchange_strong(&processes[i].state, &expected, PP_SLOT_CLAIMED))
            continue;
        while (high < i + 1 && !atomic_compare_exchange_weak(&session->process_high, &high, i + 1)) {
        }
        return i;
    }
    return ~0u;
}

bool pp_process_begin(uint32_t parent_slot, int32_t parent_pid, uint64_t start_cpu_ns) {
    pp_recorder *recorder = &pp_recorder_state;
    uint32_t slot = claim_slot(recorder->session);
    if (slot == ~0u) {
        pp_count(recorder->session, PP_COUNT_NO_PROCESS_SLOT);
        return false;
    }
    recorder->process = slot;
    recorder->pid = getpid();
    pp_process *process = &pp_processes(recorder->session)[slot];
    process->pid = (uint32_t)recorder->pid;
    process->parent = parent_slot;
    process->parent_pid = (uint32_t)parent_pid;
    process->start_ns = pp_now(CLOCK_MONOTONIC);
    process->start_cpu_ns = start_cpu_ns;
    atomic_store(&process->exit_cpu_ns, 0);
    atomic_store(&process->exec, 0);
    atomic_store(&process->signal_taken, 0);
    atomic_store(&process->filtered, 0);
    atomic_store(&process->traced, 0);
    atomic_store_explicit(&process->state, PP_SLOT_LIVE, memory_order_release);
    return true;
}

void pp_process_ends(void) {
    pp_recorder *recorder = &pp_recorder_state;
    if (pp_is_inert() || getpid() != recorder->pid)
        return; // a vfork child shares this memory: it is not its process that ends
    pp_threads_note_cpu();
    pp_process *process = &pp_processes(recorder->session)[recorder->process];
    atomic_store_explicit(&process->exit_cpu_ns, pp_now(CLOCK_PROCESS_CPUTIME_ID), memory_order_release);
    pp_announce();
}

// A fork that takes longer than a tick of the CPU timer would be restarted by the kernel for ever: no signal meanwhile.
void pp_fork_prepare(void) {
    fork_prepared = pp_calls_begin();
    if (!fork_prepared)
        return;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, PP_SIGNAL);
    pthread_sigmask(SIG_BLOCK, &set, &mask_before_fork);
    atomic_fetch_add(&pp_recorder_state.session->forks_begun, 1);
}

void pp_fork_parent(void) {
    if (!fork_prepared)
        return;
    pthread_sigmask(SIG_SETMASK, &mask_before_fork, NULL);
    pp_calls_end();
}

void pp_fork_child(void) {
    pp_recorder *recorder = &pp_recorder_state;
    pp_session *session = recorder->session;
    pp_local *local = &pp_local_state;
    if (session == NULL || !fork_prepared) {
        pp_heap_fork_child(false);
        local->thread = NULL;
        return;
    }
    int saved = errno;                        // fork keeps the caller's
    atomic_store(&recorder->calls, 0);        // those of other threads, and of this fork
    uint32_t withdrawing = PP_WITHDRAWN_SOON; // by another thread, which is not here
    atomic_compare_exchange_strong(&recorder->withdrawn, &withdrawing, PP_WITHDRAWN_NOT);
    uint64_t stack_low = local->thread != NULL ? local->thread->stack_low : recorder->main_stack_low;
    uint64_t stack_high = local->thread != NULL ? local->thread->stack_high : recorder->main_stack_high;
    uint32_t parent_slot = recorder->process;
    local->thread = NULL; // the slot is the parent's
    local->timer = -1;    // timers are not inherited
    local->sampling = 0;
    pp_modules_forked();
    atomic_store(&recorder->copies_ready, 0); // their pages are not present here
    if (session->follow && !pp_is_inert())
        pp_copies_prefault(session->copies_all ? PP_COPY_SLOTS : PP_COPIES_AT_FIRST);
    if (session->follow && !pp_is_inert() && pp_process_begin(parent_slot, getppid(), 0)) {
        pp_heap_fork_child(true);
        if (!atomic_load(&recorder->signal_taken))
            pp_thread_begin(local, stack_low, stack_high, pp_now(CLOCK_THREAD_CPUTIME_ID));
        pp_announce();
        pp_thread_wait_armed(local);
    } else {
        pp_heap_fork_child(false);
        recorder->session = NULL;
    }
    atomic_fetch_add(&session->forks_claimed, 1);
    pthread_sigmask(SIG_SETMASK, &mask_before_fork, NULL);
    errno = saved;
}
