// SPDX-License-Identifier: Apache-2.0
// What handlers see and do: arguments, alternate stacks, siglongjmp, nesting, one-shot handlers, ucontext.
#define _GNU_SOURCE
#include "common.h"
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile sig_atomic_t depth, deepest;
static char *alternate;

static void show(int signal, siginfo_t *info, void *context) {
    char here;
    ucontext_t *interrupted = context;
    printf("signal %d code %d value %d on the alternate stack %d pc %d\n", signal, info->si_code,
           info->si_value.sival_int, &here >= alternate && &here < alternate + 65536,
           interrupted->uc_mcontext.gregs[REG_RIP] != 0);
}
static void jump(int signal) { siglongjmp(back, signal); }
static void nest(int signal) {
    if (++depth > deepest)
        deepest = depth;
    if (depth < 5)
        raise(signal);
    depth--;
}

int main(void) {
    alternate = malloc(65536);
    stack_t stack = {.ss_sp = alternate, .ss_size = 65536}, seen;
    sigaltstack(NULL, &seen);
    printf("alternate stack at start: flags %d size %zu\n", seen.ss_flags, seen.ss_size);
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = show, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGRTMIN, &action, NULL);
    burn(0.05);
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 7});
    sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 8});
    install(SIGSEGV, jump, SA_ONSTACK);
    int from = sigsetjmp(back, 1);
    if (from == 0)
        *(volatile int *)8 = 0;
    printf("jumped out of %d\n", from);
    install(SIGALRM, jump, 0);
    from = sigsetjmp(back, 1);
    if (from == 0) {
        alarm(1);
        for (;;)
            burn(0.01);
    }
    printf("jumped out of %d\n", from);
    install(SIGUSR2, nest, SA_NODEFER);
    raise(SIGUSR2);
    printf("nested %d deep\n", deepest);
    install(SIGHUP, on_signal_do_nothing, SA_RESETHAND);
    raise(SIGHUP);
    burn(0.05);
    fflush(stdout);
    raise(SIGHUP);
    return 0;
}
