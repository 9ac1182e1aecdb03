// SPDX-License-Identifier: Apache-2.0
// Allocation within dlopen, dlsym of what is not there, and dlclose, while another thread allocates; the plug-in comes
// and goes, and so do the stacks through it.   plugins LIBRARY
#include "expect.h"
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define LOADS 30
static _Atomic int stop;
static _Atomic uint64_t made;
NOINLINE static void *beside(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
NOINLINE static void *load(const char *path) {
    void *p = dlopen(path, RTLD_NOW);
    STAY;
    return p;
}

static void *keep_busy(void *argument) {
    for (; !stop; made++)
        free(beside(77));
    return argument;
}

int main(int argc, char **argv) {
    pthread_t thread;
    if (argc < 2)
        return 0;
    pthread_create(&thread, NULL, keep_busy, NULL);
    for (int i = 0; i < LOADS; i++) {
        void *handle = load(argv[1]);
        check(handle != NULL, "dlopen");
        void *(*allocate)(size_t) = (void *(*)(size_t))dlsym(handle, "plugin_allocate");
        check(allocate != NULL && dlsym(handle, "nothing_of_this_name") == NULL && dlerror() != NULL, "dlsym");
        free(allocate(50));
        dlclose(handle);
    }
    stop = 1;
    pthread_join(thread, NULL);
    expect("beside;", made, 77 * made, made, 77 * made);
    expect("[plugin_library.so];", 2 * LOADS, 150 * LOADS, 2 * LOADS, 150 * LOADS);
    fflush(stdout);
    raise(SIGSTOP);
    return 0;
}
