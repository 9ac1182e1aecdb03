// SPDX-License-Identifier: Apache-2.0
// usage: loader SECONDS LIBRARY...
// One thread for each library loads it, calls it, and unloads it, all at once; their results are known. While they do,
// another thread walks the list of libraries.
#define _GNU_SOURCE
#include "soak.h"
#include <dlfcn.h>
#include <link.h>
#include <string.h>

typedef uint64_t (*entry)(uint64_t);

static double deadline;
static _Atomic uint64_t rounds;

SOAK_NOINLINE static uint64_t call_library(entry function, uint64_t x) { return function(x) ^ 1; }

static entry find(void *library, const char *path) {
    static const char *names[] = {"one_entry", "two_entry", "three_entry", "four_entry"};
    for (int i = 0; i < 4; i++) {
        entry function = (entry)dlsym(library, names[i]);
        if (function != NULL)
            return function;
    }
    printf("WRONG: no entry in %s\n", path);
    _exit(1);
}

static void *load_and_unload(void *path) {
    uint64_t known = 0;
    for (uint64_t round = 0; soak_now() < deadline; round++) {
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (library == NULL) {
            printf("WRONG: %s\n", dlerror());
            _exit(1);
        }
        entry function = find(library, path);
        for (uint64_t i = 0; i < 3; i++) {
            uint64_t result = call_library(function, i);
            if (i == 0 && round == 0)
                known = result;
            if (i == 0)
                soak_expect("result of a library", result, known);
        }
        if (dlclose(library) != 0)
            soak_fail("dlclose", 1, 0);
        rounds++;
    }
    return NULL;
}

static int look(struct dl_phdr_info *info, size_t size, void *count) {
    (void)size;
    *(uint64_t *)count += info->dlpi_phnum > 0;
    return 0;
}

static void *walk(void *unused) {
    while (soak_now() < deadline) {
        uint64_t count = 0;
        dl_iterate_phdr(look, &count);
        if (count < 3)
            soak_fail("libraries seen", count, 3);
        usleep(300);
    }
    return unused;
}

int main(int argc, char **argv) {
    pthread_t threads[16], walker;
    if (argc < 3 || argc > 18)
        return 2;
    deadline = soak_now() + atof(argv[1]);
    pthread_create(&walker, NULL, walk, NULL);
    for (int i = 2; i < argc; i++)
        pthread_create(&threads[i - 2], NULL, load_and_unload, argv[i]);
    for (int i = 2; i < argc; i++)
        pthread_join(threads[i - 2], NULL);
    pthread_join(walker, NULL);
    return soak_end(rounds);
}
