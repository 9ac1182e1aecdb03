// SPDX-License-Identifier: Apache-2.0
// abort() raises SIGABRT without a lock held, so that a handler may leave it by a jump (glibc, stdlib/abort.c).
#include "CDemanglerGuard.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static sigjmp_buf before_call;
static pthread_t caller;

// Somebody else's abort, on another thread: it ends the process, as it would have.
static void leave(int signal) {
    if (!pthread_equal(pthread_self(), caller)) {
        struct sigaction fatal = {.sa_handler = SIG_DFL};
        sigaction(signal, &fatal, NULL);
        raise(signal);
        return;
    }
    siglongjmp(before_call, 1);
}

char *cdg_demangle(cdg_demangler demangler, const char *name, size_t length) {
    struct sigaction guard = {.sa_handler = leave}, old;
    char *volatile result = NULL;
    pthread_mutex_lock(&one_at_a_time);
    caller = pthread_self();
    sigaction(SIGABRT, &guard, &old);
    if (sigsetjmp(before_call, 1) == 0)
        result = demangler(name, length);
    sigaction(SIGABRT, &old, NULL);
    pthread_mutex_unlock(&one_at_a_time);
    return result;
}
