// SPDX-License-Identifier: Apache-2.0
// split.c in C++: methods in a namespace, one of them virtual. Prints the same lines.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <sys/resource.h>

namespace planted {

double now() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

struct Mixer {
    volatile uint64_t sink = 1;
    virtual ~Mixer() = default;
    [[gnu::noinline]] virtual uint64_t mix(uint64_t x, uint64_t rounds) {
        for (uint64_t i = 0; i < rounds; i++)
            x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
        return x;
    }
    [[gnu::noinline]] void hot70(uint64_t rounds) {
        sink = sink + mix(sink, rounds);
        asm volatile("");
    }
    template <typename Number> [[gnu::noinline]] void hot30(Number rounds) {
        sink = sink ^ mix(sink, rounds);
        asm volatile("");
    }
};

} // namespace planted

int main(int argc, char **argv) {
    using planted::now;
    auto mixer = std::make_unique<planted::Mixer>();
    double seconds = argc > 1 ? atof(argv[1]) : 1, a = 0, b = 0;
    uint32_t seed = 1;
    double end = now() + seconds;
    for (double t = now(); t < end;) {
        seed = seed * 1664525u + 1013904223u;
        uint64_t scale = 10000 + (seed >> 18);
        mixer->hot70(scale * 7);
        double u = now();
        mixer->hot30(scale * 3);
        double v = now();
        a += u - t;
        b += v - u;
        t = v;
    }
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    std::printf("hot70 %.4f\nhot30 %.4f\n", a / (a + b), b / (a + b));
    std::printf("cpu %.4f\n", double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                  double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
}
