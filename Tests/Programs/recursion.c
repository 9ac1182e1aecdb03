// SPDX-License-Identifier: Apache-2.0
// usage: recursion SECONDS DEPTH
// main -> outer -> descend x DEPTH -> leaf, with nearly all of the CPU in `leaf`.
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;
__attribute__((noipa)) uint64_t leaf(uint64_t x) {
    for (uint64_t i = 0; i < 3000000; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    return x;
}
__attribute__((noipa)) uint64_t descend(int depth, uint64_t x) {
    uint64_t below = depth > 1 ? descend(depth - 1, x) : leaf(x);
    __asm__ volatile("" : "+r"(below)); // neither a loop nor a tail call
    return below + 1;
}
__attribute__((noipa)) uint64_t outer(int depth, uint64_t x) { return descend(depth, x) + 5; }

int main(int argc, char **argv) {
    struct timespec t = {0};
    double end = argc > 1 ? atof(argv[1]) : 1;
    while ((double)t.tv_sec + (double)t.tv_nsec * 1e-9 < end) {
        sink = outer(argc > 2 ? atoi(argv[2]) : 5000, sink);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    }
    return 0;
}
