// SPDX-License-Identifier: Apache-2.0
// A corpus (corpus.h) as it was in the recorded program: modules and stacks lie at their addresses, so that the
// recorder's unwinder runs as it does in a handler, with the product's own object code.
#pragma once
#include "corpus.h"
#include "pp_unwind.h"
#include <elf.h>
#include <stdbool.h>

typedef struct replay {
    const corpus_header *corpus;
    const corpus_module *modules;
    const corpus_stack *stacks;
    uint32_t count;
    double ns_per_tick;
    pp_unwind_space space;
} replay;

/// Reads a corpus; if that is impossible a line on stderr, and status 1.
replay replay_open(const char *path);

/// Puts its modules and room for its stacks at their addresses. One that this process uses itself: the program is
/// started anew, with other random addresses.
void replay_map(const replay *this, char *const arguments[]);

/// Puts a stack's bytes where they were; after replay_map.
void replay_place(const replay *this, const corpus_stack *stack);

/// Whether the stack was copied in full.
bool replay_is_whole(const replay *this, const corpus_stack *stack);

pp_unwound replay_unwind(const replay *this, const corpus_stack *stack, uint64_t *frames);

/// The module at an address; NULL: none.
const corpus_module *replay_module_at(const replay *this, uint64_t address);

/// A program header of the module, 0 for the first; NULL: there is none of that number.
const Elf64_Phdr *replay_segment(const replay *this, const corpus_module *module, uint32_t number);

// oracle.c: the same stacks through libunwind's remote interface.

typedef struct oracle oracle;
/// `caches`: libunwind may keep what it read of one function for the next time.
oracle *oracle_open(const replay *this, bool caches);

typedef struct oracle_frame {
    uint64_t address; // pc, or for a return address the byte before it
    bool has_fde;     // the function has a frame description entry; if not, libunwind guesses the step out of it
} oracle_frame;

/// Walks a placed stack; frames leaf first, at most `room`. Returns their number.
uint32_t oracle_walk(oracle *this, const corpus_stack *stack, oracle_frame *frames, uint32_t room);
