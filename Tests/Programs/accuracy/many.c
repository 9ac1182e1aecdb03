// SPDX-License-Identifier: Apache-2.0
// usage: many SECONDS
// Eight functions with 30, 20, 15, 12, 10, 7, 4 and 2 % of the CPU time of one thread, in turns of random length.
#include "truth.h"

#define COUNT 8
static const double shares[COUNT] = {0.30, 0.20, 0.15, 0.12, 0.10, 0.07, 0.04, 0.02};
static volatile uint64_t sink;

#define PART(name)                                                                                                     \
    __attribute__((noipa)) static void name(uint64_t rounds) {                                                         \
        sink = truth_mix(sink, rounds);                                                                                \
        __asm__ volatile("");                                                                                          \
    }
PART(part30)
PART(part20)
PART(part15)
PART(part12)
PART(part10)
PART(part07)
PART(part04)
PART(part02)

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*body)(uint64_t);
    } parts[COUNT] = {{"part30", part30}, {"part20", part20}, {"part15", part15}, {"part12", part12},
                      {"part10", part10}, {"part07", part07}, {"part04", part04}, {"part02", part02}};
    double seconds = argc > 1 ? atof(argv[1]) : 1, spent[COUNT] = {0}, all = 0;
    srand(1);
    for (double now = truth_thread_cpu(); all < seconds;) {
        // The one that lacks most of its share.
        int next = 0;
        for (int i = 1; i < COUNT; i++)
            next = spent[i] - shares[i] * all < spent[next] - shares[next] * all ? i : next;
        parts[next].body(20000 + (uint64_t)rand() % 600000); // up to a millisecond
        double then = truth_thread_cpu();
        spent[next] += then - now;
        all += then - now;
        now = then;
    }
    for (int i = 0; i < COUNT; i++)
        printf("%s %.5f\n", parts[i].name, spent[i] / all);
    return truth_end();
}
