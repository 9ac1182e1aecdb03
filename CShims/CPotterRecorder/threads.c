// SPDX-License-Identifier: Apache-2.0
// Threads: a slot each, the start trampoline, the CPU timer.
//
//   FREE ──claim──▶ CLAIMED ──filled in──▶ LIVE ──thread ends──▶ EXITED ──collector drained it──▶ FREE
//
// The recorder makes no thread of its own: one more pthread makes glibc lock in programs that have a single one.
#include "heap.h"
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct start_call {
    _Atomic uint32_t taken;
    void *(*start)(void *);
    void *argument;
    uint64_t stack_room;
} start_call;

// Calls on their way to the new thread. Not malloc: the program's heap stays as it would be. Not mmap, but where all
// are taken: its lock and the flush on munmap cost each of 8 threads that start at once 0.2 ms of CPU [measured].
static start_call start_calls[64];

static start_call *new_start_call(void *(*start)(void *), void *argument, uint64_t stack_room) {
    start_call *call = NULL;
    for (size_t i = 0; i < sizeof(start_calls) / sizeof(start_calls[0]) && call == NULL; i++) {
        uint32_t expected = 0;
        if (atomic_compare_exchange_strong(&start_calls[i].taken, &expected, 1))
            call = &start_calls[i];
    }
    if (call == NULL)
        call = pp_heap_map(sizeof(*call));
    if (call != NULL) {
        call->start = start;
        call->argument = argument;
        call->stack_room = stack_room;
    }
    return call;
}

static void free_start_call(start_call *call) {
    if (call >= start_calls && call < start_calls + sizeof(start_calls) / sizeof(start_calls[0]))
        atomic_store_explicit(&call->taken, 0, memory_order_release);
    else
        pp_heap_unmap(call, sizeof(*call));
}

static pp_thread *claim_slot(pp_session *session) {
    uint32_t high = atomic_load_explicit(&session->thread_high, memory_order_acquire);
    pp_thread *threads = pp_threads(session);
    for (uint32_t i = 0; i < session->thread_limit && i < PP_THREAD_SLOTS; i++) {
        uint32_t expected = PP_SLOT_FREE;
        if (atomic_load_explicit(&threads[i].state, memory_order_relaxed) != PP_SLOT_FREE ||
            !atomic_compare_exchange_strong(&threads[i].state, &expected, PP_SLOT_CLAIMED))
            continue;
        while (high < i + 1 && !atomic_compare_exchange_weak(&session->thread_high, &high, i + 1)) {
        }
        return &threads[i];
    }
    return NULL;
}

// What the handler will write on this thread, made present: a first touch in a handler costs 20 times a sample.
static void prefault(pp_session *session, pp_thread *thread, uint64_t *frames) {
    uint64_t slot = (uint64_t)(thread - pp_threads(session));
    volatile uint8_t *ring = (uint8_t *)session + PP_RINGS_OFFSET + slot * PP_RING_BYTES;
    for (size_t at = 0; at < PP_RING_BYTES; at += 4096)
        ring[at] = ring[at];
    volatile uint64_t *scratch = frames;
    scratch[0] = 0;
}

static void start_timer(pp_session *session, pp_local *local) {
    if (session->timer_interval_ns == 0 || atomic_load(&pp_recorder_state.signal_taken))
        return; // the program's own handler would get the ticks
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = PP_SIGNAL};
    event.sigev_value.sival_ptr = local->thread;
    event._sigev_un._tid = (pid_t)local->thread->tid;
    if (syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &local->timer) != 0) {
        local->timer = -1;
        pp_count(session, PP_COUNT_TIMER_FAILED);
        return;
    }
    local->thread->timer = (uint32_t)local->timer + 1;
    if (!atomic_load(&pp_recorder_state.signal_taken)) // else pp_timers_delete may have missed this thread
        pp_timer_resume();
}

// The first tick comes after a random part of the interval: with a fixed one, threads that live shorter than it would
// never be seen.
void pp_timer_resume(void) {
    pp_local *local = &pp_local_state;
    if (local->thread == NULL || local->timer < 0 || pp_is_inert())
        return;
    uint64_t interval = pp_recorder_state.session->timer_interval_ns;
    uint64_t x = (pp_now(CLOCK_MONOTONIC) ^ ((uint64_t)local->thread->tid << 32)) * 0x9e3779b97f4a7c15ull;
    uint64_t first = 1 + (uint64_t)(((unsigned __int128)(x ^ x >> 29) * interval) >> 64);
    struct itimerspec spec = {
        .it_interval = {.tv_sec = (time_t)(interval / 1000000000u), .tv_nsec = (long)(interval % 1000000000u)},
        .it_value = {.tv_sec = (time_t)(first / 1000000000u), .tv_nsec = (long)(first % 1000000000u)}};
    syscall(SYS_timer_settime, local->timer, 0, &spec, NULL);
}

void pp_timer_suspend(void) {
    pp_local *local = &pp_local_state;
    struct itimerspec off = {0};
    if (local->thread != NULL && local->timer >= 0)
        syscall(SYS_timer_settime, local->timer, 0, &off, NULL);
}

void pp_timers_delete(void) {
    pp_session *session = pp_recorder_state.session;
    uint32_t high = atomic_load_explicit(&session->thread_high, memory_order_acquire);
    for (uint32_t i = 0; i < high && i < PP_THREAD_SLOTS; i++) {
        pp_thread *thread = &pp_threads(session)[i];
        if (thread->process == pp_recorder_state.process && thread->timer != 0 &&
            atomic_load_explicit(&thread->state, memory_order_acquire) == PP_SLOT_LIVE)
            syscall(SYS_timer_delete, (int)thread->timer - 1);
    }
}

void pp_threads_note_cpu(void) {
    pp_session *session = pp_recorder_state.session;
    uint32_t high = atomic_load_explicit(&session->thread_high, memory_order_acquire);
    for (uint32_t i = 0; i < high && i < PP_THREAD_SLOTS; i++) {
        pp_thread *thread = &pp_threads(session)[i];
        if (thread->process != pp_recorder_state.process ||
            atomic_load_explicit(&thread->state, memory_order_acquire) != PP_SLOT_LIVE)
            continue;
        struct timespec t;
        clockid_t clock = (clockid_t)(~thread->tid << 3 | 6u); // a thread of ours by tid: see clock_getcpuclockid
        if (clock_gettime(clock, &t) == 0)
            atomic_store(&thread->exit_cpu_ns, (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
    }
}

void pp_thread_begin(pp_local *local, uintptr_t stack_low, uintptr_t stack_high, uint64_t start_cpu_ns) {
    pp_recorder *recorder = &pp_recorder_state;
    pp_session *session = recorder->session;
    pp_thread *thread = claim_slot(session);
    if (thread == NULL) {
        pp_count(session, PP_COUNT_NO_THREAD_SLOT);
        return;
    }
    thread->tid = (uint32_t)syscall(SYS_gettid);
    thread->process = recorder->process;
    thread->stack_low = stack_low;
    thread->stack_high = stack_high;
    thread->start_ns = pp_now(CLOCK_MONOTONIC);
    thread->start_cpu_ns = start_cpu_ns;
    thread->start_kernel_ns = start_cpu_ns != 0 ? pp_kernel_time() : 0;
    thread->timer = 0;
    thread->name[0] = 0;
    atomic_store(&thread->exit_cpu_ns, 0);
    atomic_store(&thread->armed_cpu_ns, 0);
    atomic_store(&thread->handler_ns, 0);
    atomic_store(&thread->fired, 0);
    atomic_store(&thread->fault_fired, 0);
    atomic_store(&thread->user_ticks, 0);
    atomic_store(&thread->kernel_ns, 0);
    atomic_store(&thread->exec, 0);
    atomic_store(&thread->dropped, 0);
    local->frames = recorder->scratch + (size_t)(thread - pp_threads(session)) * PP_MAX_FRAMES;
    local->sequence = 0;
    local->timer_slow = false;
    prefault(session, thread, local->frames);
    local->thread = thread;
    start_timer(session, local);
    atomic_store_explicit(&thread->state, PP_SLOT_LIVE, memory_order_release);
}

// All waits of an image together, those of threads at the same time added up, take at most as long as it has run, and
// 0.1 s at once: where the collector has to wait for a CPU, a program with a thread for each request would run at its
// pace otherwise ([measured] 3,000 threads 1.2 s plain, 27 s recorded on a busy machine). Each wait moves
// `wait_paid_ns` on; it may be ahead of the clock by PP_WAIT_CREDIT_NS.
#define PP_WAIT_CREDIT_NS 100000000ull

static uint64_t longest_wait(const pp_session *session, uint64_t now) {
    uint64_t paid = atomic_load_explicit(&session->wait_paid_ns, memory_order_relaxed);
    uint64_t most = session->start_wait_us * 1000ull;
    uint64_t ahead = paid > now ? paid - now : 0;
    uint64_t left = ahead < PP_WAIT_CREDIT_NS ? PP_WAIT_CREDIT_NS - ahead : 0;
    return left < most ? left : most;
}

static void pay_wait(pp_session *session, uint64_t from) {
    uint64_t waited = pp_now(CLOCK_MONOTONIC) - from;
    uint64_t paid = atomic_load_explicit(&session->wait_paid_ns, memory_order_relaxed);
    uint64_t next;
    do
        next = (paid > from ? paid : from) + waited;
    while (!atomic_compare_exchange_weak_explicit(&session->wait_paid_ns, &paid, next, memory_order_relaxed,
                                                  memory_order_relaxed));
}

void pp_thread_wait_armed(const pp_local *local) {
    pp_session *session = pp_recorder_state.session;
    if (local->thread == NULL || session->start_wait_us == 0 || !pp_collector_lives())
        return;
    uint64_t now = pp_now(CLOCK_MONOTONIC);
    if (pp_wait_word(&local->thread->armed, 0, longest_wait(session, now)))
        atomic_store(&local->thread->armed_cpu_ns, pp_now(CLOCK_THREAD_CPUTIME_ID));
    pay_wait(session, now);
}

void pp_thread_end(void) {
    pp_local *local = &pp_local_state;
    pp_thread *thread = local->thread;
    if (thread == NULL)
        return;
    bool may_call = pp_calls_begin(); // else the collector finds the slot at its next sweep
    if (may_call) {
        if (local->timer >= 0)
            syscall(SYS_timer_delete, local->timer);
        prctl(PR_GET_NAME, thread->name);
        atomic_store_explicit(&thread->exit_cpu_ns, pp_now(CLOCK_THREAD_CPUTIME_ID), memory_order_release);
    }
    local->timer = -1;
    local->thread = NULL; // late signals find no slot
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&thread->state, PP_SLOT_EXITED, memory_order_release);
    if (!may_call)
        return;
    pp_announce();
    pp_calls_end();
}

static void end_thread(void *unused) {
    pp_heap_thread_end();
    pp_thread_end();
}

static void *run_thread(void *memory) {
    void *(*start)(void *) = ((start_call *)memory)->start;
    void *argument = ((start_call *)memory)->argument;
    uint64_t room = ((start_call *)memory)->stack_room;
    free_start_call(memory);
    pp_local *local = &pp_local_state;
    // Everything that a frame of this thread can hold lies below the thread control block.
    uintptr_t high = (uintptr_t)pthread_self();
    pp_thread_begin(local, room != 0 ? high - room : 0, high, 0);
    pp_heap_thread_begin(room != 0 ? high - room : 0, high);
    pp_announce();
    pp_thread_wait_armed(local);
    pp_calls_end(); // begun by who created us
    void *result;
    errno = 0; // as every new thread's
    pthread_cleanup_push(end_thread, NULL);
    result = start(argument);
    pthread_cleanup_pop(1);
    return result;
}

// The calls that it begins end in run_thread.
static int create_recorded(pthread_t *thread, const pthread_attr_t *attributes, start_call *call) {
    int error = pp_real.pthread_create(thread, attributes, run_thread, call);
    if (error == 0)
        return 0;
    free_start_call(call);
    pp_calls_end();
    return error;
}

int pp_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    pp_real_resolve();
    if (pp_calls_begin()) {
        start_call *call = new_start_call(start, argument, pp_stack_room(attributes));
        if (call != NULL)
            return create_recorded(thread, attributes, call);
        pp_calls_end();
    }
    return pp_real.pthread_create(thread, attributes, start, argument);
}
