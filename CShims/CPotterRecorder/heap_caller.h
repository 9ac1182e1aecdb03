// SPDX-License-Identifier: Apache-2.0
// How a hook knows its caller's registers: the exported name is a stub in assembly, which puts them into argument
// registers that the function does not use, and jumps to the body. So no frame of ours is in a stack, and the unwind
// begins in the caller, exactly.
#pragma once
#include "pp_unwind.h"

#if defined(__x86_64__)
#include "heap_caller_x86_64.h"
#elif defined(__aarch64__)
#include "heap_caller_aarch64.h"
#else
#error "malloc hooks: this architecture is not supported yet"
#endif
