// SPDX-License-Identifier: Apache-2.0
// The functions behind the interposed names, found by RTLD_NEXT: the next library's, so that other preloads keep
// working underneath. Filled in by the first caller; NULL where the C library does not have the function.
#pragma once
#include <pthread.h>
#include <signal.h>
#include <spawn.h>

#define PP_REAL_FUNCTIONS(X)                                                                                           \
    X(int, sigaction, (int, const struct sigaction *, struct sigaction *))                                             \
    X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))                           \
    X(void *, dlopen, (const char *, int))                                                                             \
    X(int, dlclose, (void *))                                                                                          \
    X(int, execve, (const char *, char *const[], char *const[]))                                                       \
    X(int, execvpe, (const char *, char *const[], char *const[]))                                                      \
    X(int, fexecve, (int, char *const[], char *const[]))                                                               \
    X(int, execveat, (int, const char *, char *const[], char *const[], int))                                           \
    X(int, posix_spawn,                                                                                                \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],            \
       char *const[]))                                                                                                 \
    X(int, posix_spawnp,                                                                                               \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],            \
       char *const[]))                                                                                                 \
    X(void, _exit, (int))                                                                                              \
    X(void, quick_exit, (int))

typedef struct pp_real_functions {
#define PP_DECLARE(type, name, arguments) type(*name) arguments;
    PP_REAL_FUNCTIONS(PP_DECLARE)
#undef PP_DECLARE
} pp_real_functions;

extern pp_real_functions pp_real;

/// Looks all of them up, once. Not from handlers: dlsym may allocate.
void pp_real_resolve(void);
