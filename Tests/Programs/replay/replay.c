// SPDX-License-Identifier: Apache-2.0
// Replays a corpus. One line for each stack on stdout:
//
//   replay time CORPUS PASSES      time INDEX DEPTH POTTER LIBUNWIND FRAME-POINTERS
//                                  ns, the least of PASSES passes over all stacks
//   replay cold CORPUS PASSES      time INDEX DEPTH POTTER      the same with cold caches
//   replay compare CORPUS          same INDEX DEPTH
//                                  differ INDEX DEPTH KIND FRAME OUR-MODULE+OFFSET THEIR-MODULE+OFFSET AFTER
//   replay calls CORPUS            call HANDLER-NS UNWIND-NS DEPTH THREAD       of the recorded program itself
//
// and of `compare` also: late-table INDEX, in the program a module had no table yet; unlike-live INDEX DEPTH
// LIVE-DEPTH, the replay does not say what the unwinder said there; `left COUNT REASON` for stacks that were left out.
#include "replay.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLD_PAGES 8192 // of 512 bytes touched each: 4 MiB, some times the second cache; more pages than a TLB holds
#define ROOM (PP_MAX_FRAMES + 64)

typedef struct least {
    double potter, libunwind, frame_pointers;
    uint32_t depth;
} least;

// What frame pointers alone would say. Returns how many frames they reach.
static uint32_t walk_frame_pointers(const corpus_stack *stack, uint64_t *frames) {
    uint64_t fp = stack->registers[CORPUS_RBP], below = stack->low;
    uint32_t count = 0;
    frames[count++] = stack->registers[CORPUS_RIP];
    while (count < PP_MAX_FRAMES && (fp & 7) == 0 && fp > below && fp <= stack->high - 16) {
        const volatile uint64_t *frame = (const volatile uint64_t *)fp;
        frames[count++] = frame[1];
        below = fp;
        fp = frame[0];
    }
    return count;
}

static void keep_least(double *least, uint64_t ticks, double ns_per_tick) {
    double ns = (double)ticks * ns_per_tick;
    if (*least == 0 || ns < *least) *least = ns;
}

// Leaves none of the tables in the first and second cache, nor their pages in the TLB, as a program does between two
// samples.
static void write_elsewhere(void) {
    static volatile uint8_t memory[COLD_PAGES][4096];
    for (size_t page = 0; page < COLD_PAGES; page++)
        for (size_t line = page % 8; line < 64; line += 8) memory[page][line * 64]++;
}

static void time_potter(const replay *this, const corpus_stack *stack, least *least) {
    static uint64_t frames[PP_MAX_FRAMES];
    uint64_t begin = corpus_ticks();
    pp_unwound unwound = replay_unwind(this, stack, frames);
    keep_least(&least->potter, corpus_ticks() - begin, this->ns_per_tick);
    least->depth = unwound.depth + unwound.cut;
}

static void time_others(const replay *this, oracle *oracle, const corpus_stack *stack, least *least) {
    static uint64_t frames[PP_MAX_FRAMES];
    static oracle_frame oracle_frames[ROOM];
    uint64_t begin = corpus_ticks();
    oracle_walk(oracle, stack, oracle_frames, ROOM);
    keep_least(&least->libunwind, corpus_ticks() - begin, this->ns_per_tick);
    begin = corpus_ticks();
    walk_frame_pointers(stack, frames);
    keep_least(&least->frame_pointers, corpus_ticks() - begin, this->ns_per_tick);
}

static void time_all(const replay *this, int passes, bool cold) {
    oracle *oracle = oracle_open(this, true);
    least *all = calloc(this->count + 1, sizeof *all);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t i = 0; i < this->count; i++) {
            if (!replay_is_whole(this, &this->stacks[i])) continue;
            replay_place(this, &this->stacks[i]);
            if (cold) write_elsewhere();
            time_potter(this, &this->stacks[i], &all[i]);
            if (!cold) time_others(this, oracle, &this->stacks[i], &all[i]);
        }
    for (uint32_t i = 0; i < this->count; i++) {
        if (all[i].depth == 0) continue;
        printf("time %u %u %.1f", i, all[i].depth, all[i].potter);
        if (!cold) printf(" %.1f %.1f", all[i].libunwind, all[i].frame_pointers);
        printf("\n");
    }
}

// `module+offset` of a run-time address, without blanks.
static void print_place(const replay *this, uint64_t address) {
    const corpus_module *module = replay_module_at(this, address);
    const char *name = module == NULL ? "?" : module->path[0] == 0 ? "program" : module->path;
    const char *slash = strrchr(name, '/');
    printf(" %s+%lx", slash != NULL ? slash + 1 : name, address - (module != NULL ? module->bias : 0));
}

// Run-time address of one of our frames.
static uint64_t address_of(const replay *this, uint64_t frame) {
    uint64_t slot = frame >> PP_FRAME_MODULE_SHIFT, address = frame & PP_FRAME_ADDRESS_MASK;
    for (uint32_t i = 0; i < this->corpus->module_count; i++)
        if (this->modules[i].slot == slot) return this->modules[i].bias + address;
    return address;
}

// Why the chains part at frame `at`, as far as the two walks tell.
static const char *kind_of(const pp_unwound *ours, const oracle_frame *theirs, uint32_t their_depth, uint32_t at) {
    for (uint32_t i = 0; i < at; i++)
        if (!theirs[i].has_fde) return "guess"; // libunwind had no FDE for a step before
    if (ours->flags & PP_STACK_INCOMPLETE && at == ours->depth) return "ours-ends";
    if (at == their_depth) return "theirs-ends";
    if (at == ours->depth) return "theirs-goes-on";
    return "other";
}

static void compare_stack(const replay *this, oracle *oracle, uint32_t index) {
    static uint64_t ours[PP_MAX_FRAMES];
    static oracle_frame theirs[ROOM];
    const corpus_stack *stack = &this->stacks[index];
    replay_place(this, stack);
    pp_unwound unwound = replay_unwind(this, stack, ours);
    const void *live = (const uint8_t *)this->corpus + stack->frames;
    if ((stack->flags & PP_STACK_INCOMPLETE) != 0 && (unwound.flags & PP_STACK_INCOMPLETE) == 0)
        printf("late-table %u\n", index);
    else if (unwound.depth != stack->depth || memcmp(ours, live, stack->depth * sizeof *ours) != 0)
        printf("unlike-live %u %u %u\n", index, unwound.depth, stack->depth);
    uint32_t depth = oracle_walk(oracle, stack, theirs, ROOM), at = 0;
    if (unwound.flags & PP_STACK_CUT) {
        printf("left 1 cut\n");
        return;
    }
    while (at < depth && at < unwound.depth && address_of(this, ours[at]) == theirs[at].address) at++;
    if (at == depth && at == unwound.depth) {
        printf("same %u %u\n", index, depth);
        return;
    }
    printf("differ %u %u %s %u", index, unwound.depth, kind_of(&unwound, theirs, depth, at), at);
    if (at < unwound.depth) print_place(this, address_of(this, ours[at]));
    else printf(" end");
    if (at < depth) print_place(this, theirs[at].address);
    else printf(" end");
    if (at > 0) print_place(this, theirs[at - 1].address);
    printf("\n");
}

static void compare_all(const replay *this) {
    oracle *oracle = oracle_open(this, false);
    for (uint32_t i = 0; i < this->count; i++)
        if (replay_is_whole(this, &this->stacks[i])) compare_stack(this, oracle, i);
}

static void print_calls(const replay *this) {
    const corpus_header *corpus = this->corpus;
    const corpus_call *calls = (const void *)((const uint8_t *)corpus + corpus->calls);
    for (uint32_t i = 0; i < corpus->calls_used && i < corpus->calls_room; i++)
        printf("call %.0f %.0f %u %u\n", calls[i].handler_ticks * this->ns_per_tick,
               calls[i].unwind_ticks * this->ns_per_tick, calls[i].depth, calls[i].thread);
}

int main(int count, char **arguments) {
    const char *mode = count > 2 ? arguments[1] : "";
    int passes = count > 3 ? atoi(arguments[3]) : 0;
    bool cold = strcmp(mode, "cold") == 0, comparing = strcmp(mode, "compare") == 0;
    bool timing = (cold || strcmp(mode, "time") == 0) && passes > 0;
    if (!timing && !comparing && strcmp(mode, "calls") != 0) {
        fprintf(stderr, "usage: replay time|cold CORPUS PASSES | compare|calls CORPUS\n");
        return 2;
    }
    replay this = replay_open(arguments[2]);
    if (!timing && !comparing) {
        print_calls(&this);
        return 0;
    }
    replay_map(&this, arguments);
    uint32_t left = 0;
    for (uint32_t i = 0; i < this.count; i++) left += !replay_is_whole(&this, &this.stacks[i]);
    printf("left %u too-large\n", left);
    if (timing) time_all(&this, passes, cold);
    else compare_all(&this);
    return 0;
}
