// SPDX-License-Identifier: Apache-2.0
// runs: process vm thread files parent clone3 tiny
// Raw clone, in the ways of sandboxes, runtimes and thread libraries of their own.
#include "common.h"
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>

static _Atomic int ran;
static _Atomic pid_t tid_word;

// No C library in here where memory and thread control block are shared.
static int count_up(void *times) {
    for (volatile long i = 0; i < 50000000; i++)
        ;
    ran += (int)(long)times;
    return 21;
}
static int as_process(void *unused) {
    pthread_t thread;
    burn(0.1);
    printf("a process of its own: %d\n", getpid() == gettid());
    fflush(stdout);
    execl("/bin/sh", "sh", "-c", "exit 22", (char *)NULL);
    return 9;
}
static int opens(void *unused) { return open("/dev/null", O_RDONLY); }

static void *stack_of(size_t size) {
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    return stack + size;
}

int main(int count, char **arguments) {
    const char *how = arguments[1];
    const int thread_flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                             CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;
    void *stack = stack_of(256 << 10);
    pid_t pid = -1;
    burn(0.1);
    fflush(stdout);
    if (strcmp(how, "process") == 0)
        pid = clone(as_process, stack, SIGCHLD, NULL);
    if (strcmp(how, "vm") == 0)
        pid = clone(count_up, stack, CLONE_VM | SIGCHLD, (void *)3l);
    if (strcmp(how, "files") == 0)
        pid = clone(opens, stack, CLONE_FILES | SIGCHLD, NULL);
    if (strcmp(how, "parent") == 0)
        pid = clone(as_process, stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    if (strcmp(how, "clone3") == 0) {
        struct clone_args args = {.exit_signal = SIGCHLD};
        pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
        if (pid == 0)
            _exit(as_process(NULL));
    }
    if (strcmp(how, "thread") == 0 || strcmp(how, "tiny") == 0) {
        if (strcmp(how, "tiny") == 0)
            stack = stack_of(4096);
        tid_word = 1;
        for (int i = 0; i < 3; i++) {
            clone(count_up, stack, thread_flags, (void *)1l, &tid_word, NULL, &tid_word);
            burn(0.1);
            for (pid_t now; (now = tid_word) != 0;)
                syscall(SYS_futex, &tid_word, 0, now, NULL, NULL, 0);
        }
        printf("ran %d\n", ran);
        return 0;
    }
    burn(0.1);
    wait_for(how, pid);
    printf("ran %d, descriptor 3: %d\n", ran, fcntl(3, F_GETFD));
    return 0;
}
