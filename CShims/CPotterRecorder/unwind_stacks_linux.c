// SPDX-License-Identifier: Apache-2.0
// The stacks of a thread that a signal interrupted: its own, the alternate signal stack, and whatever else sp points
// into. Called by the sampler in the handler.
#include "unwind_stacks_linux.h"
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

// rt_sigprocmask copies the new mask before it looks at what to do with it: EFAULT where it cannot be read, EINVAL
// otherwise, as nothing is asked for. It is the system call that no filter can refuse without breaking libc.
#define PP_NO_MASK_CHANGE (-1)

bool pp_is_readable(uint64_t address) {
    int saved = errno;
    long result = syscall(SYS_rt_sigprocmask, PP_NO_MASK_CHANGE, address, NULL, sizeof(uint64_t));
    bool readable = result == 0 || errno == EINVAL;
    errno = saved;
    return readable;
}

pp_stacks pp_stacks_of(uint64_t own_low, uint64_t own_high, const ucontext_t *context) {
    pp_stacks stacks = {.is_readable = pp_is_readable};
    if ((context->uc_stack.ss_flags & SS_DISABLE) == 0) {
        stacks.low[0] = ((uint64_t)(uintptr_t)context->uc_stack.ss_sp + 7) & ~(uint64_t)7;
        stacks.high[0] = ((uint64_t)(uintptr_t)context->uc_stack.ss_sp + context->uc_stack.ss_size) & ~(uint64_t)7;
    }
    stacks.low[1] = own_low;
    stacks.high[1] = own_high & ~(uint64_t)7;
    return stacks;
}
