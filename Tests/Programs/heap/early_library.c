// SPDX-License-Identifier: Apache-2.0
// A library that allocates as early as code can run: in the resolver of an IFUNC, before this or any other library is
// relocated, in its constructor, and in a thread that the constructor makes. (early.c is the program.)
#include "expect.h"
#include <pthread.h>

void *from_resolver;
void *from_constructor, *from_early_thread, *resized, *from_child_handler;

static int answer(void) { return 42; }
static int (*resolve(void))(void) { return answer; }
int early_answer(void) __attribute__((ifunc("resolve")));

// At its relocation: symbol look-ups then find malloc of whichever library is first.
static int other(void) { return 43; }
static int (*resolve_allocating(void))(void) {
    extern void *malloc(size_t) __attribute__((weak));
    if (malloc != NULL)
        from_resolver = malloc(24);
    return other;
}
int early_other(void) __attribute__((ifunc("resolve_allocating")));

NOINLINE static void *by_itself(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
static void *in_thread(void *argument) {
    from_early_thread = malloc(300);
    return argument;
}
// Registered before the recorder's, so it runs in the child before that has made the hooks the child's own.
static void in_child(void) {
    free(by_itself(400));
    from_child_handler = malloc(500);
}
__attribute__((constructor)) static void begin(void) {
    pthread_t thread;
    pthread_atfork(NULL, NULL, in_child);
    from_constructor = malloc(1000);
    resized = realloc(calloc(3, 100), 5000);
    free(by_itself(7));
    if (pthread_create(&thread, NULL, in_thread, NULL) == 0)
        pthread_join(thread, NULL);
}
__attribute__((destructor)) static void end(void) { free(from_constructor); }
