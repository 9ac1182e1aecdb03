// SPDX-License-Identifier: Apache-2.0
// usage: traps HOW
// A program that uses SIGTRAP itself. What it prints, and how it ends, must not depend on who records it:
//   breakpoint, raise   the default disposition: it dies of the signal
//   handler             a handler of its own counts 1,000 breakpoints, and what came that is none
//   ignore              ignored, and sent
//   wait                blocked, and waited for
//   exec                blocked across an exec
#define _GNU_SOURCE
#include "truth.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile uint64_t sink;
static volatile int breakpoints, others;

static void compute(double seconds) {
    for (double end = truth_thread_cpu() + seconds; truth_thread_cpu() < end;)
        sink += truth_mix(sink, 20000);
}

static void count(int signal, siginfo_t *info, void *context) {
    if (info->si_code == SI_KERNEL)
        breakpoints++;
    else
        others++;
}

static void block(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTRAP);
    sigprocmask(how, &set, NULL);
}

static int handle(void) {
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO}, before, now;
    compute(0.2);
    sigaction(SIGTRAP, &action, &before);
    sigaction(SIGTRAP, NULL, &now);
    for (int i = 0; i < 1000; i++) {
        compute(0.0005);
        __asm__ volatile("int3");
    }
    printf("%d breakpoints, %d others, before %s, now %s\n", breakpoints, others,
           before.sa_handler == SIG_DFL ? "the default" : "a handler", now.sa_sigaction == count ? "ours" : "another");
    return 0;
}

static int wait_for_it(void) {
    block(SIG_BLOCK);
    compute(0.3);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTRAP);
    struct timespec soon = {.tv_nsec = 1000000};
    siginfo_t info;
    int nothing = sigtimedwait(&set, &info, &soon);
    printf("%d %s", nothing, strerror(errno));
    raise(SIGTRAP);
    int got = sigtimedwait(&set, &info, &soon);
    printf(", then %d of %d\n", got, info.si_code);
    return 0;
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "";
    if (strcmp(how, "handler") == 0)
        return handle();
    if (strcmp(how, "wait") == 0)
        return wait_for_it();
    if (strcmp(how, "unblock") == 0) {
        block(SIG_UNBLOCK);
        compute(0.1);
        puts("alive");
        return 0;
    }
    if (strcmp(how, "exec") == 0) {
        block(SIG_BLOCK);
        compute(0.3);
        execl("/proc/self/exe", argv[0], "unblock", (char *)NULL);
        return 1;
    }
    if (strcmp(how, "ignore") == 0)
        signal(SIGTRAP, SIG_IGN);
    compute(0.3);
    if (strcmp(how, "breakpoint") == 0)
        __asm__ volatile("int3");
    else
        raise(SIGTRAP);
    compute(0.1);
    puts("alive");
    return 0;
}
