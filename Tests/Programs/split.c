// SPDX-License-Identifier: Apache-2.0
// 70 % of the CPU in hot70, 30 % in hot30, by the thread's own clock. Prints what it really was:
//   hot70 0.7012
//   hot30 0.2988
//   cpu 3.0021          seconds, of the whole process, by getrusage
// usage: split SECONDS
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static volatile uint64_t sink;

__attribute__((noinline)) static uint64_t mix(uint64_t x, uint64_t rounds) {
    for (uint64_t i = 0; i < rounds; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    return x;
}
__attribute__((noinline)) void hot70(uint64_t rounds) {
    sink += mix(sink, rounds);
    __asm__ volatile("");
}
__attribute__((noinline)) void hot30(uint64_t rounds) {
    sink ^= mix(sink, rounds);
    __asm__ volatile("");
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, a = 0, b = 0;
    uint32_t seed = 1;
    double end = now(CLOCK_THREAD_CPUTIME_ID) + seconds;
    for (double t = now(CLOCK_THREAD_CPUTIME_ID); t < end;) {
        seed = seed * 1664525u + 1013904223u;
        // Uneven turns: nothing to be in step with. Long ones: the clock's calls between them are no part of either.
        uint64_t scale = 10000 + (seed >> 18);
        hot70(scale * 7);
        double u = now(CLOCK_THREAD_CPUTIME_ID);
        hot30(scale * 3);
        double v = now(CLOCK_THREAD_CPUTIME_ID);
        a += u - t;
        b += v - u;
        t = v;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("hot70 %.4f\nhot30 %.4f\n", a / (a + b), b / (a + b));
    printf("cpu %.4f\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    return 0;
}
