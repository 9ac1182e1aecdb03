// SPDX-License-Identifier: Apache-2.0
// A library that comes and goes; built several times with other names for the same code: -DNAME=one -DLEAF=one_leaf
// -DENTRY=one_entry -DSEED=1. Its constructor and destructor compute, too: code of a library runs inside dlopen and dlclose.
#include "soak.h"

static volatile uint64_t sink;

SOAK_NOINLINE uint64_t LEAF(uint64_t x) { return soak_mix(x, SOAK_STEPS * 5) + SEED; }
SOAK_NOINLINE uint64_t ENTRY(uint64_t x) { return LEAF(x + 1) * 3; }

__attribute__((constructor)) static void begin(void) { sink = soak_mix(SEED, 500); }
__attribute__((destructor)) static void end(void) { sink = soak_mix(sink, 500); }
