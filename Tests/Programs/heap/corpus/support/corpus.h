// SPDX-License-Identifier: Apache-2.0
// What all programs of the leak corpus share: they count what they make and free, and say at the end what they leaked.
// Used by C, by C++ and, as bridging header, by Swift. No function here keeps an address of the program: addresses are
// stored with all bits inverted, in static memory, so that the truth is no root.
//
// Who calls what: plant functions (noinline; their name is the `site`) run on a thread that ends, and its stack is
// overwritten. Then, on another such thread, `check` walks from the program's own roots and counts what it meets. Then
// the truth line is printed: for each type  born - died - reachable == planted, or the program exits with status 2.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef __clang__
#define _Nonnull
#define _Nullable
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define SITE __attribute__((noipa)) // its own frame, never cloned: its name is in the stack
#else
#define SITE __attribute__((noinline))
#endif

// Kinds of planted blocks; README.md says what a tool should call them.
#define CYCLE "cycle"                 // member of a strong cycle that nothing reaches
#define ROOT "root"                   // Swift object with a count that nobody will give back, outside of cycles
#define OWNED "owned"                 // kept by one of the others alone
#define WEAK_CYCLE "weak-cycle"       // member of a cycle that a live object still observes weakly
#define TASK "task"                   // suspended task that nothing can resume
#define OVER_RETAINED "over-retained" // one retain too many
#define C_BLOCK "c-block"             // raw memory, head of a leak

// One object of `type` was made, freed. Any thread.
void corpus_born(const char *_Nonnull type);
void corpus_died(const char *_Nonnull type);
// `check` met `count` objects of `type`, coming from the program's roots.
void corpus_reachable(const char *_Nonnull type, long count);
// All objects of `type` that live now are held by something that `check` cannot walk (a sleeping task, a blocked
// thread). The proof is a run with CORPUS_DRAIN=1: the case lets go, and every object must die.
void corpus_held(const char *_Nonnull type);
// The object at `start` (of a block of malloc) of `bytes` asked is leaked. The type has its own counters ...
void corpus_planted(const char *_Nonnull type, const void *_Nonnull start, size_t bytes, const char *_Nonnull kind,
                    const char *_Nonnull site);
// ... or has none: counts it as born, too.
void corpus_planted_block(const char *_Nonnull type, const void *_Nonnull start, size_t bytes,
                          const char *_Nonnull kind, const char *_Nonnull site);
// `count` further blocks hang under the planted ones that the program cannot name: closure contexts, array buffers.
void corpus_implied(const char *_Nonnull what, long count);
// As before, but the number is the library's own affair: at least `count`.
void corpus_implied_at_least(const char *_Nonnull what, long count);
// Living objects of `type`: born - died.
long corpus_living(const char *_Nonnull type);

// Runs `body(context)` on a new thread, overwrites what it left on its stack, joins it.
void corpus_on_thread(void (*_Nonnull body)(void *_Nullable), void *_Nullable context);
// Overwrites 256 KiB below the caller's frame and the registers that a call may change.
void corpus_scrub(void);
// Returns when all other threads have slept for five looks in a row; ends the program (status 2) after 20 s.
void corpus_settle(void);
// Returns when `count` threads are in here, or after 1 s.
void corpus_meet(int count);
// Counting semaphore without an address of the program in it.
void corpus_signal(void);
void corpus_wait(long count);

// Prints the truth line; writes inverted addresses to the file CORPUS_ADDRESSES. Ends the program (status 2) if the
// counts contradict each other.
void corpus_say(const char *_Nonnull name, int leaks, const char *_Nullable fuzzy);
// With CORPUS_DRAIN=1, after `drain`: all types must be dead.
int corpus_draining(void);
void corpus_say_drained(const char *_Nonnull name);

// One case of a C or C++ program.
typedef struct corpus_case {
    const char *_Nonnull name;
    int leaks;
    void (*_Nonnull plant)(unsigned n); // n times; n >= 1
    void (*_Nullable check)(void);
    const char *_Nullable fuzzy;   // why a tool may differ by chance, or nil
    int on_main;                   // plant on main's own stack, and keep that frame to the end
    void (*_Nullable drain)(void); // lets go of what is held; all must be dead when it returns
} corpus_case;

// `list` prints a line for each case; CASE [N] runs one. Never returns to a frame of the plant function.
int corpus_main(int argc, char *_Nonnull *_Nonnull argv, const char *_Nonnull program,
                const corpus_case *_Nonnull cases, size_t count);
// What `on_main` cases call at their deepest point: check, settle, truth, exit(0).
void corpus_finish(void);

#define PLANT(type, start, bytes, kind) corpus_planted_block(type, start, bytes, kind, __func__)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#ifdef __cplusplus
}
#endif
