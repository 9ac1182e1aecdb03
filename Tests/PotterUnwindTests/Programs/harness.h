// SPDX-License-Identifier: Apache-2.0
// Test harness of the unwinder: a library that is preloaded into any program. It maps the tables which the test has
// written, and checks the unwinder in one of two ways (environment variable HARNESS):
//
//   step     Every instruction of the main thread from main on is executed under the processor's trap flag. The harness
//            watches calls and returns, so it knows each return address by construction, whatever compiled the code:
//            the unwinder must give exactly these, at every instruction (stepper.c).
//   sample   Another thread sends SIGPROF at random moments; the programs say which planted function they are in
//            (harness_enter, harness_leave), and the unwinder must see the same functions (sampler.c).
//   gdb      Nothing by itself: gdb stops the program and asks (compare.py).
//   modules  Prints the paths of the loaded modules, and exits.
#pragma once
#include "pp_unwind.h"
#include <ucontext.h>

#define HARNESS_EXPORT __attribute__((visibility("default")))
#define HARNESS_DEEP 70000

// For programs.
HARNESS_EXPORT void harness_enter(int function);
HARNESS_EXPORT void harness_leave(void);
HARNESS_EXPORT void harness_refresh(void); // modules have changed
HARNESS_EXPORT void harness_thread(void);  // from now on this thread is the one to sample

// For gdb (compare.py), which calls it in the stopped program: depth, flags, frames of the code that stopped with these
// registers.
HARNESS_EXPORT const uint64_t *harness_at(uint64_t pc, uint64_t sp, uint64_t fp, uint64_t async);

// Unwinds the interrupted code; frames come back as run-time addresses.
pp_unwound harness_unwind(const ucontext_t *context, uint64_t *frames);
extern uint64_t harness_unwind_ns; // that the last call took, for the unwind alone
const char *harness_module(uint64_t address, uint64_t *relative);

uint64_t harness_bias(void); // of the program
uint64_t harness_main_address(void);
void harness_find_stack(void);

void harness_step_begin(void); // stepper.c
void harness_step_end(void);
void harness_sample_begin(void); // sampler.c
void harness_sample_end(void);
