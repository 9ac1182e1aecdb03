// SPDX-License-Identifier: Apache-2.0
// usage: interruptions SECONDS
// Eleven threads in calls that a signal can cut short or interrupt, each with as much user code between. No signal is sent to
// it: every short count and every EINTR is the recorder's. Prints `calls NAME COUNT` and `wrong NAME COUNT [errno]`.
#define _GNU_SOURCE
#include "truth.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK (1 << 20)
#define PAGE 4096

static double end;
static volatile uint64_t sink;

static double wall(void) { return truth_clock(CLOCK_MONOTONIC); }

typedef struct body {
    const char *name;
    void *(*run)(void *);
    uint64_t calls, wrong;
    int error;
} body;

// One call: `got` is to be `wanted`.
static void check(body *of, long got, long wanted) {
    of->calls++;
    if (got != wanted) {
        of->wrong++;
        of->error = got < 0 ? errno : 0;
    }
    sink += truth_mix(sink, 30000); // about 50 us
}

static char *block(void) {
    char *at = malloc(BLOCK);
    memset(at, 1, BLOCK);
    return at;
}

static void *zero(void *of) {
    int fd = open("/dev/zero", O_RDONLY);
    char *to = block();
    struct iovec parts[2] = {{to, BLOCK / 2}, {to + BLOCK / 2, BLOCK / 2}};
    while (wall() < end) {
        check(of, read(fd, to, BLOCK), BLOCK);
        check(of, readv(fd, parts, 2), BLOCK);
    }
    return NULL;
}

static void *file(void *of) {
    int fd = fileno(tmpfile());
    char *to = block();
    for (int i = 0; i < 8; i++)
        check(of, write(fd, to, BLOCK), BLOCK);
    while (wall() < end) {
        lseek(fd, 0, SEEK_SET);
        for (int i = 0; i < 8; i++)
            check(of, read(fd, to, BLOCK), BLOCK);
        check(of, pread(fd, to, BLOCK, PAGE), BLOCK);
    }
    return NULL;
}

static int pipes[2], sockets[2];

static void *pipe_writer(void *of) {
    char *from = block();
    while (wall() < end)
        check(of, write(pipes[1], from, BLOCK), BLOCK); // waits for the reader some 16 times
    close(pipes[1]);
    return NULL;
}
// A page at a time, as it is written: a read is never short.
static void *pipe_reader(void *of) {
    static char to[PAGE];
    long got;
    while ((got = read(pipes[0], to, PAGE)) != 0)
        check(of, got, PAGE);
    return NULL;
}

static void *socket_writer(void *of) {
    char *from = block();
    while (wall() < end)
        check(of, send(sockets[1], from, BLOCK, 0), BLOCK);
    close(sockets[1]);
    return NULL;
}
// With a time-out, which SA_RESTART does not cover.
static void *socket_reader(void *of) {
    char *to = block();
    struct timeval timeout = {.tv_sec = 20};
    setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    long got;
    while ((got = recv(sockets[0], to, BLOCK / 4, MSG_WAITALL)) != 0)
        check(of, got, BLOCK / 4);
    return NULL;
}

static void *poller(void *of) {
    int set = epoll_create1(0), fds[2];
    if (pipe(fds) != 0)
        return NULL;
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
    while (wall() < end) {
        struct pollfd one = {.fd = fds[0], .events = POLLIN};
        struct timeval timeout = {.tv_usec = 300};
        fd_set in;
        FD_ZERO(&in);
        FD_SET(fds[0], &in);
        check(of, epoll_wait(set, &event, 1, 1), 0);
        check(of, epoll_wait(set, &event, 1, 0), 0);
        check(of, poll(&one, 1, 1), 0);
        check(of, select(fds[0] + 1, &in, NULL, NULL, &timeout), 0);
    }
    return NULL;
}

static void *sleeper(void *of) {
    const struct timespec time = {.tv_nsec = 200000};
    while (wall() < end) {
        check(of, nanosleep(&time, NULL), 0);
        check(of, clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL), 0);
        check(of, usleep(200), 0);
    }
    return NULL;
}

static struct timespec soon(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += 200000;
    if (time.tv_nsec >= 1000000000)
        time = (struct timespec){.tv_sec = time.tv_sec + 1, .tv_nsec = time.tv_nsec - 1000000000};
    return time;
}

// Nobody wakes it: each wait is to end by its time-out.
static void *waiter(void *of) {
    static uint32_t word;
    const struct timespec time = {.tv_nsec = 200000};
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    while (wall() < end) {
        struct timespec until = soon(CLOCK_REALTIME);
        check(of, sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT, 1);
        pthread_mutex_lock(&mutex);
        until = soon(CLOCK_REALTIME);
        check(of, pthread_cond_timedwait(&condition, &mutex, &until), ETIMEDOUT);
        pthread_mutex_unlock(&mutex);
        // The bare call, as runtimes make it.
        check(of, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0) == -1 && errno == ETIMEDOUT, 1);
    }
    return NULL;
}

// Two threads that hand a word to each other: waits without a time-out.
static uint32_t turn;
static void *player(void *of, uint32_t own) {
    while (wall() < end) {
        uint32_t now;
        while ((now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != own && now != 2)
            if (syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1 - own, NULL, NULL, 0) != 0 && errno != EAGAIN)
                check(of, -1, 0);
        check(of, 0, 0);
        __atomic_store_n(&turn, now == 2 ? 2 : 1 - own, __ATOMIC_RELEASE);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    __atomic_store_n(&turn, 2, __ATOMIC_RELEASE);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    return NULL;
}
static void *first_player(void *of) { return player(of, 0); }
static void *second_player(void *of) { return player(of, 1); }

int main(int argc, char **argv) {
    body bodies[] = {{"zero", zero},
                     {"file", file},
                     {"pipe_writer", pipe_writer},
                     {"pipe_reader", pipe_reader},
                     {"socket_writer", socket_writer},
                     {"socket_reader", socket_reader},
                     {"poller", poller},
                     {"sleeper", sleeper},
                     {"waiter", waiter},
                     {"first_player", first_player},
                     {"second_player", second_player}};
    enum { COUNT = sizeof(bodies) / sizeof(bodies[0]) };
    pthread_t threads[COUNT];
    if (pipe(pipes) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
        return 1;
    end = wall() + (argc > 1 ? atof(argv[1]) : 1);
    for (int i = 0; i < COUNT; i++)
        pthread_create(&threads[i], NULL, bodies[i].run, &bodies[i]);
    uint64_t calls = 0, wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
        printf("calls_%s %llu\n", bodies[i].name, (unsigned long long)bodies[i].calls);
        if (bodies[i].wrong > 0)
            printf("wrong_%s %llu %s\n", bodies[i].name, (unsigned long long)bodies[i].wrong, strerror(bodies[i].error));
        calls += bodies[i].calls;
        wrong += bodies[i].wrong;
    }
    printf("calls %llu\nwrong %llu\n", (unsigned long long)calls, (unsigned long long)wrong);
    return truth_end();
}
