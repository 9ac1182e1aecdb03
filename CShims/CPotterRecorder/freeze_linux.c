// SPDX-License-Identifier: Apache-2.0
// The target's side of a freeze (pp_freeze.h): threads park in the handler of our signal, one forks.
//
//  1. Nobody waits without an end: the forker until the deadline, the others 50 ms longer, and none while the collector
//     is gone. Whoever misses the deadline was running meanwhile, which the collector sees by its slot.
//  2. The copy is made by a raw clone: no atfork handler of the program runs, its exit sends no SIGCHLD, wait() does
//  not
//     see it. It runs in this handler with every signal blocked, makes no call of the C library's that takes a lock,
//     and ends when it is told to, or when the collector does not live any more.
//  3. A park is a signal of ours like any other to interrupted calls: blocking_linux.c issues them again.
#include "recorder.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PP_PARK_GRACE_NS 50000000ull
#define PP_FUTEX_SLICE_NS 10000000ull // how soon a dead collector is noticed

static pp_freeze *freeze_of(pp_session *session) { return (pp_freeze *)((uint8_t *)session + PP_FREEZE_OFFSET); }

static uint8_t *buffer_of(pp_session *session) { return (uint8_t *)session + PP_FREEZE_OFFSET + 4096; }

static void wake(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0); }

// Sleeps while the word has the value, for a slice at most. False: the collector is gone, or it is later than `until`.
static bool sleep_on(_Atomic uint32_t *word, uint32_t value, uint64_t until_ns) {
    uint64_t now = pp_now(CLOCK_MONOTONIC);
    if (now >= until_ns || !pp_collector_lives())
        return false;
    uint64_t left = until_ns - now < PP_FUTEX_SLICE_NS ? until_ns - now : PP_FUTEX_SLICE_NS;
    struct timespec slice = {.tv_nsec = (long)left};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &slice, NULL, 0);
    return true;
}

// Reads memory of this process where it may not be mapped: only the kernel can tell without a fault.
static uint64_t read_checked(int memory, uint64_t address, uint8_t *to, uint64_t size) {
    uint64_t done = 0;
    while (done < size) {
        long got = syscall(SYS_pread64, memory, to + done, size - done, (long)(address + done));
        if (got <= 0)
            return done;
        done += (uint64_t)got;
    }
    return done;
}

// What the copy does for its whole life.
static _Noreturn void serve(pp_session *session) {
    pp_freeze *freeze = freeze_of(session);
    int memory = -1;
    for (;;) {
        uint32_t state = atomic_load_explicit(&freeze->read_state, memory_order_acquire);
        if (state == PP_READ_END || !sleep_on(&freeze->read_state, state == PP_READ_ASKED ? ~0u : state, UINT64_MAX))
            syscall(SYS_exit_group, 0);
        if (state != PP_READ_ASKED)
            continue;
        if (memory < 0)
            memory = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDONLY | O_CLOEXEC);
        uint64_t size = freeze->read_size < PP_FREEZE_BUFFER ? freeze->read_size : PP_FREEZE_BUFFER;
        freeze->read_done = memory < 0 ? 0 : read_checked(memory, freeze->read_address, buffer_of(session), size);
        atomic_store_explicit(&freeze->read_state, PP_READ_ANSWERED, memory_order_release);
        wake(&freeze->read_state);
    }
}

static void fork_copy(pp_session *session, pp_freeze *freeze) {
    freeze->arrived = atomic_load(&freeze->parked);
    freeze->fork_ns = pp_now(CLOCK_MONOTONIC);
    long pid = syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
    if (pid == 0)
        serve(session);
    freeze->go_ns = pp_now(CLOCK_MONOTONIC);
    freeze->error = pid < 0 ? (uint32_t)errno : 0;
    atomic_store_explicit(&freeze->copy, pid < 0 ? PP_FREEZE_FAILED : (uint32_t)pid, memory_order_release);
}

static void park(pp_session *session, pp_local *local, uint32_t order, const ucontext_t *context) {
    pp_freeze *freeze = freeze_of(session);
    if (atomic_load_explicit(&freeze->order, memory_order_acquire) != order)
        return; // too late
    uint64_t deadline = freeze->deadline_ns;
    bool forks = local->thread != NULL && local->thread->tid == freeze->forker;
    if (forks)
        freeze->first_ns = pp_now(CLOCK_MONOTONIC);
    if (local->thread != NULL) {
        atomic_store_explicit(&local->thread->context, (uint64_t)(uintptr_t)context, memory_order_relaxed);
        atomic_store_explicit(&local->thread->parked, order, memory_order_release);
    }
    uint32_t parked = 1 + atomic_fetch_add(&freeze->parked, 1);
    if (!forks) {
        if (parked >= atomic_load(&freeze->expected))
            wake(&freeze->parked);
        while (atomic_load_explicit(&freeze->order, memory_order_acquire) == order &&
               sleep_on(&freeze->order, order, deadline + PP_PARK_GRACE_NS)) {
        }
        return;
    }
    while ((parked = atomic_load(&freeze->parked)) < atomic_load(&freeze->expected) &&
           sleep_on(&freeze->parked, parked, deadline)) {
    }
    fork_copy(session, freeze);
    atomic_store_explicit(&freeze->order, (order & ~PP_ORDER_KIND) | PP_ORDER_GO, memory_order_release);
    wake(&freeze->order);
}

bool pp_is_control(const siginfo_t *info, uint32_t *order) {
    uint64_t value = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
    *order = (uint32_t)value;
    return info->si_code == SI_QUEUE && value >> 32 == PP_CONTROL_MAGIC;
}

void pp_control(uint32_t order, const ucontext_t *context) {
    pp_session *session = pp_recorder_state.session;
    pp_freeze *freeze = freeze_of(session);
    uint32_t copy = atomic_load_explicit(&freeze->copy, memory_order_acquire);
    if ((order & PP_ORDER_KIND) == PP_ORDER_PARK)
        park(session, &pp_local_state, order, context);
    else if ((order & PP_ORDER_KIND) == PP_ORDER_REAP && copy != 0 && copy != PP_FREEZE_FAILED &&
             syscall(SYS_wait4, (pid_t)copy, NULL, __WCLONE | WNOHANG, NULL) == (long)copy)
        atomic_store_explicit(&freeze->copy, 0, memory_order_release);
}
