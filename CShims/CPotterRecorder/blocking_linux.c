// SPDX-License-Identifier: Apache-2.0
// No call returns EINTR because of Potter. SA_RESTART restarts most interrupted calls; those here it does not, so they
// are issued again when a signal of ours alone interrupted them:
//
//   real call ──EINTR──▶ our handler ran on this thread, and none of the program's? ──yes──▶ again, with the time left
//                                                                            └──no──▶ EINTR, as without Potter
//
// Who ran is counted per thread: pp_local.handled by our handler, pp_local.program_handled by the shims of
// dispositions.c. EINTR for another reason (SIGSTOP and SIGCONT, a debugger) advances neither and is passed on.
//
//  1. Every path ends in the C library's function, which stays the cancellation point; errno of a success is kept.
//  2. Time left counts from before the first call. The start is read from the coarse clock, which costs 3 ns where the
//     fine one costs 20. It lags by a kernel tick, on a busy virtual machine by more ([M] polls ended early): two are
//     allowed for, so that an interrupted call ends up to two ticks late, and does not end early. Without a time-out no
//     clock is read. nanosleep and select get the time left from the kernel.
//  3. Between the look at the counters and the second call a handler of the program can still run unseen. Programs
//     that cannot bear that block the signal and use ppoll, pselect, epoll_pwait or sigsuspend, which stay atomic;
//     pause, which has no such form, becomes a sigsuspend.
//  4. A signal of ours that is blocked and pending is not the program's to see: sigwait and its kin skip it.
//  5. Sockets: blocking_sockets_linux.c.
//
// Not covered: raw system calls (io_uring_enter, io_getevents, futex), signalfd, sigpause, and short counts of read and
// write, which kernels that send a CPU timer's signal at the tick itself (before 5.10) may cause.
#include "blocking.h"

bool pp_ours_alone(pp_call *call) {
    const pp_local *local = &pp_local_state;
    if (local->program_handled != call->programs || local->handled == call->ours)
        return false;
    call->ours = local->handled;
    errno = call->error;
    return true;
}

// Times.

uint64_t pp_time_left(uint64_t start_ns, uint64_t timeout_ns) {
    struct timespec tick = {0};
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    uint64_t now = pp_now(CLOCK_MONOTONIC), start = start_ns + 2 * (uint64_t)tick.tv_nsec;
    uint64_t spent = now > start ? now - start : 0;
    return timeout_ns > spent ? timeout_ns - spent : 0;
}

static int milliseconds_left(uint64_t start_ns, int timeout_ms) {
    if (timeout_ms <= 0)
        return timeout_ms;
    return (int)((pp_time_left(start_ns, (uint64_t)timeout_ms * 1000000u) + 999999u) / 1000000u);
}

// The time-out of the next attempt, in `room`. NULL and what is longer than a life stay as they are.
static const struct timespec *timespec_left(uint64_t start_ns, const struct timespec *timeout, struct timespec *room) {
    if (timeout == NULL || (uint64_t)timeout->tv_sec >= PP_FOREVER_NS / PP_NS_PER_S)
        return timeout;
    *room =
        pp_timespec_of(pp_time_left(start_ns, (uint64_t)timeout->tv_sec * PP_NS_PER_S + (uint64_t)timeout->tv_nsec));
    return room;
}

// Calls with a time-out in milliseconds, `timeout`.
#define PP_MILLISECONDS(name, parameters, ...)                                                                         \
    int pp_##name parameters {                                                                                         \
        PP_DIRECT_IF_INERT(name, __VA_ARGS__)                                                                          \
        pp_call call = pp_enter();                                                                                     \
        const int whole = timeout;                                                                                     \
        uint64_t start = pp_start_of(whole > 0);                                                                       \
        for (;;) {                                                                                                     \
            int result = pp_real.name(__VA_ARGS__);                                                                    \
            if (!pp_again(&call, result))                                                                              \
                return result;                                                                                         \
            timeout = milliseconds_left(start, whole);                                                                 \
        }                                                                                                              \
    }

// Calls with a relative time in a timespec, `timeout`.
#define PP_TIMESPEC(name, parameters, ...)                                                                             \
    int pp_##name parameters {                                                                                         \
        PP_DIRECT_IF_INERT(name, __VA_ARGS__)                                                                          \
        pp_call call = pp_enter();                                                                                     \
        const struct timespec *const whole = timeout;                                                                  \
        struct timespec left;                                                                                          \
        uint64_t start = pp_start_of(whole != NULL);                                                                   \
        for (;;) {                                                                                                     \
            int result = pp_real.name(__VA_ARGS__);                                                                    \
            if (!pp_again(&call, result))                                                                              \
                return result;                                                                                         \
            timeout = timespec_left(start, whole, &left);                                                              \
        }                                                                                                              \
    }

PP_MILLISECONDS(poll, (struct pollfd * fds, nfds_t count, int timeout), fds, count, timeout)
PP_MILLISECONDS(__poll_chk, (struct pollfd * fds, nfds_t count, int timeout, size_t size), fds, count, timeout, size)
PP_TIMESPEC(ppoll, (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask), fds,
            count, timeout, mask)
PP_TIMESPEC(__ppoll_chk,
            (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size), fds,
            count, timeout, mask, size)
// The kernel leaves the sets alone and the time left in `timeout` when it returns EINTR.
PP_PLAIN(int, select, (int count, fd_set *in, fd_set *out, fd_set *error, struct timeval *timeout), count, in, out,
         error, timeout)
PP_TIMESPEC(pselect,
            (int count, fd_set *in, fd_set *out, fd_set *error, const struct timespec *timeout, const sigset_t *mask),
            count, in, out, error, timeout, mask)
PP_MILLISECONDS(epoll_wait, (int fd, struct epoll_event *events, int count, int timeout), fd, events, count, timeout)
PP_MILLISECONDS(epoll_pwait, (int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask), fd,
                events, count, timeout, mask)
PP_TIMESPEC(epoll_pwait2,
            (int fd, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask), fd,
            events, count, timeout, mask)
PP_PLAIN(int, sem_wait, (sem_t * semaphore), semaphore)
PP_PLAIN(int, sem_timedwait, (sem_t * semaphore, const struct timespec *until), semaphore, until)
PP_PLAIN(int, sem_clockwait, (sem_t * semaphore, clockid_t clock, const struct timespec *until), semaphore, clock,
         until)
PP_PLAIN(int, msgsnd, (int queue, const void *message, size_t size, int flags), queue, message, size, flags)
PP_PLAIN(ssize_t, msgrcv, (int queue, void *message, size_t size, long type, int flags), queue, message, size, type,
         flags)
PP_PLAIN(int, semop, (int set, struct sembuf *operations, size_t count), set, operations, count)
PP_TIMESPEC(semtimedop, (int set, struct sembuf *operations, size_t count, const struct timespec *timeout), set,
            operations, count, timeout)
PP_TIMESPEC(aio_suspend, (const struct aiocb *const list[], int count, const struct timespec *timeout), list, count,
            timeout)

// Sleeping. The kernel says what is left, from the timer itself: no drift however often it is interrupted.

static int sleep_through(pp_call *call, const struct timespec *time, struct timespec *left) {
    while (pp_real.nanosleep(time, left) != 0) {
        if (!pp_again(call, -1))
            return -1;
        time = left;
    }
    return 0;
}

int pp_nanosleep(const struct timespec *time, struct timespec *remaining) {
    PP_DIRECT_IF_INERT(nanosleep, time, remaining)
    pp_call call = pp_enter();
    struct timespec left;
    int result = sleep_through(&call, time, &left);
    if (result != 0 && errno == EINTR && remaining != NULL)
        *remaining = left;
    return result;
}

int pp_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *remaining) {
    PP_DIRECT_IF_INERT(clock_nanosleep, clock, flags, time, remaining)
    pp_call call = pp_enter();
    struct timespec left;
    bool absolute = (flags & TIMER_ABSTIME) != 0;
    for (;;) {
        int error = pp_real.clock_nanosleep(clock, flags, time, absolute ? remaining : &left);
        if (error != EINTR)
            return error;
        if (!pp_ours_alone(&call)) {
            if (!absolute && remaining != NULL)
                *remaining = left;
            return error;
        }
        if (!absolute)
            time = &left;
    }
}

int pp_thrd_sleep(const struct timespec *time, struct timespec *remaining) {
    PP_DIRECT_IF_INERT(thrd_sleep, time, remaining)
    pp_call call = pp_enter();
    struct timespec left;
    int result;
    while ((result = pp_real.thrd_sleep(time, &left)) == -1 && pp_ours_alone(&call))
        time = &left;
    if (result == -1 && remaining != NULL)
        *remaining = left;
    return result;
}

// The C library's sleep() and usleep() call its own nanosleep; sleep() would give whole seconds back only.
unsigned pp_sleep(unsigned seconds) {
    PP_DIRECT_IF_INERT(sleep, seconds)
    pp_call call = pp_enter();
    struct timespec time = {.tv_sec = seconds};
    return sleep_through(&call, &time, &time) == 0 ? 0 : (unsigned)time.tv_sec;
}

int pp_usleep(useconds_t microseconds) {
    PP_DIRECT_IF_INERT(usleep, microseconds)
    pp_call call = pp_enter();
    struct timespec time = {.tv_sec = microseconds / 1000000, .tv_nsec = (long)(microseconds % 1000000) * 1000};
    return sleep_through(&call, &time, &time);
}

// Waiting for signals.

// A tick or sample that a thread with our signal blocked took out of the queue.
static bool took_ours(int result, const siginfo_t *info) {
    if (result != PP_SIGNAL || !pp_signal_is_ours(info))
        return false;
    pp_count(pp_recorder_state.session, PP_COUNT_STALE);
    pp_thread *thread = pp_local_state.thread;
    if (thread != NULL && info->si_code != SI_TIMER)
        atomic_store_explicit(&thread->fired, 1, memory_order_release);
    return true;
}

int pp_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
    PP_DIRECT_IF_INERT(sigtimedwait, set, info, timeout)
    pp_call call = pp_enter();
    siginfo_t got;
    struct timespec left;
    const struct timespec *whole = timeout;
    uint64_t start = pp_start_of(timeout != NULL);
    for (;;) {
        int result = pp_real.sigtimedwait(set, &got, timeout);
        if (!pp_again(&call, result) && !took_ours(result, &got)) {
            if (result > 0 && info != NULL)
                *info = got;
            return result;
        }
        timeout = timespec_left(start, whole, &left);
    }
}

int pp_sigwaitinfo(const sigset_t *set, siginfo_t *info) {
    PP_DIRECT_IF_INERT(sigwaitinfo, set, info)
    return pp_sigtimedwait(set, info, NULL);
}

// The C library's own never returns EINTR.
int pp_sigwait(const sigset_t *set, int *signal) {
    PP_DIRECT_IF_INERT(sigwait, set, signal)
    siginfo_t info;
    int result;
    int saved = errno;
    do
        result = pp_sigtimedwait(set, &info, NULL);
    while (result == -1 && errno == EINTR);
    if (result == -1)
        return errno;
    errno = saved;
    *signal = result;
    return 0;
}

// Suspends until a handler of the program runs. With all signals blocked between the attempts, none can slip through
// and leave the thread asleep. `mask` NULL: the thread's own.
static int suspend_on(pp_call *call, const sigset_t *mask) {
    sigset_t all, own;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &own);
    while (pp_local_state.program_handled == call->programs) {
        pp_real.sigsuspend(mask != NULL ? mask : &own);
        if (!pp_again(call, -1))
            break;
    }
    pthread_sigmask(SIG_SETMASK, &own, NULL);
    errno = EINTR;
    return -1;
}

int pp_pause(void) {
    PP_DIRECT_IF_INERT(pause)
    pp_call call = pp_enter();
    int result = pp_real.pause();
    return pp_again(&call, result) ? suspend_on(&call, NULL) : result;
}

int pp_sigsuspend(const sigset_t *mask) {
    PP_DIRECT_IF_INERT(sigsuspend, mask)
    pp_call call = pp_enter();
    int result = pp_real.sigsuspend(mask);
    return pp_again(&call, result) ? suspend_on(&call, mask) : result;
}
