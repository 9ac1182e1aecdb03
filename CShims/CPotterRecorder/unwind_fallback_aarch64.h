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

// A function interrupted where it has no frame yet, or no more.
static enum pp_step pp_step_frameless_leaf(pp_walk *walk) {
    const uint8_t *code = (walk->at.pc & 3) == 0 ? pp_code_at(walk->space, walk->at.pc) : NULL;
    if (code == NULL)
        return PP_STEP_FAILED;
    switch (pp_arch_leaf_shape(code)) {
    case PP_LEAF_IN_REGISTER:
        return pp_return_to(walk, walk->at.ra, walk->at.sp, walk->at.fp);
    case PP_LEAF_RECORD_AT_SP:
        return pp_return_by_record(walk, walk->at.sp);
    default:
        return PP_STEP_FAILED;
    }
}

enum pp_step pp_step_by_frame_pointer(pp_walk *walk) {
    if (walk->exact && pp_step_frameless_leaf(walk) == PP_STEP_MORE)
        return PP_STEP_MORE;
    return pp_return_by_record(walk, pp_arch_frame_pointer(walk));
}

// The resolver of arm64 has call frame information that rows can express.
enum pp_step pp_step_out_of_resolver(pp_walk *walk) { return PP_STEP_FAILED; }
