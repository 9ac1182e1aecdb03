// SPDX-License-Identifier: Apache-2.0
// Look-ups of a walk, and the fetching of what they will need. Included by unwind.c, after the architecture's part.
#pragma once
#include "unwind_walk.h"

#define PP_AHEAD 64u // frames whose rows are fetched before the walk

// Finds range and table for the frame at hand. Most callers live in the module of their callee: the last one is kept.
static inline void pp_locate(pp_walk *walk, uint64_t address) {
    const pp_code_range *range = walk->range;
    if (PP_LIKELY(range != NULL && address >= range->start && address < range->end))
        return;
    walk->range = pp_range_of(walk->space, address);
    walk->table = pp_table_of(walk->space, walk->range);
#if PP_UNWIND_NOTING
    if (walk->table == NULL && walk->range != NULL && walk->range->module < PP_MODULE_SLOTS &&
        pp_load32(&walk->space->modules[walk->range->module].state) != PP_MODULE_PREPARED)
        PP_NOTE_PASSING(walk); // its table is still to come
#endif
}

// A look-up that is to come.
typedef struct pp_lookup {
    const pp_unwind_table *table;
    uint64_t offset; // from the table's base
} pp_lookup;

// The look-ups of a walk as far as frame pointers tell them. Returns how many, at most PP_AHEAD.
static inline uint32_t pp_guess_lookups(pp_walk walk, pp_lookup *lookups) {
    uint64_t address = walk.at.pc;
    for (uint32_t count = 0; count < PP_AHEAD; count++) {
        pp_locate(&walk, address);
        if (walk.table == NULL)
            return count;
        uint64_t offset = address - walk.range->bias - walk.table->base;
        if (offset >= walk.table->limit - walk.table->base)
            return count;
        __builtin_prefetch(pp_first_of(walk.table, offset));
        lookups[count] = (pp_lookup){.table = walk.table, .offset = offset};
        uint64_t frame = pp_arch_frame_pointer(&walk);
        if (frame < walk.at.sp || !pp_stack_word(&walk, frame, &walk.at.fp) ||
            !pp_stack_word(&walk, frame + 8, &address))
            return count + 1;
        walk.at.sp = frame + 16;
        address--;
    }
    return PP_AHEAD;
}

// Between two samples the program's own data push the tables out of the caches, and a walk waits for each row in turn:
// it knows the next pc only then. Frame pointers, where there are any, name most callers beforehand; so what the walk
// will read is fetched for all of them at once. Only time depends on the guess, no frame: Docs/Cost.md has the figures.
static void pp_fetch_ahead(const pp_walk *walk) {
    pp_lookup lookups[PP_AHEAD];
    uint32_t count = pp_guess_lookups(*walk, lookups);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *first = pp_first_of(lookups[i].table, lookups[i].offset);
        const uint64_t *rows = pp_rows_of(lookups[i].table);
        __builtin_prefetch(rows + first[0]);
        __builtin_prefetch(rows + first[1]);
    }
}
