// SPDX-License-Identifier: Apache-2.0
// A fixed amount of user work: usage: fixed BILLIONS_OF_STEPS. Prints its own CPU time: `cpu 10.0123`.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

__attribute__((noinline)) static uint64_t leaf(uint64_t x, int n) {
    for (int i = 0; i < n; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + (uint64_t)i;
    return x;
}
__attribute__((noinline)) static uint64_t deeper(uint64_t x, int depth) {
    uint64_t y = depth == 0 ? leaf(x, 100) : deeper(x, depth - 1);
    __asm__ volatile("" : "+r"(y));
    return y + 1;
}
int main(int argc, char **argv) {
    double billions = argc > 1 ? atof(argv[1]) : 1;
    uint64_t x = 1;
    for (long i = 0; i < (long)(billions * 1e7); i++)
        x = deeper(x, 20 + (int)(i % 7));
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu %.6f\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6 + (double)(x & 1) * 1e-12);
    return 0;
}
