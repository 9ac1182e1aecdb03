// SPDX-License-Identifier: Apache-2.0
// usage: idle THREADS SECONDS
// So many threads that wait, and two that work for so many seconds of their CPU time, each in its own memory (1 MiB),
// at depths up to 40.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define WORDS 131072

static int wait_here[2];
static double seconds;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

__attribute__((noinline)) static uint64_t descend(uint64_t *words, uint64_t x, int depth) {
    if (depth > 0) {
        uint64_t deeper = descend(words, x * 3 + 1, depth - 1);
        __asm__ volatile("" : "+r"(deeper)); // no tail call
        return deeper;
    }
    for (int i = 0; i < 2000; i++) {
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + (uint64_t)i;
        words[(x >> 20) % WORDS] += x;
    }
    return x;
}

static void *work(void *unused) {
    uint64_t *words = calloc(WORDS, sizeof *words), x = (uint64_t)words;
    for (double end = now() + seconds; now() < end;) x = descend(words, x, (int)(x >> 40) % 40);
    words[0] = x;
    free(words);
    return unused;
}

static void *wait_for_end(void *unused) {
    char byte;
    while (read(wait_here[0], &byte, 1) > 0) {}
    return unused;
}

int main(int count, char **arguments) {
    int idle = count > 2 ? atoi(arguments[1]) : 0;
    seconds = count > 2 ? atof(arguments[2]) : 0;
    if (idle < 1 || idle > 3000 || seconds <= 0 || pipe(wait_here) != 0) {
        fprintf(stderr, "usage: idle THREADS SECONDS\n");
        return 2;
    }
    pthread_t *threads = calloc((size_t)idle + 2, sizeof *threads);
    for (int i = 0; i < idle + 2; i++)
        if (pthread_create(&threads[i], NULL, i < idle ? wait_for_end : work, NULL) != 0) return 1;
    pthread_join(threads[idle], NULL);
    pthread_join(threads[idle + 1], NULL);
    close(wait_here[1]);
    for (int i = 0; i < idle; i++) pthread_join(threads[i], NULL);
    free(threads);
    return 0;
}
