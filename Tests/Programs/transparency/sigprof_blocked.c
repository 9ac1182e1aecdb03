// SPDX-License-Identifier: Apache-2.0
// SIGPROF blocked: kept until asked for, by sigwait, sigwaitinfo, sigtimedwait; unblocked it kills.
#include "common.h"

int main(void) {
    sigset_t set;
    siginfo_t info;
    int signal = 0;
    struct timespec soon = {.tv_nsec = 1000000};
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    burn(0.1);
    printf("nothing pending: %d %s\n", sigtimedwait(&set, &info, &soon), strerror(errno));
    raise(SIGPROF);
    burn(0.05);
    printf("sigwait: %d", sigwait(&set, &signal));
    printf(" signal %d\n", signal);
    kill(getpid(), SIGPROF);
    burn(0.05);
    printf("sigwaitinfo: %d", sigwaitinfo(&set, &info));
    printf(" code %d, from this process: %d\n", info.si_code, info.si_pid == getpid());
    sigqueue(getpid(), SIGPROF, (union sigval){.sival_int = 42});
    printf("sigtimedwait: %d", sigtimedwait(&set, &info, &soon));
    printf(" value %d\n", info.si_value.sival_int);
    fflush(stdout);
    raise(SIGPROF);
    burn(0.05);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    printf("still here\n");
    return 0;
}
