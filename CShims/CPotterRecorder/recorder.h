// SPDX-License-Identifier: Apache-2.0
// The recorder: what runs inside the target.
//
//   constructor ── hello ──▶ session memory mapped ──▶ threads, modules announced ──▶ SIGPROF handler samples
//
// Recorder law. In a handler: no malloc, no stdio, no lock, no loader, no Swift; errno is kept; no page is touched for
// the first time but those of the stack arena and of the later part of its index; every drop is counted. Outside of
// handlers (interposed calls) the recorder may take its own spin lock and call the loader. Inert on any doubt:
// `pp_recorder.session` stays NULL, and every interposed call then goes straight to the real one.
//
// Who calls what: preload.c exports the interposed names and forwards here; nothing here is exported from the library.
#pragma once
#include "pp_access.h"
#include "pp_unwind.h"
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>

/// The signal of our clocks and timers: SIGPROF, the only one that libdispatch workers leave unblocked, or SIGTRAP.
#define PP_SIGNAL (pp_recorder_state.signal)

#define PP_WITHDRAWN_NOT 0u
#define PP_WITHDRAWN_SOON 1u // a thread is at it
#define PP_WITHDRAWN 2u      // no system call of ours any more in this process

typedef struct pp_recorder {
    pp_session *session;   // NULL: inert
    uint64_t session_size; // mapped: with the heap area or without
    pp_bell *bell;
    const uint8_t *tables;
    uint64_t tables_size;
    uint64_t *scratch;   // PP_MAX_FRAMES words for each thread slot, private
    pp_code_map maps[2]; // the map in use is maps[active]
    _Atomic uint32_t active;
    _Atomic uint32_t map_version;  // odd while the map that is not in use is being written
    _Atomic uint32_t closing;      // dlcloses under way
    _Atomic uint32_t copies_ready; // slots of copied stacks that handlers may use: present in this process
    uint32_t process;              // slot of this process
    int32_t pid;
    int32_t signal; // of the session
    uintptr_t main_stack_low, main_stack_high;
    struct sigaction program_action; // what the program believes is our signal's disposition
    _Atomic uint32_t signal_taken;   // the program owns our signal: never sample again in this process
    _Atomic uint32_t withdrawn;      // PP_WITHDRAWN_*, see seccomp_linux.c
    _Atomic uint32_t calls;          // pp_calls_begin without pp_calls_end
} pp_recorder;
extern pp_recorder pp_recorder_state;

// Per thread; initial-exec TLS. `sampling` is volatile: glibc declares functions `leaf`, and the compiler may otherwise
// move the guard across them.
typedef struct pp_local {
    pp_thread *thread; // NULL: unrecorded
    uint64_t *frames;  // scratch of the slot
    int timer;         // kernel timer id, -1: none
    volatile int sampling;
    volatile uint32_t handled;         // how often our handler ran on this thread: tells whose EINTR it was
    volatile uint32_t program_handled; // how often a handler of the program did, see dispositions.c
    uint32_t sequence;
    volatile uint32_t loading; // within dlopens: of this thread
    bool timer_slow;           // ticking once in PP_SLOW_TICK_NS until the collector lives again
} pp_local;
extern __thread pp_local pp_local_state;

/// Whether every interposed call goes straight to the real one. The memory of a session stays mapped: a call that was
/// under way when another thread withdrew the recorder ends in it safely.
static inline bool pp_is_inert(void) {
    return pp_recorder_state.session == NULL ||
           atomic_load_explicit(&pp_recorder_state.withdrawn, memory_order_acquire) == PP_WITHDRAWN;
}

static inline pp_process *pp_processes(pp_session *session) {
    return (pp_process *)((uint8_t *)session + PP_PROCESSES_OFFSET);
}
static inline pp_thread *pp_threads(pp_session *session) {
    return (pp_thread *)((uint8_t *)session + PP_THREADS_OFFSET);
}
static inline pp_module *pp_modules(pp_session *session) {
    return (pp_module *)((uint8_t *)session + PP_MODULES_OFFSET);
}
static inline void pp_count(pp_session *session, enum pp_counter counter) {
    atomic_fetch_add_explicit(&session->counters[counter], 1, memory_order_relaxed);
}
static inline uint64_t pp_now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
/// Kernel time of this thread, ns, by the kernel's own account: the share of its ticks that found it there.
static inline uint64_t pp_kernel_time(void) {
    struct rusage usage = {0};
    getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)usage.ru_stime.tv_sec * 1000000000u + (uint64_t)usage.ru_stime.tv_usec * 1000u;
}

// session.c
void pp_recorder_start(void);   // the library's constructor
void pp_recorder_finish(void);  // the library's destructor
void pp_ring_bell(void);        // wakes the collector; async-signal-safe, at most one system call
bool pp_collector_lives(void);  // by its heartbeat
bool pp_collector_exists(void); // by its pid: also while it is stopped
void pp_announce(void);         // something in the slots changed; rings the bell
bool pp_wait_word(_Atomic uint32_t *word, uint32_t while_value, uint64_t timeout_ns); // false: timed out
const char *pp_session_path(void); // value of POTTER_SESSION, NULL while inert from the start
const char *pp_preload_path(void); // this library's path as LD_PRELOAD names it

// threads.c
/// Claims a slot, arms the CPU timer. [stack_low, stack_high): what is the thread's own stack for sure; a `stack_low`
/// of 0 is not known. `start_cpu_ns`: the thread's CPU clock when its life under the recorder began.
void pp_thread_begin(pp_local *local, uintptr_t stack_low, uintptr_t stack_high, uint64_t start_cpu_ns);
void pp_thread_wait_armed(const pp_local *local);
void pp_thread_end(void);
void pp_timer_suspend(void); // before exec
void pp_timer_resume(void);
void pp_threads_note_cpu(void); // writes every thread's CPU clock: the process ends, and the threads with it
void pp_timers_delete(void);    // of all threads of this process

// process.c
bool pp_process_begin(uint32_t parent_slot, int32_t parent_pid, uint64_t start_cpu_ns);
void pp_process_ends(void);
void pp_fork_prepare(void);
void pp_fork_parent(void);
void pp_fork_child(void);

// modules.c
void pp_modules_scan(bool wait_for_tables); // outside of handlers only: calls dl_iterate_phdr
/// The same within a dlopen of this thread (pp_local.loading), where the loader's lock is its own; false: another
/// thread is at it, or it is not within one.
bool pp_modules_meet(void);
void pp_modules_forked(void); // in a forked child: the lock may have been held
bool pp_store_string(pp_session *session, const char *text, uint32_t *offset);
bool pp_modules_prefault(void);                     // false: some have no table yet
bool pp_caller_has_search_path(const void *caller); // its DT_RUNPATH or DT_RPATH decides what dlopen("name") finds

// own_sends.c
/// No signal of ours comes to this thread until pp_quiet_end, but what is pending; false: the collector lives and does
/// not answer, so that one may.
bool pp_quiet_begin(void);
void pp_quiet_end(void);
/// Takes what is pending of our signal on this thread; true: one was of the program's own.
bool pp_pending_take(siginfo_t *of_program);
void pp_pending_return(siginfo_t *of_program);
void pp_pending_drain(void); // ours only: the program's is put back
int pp_raise(int signal);
int pp_pthread_kill(pthread_t thread, int signal);
int pp_pthread_sigqueue(pthread_t thread, int signal, const union sigval value);
int pp_tgkill(pid_t process, pid_t thread, int signal);

// exec.c: the interposed exec and spawn families end here
int pp_execve(const char *path, char *const arguments[], char *const environment[]);
int pp_execvpe(const char *file, char *const arguments[], char *const environment[]);
int pp_fexecve(int fd, char *const arguments[], char *const environment[]);
int pp_execveat(int fd, const char *path, char *const arguments[], char *const environment[], int flags);

// image_linux.c: what kind of program an exec would start
typedef enum pp_image_kind { PP_IMAGE_UNKNOWN, PP_IMAGE_NATIVE, PP_IMAGE_FOREIGN } pp_image_kind;
typedef struct pp_image {
    pp_image_kind kind;
    char first[64]; // name of a sanitizer's runtime, to be loaded before the recorder; "": none
} pp_image;
pp_image pp_image_of_path(const char *path);
pp_image pp_image_of_fd(int fd);
pp_image pp_image_of_file(const char *file); // searched in PATH as execvp does
/// Whether a library of this name is a sanitizer's runtime.
bool pp_is_sanitizer(const char *name, size_t length);

// environment.c
#define PP_ENVIRONMENT_EXTRA 3u
size_t pp_environment_count(char *const environment[]);
size_t pp_environment_text(char *const environment[]); // bytes of new strings, at most
/// Writes to `out` (room for count + PP_ENVIRONMENT_EXTRA) the environment that a child should get, with our two
/// entries in it (native) or out of it (foreign). `text` holds the new strings. Returns `environment` itself where
/// nothing changes.
char *const *pp_environment_for(const pp_image *image, char *const environment[], char **out, char *text,
                                size_t text_size);
/// A list of LD_PRELOAD without the library that was put before ours for the sake of this image alone.
const char *pp_preloads_of_program(const char *list);

// dispositions.c: the program sees its own disposition of our signal
void pp_dispositions_start(void);
int pp_sigaction(int signal, const struct sigaction *action, struct sigaction *before);
/// signal() and its older kin: `real` is the C library's, it knows what flags it wants.
sighandler_t pp_signal_through(sighandler_t (*real)(int, sighandler_t), int signal, sighandler_t handler);

/// The signal is the program's from here on, or nobody's: no clock or timer of ours sends it any more. False: the
/// collector lives and does not answer, so that a clock may.
bool pp_signal_give_away(enum pp_counter why);
/// After that: gives the signal a disposition of the program's. It is ignored for a moment, which flushes it on all
/// threads: one of ours that stayed pending on a thread that blocks it would be taken for the program's later.
int pp_disposition_set(const struct sigaction *program_action);
/// The program asks for the signal in another way than by a handler.
void pp_signal_claimed(enum pp_counter why);

// seccomp_linux.c
/// Around system calls of ours that another thread may not put under a filter: it waits for their end. False: too
/// late, none may be made.
bool pp_calls_begin(void);
void pp_calls_end(void);
void pp_before_prctl(long option, unsigned long mode, unsigned long filter);
void pp_before_syscall(long number, long first, long second, long third);
bool pp_runs_filtered(void); // what is executed from here must not load the recorder

/// The recorder leaves this process for good. True: no signal of ours comes any more. False: it did already, or the
/// collector lives and does not answer.
bool pp_withdraw(enum pp_counter why);

// tracing_linux.c
void pp_before_ptrace(long request, pid_t pid);
bool pp_is_traced(void); // what is executed from here must not load the recorder

// address_space_linux.c
bool pp_address_space_is_short(void);
uint64_t pp_tables_that_fit(uint64_t size); // how many bytes of the unwind tables are to be mapped
/// Before the program sets a limit of `process` (0: its own).
void pp_before_limit(pid_t process, int resource, const struct rlimit *limit);

// stack_table.c
#define PP_STACK_BUCKETS_AT_FIRST (1u << 14) // of the index, until stacks find no room in there
bool pp_stack_intern(pp_session *session, const uint64_t *frames, const pp_unwound *unwound, uint32_t *id);

// copied_stack.c
#define PP_COPIES_AT_FIRST 4u // for rules that rows cannot hold; more when a library is loaded
/// Makes that many slots of copied stacks present, so that handlers may use them. Outside of handlers.
void pp_copies_prefault(uint32_t slots);
/// Whether a stack that was unwound is better unwound by the collector: it met a module whose table is not there yet,
/// or a rule that rows cannot hold.
bool pp_wants_copy(pp_session *session, const uint64_t *frames, const pp_unwound *unwound);
/// Copies registers, module list and stack to a slot, and names it in `sample`; false, and counted, if none is free.
bool pp_copy_stack(pp_recorder *recorder, const pp_local *local, const ucontext_t *context, pp_sample *sample);
/// How much stack a thread that is created so has below its control block, at least; bytes, 0: not known.
uint64_t pp_stack_room(const pthread_attr_t *attributes);

// freeze_linux.c
/// Whether a signal of ours is an order of the collector's, and which.
bool pp_is_control(const siginfo_t *info, uint32_t *order);
/// Obeys it, in the handler.
void pp_control(uint32_t order, const ucontext_t *context);

// sampler_linux.c
bool pp_sampler_install(void);
bool pp_signal_is_ours(const siginfo_t *info); // a SIGPROF of the perf clock or of this thread's CPU timer
void pp_sampler_handler(int signal, siginfo_t *info, void *context);

// arch: sampler_x86_64.h, sampler_aarch64.h
