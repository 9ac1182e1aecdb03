// SPDX-License-Identifier: Apache-2.0
// A program that traces its child as a debugger does: every stop is one that it expects.
#include "common.h"
#include <sys/ptrace.h>

int main(void) {
    burn(0.1);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        burn(0.05);
        raise(SIGUSR1);
        execl("./ends", "./ends", "exit", (char *)NULL);
        _exit(9);
    }
    int status, stops = 0;
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        int signal = WSTOPSIG(status);
        stops++;
        printf("stopped by %d\n", signal);
        ptrace(PTRACE_CONT, pid, NULL, (void *)(long)(signal == SIGTRAP || signal == SIGUSR1 ? 0 : signal));
    }
    show_status("traced", status);
    printf("%d stops\n", stops);
    return 0;
}
