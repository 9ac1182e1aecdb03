// SPDX-License-Identifier: Apache-2.0
// exec. A SIGPROF that is pending when the old image's handler goes would kill the new one ("Profiling timer expired"):
//
//   quiet (own_sends.c) ─▶ drain a pending signal ─▶ exec
//                                                      └─ failed: arm again
//
// A vfork child shares this memory and its parent's TLS, but has no clock of its own: it only gets the environment.
#include "real_functions.h"
#include "recorder.h"
#include <alloca.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PP_MOST_ENVIRONMENT 32768u // more entries than this are passed on as they are

typedef struct exec_guard {
    bool active;
    bool ignored; // no answer: the signal is ignored across the exec; the new image's constructor restores it
    struct sigaction action;
} exec_guard;

static exec_guard before_exec(void) {
    exec_guard guard = {0};
    pp_recorder *recorder = &pp_recorder_state;
    if (pp_is_inert() || getpid() != recorder->pid)
        return guard;
    guard.active = true;
    pp_process *process = &pp_processes(recorder->session)[recorder->process];
    atomic_store(&process->exit_cpu_ns, pp_now(CLOCK_PROCESS_CPUTIME_ID));
    atomic_store(&process->exec, 1);
    guard.ignored = !pp_quiet_begin();
    bool program_ignores = recorder->program_action.sa_handler == SIG_IGN;
    if (guard.ignored && !program_ignores)
        atomic_store(&process->exec, 2);
    if (program_ignores || guard.ignored) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        pp_real.sigaction(PP_SIGNAL, &ignore, &guard.action);
        guard.ignored = true;
    }
    pp_pending_drain();
    return guard;
}

static void exec_failed(const exec_guard *guard) {
    if (!guard->active)
        return;
    int saved = errno;
    pp_recorder *recorder = &pp_recorder_state;
    pp_process *process = &pp_processes(recorder->session)[recorder->process];
    if (guard->ignored)
        pp_real.sigaction(PP_SIGNAL, &guard->action, NULL);
    atomic_store(&process->exit_cpu_ns, 0);
    atomic_store(&process->exec, 0);
    pp_quiet_end();
    errno = saved;
}

// The environment for `image`, in the caller's frame: alloca is freed when that function returns or execs. No byte more
// than needed: a crash handler may execute on an alternate stack of a few KiB ([M] 8 KiB of text here ran over
// Swift's).
#define PP_CHILD_ENVIRONMENT(image, environment)                                                                       \
    (pp_environment_count(environment) > PP_MOST_ENVIRONMENT                                                           \
         ? (environment)                                                                                               \
         : pp_environment_for(&(image), environment,                                                                   \
                              alloca((pp_environment_count(environment) + PP_ENVIRONMENT_EXTRA) * sizeof(char *)),     \
                              alloca(pp_environment_text(environment)), pp_environment_text(environment)))

// Looks only where it may: below a seccomp filter nothing is opened, and what is executed must not load us; nor may
// what a tracer watches or has too little room for us.
#define IMAGE_OF(look)                                                                                                 \
    (pp_session_path() == NULL                                             ? (pp_image){.kind = PP_IMAGE_UNKNOWN}      \
     : pp_runs_filtered() || pp_is_traced() || pp_address_space_is_short() ? (pp_image){.kind = PP_IMAGE_FOREIGN}      \
                                                                           : (look))

// Counts and names a program that will run unrecorded. In a vfork child, too: the memory is the parent's.
static void note_image(const pp_image *image, const char *path) {
    pp_session *session = pp_recorder_state.session;
    if (image->kind != PP_IMAGE_FOREIGN || session == NULL || pp_runs_filtered())
        return;
    pp_count(session, PP_COUNT_FOREIGN_IMAGE);
    for (uint32_t i = 0; i < PP_FOREIGN_SLOTS; i++) {
        uint32_t stored = atomic_load(&session->foreign[i].path), offset;
        if (stored == 0 && pp_store_string(session, path, &offset) &&
            atomic_compare_exchange_strong(&session->foreign[i].path, &stored, offset + 1))
            stored = offset + 1;
        if (stored == 0)
            return; // no room for its name
        if (strcmp((const char *)session + PP_STRINGS_OFFSET + stored - 1, path) != 0)
            continue;
        atomic_fetch_add(&session->foreign[i].count, 1);
        return;
    }
}

int pp_execve(const char *path, char *const arguments[], char *const environment[]) {
    pp_real_resolve();
    pp_image image = IMAGE_OF(pp_image_of_path(path));
    char *const *child = PP_CHILD_ENVIRONMENT(image, environment);
    note_image(&image, path);
    exec_guard guard = before_exec();
    int result = pp_real.execve(path, arguments, (char **)child);
    exec_failed(&guard);
    return result;
}

int pp_execvpe(const char *file, char *const arguments[], char *const environment[]) {
    pp_real_resolve();
    pp_image image = IMAGE_OF(pp_image_of_file(file));
    char *const *child = PP_CHILD_ENVIRONMENT(image, environment);
    note_image(&image, file);
    exec_guard guard = before_exec();
    int result = pp_real.execvpe(file, arguments, (char **)child);
    exec_failed(&guard);
    return result;
}

int pp_fexecve(int fd, char *const arguments[], char *const environment[]) {
    pp_real_resolve();
    pp_image image = IMAGE_OF(pp_image_of_fd(fd));
    char *const *child = PP_CHILD_ENVIRONMENT(image, environment);
    note_image(&image, "(a descriptor)");
    exec_guard guard = before_exec();
    int result = pp_real.fexecve(fd, arguments, (char **)child);
    exec_failed(&guard);
    return result;
}

int pp_execveat(int fd, const char *path, char *const arguments[], char *const environment[], int flags) {
    pp_real_resolve();
    if (pp_real.execveat == NULL) {
        errno = ENOSYS;
        return -1;
    }
    pp_image image = IMAGE_OF((pp_image){.kind = PP_IMAGE_UNKNOWN});
    char *const *child = PP_CHILD_ENVIRONMENT(image, environment);
    exec_guard guard = before_exec();
    int result = pp_real.execveat(fd, path, arguments, (char **)child, flags);
    exec_failed(&guard);
    return result;
}

static int spawn(bool search, pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    pp_real_resolve();
    pp_image image = IMAGE_OF(search ? pp_image_of_file(path) : pp_image_of_path(path));
    char *const *child = PP_CHILD_ENVIRONMENT(image, environment);
    note_image(&image, path);
    return (search ? pp_real.posix_spawnp : pp_real.posix_spawn)(pid, path, actions, attributes, arguments,
                                                                 (char **)child);
}

int pp_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                   const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    return spawn(false, pid, path, actions, attributes, arguments, environment);
}

int pp_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                    const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]) {
    return spawn(true, pid, file, actions, attributes, arguments, environment);
}
