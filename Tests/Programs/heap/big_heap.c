// SPDX-License-Identifier: Apache-2.0
// A heap of argv[1] blocks of 24 to 120 bytes. Each is kept by one before it, at random, and refers to two more; every
// hundredth is kept by none. The same number makes the same heap. Says how many leak.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct block {
    struct block *kept, *first, *second;
};

static uint64_t state = 7;
static uint64_t next_random(void) { // SplitMix64
    uint64_t word = state += 0x9e3779b97f4a7c15;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
}

static struct block *volatile root; // the compiler leaves out what is never read

int main(int count, char **arguments) {
    long wanted = count > 1 ? atol(arguments[1]) : 1000, leaked = 0, kept = 0;
    struct block *last = calloc(1, sizeof *last), *recent[64] = {last};
    root = last;
    for (long i = 1; i < wanted; i++) {
        struct block *block = calloc(1, sizeof *block + next_random() % 97);
        block->first = recent[next_random() % 64];
        block->second = recent[next_random() % 64];
        if (i % 100 == 0) {
            leaked++;
            continue;
        }
        last->kept = block;
        last = block;
        recent[kept++ % 64] = block;
    }
    printf("leaked %ld\n", leaked);
    return 0;
}
