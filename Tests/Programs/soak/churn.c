// SPDX-License-Identifier: Apache-2.0
// usage: churn SECONDS
// Threads that live for some microseconds to milliseconds: joined, detached and cancelled ones, on small stacks, with
// destructors of thread-specific data. Every thread's result, and every destructor, is counted.
#include "soak.h"
#include <errno.h>
#include <limits.h>

#define BATCH 12

static pthread_key_t key;
static _Atomic uint64_t destroyed, detached_ended;

typedef struct task {
    uint64_t x, result;
} task;

SOAK_NOINLINE static uint64_t compute(uint64_t x) { return soak_mix(x, (int)(x % 7 == 0 ? 400000 : 3000)); }

static void destroy(void *value) {
    if (value != NULL)
        destroyed++;
}

static void *joined(void *argument) {
    task *t = argument;
    pthread_setspecific(key, t);
    t->result = compute(t->x);
    return argument;
}

static void *detached(void *argument) {
    pthread_setspecific(key, &key);
    if (compute((uint64_t)(uintptr_t)argument) == 0)
        return NULL;
    detached_ended++;
    return NULL;
}

static void *cancelled(void *argument) {
    pthread_setspecific(key, &key);
    for (;;) {
        compute(1);
        usleep(200); // where it is cancelled
    }
    return argument;
}

SOAK_NOINLINE static pthread_t start(void *(*body)(void *), void *argument, const pthread_attr_t *attributes) {
    pthread_t thread;
    int error;
    while ((error = pthread_create(&thread, attributes, body, argument)) == EAGAIN)
        usleep(1000); // too many detached ones at once
    soak_expect("pthread_create", (uint64_t)error, 0);
    return thread;
}

SOAK_NOINLINE static uint64_t batch(uint64_t number, const pthread_attr_t *small, const pthread_attr_t *alone) {
    task tasks[BATCH];
    pthread_t threads[BATCH];
    for (uint64_t i = 0; i < BATCH; i++) {
        tasks[i] = (task){.x = number * BATCH + i + 1};
        threads[i] = start(joined, &tasks[i], i % 2 ? small : NULL);
    }
    pthread_t victim = start(cancelled, NULL, NULL);
    start(detached, (void *)(uintptr_t)(number + 1), alone);
    for (int i = 0; i < BATCH; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        soak_expect("argument of a thread", (uint64_t)(uintptr_t)result, (uint64_t)(uintptr_t)&tasks[i]);
        soak_expect("result of a thread", tasks[i].result, compute(tasks[i].x));
    }
    void *end = NULL;
    pthread_cancel(victim);
    pthread_join(victim, &end);
    soak_expect("end of a cancelled thread", (uint64_t)(uintptr_t)end, (uint64_t)(uintptr_t)PTHREAD_CANCELED);
    return BATCH + 2;
}

int main(int argc, char **argv) {
    double deadline = soak_now() + (argc > 1 ? atof(argv[1]) : 1);
    pthread_attr_t small, alone;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN + 16384);
    pthread_attr_init(&alone);
    pthread_attr_setdetachstate(&alone, PTHREAD_CREATE_DETACHED);
    pthread_key_create(&key, destroy);
    uint64_t rounds = 0, threads = 0;
    for (; soak_now() < deadline; rounds++)
        threads += batch(rounds, &small, &alone);
    for (int i = 0; i < 5000 && (detached_ended < rounds || destroyed < threads); i++)
        usleep(1000); // detached ones end when they end
    soak_expect("detached threads that ended", detached_ended, rounds);
    soak_expect("destructors", destroyed, threads);
    printf("threads %llu\n", (unsigned long long)threads);
    return soak_end(rounds);
}
