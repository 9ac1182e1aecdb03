// SPDX-License-Identifier: Apache-2.0
// runs: raise pthread_kill tgkill pthread_sigqueue
// SIGPROF sent by a thread to itself while it blocks it: each one arrives. Busy before, so that a sample is pending.
#include "common.h"

static void send_by(const char *how) {
    if (strcmp(how, "raise") == 0)
        raise(SIGPROF);
    else if (strcmp(how, "pthread_kill") == 0)
        pthread_kill(pthread_self(), SIGPROF);
    else if (strcmp(how, "tgkill") == 0)
        tgkill(getpid(), gettid(), SIGPROF);
    else
        pthread_sigqueue(pthread_self(), SIGPROF, (union sigval){.sival_int = 7});
}

int main(int count, char **arguments) {
    sigset_t set;
    struct timespec soon = {.tv_nsec = 20000000};
    int got = 0, others = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 50; i++) {
        siginfo_t info;
        burn(0.003);
        errno = 77;
        send_by(arguments[1]);
        others += errno != 77;
        burn(0.003);
        if (sigtimedwait(&set, &info, &soon) == SIGPROF)
            got++;
        if (sigtimedwait(&set, &info, &(struct timespec){0}) == SIGPROF)
            others++;
    }
    printf("%d of 50 came, %d others\n", got, others);
    raise(SIGPROF);
    burn(0.01);
    fflush(stdout);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    printf("still here\n");
    return 0;
}
