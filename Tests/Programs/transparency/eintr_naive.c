// SPDX-License-Identifier: Apache-2.0
// runs: poll ppoll masked_ppoll select pselect epoll_wait epoll_pwait nanosleep clock_nanosleep usleep sleep sem_timedwait sigtimedwait sigwait recv read accept msgrcv semtimedop
// Programs that never heard of EINTR: no signal of theirs is ever sent, so any is an error. Work in between.
#include "common.h"
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>

static int channel[2], set_of_events, queue, semaphores, listener;
static sem_t semaphore;
static const struct timespec ten_ms = {.tv_nsec = 10000000};

static struct timespec until(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += 10000000;
    if (t.tv_nsec >= 1000000000)
        t = (struct timespec){.tv_sec = t.tv_sec + 1, .tv_nsec = t.tv_nsec - 1000000000};
    return t;
}

static void prepare(void) {
    struct timeval timeout = {.tv_usec = 10000};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel) != 0)
        exit(1);
    setsockopt(channel[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    set_of_events = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(set_of_events, EPOLL_CTL_ADD, channel[0], &event);
    sem_init(&semaphore, 0, 0);
    queue = msgget(IPC_PRIVATE, 0600);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    listen(listener, 5);
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
}

static void *fill_queue(void *unused) {
    struct {
        long type;
        char text;
    } message = {.type = 1};
    while (msgsnd(queue, &message, 1, 0) == 0)
        nanosleep(&ten_ms, NULL);
    return unused;
}

// 0, or EINTR: other outcomes are those that are expected.
static int wait_once(const char *how) {
    struct pollfd fd = {.fd = channel[0], .events = POLLIN};
    struct epoll_event event;
    struct timeval timeout = {.tv_usec = 10000};
    struct timespec at;
    sigset_t mask, usr1;
    char text[8];
    int result = 0;
    fd_set in;
    FD_ZERO(&in);
    FD_SET(channel[0], &in);
    sigemptyset(&mask);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    errno = 0;
    if (strcmp(how, "poll") == 0)
        result = poll(&fd, 1, 10);
    else if (strcmp(how, "ppoll") == 0 || strcmp(how, "masked_ppoll") == 0)
        result = ppoll(&fd, 1, &ten_ms, &mask);
    else if (strcmp(how, "select") == 0)
        result = select(channel[0] + 1, &in, NULL, NULL, &timeout);
    else if (strcmp(how, "pselect") == 0)
        result = pselect(channel[0] + 1, &in, NULL, NULL, &ten_ms, &mask);
    else if (strcmp(how, "epoll_wait") == 0)
        result = epoll_wait(set_of_events, &event, 1, 10);
    else if (strcmp(how, "epoll_pwait") == 0)
        result = epoll_pwait(set_of_events, &event, 1, 10, &mask);
    else if (strcmp(how, "nanosleep") == 0)
        result = nanosleep(&ten_ms, NULL);
    else if (strcmp(how, "clock_nanosleep") == 0)
        errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &ten_ms, NULL);
    else if (strcmp(how, "usleep") == 0)
        result = usleep(10000);
    else if (strcmp(how, "sleep") == 0)
        errno = sleep(1) != 0 ? EINTR : 0;
    else if (strcmp(how, "sem_timedwait") == 0)
        at = until(CLOCK_REALTIME), result = sem_timedwait(&semaphore, &at);
    else if (strcmp(how, "sigtimedwait") == 0)
        result = sigtimedwait(&usr1, NULL, &ten_ms);
    else if (strcmp(how, "sigwait") == 0) {
        raise(SIGUSR1);
        sigfillset(&mask);
        if (sigwait(&mask, &result) != 0 || result != SIGUSR1)
            printf("sigwait gave signal %d\n", result), abort();
    } else if (strcmp(how, "recv") == 0)
        result = (int)recv(channel[0], text, sizeof(text), 0);
    else if (strcmp(how, "read") == 0)
        result = (int)read(channel[0], text, sizeof(text));
    else if (strcmp(how, "accept") == 0)
        result = accept(listener, NULL, NULL);
    else if (strcmp(how, "msgrcv") == 0)
        result = (int)msgrcv(queue, (long[2]){0}, 1, 0, 0);
    else if (strcmp(how, "semtimedop") == 0)
        result = semtimedop(semaphores, &(struct sembuf){.sem_op = -1}, 1, &ten_ms);
    return errno == EINTR ? EINTR : 0;
}

int main(int count, char **arguments) {
    const char *how = count > 1 ? arguments[1] : "poll";
    pthread_t thread;
    prepare();
    sigset_t blocked;
    sigfillset(&blocked);
    if (strcmp(how, "masked_ppoll") != 0 && strcmp(how, "sigwait") != 0) {
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGUSR1);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, NULL); // masked: ticks wait until the call itself lets them in
    if (strcmp(how, "msgrcv") == 0)
        pthread_create(&thread, NULL, fill_queue, NULL);
    double end = seconds(CLOCK_MONOTONIC) + 1.0;
    while (seconds(CLOCK_MONOTONIC) < end) {
        burn(0.005);
        if (wait_once(how) == EINTR) {
            msgctl(queue, IPC_RMID, NULL);
            semctl(semaphores, 0, IPC_RMID);
            printf("%s: EINTR\n", how);
            fflush(stdout);
            abort();
        }
    }
    msgctl(queue, IPC_RMID, NULL);
    semctl(semaphores, 0, IPC_RMID);
    printf("%s: done\n", how);
    return 0;
}
