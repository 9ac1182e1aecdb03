// SPDX-License-Identifier: Apache-2.0
// 5,000 children that execute /bin/true. A profiling signal that is pending at exec would kill some of them.
#include "common.h"

int main(int count, char **arguments) {
    int wanted = count > 1 ? atoi(arguments[1]) : 5000, died = 0, failed = 0;
    for (int i = 0; i < wanted; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            volatile unsigned x = 1;
            for (int k = 0; k < 20000 + i % 7 * 5000; k++)
                x = x * 1103515245 + 12345;
            execl("/bin/true", "true", (char *)NULL);
            _exit(9);
        }
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            failed++;
        if (WIFSIGNALED(status)) {
            printf("child %d died of signal %d\n", i, WTERMSIG(status));
            died++;
        }
        failed += WIFEXITED(status) && WEXITSTATUS(status) != 0;
    }
    printf("%d children, %d died, %d failed\n", wanted, died, failed);
    return 0;
}
