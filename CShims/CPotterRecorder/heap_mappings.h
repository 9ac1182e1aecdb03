// SPDX-License-Identifier: Apache-2.0
// The interposed calls that map memory: see heap_mappings.c.
#pragma once
#include "heap_caller.h"
#include <stddef.h>

void *pp_heap_mmap(void *at, size_t size, int protection, int flags, int fd, int64_t offset, PP_CALLER);
int pp_heap_munmap(void *at, size_t size);
void *pp_heap_mremap(void *at, size_t size, size_t new_size, int flags, void *to, uint64_t unused, PP_CALLER);
