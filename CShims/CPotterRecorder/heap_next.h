// SPDX-License-Identifier: Apache-2.0
// The allocator underneath: the next definition of each name, so that jemalloc, tcmalloc or mimalloc, linked or
// preloaded, go on being the program's allocator.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PP_NEXT_FUNCTIONS(X)                                                                                           \
    X(void *, malloc, (size_t))                                                                                        \
    X(void, free, (void *))                                                                                            \
    X(void *, calloc, (size_t, size_t))                                                                                \
    X(void *, realloc, (void *, size_t))                                                                               \
    X(void *, memalign, (size_t, size_t))                                                                              \
    X(void *, aligned_alloc, (size_t, size_t))                                                                         \
    X(int, posix_memalign, (void **, size_t, size_t))                                                                  \
    X(size_t, malloc_usable_size, (void *))                                                                            \
    X(void *, valloc, (size_t))                                                                                        \
    X(void *, pvalloc, (size_t))                                                                                       \
    X(void *, reallocarray, (void *, size_t, size_t))                                                                  \
    X(void, cfree, (void *))                                                                                           \
    X(void, free_sized, (void *, size_t))                                                                              \
    X(void, free_aligned_sized, (void *, size_t, size_t))                                                              \
    X(void *, mmap, (void *, size_t, int, int, int, int64_t))                                                          \
    X(int, munmap, (void *, size_t))                                                                                   \
    X(void *, mremap, (void *, size_t, size_t, int, void *))

typedef struct pp_next_functions {
#define PP_DECLARE(type, name, arguments) type(*name) arguments;
    PP_NEXT_FUNCTIONS(PP_DECLARE)
#undef PP_DECLARE
} pp_next_functions;

extern pp_next_functions pp_next;

/// Whether the next definitions are known, and if not looks them up. False: they cannot be had yet, since the loader
/// has not relocated this library or this thread is looking them up; then memory comes from the arena.
bool pp_next_is_known(void);
