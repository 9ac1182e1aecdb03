// SPDX-License-Identifier: Apache-2.0
// usage: odd_rule SECONDS
// main -> odd_a -> odd_b -> odd_leaf, where odd_leaf says by its unwind information that its frame address is in rcx: so do
// libgcc's functions for a moment, before they jump to a landing pad.
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

uint64_t odd_leaf(uint64_t rounds);
__asm__(".text\n"
        ".globl odd_leaf\n"
        ".type odd_leaf, @function\n"
        "odd_leaf:\n"
        ".cfi_startproc\n"
        "mov %rsp, %rcx\n"
        ".cfi_def_cfa 2, 8\n" // rcx + 8
        "sub $1000, %rsp\n"
        "1: dec %rdi\n"
        "jnz 1b\n"
        "mov %rcx, %rsp\n"
        ".cfi_def_cfa 7, 8\n"
        "xor %eax, %eax\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size odd_leaf, . - odd_leaf\n");

__attribute__((noipa)) uint64_t odd_b(uint64_t x) { return odd_leaf(1000000 + x % 10) + 1; }
__attribute__((noipa)) uint64_t odd_a(uint64_t x) { return odd_b(x) * 3 + x; }

int main(int argc, char **argv) {
    struct timespec t = {0};
    double end = argc > 1 ? atof(argv[1]) : 1;
    uint64_t x = 1;
    while ((double)t.tv_sec + (double)t.tv_nsec * 1e-9 < end) {
        x = odd_a(x);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    }
    return x == 42;
}
