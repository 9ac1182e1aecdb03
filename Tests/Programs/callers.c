// SPDX-License-Identifier: Apache-2.0
// About half of the CPU in long system calls of one function, a third in short ones of another, the rest in user code.
// Prints the true shares, by the thread's clock around batches.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static volatile uint64_t sink;
static char buffer[1 << 20];
static int zero;

__attribute__((noinline)) void long_calls(int times) {
    for (int i = 0; i < times; i++)
        sink += (uint64_t)read(zero, buffer, sizeof(buffer));
    __asm__ volatile("");
}
__attribute__((noinline)) void short_calls(int times) {
    for (int i = 0; i < times; i++)
        sink += (uint64_t)syscall(SYS_getppid);
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
    double seconds = argc > 1 ? atof(argv[1]) : 1, longs = 0, shorts = 0, user = 0;
    zero = open("/dev/zero", O_RDONLY);
    for (double t = now(), end = t + seconds, u; t < end;) {
        long_calls(3 + rand() % 11); // of random length: out of step with the kernel's tick
        u = now(), longs += u - t, t = u;
        while (shorts < longs * 3 / 5) {
            short_calls(200 + rand() % 1000);
            u = now(), shorts += u - t, t = u;
        }
        while (user < longs * 2 / 5) {
            user_worker(20000);
            u = now(), user += u - t, t = u;
        }
    }
    double all = longs + shorts + user;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("long_calls %.4f\nshort_calls %.4f\nuser_worker %.4f\n", longs / all, shorts / all, user / all);
    printf("cpu %.4f\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    return 0;
}
