// SPDX-License-Identifier: Apache-2.0
// See unwind_notes.h.
#define PP_UNWIND_NOTING 1
#define pp_unwind_stacks pp_unwind_noting_stacks
#define pp_unwind pp_unwind_noting
#define pp_step_by_frame_pointer pp_noting_step_by_frame_pointer
#define pp_step_out_of_resolver pp_noting_step_out_of_resolver
#include "unwind.c"
#include "unwind_fallback.c"

pp_unwound pp_unwind_caller(const pp_unwind_space *space, pp_registers registers, const pp_stacks *stacks,
                            uint64_t *frames, pp_notes *notes) {
    pp_stacks noting = *stacks;
    noting.notes = notes;
    return pp_unwind_stacks(space, registers, &noting, frames);
}
