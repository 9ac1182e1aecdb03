// SPDX-License-Identifier: Apache-2.0
// Threads of the collector. A stack that is large enough whatever `ulimit -s` says: libdw and the demangler need more
// than 160 KiB.
#include "CPotterSys.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#define LEAST_STACK (8ul << 20)

typedef struct call {
    void (*body)(void);
    sigset_t mask;
} call;

static void *run(void *argument) {
    call *this = argument;
    pthread_sigmask(SIG_SETMASK, &this->mask, NULL);
    this->body();
    return NULL;
}

void potter_with_large_stack(void (*body)(void)) {
    struct rlimit limit = {0};
    pthread_attr_t attributes;
    pthread_t thread;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= LEAST_STACK || pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstacksize(&attributes, LEAST_STACK) != 0) {
        body();
        return;
    }
    pthread_setattr_default_np(&attributes); // of libdispatch's threads
    call this = {.body = body};
    // Signals are for the thread that works: this one only waits for it.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &this.mask);
    if (pthread_create(&thread, &attributes, run, &this) == 0) {
        pthread_join(thread, NULL);
    } else {
        pthread_sigmask(SIG_SETMASK, &this.mask, NULL);
        body();
    }
}

typedef struct urgent_call {
    void (*body)(void *);
    void *argument;
} urgent_call;

static void *run_urgent(void *argument) {
    urgent_call this = *(urgent_call *)argument;
    free(argument);
    potter_set_urgent(true);
    this.body(this.argument);
    return NULL;
}

uint64_t potter_start_urgent(void (*body)(void *), void *argument) {
    urgent_call *call = malloc(sizeof(*call));
    if (call == NULL)
        return 0;
    *call = (urgent_call){.body = body, .argument = argument};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread = 0;
    if (pthread_create(&thread, NULL, run_urgent, call) != 0) {
        free(call);
        thread = 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return (uint64_t)thread;
}

void potter_join(uint64_t thread) { pthread_join((pthread_t)thread, NULL); }
