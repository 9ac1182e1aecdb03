// SPDX-License-Identifier: Apache-2.0
// What the robustness tests record: one program, a mode for each fault. Usage: robust MODE [ARGUMENTS], see `modes`.
#define _GNU_SOURCE
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static volatile uint64_t sink;

static double clock_s(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Burns `seconds` of this thread's CPU time.
__attribute__((noinline)) void burn(double seconds) {
    for (double end = clock_s(CLOCK_THREAD_CPUTIME_ID) + seconds; clock_s(CLOCK_THREAD_CPUTIME_ID) < end;)
        for (int i = 0; i < 20000; i++)
            sink = (sink ^ (sink >> 31)) * 0x9e3779b97f4a7c15ull + (uint64_t)i;
}

static double thread_seconds;
static void *burn_thread(void *unused) {
    burn(thread_seconds);
    return unused;
}

// robust busy SECONDS [THREADS]: prints `done`, status 7.
static int busy(int count, char **arguments) {
    thread_seconds = atof(arguments[0]);
    pthread_t threads[4096];
    int n = count > 1 ? atoi(arguments[1]) - 1 : 0, made = 0;
    while (made < n && pthread_create(&threads[made], NULL, burn_thread, NULL) == 0)
        made++;
    burn(thread_seconds);
    while (made > 0)
        pthread_join(threads[--made], NULL);
    puts("done");
    return 7;
}

// Each path of left and right turns is a stack of its own.
__attribute__((noinline)) static void left(unsigned path, int depth);
__attribute__((noinline)) static void right(unsigned path, int depth);
static void turn(unsigned path, int depth) {
    if (depth == 0)
        burn(0.001);
    else if (path & 1)
        left(path >> 1, depth - 1);
    else
        right(path >> 1, depth - 1);
    __asm__ volatile("");
}
static void left(unsigned path, int depth) {
    turn(path, depth);
    __asm__ volatile("");
}
static void right(unsigned path, int depth) {
    turn(path, depth);
    __asm__ volatile("");
}
// robust stacks N: burns a millisecond in each of N stacks.
static int stacks(int count, char **arguments) {
    for (unsigned i = 0; i < (unsigned)atoi(arguments[0]); i++)
        turn(i, 12);
    return 0;
}

static volatile int received[65];
static void count_signal(int signal) { received[signal]++; }

// robust handler: takes SIGPROF for itself; prints how many it got (none was sent).
static int handler(int count, char **arguments) {
    burn(0.4);
    signal(SIGPROF, count_signal);
    thread_seconds = 0.2;
    pthread_t thread;
    pthread_create(&thread, NULL, burn_thread, NULL);
    burn(0.2);
    pthread_join(thread, NULL);
    printf("%d\n", received[SIGPROF]);
    return 0;
}

// robust filter: enters strict seccomp.
static int filter(int count, char **arguments) {
    burn(0.4);
    prctl(PR_SET_SECCOMP, 1);
    for (volatile long i = 0; i < 100000000; i++)
        ;
    syscall(SYS_exit, 0);
    return 1;
}

static void *blocked_thread(void *unused) {
    sigset_t set;
    sigfillset(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_setname_np(pthread_self(), "blocker");
    burn(thread_seconds);
    return unused;
}
// robust blocked SECONDS: a thread that blocks all signals.
static int blocked(int count, char **arguments) {
    thread_seconds = atof(arguments[0]);
    pthread_t thread;
    pthread_create(&thread, NULL, blocked_thread, NULL);
    pthread_join(thread, NULL);
    return 0;
}

// robust nowhere SECONDS: burns in code that belongs to no module, with a frame pointer that points nowhere.
static int nowhere(int count, char **arguments) {
    // push rbp; mov ebp, 1; mov rax, rdi; 1: dec rax; jnz 1b; pop rbp; ret
    static const uint8_t code[] = {0x55, 0xbd, 1, 0, 0, 0, 0x48, 0x89, 0xf8, 0x48, 0xff, 0xc8, 0x75, 0xfb, 0x5d, 0xc3};
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(at, code, sizeof(code));
    void (*spin)(uint64_t) = (void (*)(uint64_t))at;
    for (double end = clock_s(CLOCK_THREAD_CPUTIME_ID) + atof(arguments[0]); clock_s(CLOCK_THREAD_CPUTIME_ID) < end;)
        spin(100000);
    return 0;
}

// robust forks N SECONDS: N children, one after the other, each a grandchild's parent.
static int forks(int count, char **arguments) {
    double seconds = atof(arguments[1]);
    for (int i = 0; i < atoi(arguments[0]); i++) {
        pid_t child = fork();
        if (child == 0) {
            burn(seconds);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    return 0;
}

// robust spawn N COMMAND...: by vfork and posix_spawn in turn.
static int spawn(int count, char **arguments) {
    for (int i = 0; i < atoi(arguments[0]); i++) {
        pid_t child = 0;
        if (i % 2 == 0) {
            posix_spawn(&child, arguments[1], NULL, NULL, arguments + 1, environ);
        } else if ((child = vfork()) == 0) {
            execv(arguments[1], arguments + 1);
            _exit(127);
        }
        waitpid(child, NULL, 0);
    }
    return 0;
}

// robust daemon SECONDS [COMMAND...]: the parent ends at once, the child works on, then executes.
static int make_daemon(int count, char **arguments) {
    if (fork() == 0) {
        setsid();
        burn(atof(arguments[0]));
        if (count > 1)
            execv(arguments[1], arguments + 1);
    }
    return 0;
}

// robust drop COMMAND...: as root, becomes nobody, then forks and executes.
static int drop(int count, char **arguments) {
    if (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        return 1;
    burn(0.1);
    pid_t child = fork();
    if (child == 0) {
        burn(0.1);
        execv(arguments[0], arguments);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

// robust catch: says `ready`, waits for INT or TERM, then a while for a second one; prints both counts, status 3.
static int catch_signals(int count, char **arguments) {
    signal(SIGINT, count_signal);
    signal(SIGTERM, count_signal);
    puts("ready");
    fflush(stdout);
    while (received[SIGINT] + received[SIGTERM] == 0)
        burn(0.01);
    burn(0.3);
    printf("INT %d TERM %d\n", received[SIGINT], received[SIGTERM]);
    return 3;
}

// robust exec COMMAND...: executes while other threads run.
static int exec_with_threads(int count, char **arguments) {
    thread_seconds = 10;
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        pthread_create(&thread, NULL, burn_thread, NULL);
    burn(0.1);
    execv(arguments[0], arguments);
    return 127;
}

static const struct {
    const char *name;
    int (*run)(int, char **);
    int arguments;
} modes[] = {
    {"busy", busy, 1},     {"stacks", stacks, 1}, {"handler", handler, 0},     {"blocked", blocked, 1},
    {"nowhere", nowhere, 1}, {"forks", forks, 2},   {"spawn", spawn, 2},         {"daemon", make_daemon, 1},
    {"drop", drop, 1},     {"catch", catch_signals, 0}, {"exec", exec_with_threads, 1},
    {"filter", filter, 0},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(argv[1], modes[i].name) == 0 && argc - 2 >= modes[i].arguments)
            return modes[i].run(argc - 2, argv + 2);
    fprintf(stderr, "robust: unknown mode or missing arguments\n");
    return 2;
}
