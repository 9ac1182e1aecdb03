// SPDX-License-Identifier: Apache-2.0
// usage: lockstep SECONDS PERIOD_NS
// A loop of exactly PERIOD_NS of CPU time, of which hot30 has the first 30 %: in step with a profiler of that period.
#include "truth.h"

static volatile uint64_t sink;

// The clock is read often: a phase ends within a microsecond.
__attribute__((noipa)) static double hot30(double until) {
    double now;
    while ((now = truth_thread_cpu()) < until)
        sink += truth_mix(sink, 300);
    return now;
}
__attribute__((noipa)) static double cold70(double until) {
    double now;
    while ((now = truth_thread_cpu()) < until)
        sink ^= truth_mix(sink, 300);
    return now;
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, period = (argc > 2 ? atof(argv[2]) : 1000000) * 1e-9;
    double start = truth_thread_cpu(), now = start, hot = 0;
    for (double next = start; now - start < seconds; next += period) {
        double middle = hot30(next + 0.3 * period);
        hot += middle - now;
        now = cold70(next + period);
    }
    printf("hot30 %.5f\ncold70 %.5f\n", hot / (now - start), 1 - hot / (now - start));
    return truth_end();
}
