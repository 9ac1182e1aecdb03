// SPDX-License-Identifier: Apache-2.0
// usage: forks SECONDS
// Four threads fork children that compute and end with a known status, execute others by fork, vfork and posix_spawn, and
// have grandchildren. Every child's end is checked.
#define _GNU_SOURCE
#include "soak.h"
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;
static double deadline;
static const char *self;
static _Atomic uint64_t rounds;

SOAK_NOINLINE static uint64_t compute(uint64_t x) { return soak_mix(x, SOAK_STEPS * 10); }
SOAK_NOINLINE static int status_of(uint64_t x) { return (int)(compute(x) & 0x3f) + 1; }

SOAK_NOINLINE static void expect_exit(const char *what, pid_t pid, int wanted) {
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        soak_fail(what, (uint64_t)pid, 0);
    soak_expect(what, (uint64_t)(unsigned)status, (uint64_t)(unsigned)wanted << 8);
}

SOAK_NOINLINE static pid_t fork_one(uint64_t x) {
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (x % 3 == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(status_of(x + 1));
        expect_exit("grandchild", grandchild, status_of(x + 1));
    }
    _exit(status_of(x));
}

SOAK_NOINLINE static pid_t execute(uint64_t x, char *const arguments[]) {
    pid_t pid = -1;
    if (x % 3 == 0)
        return posix_spawn(&pid, self, NULL, NULL, arguments, environ) == 0 ? pid : -1;
    pid = x % 3 == 1 ? vfork() : fork();
    if (pid == 0) {
        execv(self, arguments);
        _exit(99);
    }
    return pid;
}

static void *run(void *first) {
    for (uint64_t x = (uint64_t)(uintptr_t)first; soak_now() < deadline; x += 4) {
        pid_t child = fork_one(x);
        char number[24];
        snprintf(number, sizeof(number), "%llu", (unsigned long long)x);
        char *arguments[] = {(char *)self, (char *)"child", number, NULL};
        pid_t executed = execute(x, arguments);
        expect_exit("child", child, status_of(x));
        expect_exit("executed child", executed, status_of(x));
        rounds++;
    }
    return NULL;
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 2 && strcmp(argv[1], "child") == 0)
        exit(status_of(strtoull(argv[2], NULL, 10)));
    deadline = soak_now() + (argc > 1 ? atof(argv[1]) : 1);
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return soak_end(rounds);
}
