// SPDX-License-Identifier: Apache-2.0
// Stacks that look alike and are not: the same pc and sp, and words of earlier calls where return addresses would be.
// The memo of stacks must tell them apart each time. The program knows how often each function allocates, by whom.
#include "expect.h"
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>
#include <ucontext.h>

#define ROUNDS 200
NOINLINE static void *leaf(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}

// Two callers, and an alloca in each frame on the way: what one takes more the next takes less, so that the leaf's sp
// is the same while the frames in between move, over stale return addresses.
#define SHIFTING(name)                                                                                                 \
    NOINLINE static void *name##_inner(size_t size, size_t first) {                                                    \
        volatile char *room = alloca(first);                                                                           \
        void *p = leaf(size);                                                                                          \
        KEEP(room);                                                                                                    \
        return p;                                                                                                      \
    }                                                                                                                  \
    NOINLINE static void *name(size_t size, size_t first, size_t second) {                                             \
        volatile char *room = alloca(second);                                                                          \
        void *p = name##_inner(size, first);                                                                           \
        KEEP(room);                                                                                                    \
        return p;                                                                                                      \
    }
SHIFTING(shift_a)
SHIFTING(shift_b)

NOINLINE static void shifting(void) {
    for (int i = 0; i < ROUNDS; i++)
        for (size_t first = 16; first <= 256; first += 16) {
            free((i ^ first / 16) & 1 ? shift_a(10, first, 272 - first) : shift_b(10, first, 272 - first));
        }
    expect("leaf;shift_a_inner;shift_a;shifting;", ROUNDS * 8, ROUNDS * 80, ROUNDS * 8, ROUNDS * 80);
    expect("leaf;shift_b_inner;shift_b;shifting;", ROUNDS * 8, ROUNDS * 80, ROUNDS * 8, ROUNDS * 80);
}

// The counterexample: a recursion whose frames hold words that nobody writes; in them lie the return addresses of the
// deeper recursion before. depth 3 with padding and depth 5 without end at the same sp.
NOINLINE static void *padded(int depth, size_t size) {
    volatile uint64_t padding[14];
    __asm__ volatile("" : : "r"(padding) : "memory");
    void *p = depth > 0 ? padded(depth - 1, size) : leaf(size);
    __asm__ volatile("" : : "r"(padding) : "memory");
    return p;
}
NOINLINE static void *tight(int depth, size_t size) {
    void *p = depth > 0 ? tight(depth - 1, size) : leaf(size);
    STAY;
    return p;
}
NOINLINE static void *at_depth(bool is_padded, int depth, size_t room, size_t size) {
    volatile char *shift = alloca(room);
    void *p = is_padded ? padded(depth, size) : tight(depth, size);
    KEEP(shift);
    return p;
}
NOINLINE static void padding(void) {
    for (int i = 0; i < ROUNDS; i++)
        for (int depth = 1; depth <= 8; depth++)
            for (size_t room = 16; room <= 1024; room += 48)
                free(at_depth((i + depth + room / 16) % 2, depth, room, 20));
    // Each of the 22 rooms is an odd number of steps from the last: half of all is padded, for each depth.
    uint64_t each = ROUNDS * 22 / 2;
    expect("leaf;padded;padded;padded;padded;padded;padded;padded;padded;padded;at_depth;padding;", each, 20 * each,
           each, 20 * each);
    expect("leaf;tight;tight;at_depth;padding;", each, 20 * each, each, 20 * each);
    expect("leaf;padded;padded;padded;at_depth;padding;", each, 20 * each, each, 20 * each);
}

static jmp_buf back;
#pragma GCC diagnostic ignored "-Winfinite-recursion" // longjmp ends it
NOINLINE static void jump_from(int depth) {
    if (depth > 0) {
        jump_from(depth - 1);
        return;
    }
    free(leaf(30));
    longjmp(back, 1);
}
NOINLINE static void jumping_once(int depth) {
    if (setjmp(back) == 0)
        jump_from(depth);
    free(leaf(31));
}
NOINLINE static void jumping(void) {
    for (int i = 0; i < ROUNDS; i++) {
        jumping_once(i % 5);
        STAY;
    }
    expect("leaf;jump_from;jumping_once;jumping;", ROUNDS / 5, ROUNDS * 6, ROUNDS / 5, ROUNDS * 6);
    expect("leaf;jumping_once;jumping;", ROUNDS, 31 * ROUNDS, ROUNDS, 31 * ROUNDS);
}

// Coroutines on stacks of the program's own, made anew at the same place.
static ucontext_t home, coroutine[2];
static char stacks[2][65536] __attribute__((aligned(4096)));
NOINLINE static void deep_in_coroutine(int depth, int number) {
    if (depth > 0) {
        deep_in_coroutine(depth - 1, number);
        STAY;
        return;
    }
    free(leaf(40));
    swapcontext(&coroutine[number], &home);
    free(leaf(41));
}
NOINLINE static void run_coroutine(int depth, int number) {
    deep_in_coroutine(depth, number);
    STAY;
}
NOINLINE static void swapping(void) {
    for (int i = 0; i < ROUNDS; i++) {
        for (int n = 0; n < 2; n++) {
            getcontext(&coroutine[n]);
            coroutine[n].uc_stack.ss_sp = stacks[n];
            coroutine[n].uc_stack.ss_size = sizeof(stacks[n]);
            coroutine[n].uc_link = &home;
            makecontext(&coroutine[n], (void (*)(void))run_coroutine, 2, (i + n) % 3, n);
            swapcontext(&home, &coroutine[n]);
        }
        for (int n = 0; n < 2; n++)
            swapcontext(&home, &coroutine[n]);
    }
    uint64_t shallow = 0;
    for (int i = 0; i < ROUNDS; i++)
        shallow += (i % 3 == 0) + ((i + 1) % 3 == 0);
    expect("leaf;deep_in_coroutine;run_coroutine", 2 * shallow, 81 * shallow, 2 * shallow, 81 * shallow);
}

// Threads one after another get the same stack, with what the last one left in it.
static void *in_thread(void *argument) {
    for (int i = 0; i < 20; i++)
        free((uintptr_t)argument % 2 ? padded(2, 50) : tight(6, 51));
    return NULL;
}
NOINLINE static void churning(void) {
    for (uintptr_t i = 0; i < 40; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, in_thread, (void *)i);
        pthread_join(thread, NULL);
    }
    expect("leaf;padded;padded;padded;in_thread;", 400, 20000, 400, 20000);
    expect("leaf;tight;tight;tight;tight;tight;tight;tight;in_thread;", 400, 20400, 400, 20400);
}

// Very deep: more than the memo notes, and more than is kept of a stack.
NOINLINE static void deep(void) {
    for (int i = 0; i < 20; i++) {
        free(tight(400, 60));
        free(tight(2000, 61));
    }
}

int main(void) {
    shifting();
    padding();
    jumping();
    swapping();
    churning();
    deep();
    expect("leaf;", ROUNDS * 16 + ROUNDS * 8 * 22 + 2 * ROUNDS + 4 * ROUNDS + 800 + 40,
           ROUNDS * 160 + ROUNDS * 8 * 22 * 20 + 61 * ROUNDS + 162 * ROUNDS + 40400 + 20 * 121,
           ROUNDS * 16 + ROUNDS * 8 * 22 + 2 * ROUNDS + 4 * ROUNDS + 800 + 40,
           ROUNDS * 160 + ROUNDS * 8 * 22 * 20 + 61 * ROUNDS + 162 * ROUNDS + 40400 + 20 * 121);
    return 0;
}
