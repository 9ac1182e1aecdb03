// SPDX-License-Identifier: Apache-2.0
// A reaper of orphans, SIGCHLD, auto-reaped children, waitid: who a process's children are.
#include "common.h"
#include <sys/prctl.h>

static volatile sig_atomic_t chlds;
static void on_child(int signal, siginfo_t *info, void *context) { chlds += info->si_code == CLD_EXITED; }

int main(void) {
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    burn(0.05);
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            burn(0.05);
            _exit(5);
        }
        _exit(4);
    }
    int sum = 0, status;
    siginfo_t info;
    for (int i = 0; i < 2; i++) {
        if (waitid(P_ALL, 0, &info, WEXITED) == 0)
            sum += info.si_status;
        else
            i -= errno == EINTR;
    }
    printf("statuses: %d, signals: %s, left: %d\n", sum, chlds >= 1 ? "came" : "did not", waitpid(-1, &status, WNOHANG));
    signal(SIGCHLD, SIG_IGN);
    if (fork() == 0)
        _exit(3);
    printf("auto-reaped: %d\n", wait(&status));
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int signal_now = 0;
    prctl(PR_GET_PDEATHSIG, &signal_now);
    printf("death signal %d\n", signal_now);
    return 0;
}
