// SPDX-License-Identifier: Apache-2.0
// Sampled mode: a Poisson process over the bytes that a thread allocates. A block of n bytes is sampled with
// probability 1 - exp(-(n + 1) / interval), the one byte more so that empty blocks are seen, too; it then stands for
// one over that. Distances are exponential, so what is left of one when a block is sampled does not matter: a new one
// begins behind it.
//
// The C library's exp and log would be another NEEDED library: series of our own, right to 1e-12, more than enough.
#include "heap.h"

#define PP_LN2 0.69314718055994530942

// ln(x) for x > 0: exponent, and a series in (m - 1) / (m + 1) for the mantissa m in [sqrt(1/2), sqrt(2)).
static double natural_log(double x) {
    union {
        double value;
        uint64_t bits;
    } at = {.value = x};
    int exponent = (int)(at.bits >> 52 & 0x7ff) - 1023;
    at.bits = (at.bits & 0xfffffffffffffull) | 0x3ff0000000000000ull;
    if (at.value > 1.41421356237309504880) {
        at.value /= 2;
        exponent++;
    }
    double z = (at.value - 1) / (at.value + 1), square = z * z, power = z, sum = 0;
    for (int i = 1; i <= 19; i += 2, power *= square)
        sum += power / i;
    return 2 * sum + exponent * PP_LN2;
}

// 1 - exp(-x) for x >= 0.
static double one_minus_exp(double x) {
    if (x > 40)
        return 1;
    int halvings = 0;
    while (x > 0.25) {
        x /= 2;
        halvings++;
    }
    double term = x, sum = 0;
    for (int i = 2; i < 16; i++) {
        sum += term;
        term *= -x / i;
    }
    while (halvings-- > 0) // 1 - e^-2x = (1 - e^-x) * (2 - (1 - e^-x))
        sum *= 2 - sum;
    return sum;
}

double pp_heap_weight(uint64_t size) { return 1 / one_minus_exp(((double)size + 1) / (double)pp_heap.interval); }

// Uniform in (0, 1]. xorshift64*: each thread has its own.
static double uniform(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return ((double)(*state * 0x2545f4914f6cdd1dull >> 11) + 1) * 0x1p-53;
}

static int64_t distance(pp_heap_local *local) {
    return (int64_t)(-natural_log(uniform(&local->random)) * (double)pp_heap.interval);
}

static void seed(pp_heap_local *local) {
    uint64_t x = pp_now(CLOCK_MONOTONIC) ^ (uint64_t)(uintptr_t)local ^ (uint64_t)pp_recorder_state.pid << 40;
    x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
    x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
    local->random = (x ^ x >> 33) | 1;
}

bool pp_heap_is_sampled(pp_heap_local *local, uint64_t size) {
    if (local->random == 0) { // a thread's first: its distance begins before this block
        seed(local);
        local->left = distance(local) - (int64_t)size - 1;
        if (local->left >= 0)
            return false;
    }
    local->left = distance(local);
    return true;
}
