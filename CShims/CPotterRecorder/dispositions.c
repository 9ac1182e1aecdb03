// SPDX-License-Identifier: Apache-2.0
// The program sees its own disposition of SIGPROF. The default one is only noted. A handler of the program's own is
// installed at once, and sampling ends in this process: two users of one signal cannot be told apart by them. So it
// does when the program ignores the signal, which its children inherit (the C library starts some behind our back), or
// asks for it by a signalfd, which shows what a thread blocks.
//
// Handlers of the program for other signals are installed behind a shim that counts on its thread and then jumps to the
// program's handler. blocking_linux.c needs the count: an EINTR that a tick and a signal of the program caused together
// is the program's, and hiding it would lose a wake-up (poll(-1), SIGTERM sets a flag: the program would hang). Nothing
// less tells: what the kernel has delivered and already returned from leaves no trace.
//  1. The shim is a tail jump: stack, registers, return address and alternate stack are those that the kernel made, so
//     unwinders, siglongjmp, gdb and handlers that look at their frame see no difference. No lock, no system call.
//  2. Two shims take turns: the handler that a signal gets changes in the kernel, at one moment, with flags and mask.
//  3. The program sees its own handler, from sigaction and from signal().
//  4. Faults (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS) are not wrapped: they interrupt no system call, and
//     runtimes with the most delicate handlers (JVM, Go, sanitizers, Swift's backtracer) use these.
//  5. Who installs a handler by the raw system call is not seen: its handler is not counted, and only an EINTR that
//     it shares with a tick is lost. Two threads that set one signal at once may mix flags of one with the other's
//     handler.
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>
#include <unistd.h>

#define PP_DISARM_WAIT_NS 100000000ull
#define PP_SA_RESTORER 0x04000000

bool pp_signal_give_away(enum pp_counter why) {
    pp_recorder *recorder = &pp_recorder_state;
    pp_process *process = &pp_processes(recorder->session)[recorder->process];
    atomic_store(&recorder->signal_taken, 1);
    pp_count(recorder->session, why);
    pp_timers_delete();
    if (why != PP_COUNT_SIGNAL_TAKEN)
        atomic_store(&process->filtered, why == PP_COUNT_SECCOMP_FILTER ? 1 : why == PP_COUNT_ADDRESS_LIMIT ? 2 : 3);
    atomic_store(&process->signal_taken, 1);
    pp_announce();
    // The clocks of a collector that was killed went with it.
    bool waits = pp_collector_lives() || pp_collector_exists();
    return !waits || pp_wait_word(&process->signal_taken, 1, PP_DISARM_WAIT_NS) || !pp_collector_exists();
}

int pp_disposition_set(const struct sigaction *program_action) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    siginfo_t of_program;
    bool returns = pp_pending_take(&of_program); // only a thread that blocks it has any
    pp_real.sigaction(PP_SIGNAL, &ignore, NULL);
    int result = pp_real.sigaction(PP_SIGNAL, program_action, NULL);
    if (returns)
        pp_pending_return(&of_program);
    return result;
}

void pp_signal_claimed(enum pp_counter why) {
    pp_recorder *recorder = &pp_recorder_state;
    if (pp_is_inert() || getpid() != recorder->pid || atomic_load(&recorder->signal_taken))
        return;
    int saved = errno;
    if (pp_signal_give_away(why))
        pp_disposition_set(&recorder->program_action);
    errno = saved;
}

#define PP_SHIMS 2
typedef void (*handler_function)(int, siginfo_t *, void *);
static _Atomic(handler_function) handlers[PP_SHIMS][_NSIG];
static bool wrapping; // stays when the recorder goes inert: the kernel still holds shims

static void shim0(int signal, siginfo_t *info, void *context) {
    pp_local_state.program_handled++;
    __attribute__((musttail)) return atomic_load_explicit(&handlers[0][signal], memory_order_acquire)(signal, info,
                                                                                                      context);
}
static void shim1(int signal, siginfo_t *info, void *context) {
    pp_local_state.program_handled++;
    __attribute__((musttail)) return atomic_load_explicit(&handlers[1][signal], memory_order_acquire)(signal, info,
                                                                                                      context);
}
static const handler_function shims[PP_SHIMS] = {shim0, shim1};

// The kernel passes all three arguments to either type of handler.
static sighandler_t plain(handler_function handler) { return (sighandler_t)(void *)handler; }

static bool is_wrapped(int signal, sighandler_t handler) {
    const uint64_t faults = 1ull << SIGSEGV | 1ull << SIGBUS | 1ull << SIGFPE | 1ull << SIGILL | 1ull << SIGTRAP |
                            1ull << SIGSYS | 1ull << SIGKILL | 1ull << SIGSTOP | 1ull << PP_SIGNAL;
    bool wanted = signal > 0 && signal < _NSIG && (signal >= 64 || (faults >> signal & 1) == 0);
    return wanted && handler != SIG_DFL && handler != SIG_IGN && handler != SIG_ERR && handler != SIG_HOLD;
}

static sighandler_t program_handler(int signal, sighandler_t installed) {
    for (int i = 0; i < PP_SHIMS; i++)
        if (installed == plain(shims[i]))
            return plain(atomic_load_explicit(&handlers[i][signal], memory_order_acquire));
    return installed;
}

// Puts `handler` behind the shim that is not in use.
static sighandler_t wrap(int signal, sighandler_t handler) {
    struct sigaction now;
    if (pp_real.sigaction(signal, NULL, &now) != 0)
        return handler;
    int spare = now.sa_handler == plain(shims[0]);
    atomic_store_explicit(&handlers[spare][signal], (handler_function)(void *)handler, memory_order_release);
    return plain(shims[spare]);
}

static int wrapped_sigaction(int signal, const struct sigaction *action, struct sigaction *before) {
    struct sigaction wrapped;
    if (action != NULL && is_wrapped(signal, action->sa_handler)) {
        wrapped = *action;
        wrapped.sa_handler = wrap(signal, action->sa_handler);
        action = &wrapped;
    }
    int result = pp_real.sigaction(signal, action, before);
    if (result == 0 && before != NULL)
        before->sa_handler = program_handler(signal, before->sa_handler);
    return result;
}

sighandler_t pp_signal_through(sighandler_t (*real)(int, sighandler_t), int signal, sighandler_t handler) {
    if (!wrapping)
        return real(signal, handler);
    sighandler_t before = real(signal, is_wrapped(signal, handler) ? wrap(signal, handler) : handler);
    return program_handler(signal, before);
}

// Handlers that libraries installed before our constructor ran.
void pp_dispositions_start(void) {
    wrapping = true;
    struct sigaction action;
    for (int signal = 1; signal < _NSIG; signal++)
        if (pp_real.sigaction(signal, NULL, &action) == 0 && is_wrapped(signal, action.sa_handler))
            wrapped_sigaction(signal, &action, NULL);
}

int pp_sigaction(int signal, const struct sigaction *action, struct sigaction *before) {
    pp_real_resolve();
    pp_recorder *recorder = &pp_recorder_state;
    if (signal != PP_SIGNAL && wrapping)
        return wrapped_sigaction(signal, action, before);
    if (signal != PP_SIGNAL || recorder->session == NULL || atomic_load(&recorder->signal_taken))
        return pp_real.sigaction(signal, action, before);
    struct sigaction previous = recorder->program_action;
    if (action != NULL) {
        if ((action->sa_flags & SA_SIGINFO) != 0 || action->sa_handler != SIG_DFL) {
            pp_signal_give_away(PP_COUNT_SIGNAL_TAKEN);
            int result = pp_disposition_set(action);
            if (result != 0)
                return result;
        }
        recorder->program_action = *action;
        recorder->program_action.sa_flags |= PP_SA_RESTORER; // as the C library and the kernel give it back
        sigdelset(&recorder->program_action.sa_mask, SIGKILL);
        sigdelset(&recorder->program_action.sa_mask, SIGSTOP);
    }
    if (before != NULL)
        *before = previous;
    return 0;
}
