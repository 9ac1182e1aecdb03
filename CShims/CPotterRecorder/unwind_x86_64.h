// SPDX-License-Identifier: Apache-2.0
// What the unwinder has to know about x86-64. Another architecture gives the same names.
#pragma once
#include "unwind_walk.h"

#if !defined(__x86_64__)
#error "no unwinder for this architecture yet"
#endif

// Linux x86-64: where struct ucontext, which is at sp when a signal handler has returned, keeps the registers. Kernel
// ABI (sigcontext), written down here so that no libc header is needed.
#define PP_UCONTEXT_R14 88
#define PP_UCONTEXT_RBP 120
#define PP_UCONTEXT_RSP 160
#define PP_UCONTEXT_RIP 168

// Registers of the code that a signal interrupted.
static inline enum pp_step pp_arch_step_signal(pp_walk *walk) {
    uint64_t context = walk->at.sp;
    pp_registers saved;
    PP_NOTE_PASSING(walk); // what lies on the other stack may be unmapped when it is looked at again
    if (!pp_stack_word(walk, context + PP_UCONTEXT_RIP, &saved.pc) ||
        !pp_stack_word(walk, context + PP_UCONTEXT_RSP, &saved.sp) ||
        !pp_stack_word(walk, context + PP_UCONTEXT_RBP, &saved.fp) ||
        !pp_stack_word(walk, context + PP_UCONTEXT_R14, &saved.async))
        return PP_STEP_FAILED;
    walk->at = saved; // sp may be lower, if an alternate stack lies inside the stack: PP_WALK_LIMIT ends a circle
    walk->exact = true;
    return PP_STEP_MORE;
}

// Asynchronous Swift functions mark their frames by bit 60 of the saved rbp.
#define PP_SWIFT_ASYNC_FRAME (1ull << 60)
static inline uint64_t pp_arch_frame_pointer(const pp_walk *walk) {
    PP_NOTE_FP(walk);
    return walk->at.fp & ~PP_SWIFT_ASYNC_FRAME;
}

// Canonical frame address of a rule; 0 if it has none.
static inline uint64_t pp_arch_cfa(const pp_walk *walk, uint32_t rule) {
    uint64_t word;
    uint64_t offset = (uint64_t)PP_RULE_OFFSET(rule);
    switch (PP_RULE_KIND(rule)) {
    case PP_UNWIND_SP:
        return walk->at.sp + offset;
    case PP_UNWIND_FP:
        return pp_arch_frame_pointer(walk) + offset;
    case PP_UNWIND_PLT:
        return walk->at.sp + ((walk->at.pc & 15) >= offset / 8 ? 16 : 8);
    case PP_UNWIND_FP_DEREF:
        return pp_stack_word(walk, pp_arch_frame_pointer(walk) + offset, &word) ? word : 0;
    case PP_UNWIND_SP_DEREF:
        return pp_stack_word(walk, walk->at.sp + offset, &word) ? word + 8 : 0;
    default:
        return 0;
    }
}

// Whether the instruction before `code` is a call. Bytes from code - 7 on can be read.
static inline bool pp_arch_follows_call(const uint8_t *code) {
    if (code[-5] == 0xe8)
        return true;
    // ff /2 with its addressing forms. The length follows from the ModRM byte: only the fitting one is a call.
    for (int length = 2; length <= 7; length++) {
        if (length == 5 || code[-length] != 0xff)
            continue;
        uint8_t modrm = code[1 - length], mode = modrm >> 6, base = modrm & 7;
        if ((modrm >> 3 & 7) != 2)
            continue;
        int expected = 2 + (mode != 3 && base == 4) + (mode == 1 ? 1 : mode == 2 || (mode == 0 && base == 5) ? 4 : 0);
        if (mode == 0 && base == 4 && (code[2 - length] & 7) == 5)
            expected += 4; // no base, disp32
        if (expected == length)
            return true;
    }
    return false;
}

// Where an interrupted function without a rule stands, as far as the bytes around its pc tell: distance of the return
// address from sp in bytes, or -1. `*pushed`: the caller's fp lies just below it. Bytes of code[-4..6] can be read.
static inline int pp_arch_leaf_shape(const uint8_t *code, bool *pushed) {
    *pushed = false;
    bool pushes = code[0] == 0x55 && code[1] == 0x48 && code[2] == 0x89 && code[3] == 0xe5; // push rbp; mov rbp, rsp
    bool moves = code[-1] == 0x55 && code[0] == 0x48 && code[1] == 0x89 && code[2] == 0xe5;
    if (pushes || code[0] == 0xc3)
        return 0;                                        // or at ret
    if (moves || (code[0] == 0x5d && code[1] == 0xc3)) { // or at pop rbp; ret
        *pushed = true;
        return 8;
    }
    return -1;
}
