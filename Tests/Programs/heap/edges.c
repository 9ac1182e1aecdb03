// SPDX-License-Identifier: Apache-2.0
// Every function of the malloc family, and what each does at its edges: what it returns, what errno says, what counts.
#include "expect.h"
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

void free_sized(void *, size_t) __attribute__((weak));
void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));

#define HUGE_SIZE (SIZE_MAX / 2 - 4096)

NOINLINE static void *by_malloc(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *by_calloc(size_t n, size_t size) {
    void *p = calloc(n, size);
    KEEP(p);
    return p;
}
NOINLINE static void *by_realloc(void *block, size_t size) {
    void *p = realloc(block, size);
    KEEP(p);
    return p;
}
NOINLINE static void *by_realloc_failing(void *block, size_t size) {
    void *p = realloc(block, size);
    KEEP(p);
    return p;
}
NOINLINE static void *by_reallocarray(void *b, size_t n, size_t s) {
    void *p = reallocarray(b, n, s);
    KEEP(p);
    return p;
}
NOINLINE static void *by_aligned_alloc(size_t a, size_t size) {
    void *p = aligned_alloc(a, size);
    KEEP(p);
    return p;
}
NOINLINE static void *by_memalign(size_t a, size_t size) {
    void *p = memalign(a, size);
    KEEP(p);
    return p;
}
NOINLINE static void *by_valloc(size_t size) {
    void *p = valloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *by_pvalloc(size_t size) {
    void *p = pvalloc(size);
    KEEP(p);
    return p;
}
NOINLINE static int by_posix_memalign(void **p, size_t a, size_t size) {
    int e = posix_memalign(p, a, size);
    STAY;
    return e;
}

static void plain(void) {
    void *empty = by_malloc(0), *block = by_malloc(100), *zeroed = by_calloc(7, 11);
    check(empty != NULL && block != NULL, "malloc");
    check(malloc_usable_size(block) == 104, "usable size is glibc's own");
    for (int i = 0; i < 77; i++)
        check(((char *)zeroed)[i] == 0, "calloc zeroes");
    errno = 4711;
    free(empty);
    free(NULL);
    free(block);
    check(errno == 4711, "free keeps errno");
    expect("by_malloc", 2, 100, 2, 100);
    expect("by_calloc", 1, 77, 0, 0);
}

static void failing(void) {
    errno = 0;
    check(by_malloc(HUGE_SIZE) == NULL && errno == ENOMEM, "malloc of too much");
    errno = 0;
    check(by_calloc(SIZE_MAX / 2, 4) == NULL && errno == ENOMEM, "calloc overflow");
    errno = 0;
    check(by_reallocarray(NULL, SIZE_MAX / 2, 4) == NULL && errno == ENOMEM, "reallocarray overflow");
    errno = 0;
    check(by_aligned_alloc(64, HUGE_SIZE) == NULL && errno == ENOMEM, "aligned_alloc of too much");
    void *untouched = (void *)0x1234;
    errno = 4711;
    check(by_posix_memalign(&untouched, 3, 100) == EINVAL, "posix_memalign alignment");
    check(by_posix_memalign(&untouched, 64, HUGE_SIZE) == ENOMEM, "posix_memalign of too much");
    check(untouched == (void *)0x1234, "posix_memalign leaves its result alone");
}

static void resizing(void) {
    char *block = by_realloc(NULL, 10); // allocates
    strcpy(block, "potter");
    block = by_realloc(block, 1000);
    check(strcmp(block, "potter") == 0, "realloc copies");
    errno = 0;
    check(by_realloc_failing(block, HUGE_SIZE) == NULL && errno == ENOMEM, "realloc of too much");
    check(strcmp(block, "potter") == 0, "a failed realloc leaves the block");
    block = by_realloc(block, 5);
    check(by_realloc(block, 0) == NULL, "realloc to nothing frees, in glibc");
    expect("by_realloc;", 3, 1015, 3, 1015);
    expect("by_realloc_failing", 0, 0, 0, 0);
    void *array = by_reallocarray(NULL, 10, 30);
    array = by_reallocarray(array, 20, 30);
    expect("by_reallocarray", 2, 900, 1, 300);
    check(array != NULL, "reallocarray");
}

static void aligned(void) {
    void *block = by_aligned_alloc(256, 512), *page = by_valloc(10), *pages = by_pvalloc(5000), *other = NULL;
    check((uintptr_t)block % 256 == 0 && (uintptr_t)page % 4096 == 0 && (uintptr_t)pages % 4096 == 0, "aligned");
    check(by_posix_memalign(&other, 1024, 3000) == 0 && (uintptr_t)other % 1024 == 0, "posix_memalign");
    void *last = by_memalign(64, 65);
    check((uintptr_t)last % 64 == 0, "memalign");
    if (free_aligned_sized != NULL)
        free_aligned_sized(block, 256, 512);
    else
        free(block);
    if (free_sized != NULL)
        free_sized(last, 65);
    else
        free(last);
    free(page);
    expect("by_aligned_alloc", 1, 512, 1, 512);
    expect("by_memalign", 1, 65, 1, 65);
    expect("by_valloc", 1, 10, 1, 10);
    expect("by_pvalloc", 1, 5000, 0, 0);
    expect("by_posix_memalign", 1, 3000, 0, 0);
}

int main(void) {
    plain();
    failing();
    resizing();
    aligned();
    return 0;
}
