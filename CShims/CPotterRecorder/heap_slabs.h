// SPDX-License-Identifier: Apache-2.0
// Memory for the tables of the block index, by capacity class.
#pragma once
#include "heap_memory.h"

#define PP_INDEX_CAPACITIES 44u

uint64_t pp_index_capacity_bytes(uint8_t capacity);

/// A zeroed table of a class, or NULL.
pp_heap_block *pp_slab_take(uint8_t capacity);
void pp_slab_give(pp_heap_block *table, uint8_t capacity);
