// SPDX-License-Identifier: Apache-2.0
// Blocks of three sizes, from four threads, half of them freed: what estimates of the sampled mode are compared with.
#include "expect.h"
#include <pthread.h>
#include <signal.h>

#define THREADS 4
NOINLINE static void *small(void) {
    void *p = malloc(100);
    KEEP(p);
    return p;
}
NOINLINE static void *medium(void) {
    void *p = malloc(5000);
    KEEP(p);
    return p;
}
NOINLINE static void *large(void) {
    void *p = malloc(1000000);
    KEEP(p);
    return p;
}
NOINLINE static void *empty(void) {
    void *p = malloc(0);
    KEEP(p);
    return p;
}
NOINLINE static void *grown(void *b, size_t size) {
    void *p = realloc(b, size);
    KEEP(p);
    return p;
}

static void *work(void *argument) {
    void *block = NULL;
    for (int i = 0; i < 60000; i++) {
        void *one = small(), *other = i % 20 == 0 ? medium() : i % 2 == 0 ? empty() : NULL;
        void *big = i % 800 == 0 ? large() : NULL;
        if (i % 2 == 1 || i % 40 == 0) {
            free(one);
            free(other);
        }
        if (i % 1600 == 0)
            free(big);
        if (i % 10 == 0)
            block = grown(block, 700 + (size_t)(i % 13) * 100);
    }
    free(block);
    return argument;
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    uint64_t resized = 0;
    for (int i = 0; i < 60000; i += 10)
        resized += 700 + (uint64_t)(i % 13) * 100;
    expect("small;", 60000 * THREADS, 6000000 * THREADS, 31500 * THREADS, 3150000 * THREADS);
    expect("medium;", 3000 * THREADS, 15000000 * THREADS, 1500 * THREADS, 7500000 * THREADS);
    expect("large;", 75 * THREADS, 75000000 * THREADS, 38 * THREADS, 38000000 * THREADS);
    expect("empty;", 27000 * THREADS, 0, 0, 0);
    expect("grown;", 6000 * THREADS, resized * THREADS, 6000 * THREADS, resized * THREADS);
    fflush(stdout);
    raise(SIGSTOP);
    return 0;
}
