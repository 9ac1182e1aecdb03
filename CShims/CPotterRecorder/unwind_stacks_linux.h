// SPDX-License-Identifier: Apache-2.0
// See unwind_stacks_linux.c.
#pragma once
#include "pp_unwind.h"
#include <errno.h>
#include <ucontext.h>

/// Whether the word at `address` can be read now. One system call, errno is kept.
bool pp_is_readable(uint64_t address);

/// The stacks that the code which a signal interrupted may be on: the alternate stack that was in force, and the
/// thread's own, [own_low, own_high).
pp_stacks pp_stacks_of(uint64_t own_low, uint64_t own_high, const ucontext_t *_Nonnull context);
