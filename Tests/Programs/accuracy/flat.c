// SPDX-License-Identifier: Apache-2.0
// usage: flat SECONDS
// As split.c, but the functions themselves work, and call nothing: no profiler needs their callers.
#include "truth.h"

static volatile uint64_t sink;

__attribute__((noipa)) static void hot70(uint64_t rounds) { sink += truth_mix(sink, rounds * 7); }
__attribute__((noipa)) static void hot30(uint64_t rounds) { sink ^= truth_mix(sink, rounds * 3); }

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, a = 0, b = 0;
    uint32_t seed = 1;
    for (double t = truth_thread_cpu(); a + b < seconds;) {
        seed = seed * 1664525u + 1013904223u;
        uint64_t rounds = 10000 + (seed >> 18); // uneven turns: nothing to be in step with
        hot70(rounds);
        double u = truth_thread_cpu();
        hot30(rounds);
        double v = truth_thread_cpu();
        a += u - t;
        b += v - u;
        t = v;
    }
    printf("hot70 %.5f\nhot30 %.5f\n", a / (a + b), b / (a + b));
    return truth_end();
}
