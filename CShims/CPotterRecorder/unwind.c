// SPDX-License-Identifier: Apache-2.0
// The unwinder: from the registers of an interrupted thread to its frames. Called in signal handlers and hooks.
//
//   pc -> range (module) -> table -> rule -> CFA -> return address, caller's fp and async register -> pc ...
//
// Invariants
//  1. sp grows with each step but that out of a signal handler, which may lead to another stack; PP_WALK_LIMIT ends
//     every walk.
//  2. The leaf, and code that a signal interrupted, is looked up by its exact pc; return addresses by the byte before
//     them, which lies inside the call (the next byte may be another function, if the callee does not return).
//  3. Of a deep stack the leaf half and the root half are kept: frames[PP_CUT_FRAMES...] is a ring until the end.
#include "unwind_stack.h"
#if defined(__aarch64__)
#include "unwind_aarch64.h"
#else
#include "unwind_x86_64.h"
#endif
#include "unwind_ahead.h"

#if PP_UNWIND_NOTING
// The caller's fp; whether it will be used is not known yet.
static inline void pp_restore(pp_walk *walk, uint32_t rule, uint64_t below) {
    uint32_t code = PP_RULE_FP(rule);
    uint64_t word = 0, place = below - 8 * (uint64_t)(code - 1);
    if (code == PP_RULE_SAME)
        return;
    *walk->fp_source = code != PP_RULE_UNKNOWN && pp_peek_word(walk, place, &word) ? place : PP_FP_NOTED;
    walk->at.fp = word;
}
#else
// The caller's value of a register that the rule field `code` describes; 0 if it is lost.
static inline uint64_t pp_saved(const pp_walk *walk, uint32_t code, uint64_t below, uint64_t same) {
    if (code == PP_RULE_SAME)
        return same;
    uint64_t word;
    if (code == PP_RULE_UNKNOWN || !pp_stack_word(walk, below - 8 * (uint64_t)(code - 1), &word))
        return 0;
    return word;
}

// The caller's fp and async register.
static inline void pp_restore(pp_walk *walk, uint32_t rule, uint64_t below) {
    walk->at.async = pp_saved(walk, PP_RULE_ASYNC(rule), below, walk->at.async);
    walk->at.fp = pp_saved(walk, PP_RULE_FP(rule), below, walk->at.fp);
}
#endif

// Leaves the frame by a rule that has a CFA.
static inline enum pp_step pp_step_by_cfa(pp_walk *walk, uint32_t rule) {
    uint64_t cfa = pp_arch_cfa(walk, rule), pc;
    if (cfa <= walk->at.sp || cfa > walk->high || !pp_stack_word(walk, cfa - 8, &pc))
        return PP_STEP_FAILED;
    uint64_t below = PP_RULE_KIND(rule) == PP_UNWIND_FP_DEREF ? walk->at.fp + 8 : cfa;
    pp_restore(walk, rule, below);
    walk->at.sp = cfa;
    walk->at.pc = pc;
    walk->exact = false;
    return pc == 0 ? PP_STEP_END : PP_STEP_MORE;
}

// Leaves the frame by a guess that was checked.
static enum pp_step pp_step_by_guess(pp_walk *walk, uint32_t kind, pp_unwound *result) {
    if (kind == PP_UNWIND_RESOLVE)
        PP_NOTE_PASSING(walk);
    enum pp_step step = kind == PP_UNWIND_RESOLVE ? pp_step_out_of_resolver(walk) : pp_step_by_frame_pointer(walk);
    if (step != PP_STEP_MORE)
        return step;
    PP_NOTE_GUESS(walk);
    result->fallbacks++;
    result->flags |= PP_STACK_FALLBACK;
    return PP_STEP_MORE;
}

static inline enum pp_step pp_step(pp_walk *walk, uint64_t address, pp_unwound *result) {
    uint32_t rule = walk->table == NULL ? PP_UNWIND_NONE : pp_rule_at(walk->table, address - walk->range->bias);
    switch (PP_RULE_KIND(rule)) {
    case PP_UNWIND_END:
        return PP_STEP_END;
    case PP_UNWIND_SIGNAL:
        return pp_arch_step_signal(walk);
#if defined(__aarch64__)
    case PP_UNWIND_AT_SP:
    case PP_UNWIND_AT_FP:
        return pp_arch_step_layout(walk, rule);
#endif
    case PP_UNWIND_LOST:
        return PP_STEP_FAILED; // And no copy: libunwind would believe the FDE.
    case PP_UNWIND_OTHER:
        result->beyond_rules = 1;
        return PP_STEP_FAILED; // It has no frame pointer, or its rule would name it.
    case PP_UNWIND_NONE:
    case PP_UNWIND_RESOLVE:
        return pp_step_by_guess(walk, PP_RULE_KIND(rule), result);
    default:
        return pp_step_by_cfa(walk, rule);
    }
}

static inline uint64_t pp_frame_of(const pp_walk *walk, uint64_t address) {
    if (walk->range == NULL)
        return (uint64_t)PP_FRAME_NO_MODULE << PP_FRAME_MODULE_SHIFT | (address & PP_FRAME_ADDRESS_MASK);
    uint64_t relative = (address - walk->range->bias) & PP_FRAME_ADDRESS_MASK;
    return (uint64_t)walk->range->module << PP_FRAME_MODULE_SHIFT | relative;
}

static void pp_reverse(uint64_t *words, uint32_t count) {
    for (uint32_t i = 0, j = count; i + 1 < j; i++) {
        uint64_t word = words[i];
        words[i] = words[--j];
        words[j] = word;
    }
}

// Puts the ring of root frames in order, once `walked` frames are known.
static void pp_finish(pp_unwound *result, uint64_t *frames, uint32_t walked) {
    result->depth = walked;
    if (walked <= PP_MAX_FRAMES)
        return;
    const uint32_t ring = PP_MAX_FRAMES - PP_CUT_FRAMES;
    uint32_t oldest = (walked - PP_CUT_FRAMES) % ring;
    uint64_t *roots = frames + PP_CUT_FRAMES;
    pp_reverse(roots, oldest);
    pp_reverse(roots + oldest, ring - oldest);
    pp_reverse(roots, ring);
    result->depth = PP_MAX_FRAMES;
    result->cut = walked - PP_MAX_FRAMES;
    result->flags |= PP_STACK_CUT;
}

// A step on a stack of which only the part that was needed so far is known: a step that fails leaves the walk as it
// was, so it is tried again with more.
static enum pp_step pp_step_probing(pp_walk *walk, uint64_t address, pp_unwound *result) {
    enum pp_step step = pp_step(walk, address, result);
    for (uint32_t pages = 1; step == PP_STEP_FAILED && pages <= PP_PROBE_STEP && pp_extend_stack(walk); pages++)
        step = pp_step(walk, address, result);
    return step;
}

static pp_unwound pp_unwind_once(const pp_unwind_space *space, pp_registers registers, const pp_stacks *stacks,
                                 uint64_t *frames) {
    const uint32_t ring = PP_MAX_FRAMES - PP_CUT_FRAMES;
    pp_unwound result = {.failed_module = PP_FRAME_NO_MODULE};
    pp_walk walk = {.space = space, .at = registers, .stacks = stacks, .exact = !PP_IS_CALLER};
#if PP_UNWIND_NOTING
    uint64_t fp_source = PP_FP_OF_REGISTERS;
    walk.fp_source = &fp_source;
    stacks->notes->count = 0;
    stacks->notes->uses_fp = false;
    stacks->notes->lasting = PP_NOTES_ARE_COMPLETE;
#endif
    enum pp_step step = PP_STEP_MORE;
    uint32_t walked = 0;
    while (step == PP_STEP_MORE) {
        uint64_t address = walk.exact ? walk.at.pc : walk.at.pc - 1;
        pp_locate(&walk, address);
        frames[walked < PP_CUT_FRAMES ? walked : PP_CUT_FRAMES + (walked - PP_CUT_FRAMES) % ring] =
            pp_frame_of(&walk, address);
        walked++;
        bool on_stack = !(walk.exact || (PP_IS_CALLER && walked == 1)) || pp_enter_stack(&walk);
        if (walked == 1 && on_stack && !walk.probing && !PP_IS_CALLER)
            pp_fetch_ahead(&walk);
        if (walked == PP_WALK_LIMIT || !on_stack)
            step = PP_STEP_FAILED;
        else if (PP_LIKELY(!walk.probing))
            step = pp_step(&walk, address, &result);
        else
            step = pp_step_probing(&walk, address, &result);
    }
    if (step == PP_STEP_FAILED) {
        result.flags |= PP_STACK_INCOMPLETE;
        if (walk.range != NULL)
            result.failed_module = walk.range->module;
    }
    pp_finish(&result, frames, walked);
    return result;
}

pp_unwound pp_unwind_stacks(const pp_unwind_space *space, pp_registers registers, const pp_stacks *stacks,
                            uint64_t *frames) {
    const volatile uint32_t *generation = &space->map->generation;
    pp_unwound result;
    for (int attempt = 0; attempt < 2; attempt++) {
        uint32_t before = *generation;
        atomic_thread_fence(memory_order_acquire);
        result = pp_unwind_once(space, registers, stacks, frames);
        atomic_thread_fence(memory_order_acquire);
        if (PP_LIKELY(*generation == before))
            return result;
    }
    result.flags |= PP_STACK_RACED;
    return result;
}

pp_unwound pp_unwind(const pp_unwind_space *space, pp_registers registers, uint64_t stack_low, uint64_t stack_high,
                     uint64_t *frames) {
    pp_stacks stacks = {.low = {stack_low}, .high = {stack_high}};
    return pp_unwind_stacks(space, registers, &stacks, frames);
}
