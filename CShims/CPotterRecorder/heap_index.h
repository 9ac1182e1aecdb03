// SPDX-License-Identifier: Apache-2.0
// The block index: address of a live block -> size, stack, birth. See pp_heap.h for the layout, heap_index.c for how.
// Any thread, not from a signal handler that may have interrupted a call of it.
#pragma once
#include "heap_memory.h"

typedef enum pp_index_result { PP_INDEX_NEW, PP_INDEX_REPLACED, PP_INDEX_NO_MEMORY } pp_index_result;

/// Puts the block at `address` in; `place` without the address, `what` not 0. One that is there already is given back
/// in `before` and replaced.
pp_index_result pp_index_insert(uint64_t address, uint64_t place, uint64_t what, pp_heap_block *before);

/// Takes the block at `address` out; false: it is not there.
bool pp_index_remove(uint64_t address, pp_heap_block *block);

/// Whether no block in the neighbourhood of `address` is in the index: without a lock.
bool pp_index_is_empty_near(uint64_t address);

/// For readers of a frozen process: where chunks and capacities are.
void pp_index_describe(pp_heap_root *root);
