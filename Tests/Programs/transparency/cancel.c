// SPDX-License-Identifier: Apache-2.0
// The calls that a recorder interposes are still cancellation points, and clean-up handlers run.
#include "common.h"
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

static int channel[2];
static sem_t semaphore;
static void cleanup(void *name) { printf("clean-up of %s\n", (char *)name); }

static void wait_in(const char *name) {
    struct timespec day = {.tv_sec = 86400};
    struct epoll_event event;
    sigset_t none, all;
    char text[4];
    sigemptyset(&none);
    sigemptyset(&all);
    sigaddset(&all, SIGUSR1);
    if (strcmp(name, "poll") == 0)
        poll(NULL, 0, -1);
    if (strcmp(name, "select") == 0)
        select(0, NULL, NULL, NULL, NULL);
    if (strcmp(name, "epoll_wait") == 0)
        epoll_wait(epoll_create1(0), &event, 1, 86400000);
    if (strcmp(name, "nanosleep") == 0)
        nanosleep(&day, NULL);
    if (strcmp(name, "sleep") == 0)
        sleep(86400);
    if (strcmp(name, "sem_wait") == 0)
        sem_wait(&semaphore);
    if (strcmp(name, "recv") == 0)
        recv(channel[0], text, 4, 0);
    if (strcmp(name, "read") == 0 && read(channel[0], text, 4) > 0)
        printf("read\n");
    if (strcmp(name, "pause") == 0)
        pause();
    if (strcmp(name, "sigsuspend") == 0)
        sigsuspend(&none);
    if (strcmp(name, "sigwait") == 0)
        sigwait(&all, &(int){0});
}

static void *run(void *name) {
    pthread_cleanup_push(cleanup, name);
    burn(0.01);
    for (;;)
        wait_in(name);
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    const char *names[] = {"poll",     "select", "epoll_wait", "nanosleep", "sleep", "sem_wait",
                           "recv", "read",   "pause",      "sigsuspend", "sigwait"};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel) != 0)
        return 1;
    sem_init(&semaphore, 0, 0);
    alarm(60);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        pthread_t thread;
        void *result;
        pthread_create(&thread, NULL, run, (void *)names[i]);
        usleep(30000);
        pthread_cancel(thread);
        pthread_join(thread, &result);
        printf("%s cancelled: %d\n", names[i], result == PTHREAD_CANCELED);
    }
    return 0;
}
