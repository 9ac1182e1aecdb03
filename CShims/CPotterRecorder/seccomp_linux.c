// SPDX-License-Identifier: Apache-2.0
// Before the program installs a seccomp filter the recorder withdraws from the process: a system call of ours could be
// one that the filter kills for, and the first sample after it would (futex, to wake the collector).
//
//   calls of ours on other threads end ─▶ timers are deleted ─▶ the collector disarms every clock and sees handlers end
//   ─▶ what is pending is flushed ─▶ the kernel gets the program's own disposition ─▶ withdrawn: every interposed call
//   goes straight to the real one
//
//  1. It is for good: a filter cannot be taken off. A call that fails is not undone either; the program is then only
//     recorded less. Calls that can only fail, with which libraries ask what the kernel knows, do not count.
//  2. Forked children inherit the state, threads that live on or are made later see it: none makes a call of ours.
//  3. What is executed after it gets no preload entry: our constructor would open a socket there.
//  4. If the collector does not answer (it is stopped) its clocks may still fire: our handler stays, and does nothing.
//  5. Who installs a filter by a system call instruction of its own is not seen.
#include "heap.h"
#include "real_functions.h"
#include "recorder.h"
#include "unwind_stacks_linux.h"
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PP_CALLS_WAIT_NS 50000000ull
#define PP_OTHER_WAIT_NS 200000000ull // more than a withdrawal takes

static _Atomic int32_t filtered_child; // a vfork child that installed a filter: it shares this memory

bool pp_calls_begin(void) {
    pp_recorder *recorder = &pp_recorder_state;
    if (recorder->session == NULL)
        return false;
    atomic_fetch_add(&recorder->calls, 1);
    if (atomic_load(&recorder->withdrawn) == PP_WITHDRAWN_NOT)
        return true;
    pp_calls_end();
    return false;
}

void pp_calls_end(void) { atomic_fetch_sub(&pp_recorder_state.calls, 1); }

// A thread that starts, ends or forks: it may be waiting for the collector.
static void wait_for_calls(pp_recorder *recorder) {
    uint64_t deadline = pp_now(CLOCK_MONOTONIC) + PP_CALLS_WAIT_NS;
    while (atomic_load(&recorder->calls) != 0 && pp_now(CLOCK_MONOTONIC) < deadline)
        sched_yield();
}

static void wait_for_other_thread(pp_recorder *recorder) {
    uint64_t deadline = pp_is_inert() ? 0 : pp_now(CLOCK_MONOTONIC) + PP_OTHER_WAIT_NS;
    while (!pp_is_inert() && pp_now(CLOCK_MONOTONIC) < deadline)
        sched_yield();
}

bool pp_withdraw(enum pp_counter why) {
    pp_recorder *recorder = &pp_recorder_state;
    uint32_t expected = PP_WITHDRAWN_NOT;
    if (!atomic_compare_exchange_strong(&recorder->withdrawn, &expected, PP_WITHDRAWN_SOON)) {
        wait_for_other_thread(recorder);
        return false;
    }
    pp_heap_end();
    wait_for_calls(recorder);
    bool taken_before = atomic_load(&recorder->signal_taken);
    bool given = pp_signal_give_away(why);
    if (given && !taken_before)
        pp_disposition_set(&recorder->program_action);
    atomic_store_explicit(&recorder->withdrawn, PP_WITHDRAWN, memory_order_release);
    return given;
}

static void before_filter(void) {
    const pp_recorder *recorder = &pp_recorder_state;
    if (recorder->session == NULL)
        return;
    if (getpid() != recorder->pid)
        atomic_store(&filtered_child, getpid());
    else
        pp_withdraw(PP_COUNT_SECCOMP_FILTER);
}

bool pp_runs_filtered(void) {
    if (pp_recorder_state.session == NULL)
        return false;
    int32_t child = atomic_load(&filtered_child);
    return pp_is_inert() || (child != 0 && child == getpid());
}

void pp_before_prctl(long option, unsigned long mode, unsigned long filter) {
    if (option != PR_SET_SECCOMP)
        return;
    int saved = errno;
    if (mode == SECCOMP_MODE_STRICT || (mode == SECCOMP_MODE_FILTER && filter != 0))
        before_filter();
    errno = saved;
}

// arm64 has only the newer one.
static bool is_signalfd(long number) {
#ifdef SYS_signalfd
    if (number == SYS_signalfd)
        return true;
#endif
    return number == SYS_signalfd4;
}

// What cannot be read is the kernel's to refuse.
static bool can_read(long address, size_t size) {
    return address != 0 && pp_is_readable((uint64_t)address) && pp_is_readable((uint64_t)address + size - 8);
}

void pp_before_syscall(long number, long first, long second, long third) {
    int saved = errno;
    if (number == SYS_rt_sigaction && first == PP_SIGNAL && second != 0)
        pp_signal_claimed(PP_COUNT_SIGNAL_TAKEN);
    if (is_signalfd(number) && can_read(second, sizeof(uint64_t)) &&
        sigismember((const sigset_t *)second, PP_SIGNAL) == 1) // NOLINT: an address by definition
        pp_signal_claimed(PP_COUNT_SIGNAL_TAKEN);
    if (number == SYS_prlimit64 && can_read(third, sizeof(struct rlimit)))
        pp_before_limit((pid_t)first, (int)second, (const struct rlimit *)third); // NOLINT: an address by definition
    if (number == SYS_setrlimit && can_read(second, sizeof(struct rlimit)))
        pp_before_limit(0, (int)first, (const struct rlimit *)second); // NOLINT
    if (number == SYS_prctl)
        pp_before_prctl(first, (unsigned long)second, (unsigned long)third);
    else if (number == SYS_seccomp)
        if ((first == SECCOMP_SET_MODE_STRICT && third == 0) || (first == SECCOMP_SET_MODE_FILTER && third != 0))
            before_filter();
    errno = saved;
}
