// SPDX-License-Identifier: Apache-2.0
// usage: slow_table_host SECONDS LIBRARY [THREADS]
// Loads the library and calls its late_entry at once, on THREADS threads more, for SECONDS of CPU time each.
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t (*late_entry)(uint64_t);
static double seconds;

__attribute__((noipa)) uint64_t work(uint64_t x) {
    struct timespec t = {0};
    while ((double)t.tv_sec + (double)t.tv_nsec * 1e-9 < seconds) {
        for (int i = 0; i < 1000; i++)
            x = late_entry(x);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    }
    return x;
}
static void *run(void *argument) {
    *(uint64_t *)argument = work(1);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    seconds = atof(argv[1]);
    void *library = dlopen(argv[2], RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 3;
    }
    late_entry = (uint64_t(*)(uint64_t))dlsym(library, "late_entry");
    pthread_t threads[64];
    uint64_t results[64];
    int count = argc > 3 ? atoi(argv[3]) % 64 : 0;
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, run, &results[i]);
    uint64_t sum = work(2);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return sum == 42;
}
