// SPDX-License-Identifier: Apache-2.0
// A program that must not notice when a copy of it is frozen: threads that compute, allocate, sleep and wait in every
// way, a main thread that looks for children. argv: where it writes the address of `pair`; a file that ends it; result.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
    volatile unsigned long first, second;
} pair;
static atomic_int stop, interrupted, short_calls, children, sigchld;
static int idle[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void check(long result) {
    if (result < 0 && errno == EINTR)
        atomic_fetch_add(&interrupted, 1);
}

static void *compute(void *unused) {
    while (!stop) {
        pair.first++;
        pair.second++;
    }
    return unused;
}

static void *allocate(void *unused) {
    void *blocks[64] = {0};
    for (unsigned i = 0; !stop; i++) {
        free(blocks[i & 63]);
        blocks[i & 63] = malloc(16 + i % 1000);
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    return unused;
}

static void *nap(void *unused) {
    while (!stop) {
        struct timespec time = {.tv_nsec = 20000000}, begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        check(nanosleep(&time, NULL));
        clock_gettime(CLOCK_MONOTONIC, &end);
        if ((end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec < time.tv_nsec)
            atomic_fetch_add(&short_calls, 1);
    }
    return unused;
}

static void *wait_condition(void *unused) {
    pthread_mutex_lock(&mutex);
    while (!stop)
        pthread_cond_wait(&never, &mutex);
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void *wait_pipe(void *unused) {
    char byte;
    check(read(idle[0], &byte, 1));
    return unused;
}

static void *wait_epoll(void *unused) {
    int set = epoll_create1(0);
    while (!stop) {
        struct epoll_event event;
        check(epoll_wait(set, &event, 1, 50));
        check(poll(NULL, 0, 30));
    }
    close(set);
    return unused;
}

static void on_child(int signal) { atomic_fetch_add(&sigchld, 1); }

int main(int count, char **arguments) {
    if (count < 4 || pipe(idle) != 0)
        return 2;
    signal(SIGCHLD, on_child);
    void *(*bodies[])(void *) = {compute, allocate, nap, wait_condition, wait_pipe, wait_epoll};
    pthread_t threads[6];
    for (int i = 0; i < 6; i++)
        pthread_create(&threads[i], NULL, bodies[i], NULL);
    FILE *file = fopen(arguments[1], "w");
    fprintf(file, "%lu", (unsigned long)&pair);
    fclose(file);
    while (access(arguments[2], F_OK) != 0) {
        if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
            atomic_fetch_add(&children, 1);
        usleep(1000);
    }
    atomic_store(&stop, 1);
    pthread_mutex_lock(&mutex);
    pthread_cond_broadcast(&never);
    pthread_mutex_unlock(&mutex);
    close(idle[1]);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    file = fopen(arguments[3], "w");
    fprintf(file, "interrupted %d short %d children %d sigchld %d zombies %d", interrupted, short_calls, children, sigchld,
            waitpid(-1, NULL, WNOHANG | __WALL) != -1);
    fclose(file);
    return 0;
}
