// SPDX-License-Identifier: Apache-2.0
// What the unwinder has to know about arm64. Sources: "Procedure Call Standard for the Arm 64-bit Architecture" (frame
// records, section 6.4.6), "Arm Architecture Reference Manual" (instructions), Linux' arch/arm64/kernel/signal.c.
//
//  1. A call leaves the return address in x30. Code that makes no call may keep it there: that is believed of the leaf
//     and of code that a signal interrupted, whose registers are known, and of no other frame.
//  2. A frame record {caller's x29, return address} may lie anywhere in its frame, so rows name a layout.
//  3. A return address may be signed (pointer authentication): it is stripped wherever it comes from.
#pragma once
#include "unwind_walk.h"

#define PP_INSTRUCTION 4u // bytes

// Where the kernel keeps the registers of interrupted code, from sp when a handler has returned: struct rt_sigframe is
// siginfo_t (128 bytes) and struct ucontext, in which mcontext begins at 176. Kernel ABI.
#define PP_SIGNAL_REGISTER(number) (128u + 176u + 8u + 8u * (number))
#define PP_SIGNAL_SP PP_SIGNAL_REGISTER(31u)
#define PP_SIGNAL_PC PP_SIGNAL_REGISTER(32u)

// Removes the signature of a return address: XPACLRI, a hint, which processors without signatures take for a no-op.
static inline uint64_t pp_arch_stripped(uint64_t address) {
    register uint64_t x30 __asm__("x30") = address;
    __asm__("hint #7" : "+r"(x30));
    return x30;
}

// Registers of the code that a signal interrupted.
static inline enum pp_step pp_arch_step_signal(pp_walk *walk) {
    uint64_t frame = walk->at.sp;
    pp_registers saved;
    if (walk->sp_is_least || !pp_stack_word(walk, frame + PP_SIGNAL_PC, &saved.pc) ||
        !pp_stack_word(walk, frame + PP_SIGNAL_SP, &saved.sp) ||
        !pp_stack_word(walk, frame + PP_SIGNAL_REGISTER(29u), &saved.fp) ||
        !pp_stack_word(walk, frame + PP_SIGNAL_REGISTER(30u), &saved.ra) ||
        !pp_stack_word(walk, frame + PP_SIGNAL_REGISTER(22u), &saved.async))
        return PP_STEP_FAILED;
    walk->at = saved; // sp may be lower, if an alternate stack lies inside the stack: PP_WALK_LIMIT ends a circle
    walk->exact = true;
    return PP_STEP_MORE;
}

// Asynchronous Swift functions mark their frames by bit 60 of the saved x29.
#define PP_SWIFT_ASYNC_FRAME (1ull << 60)
static inline uint64_t pp_arch_frame_pointer(const pp_walk *walk) { return walk->at.fp & ~PP_SWIFT_ASYNC_FRAME; }

// No rule of arm64 has its frame address in itself.
static inline uint64_t pp_arch_cfa(const pp_walk *walk, uint32_t rule) { return 0; }

// The canonical frame address by a layout; 0 if it has none. After a frame pointer was believed, sp is not known, but
// x29 is the address of the frame record, if the function has one.
static inline uint64_t pp_arch_layout_cfa(const pp_walk *walk, uint32_t kind, const pp_unwind_layout *layout) {
    if (kind == PP_UNWIND_AT_FP)
        return pp_arch_frame_pointer(walk) + (uint64_t)(int64_t)layout->cfa;
    if (!walk->sp_is_least)
        return walk->at.sp + (uint64_t)(int64_t)layout->cfa;
    bool has_record = !PP_IS_UNSAVED(layout->fp) && layout->ra == layout->fp + 8;
    return has_record ? pp_arch_frame_pointer(walk) - (uint64_t)(int64_t)layout->fp : 0;
}

// The caller's value of a register; 0 if it is lost.
static inline uint64_t pp_arch_saved(const pp_walk *walk, int32_t place, uint64_t cfa, uint64_t same) {
    if (place == PP_SAVED_SAME)
        return same;
    uint64_t word;
    return place == PP_SAVED_LOST || !pp_stack_word(walk, cfa + (uint64_t)(int64_t)place, &word) ? 0 : word;
}

// Leaves the frame by a rule that names a layout.
static inline enum pp_step pp_arch_step_layout(pp_walk *walk, uint32_t rule) {
    const pp_unwind_layout *layout = pp_layout_of(walk->table, rule);
    if (layout == NULL)
        return PP_STEP_FAILED;
    bool in_register = layout->ra == PP_SAVED_SAME;
    if (in_register && !walk->exact)
        return PP_STEP_FAILED;
    uint64_t cfa = pp_arch_layout_cfa(walk, PP_RULE_KIND(rule), layout);
    if (cfa < walk->at.sp || cfa > walk->high || (cfa == walk->at.sp && !in_register))
        return PP_STEP_FAILED;
    uint64_t pc = walk->at.ra;
    if (!in_register && (PP_IS_UNSAVED(layout->ra) || !pp_stack_word(walk, cfa + (uint64_t)(int64_t)layout->ra, &pc)))
        return PP_STEP_FAILED;
    pc = pp_arch_stripped(pc);
    walk->at.async = pp_arch_saved(walk, layout->async, cfa, walk->at.async);
    walk->at.fp = pp_arch_saved(walk, layout->fp, cfa, walk->at.fp);
    walk->at.sp = cfa;
    walk->at.pc = pc;
    walk->exact = false;
    walk->sp_is_least = false;
    return pc == 0 ? PP_STEP_END : PP_STEP_MORE;
}

static inline uint32_t pp_arch_instruction(const uint8_t *code) {
    uint32_t instruction;
    __builtin_memcpy(&instruction, code, sizeof instruction);
    return instruction;
}

// Whether the instruction before `code` is a call: BL, BLR, or BLR with authentication (BLRAA and its kin).
static inline bool pp_arch_follows_call(const uint8_t *code) {
    uint32_t instruction = pp_arch_instruction(code - PP_INSTRUCTION);
    return (instruction & 0xfc000000u) == 0x94000000u || (instruction & 0xfffffc1fu) == 0xd63f0000u ||
           (instruction & 0xfefff800u) == 0xd63f0800u;
}

// Instructions around which frame records come and go. Arm Architecture Reference Manual, C6.2.

// ret, retaa, retab
static inline bool pp_arch_returns(uint32_t word) {
    return word == 0xd65f03c0u || word == 0xd65f0bffu || word == 0xd65f0fffu;
}
// Any branch: b, bl, b.cond, cbz, tbz and their kin, br, blr, ret
static inline bool pp_arch_branches(uint32_t word) {
    return (word & 0x7c000000u) == 0x14000000u || (word & 0xfe000000u) == 0x54000000u ||
           (word & 0x7c000000u) == 0x34000000u || (word & 0xfe000000u) == 0xd6000000u;
}
// add x29, sp, #n, or mov x29, sp: the frame record is in place
static inline bool pp_arch_sets_record(uint32_t word) { return (word & 0xff8003ffu) == 0x910003fdu; }
// stp x29, x30, to sp
static inline bool pp_arch_stores_record(uint32_t word) { return (word & 0xfe407fffu) == 0xa8007bfdu; }
// ldp or ldr of x30 from sp
static inline bool pp_arch_reloads_link(uint32_t word) {
    bool pair = (word & 0xfe4003e0u) == 0xa84003e0u && ((word & 31) == 30 || (word >> 10 & 31) == 30);
    return pair || (word & 0xffe00fffu) == 0xf84007feu || (word & 0xffc003ffu) == 0xf94003feu;
}
// The first instruction of a function that will have a record: stp x29, x30, [sp, #-n]!; paciasp; pacibsp; bti c
static inline bool pp_arch_begins(uint32_t word) {
    return (word & 0xffc07fffu) == 0xa9807bfdu || word == 0xd503233fu || word == 0xd503237fu || word == 0xd503245fu;
}
