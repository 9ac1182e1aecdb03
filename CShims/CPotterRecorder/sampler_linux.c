// SPDX-License-Identifier: Apache-2.0
// The sampler: the handler of SIGPROF, or SIGTRAP (engine sigtrap). These use the one signal:
//   perf clock of the collector   si_code POLL_IN..POLL_HUP   one sample of user time
//   ... of its page faults        si_fd says so               a number of faults
//   the same by SIGTRAP           si_code TRAP_PERF           what sig_data says
//   CPU timer of the thread       si_code SI_TIMER            ticks of CPU time, user and kernel
//   the collector                 si_code SI_QUEUE            an order: freeze_linux.c
// Anything else is the program's own business: see foreign_signal.
//
// All signals are masked while it runs, so that no handler of the program runs on top of ours and jumps out of it.
#include "real_functions.h"
#include "recorder.h"
#include "unwind_stacks_linux.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include "sampler_x86_64.h"
#elif defined(__aarch64__)
#include "sampler_aarch64.h"
#else
#error "sampler: this architecture is not supported yet"
#endif

#define PP_SLOW_TICK_NS 500000000ull // CPU time between ticks while no collector lives

static bool from_timer(const siginfo_t *info, const pp_local *local) {
    return info->si_code == SI_TIMER && local->thread != NULL && info->si_value.sival_ptr == (void *)local->thread;
}

#define PP_TRAP_PERF 6 // si_code, and the layout of siginfo_t then: linux/siginfo.h; the C library's lacks both
typedef struct pp_trap_info {
    int32_t signal, error, code, padding;
    uint64_t address, data; // si_perf_data
    uint32_t type, flags;
} pp_trap_info;
_Static_assert(sizeof(pp_trap_info) <= sizeof(siginfo_t) &&
                   offsetof(pp_trap_info, address) == offsetof(siginfo_t, si_addr),
               "siginfo_t");

// sig_data of a clock of ours; 0: a breakpoint, a debugger's step, somebody else's clock.
static uint64_t trap_of(const siginfo_t *info) {
    uint64_t data = ((const pp_trap_info *)info)->data;
    bool ours = info->si_code == PP_TRAP_PERF && (data == PP_TRAP_CLOCK || data == PP_TRAP_FAULTS);
    return info->si_signo == SIGTRAP && ours ? data : 0;
}

static bool from_perf(const siginfo_t *info) {
    if (info->si_signo == SIGTRAP)
        return trap_of(info) != 0;
    return info->si_code >= POLL_IN && info->si_code <= POLL_HUP;
}

bool pp_signal_is_ours(const siginfo_t *info) {
    uint32_t order;
    return info->si_signo == PP_SIGNAL &&
           (from_perf(info) || from_timer(info, &pp_local_state) || pp_is_control(info, &order));
}

static void set_timer(const pp_local *local, uint64_t interval_ns) {
    struct timespec t = {.tv_sec = (time_t)(interval_ns / 1000000000u), .tv_nsec = (long)(interval_ns % 1000000000u)};
    struct itimerspec spec = {.it_interval = t, .it_value = t};
    syscall(SYS_timer_settime, local->timer, 0, &spec, NULL);
}

// A signal that is not ours: sent by somebody with kill, by setitimer, or a breakpoint. With the default disposition
// the program would have died of it, so it does.
static void foreign_signal(const siginfo_t *info) {
    pp_recorder *recorder = &pp_recorder_state;
    if (recorder->session != NULL)
        pp_count(recorder->session, PP_COUNT_STALE);
    bool ours_late = from_perf(info) || info->si_code == SI_TIMER;
    if (ours_late || recorder->program_action.sa_handler != SIG_DFL)
        return;
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    pp_real.sigaction(PP_SIGNAL, &fatal, NULL);                         // the interposed one would only note it
    syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid), PP_SIGNAL); // delivered when this handler returns
}

static pp_unwound unwind(const pp_recorder *recorder, const pp_thread *thread, const ucontext_t *context,
                         uint64_t *frames) {
    pp_registers registers = pp_context_registers(context);
    pp_stacks stacks = pp_stacks_of(thread->stack_low, thread->stack_high, context);
    pp_unwind_space space = {.modules = pp_modules(recorder->session),
                             .tables = recorder->tables,
                             .tables_size = recorder->tables_size,
                             .code_is_leaving = atomic_load_explicit(&recorder->closing, memory_order_acquire) != 0};
    pp_unwound unwound = {0};
    for (int attempt = 0; attempt < 2; attempt++) {
        uint32_t version = atomic_load_explicit(&recorder->map_version, memory_order_acquire);
        space.map = &recorder->maps[atomic_load_explicit(&recorder->active, memory_order_acquire)];
        unwound = pp_unwind_stacks(&space, registers, &stacks, frames);
        atomic_thread_fence(memory_order_acquire);
        uint32_t now = atomic_load_explicit(&recorder->map_version, memory_order_relaxed);
        // A writer fills only the buffer that is not in use; ours was overwritten only if two updates began since.
        if (now - (version & ~1u) < 3)
            return unwound;
    }
    unwound.flags |= PP_STACK_RACED;
    return unwound;
}

static void write_sample(pp_session *session, pp_local *local, const pp_sample *sample) {
    pp_thread *thread = local->thread;
    uint64_t head = atomic_load_explicit(&thread->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&thread->tail, memory_order_acquire);
    if (head - tail >= session->ring_limit) {
        pp_count(session, PP_COUNT_RING_FULL);
        atomic_fetch_add_explicit(&thread->dropped, 1, memory_order_relaxed);
        return;
    }
    uint64_t slot = (uint64_t)(thread - pp_threads(session));
    pp_sample *ring = (pp_sample *)((uint8_t *)session + PP_RINGS_OFFSET + slot * PP_RING_BYTES);
    ring[head & (PP_RING_RECORDS - 1)] = *sample;
    atomic_store_explicit(&thread->head, head + 1, memory_order_release);
    if (head + 1 - tail == session->ring_limit / 2)
        pp_ring_bell(); // half full: do not wait for the collector's clock
}

static bool from_fault_clock(const pp_thread *thread, const siginfo_t *info) {
    uint32_t clock = atomic_load_explicit(&thread->fault_clock, memory_order_relaxed);
    if (info->si_signo == SIGTRAP)
        return clock != 0 && trap_of(info) == PP_TRAP_FAULTS;
    return clock != 0 && (uint32_t)info->si_fd + 1 == clock;
}

// Whether this fire counts: the first, and those of whole periods. *wake: the collector is to put the whole in force.
static bool fault_counts(pp_thread *thread, bool *wake) {
    bool first = atomic_fetch_add_explicit(&thread->fault_fired, 1, memory_order_acq_rel) == 0;
    *wake = first;
    return first || atomic_load_explicit(&thread->fault_ready, memory_order_relaxed) != 0;
}

// Counts a fire of the CPU clock: its weight, and whether the collector is to draw the next period.
static void count_fire(pp_thread *thread, pp_sample *sample, bool *wake) {
    // The old period goes on until the collector has drawn the next: Docs/Sampling.md, section 2.
    uint32_t fired = 1 + atomic_fetch_add_explicit(&thread->fired, 1, memory_order_acq_rel);
    uint32_t last = atomic_load_explicit(&thread->redraw_at, memory_order_relaxed);
    sample->weight_ns =
        atomic_load_explicit(fired > last ? &thread->late_weight_ns : &thread->weight_ns, memory_order_relaxed);
    *wake = fired == last;
}

// Finds the stack, or copies it for the collector: all of them, or those that rows cannot unwind.
// False: there is no room, and that is counted.
static bool find_stack(pp_recorder *recorder, pp_local *local, const ucontext_t *context, pp_sample *sample) {
    pp_session *session = recorder->session;
    if (session->copies_all)
        return pp_copy_stack(recorder, local, context, sample);
    pp_unwound unwound = unwind(recorder, local->thread, context, local->frames);
    if (pp_wants_copy(session, local->frames, &unwound) && pp_copy_stack(recorder, local, context, sample))
        return true;
    if (pp_stack_intern(session, local->frames, &unwound, &sample->stack))
        return true;
    pp_count(session, PP_COUNT_STACKS_FULL);
    return false;
}

static void take_sample(pp_recorder *recorder, pp_local *local, const siginfo_t *info, const ucontext_t *context,
                        uint64_t now, bool tick, bool *wake) {
    pp_session *session = recorder->session;
    pp_sample sample = {.time_ns = now, .sequence = local->sequence++, .count = 1, .kind = PP_SAMPLE_USER};
    if (tick) {
        bool syscall = pp_context_follows_syscall(context);
        sample.kind = (uint16_t)(PP_SAMPLE_TICK | (syscall ? PP_SAMPLE_SYSCALL : 0));
        sample.count = 1u + (uint32_t)info->si_overrun;
        if (session->engine == PP_ENGINE_PERF) {
            atomic_store_explicit(&local->thread->kernel_ns, pp_kernel_time(), memory_order_relaxed);
            if (!syscall) { // user time is the perf clock's business
                atomic_fetch_add_explicit(&local->thread->user_ticks, sample.count, memory_order_relaxed);
                return;
            }
        }
    } else if (from_fault_clock(local->thread, info)) {
        sample.kind = PP_SAMPLE_FAULT;
        if (!fault_counts(local->thread, wake))
            return;
    } else {
        count_fire(local->thread, &sample, wake);
    }
    if (find_stack(recorder, local, context, &sample))
        write_sample(session, local, &sample);
    else
        atomic_fetch_add_explicit(&local->thread->dropped, 1, memory_order_relaxed);
}

// Returns whether the collector lives and records; slows the timer down while it does not.
static bool recording(pp_session *session, pp_local *local, uint64_t now, bool tick) {
    uint64_t beat = atomic_load_explicit(&session->heartbeat_ns, memory_order_relaxed);
    bool stale = (int64_t)(now - beat) > (int64_t)PP_HEARTBEAT_STALE_NS;
    if (tick && stale != local->timer_slow) {
        local->timer_slow = stale;
        set_timer(local, stale ? PP_SLOW_TICK_NS : session->timer_interval_ns);
    }
    return !stale && atomic_load_explicit(&session->state, memory_order_relaxed) == PP_SESSION_RECORDING;
}

static void on_signal(siginfo_t *info, const ucontext_t *context) {
    pp_recorder *recorder = &pp_recorder_state;
    pp_local *local = &pp_local_state;
    uint32_t order;
    if (recorder->session != NULL && pp_is_control(info, &order)) {
        local->handled++;
        if (!pp_is_inert())
            pp_control(order, context);
        return;
    }
    bool tick = from_timer(info, local);
    if (recorder->session == NULL || (!tick && !from_perf(info))) {
        foreign_signal(info);
        return;
    }
    pp_session *session = recorder->session;
    local->handled++;
    if (pp_is_inert())
        return; // below a filter of the program: nothing but the return
    if (local->thread == NULL) {
        pp_count(session, PP_COUNT_UNKNOWN_THREAD);
        return;
    }
    uint64_t now = pp_now(CLOCK_MONOTONIC);
    if (!recording(session, local, now, tick) || local->sampling) {
        pp_count(session, local->sampling ? PP_COUNT_NESTED : PP_COUNT_STALE);
        return;
    }
    local->sampling = 1;
    bool wake = false;
    take_sample(recorder, local, info, context, now, tick, &wake);
    local->sampling = 0;
    atomic_fetch_add_explicit(&local->thread->handler_ns, pp_now(CLOCK_MONOTONIC) - now, memory_order_relaxed);
    // The collector draws the next period only when it knows that this one is over. The wake comes last: the kernel may
    // well run the collector before us then, which is no time of the handler's.
    if (wake)
        pp_ring_bell();
}

bool pp_sampler_install(void) {
    struct sigaction action = {.sa_sigaction = pp_sampler_handler, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    struct sigaction before;
    if (pp_real.sigaction(PP_SIGNAL, &action, &before) != 0)
        return false;
    if (before.sa_sigaction != pp_sampler_handler) // inherited SIG_IGN, or a handler from before the constructor
        pp_recorder_state.program_action = before;
    return true;
}

void pp_sampler_handler(int signal, siginfo_t *info, void *context) {
    int saved = errno;
    on_signal(info, context);
    errno = saved;
}
