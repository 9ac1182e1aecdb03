// SPDX-License-Identifier: Apache-2.0
// Time of a pair of malloc and free below a given number of frames: Scripts/bench heap.
//   pairs DEPTH CALLERS THREADS PAIRS     CALLERS: how many outer functions call in turn, 1 or 2
// Prints ns: of one thread the time of a pair, the median of ten parts of the run; of several the wall time of all
// until the last is done, divided by the pairs of each.
#include "expect.h"
#include <pthread.h>
#include <string.h>
#include <time.h>

static int depth, callers, thread_count;
static long pairs;
static double medians[64];

NOINLINE static void pair(int size) {
    void *p = malloc((size_t)size);
    KEEP(p);
    free(p);
}
NOINLINE static void down(int frames, int size) {
    if (frames > 0)
        down(frames - 1, size);
    else
        pair(size);
    STAY;
}
NOINLINE static void first(int size) {
    down(depth - 3, size);
    STAY;
}
NOINLINE static void second(int size) {
    down(depth - 3, size);
    STAY;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
static int compare(const void *a, const void *b) {
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}
NOINLINE static double part(long count) {
    double start = now();
    for (long i = 0; i < count; i++)
        if (callers == 2 && (i & 1))
            second(40);
        else
            first(40);
    return (now() - start) / (double)count;
}
static void *run(void *argument) {
    double parts[10];
    part(1000);
    for (int i = 0; i < 10; i++)
        parts[i] = part(pairs / 10);
    qsort(parts, 10, sizeof(double), compare);
    *(double *)argument = parts[5];
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 2;
    depth = atoi(argv[1]), callers = atoi(argv[2]), thread_count = atoi(argv[3]), pairs = atol(argv[4]);
    check(depth >= 3 && thread_count >= 1 && thread_count <= 64 && pairs >= 10, "arguments");
    pthread_t threads[64];
    double start = now();
    for (int i = 1; i < thread_count; i++)
        pthread_create(&threads[i], NULL, run, &medians[i]);
    run(&medians[0]);
    for (int i = 1; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    printf("%.2f\n", thread_count == 1 ? medians[0] : (now() - start) / (double)pairs);
    return 0;
}
