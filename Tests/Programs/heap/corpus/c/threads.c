// SPDX-License-Identifier: Apache-2.0
// No leaks in C: blocks that only a living thread knows, in its registers, its stack or its storage. With
// CORPUS_DRAIN=1 the threads go on and free them.
#define _GNU_SOURCE
#include "../support/corpus.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { MOST = 40 };

static pthread_t threads[MOST];
static unsigned thread_count;
static int go; // futex word: 1 lets all threads go on
static pthread_key_t key;

static void wait_to_go(void) {
    corpus_signal();
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, &go, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static SITE char *make_text(void) {
    corpus_born("char[48]");
    return calloc(1, 48);
}

static void free_text(void *text) {
    corpus_died("char[48]");
    free(text);
}

static void start(unsigned n, void *(*body)(void *), int with_argument) {
    thread_count = n < MOST ? n : MOST;
    for (unsigned i = 0; i < thread_count; i++)
        if (pthread_create(&threads[i], NULL, body, with_argument ? make_text() : NULL) != 0)
            abort();
    corpus_wait(thread_count);
}

static void check_held(void) { corpus_held("char[48]"); }

static void let_go(void) {
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &go, FUTEX_WAKE_PRIVATE, MOST, NULL, NULL, 0);
    for (unsigned i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
}

static void *hold_on_stack(void *unused) {
    char *volatile texts[3] = {make_text(), make_text(), make_text()};
    wait_to_go();
    for (int i = 0; i < 3; i++)
        free_text(texts[i]);
    return unused;
}

static __thread char *thread_text;

static void *hold_in_tls(void *unused) {
    thread_text = make_text();
    corpus_scrub();
    wait_to_go();
    free_text(thread_text);
    return unused;
}

static void *hold_specific(void *unused) {
    pthread_setspecific(key, make_text());
    corpus_scrub();
    wait_to_go();
    return unused;
}

static void *hold_argument(void *text) {
    wait_to_go();
    free_text(text);
    return NULL;
}

#ifdef __x86_64__
// The block's address is in r12 alone while the thread waits in the kernel: all else holds it inverted.
static SITE void *wait_with_register(uintptr_t inverted) {
    void *text;
    __asm__ volatile("mov %[inverted], %%r12\n\t"
                     "not %%r12\n"
                     "1:\tmov $202, %%eax\n\t" // futex
                     "mov %[word], %%rdi\n\t"
                     "mov $128, %%esi\n\t" // FUTEX_WAIT_PRIVATE
                     "xor %%edx, %%edx\n\t"
                     "xor %%r10d, %%r10d\n\t"
                     "syscall\n\t"
                     "cmpl $0, (%[word])\n\t"
                     "je 1b\n\t"
                     "mov %%r12, %[text]\n\t"
                     "xor %%r12d, %%r12d"
                     : [text] "=&r"(text)
                     : [inverted] "r"(inverted), [word] "r"(&go)
                     : "rax", "rcx", "rdx", "rsi", "rdi", "r10", "r11", "r12", "memory", "cc");
    return text;
}
#else
static SITE void *wait_with_register(uintptr_t inverted) {
    char *volatile text = (char *)~inverted;
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        syscall(SYS_futex, &go, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    return text;
}
#endif

static SITE uintptr_t make_inverted(void) { return ~(uintptr_t)make_text(); }

static void *hold_in_register(void *unused) {
    uintptr_t inverted = make_inverted();
    corpus_scrub();
    corpus_signal();
    free_text(wait_with_register(inverted));
    return unused;
}

static void *return_text(void *unused) {
    (void)unused;
    corpus_signal();
    return make_text();
}

// Threads that have ended and that nobody has joined: libc keeps their results.
static void join_results(void) {
    for (unsigned i = 0; i < thread_count; i++) {
        void *text;
        pthread_join(threads[i], &text);
        free_text(text);
    }
}

static SITE void plant_stack(unsigned n) { start(n, hold_on_stack, 0); }
static SITE void plant_tls(unsigned n) { start(n, hold_in_tls, 0); }
static SITE void plant_register(unsigned n) { start(n, hold_in_register, 0); }
static SITE void plant_argument(unsigned n) { start(n, hold_argument, 1); }
static SITE void plant_result(unsigned n) { start(n, return_text, 0); }
static SITE void plant_specific(unsigned n) {
    if (pthread_key_create(&key, free_text) != 0)
        abort();
    start(n, hold_specific, 0);
}

// A user-level thread that waits on a stack that malloc gave.
static ucontext_t outside, inside;

static void run_inside(void) {
    char *volatile text = make_text();
    swapcontext(&inside, &outside);
    free_text(text);
}

static SITE void plant_context(unsigned n) {
    (void)n;
    getcontext(&inside);
    inside.uc_stack.ss_size = 64 << 10;
    inside.uc_stack.ss_sp = calloc(1, inside.uc_stack.ss_size);
    inside.uc_link = &outside;
    makecontext(&inside, run_inside, 0);
    swapcontext(&outside, &inside);
}

static void end_context(void) {
    swapcontext(&outside, &inside);
    free(inside.uc_stack.ss_sp);
}

// Held by the frame of main itself.
static char *volatile *frame;
static unsigned frame_count;

static SITE void plant_main_stack(unsigned n) {
    char *volatile texts[MOST];
    frame = texts;
    frame_count = n < MOST ? n : MOST;
    for (unsigned i = 0; i < frame_count; i++)
        texts[i] = make_text();
    corpus_finish();
}

static void check_main_stack(void) {
    for (unsigned i = 0; i < frame_count; i++)
        corpus_reachable("char[48]", frame[i] != NULL);
}

static SITE void plant_main_tls(unsigned n) {
    (void)n;
    thread_text = make_text();
    frame = (char *volatile *)&thread_text;
    frame_count = 1;
    corpus_scrub();
    corpus_finish();
}

int main(int argc, char **argv) {
    static const corpus_case cases[] = {
        {"stack", 0, plant_stack, check_held, NULL, 0, let_go},
        {"tls", 0, plant_tls, check_held, NULL, 0, let_go},
        {"register", 0, plant_register, check_held, NULL, 0, let_go},
        {"specific", 0, plant_specific, check_held, NULL, 0, let_go},
        {"argument", 0, plant_argument, check_held, NULL, 0, let_go},
        {"result", 0, plant_result, check_held, NULL, 0, join_results},
        {"context", 0, plant_context, check_held, NULL, 0, end_context},
        {"main_stack", 0, plant_main_stack, check_main_stack, NULL, 1, NULL},
        {"main_tls", 0, plant_main_tls, check_main_stack, NULL, 1, NULL},
    };
    return corpus_main(argc, argv, "threads", cases, COUNT_OF(cases));
}
