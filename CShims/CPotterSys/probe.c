// SPDX-License-Identifier: Apache-2.0
// Whether clocks really fire here, for `potter-prof doctor`. The signals are taken from the thread's pending ones while
// it blocks SIGPROF: no handler, no state.
#include "CPotterSys.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static uint64_t thread_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Computes until `enough` signals became pending, for `most_ns` at most.
static void take_signals(const sigset_t *set, uint32_t enough, uint64_t most_ns, potter_probe *probe) {
    const struct timespec now = {0};
    uint64_t start = thread_cpu_ns();
    volatile uint64_t x = start;
    do {
        for (int i = 0; i < 2000; i++)
            x = x * 6364136223846793005u + 1;
        siginfo_t info;
        if (sigtimedwait(set, &info, &now) != SIGPROF)
            continue;
        probe->signals++;
        if (info.si_code == SI_TIMER)
            probe->overruns += (uint32_t)info.si_overrun;
    } while (probe->signals < enough && thread_cpu_ns() - start < most_ns);
    probe->cpu_ns = thread_cpu_ns() - start;
}

// A SIGPROF that is late must not end this process when the mask goes back: ignored, a pending one is dropped.
static void drop_pending(void) {
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPROF, &ignore, &before);
    sigaction(SIGPROF, &before, NULL);
}

int potter_probe_perf(uint64_t period_ns, uint32_t enough, uint64_t most_ns, potter_probe *probe) {
    *probe = (potter_probe){0};
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    int fd = potter_perf_clock((pid_t)syscall(SYS_gettid), period_ns, 0);
    if (fd < 0)
        return fd;
    pthread_sigmask(SIG_BLOCK, &set, &before);
    int error = potter_perf_enable(fd);
    if (error == 0)
        take_signals(&set, enough, most_ns, probe);
    potter_perf_disable(fd);
    close(fd);
    drop_pending();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int potter_probe_timer(uint64_t interval_ns, uint32_t enough, uint64_t most_ns, potter_probe *probe) {
    *probe = (potter_probe){0};
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    int timer;
    if (syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0)
        return -errno;
    pthread_sigmask(SIG_BLOCK, &set, &before);
    struct timespec each = {.tv_sec = (time_t)(interval_ns / 1000000000u),
                            .tv_nsec = (long)(interval_ns % 1000000000u)};
    struct itimerspec spec = {.it_interval = each, .it_value = each};
    int error = syscall(SYS_timer_settime, timer, 0, &spec, NULL) != 0 ? -errno : 0;
    if (error == 0)
        take_signals(&set, enough, most_ns, probe);
    syscall(SYS_timer_delete, timer);
    drop_pending();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int potter_run_quietly(const char *path, char *const *arguments, const char *messages) {
    pid_t pid = fork();
    if (pid != 0)
        return pid < 0 ? -errno : pid;
    int null = open("/dev/null", O_RDWR), out = open(messages, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(out < 0 ? null : out, STDERR_FILENO);
    execv(path, arguments);
    _exit(127);
}
