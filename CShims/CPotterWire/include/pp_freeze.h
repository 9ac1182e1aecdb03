// SPDX-License-Identifier: Apache-2.0
// A frozen copy of a process, for the collector to look at: its threads park in our signal handler, one of them forks
// by a raw clone, all go on. The copy does nothing but wait, and copy its memory where the collector may not read it.
//
//   collector: order = PARK, a control signal to each thread ─▶ threads: `parked` counts them ─▶ the forker, when all
//   have come or the deadline is over: clone ─▶ order = GO ─▶ collector reads ─▶ read_state = END, the copy exits ─▶
//   a control signal REAP: a thread of the target takes the zombie away, which waitpid(-1, __WALL) would see
//
// The copy has exit signal 0: wait() without __WCLONE or __WALL does not see it, SIGCHLD is not sent.
#pragma once
#include <stdatomic.h>
#include <stdint.h>

// si_value of control signals (SI_QUEUE): the magic above, an order below.
#define PP_CONTROL_MAGIC 0x50544354ull // "PTCT"
#define PP_ORDER_KIND 3u
#define PP_ORDER_PARK 1u
#define PP_ORDER_GO 2u
#define PP_ORDER_REAP 3u

// pp_freeze.read_state, a futex word
#define PP_READ_IDLE 0u
#define PP_READ_ASKED 1u
#define PP_READ_ANSWERED 2u
#define PP_READ_END 3u

#define PP_FREEZE_BUFFER (1u << 20)
#define PP_FREEZE_BYTES (4096u + PP_FREEZE_BUFFER)
#define PP_FREEZE_FAILED UINT32_MAX

typedef struct pp_freeze {
    // Written by the collector.
    _Atomic uint32_t order;    // futex word: number of the freeze << 2 | PP_ORDER_*; the forker turns PARK into GO
    uint32_t forker;           // tid of the thread that forks
    _Atomic uint32_t expected; // threads that got a signal
    uint32_t reserved0;
    uint64_t deadline_ns; // CLOCK_MONOTONIC: nobody waits longer for the others
    // Written by the target.
    _Atomic uint32_t parked; // futex word: threads that have come
    _Atomic uint32_t copy;   // pid of the frozen copy; 0: not yet; PP_FREEZE_FAILED
    uint32_t error;          // errno of the clone
    uint32_t arrived;        // `parked` when the clone was made
    // CLOCK_MONOTONIC: when the forker came, when it forked, when it had.
    uint64_t first_ns, fork_ns, go_ns;
    // Reading by the copy itself: the collector asks, the copy answers.
    _Atomic uint32_t read_state; // PP_READ_*
    uint32_t read_size;          // bytes asked for, at most PP_FREEZE_BUFFER
    uint64_t read_address;
    uint64_t read_done; // bytes that could be read, from the start on
} pp_freeze;
_Static_assert(sizeof(pp_freeze) <= 4096, "the buffer comes after it");
