// SPDX-License-Identifier: Apache-2.0
// CPU in page faults: toucher writes to pages for the first time; computer computes as long. Prints the true shares: of
// toucher's faults, of the system calls around, of computer.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define PAGES 7000

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static volatile uint64_t sink;

__attribute__((noinline)) void toucher(volatile char *pages, long count) {
    for (long i = 0; i < count; i++)
        pages[i * 4096] = 1;
    __asm__ volatile("");
}
__attribute__((noinline)) void computer(uint64_t rounds) {
    uint64_t x = sink;
    for (uint64_t i = 0; i < rounds; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    sink = x;
    __asm__ volatile("");
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, faults = 0, calls = 0, user = 0;
    double end = now() + seconds;
    for (double t = now(); t < end;) {
        void *pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED)
            return 1;
        madvise(pages, PAGES * 4096, MADV_NOHUGEPAGE);
        double a = now();
        toucher(pages, PAGES / 7 + rand() % (PAGES * 6 / 7)); // of random length: not in step with the kernel's tick
        double b = now();
        munmap(pages, PAGES * 4096);
        double c = now();
        faults += b - a;
        calls += (a - t) + (c - b);
        t = c;
        while (user < faults) {
            computer(20000);
            double v = now();
            user += v - t;
            t = v;
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double all = faults + calls + user;
    printf("toucher %.6f\ncalls %.6f\ncomputer %.6f\n", faults / all, calls / all, user / all);
    printf("cpu %.6f\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    return 0;
}
