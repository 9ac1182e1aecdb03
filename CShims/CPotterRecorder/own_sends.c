// SPDX-License-Identifier: Apache-2.0
// A moment without signals of ours on this thread, and who needs one: exec.c, and a program that sends itself SIGPROF.
//
//   stop the CPU timer ─▶ ask the collector to disarm the perf clock ─▶ drain a pending signal ─▶ ... ─▶ arm again
//
// The kernel keeps one SIGPROF of a thread, however many are sent: while one of ours is pending on a thread that blocks
// the signal, raise(SIGPROF) is dropped, and a sigwait after it waits for ever ([M] 3 of 40 runs of a program that did
// this). Nothing is lost the other way round: with the program's pending, ours is dropped.
//
// Only what a thread sends to itself: kill and sigqueue go to the process, whose queue is another one. A thread that is
// sent the signal by another one is nearly always in a sigwait then, where none of ours is pending for long.
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PP_DISARM_WAIT_NS 10000000ull

bool pp_pending_take(siginfo_t *of_program) {
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, PP_SIGNAL);
    struct timespec now = {0};
    siginfo_t info;
    bool found = false;
    while (sigpending(&pending) == 0 && sigismember(&pending, PP_SIGNAL) &&
           pp_real.sigtimedwait(&set, &info, &now) == PP_SIGNAL) // ours hides ticks: here they are wanted
        if (!pp_signal_is_ours(&info)) {
            found = true;
            *of_program = info;
        }
    return found;
}

void pp_pending_return(siginfo_t *of_program) { syscall(SYS_rt_sigqueueinfo, getpid(), PP_SIGNAL, of_program); }

void pp_pending_drain(void) {
    siginfo_t of_program;
    if (pp_pending_take(&of_program))
        pp_pending_return(&of_program);
}

// Until the collector has said that it will not arm this thread: one that is armed late, after an exec, is armed in an
// image without our handler.
static bool wait_disarmed(pp_thread *thread) {
    uint64_t deadline = pp_now(CLOCK_MONOTONIC) + PP_DISARM_WAIT_NS;
    for (;;) {
        uint32_t armed = atomic_load_explicit(&thread->armed, memory_order_acquire);
        uint64_t now = pp_now(CLOCK_MONOTONIC);
        if (armed >= 2)
            return true;
        if (now >= deadline || !pp_wait_word(&thread->armed, armed, deadline - now))
            return false;
    }
}

bool pp_quiet_begin(void) {
    pp_thread *thread = pp_local_state.thread;
    pp_timer_suspend();
    if (thread == NULL || pp_recorder_state.session->engine != PP_ENGINE_PERF)
        return true;
    atomic_store(&thread->exec, 1);
    pp_announce();
    // The clocks of a collector that was killed went with it.
    bool waits = pp_collector_lives() || pp_collector_exists();
    return !waits || wait_disarmed(thread) || !pp_collector_exists();
}

void pp_quiet_end(void) {
    pp_thread *thread = pp_local_state.thread;
    if (thread != NULL) {
        // Taken back before the collector may arm again: else the next wait could read the answer to this one.
        uint32_t disarmed = 2;
        atomic_compare_exchange_strong(&thread->armed, &disarmed, 0);
        atomic_store(&thread->exec, 0);
    }
    pp_timer_resume();
    pp_announce();
}

// Whether a signal to this very thread could be dropped for one of ours. Then the thread is quiet.
static bool sends_to_itself(int signal, bool to_self) {
    const pp_recorder *recorder = &pp_recorder_state;
    if (signal != PP_SIGNAL || !to_self || pp_is_inert() || atomic_load(&recorder->signal_taken) ||
        getpid() != recorder->pid) // a vfork child shares this memory, not our signals
        return false;
    int saved = errno;
    pp_quiet_begin();
    pp_pending_drain();
    errno = saved;
    return true;
}

static int sent(bool quiet, int result) {
    int saved = errno;
    if (quiet)
        pp_quiet_end();
    errno = saved;
    return result;
}

int pp_raise(int signal) {
    pp_real_resolve();
    bool quiet = sends_to_itself(signal, true);
    return sent(quiet, pp_real.raise(signal));
}

int pp_pthread_kill(pthread_t thread, int signal) {
    pp_real_resolve();
    bool quiet = sends_to_itself(signal, pthread_equal(thread, pthread_self()));
    return sent(quiet, pp_real.pthread_kill(thread, signal));
}

int pp_pthread_sigqueue(pthread_t thread, int signal, const union sigval value) {
    pp_real_resolve();
    bool quiet = sends_to_itself(signal, pthread_equal(thread, pthread_self()));
    return sent(quiet, pp_real.pthread_sigqueue(thread, signal, value));
}

int pp_tgkill(pid_t process, pid_t thread, int signal) {
    pp_real_resolve();
    if (pp_real.tgkill == NULL) {
        errno = ENOSYS;
        return -1;
    }
    const pp_thread *own = pp_local_state.thread;
    bool quiet = sends_to_itself(signal, own != NULL && own->tid == (uint32_t)thread);
    return sent(quiet, pp_real.tgkill(process, thread, signal));
}
