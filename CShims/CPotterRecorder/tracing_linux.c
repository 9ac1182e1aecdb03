// SPDX-License-Identifier: Apache-2.0
// Programs below a tracer (gdb, strace): it sees each signal of ours as a stop, and each system call. So who asks to be
// traced is sampled no longer, and what a traced process executes does not load the recorder.
//
//   the process itself, PTRACE_TRACEME        gives the signal back
//   a tracer, PTRACE_SEIZE of its own child   marks the child's slot: the memory is both's
//
// Who attaches to a process of another image is not seen: its signals of ours show in the tracer.
#include "recorder.h"
#include <errno.h>
#include <sys/ptrace.h>
#include <unistd.h>

static _Atomic int32_t asked; // a process that asked to be traced: this one, or a vfork child, which shares this memory

static void mark(pp_session *session, pid_t pid) {
    for (uint32_t i = 0; i < PP_PROCESS_SLOTS; i++) {
        pp_process *process = &pp_processes(session)[i];
        if (atomic_load_explicit(&process->state, memory_order_acquire) == PP_SLOT_LIVE &&
            process->pid == (uint32_t)pid)
            atomic_store(&process->traced, 1);
    }
}

void pp_before_ptrace(long request, pid_t pid) {
    pp_recorder *recorder = &pp_recorder_state;
    if (recorder->session == NULL || pp_is_inert())
        return;
    int saved = errno;
    if (request == PTRACE_TRACEME) {
        atomic_store(&asked, getpid());
        pp_signal_claimed(PP_COUNT_TRACED);
    } else if (request == PTRACE_SEIZE || request == PTRACE_ATTACH) {
        mark(recorder->session, pid);
    }
    errno = saved;
}

bool pp_is_traced(void) {
    const pp_recorder *recorder = &pp_recorder_state;
    if (recorder->session == NULL || pp_is_inert())
        return false;
    pid_t own = getpid();
    return atomic_load(&asked) == own ||
           (own == recorder->pid && atomic_load(&pp_processes(recorder->session)[recorder->process].traced) != 0);
}
