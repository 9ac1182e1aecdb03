// SPDX-License-Identifier: Apache-2.0
// runs: strict list list_syscall threads errno exec fork_exec taken
// Seccomp: whatever the filter forbids is killed or refused, and a recorder must not be what it catches. Only loops
// here, no clocks: their system call is among the forbidden.
#include "common.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define MOST 64
// What a program needs to write, to fork and to end. Not even rt_sigreturn: no handler may run.
static const int few[] = {SYS_write,           SYS_exit,       SYS_exit_group, SYS_clone, SYS_wait4,
                          SYS_set_robust_list, SYS_newfstatat, SYS_brk,        0};
// And for threads.
static const int more[] = {SYS_write, SYS_exit,       SYS_exit_group,     SYS_clone,           SYS_clone3, SYS_futex,
                           SYS_mmap,  SYS_munmap,     SYS_madvise,        SYS_set_robust_list, SYS_rseq,   SYS_mprotect,
                           SYS_brk,   SYS_newfstatat, SYS_rt_sigprocmask, SYS_wait4,           0};
// What recorders use and a simple program does not.
static const int recorders[] = {SYS_timer_create,
                                SYS_timer_settime,
                                SYS_timer_delete,
                                SYS_futex,
                                SYS_prctl,
                                SYS_getpid,
                                SYS_clock_gettime,
                                SYS_kill,
                                SYS_tgkill,
                                SYS_rt_sigpending,
                                SYS_rt_sigtimedwait,
                                SYS_rt_sigqueueinfo,
                                SYS_rt_sigreturn,
                                SYS_socket,
                                SYS_connect,
                                SYS_sched_yield,
                                0};

static void spin(void) {
    volatile unsigned x = 1;
    for (long i = 0; i < 60000000; i++)
        x = x * 1103515245 + 12345;
}
static void *spinner(void *unused) {
    spin();
    return unused;
}
static volatile int stop;
static void *until_stopped(void *unused) {
    while (!stop)
        ;
    return unused;
}

static void install_filter(const int *calls, unsigned listed, unsigned others, int by_syscall) {
    struct sock_filter code[2 * MOST] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    int n = 1;
    for (; *calls != 0; calls++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)*calls, 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, listed);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, others);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    long result = by_syscall ? syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program)
                             : prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    printf("filter: %ld\n", result);
}

static void fork_and_wait(void) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        spin();
        _exit(7);
    }
    wait_for("forked", pid);
}

static void threads_below(void) {
    pthread_t other, thread;
    pthread_create(&other, NULL, until_stopped, NULL);
    install_filter(more, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, 1);
    printf("created: %d\n", pthread_create(&thread, NULL, spinner, NULL));
    printf("joined: %d\n", pthread_join(thread, NULL));
    stop = 1;
    printf("joined: %d\n", pthread_join(other, NULL));
    fork_and_wait();
}

static void execute(const char *self) {
    char *child[] = {(char *)self, "child", NULL};
    fflush(stdout);
    execv(self, child);
    printf("exec: %s\n", strerror(errno));
}

int main(int count, char **arguments) {
    const char *how = arguments[1];
    if (strcmp(how, "child") == 0) {
        printf("child: preload %s, session %s\n", getenv("LD_PRELOAD") ?: "none", getenv("POTTER_SESSION") ?: "none");
        spin();
        return 5;
    }
    printf("what the kernel knows: %d, %ld\n", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL),
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL));
    spin();
    if (strcmp(how, "strict") == 0) {
        fflush(stdout);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
            return 2;
        spin();
        if (write(1, "after\n", 6) != 6)
            syscall(SYS_exit, 3);
        syscall(SYS_exit, 0);
    } else if (strncmp(how, "list", 4) == 0) {
        install_filter(few, SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS, how[4] != 0);
        spin();
        fork_and_wait();
    } else if (strcmp(how, "threads") == 0) {
        threads_below();
    } else if (strcmp(how, "errno") == 0) {
        install_filter(recorders, SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW, 0);
        errno = 77;
        spin();
        printf("errno %d\n", errno);
        fork_and_wait();
        pthread_t thread;
        pthread_create(&thread, NULL, spinner, NULL);
        spin();
        show_status("shell", system("exit 3"));
        execute(arguments[0]);
    } else if (strcmp(how, "exec") == 0) {
        install_filter(recorders, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW, 0);
        execute(arguments[0]);
    } else if (strcmp(how, "fork_exec") == 0) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            install_filter(recorders, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_ALLOW, 1);
            execute(arguments[0]);
            _exit(6);
        }
        spin();
        wait_for("sandboxed child", pid);
    } else if (strcmp(how, "taken") == 0) {
        install(SIGPROF, on_signal_do_nothing, 0);
        spin();
        threads_below();
    }
    fflush(stdout);
    return 4;
}
