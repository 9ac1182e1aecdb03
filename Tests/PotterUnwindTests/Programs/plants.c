// SPDX-License-Identifier: Apache-2.0
// Planted call chains in C: a frameless leaf, deep recursion, alloca, a realigned stack, a large frame, callbacks
// through libc, a signal handler in the middle, a thread, a function that does not return.
#define _GNU_SOURCE
#include "harness.h"
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLANT __attribute__((noipa))
#ifndef PLANT_DEEPEST
#define PLANT_DEEPEST 5000
#endif
volatile unsigned sink;
static jmp_buf back;
static bool raises = true; // not under gdb: it would be at signals all the time

static unsigned next_random(void) {
    static unsigned state = 1;
    return (state = state * 1103515245 + 12345) >> 8;
}

PLANT unsigned plain_leaf(unsigned value) { // its frame is in no chain: it does not enter
    for (int i = 0; i < 20; i++) value = value * 31 + (value >> 3);
    return value;
}

PLANT unsigned plant_1(int depth);

PLANT unsigned plant_2(int depth) {
    harness_enter(2);
    unsigned result = depth > 0 ? plant_1(depth - 1) + 1 : 7;
    for (int i = 0; i < 8; i++) result = result * 3 + plain_leaf(result);
    harness_leave();
    return result;
}

PLANT unsigned plant_3(int depth) {
    harness_enter(3);
    char *memory = alloca(16 + next_random() % 500);
    memset(memory, depth, 16);
    unsigned result = (depth > 0 ? plant_1(depth - 1) : 1) + (unsigned)memory[3];
    result = plain_leaf(result);
    harness_leave();
    return result;
}

PLANT unsigned plant_4(int depth) {
    harness_enter(4);
    _Alignas(64) volatile unsigned aligned[16] = {(unsigned)depth};
    unsigned result = (depth > 0 ? plant_1(depth - 1) : 1) + aligned[0];
    aligned[1] = plain_leaf(result);
    harness_leave();
    return result;
}

PLANT unsigned plant_5(int depth) {
    harness_enter(5);
    char text[6000];
    snprintf(text, sizeof text, "%d %s %f", depth, "text", 1.5 * depth);
    unsigned result = (depth > 0 ? plant_1(depth - 1) : 1) + (unsigned)strlen(text);
    harness_leave();
    return result;
}

static int depth_of_callback;
PLANT int plant_6(const void *left, const void *right) {
    harness_enter(6);
    if (depth_of_callback > 0 && next_random() % 64 == 0) {
        int depth = depth_of_callback;
        depth_of_callback = 0;
        sink += plant_1(depth - 1);
        depth_of_callback = depth;
    }
    int result = *(const int *)left - *(const int *)right;
    harness_leave();
    return result;
}

PLANT unsigned plant_7(int depth) {
    harness_enter(7);
    int values[40];
    for (int i = 0; i < 40; i++) values[i] = (int)(next_random() % 1000);
    int outer = depth_of_callback;
    depth_of_callback = depth;
    qsort(values, 40, sizeof values[0], plant_6);
    depth_of_callback = outer;
    harness_leave();
    return (unsigned)values[3];
}

PLANT void plant_8(int number) { // a signal handler
    harness_enter(8);
    sink += plant_2(3) + (unsigned)number;
    harness_leave();
}

PLANT unsigned plant_9(int depth) {
    harness_enter(9);
    if (raises) raise(SIGUSR1);
    unsigned result = depth > 0 ? plant_1(depth - 1) : 1;
    harness_leave();
    return result;
}

PLANT _Noreturn void plant_10(unsigned value) {
    harness_enter(10);
    sink += plain_leaf(value);
    harness_leave();
    longjmp(back, 1);
}

PLANT unsigned plant_11(int depth) {
    harness_enter(11);
    if (setjmp(back) == 0) plant_10((unsigned)depth);
    harness_leave();
    return sink;
}

PLANT unsigned plant_1(int depth) {
    unsigned (*const choices[])(int) = {plant_2, plant_3, plant_4, plant_5, plant_7, plant_9, plant_11, plant_2};
    harness_enter(1);
    unsigned result = plain_leaf((unsigned)depth) + choices[next_random() % 8](depth) * 3;
    harness_leave();
    return result;
}

PLANT unsigned plant_12(int depth) {
    harness_enter(12);
    unsigned result = depth > 0 ? plant_12(depth - 1) * 3 + 1 : plain_leaf(1);
    sink = plain_leaf(result);
    harness_leave();
    return result;
}

PLANT void *plant_13(void *rounds) {
    harness_thread();
    harness_enter(13);
    for (long i = 0; i < (long)rounds; i++) sink += plant_1(10);
    harness_leave();
    return NULL;
}

int main(int count, char **arguments) {
    long rounds = count > 1 ? atol(arguments[1]) : 100;
    signal(SIGUSR1, plant_8);
    raises = strcmp(getenv("HARNESS") ?: "", "gdb") != 0;
    for (long i = 0; i < rounds; i++) sink += plant_1(20);
    for (int depth = 5; depth <= PLANT_DEEPEST; depth *= 10) sink += plant_12(depth);
    sink += plant_12(PLANT_DEEPEST);
    if (count > 2) {
        pthread_t thread;
        pthread_create(&thread, NULL, plant_13, (void *)rounds);
        pthread_join(thread, NULL);
        harness_thread();
    }
    printf("done\n");
    return 0;
}
