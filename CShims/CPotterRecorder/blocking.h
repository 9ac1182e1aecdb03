// SPDX-License-Identifier: Apache-2.0
// What the interposed blocking calls share: see blocking_linux.c.
#pragma once
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>
#include <unistd.h>

#define PP_NS_PER_S 1000000000ull
#define PP_FOREVER_NS (1ull << 62)

#define PP_DIRECT_IF_INERT(name, ...)                                                                                  \
    if (__builtin_expect(pp_is_inert(), 0)) {                                                                          \
        pp_real_resolve();                                                                                             \
        __attribute__((musttail)) return pp_real.name(__VA_ARGS__);                                                    \
    }

typedef struct pp_call {
    uint32_t ours, programs;
    int error; // errno at entry
} pp_call;

static inline pp_call pp_enter(void) {
    const pp_local *local = &pp_local_state;
    return (pp_call){.ours = local->handled, .programs = local->program_handled, .error = errno};
}

/// Whether our handler ran since, and no handler of the program. Then errno is again what it was at entry.
bool pp_ours_alone(pp_call *call);

/// Whether the call that returned `result` is to be issued again.
static inline bool pp_again(pp_call *call, ssize_t result) {
    return __builtin_expect(result == -1, 0) && errno == EINTR && pp_ours_alone(call);
}

static inline uint64_t pp_start_of(bool timed) { return timed ? pp_now(CLOCK_MONOTONIC_COARSE) : 0; }
uint64_t pp_time_left(uint64_t start_ns, uint64_t timeout_ns);

static inline struct timespec pp_timespec_of(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / PP_NS_PER_S), .tv_nsec = (long)(ns % PP_NS_PER_S)};
}

// Calls whose arguments hold an absolute time, or none.
#define PP_PLAIN(type, name, parameters, ...)                                                                          \
    type pp_##name parameters {                                                                                        \
        PP_DIRECT_IF_INERT(name, __VA_ARGS__)                                                                          \
        pp_call call = pp_enter();                                                                                     \
        type result;                                                                                                   \
        do                                                                                                             \
            result = pp_real.name(__VA_ARGS__);                                                                        \
        while (pp_again(&call, result));                                                                               \
        return result;                                                                                                 \
    }

// The interposed calls themselves, with the C library's signatures.
#define PP_DECLARE_BLOCKING(type, name, parameters) type pp_##name parameters;
PP_REAL_BLOCKING_FUNCTIONS(PP_DECLARE_BLOCKING)
#undef PP_DECLARE_BLOCKING
