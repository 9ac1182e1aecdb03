// SPDX-License-Identifier: Apache-2.0
// chain.c in C++: a virtual method, a template, a std::function, a destructor that works, a catch.
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <stdexcept>

#define PLANT [[gnu::noipa]]

namespace planted {

PLANT uint64_t leaf(uint64_t x, uint64_t rounds) {
    for (uint64_t i = 0; i < rounds; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    return x;
}
struct Worker {
    uint64_t seed = 1;
    virtual ~Worker() = default;
    PLANT virtual uint64_t d(uint64_t x) {
        seed += x;
        return leaf(x, 3000 + x % 1000) ^ seed;
    }
};
template <typename Number> PLANT Number c(Worker &worker, Number x) {
    try {
        if (x % 100 == 0)
            throw std::runtime_error("planted");
        return worker.d(x) + 1;
    } catch (const std::exception &) {
        return worker.d(x + 1) + 2;
    }
}
PLANT uint64_t b(Worker &worker, uint64_t x) { return c<uint64_t>(worker, x + 2) * 3; }
PLANT uint64_t a(Worker &worker, uint64_t x) { return b(worker, x + 3) + 7; }

} // namespace planted

int main(int argc, char **argv) {
    planted::Worker worker;
    timespec t{};
    double end = argc > 1 ? atof(argv[1]) : 1;
    volatile uint64_t sink = 1;
    while (double(t.tv_sec) + double(t.tv_nsec) * 1e-9 < end) {
        for (int i = 0; i < 1000; i++)
            sink = planted::a(worker, sink);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    }
    return 0;
}
