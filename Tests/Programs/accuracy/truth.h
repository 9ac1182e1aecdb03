// SPDX-License-Identifier: Apache-2.0
// What the accuracy bench's programs share: CPU clocks, work, and the truth on stdout: lines `name value`, of functions as
// shares of the time of all that are named, and `cpu SECONDS` of the process by getrusage.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static inline double truth_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static inline double truth_thread_cpu(void) { return truth_clock(CLOCK_THREAD_CPUTIME_ID); }

static inline uint64_t truth_mix(uint64_t x, uint64_t rounds) {
    for (uint64_t i = 0; i < rounds; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    return x;
}

static inline int truth_end(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu %.4f\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    return 0;
}
