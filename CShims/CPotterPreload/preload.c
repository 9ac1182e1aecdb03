// SPDX-License-Identifier: Apache-2.0
// libPotterPreload.so: the names that it interposes, each forwarded to the recorder; the constructor and destructor.
// A leaf: libc alone is NEEDED, and nothing imports this target.
#include "../CPotterRecorder/real_functions.h"
#include "../CPotterRecorder/recorder.h"
#include "CPotterRecorder.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define PP_EXPORT __attribute__((visibility("default")))

extern char **environ;
int pp_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int pp_posix_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],
                   char *const[]);
int pp_posix_spawnp(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],
                    char *const[]);

__attribute__((constructor)) static void start(void) {
    pp_recorder_start();
    if (pp_recorder_state.session != NULL)
        pthread_atfork(pp_fork_prepare, pp_fork_parent, pp_fork_child);
}

__attribute__((destructor)) static void finish(void) { pp_recorder_finish(); }

// Threads.

PP_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start_routine)(void *),
                             void *argument) {
    return pp_pthread_create(thread, attributes, start_routine, argument);
}

// Modules. glibc's dlopen looks at its return address: the caller's DT_RUNPATH decides what a bare name finds, its path
// what $ORIGIN means. Where that matters, the call is a tail jump, and the new modules are seen at the next dlsym.

static _Atomic int modules_changed;

PP_EXPORT void *dlopen(const char *file, int mode) {
    pp_real_resolve();
    if (!pp_is_inert()) {
        bool bare = file != NULL;
        bool substitutes = false;
        for (const char *at = file; at != NULL && *at != 0; at++) {
            bare &= *at != '/';
            substitutes |= *at == '$';
        }
        if (!substitutes && !(bare && pp_caller_has_search_path(__builtin_return_address(0)))) {
            pp_local_state.loading++;
            void *handle = pp_real.dlopen(file, mode);
            pp_local_state.loading--;
            if (handle != NULL)
                pp_modules_scan(true);
            return handle;
        }
        atomic_store(&modules_changed, 1);
    }
    __attribute__((musttail)) return pp_real.dlopen(file, mode);
}

PP_EXPORT void *dlsym(void *handle, const char *name) {
    static void *(*_Atomic real)(void *, const char *);
    void *(*function)(void *, const char *) = atomic_load(&real);
    if (function == NULL) {
        function = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
        if (function == NULL)
            function = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
        atomic_store(&real, function);
    }
    if (atomic_load_explicit(&modules_changed, memory_order_relaxed) && atomic_exchange(&modules_changed, 0))
        pp_modules_scan(true);
    __attribute__((musttail)) return function(handle, name);
}

PP_EXPORT int dlclose(void *handle) {
    pp_real_resolve();
    // Between the unmapping and the scan the map names code that is gone.
    atomic_fetch_add(&pp_recorder_state.closing, 1);
    int result = pp_real.dlclose(handle);
    if (pp_recorder_state.session != NULL)
        pp_modules_scan(false);
    atomic_fetch_sub(&pp_recorder_state.closing, 1);
    return result;
}

// exec and spawn.

PP_EXPORT int execve(const char *path, char *const arguments[], char *const environment[]) {
    return pp_execve(path, arguments, environment);
}
PP_EXPORT int execv(const char *path, char *const arguments[]) { return pp_execve(path, arguments, environ); }
PP_EXPORT int execvp(const char *file, char *const arguments[]) { return pp_execvpe(file, arguments, environ); }
PP_EXPORT int execvpe(const char *file, char *const arguments[], char *const environment[]) {
    return pp_execvpe(file, arguments, environment);
}
PP_EXPORT int fexecve(int fd, char *const arguments[], char *const environment[]) {
    return pp_fexecve(fd, arguments, environment);
}
PP_EXPORT int execveat(int fd, const char *path, char *const arguments[], char *const environment[], int flags) {
    return pp_execveat(fd, path, arguments, environment, flags);
}
PP_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                          const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    return pp_posix_spawn(pid, path, actions, attributes, arguments, environment);
}
PP_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                           const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    return pp_posix_spawnp(pid, file, actions, attributes, arguments, environment);
}

// The variadic forms: count, then copy the arguments into an array.
#define PP_COLLECT_ARGUMENTS(first, last_name, list)                                                                   \
    va_list list, counting;                                                                                            \
    va_start(list, last_name);                                                                                         \
    va_copy(counting, list);                                                                                           \
    size_t count = 1;                                                                                                  \
    for (const char *a = first; a != NULL; a = va_arg(counting, const char *))                                         \
        count++;                                                                                                       \
    va_end(counting);                                                                                                  \
    char *arguments[count];                                                                                            \
    arguments[0] = (char *)(first);                                                                                    \
    for (size_t i = 1; i < count; i++)                                                                                 \
    arguments[i] = va_arg(list, char *)

PP_EXPORT int execl(const char *path, const char *first, ...) {
    PP_COLLECT_ARGUMENTS(first, first, list);
    va_end(list);
    return pp_execve(path, arguments, environ);
}
PP_EXPORT int execlp(const char *file, const char *first, ...) {
    PP_COLLECT_ARGUMENTS(first, first, list);
    va_end(list);
    return pp_execvpe(file, arguments, environ);
}
PP_EXPORT int execle(const char *path, const char *first, ...) {
    PP_COLLECT_ARGUMENTS(first, first, list);
    char *const *environment = va_arg(list, char *const *);
    va_end(list);
    return pp_execve(path, arguments, environment);
}

// The end of a process.

PP_EXPORT void _exit(int status) {
    pp_real_resolve();
    pp_recorder_finish();
    pp_real._exit(status);
    __builtin_unreachable();
}
PP_EXPORT void _Exit(int status) { _exit(status); }
PP_EXPORT void quick_exit(int status) {
    pp_real_resolve();
    pp_recorder_finish();
    pp_real.quick_exit(status);
    __builtin_unreachable();
}

// SIGPROF from a thread to itself.

PP_EXPORT int raise(int signal) { return pp_raise(signal); }
PP_EXPORT int gsignal(int signal) { return pp_raise(signal); }
PP_EXPORT int pthread_kill(pthread_t thread, int signal) { return pp_pthread_kill(thread, signal); }
PP_EXPORT int pthread_sigqueue(pthread_t thread, int signal, const union sigval value) {
    return pp_pthread_sigqueue(thread, signal, value);
}
PP_EXPORT int tgkill(pid_t process, pid_t thread, int signal) { return pp_tgkill(process, thread, signal); }

// Dispositions. All of these end in sigaction.

PP_EXPORT int sigaction(int signal, const struct sigaction *action, struct sigaction *before) {
    return pp_sigaction(signal, action, before);
}

PP_EXPORT int signalfd(int fd, const sigset_t *set, int flags) {
    pp_real_resolve();
    if (set != NULL && sigismember(set, PP_SIGNAL) == 1)
        pp_signal_claimed(PP_COUNT_SIGNAL_TAKEN);
    return pp_real.signalfd(fd, set, flags);
}

static sighandler_t set_handler(int signal, sighandler_t handler, int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, before;
    sigemptyset(&action.sa_mask);
    if (handler == SIG_ERR || sigaddset(&action.sa_mask, signal) != 0) {
        errno = EINVAL;
        return SIG_ERR;
    }
    if (flags & SA_RESETHAND)
        sigemptyset(&action.sa_mask);
    return pp_sigaction(signal, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}

// Flags are given here for our signal alone: else the C library sets them, whose siginterrupt() state we do not know.
#define PP_SIGNAL_FUNCTION(name, flags)                                                                                \
    PP_EXPORT sighandler_t name(int signal, sighandler_t handler) {                                                    \
        if (signal == PP_SIGNAL && pp_recorder_state.session != NULL)                                                  \
            return set_handler(signal, handler, flags);                                                                \
        pp_real_resolve();                                                                                             \
        return pp_signal_through(pp_real.name, signal, handler);                                                       \
    }
PP_SIGNAL_FUNCTION(signal, SA_RESTART)
PP_SIGNAL_FUNCTION(bsd_signal, SA_RESTART)
PP_SIGNAL_FUNCTION(ssignal, SA_RESTART)
PP_SIGNAL_FUNCTION(sysv_signal, SA_RESETHAND | SA_NODEFER)
PP_SIGNAL_FUNCTION(__sysv_signal, SA_RESETHAND | SA_NODEFER)
PP_SIGNAL_FUNCTION(sigset, 0)
