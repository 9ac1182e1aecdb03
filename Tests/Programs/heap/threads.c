// SPDX-License-Identifier: Apache-2.0
// Threads that allocate, free each other's blocks, and resize them at once; and threads that come and go, with
// allocations up to the last moment: in destructors of thread-specific data, round after round.
#include "expect.h"
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#define THREADS 8
#define ROUNDS 20000
#define SLOTS 512
static _Atomic(void *) slots[SLOTS];
static _Atomic uint64_t made, made_bytes, freed, freed_bytes, resized, resized_bytes, dropped, dropped_bytes;

// Each block says its size and who made it.
typedef struct block {
    uint64_t size, is_resized;
} block;

NOINLINE static void *make(uint64_t size) {
    block *p = malloc(size);
    KEEP(p);
    *p = (block){.size = size};
    return p;
}
NOINLINE static void *resize(block *before, uint64_t size) {
    block *p = realloc(before, size);
    KEEP(p);
    *p = (block){.size = size, .is_resized = 1};
    return p;
}
static void add(_Atomic uint64_t *count, _Atomic uint64_t *bytes, uint64_t size) {
    atomic_fetch_add(count, 1);
    atomic_fetch_add(bytes, size);
}
static void leave(const block *it) {
    if (it->is_resized)
        add(&dropped, &dropped_bytes, it->size);
    else
        add(&freed, &freed_bytes, it->size);
}

static void *exchange(void *argument) {
    uint64_t random = (uint64_t)(uintptr_t)argument * 0x9e3779b97f4a7c15ull;
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t size = 16 + (random >> 33) % (i % 100 == 0 ? 100000 : 500);
        block *mine = make(size);
        add(&made, &made_bytes, size);
        mine = atomic_exchange(&slots[(random >> 20) % SLOTS], mine);
        if (mine != NULL && random >> 60 == 3) {
            leave(mine);
            size = 16 + (random >> 40) % 900;
            mine = resize(mine, size);
            add(&resized, &resized_bytes, size);
        }
        if (mine != NULL) {
            leave(mine);
            free(mine);
        }
    }
    return NULL;
}

static pthread_key_t key;
NOINLINE static void *at_end(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *in_thread(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}

static void destroy(void *value) {
    static __thread int round;
    free(value);
    if (++round < PTHREAD_DESTRUCTOR_ITERATIONS)
        pthread_setspecific(key, at_end(100));
}
static void *short_life(void *argument) {
    pthread_setspecific(key, in_thread(50));
    if ((uintptr_t)argument % 2 == 0)
        pthread_exit(NULL);
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, exchange, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i += 2)
        if (slots[i] != NULL) {
            leave(slots[i]);
            free(slots[i]);
        }
    pthread_key_create(&key, destroy);
    for (uintptr_t i = 0; i < 500; i++) {
        pthread_create(&threads[i % THREADS], NULL, short_life, (void *)i);
        if (i % THREADS == THREADS - 1 || i == 499)
            for (uintptr_t j = i - i % THREADS; j <= i; j++)
                pthread_join(threads[j % THREADS], NULL);
    }
    expect("make;", made, made_bytes, freed, freed_bytes);
    expect("resize;", resized, resized_bytes, dropped, dropped_bytes);
    expect("in_thread;", 500, 25000, 500, 25000);
    expect("at_end;", 500 * (PTHREAD_DESTRUCTOR_ITERATIONS - 1), 50000 * (PTHREAD_DESTRUCTOR_ITERATIONS - 1),
           500 * (PTHREAD_DESTRUCTOR_ITERATIONS - 1), 50000 * (PTHREAD_DESTRUCTOR_ITERATIONS - 1));
    fflush(stdout);
    raise(SIGSTOP);
    return 0;
}
