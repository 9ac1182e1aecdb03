// SPDX-License-Identifier: Apache-2.0
// A library whose unwind table takes long to make: 100,000 functions that nobody calls, and a chain of four that does the
// work: late_entry -> late_b -> late_c -> late_leaf, which has no frame.
#include <stdint.h>

__asm__(".text\n"
        ".rept 100000\n"
        ".cfi_startproc\n"
        "push %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset 6, -16\n"
        "mov %rsp, %rbp\n"
        ".cfi_def_cfa_register 6\n"
        "pop %rbp\n"
        ".cfi_def_cfa 7, 8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".endr\n");

#define PLANT __attribute__((noipa))

PLANT uint64_t late_leaf(uint64_t x, uint64_t rounds) {
    for (uint64_t i = 0; i < rounds; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    return x;
}
PLANT uint64_t late_c(uint64_t x) { return late_leaf(x, 3000 + x % 1000) + 5; }
PLANT uint64_t late_b(uint64_t x) {
    volatile char room[1000];
    room[x % 1000] = (char)x;
    return late_c(x + 1) ^ (uint64_t)room[x % 1000];
}
PLANT uint64_t late_entry(uint64_t x) { return late_b(x + 2) * 3; }
