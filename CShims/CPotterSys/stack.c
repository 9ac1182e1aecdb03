// SPDX-License-Identifier: Apache-2.0
// A stack that is large enough whatever `ulimit -s` says: libdw and the demangler need more than 160 KiB.
#include "CPotterSys.h"
#include <pthread.h>
#include <signal.h>
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
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= LEAST_STACK ||
        pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, LEAST_STACK) != 0) {
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
