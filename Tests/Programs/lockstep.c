// SPDX-License-Identifier: Apache-2.0
// lockstep SECONDS PERIOD_US: a loop of PERIOD_US of CPU time, of which `first` takes 30 % and `second` 70 %, counted in
// equal rounds of work. A sampler whose own period is in step with the loop sees one of them alone.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;

#define WORK(rounds)                                                                                                   \
    uint64_t x = sink;                                                                                                 \
    for (uint64_t i = 0; i < (rounds); i++)                                                                            \
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;                                                               \
    sink = x;                                                                                                          \
    __asm__ volatile("")

__attribute__((noinline)) void first(uint64_t rounds) { WORK(rounds); }
__attribute__((noinline)) void second(uint64_t rounds) { WORK(rounds); }

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, period = (argc > 2 ? atof(argv[2]) : 1003) * 1e-6, best = 1e9;
    const uint64_t probe = 200000;
    for (int i = 0; i < 20; i++) { // the fastest: nothing came between
        double begin = now(CLOCK_THREAD_CPUTIME_ID);
        second(probe);
        double took = now(CLOCK_THREAD_CPUTIME_ID) - begin;
        best = took < best ? took : best;
    }
    uint64_t rounds = (uint64_t)(period / best * (double)probe / 10) * 10;
    for (double end = now(CLOCK_THREAD_CPUTIME_ID) + seconds; now(CLOCK_THREAD_CPUTIME_ID) < end;)
        for (int i = 0; i < 50; i++) {
            first(rounds / 10 * 3);
            second(rounds / 10 * 7);
        }
    return 0;
}
