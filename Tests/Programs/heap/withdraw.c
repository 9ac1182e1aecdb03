// SPDX-License-Identifier: Apache-2.0
// A program that puts itself under a seccomp filter, or limits its address space: what it did before is recorded, and
// from there on hooks only pass calls on, without a system call of ours. The filter kills for what hooks might call.
//   withdraw filter | limit
#include "expect.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCKS 100
NOINLINE static void *before(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *after(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}

#define KILL_FOR(number)                                                                                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void filter(void) {
    struct sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                  KILL_FOR(SYS_sched_yield),
                                  KILL_FOR(SYS_rt_sigprocmask),
                                  KILL_FOR(SYS_madvise),
                                  KILL_FOR(SYS_getpid),
                                  KILL_FOR(SYS_gettid),
                                  KILL_FOR(SYS_munmap),
                                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {.len = sizeof(rules) / sizeof(rules[0]), .filter = rules};
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
          "filter");
}

int main(int argc, char **argv) {
    static char buffer[4096];
    void *early[BLOCKS], *late[BLOCKS];
    if (argc < 2)
        return 0;
    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    for (int i = 0; i < BLOCKS; i++)
        early[i] = before(10);
    if (strcmp(argv[1], "filter") == 0) {
        filter();
    } else {
        struct rlimit limit = {.rlim_cur = 1ul << 31, .rlim_max = RLIM_INFINITY};
        check(setrlimit(RLIMIT_AS, &limit) == 0, "limit");
    }
    for (int i = 0; i < BLOCKS; i++) {
        late[i] = after(20000);
        early[i] = realloc(early[i], 30000);
        check(early[i] != NULL && late[i] != NULL, "allocation");
    }
    for (int i = 0; i < BLOCKS; i++) {
        free(early[i]);
        free(late[i]);
    }
    expect("before;", BLOCKS, 10 * BLOCKS, 0, 0);
    expect("after;", 0, 0, 0, 0);
    return 0;
}
