// SPDX-License-Identifier: Apache-2.0
// The bodies of the exported malloc family. Errors and errno are the next definition's own.
#pragma once
#include "heap_caller.h"
#include <stddef.h>

void *pp_heap_malloc(size_t size, size_t b, size_t c, PP_CALLER);
void *pp_heap_calloc(size_t count, size_t size, size_t c, PP_CALLER);
void *pp_heap_realloc(void *block, size_t size, size_t c, PP_CALLER);
void *pp_heap_reallocarray(void *block, size_t count, size_t size, PP_CALLER);
int pp_heap_posix_memalign(void **result, size_t alignment, size_t size, PP_CALLER);
void *pp_heap_aligned_alloc(size_t alignment, size_t size, size_t c, PP_CALLER);
void *pp_heap_memalign(size_t alignment, size_t size, size_t c, PP_CALLER);
void *pp_heap_valloc(size_t size, size_t b, size_t c, PP_CALLER);
void *pp_heap_pvalloc(size_t size, size_t b, size_t c, PP_CALLER);
void pp_heap_free(void *block);
void pp_heap_free_sized(void *block, size_t size);
void pp_heap_free_aligned_sized(void *block, size_t alignment, size_t size);
