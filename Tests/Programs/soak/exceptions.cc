// SPDX-License-Identifier: Apache-2.0
// usage: exceptions SECONDS
// Four threads throw exceptions through some depth of frames with destructors, catch them half-way, throw others, and
// count: every catch and every destructor is known beforehand.
#include "soak.h"
#include <atomic>
#include <stdexcept>
#include <string>

static double deadline;
static std::atomic<uint64_t> rounds;
static thread_local uint64_t destroyed;

struct Guard {
    uint64_t value;
    explicit Guard(uint64_t x) : value(soak_mix(x, 50)) {}
    ~Guard() { destroyed += value != 0 ? 1 : 2; }
};

SOAK_NOINLINE static uint64_t thrower(int depth, uint64_t x) {
    Guard guard(x + 1);
    if (depth == 0) {
        if (soak_mix(x, 200) == 0)
            return 0;
        throw std::runtime_error(std::to_string(x));
    }
    return thrower(depth - 1, x) + guard.value;
}

// Catches, does something with what it caught, and throws another one from inside the handler.
SOAK_NOINLINE static uint64_t rethrower(int depth, uint64_t x) {
    Guard guard(x + 2);
    try {
        return thrower(depth, x) + guard.value;
    } catch (const std::runtime_error &error) {
        throw std::out_of_range(std::string(error.what()) + "!");
    }
}

SOAK_NOINLINE static uint64_t catcher(int depth, uint64_t x) {
    try {
        return rethrower(depth, x);
    } catch (const std::out_of_range &error) {
        return std::string(error.what()) == std::to_string(x) + "!" ? 1 : 0;
    }
}

static void *run(void *unused) {
    for (uint64_t x = 0; soak_now() < deadline; x++) {
        int depth = (int)(x % 40);
        destroyed = 0;
        soak_expect("catches", catcher(depth, x), 1);
        soak_expect("destructors", destroyed, (uint64_t)depth + 2);
        rounds++;
    }
    return unused;
}

int main(int argc, char **argv) {
    pthread_t threads[4];
    deadline = soak_now() + (argc > 1 ? atof(argv[1]) : 1);
    for (pthread_t &thread : threads)
        pthread_create(&thread, nullptr, run, nullptr);
    for (pthread_t &thread : threads)
        pthread_join(thread, nullptr);
    return soak_end(rounds);
}
