// SPDX-License-Identifier: Apache-2.0
// runs: sigaction signal late
// A program with a profiler of its own: each SIGPROF that it gets is from its own timer.
#include "common.h"
#include <sys/time.h>

static volatile sig_atomic_t mine, others;

static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    if (info->si_code == SI_KERNEL)
        mine++;
    else
        others++;
}

static volatile sig_atomic_t plain;
static void plain_handler(int signal) {
    (void)signal;
    plain++;
}

static void *work(void *unused) {
    burn(0.2);
    return unused;
}

int main(int count, char **arguments) {
    const char *how = count > 1 ? arguments[1] : "sigaction";
    if (strcmp(how, "late") == 0)
        burn(0.1);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART}, seen;
    if (strcmp(how, "signal") == 0)
        printf("signal() gives default: %d\n", signal(SIGPROF, plain_handler) == SIG_DFL);
    else
        sigaction(SIGPROF, &action, NULL);
    sigaction(SIGPROF, NULL, &seen);
    printf("own handler in place: %d\n", seen.sa_sigaction == handler || seen.sa_handler == plain_handler);
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL); // no timer of its own yet: no signal may come
    burn(0.1);
    pthread_join(thread, NULL);
    printf("before the timer: %d of its own, %d of others, %d plain\n", mine, others, plain);
    struct itimerval every = {.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000}, off = {0};
    setitimer(ITIMER_PROF, &every, NULL);
    pthread_create(&thread, NULL, work, NULL);
    burn(0.2);
    pthread_join(thread, NULL);
    setitimer(ITIMER_PROF, &off, NULL);
    int total = mine + plain;
    printf("own ticks: %s, others: %d\n", total >= 4 && total <= 60 ? "right" : "wrong", others);
    fflush(stdout);
    signal(SIGPROF, SIG_DFL);
    burn(0.05);
    raise(SIGPROF);
    return 1;
}
