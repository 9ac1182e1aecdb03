// SPDX-License-Identifier: Apache-2.0
// usage: mallocs SECONDS
// Four threads allocate, grow and free blocks of all sizes, and free each other's. What is in a block is known by its
// number: whoever frees it checks it.
#include "soak.h"
#include <string.h>

#define SLOTS 512

typedef struct block {
    size_t size;
    uint64_t number;
    unsigned char bytes[];
} block;

static double deadline;
static _Atomic(block *) slots[SLOTS]; // of all threads
static _Atomic uint64_t rounds;

SOAK_NOINLINE static void fill(block *b, size_t from) {
    memset(b->bytes + from, (int)(b->number & 0xff), b->size - from);
}

SOAK_NOINLINE static void check_and_free(block *b) {
    unsigned char wanted = (unsigned char)b->number;
    for (size_t i = 0; i < b->size; i += 61)
        if (b->bytes[i] != wanted)
            soak_fail("a byte of a block", b->bytes[i], wanted);
    free(b);
}

SOAK_NOINLINE static block *make(uint64_t number) {
    uint64_t random = soak_mix(number, 40);
    size_t size = random % 100 < 95 ? random / 128 % 2000 : random / 128 % 400000; // some by mmap
    block *b = malloc(sizeof(*b) + size);
    if (b == NULL)
        soak_fail("malloc", 0, size);
    *b = (block){.size = size, .number = number};
    fill(b, 0);
    if (random % 7 == 0) {
        b = realloc(b, sizeof(*b) + size + 3000);
        b->size = size + 3000;
        fill(b, size);
    }
    return b;
}

static void *run(void *first) {
    uint64_t number = (uint64_t)(uintptr_t)first << 40;
    while (soak_now() < deadline) {
        for (int i = 0; i < 200; i++, number++) {
            block *before = __atomic_exchange_n((block **)&slots[soak_mix(number, 5) % SLOTS], make(number), __ATOMIC_ACQ_REL);
            if (before != NULL)
                check_and_free(before);
            void *aligned = NULL;
            if (posix_memalign(&aligned, 64, 100) != 0 || ((uintptr_t)aligned & 63) != 0)
                soak_fail("posix_memalign", (uint64_t)(uintptr_t)aligned, 0);
            free(aligned);
        }
        rounds++;
    }
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[4];
    deadline = soak_now() + (argc > 1 ? atof(argv[1]) : 1);
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, run, (void *)(i + 1));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++)
        if (slots[i] != NULL)
            check_and_free(slots[i]);
    return soak_end(rounds);
}
