// SPDX-License-Identifier: Apache-2.0
// Random samples against planted functions. Programs call harness_enter(n) first and harness_leave() last in functions
// whose symbol names hold plant_n; the test writes their address ranges to HARNESS_SYMBOLS ("start end n", relative to
// the program). A sample is exact if the unwind is complete, and the planted functions that it saw are those of the
// shadow stack; one more at the leaf is right too, if the signal came before harness_enter or after harness_leave.
#define _GNU_SOURCE
#include "harness.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct { uint64_t start, end; int function; } plant;

static plant plants[1024];
static int plant_count;
static int shadow[HARNESS_DEEP];
static volatile int shadow_depth;
static pthread_t sampled, sender;
static volatile bool stopping;
static uint64_t samples, exact, incomplete, wrong, fallback, cut, frames_seen, nanoseconds, warm_nanoseconds, noted;
static volatile uint64_t handled;
static int repeat;

void harness_enter(int function) {
    shadow[shadow_depth] = function;
    __asm__ volatile("" ::: "memory");
    shadow_depth++;
}

void harness_leave(void) { shadow_depth--; }

static int function_at(uint64_t address) {
    for (int i = 0; i < plant_count; i++)
        if (address >= plants[i].start && address < plants[i].end) return plants[i].function;
    return -1;
}

// Planted functions in frames[from..<to], leaf first, into `seen`.
static int planted(const uint64_t *frames, uint32_t from, uint32_t to, int *seen) {
    int count = 0;
    for (uint32_t i = from; i < to; i++) {
        int function = function_at(frames[i]);
        if (function >= 0) seen[count++] = function;
    }
    return count;
}

static bool agrees(const pp_unwound *result, const uint64_t *frames) {
    static int seen[PP_MAX_FRAMES];
    bool is_cut = (result->flags & PP_STACK_CUT) != 0;
    int depth = shadow_depth, count = planted(frames, 0, is_cut ? PP_CUT_FRAMES : result->depth, seen);
    int extra = 0;
    if (is_cut) extra = count > 0 && depth > 1 && seen[0] != shadow[depth - 1];
    else extra = count - depth;
    if (extra < 0 || extra > 1) return false;
    for (int i = extra; i < count; i++)
        if (depth - 1 - (i - extra) < 0 || seen[i] != shadow[depth - 1 - (i - extra)]) return false;
    if (!is_cut) return true;
    count = planted(frames, PP_CUT_FRAMES, result->depth, seen);
    for (int i = 0; i < count; i++)
        if (seen[count - 1 - i] != shadow[i]) return false;
    return count > (int)PP_CUT_FRAMES - 20;
}

static void note(const char *what, const pp_unwound *result, const uint64_t *frames) {
    if (noted++ >= 8) return;
    fprintf(stderr, "sample %s: flags %u depth %u cut %u shadow %d\n", what, result->flags, result->depth, result->cut,
            shadow_depth);
    for (uint32_t i = 0; i < result->depth && i < 12; i++) {
        uint64_t at;
        const char *module = harness_module(frames[i], &at);
        fprintf(stderr, "  %s+%lx plant %d\n", module, at, function_at(frames[i]));
    }
}

static void take_sample(const ucontext_t *context) {
    static uint64_t frames[PP_MAX_FRAMES];
    pp_unwound result = harness_unwind(context, frames);
    nanoseconds += harness_unwind_ns;
    for (int i = 0; i < repeat; i++) {
        harness_unwind(context, frames);
        warm_nanoseconds += harness_unwind_ns;
    }
    samples++;
    frames_seen += result.depth;
    if (result.flags & PP_STACK_FALLBACK) fallback++;
    if (result.flags & PP_STACK_CUT) cut++;
    if (result.flags & PP_STACK_INCOMPLETE) incomplete++, note("incomplete", &result, frames);
    else if (agrees(&result, frames)) exact++;
    else wrong++, note("wrong", &result, frames);
}

static void on_sample(int number, siginfo_t *information, void *context) {
    (void)number, (void)information;
    int error = errno;
    if (pthread_equal(pthread_self(), sampled) && !stopping) take_sample(context);
    handled++;
    errno = error;
}

static void *send_signals(void *argument) {
    unsigned state = 12345;
    long period = strtol(getenv("HARNESS_PERIOD_NS") ?: "100000", NULL, 10);
    // No signal before the last one has come: where a walk takes longer than the period, as in an emulator, the program
    // would not get on. But one that went to a thread that has ended never comes.
    uint64_t sent = 0;
    for (int waits = 0; !stopping; waits++) {
        state = state * 1103515245 + 12345;
        struct timespec pause = {.tv_nsec = period / 2 + (long)(state >> 8) % period};
        nanosleep(&pause, NULL);
        if (stopping || (handled < sent && waits < 200)) continue;
        waits = 0;
        sent = handled + 1;
        pthread_kill(sampled, SIGPROF);
    }
    return argument;
}

static void read_plants(void) {
    FILE *file = fopen(getenv("HARNESS_SYMBOLS") ?: "", "r");
    uint64_t bias = harness_bias();
    plant next;
    while (file != NULL && plant_count < 1024 &&
           fscanf(file, "%lx %lx %d", &next.start, &next.end, &next.function) == 3) {
        next.start += bias, next.end += bias;
        plants[plant_count++] = next;
    }
    if (file != NULL) fclose(file);
}

void harness_thread(void) {
    harness_find_stack();
    sampled = pthread_self();
}

void harness_sample_begin(void) {
    read_plants();
    repeat = (int)strtol(getenv("HARNESS_REPEAT") ?: "0", NULL, 10);
    sampled = pthread_self();
    struct sigaction action = {.sa_sigaction = on_sample, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    if (getenv("HARNESS_PERIOD_NS") == NULL || atol(getenv("HARNESS_PERIOD_NS")) > 0)
        pthread_create(&sender, NULL, send_signals, NULL);
}

void harness_sample_end(void) {
    stopping = true;
    if (sender != 0) pthread_join(sender, NULL);
    FILE *out = fopen(getenv("HARNESS_RESULT") ?: "/dev/stderr", "w");
    if (out == NULL) return;
    uint64_t count = samples > 0 ? samples : 1;
    fprintf(out, "sampled %lu exact %lu incomplete %lu wrong %lu fallback %lu cut %lu depth %lu ns %lu warm %lu\n",
            samples, exact, incomplete, wrong, fallback, cut, frames_seen / count, nanoseconds / count,
            repeat > 0 ? warm_nanoseconds / count / (uint64_t)repeat : 0);
    fclose(out);
}
