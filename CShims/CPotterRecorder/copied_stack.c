// SPDX-License-Identifier: Apache-2.0
// Copies of stacks, for the collector to unwind: registers, what was mapped, and up to PP_COPY_BYTES from the red zone
// upwards. Called by the sampler, in the handler: no lock, no wait, no system call.
//
// Invariants
//  1. Memory is read only between the stack's own bounds. An unwind reads what frames say is there; a copy reads all of
//     it, and a coroutine's stack ends anywhere. So a thread whose sp is not on the stack that it was created with, nor
//     on its alternate stack, gets a copy of its registers only.
//  2. A slot has one owner at a time, who made its word non-zero; only the collector makes it zero.
#include "recorder.h"
#include <sys/mman.h>

#if defined(__aarch64__)
#include "sampler_aarch64.h"
#else
#include "sampler_x86_64.h"
#endif

#define PP_RED_ZONE 128u
#define PP_STACK_MARGIN 8192u // room for the thread control block and for what alignment takes

_Static_assert(PP_COPY_MODULES >= PP_MAX_LOADED, "room for all modules");

void pp_copies_prefault(uint32_t slots) {
    pp_recorder *recorder = &pp_recorder_state;
    uint32_t limit = recorder->session->copy_limit;
    slots = slots < limit ? slots : limit;
    slots = slots < PP_COPY_SLOTS ? slots : PP_COPY_SLOTS;
    if (slots <= atomic_load(&recorder->copies_ready))
        return;
    uint8_t *area = (uint8_t *)recorder->session + PP_COPIES_OFFSET;
    size_t size = PP_COPY_OWNERS_BYTES + slots * sizeof(pp_copy);
    // Not a plain write: another process of this image may be using the slot.
    for (size_t at = 0; at < size; at += 4096)
        atomic_fetch_or_explicit((_Atomic uint64_t *)(area + at), 0, memory_order_relaxed);
    atomic_store_explicit(&recorder->copies_ready, slots, memory_order_release);
}

uint64_t pp_stack_room(const pthread_attr_t *attributes) {
    pthread_attr_t defaults;
    if (attributes == NULL && pthread_getattr_default_np(&defaults) != 0)
        return 0;
    const pthread_attr_t *of = attributes != NULL ? attributes : &defaults;
    size_t size = 0, guard = 0;
    bool known = pthread_attr_getstacksize(of, &size) == 0 && pthread_attr_getguardsize(of, &guard) == 0;
    if (attributes == NULL)
        pthread_attr_destroy(&defaults);
    return known && size > guard + PP_STACK_MARGIN ? size - guard - PP_STACK_MARGIN : 0;
}

bool pp_wants_copy(pp_session *session, const uint64_t *frames, const pp_unwound *unwound) {
    if (unwound->beyond_rules)
        return true;
    if ((unwound->flags & (PP_STACK_FALLBACK | PP_STACK_INCOMPLETE)) == 0)
        return false; // a frame without a table is left by a guess, or not at all
    uint64_t last = PP_FRAME_NO_MODULE;
    for (uint32_t i = 0; i < unwound->depth; i++) {
        uint64_t slot = frames[i] >> PP_FRAME_MODULE_SHIFT;
        if (slot == last || slot >= PP_MODULE_SLOTS)
            continue;
        last = slot;
        if (atomic_load_explicit(&pp_modules(session)[slot].state, memory_order_acquire) == PP_MODULE_ANNOUNCED)
            return true;
    }
    return false;
}

// A free slot, owned from here on; PP_COPY_SLOTS if there is none. One attempt for each.
static uint32_t claim(pp_session *session, uint32_t limit, uint32_t owner) {
    _Atomic uint32_t *owners = pp_copy_owner(session, 0);
    uint32_t first = atomic_fetch_add_explicit(&session->copy_next, 1, memory_order_relaxed);
    for (uint32_t i = 0; i < limit; i++) {
        uint32_t slot = (first + i) % limit, free = 0;
        if (atomic_load_explicit(&owners[slot], memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong_explicit(&owners[slot], &free, owner, memory_order_acquire,
                                                    memory_order_relaxed))
            return slot;
    }
    return PP_COPY_SLOTS;
}

// What is mapped: as in an unwind, the map may be written over while it is read (sampler_linux.c).
static void copy_modules(const pp_recorder *recorder, pp_copy *copy) {
    for (int attempt = 0; attempt < 2; attempt++) {
        uint32_t version = atomic_load_explicit(&recorder->map_version, memory_order_acquire);
        const pp_code_map *map = &recorder->maps[atomic_load_explicit(&recorder->active, memory_order_acquire)];
        uint32_t count = map->count < PP_MAX_LOADED ? map->count : PP_MAX_LOADED;
        for (uint32_t i = 0; i < count; i++)
            copy->modules[i] = (uint16_t)map->ranges[i].module;
        copy->module_count = count;
        atomic_thread_fence(memory_order_acquire);
        uint32_t now = atomic_load_explicit(&recorder->map_version, memory_order_relaxed);
        if (now - (version & ~1u) < 3)
            return;
    }
    copy->raced = 1;
}

// The bounds of the stack that sp is on; false if they are not known.
static bool find_bounds(const pp_thread *thread, const ucontext_t *context, uint64_t sp, uint64_t *low,
                        uint64_t *high) {
    uint64_t alternate = (uint64_t)(uintptr_t)context->uc_stack.ss_sp;
    if ((context->uc_stack.ss_flags & SS_DISABLE) == 0 && sp - alternate < context->uc_stack.ss_size) {
        *low = alternate;
        *high = alternate + context->uc_stack.ss_size;
        return true;
    }
    *low = thread->stack_low;
    *high = thread->stack_high;
    return *low != 0 && sp >= *low && sp < *high;
}

static void copy_memory(const pp_thread *thread, const ucontext_t *context, pp_copy *copy) {
    uint64_t sp = pp_context_registers(context).sp, low, high;
    copy->size = 0;
    copy->low = copy->high = sp & ~(uint64_t)7;
    if (!find_bounds(thread, context, sp, &low, &high))
        return;
    copy->low = ((sp - low > PP_RED_ZONE ? sp - PP_RED_ZONE : low) + 7) & ~(uint64_t)7;
    copy->high = high & ~(uint64_t)7;
    uint64_t size = copy->high > copy->low ? copy->high - copy->low : 0;
    copy->size = (uint32_t)(size < PP_COPY_BYTES ? size : PP_COPY_BYTES);
    pp_copy_words(copy->stack, copy->low, copy->size / 8);
}

bool pp_copy_stack(pp_recorder *recorder, const pp_local *local, const ucontext_t *context, pp_sample *sample) {
    pp_session *session = recorder->session;
    uint32_t thread = (uint32_t)(local->thread - pp_threads(session));
    uint32_t ready = atomic_load_explicit(&recorder->copies_ready, memory_order_acquire);
    uint32_t slot = claim(session, ready, thread + 1);
    if (slot == PP_COPY_SLOTS) {
        pp_count(session, PP_COUNT_COPIES_FULL);
        return false;
    }
    pp_copy *copy = pp_session_copy(session, slot);
    copy->thread = thread;
    copy->sequence = sample->sequence;
    copy->raced = 0;
    pp_context_all_registers(context, copy->registers);
    copy_modules(recorder, copy);
    copy_memory(local->thread, context, copy);
    sample->copy = (uint16_t)(slot + 1);
    return true;
}
