// SPDX-License-Identifier: Apache-2.0
// What the recorder (inside the target) and the collector (potter-prof) share. The only definition of it: Swift reads
// the session memory through this header.
//
//   session memory, one memfd per program image (from exec to exec), mapped read-write by both sides
//   ┌─────────┬───────────┬─────────┬─────────┬─────────┬───────┬─────────────┬─────────────┬───────────────┬────────┐
//   │ header  │ processes │ threads │ modules │ strings │ rings │ stack index │ stack arena │ copied stacks │ freeze │
//   └─────────┴───────────┴─────────┴─────────┴─────────┴───────┴─────────────┴─────────────┴───────────────┴────────┘
//   unwind tables, one memfd per recording, read-only for the targets (F_SEAL_FUTURE_WRITE): blobs of pp_unwind_table
//   bell, one page per recording: the futex word by which targets wake the collector
//
// Invariants
//  1. State lives in slots, not in messages: nothing about a thread, process or module can be lost between the two
//     sides. A slot that cannot be had is counted (pp_counter) and its owner runs unrecorded.
//  2. Every word has one writer, but for the reserve counters and state words, which change by compare-and-swap.
//  3. The collector trusts nothing in here: the target may be hostile. It copies, then checks.
//  4. A frame names its module, not only its address: it stays right after dlclose and in forked children, whose
//     mappings differ.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define PP_WIRE_VERSION 5u
#define PP_SESSION_MAGIC 0x314e534553545450ull // "PTTSESN1"
#define PP_HELLO_MAGIC 0x4f4c4c48u             // "HLLO"

// Limits. Changing one changes the layout: raise PP_WIRE_VERSION.
#define PP_PROCESS_SLOTS 512u // processes alive at once in one image (forked without exec)
#define PP_THREAD_SLOTS 4096u // threads alive at once in one image
#define PP_MODULE_SLOTS 4096u // distinct mappings of modules over the life of an image
#define PP_STRING_BYTES (1u << 20)
#define PP_RING_RECORDS 512u // per thread; a power of two
#define PP_FOREIGN_SLOTS 6u  // distinct foreign programs that are named; others are only counted
#define PP_STACK_BUCKETS (1u << 18)
#define PP_MAX_FRAMES 512u // kept of one stack: all, or PP_CUT_FRAMES at each end
#define PP_CUT_FRAMES 256u
#define PP_WALK_LIMIT 16384u            // frames walked before an unwind gives up
#define PP_STACK_ARENA_WORDS (8u << 20) // 64 MiB, sparse

// Engines of pp_session.engine.
#define PP_ENGINE_NONE 0u
#define PP_ENGINE_PERF 1u  // perf clocks of the collector sample user time; the thread timer only divides kernel time
#define PP_ENGINE_TIMER 2u // the thread timer samples all CPU time

// sig_data of perf clocks that raise SIGTRAP (engine sigtrap, otherwise as engine perf): of CPU time, of page faults.
#define PP_TRAP_CLOCK 0x4b434f4c43545450ull  // "PTTCLOCK"
#define PP_TRAP_FAULTS 0x544c554146545450ull // "PTTFAULT"

// pp_session.state
#define PP_SESSION_PREPARING 0u
#define PP_SESSION_RECORDING 1u
#define PP_SESSION_STOPPED 2u

// pp_thread.state and pp_process.state
#define PP_SLOT_FREE 0u
#define PP_SLOT_CLAIMED 1u // being filled in
#define PP_SLOT_LIVE 2u
#define PP_SLOT_EXITED 3u // its last word is written; the collector drains it, then frees it

// pp_module.state
#define PP_MODULE_ANNOUNCED 2u
#define PP_MODULE_PREPARED 3u // the collector is done with it: table_offset is final, and may be 0 (no table)

// A frame of a stack: module slot in the upper 16 bits, file-relative address (pc - bias) in the lower 48. For a return
// address it is the address of the byte before it, so that it lies inside the call.
#define PP_FRAME_MODULE_SHIFT 48
#define PP_FRAME_ADDRESS_MASK 0x0000ffffffffffffull
#define PP_FRAME_NO_MODULE 0xffffu // the lower 48 bits are the absolute address

// pp_stack.flags
#define PP_STACK_CUT 1u        // `cut` frames are missing between frame PP_CUT_FRAMES-1 and frame PP_CUT_FRAMES
#define PP_STACK_INCOMPLETE 2u // the root was not reached: the last frame is where the unwind failed
#define PP_STACK_FALLBACK 4u   // frame pointers had to be used at least once
#define PP_STACK_RACED 8u      // the module map changed during the walk, twice

// pp_sample.kind
#define PP_SAMPLE_USER 1u    // perf clock: stands for one mean period of user time
#define PP_SAMPLE_TICK 2u    // thread timer: `count` ticks of CPU time, user and kernel
#define PP_SAMPLE_SYSCALL 4u // flag on a tick: pc follows a system call instruction
#define PP_SAMPLE_FAULT 8u   // perf clock of page faults: pc is the instruction that faulted

// pp_session.counters: what could not be recorded. Names and order are those of the quality line.
enum pp_counter {
    PP_COUNT_RING_FULL,       // samples dropped, ring full
    PP_COUNT_STACKS_FULL,     // samples dropped, stack table full
    PP_COUNT_NO_THREAD_SLOT,  // threads that ran unrecorded
    PP_COUNT_NO_PROCESS_SLOT, // forked children that ran unrecorded
    PP_COUNT_NO_MODULE_SLOT,  // modules not announced
    PP_COUNT_NESTED,          // samples dropped, the handler was already running on the thread
    PP_COUNT_STALE,           // signals ignored: no heartbeat, stopped, or not ours
    PP_COUNT_UNKNOWN_THREAD,  // signals on a thread that has no slot
    PP_COUNT_TIMER_FAILED,    // threads whose CPU timer could not be made
    PP_COUNT_SIGNAL_TAKEN,    // the program installed its own SIGPROF handler: sampling ended
    PP_COUNT_FOREIGN_IMAGE,   // exec of a program that cannot load the recorder (static, other loader, setuid)
    PP_COUNT_SECCOMP_FILTER,  // the program installs a seccomp filter: the recorder has withdrawn
    PP_COUNT_ADDRESS_LIMIT,   // the program limits its address space: the recorder has withdrawn
    PP_COUNT_TRACED,          // the program is traced (by a debugger): sampling ended
    PP_COUNT_COPIES_FULL,     // stacks to be copied that found no slot: dropped if copies_all, else unwound as may be
    PP_COUNT_COUNTERS
};

// A ring record.
typedef struct pp_sample {
    uint64_t time_ns;   // CLOCK_MONOTONIC at handler entry
    uint32_t stack;     // id: offset of a pp_stack in the arena, in words; 0 if it was copied
    uint16_t kind;      // PP_SAMPLE_*
    uint16_t copy;      // slot of its pp_copy + 1, which is the collector's from here on; 0: none
    uint32_t count;     // ticks (1 + overrun), or 1
    uint32_t sequence;  // of this thread, counts drops too
    uint64_t weight_ns; // CPU time that a user sample stands for
} pp_sample;
_Static_assert(sizeof(pp_sample) == 32, "ring record");

// An entry of the stack arena; 8-byte words, published by the compare-and-swap of its index bucket.
typedef struct pp_stack {
    uint32_t hash;
    uint32_t flags;    // PP_STACK_*
    uint32_t depth;    // frames stored
    uint32_t cut;      // frames left out, PP_STACK_CUT
    uint64_t frames[]; // leaf first, see PP_FRAME_*
} pp_stack;
_Static_assert(sizeof(pp_stack) == 16, "stack header");

typedef struct pp_thread {
    // Written by the target.
    _Atomic uint32_t state;
    uint32_t tid;
    uint32_t process;       // slot
    _Atomic uint32_t fired; // 0: the period in force is a fresh one; n: it has fired n times; from redraw_at on the
                            // collector draws the next
    uint64_t stack_low, stack_high;
    uint64_t start_ns;     // CLOCK_MONOTONIC
    uint64_t start_cpu_ns; // CLOCK_THREAD_CPUTIME_ID when the recorder met it; 0 for a thread that was created under it
    _Atomic uint64_t exit_cpu_ns;  // the same at exit; 0 while running
    _Atomic uint64_t handler_ns;   // time in the handler
    _Atomic uint32_t exec;         // 1: about to exec, disarm me; set back to 0 if the exec fails
    uint32_t timer;                // kernel timer id + 1; 0: none
    char name[16];                 // at exit, for threads that the collector never saw alive
    _Atomic uint64_t armed_cpu_ns; // CLOCK_THREAD_CPUTIME_ID when its wait to be armed was over; 0: it waited in vain
    _Atomic uint32_t fault_fired;  // fires of the clock of page faults
    _Atomic uint32_t user_ticks;   // of the CPU timer outside of system calls, engine perf: they have no record
    uint64_t start_kernel_ns;      // kernel time of the thread when the recorder met it
    _Atomic uint64_t kernel_ns;    // the same at its last tick, by the kernel's own account
    uint64_t reserved1[1];
    // Ring: head written by the target.
    _Atomic uint64_t head;    // records written so far
    _Atomic uint64_t dropped; // records that found no room
    // At its last park (pp_freeze.h): the ucontext_t on its stack, and the order that it obeyed.
    _Atomic uint64_t context;
    _Atomic uint32_t parked;
    uint32_t reserved5;
    uint64_t reserved2[4];
    // Written by the collector.
    _Atomic uint64_t tail;      // records consumed so far
    _Atomic uint32_t armed;     // futex word: 0 not yet, 1 armed, 2 disarmed for exec, 3 cannot be armed
    _Atomic uint32_t redraw_at; // the fire of the period in force that wakes the collector to draw the next
    // Engine perf, weights of samples: until redraw_at the whole period in force (a thread is born within its first
    // one), and what the clock really counts while the redraw is late.
    _Atomic uint64_t weight_ns, late_weight_ns;
    // The clock of page faults: its descriptor in the collector (si_fd of its signals) + 1, 0 for none. Its first
    // period is the rest of one, and goes on until the collector puts the whole in force: only then do its fires count
    // again.
    _Atomic uint32_t fault_clock;
    _Atomic uint32_t fault_ready; // 1: the whole period is in force
    uint64_t reserved4[3];
} pp_thread;
_Static_assert(sizeof(pp_thread) == 256, "thread slot");

typedef struct pp_process {
    _Atomic uint32_t state;
    uint32_t pid;
    uint32_t parent; // process slot of the parent, or ~0 for the image's first
    uint32_t parent_pid;
    uint64_t start_ns;
    uint64_t start_cpu_ns;        // CLOCK_PROCESS_CPUTIME_ID at the constructor or after fork
    _Atomic uint64_t exit_cpu_ns; // at exit(), _exit() or before exec; 0 if it never said so
    _Atomic uint32_t exec; // 1: this process is in an exec; 2: and SIGPROF is ignored across it, for our sake alone
    _Atomic uint32_t signal_taken; // futex word: 1 the program claims SIGPROF, disarm all threads; 2 done
    _Atomic uint32_t filtered;     // what claims SIGPROF is 1: a seccomp filter, below which none of ours may come;
                                   // 2: a limit of address space, which our memory would exceed; 3: a tracer
    _Atomic uint32_t traced;       // 1: its parent traces it: what it executes must not load the recorder
    _Atomic uint64_t heap_root;    // address of its pp_heap_root, in its own memory; 0: none
} pp_process;
_Static_assert(sizeof(pp_process) == 64, "process slot");

typedef struct pp_module {
    _Atomic uint32_t state; // PP_SLOT_CLAIMED while filled in, then PP_MODULE_*
    uint32_t path;          // offset in strings, NUL-terminated; "" is the program itself
    uint64_t start, end;    // of all its load segments
    uint64_t bias;          // run-time address minus file-relative address
    uint64_t time_ns;       // when it was announced
    uint32_t process;       // slot of the process that announced it
    uint8_t build_id_size;  // 0: none
    uint8_t build_id[20];
    uint8_t reserved0[3];
    _Atomic uint64_t table_offset; // written by the collector: of a pp_unwind_table in the tables memfd, 0: none
    uint64_t reserved1[6];
} pp_module;
_Static_assert(sizeof(pp_module) == 128, "module slot");

// A program that was executed and cannot load the recorder.
typedef struct pp_foreign {
    _Atomic uint32_t path; // offset in strings + 1; 0: unused
    _Atomic uint32_t count;
} pp_foreign;

typedef struct pp_session {
    uint64_t magic;
    uint32_t version;
    uint32_t header_size;
    uint64_t size; // of the memfd
    // Offsets of the areas, from the start of the memfd.
    uint64_t processes, threads, modules, strings, rings, stack_index, stack_arena;
    // Written by the collector before the target maps it.
    uint32_t engine;            // PP_ENGINE_*
    uint32_t start_wait_us;     // a new thread waits at most so long to be armed, see also wait_paid_ns
    uint64_t timer_interval_ns; // of the thread CPU timers; 0: none
    uint64_t arena_limit_words; // at most PP_STACK_ARENA_WORDS
    uint32_t ring_limit;        // at most PP_RING_RECORDS
    uint32_t module_limit;      // at most PP_MODULE_SLOTS
    uint32_t thread_limit;      // at most PP_THREAD_SLOTS
    uint32_t follow;            // 1: children are recorded too
    uint64_t tables_size;
    uint32_t collector_pid;
    _Atomic uint32_t restores_default; // 1: the old image ignored SIGPROF across the exec for our sake alone
    uint32_t copy_limit;               // slots of copied stacks in use, at most PP_COPY_SLOTS
    uint32_t copies_all;               // 1: every stack is copied; 0: those that need a table which is not there yet
    uint32_t signal;                   // of clocks and timers: SIGPROF, or SIGTRAP for engine sigtrap
    uint32_t heap_mode;                // PP_HEAP_*
    uint64_t heap_interval;            // PP_HEAP_SAMPLED: mean distance of samples, bytes
    uint32_t heap_flags;
    uint32_t reserved3;
    uint64_t reserved0[8];
    // Written by the collector while recording.
    _Atomic uint64_t heartbeat_ns; // CLOCK_MONOTONIC; older than PP_HEARTBEAT_STALE_NS: the collector is gone
    _Atomic uint32_t state;        // PP_SESSION_*
    _Atomic uint32_t ready;        // futex word: 1 when hello is answered in full (tables ready, main thread armed)
    uint64_t reserved1[5];
    // Written by the target.
    _Atomic uint64_t wait_paid_ns; // CLOCK_MONOTONIC up to which waits of threads to be armed are paid for
    _Atomic uint32_t process_high, thread_high, module_high; // slots ever used
    _Atomic uint32_t strings_used;
    _Atomic uint64_t arena_used_words;
    _Atomic uint32_t announced;   // counts announcements, so that the collector looks only when there is something
    _Atomic uint32_t forks_begun; // by a parent; while it is ahead of `forks_claimed` a child may still want a slot
    _Atomic uint32_t forks_claimed;
    _Atomic uint32_t copy_next; // where the search for a free slot begins
    pp_foreign foreign[PP_FOREIGN_SLOTS];
    _Atomic uint64_t counters[16]; // enum pp_counter
} pp_session;
_Static_assert(sizeof(pp_session) == 512, "session header");
_Static_assert(PP_COUNT_COUNTERS <= 16, "counters");

#define PP_HEARTBEAT_STALE_NS 2000000000ull

#include "pp_copied_stack.h"
#include "pp_freeze.h"
#include "pp_heap.h"

// Area sizes, in the order of the layout; each area starts on a page.
#define PP_PAGE_ROUND(bytes) (((uint64_t)(bytes) + 4095u) & ~(uint64_t)4095u)
#define PP_PROCESSES_OFFSET PP_PAGE_ROUND(sizeof(pp_session))
#define PP_THREADS_OFFSET (PP_PROCESSES_OFFSET + PP_PAGE_ROUND(PP_PROCESS_SLOTS * sizeof(pp_process)))
#define PP_MODULES_OFFSET (PP_THREADS_OFFSET + PP_PAGE_ROUND(PP_THREAD_SLOTS * sizeof(pp_thread)))
#define PP_STRINGS_OFFSET (PP_MODULES_OFFSET + PP_PAGE_ROUND(PP_MODULE_SLOTS * sizeof(pp_module)))
#define PP_RINGS_OFFSET (PP_STRINGS_OFFSET + PP_PAGE_ROUND(PP_STRING_BYTES))
#define PP_RING_BYTES (PP_RING_RECORDS * sizeof(pp_sample))
#define PP_STACK_INDEX_OFFSET (PP_RINGS_OFFSET + PP_PAGE_ROUND((uint64_t)PP_THREAD_SLOTS * PP_RING_BYTES))
#define PP_STACK_ARENA_OFFSET (PP_STACK_INDEX_OFFSET + PP_PAGE_ROUND((uint64_t)PP_STACK_BUCKETS * 4))
#define PP_COPIES_OFFSET (PP_STACK_ARENA_OFFSET + PP_PAGE_ROUND((uint64_t)PP_STACK_ARENA_WORDS * 8))
#define PP_FREEZE_OFFSET (PP_COPIES_OFFSET + PP_PAGE_ROUND(PP_COPY_OWNERS_BYTES + PP_COPY_SLOTS * sizeof(pp_copy)))
#define PP_SESSION_SIZE (PP_FREEZE_OFFSET + PP_PAGE_ROUND(PP_FREEZE_BYTES))
#define PP_HEAP_OFFSET PP_SESSION_SIZE // with heap_mode alone, and then the memfd ends with the heap area
#define PP_HEAP_TABLES_OFFSET (PP_HEAP_OFFSET + sizeof(pp_heap_area))
#define PP_HEAP_SITES_OFFSET                                                                                           \
    (PP_HEAP_OFFSET + PP_PAGE_ROUND(sizeof(pp_heap_area) + PP_HEAP_TABLES * sizeof(pp_heap_table)))
#define PP_HEAP_SESSION_SIZE (PP_SESSION_SIZE + PP_HEAP_BYTES)

// A limit of address space or data counts what the recorder maps in the target (but for the unwind tables, which are
// cut to fit): it is to be at most one part in so many, or the program runs unrecorded.
#define PP_LEAST_SHARE 16u
#define PP_SCRATCH_BYTES ((uint64_t)PP_THREAD_SLOTS * PP_MAX_FRAMES * 8u)
#define PP_MAPPED_BYTES (PP_SESSION_SIZE + PP_SCRATCH_BYTES)
#define PP_LEAST_ADDRESS_SPACE (PP_LEAST_SHARE * PP_MAPPED_BYTES)
#define PP_LEAST_DATA (PP_LEAST_SHARE * PP_SCRATCH_BYTES)

// The page by which all targets of a recording wake the collector.
typedef struct pp_bell {
    _Atomic uint32_t word;    // incremented before each wake
    _Atomic uint32_t waiting; // 1 while the collector sleeps on `word`
} pp_bell;

// Target to collector, over the unix socket named in POTTER_SESSION.
typedef struct pp_hello {
    uint32_t magic;
    uint32_t version;
    uint32_t pid;
    uint32_t flags;
    uint64_t startup_cpu_ns; // CLOCK_PROCESS_CPUTIME_ID in the constructor
    uint64_t reserved[4];
} pp_hello;
_Static_assert(sizeof(pp_hello) == 56, "hello");

// Collector to target, with three descriptors by SCM_RIGHTS: session, tables, bell.
typedef struct pp_welcome {
    uint32_t magic;
    uint32_t version;
    uint32_t status; // 0: welcome; else stay inert
    uint32_t reserved;
    uint64_t session_size;
    uint64_t tables_size;
} pp_welcome;
_Static_assert(sizeof(pp_welcome) == 32, "welcome");

#include "pp_unwind_table.h"

// Atomics do not import into Swift: these do.
static inline uint32_t pp_load32(const _Atomic uint32_t *word) {
    return atomic_load_explicit(word, memory_order_acquire);
}
static inline uint64_t pp_load64(const _Atomic uint64_t *word) {
    return atomic_load_explicit(word, memory_order_acquire);
}
static inline void pp_store32(_Atomic uint32_t *word, uint32_t value) {
    atomic_store_explicit(word, value, memory_order_release);
}
static inline void pp_store64(_Atomic uint64_t *word, uint64_t value) {
    atomic_store_explicit(word, value, memory_order_release);
}
static inline uint32_t pp_exchange32(_Atomic uint32_t *word, uint32_t value) {
    return atomic_exchange_explicit(word, value, memory_order_acq_rel);
}
static inline bool pp_swap32(_Atomic uint32_t *word, uint32_t expected, uint32_t value) {
    return atomic_compare_exchange_strong_explicit(word, &expected, value, memory_order_acq_rel, memory_order_acquire);
}
