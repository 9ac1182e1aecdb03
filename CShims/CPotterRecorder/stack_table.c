// SPDX-License-Identifier: Apache-2.0
// The stack table: interns frames to an id. Lock-free and async-signal-safe.
//
// An open-addressed index of arena offsets. An entry is written to the arena first and published by the
// compare-and-swap of its bucket, so a reader never sees half of one, and SIGKILL between the two leaves unreachable
// words, nothing wrong. Two threads that intern the same new stack at once may leave one dead copy: the loser reads the
// winner's entry.
//
// Stacks go to the first part of the index as long as they find room there: most programs have few, and a page that is
// made present costs every program that is executed 1 us of CPU time (a whole index: 1 MiB).
#include "recorder.h"
#include <string.h>

#define PP_PROBES 32u // longer probe chains mean that the index is as good as full

static uint32_t hash_frames(const uint64_t *frames, const pp_unwound *unwound) {
    uint64_t h =
        0x9e3779b97f4a7c15ull ^ unwound->depth ^ ((uint64_t)unwound->cut << 20) ^ ((uint64_t)unwound->flags << 52);
    for (uint32_t i = 0; i < unwound->depth; i++) {
        h = (h ^ frames[i]) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
    }
    return (uint32_t)h | 1u; // never 0
}

static bool equals(const pp_stack *stack, uint32_t hash, const uint64_t *frames, const pp_unwound *unwound) {
    return stack->hash == hash && stack->depth == unwound->depth && stack->cut == unwound->cut &&
           stack->flags == unwound->flags && memcmp(stack->frames, frames, unwound->depth * sizeof(uint64_t)) == 0;
}

static uint32_t append(pp_session *session, uint64_t *arena, uint32_t hash, const uint64_t *frames,
                       const pp_unwound *unwound) {
    uint64_t words = sizeof(pp_stack) / 8 + unwound->depth;
    uint64_t at = atomic_load_explicit(&session->arena_used_words, memory_order_relaxed);
    do { // compare first: a plain add would go on growing past the limit
        if (at + words > session->arena_limit_words)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&session->arena_used_words, &at, at + words, memory_order_relaxed,
                                                    memory_order_relaxed));
    pp_stack *stack = (pp_stack *)(arena + at);
    stack->flags = unwound->flags;
    stack->depth = unwound->depth;
    stack->cut = unwound->cut;
    memcpy(stack->frames, frames, unwound->depth * sizeof(uint64_t));
    stack->hash = hash;
    return (uint32_t)at;
}

// In `buckets` of the index, from `first` on. *mine: where the stack was written, 0: not yet. False: no room.
static bool intern_in(pp_session *session, uint32_t first, uint32_t buckets, uint32_t hash, const uint64_t *frames,
                      const pp_unwound *unwound, uint32_t *mine, uint32_t *id) {
    _Atomic uint32_t *index = (_Atomic uint32_t *)((uint8_t *)session + PP_STACK_INDEX_OFFSET);
    uint64_t *arena = (uint64_t *)((uint8_t *)session + PP_STACK_ARENA_OFFSET);
    for (uint32_t probe = 0; probe < PP_PROBES; probe++) {
        _Atomic uint32_t *bucket = &index[first + (hash + probe) % buckets];
        uint32_t at = atomic_load_explicit(bucket, memory_order_acquire);
        if (at == 0) {
            if (*mine == 0 && (*mine = append(session, arena, hash, frames, unwound)) == 0)
                return false;
            if (atomic_compare_exchange_strong_explicit(bucket, &at, *mine, memory_order_release,
                                                        memory_order_acquire)) {
                *id = *mine;
                return true;
            }
        }
        if (at < session->arena_limit_words && equals((pp_stack *)(arena + at), hash, frames, unwound)) {
            *id = at;
            return true;
        }
    }
    return false;
}

bool pp_stack_intern(pp_session *session, const uint64_t *frames, const pp_unwound *unwound, uint32_t *id) {
    uint32_t hash = hash_frames(frames, unwound), mine = 0;
    const uint32_t first = PP_STACK_BUCKETS_AT_FIRST, rest = PP_STACK_BUCKETS - first;
    return intern_in(session, 0, first, hash, frames, unwound, &mine, id) ||
           intern_in(session, first, rest, hash, frames, unwound, &mine, id);
}
