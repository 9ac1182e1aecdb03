// SPDX-License-Identifier: Apache-2.0
// usage: work SECONDS
// C code with stacks of many shapes, for about so many seconds of CPU time: recursion to random depths, callbacks from
// libc (qsort, bsearch), frames of variable size, signal handlers, a thread, leaf functions without a frame, the C
// library's assembly. Built without frame pointers it leaves nothing but .eh_frame to go by.
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

static volatile uint64_t sink;
static __thread uint64_t state = 88172645463325252ull;

static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

NOINLINE static uint64_t mix(const uint64_t *words, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ull;
    return sum;
}

static int compare(const void *a, const void *b) {
    char x[24], y[24];
    snprintf(x, sizeof x, "%lx", *(const uint64_t *)a);
    snprintf(y, sizeof y, "%lx", *(const uint64_t *)b);
    return strcmp(x, y);
}

NOINLINE static uint64_t sort_some(size_t count) {
    uint64_t *words = alloca(count * sizeof *words);
    for (size_t i = 0; i < count; i++) words[i] = next();
    qsort(words, count, sizeof *words, compare);
    return mix(words, count);
}

static void on_signal(int number) {
    uint64_t words[32];
    for (int i = 0; i < 32; i++) words[i] = next() + (uint64_t)number;
    for (int i = 0; i < 20; i++) sink += mix(words, 32);
}

NOINLINE static uint64_t copy_around(size_t size) {
    char *from = malloc(size), *to = malloc(size + 1);
    memset(from, (int)(next() % 255) + 1, size);
    memcpy(to, from, size);
    to[size] = 0;
    uint64_t length = strlen(to) + (uint64_t)memcmp(from, to, size);
    free(from), free(to);
    return length;
}

NOINLINE static uint64_t descend(int depth, uint64_t seed);

NOINLINE static uint64_t left(int depth, uint64_t seed) { return descend(depth - 1, seed * 3) + 1; }
NOINLINE static uint64_t right(int depth, uint64_t seed) {
    volatile char room[200];
    room[seed % sizeof room] = (char)depth;
    return descend(depth - 1, seed + (uint64_t)room[seed % sizeof room]) + 2;
}

NOINLINE static uint64_t descend(int depth, uint64_t seed) {
    if (depth > 0) return (seed & 1 ? left : right)(depth, seed);
    switch (seed % 7) {
    case 0: return sort_some(8 + seed % 40);
    case 1: return copy_around(64 + seed % 5000);
    case 2: return (uint64_t)raise(SIGUSR1);
    case 3: {
        char text[64];
        int length = snprintf(text, sizeof text, "%g %d %s", (double)seed / 7, depth, "word");
        return (uint64_t)length + strtoul(text, NULL, 10);
    }
    default: {
        uint64_t words[100];
        for (int i = 0; i < 100; i++) words[i] = next();
        return mix(words, 100);
    }
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *work(void *seconds) {
    for (double end = now() + *(double *)seconds; now() < end;)
        for (int i = 0; i < 100; i++) sink += descend((int)(next() % 56), next());
    return NULL;
}

int main(int count, char **arguments) {
    double seconds = count > 1 ? atof(arguments[1]) / 2 : 1;
    signal(SIGUSR1, on_signal);
    pthread_t thread;
    pthread_create(&thread, NULL, work, &seconds);
    work(&seconds);
    pthread_join(thread, NULL);
    return sink == 0;
}
