// SPDX-License-Identifier: Apache-2.0
// Stopped and continued: calls that the kernel ends with EINTR then, and those that it does not.
#include "common.h"
#include <poll.h>
#include <sys/epoll.h>

int main(void) {
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 3; i++) {
            usleep(300000);
            kill(parent, SIGSTOP);
            usleep(50000);
            kill(parent, SIGCONT);
        }
        _exit(0);
    }
    struct epoll_event event;
    burn(0.01);
    int result = poll(NULL, 0, 600);
    printf("poll %d\n", result);
    result = epoll_wait(epoll_create1(0), &event, 1, 600);
    printf("epoll_wait %d %s\n", result, result < 0 ? strerror(errno) : "");
    wait_for("sender", pid);
    return 0;
}
