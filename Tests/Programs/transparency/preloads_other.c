// SPDX-License-Identifier: Apache-2.0
// part of preloads.sh: a library that interposes what a recorder interposes, too
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void start(void) { dprintf(1, "constructor\n"); }
__attribute__((destructor)) static void finish(void) { dprintf(1, "destructor\n"); }
int sigaction(int signal, const struct sigaction *action, struct sigaction *before) {
    int (*real)(int, const struct sigaction *, struct sigaction *) = dlsym(RTLD_NEXT, "sigaction");
    return real(signal, action, before);
}
uid_t getuid(void) { return 77; }
