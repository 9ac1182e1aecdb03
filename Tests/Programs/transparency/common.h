// SPDX-License-Identifier: Apache-2.0
// What the transparency programs share. Each prints what it observes of itself: the same with and without a recorder.
#pragma once
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline double seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Uses so much CPU time of this thread, so that ticks and samples fly.
static inline void burn(double cpu_seconds) {
    double end = seconds(CLOCK_THREAD_CPUTIME_ID) + cpu_seconds;
    volatile unsigned x = 1;
    while (seconds(CLOCK_THREAD_CPUTIME_ID) < end)
        for (int i = 0; i < 10000; i++)
            x = x * 1103515245 + 12345;
}

static inline void show_set(const char *name, const sigset_t *set) {
    printf("%s:", name);
    for (int s = 1; s < _NSIG; s++)
        if (sigismember(set, s) == 1)
            printf(" %d", s);
    printf("\n");
}

static inline void show_status(const char *name, int status) {
    if (WIFSIGNALED(status))
        printf("%s: signal %d\n", name, WTERMSIG(status));
    else
        printf("%s: exit %d\n", name, WEXITSTATUS(status));
}

static inline void wait_for(const char *name, pid_t pid) {
    int status = -1;
    fflush(stdout);
    if (waitpid(pid, &status, 0) != pid)
        printf("%s: waitpid: %s\n", name, strerror(errno));
    else
        show_status(name, status);
    fflush(stdout);
}

static inline void on_signal_do_nothing(int signal) { (void)signal; }

static inline void install(int signal, void (*handler)(int), int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}
