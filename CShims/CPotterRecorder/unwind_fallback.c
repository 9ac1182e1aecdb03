// SPDX-License-Identifier: Apache-2.0
// What is left where no unwind row describes the code: frame pointers, believed only if everything about them fits.
// Called by unwind.c in signal handlers. A wrong frame is worse than an incomplete stack: each guess must pass
//  1. the frame lies in the stack, above sp, aligned as the ABI wants it,
//  2. the return address lies in the code segment of a mapped module,
//  3. the instruction before it is a call.
#if defined(__aarch64__)
#include "unwind_aarch64.h"
#else
#include "unwind_x86_64.h"
#endif

#define PP_CODE_BEFORE 7 // bytes before an address that pp_arch_follows_call and pp_arch_leaf_shape look at
#define PP_CODE_AFTER 7
#define PP_PLT_PUSH 6           // in a PLT stub the push comes after jmp *slot(rip)
#define PP_RESOLVER_CODE 256u   // the resolver is not longer
#define PP_RESOLVER_AREA 65536u // nor does it take more stack

// The code bytes at `address`, with the margins readable, or NULL.
static const uint8_t *pp_code_at(const pp_unwind_space *space, uint64_t address) {
    if (space->code_is_leaving)
        return NULL;
    const pp_code_range *range = pp_range_of(space, address);
    const pp_unwind_table *table = pp_table_of(space, range);
    if (table == NULL)
        return NULL;
    uint64_t relative = address - range->bias;
    if (table->code_end < table->code_start || relative < table->code_start || relative >= table->code_end)
        return NULL;
    if (relative - table->code_start < PP_CODE_BEFORE || table->code_end - relative < PP_CODE_AFTER)
        return NULL;
    if (address + PP_CODE_AFTER > range->end || address - PP_CODE_BEFORE < range->start)
        return NULL;
    return (const uint8_t *)address;
}

static bool pp_is_return_address(const pp_unwind_space *space, uint64_t address) {
    const uint8_t *code = pp_code_at(space, address);
    return code != NULL && pp_arch_follows_call(code);
}

#if defined(__aarch64__)
#include "unwind_fallback_aarch64.h"
#else

// Leaves the frame whose return address is at `slot`, if that is one.
static enum pp_step pp_return_through(pp_walk *walk, uint64_t slot, uint64_t fp) {
    uint64_t address;
    if (!pp_stack_word(walk, slot, &address))
        return PP_STEP_FAILED;
    if (!pp_is_return_address(walk->space, address))
        return PP_STEP_FAILED;
    walk->at = (pp_registers){.pc = address, .sp = slot + 8, .fp = fp, .async = walk->at.async};
    walk->exact = false;
    return PP_STEP_MORE;
}

// A function interrupted where it has no frame yet, or no more.
static enum pp_step pp_step_frameless_leaf(pp_walk *walk) {
    const uint8_t *code = pp_code_at(walk->space, walk->at.pc);
    if (code == NULL)
        return PP_STEP_FAILED;
    bool pushed;
    int distance = pp_arch_leaf_shape(code, &pushed);
    if (distance < 0)
        return PP_STEP_FAILED;
    uint64_t fp = walk->at.fp;
    if (pushed && !pp_stack_word(walk, walk->at.sp, &fp))
        return PP_STEP_FAILED;
    return pp_return_through(walk, walk->at.sp + (uint64_t)distance, fp);
}

enum pp_step pp_step_by_frame_pointer(pp_walk *walk) {
    if (walk->exact && pp_step_frameless_leaf(walk) == PP_STEP_MORE)
        return PP_STEP_MORE;
    uint64_t frame = pp_arch_frame_pointer(walk), caller;
    if ((frame & 15) != 0 || frame < walk->at.sp || !pp_stack_word(walk, frame, &caller))
        return PP_STEP_FAILED;
    return pp_return_through(walk, frame + 8, caller);
}

// The bytes that _dl_runtime_resolve takes for vector registers. Its code says where ld.so keeps that number:
//     and $-64, %rsp
//     sub _rtld_global_ro+n(%rip), %rsp
// 0 if the code looks different.
static uint64_t pp_resolver_area(const pp_walk *walk) {
    static const uint8_t pattern[7] = {0x48, 0x83, 0xe4, 0xc0, 0x48, 0x2b, 0x25};
    for (uint64_t address = walk->at.pc; address > walk->at.pc - PP_RESOLVER_CODE; address--) {
        const uint8_t *code = pp_code_at(walk->space, address);
        // The resolver starts by pushing rbx and keeping rsp there; what is before is another function.
        if (code == NULL || (code[0] == 0x53 && code[1] == 0x48 && code[2] == 0x89 && code[3] == 0xe3))
            return 0;
        int equal = 0;
        while (equal < 7 && code[equal - 7] == pattern[equal])
            equal++;
        if (equal < 7)
            continue;
        int32_t distance;
        __builtin_memcpy(&distance, code, sizeof distance);
        uint64_t variable = address + 4 + (uint64_t)(int64_t)distance;
        if ((variable & 7) != 0 || variable < walk->range->start || variable > walk->range->end - 8)
            return 0;
        uint64_t area = *(const volatile uint64_t *)variable;
        return area < PP_RESOLVER_AREA && (area & 7) == 0 ? area : 0;
    }
    return 0;
}

// Whether the return address follows a call of the PLT stub that pushes this index.
static bool pp_is_call_of_stub(const pp_unwind_space *space, uint64_t address, uint64_t index) {
    const uint8_t *code = pp_code_at(space, address);
    int32_t distance;
    uint32_t pushed;
    if (code == NULL || code[-5] != 0xe8)
        return false;
    __builtin_memcpy(&distance, code - 4, sizeof distance);
    const uint8_t *stub = pp_code_at(space, address + (uint64_t)(int64_t)distance + PP_PLT_PUSH);
    if (stub == NULL || stub[0] != 0x68)
        return false;
    __builtin_memcpy(&pushed, stub + 1, sizeof pushed);
    return pushed == index;
}

// Whether the resolver's frame can be at `saved`, where it would have pushed rbx. With `strictly` the stub must have
// been called directly; else it may have been reached by a tail call.
static bool pp_is_resolver_frame(const pp_walk *walk, uint64_t saved, bool strictly) {
    uint64_t link_map, index, address;
    if (!pp_stack_word(walk, saved + 8, &link_map) || !pp_stack_word(walk, saved + 16, &index) ||
        !pp_stack_word(walk, saved + 24, &address))
        return false;
    if (index >> 24 != 0 || link_map < 65536 || (link_map & 7) != 0 || link_map >> 47 != 0)
        return false;
    return strictly ? pp_is_call_of_stub(walk->space, address, index) : pp_is_return_address(walk->space, address);
}

// A PLT stub has pushed the relocation's index and the module's link map below the return address; then the resolver
// pushed rbx, aligned the stack to 64 bytes and took its area. So there are eight places where the frame can be. The
// padding below it holds leftovers of earlier calls that look alike: if several places fit, none is believed.
enum pp_step pp_step_out_of_resolver(pp_walk *walk) {
    // If the code before pc does not tell the area, the resolver was interrupted before it took it.
    uint64_t lowest = walk->at.sp + pp_resolver_area(walk), found = 0;
    for (int strictly = 1; strictly >= 0 && found == 0; strictly--)
        for (uint64_t saved = lowest; saved < lowest + 64; saved += 8) {
            if (!pp_is_resolver_frame(walk, saved, strictly))
                continue;
            if (found != 0)
                return PP_STEP_FAILED;
            found = saved;
        }
    return found == 0 ? PP_STEP_FAILED : pp_return_through(walk, found + 24, walk->at.fp);
}

#endif
