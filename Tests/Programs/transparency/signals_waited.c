// SPDX-License-Identifier: Apache-2.0
// runs: signalfd signalfd_all sigwait_all blocked_all epoll timer
// Programs that take their signals by waiting for them: each arrives once, and no other.
#include "common.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

static pthread_t main_thread;

static void *busy(void *unused) {
    for (int i = 0; i < 20; i++) {
        burn(0.01);
        kill(getpid(), SIGUSR1);
        usleep(5000);
    }
    kill(getpid(), SIGTERM);
    burn(0.05);
    return unused;
}

int main(int count, char **arguments) {
    const char *how = arguments[1];
    sigset_t set;
    sigfillset(&set);
    if (strcmp(how, "signalfd") == 0 || strcmp(how, "epoll") == 0) {
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigaddset(&set, SIGTERM);
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_t thread;
    int got = 0, others = 0, ended = 0, fd = signalfd(-1, &set, SFD_CLOEXEC);
    pthread_create(&thread, NULL, busy, NULL);
    struct epoll_event event = {.events = EPOLLIN};
    int events = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
    if (strcmp(how, "timer") == 0) {
        timer_t timer;
        struct sigevent notify = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
        struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
        printf("timer: %d\n", timer_create(CLOCK_MONOTONIC, &notify, &timer));
        timer_settime(timer, 0, &soon, NULL);
    }
    while (!ended) {
        int signal = 0;
        struct signalfd_siginfo info;
        burn(0.002);
        if (strncmp(how, "signalfd", 8) == 0 || strcmp(how, "epoll") == 0) {
            if (how[0] == 'e' && epoll_wait(events, &event, 1, -1) != 1)
                printf("epoll_wait: %s\n", strerror(errno));
            if (read(fd, &info, sizeof(info)) != sizeof(info))
                printf("read: %s\n", strerror(errno));
            signal = (int)info.ssi_signo;
        } else {
            sigwait(&set, &signal);
        }
        got += signal == SIGUSR1;
        ended = signal == SIGTERM;
        others += signal != SIGUSR1 && signal != SIGTERM;
    }
    pthread_join(thread, NULL);
    sigpending(&set);
    show_set("pending", &set);
    printf("%s: %s, %d others\n", how, got >= 10 && got <= 21 ? "right" : "wrong", others);
    fflush(stdout);
    execl("/bin/sh", "sh", "-c", "grep SigBlk /proc/self/status; exit 4", (char *)NULL);
    return 9;
}
