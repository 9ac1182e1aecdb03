// SPDX-License-Identifier: Apache-2.0
// The state of one walk, and the table look-up that unwind.c and unwind_fallback.c share. Everything in here runs in
// signal handlers: no call leaves the library, and memory is read only
//  1. in the stack bounds, aligned (pp_stack_word),
//  2. in the tables, inside the blob of a table whose header was checked (pp_table_of),
//  3. in the code segment of a mapped module, to see whether an address follows a call (unwind_fallback.c).
#pragma once
#include "pp_unwind.h"
#include "unwind_noting.h"
#include <stddef.h>

#define PP_LIKELY(condition) __builtin_expect(!!(condition), 1)

typedef struct pp_walk {
    const pp_unwind_space *space;
    pp_registers at;
    const pp_stacks *stacks;
    uint64_t low, high;           // bounds of the stack at hand
    uint32_t probed;              // pages of unknown stacks that were asked for
    bool probing;                 // the stack at hand is such a one: `high` is as far as was asked
    const pp_code_range *range;   // of the current pc; NULL: no module
    const pp_unwind_table *table; // of that range; NULL: none
    bool exact;                   // pc is that of an interrupted instruction, not a return address
    bool sp_is_least;             // arm64: sp is this or higher, as a frame pointer was believed
#if PP_UNWIND_NOTING
    uint64_t *fp_source; // where the fp at hand comes from: unwind_noting.h
#endif
} pp_walk;

enum pp_step { PP_STEP_MORE, PP_STEP_END, PP_STEP_FAILED };

// Reads the stack word at `address` if the walk may.
static inline bool pp_peek_word(const pp_walk *walk, uint64_t address, uint64_t *word) {
    if ((address & 7) != 0 || address < walk->low || address > walk->high - 8)
        return false;
    *word = *(const volatile uint64_t *)address; // volatile: the words belong to a running program
    return true;
}

// The same for a word that the walk depends on from here on.
static inline bool pp_stack_word(const pp_walk *walk, uint64_t address, uint64_t *word) {
    if (!pp_peek_word(walk, address, word))
        return false;
    PP_NOTE_WORD(walk, address);
    return true;
}

// The mapped range that holds `address`, or NULL.
static inline const pp_code_range *pp_range_of(const pp_unwind_space *space, uint64_t address) {
    const pp_code_map *map = space->map;
    uint32_t low = 0, high = map->count < PP_MAX_LOADED ? map->count : PP_MAX_LOADED;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (map->ranges[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low >= map->count || low >= PP_MAX_LOADED)
        return NULL;
    const pp_code_range *range = &map->ranges[low];
    return address >= range->start && address < range->end ? range : NULL;
}

// The table of a mapped range, or NULL while it has none. Its header is checked, so that look-ups stay in the blob.
static inline const pp_unwind_table *pp_table_of(const pp_unwind_space *space, const pp_code_range *range) {
    if (range == NULL || range->module >= PP_MODULE_SLOTS)
        return NULL;
    uint64_t offset = pp_load64(&space->modules[range->module].table_offset);
    if (offset == 0 || (offset & 7) != 0 || space->tables_size < sizeof(pp_unwind_table) ||
        offset > space->tables_size - sizeof(pp_unwind_table))
        return NULL;
    const pp_unwind_table *table = (const pp_unwind_table *)(space->tables + offset);
    uint64_t size = table->size, span = table->limit - table->base;
    if (table->magic != PP_UNWIND_MAGIC || size > space->tables_size - offset || table->row_count == 0 ||
        span - 1 > UINT32_MAX || table->first_shift > 31)
        return NULL;
    if (table->rows + (uint64_t)table->row_count * 8 > size ||
        table->first + (((span - 1) >> table->first_shift) + 2) * 4 > size)
        return NULL;
    return table;
}

// Where a table says which rows to search for an offset from its base, and its rows.
static inline const uint32_t *pp_first_of(const pp_unwind_table *table, uint64_t offset) {
    return (const uint32_t *)((const uint8_t *)table + table->first) + (offset >> table->first_shift);
}
static inline const uint64_t *pp_rows_of(const pp_unwind_table *table) {
    return (const uint64_t *)((const uint8_t *)table + table->rows);
}

// The rule for a file-relative address.
static inline uint32_t pp_rule_at(const pp_unwind_table *table, uint64_t address) {
    uint64_t offset = address - table->base;
    if (offset >= table->limit - table->base)
        return PP_UNWIND_NONE;
    const uint32_t *first = pp_first_of(table, offset);
    const uint64_t *rows = pp_rows_of(table);
    uint32_t low = first[0], high = first[1];
    if (low > high || high >= table->row_count)
        return PP_UNWIND_NONE;
    uint64_t key = offset << 32 | UINT32_MAX;
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (rows[middle] <= key)
            low = middle;
        else
            high = middle - 1;
    }
    return (uint32_t)rows[low];
}

// The layout that a rule names, or NULL: the table has no such.
static inline const pp_unwind_layout *pp_layout_of(const pp_unwind_table *table, uint32_t rule) {
    uint64_t offset = table->layouts + (uint64_t)(rule >> 4) * sizeof(pp_unwind_layout);
    if (table->layouts < sizeof *table || offset + sizeof(pp_unwind_layout) > table->size)
        return NULL;
    return (const pp_unwind_layout *)((const uint8_t *)table + offset);
}

// Steps out of a frame that no rule describes (unwind_fallback.c).
enum pp_step pp_step_by_frame_pointer(pp_walk *walk);
// Steps out of the loader's lazy binding (unwind_fallback.c).
enum pp_step pp_step_out_of_resolver(pp_walk *walk);
