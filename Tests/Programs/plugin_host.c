// SPDX-License-Identifier: Apache-2.0
// usage: plugin_host SECONDS ONE TWO
// Loads two plug-ins in turn, calls them and unloads them, for SECONDS of CPU time. Prints how often the second lay where
// the first had been: `same 412` of `rounds 412`.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef uint64_t (*entry)(uint64_t);

static void *load(const char *path, const char *name, entry *function) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(3);
    }
    *function = (entry)dlsym(library, name);
    return library;
}
__attribute__((noipa)) uint64_t run_one(entry function, uint64_t x) { return function(x) + 1; }
__attribute__((noipa)) uint64_t run_two(entry function, uint64_t x) { return function(x) + 2; }

int main(int argc, char **argv) {
    struct timespec t = {0};
    double end = argc > 1 ? atof(argv[1]) : 1;
    uint64_t x = 1;
    unsigned same = 0, rounds = 0;
    if (argc < 4)
        return 2;
    while ((double)t.tv_sec + (double)t.tv_nsec * 1e-9 < end) {
        entry one, two;
        void *library = load(argv[2], "one_entry", &one);
        for (int i = 0; i < 4; i++)
            x = run_one(one, x);
        dlclose(library);
        library = load(argv[3], "two_entry", &two);
        for (int i = 0; i < 4; i++)
            x = run_two(two, x);
        dlclose(library);
        same += one == two;
        rounds++;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    }
    printf("rounds %u\nsame %u\nsum %u\n", rounds, same, (unsigned)(x & 1));
    return 0;
}
