// SPDX-License-Identifier: Apache-2.0
// An allocator that may be called in signal handlers, as glibc's may not: blocks of a power of two, taken and given
// back by compare-and-swap. It is preloaded behind our library, so that handlers can interrupt hooks and allocate. Its
// calloc and realloc are made of malloc and free by their exported names, as simple allocators' are.
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void *malloc(size_t size);
void free(void *block);

#define CLASSES 48
#define AREA (1ull << 30)
static uint8_t area[AREA] __attribute__((aligned(4096)));
static _Atomic uint64_t used;
typedef struct header {
    uint64_t class, size;
} header;
// Free blocks by class: offset of the first and a count, against blocks that come back in between.
static _Atomic uint64_t kept[CLASSES];

static header *header_of(void *block) { return (header *)block - 1; }

static void *take(unsigned class) {
    uint64_t head = atomic_load(&kept[class]);
    while ((uint32_t)head != 0) {
        uint64_t at = (uint64_t)(uint32_t)head * 16;
        uint64_t next = *(volatile uint64_t *)(area + at + sizeof(header));
        if (atomic_compare_exchange_weak(&kept[class], &head, (next & 0xffffffff) | ((head >> 32) + 1) << 32))
            return area + at + sizeof(header);
    }
    uint64_t size = (1ull << class) + sizeof(header), at = atomic_fetch_add(&used, size);
    if (at == 0) // offset 0 means none
        at = atomic_fetch_add(&used, size);
    return at + size <= AREA ? area + at + sizeof(header) : NULL;
}

void *malloc(size_t size) {
    unsigned class = 4;
    while (class < CLASSES - 1 && (1ull << class) < size)
        class ++;
    void *block = class < 30 ? take(class) : NULL;
    if (block != NULL)
        *header_of(block) = (header){.class = class, .size = size};
    return block;
}

void free(void *block) {
    if (block == NULL)
        return;
    uint64_t class = header_of(block)->class, at = (uint64_t)((uint8_t *)header_of(block) - area) / 16;
    uint64_t head = atomic_load(&kept[class]);
    do
        *(volatile uint64_t *)block = head & 0xffffffff;
    while (!atomic_compare_exchange_weak(&kept[class], &head, at | ((head >> 32) + 1) << 32));
}

size_t malloc_usable_size(void *block) { return block != NULL ? 1ull << header_of(block)->class : 0; }

void *calloc(size_t count, size_t size) {
    size_t product;
    if (__builtin_mul_overflow(count, size, &product))
        return NULL;
    void *block = malloc(product);
    if (block != NULL)
        memset(block, 0, product);
    return block;
}

void *realloc(void *block, size_t size) {
    if (block == NULL)
        return malloc(size);
    void *other = malloc(size);
    if (other == NULL)
        return NULL;
    size_t before = header_of(block)->size;
    memcpy(other, block, before < size ? before : size);
    free(block);
    return other;
}
