// SPDX-License-Identifier: Apache-2.0
// usage: small_stacks SECONDS
// Burns CPU where a stack ends before 32 KiB: on a coroutine's stack of four pages with nothing readable on either side,
// on an alternate signal stack like that, and on a thread whose stack is the program's own memory. Prints `done`.
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#define STACK 16384
static double seconds;
static ucontext_t back, coroutine;

__attribute__((noipa)) void burn(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    double end = (double)t.tv_sec + (double)t.tv_nsec * 1e-9 + seconds;
    do {
        for (volatile int i = 0; i < 10000; i++) {
        }
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    } while ((double)t.tv_sec + (double)t.tv_nsec * 1e-9 < end);
}
__attribute__((noipa)) void on_coroutine(void) {
    burn();
    __asm__ volatile("");
}
__attribute__((noipa)) void on_alternate(int signal) {
    burn();
    __asm__ volatile("");
}
__attribute__((noipa)) void *on_own_stack(void *argument) {
    burn();
    __asm__ volatile("");
    return argument;
}

// `size` bytes between two pages that cannot be read.
static char *guarded(size_t size) {
    char *at = mmap(NULL, size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + 4096, size, PROT_READ | PROT_WRITE) != 0)
        exit(3);
    return at + 4096;
}

int main(int argc, char **argv) {
    seconds = argc > 1 ? atof(argv[1]) : 0.2;
    getcontext(&coroutine);
    coroutine.uc_stack.ss_sp = guarded(STACK);
    coroutine.uc_stack.ss_size = STACK;
    coroutine.uc_link = &back;
    makecontext(&coroutine, on_coroutine, 0);
    swapcontext(&back, &coroutine);

    stack_t alternate = {.ss_sp = guarded(STACK), .ss_size = STACK};
    struct sigaction action = {.sa_handler = on_alternate, .sa_flags = SA_ONSTACK};
    sigset_t usr1; // may be blocked: who started us decides
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &usr1, NULL);
    sigaltstack(&alternate, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);

    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, guarded(2 * STACK), 2 * STACK);
    if (pthread_create(&thread, &attributes, on_own_stack, NULL) != 0)
        return 4;
    pthread_join(thread, NULL);
    puts("done");
    return 0;
}
