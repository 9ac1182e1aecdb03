// SPDX-License-Identifier: Apache-2.0
// Forks while other threads allocate: the child owns its copy of the index, and counts from zero. Also a child of a
// child, a vfork child, a spawned one, one that a bare system call made, and fork handlers that allocate.
#include "expect.h"
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCKS 1000
#define CHILDREN 20
static _Atomic int stop;
static void *blocks[BLOCKS];

NOINLINE static void *of_parent(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *of_child(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *of_grandchild(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *of_vfork(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *of_handler(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *of_busy_thread(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}

static void *keep_busy(void *argument) {
    void *mine[64] = {0};
    for (uint64_t i = 0; !stop; i++) {
        free(mine[i % 64]);
        mine[i % 64] = of_busy_thread(10 + i % 300);
    }
    for (int i = 0; i < 64; i++)
        free(mine[i]);
    return argument;
}

static int reap(pid_t pid) {
    int status = -1;
    check(waitpid(pid, &status, 0) == pid, "waitpid");
    return status;
}
static void grandchild(void) {
    for (int i = 200; i < 300; i++)
        free(blocks[i]);
    for (int i = 0; i < 10; i++)
        of_grandchild(40);
    exit(0); // stdio has nothing of the parent's: it is flushed
}
static void child(bool has_child) {
    for (int i = 0; i < 100; i++)
        free(blocks[i]);
    void *mine[50];
    for (int i = 0; i < 50; i++)
        mine[i] = of_child(30);
    for (int i = 0; i < 20; i++)
        free(mine[i]);
    if (has_child) {
        pid_t pid = fork();
        if (pid == 0)
            grandchild();
        check(reap(pid) == 0, "grandchild");
    }
    exit(0);
}

// A registered handler of the program's runs in the child before or after ours.
static void *from_handler;
static void in_child(void) { from_handler = of_handler(60); }
__attribute__((constructor)) static void early(void) { pthread_atfork(NULL, NULL, in_child); }

int main(void) {
    pthread_t thread[2];
    setvbuf(stdout, NULL, _IONBF, 0);
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = of_parent(20);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, keep_busy, NULL);
    for (int i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child(i == 0);
        check(reap(pid) == 0, "child");
    }
    pid_t pid = vfork();
    if (pid == 0) {
        free(of_vfork(70));
        _exit(0);
    }
    check(reap(pid) == 0, "vfork child");
    char *arguments[] = {"/bin/true", NULL};
    check(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, NULL) == 0 && reap(pid) == 0, "spawned");
    pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        for (int i = 0; i < BLOCKS; i++)
            free(blocks[i]); // recorded nowhere, and no harm
        free(of_parent(1));
        _exit(0);
    }
    check(reap(pid) == 0, "raw child");
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    expect("of_parent;", BLOCKS, 20 * BLOCKS, 0, 0);
    expect_inherited("of_parent;", 100 * CHILDREN + 100, 2000 * CHILDREN + 2000);
    expect("of_child;", 50 * CHILDREN, 1500 * CHILDREN, 20 * CHILDREN, 600 * CHILDREN);
    expect("of_grandchild;", 10, 400, 0, 0);
    expect("of_handler;", CHILDREN + 1, 60 * (CHILDREN + 1), 0, 0);
    expect("of_vfork;", 1, 70, 1, 70);
    return 0;
}
