// SPDX-License-Identifier: Apache-2.0
// The program's own signals must go on interrupting calls: no wake-up may be lost. Each call here would wait for ever.
#include "common.h"
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

static volatile sig_atomic_t ran;
static _Atomic int inside;
static pthread_t main_thread;

static void handler(int signal) {
    (void)signal;
    ran++;
}

// Sends one signal, some time after the main thread entered its call.
static void *sender(void *unused) {
    for (;;) {
        while (!inside)
            usleep(200);
        usleep(3000);
        inside = 0;
        pthread_kill(main_thread, SIGUSR1);
    }
    return unused;
}

#define EXPECT(name, call)                                                                                             \
    do {                                                                                                               \
        int wrong = 0;                                                                                                 \
        for (int i = 0; i < 30; i++) {                                                                                 \
            burn(0.001);                                                                                               \
            int before = ran;                                                                                          \
            inside = 1;                                                                                                \
            errno = 0;                                                                                                 \
            long result = (long)(call);                                                                                \
            wrong += ran != before + 1 || !((result == -1 && errno == EINTR) || result == EINTR);                      \
        }                                                                                                              \
        printf("%s: %d wrong\n", name, wrong);                                                                         \
    } while (0)

int main(void) {
    pthread_t thread;
    sem_t semaphore;
    int channel[2], events = epoll_create1(0);
    struct epoll_event event;
    struct timespec day = {.tv_sec = 86400}, left;
    struct timeval timeout = {.tv_sec = 86400};
    sigset_t none, usr1;
    char text[4];
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR2);
    alarm(60); // a lost wake-up ends here
    main_thread = pthread_self();
    install(SIGUSR1, handler, 0);
    sem_init(&semaphore, 0, 0);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel) != 0)
        return 1;
    pthread_create(&thread, NULL, sender, NULL);
    EXPECT("poll", poll(NULL, 0, -1));
    EXPECT("poll with time-out", poll(NULL, 0, 86400000));
    EXPECT("ppoll", ppoll(NULL, 0, NULL, &none));
    EXPECT("select", select(0, NULL, NULL, NULL, NULL));
    EXPECT("epoll_wait", epoll_wait(events, &event, 1, -1));
    EXPECT("nanosleep", nanosleep(&day, &left));
    printf("nanosleep's rest: %s\n", left.tv_sec >= 86390 && left.tv_sec < 86400 ? "right" : "wrong");
    EXPECT("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, 0, &day, &left));
    EXPECT("sleep", sleep(86400) >= 86390 ? EINTR : 0);
    EXPECT("sem_wait", sem_wait(&semaphore));
    EXPECT("recv", recv(channel[0], text, 4, 0));
    EXPECT("pause", pause());
    EXPECT("sigsuspend", sigsuspend(&none));
    EXPECT("sigwaitinfo", sigwaitinfo(&usr1, NULL));
    EXPECT("select's rest", select(0, NULL, NULL, NULL, &timeout));
    printf("select's rest: %s\n", timeout.tv_sec >= 86390 && timeout.tv_sec < 86400 ? "right" : "wrong");
    setsockopt(channel[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    EXPECT("recv with time-out", recv(channel[0], text, 4, 0));
    install(SIGUSR1, handler, SA_RESTART);
    EXPECT("poll, SA_RESTART", poll(NULL, 0, -1));
    signal(SIGUSR1, handler);
    EXPECT("poll, signal()", poll(NULL, 0, -1));
    return 0;
}
