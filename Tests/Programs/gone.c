// SPDX-License-Identifier: Apache-2.0
// Deletes its own file, puts another program in its place where one is given, and only then works.
#include <stdio.h>
#include <unistd.h>

__attribute__((noinline)) static unsigned long work_after_deletion(unsigned long n) {
    volatile unsigned long x = n;
    for (unsigned long i = 0; i < n; i++)
        x = x * 31 + i;
    return x;
}

int main(int argc, char **argv) {
    if (argc > 1 && unlink(argv[1]) != 0)
        return 1;
    if (argc > 2 && rename(argv[2], argv[1]) != 0)
        return 2;
    return work_after_deletion(300000000) == 42;
}
