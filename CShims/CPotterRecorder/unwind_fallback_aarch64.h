// SPDX-License-Identifier: Apache-2.0
// The part of unwind_fallback.c that is different on arm64, included by it alone. A frame record says what the caller's
// x29 is, but not its sp: that is somewhere above the record, and the next frame is found by x29 again.

// Continues at a return address, if it is one.
static enum pp_step pp_return_to(pp_walk *walk, uint64_t address, uint64_t sp, uint64_t fp) {
    address = pp_arch_stripped(address);
    if ((address & 3) != 0 || !pp_is_return_address(walk->space, address))
        return PP_STEP_FAILED;
    walk->at = (pp_registers){.pc = address, .sp = sp, .fp = fp, .async = walk->at.async};
    walk->exact = false;
    return PP_STEP_MORE;
}

// Continues at the caller that a frame record names.
static enum pp_step pp_return_by_record(pp_walk *walk, uint64_t record) {
    uint64_t fp, address;
    if (record < walk->at.sp || !pp_stack_word(walk, record, &fp) || !pp_stack_word(walk, record + 8, &address))
        return PP_STEP_FAILED;
    if (pp_return_to(walk, address, record + 16, fp) != PP_STEP_MORE)
        return PP_STEP_FAILED;
    walk->sp_is_least = true;
    return PP_STEP_MORE;
}

// Instructions that are looked at around an interrupted one.
#define PP_LOOK_AHEAD 8u
#define PP_LOOK_BACK 1024u
#define PP_LARGEST_FUNCTION 65536u // bytes, of those that are not told from their neighbours otherwise

enum pp_record_state {
    PP_RECORD_SET,     // x29 is the address of the function's own record
    PP_RECORD_NONE,    // of its caller's; the return address is in x30
    PP_RECORD_UNCLEAR, // who guessed would skip a frame, or see one twice
};

// The instruction at an address, 0 where code cannot be read.
static uint32_t pp_instruction_at(const pp_walk *walk, uint64_t address) {
    const uint8_t *code = pp_code_at(walk->space, address);
    return code == NULL ? 0 : pp_arch_instruction(code);
}

// Whether the function is about to return, behind what reloads x30 or without any such.
static bool pp_is_returning(const pp_walk *walk) {
    for (unsigned i = 0; i < PP_LOOK_AHEAD; i++) {
        uint32_t word = pp_instruction_at(walk, walk->at.pc + i * PP_INSTRUCTION);
        if (pp_arch_returns(word))
            return true;
        if (word == 0 || pp_arch_branches(word) || pp_arch_reloads_link(word))
            return false;
    }
    return false;
}

// Whether a record is set up on the way from `start` to pc.
static bool pp_sets_record_since(const pp_walk *walk, uint64_t start) {
    for (uint64_t at = start; at < walk->at.pc; at += PP_INSTRUCTION)
        if (pp_arch_sets_record(pp_instruction_at(walk, at)))
            return true;
    return false;
}

// What x30 says, if it is a return address: of the interrupted function, or left over from a call that it made.
static enum pp_record_state pp_record_by_link(const pp_walk *walk, uint64_t link) {
    uint64_t pc = walk->at.pc, distance = link < pc ? pc - link : link - pc;
    uint32_t call = pp_instruction_at(walk, link - PP_INSTRUCTION);
    if ((call & 0xfc000000u) == 0x94000000u) { // bl: its target is where the function begins, or a callee does
        uint64_t target = link - PP_INSTRUCTION + (uint64_t)((int64_t)((uint64_t)call << 38) >> 36);
        if (target <= pc && pc - target < PP_LOOK_BACK * PP_INSTRUCTION)
            return pp_sets_record_since(walk, target) ? PP_RECORD_SET : PP_RECORD_NONE;
    }
    if (pp_range_of(walk->space, link) != walk->range || distance > PP_LARGEST_FUNCTION)
        return PP_RECORD_NONE;
    for (uint64_t at = pc; at > pc - PP_LOOK_BACK * PP_INSTRUCTION; at -= PP_INSTRUCTION) {
        uint32_t word = pp_instruction_at(walk, at - PP_INSTRUCTION);
        if (pp_arch_sets_record(word))
            return PP_RECORD_SET;
        if (pp_arch_stores_record(word))
            return PP_RECORD_NONE; // x29 comes next
        if (word == 0 || pp_arch_returns(word) || pp_arch_reloads_link(word))
            break; // an early return, or the end of another function
    }
    return PP_RECORD_UNCLEAR;
}

static enum pp_record_state pp_record_of_leaf(const pp_walk *walk) {
    uint64_t link = pp_arch_stripped(walk->at.ra), saved;
    if ((link & 3) != 0 || !pp_is_return_address(walk->space, link))
        return PP_RECORD_SET;
    if (pp_arch_begins(pp_instruction_at(walk, walk->at.pc)) || pp_is_returning(walk))
        return PP_RECORD_NONE;
    if (pp_stack_word(walk, pp_arch_frame_pointer(walk) + 8, &saved) && pp_arch_stripped(saved) == link)
        return PP_RECORD_SET; // and no call has been made since
    return pp_record_by_link(walk, link);
}

enum pp_step pp_step_by_frame_pointer(pp_walk *walk) {
    enum pp_record_state state = PP_RECORD_SET;
    if (walk->exact)
        state = (walk->at.pc & 3) == 0 ? pp_record_of_leaf(walk) : PP_RECORD_UNCLEAR;
    if (state == PP_RECORD_UNCLEAR)
        return PP_STEP_FAILED;
    if (state == PP_RECORD_SET)
        return pp_return_by_record(walk, pp_arch_frame_pointer(walk));
    if (pp_return_to(walk, walk->at.ra, walk->at.sp, walk->at.fp) != PP_STEP_MORE)
        return PP_STEP_FAILED;
    walk->sp_is_least = true; // locals may lie there
    return PP_STEP_MORE;
}

// The resolver of arm64 has call frame information that rows can express.
enum pp_step pp_step_out_of_resolver(pp_walk *walk) { return PP_STEP_FAILED; }
