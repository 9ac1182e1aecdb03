// SPDX-License-Identifier: Apache-2.0
// libPotterHeap.so: the names of libPotterPreload.so, and those of the malloc family. A library that merely forwards
// malloc costs a program 15 % of each pair of malloc and free [measured]: so recordings without --heap do not load it.
//
// malloc_usable_size is left alone: blocks are the next definition's own, without headers or tails of ours. The C++
// library's operators new and delete call malloc and free.
#include "../CPotterRecorder/heap_hooks.h"
#include "../CPotterRecorder/heap_mappings.h"
#include <stdbool.h>

#define PP_EXPORT __attribute__((visibility("default")))

extern bool pp_heap_is_hooked;

// Before the constructor in preload.c.
__attribute__((constructor(101))) static void say_that_hooks_are_here(void) { pp_heap_is_hooked = true; }

PP_EXPORT_HOOK(malloc, pp_heap_malloc);
PP_EXPORT_HOOK(calloc, pp_heap_calloc);
PP_EXPORT_HOOK(realloc, pp_heap_realloc);
PP_EXPORT_HOOK(reallocarray, pp_heap_reallocarray);
PP_EXPORT_HOOK(posix_memalign, pp_heap_posix_memalign);
PP_EXPORT_HOOK(aligned_alloc, pp_heap_aligned_alloc);
PP_EXPORT_HOOK(memalign, pp_heap_memalign);
PP_EXPORT_HOOK(valloc, pp_heap_valloc);
PP_EXPORT_HOOK(pvalloc, pp_heap_pvalloc);
PP_EXPORT_LONG_HOOK(mmap, pp_heap_mmap);
PP_EXPORT_LONG_HOOK(mmap64, pp_heap_mmap);
PP_EXPORT_LONG_HOOK(mremap, pp_heap_mremap);

PP_EXPORT void free(void *block) { pp_heap_free(block); }
PP_EXPORT void cfree(void *block) { pp_heap_free(block); }
PP_EXPORT void free_sized(void *block, size_t size) { pp_heap_free_sized(block, size); }
PP_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size) {
    pp_heap_free_aligned_sized(block, alignment, size);
}
PP_EXPORT int munmap(void *at, size_t size) { return pp_heap_munmap(at, size); }
