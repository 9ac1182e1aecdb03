// SPDX-License-Identifier: Apache-2.0
// What the preload library of arm64 interposes, called in the ways that its assembly has to survive. Run with it and
// without it: the output is the same but for its first line.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t handled;

static void count(int number) { handled += number == SIGPROF; }

static void *say(void *text) {
    printf("%s\n", (const char *)text);
    return text;
}

int main(void) {
    char name[16] = "", again[16] = "";
    Dl_info owner = {0};
    setvbuf(stdout, NULL, _IONBF, 0);
    dladdr((void *)syscall, &owner);
    printf("syscall is of %s\n", strrchr(owner.dli_fname, '/') + 1);
    printf("getpid %d\n", syscall(SYS_getpid) == getpid());
    void *memory = (void *)syscall(SYS_mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("mmap %d %d\n", memory != MAP_FAILED, memset(memory, 7, 8192) == memory);
    printf("set name %ld\n", syscall(SYS_prctl, PR_SET_NAME, "arm-preload", 0, 0, 0));
    prctl(PR_GET_NAME, name);
    syscall(SYS_prctl, PR_GET_NAME, again, 0, 0, 0);
    printf("names %s %s\n", name, again);
    long bad = syscall(SYS_seccomp, 12345, 0, 0);
    printf("seccomp %ld %d\n", bad, errno == EINVAL || errno == ENOSYS);
    bad = syscall(SYS_close, -1);
    printf("close %ld %d\n", bad, errno == EBADF);
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(23);
    int status = 0;
    printf("child %d %d\n", waitpid((pid_t)child, &status, 0) == child, WEXITSTATUS(status));
    struct sigaction action = {.sa_handler = count}, before;
    sigaction(SIGPROF, &action, &before);
    printf("before %d\n", before.sa_handler == SIG_DFL);
    raise(SIGPROF);
    printf("handled %d\n", (int)handled);
    struct rlimit limit;
    printf("limit %d\n", getrlimit(RLIMIT_NOFILE, &limit) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
    pthread_t thread;
    pthread_create(&thread, NULL, say, "thread");
    pthread_join(thread, NULL);
    return 0;
}
