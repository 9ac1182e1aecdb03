// SPDX-License-Identifier: Apache-2.0
// usage: phases SECONDS
// SECONDS of CPU in `early`, then as much in `late`, half of which is in system calls. Prints when it changed, by
// CLOCK_MONOTONIC: `change 12345.678901234`.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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
__attribute__((noinline)) void early(double seconds) {
    for (double end = now(CLOCK_THREAD_CPUTIME_ID) + seconds; now(CLOCK_THREAD_CPUTIME_ID) < end;)
        sink += mix(sink, 1000000);
}
__attribute__((noinline)) void late(double seconds) {
    char buffer[4096];
    FILE *zero = fopen("/dev/zero", "r");
    if (!zero)
        exit(2);
    for (double end = now(CLOCK_THREAD_CPUTIME_ID) + seconds; now(CLOCK_THREAD_CPUTIME_ID) < end;) {
        double begin = now(CLOCK_THREAD_CPUTIME_ID);
        sink += mix(sink, 100000);
        double used = now(CLOCK_THREAD_CPUTIME_ID) - begin;
        for (begin += used; now(CLOCK_THREAD_CPUTIME_ID) - begin < used;)
            for (int i = 0; i < 20; i++)
                sink += (uint64_t)read(fileno(zero), buffer, sizeof(buffer));
    }
    fclose(zero);
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    early(seconds);
    double change = now(CLOCK_MONOTONIC);
    late(seconds);
    printf("change %.9f\n", change);
    return 0;
}
