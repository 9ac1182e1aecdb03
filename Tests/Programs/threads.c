// SPDX-License-Identifier: Apache-2.0
// usage: threads COUNT MILLISECONDS ROUNDS
// ROUNDS times: starts COUNT threads, each of which works MILLISECONDS of its own CPU time in `work`, and joins them.
// Prints their summed CPU time: `threads 12.3456`, and the process's: `cpu 12.4`.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double budget;
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
__attribute__((noinline)) uint64_t work(uint64_t x) {
    for (int i = 0; i < 50000; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + (uint64_t)i;
    __asm__ volatile("");
    return x;
}
static void *run(void *result) {
    uint64_t x = 1;
    while (now() < budget)
        x = work(x);
    *(double *)result = now() + (double)(x & 1) * 1e-18;
    return NULL;
}
int main(int argc, char **argv) {
    int count = argc > 1 ? atoi(argv[1]) : 4, rounds = argc > 3 ? atoi(argv[3]) : 1;
    budget = (argc > 2 ? atof(argv[2]) : 100) * 1e-3;
    double sum = 0;
    pthread_t *ids = calloc((size_t)count, sizeof(*ids));
    double *cpu = calloc((size_t)count, sizeof(*cpu));
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < count; i++)
            if (pthread_create(&ids[i], NULL, run, &cpu[i]) != 0)
                return 2;
        for (int i = 0; i < count; i++) {
            pthread_join(ids[i], NULL);
            sum += cpu[i];
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("threads %.4f\ncpu %.4f\n", sum,
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
    return 0;
}
