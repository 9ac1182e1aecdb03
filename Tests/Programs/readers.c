// SPDX-License-Identifier: Apache-2.0
// About 60 % of the CPU inside read() called by kernel_reader, the rest in user code of user_worker. Prints the true shares.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static volatile uint64_t sink;
static char buffer[1 << 16];
static int zero;

__attribute__((noinline)) void kernel_reader(int times) {
    for (int i = 0; i < times; i++)
        sink += (uint64_t)read(zero, buffer, sizeof(buffer));
    __asm__ volatile("");
}
__attribute__((noinline)) void user_worker(uint64_t rounds) {
    uint64_t x = sink;
    for (uint64_t i = 0; i < rounds; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    sink = x;
    __asm__ volatile("");
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, kernel = 0, user = 0;
    zero = open("/dev/zero", O_RDONLY);
    double end = now() + seconds;
    for (double t = now(); t < end;) {
        // Of random length: a loop of a fixed one can be in step with the kernel's tick for seconds, and ticks then see
        // one side of it alone (.74 of a true .60 once).
        kernel_reader(5 + rand() % 31);
        double u = now();
        kernel += u - t;
        t = u;
        // Hold the share at 60 %: work until the user part has its 40 %.
        while (user < kernel * 2 / 3) {
            // Of random length too: with steps of 25 us each, loops of 100 us are so regular that a held period sees one
            // side too often (perf at a fixed 617 us: .39 to .51 of a true .60, in steps of a random length .57).
            user_worker(2000 + (uint64_t)(rand() % 36001));
            double v = now();
            user += v - t;
            t = v;
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("kernel_reader %.4f\nuser_worker %.4f\n", kernel / (kernel + user), user / (kernel + user));
    printf("cpu %.4f\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    return 0;
}
