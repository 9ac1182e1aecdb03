// SPDX-License-Identifier: Apache-2.0
// The exact oracle: single-steps the main thread and keeps a shadow stack of return addresses. See harness.h.
//
// A call instruction pushes its return address: the shadow stack notes the slot. A slot below sp is dead, which covers
// returns, tail calls, longjmp and exceptions alike. So at each instruction the true stack is known without debug info.
#define _GNU_SOURCE
#include "harness.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRAP_FLAG 0x100
#define CALL_RT_SIGPROCMASK 14
#define SITES 40

typedef struct { uint64_t slot; } shadow_entry;
typedef struct { char module[256]; uint64_t steps, checked, exact, incomplete, wrong, fallback; } module_count;
typedef struct { uint64_t pc, count; uint32_t frame, of; char what; uint64_t saw, truth; } failure;

static shadow_entry shadow[HARNESS_DEEP];
static uint32_t shadow_depth;
static uint64_t base[16];
static uint32_t base_depth;
static bool active;
static pthread_t stepped;
static bool in_main; // the program's own main has been entered
static uint64_t last_pc, last_sp, steps, limit = UINT64_MAX, every = 1, skip, random_state = 0x9e3779b97f4a7c15ull;
static module_count counts[256];
static failure failures[SITES];
static char traps[1 << 16] __attribute__((aligned(16)));
static uint64_t mask_copy, mask_argument;

static bool is_call(const uint8_t *code) {
    while (*code == 0xf2 || *code == 0x3e || *code == 0x66 || (*code & 0xf0) == 0x40) code++;
    return code[0] == 0xe8 || (code[0] == 0xff && (code[1] >> 3 & 7) == 2);
}

static void follow(uint64_t pc, uint64_t sp) {
    while (shadow_depth > 0 && shadow[shadow_depth - 1].slot < sp) shadow_depth--;
    if (last_pc != 0 && sp == last_sp - 8 && is_call((const uint8_t *)last_pc)) {
        uint64_t address = *(const uint64_t *)sp;
        if (address - last_pc >= 2 && address - last_pc <= 15 && shadow_depth < HARNESS_DEEP)
            shadow[shadow_depth++] = (shadow_entry){.slot = sp};
    }
    last_pc = pc;
    last_sp = sp;
}

// Frame `index` of the true stack.
static uint64_t truth(uint64_t pc, uint32_t index) {
    if (index == 0) return pc;
    if (index <= shadow_depth) return *(const uint64_t *)shadow[shadow_depth - index].slot - 1;
    return base[index - shadow_depth]; // base[0] is the wrapper itself, which the last call names more exactly
}

static module_count *count_of(uint64_t pc) {
    uint64_t relative;
    const char *module = harness_module(pc, &relative);
    int i = 0;
    while (i < 255 && counts[i].module[0] != 0 && strcmp(counts[i].module, module) != 0) i++;
    if (counts[i].module[0] == 0) snprintf(counts[i].module, sizeof counts[i].module, "%s", module);
    return &counts[i];
}

static void note(uint64_t pc, char what, uint32_t frame, uint32_t of, uint64_t saw, uint64_t expected) {
    for (int i = 0; i < SITES; i++) {
        if (failures[i].count != 0 && (failures[i].saw != saw || failures[i].truth != expected)) continue;
        if (failures[i].count++ == 0)
            failures[i] = (failure){.pc = pc, .count = 1, .frame = frame, .of = of, .what = what, .saw = saw,
                                    .truth = expected};
        return;
    }
}

static void check(const ucontext_t *context, uint64_t pc) {
    static uint64_t frames[PP_MAX_FRAMES];
    pp_unwound result = harness_unwind(context, frames);
    module_count *count = count_of(pc);
    count->checked++;
    if (result.flags & PP_STACK_FALLBACK) count->fallback++;
    uint32_t expected = 1 + shadow_depth + base_depth - 1, total = result.depth + result.cut;
    uint32_t i = 0;
    for (; i < result.depth; i++) {
        uint32_t index = i < PP_CUT_FRAMES ? i : i + result.cut;
        if (index >= expected || frames[i] != truth(pc, index)) break;
    }
    bool incomplete = (result.flags & PP_STACK_INCOMPLETE) != 0;
    if (i == result.depth && total == expected && !incomplete) {
        count->exact++;
        return;
    }
    // A prefix of the truth that says it is one is honest; anything else is wrong.
    bool honest = incomplete && i == result.depth;
    if (honest) count->incomplete++;
    else count->wrong++;
    note(pc, honest ? 'i' : 'w', i, expected, i < result.depth ? frames[i] : 0, i < expected ? truth(pc, i) : 0);
}

// A blocked SIGTRAP would kill the program at its next instruction: mask changes get a copy of the mask without it.
static void keep_trap_unblocked(greg_t *registers) {
    const uint8_t *code = (const uint8_t *)registers[REG_RIP];
    if (mask_argument != 0) registers[REG_RSI] = (greg_t)mask_argument, mask_argument = 0;
    if (code[0] != 0x0f || code[1] != 0x05 || registers[REG_RAX] != CALL_RT_SIGPROCMASK) return;
    if (registers[REG_RSI] == 0) return;
    mask_argument = (uint64_t)registers[REG_RSI];
    mask_copy = *(const uint64_t *)mask_argument & ~(1ull << (SIGTRAP - 1));
    registers[REG_RSI] = (greg_t)&mask_copy;
}

static void on_trap(int number, siginfo_t *information, void *argument) {
    (void)number, (void)information;
    ucontext_t *context = argument;
    greg_t *registers = context->uc_mcontext.gregs;
    uint64_t pc = (uint64_t)registers[REG_RIP];
    if (!pthread_equal(pthread_self(), stepped)) { // a new thread inherits the flag
        registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
        return;
    }
    if (!active || steps >= limit) {
        active = false;
        registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
        return;
    }
    registers[REG_EFL] |= TRAP_FLAG;
    follow(pc, (uint64_t)registers[REG_RSP]);
    in_main = in_main || pc == harness_main_address();
    // When main has returned, the frames that it stood on go, too.
    if (in_main && shadow_depth == 0) active = false;
    if (in_main && shadow_depth > 0 && steps++ >= skip) {
        random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
        if ((random_state >> 33) % every == 0) check(context, pc);
    }
    keep_trap_unblocked(registers);
}

static uint64_t number(const char *name, uint64_t fallback) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : fallback;
}

void harness_step_begin(void) {
    limit = number("HARNESS_STEPS", UINT64_MAX);
    every = number("HARNESS_EVERY", 1);
    skip = number("HARNESS_SKIP", 0);
    sigaltstack(&(stack_t){.ss_sp = traps, .ss_size = sizeof traps}, NULL);
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGTRAP, &action, NULL);
    static uint64_t frames[PP_MAX_FRAMES];
    ucontext_t here;
    getcontext(&here);
    pp_unwound result = harness_unwind(&here, frames);
    if (result.flags & PP_STACK_INCOMPLETE) 
        fprintf(stderr, "harness: base stack incomplete, %u frames, last in %s\n", result.depth,
                harness_module(frames[result.depth - 1], &(uint64_t){0}));
    for (uint32_t i = 1; i < result.depth && i < 16; i++) base[base_depth++] = frames[i];
    stepped = pthread_self();
    active = true;
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
}

void harness_step_end(void) {
    active = false;
    __asm__ volatile("nop; nop" ::: "memory");
    FILE *out = fopen(getenv("HARNESS_RESULT") ?: "/dev/stderr", "w");
    if (out == NULL) return;
    for (int i = 0; i < 256 && counts[i].module[0] != 0; i++)
        fprintf(out, "module %s checked %lu exact %lu incomplete %lu wrong %lu fallback %lu\n", counts[i].module,
                counts[i].checked, counts[i].exact, counts[i].incomplete, counts[i].wrong, counts[i].fallback);
    for (int i = 0; i < SITES && failures[i].count != 0; i++) {
        uint64_t at, saw, expected;
        const char *module = harness_module(failures[i].pc, &at);
        const char *saw_in = harness_module(failures[i].saw, &saw);
        const char *expected_in = harness_module(failures[i].truth, &expected);
        fprintf(out, "failure %c %s+%lx count %lu frame %u of %u saw %s+%lx truth %s+%lx\n", failures[i].what, module,
                at, failures[i].count, failures[i].frame, failures[i].of, saw_in, saw, expected_in, expected);
    }
    fclose(out);
}
