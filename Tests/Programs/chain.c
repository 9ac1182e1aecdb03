// SPDX-License-Identifier: Apache-2.0
// usage: chain SECONDS
// main -> a -> b -> c -> d -> leaf, with nearly all of the CPU in `leaf`, which has no frame, and work on either side
// of each call, so that none is a tail call. `c` has a large frame, `d` one of a size that it learns at run time.
#include <alloca.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define PLANT __attribute__((noipa))
static volatile uint64_t sink;

PLANT uint64_t leaf(uint64_t x, uint64_t rounds) {
    for (uint64_t i = 0; i < rounds; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    return x;
}
PLANT uint64_t d(uint64_t x) {
    char *room = alloca(16 + x % 400);
    memset(room, (int)x, 16);
    x = leaf(x, 3000 + x % 1000);
    return x + (uint64_t)room[3];
}
PLANT uint64_t c(uint64_t x) {
    volatile char room[9000];
    room[x % 9000] = (char)x;
    x = d(x + 1) ^ x;
    return x + (uint64_t)room[5000];
}
PLANT uint64_t b(uint64_t x) { return c(x + 2) * 3; }
PLANT uint64_t a(uint64_t x) { return b(x + 3) + 7; }

int main(int argc, char **argv) {
    struct timespec t = {0};
    double end = argc > 1 ? atof(argv[1]) : 1;
    while ((double)t.tv_sec + (double)t.tv_nsec * 1e-9 < end) {
        for (int i = 0; i < 1000; i++)
            sink = a(sink);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    }
    return 0;
}
