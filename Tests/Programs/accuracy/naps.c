// SPDX-License-Identifier: Apache-2.0
// usage: naps SECONDS
// Bursts of about 0.5 ms of CPU, two functions in turn (60 and 40 %), with sleeps between: shorter than a tick, and never
// across one if the scheduler so wants.
#include "truth.h"

static volatile uint64_t sink;

__attribute__((noipa)) static void long_burst(uint64_t rounds) { sink += truth_mix(sink, rounds); }
__attribute__((noipa)) static void short_burst(uint64_t rounds) { sink ^= truth_mix(sink, rounds); }

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, a = 0, b = 0;
    double start = truth_thread_cpu();
    long_burst(2000000);
    double per_round = (truth_thread_cpu() - start) / 2000000;
    uint64_t whole = (uint64_t)(0.0005 / per_round);
    start = truth_thread_cpu();
    for (uint32_t seed = 1; truth_thread_cpu() - start < seconds;) {
        seed = seed * 1664525u + 1013904223u;
        double t = truth_thread_cpu();
        long_burst(whole * 6 / 10);
        double u = truth_thread_cpu();
        short_burst(whole * 4 / 10);
        double v = truth_thread_cpu();
        a += u - t;
        b += v - u;
        struct timespec nap = {.tv_nsec = 300000 + (seed >> 14)};
        nanosleep(&nap, NULL);
    }
    printf("long_burst %.5f\nshort_burst %.5f\n", a / (a + b), b / (a + b));
    return truth_end();
}
