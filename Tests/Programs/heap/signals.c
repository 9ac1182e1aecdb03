// SPDX-License-Identifier: Apache-2.0
// Signal handlers that allocate, free and resize, also within the program's own calls of malloc: with bump_library.so
// underneath, which allows that. A timer sends the signals, ten thousand a second: at 20 us a
// slow virtual machine was back in the handler before the program had gone on.
#include "expect.h"
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>

#define ROUNDS 100000
#define KEPT 64
static _Atomic uint64_t signals;
static _Atomic(void *) passed; // made outside of the handler, freed in it, and the other way round

NOINLINE static void *outside(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *outside_zeroed(size_t size) {
    void *p = calloc(1, size);
    KEEP(p);
    return p;
}
NOINLINE static void *outside_resized(void *b, size_t size) {
    void *p = realloc(b, size);
    KEEP(p);
    return p;
}

static void handle(int signal) {
    static void *mine;
    free(malloc(24));
    mine = realloc(mine, 32 + (signals & 63));
    free(atomic_exchange(&passed, malloc(40)));
    signals++;
}

int main(void) {
    void *kept[KEPT] = {0};
    struct itimerval often = {.it_interval.tv_usec = 100, .it_value.tv_usec = 100}, never = {0};
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarm, NULL); // who started us may have blocked it
    signal(SIGALRM, handle);
    setitimer(ITIMER_REAL, &often, NULL);
    uint64_t plain = 0, zeroed = 0, resized = 0;
    for (uint64_t i = 0; i < ROUNDS || signals < 5000; i++) {
        free(kept[i % KEPT]);
        if (i % 3 == 0) {
            kept[i % KEPT] = outside_zeroed(48);
            zeroed++;
        } else {
            kept[i % KEPT] = outside(64);
            plain++;
        }
        if (i % 5 == 0) {
            kept[i % KEPT] = outside_resized(kept[i % KEPT], 200);
            resized++;
        }
        free(atomic_exchange(&passed, NULL));
    }
    setitimer(ITIMER_REAL, &never, NULL);
    for (int i = 0; i < KEPT; i++)
        free(kept[i]);
    expect("outside;", plain, 64 * plain, plain, 64 * plain);
    expect("outside_zeroed;", zeroed, 48 * zeroed, zeroed, 48 * zeroed);
    expect("outside_resized;", resized, 200 * resized, resized, 200 * resized);
    fflush(stdout);
    raise(SIGSTOP);
    return 0;
}
