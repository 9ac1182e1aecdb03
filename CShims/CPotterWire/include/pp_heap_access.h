// SPDX-License-Identifier: Apache-2.0
// The collector's view of what malloc hooks count. The target may be hostile: what it claims is copied, then checked.
#pragma once
#include "CPotterWire.h"
#include <stddef.h>
#include <string.h>

static inline uint64_t pp_heap_session_size(void) { return PP_HEAP_SESSION_SIZE; }
static inline pp_heap_area *pp_session_heap(pp_session *s) { return (pp_heap_area *)((uint8_t *)s + PP_HEAP_OFFSET); }
static inline void pp_session_set_heap(pp_session *s, uint32_t mode, uint64_t interval) {
    s->heap_mode = mode;
    s->heap_interval = interval;
    s->size = PP_HEAP_SESSION_SIZE;
}
static inline uint32_t pp_heap_refused(pp_session *s) { return pp_load32(&pp_session_heap(s)->refused); }
static inline uint64_t pp_heap_counter(pp_session *s, uint32_t i) {
    return i < PP_HEAP_COUNT_COUNTERS ? pp_load64(&pp_session_heap(s)->counters[i]) : 0;
}

// A table of counters, as it is claimed.
typedef struct pp_heap_table_view {
    uint64_t offset;
    uint32_t process, capacity, site_size, index;
} pp_heap_table_view;

static inline pp_heap_table *pp_heap_table_at(pp_session *s, uint32_t i) {
    return (pp_heap_table *)((uint8_t *)s + PP_HEAP_TABLES_OFFSET) + i;
}
static inline uint32_t pp_heap_table_high(pp_session *s) {
    uint32_t high = pp_load32(&pp_session_heap(s)->table_high);
    return high < PP_HEAP_TABLES ? high : PP_HEAP_TABLES;
}
/// Table `i`, if it holds counts and lies in the area.
static inline bool pp_heap_view(pp_session *s, uint32_t i, pp_heap_table_view *view) {
    const pp_heap_table *table = pp_heap_table_at(s, i);
    uint64_t sites = PP_HEAP_SITES_OFFSET, end = PP_HEAP_SESSION_SIZE;
    *view = (pp_heap_table_view){.offset = pp_load64(&table->offset),
                                 .process = table->process,
                                 .capacity = table->capacity,
                                 .site_size = table->site_size,
                                 .index = i};
    return pp_load32(&table->owner) != PP_HEAP_TABLE_CLEARED && view->offset >= sites && view->offset < end &&
           (view->offset & 7) == 0 && (view->site_size == 64 || view->site_size == 128) &&
           view->capacity <= (end - view->offset) / view->site_size;
}

// Counters of a stack: pp_heap_site, and pp_heap_sampled_site where there are samples.
typedef struct pp_heap_counts {
    uint64_t allocations, bytes, frees, freed_bytes, inherited_frees, inherited_bytes, temporary;
    uint64_t samples, freed_samples;
    double count_variance, bytes_variance, freed_count_variance, freed_bytes_variance;
} pp_heap_counts;

/// Adds what site `i` of a table counts to nothing; its key, 0: the site is not used.
static inline uint32_t pp_heap_read_site(pp_session *s, const pp_heap_table_view *view, uint32_t i,
                                         pp_heap_counts *counts) {
    const uint8_t *at = (const uint8_t *)s + view->offset + (uint64_t)i * view->site_size;
    uint32_t key = pp_load32(&((const pp_heap_site *)at)->key);
    if (key == 0)
        return 0;
    memset(counts, 0, sizeof(*counts));
    memcpy(counts, at + offsetof(pp_heap_site, allocations), 7 * sizeof(uint64_t));
    if (view->site_size == sizeof(pp_heap_sampled_site))
        memcpy(&counts->samples, at + offsetof(pp_heap_sampled_site, samples),
               2 * sizeof(uint64_t) + 4 * sizeof(double));
    return key;
}
/// The counts of an ended process have been taken: another may use its table.
static inline void pp_heap_clear(pp_session *s, const pp_heap_table_view *view) {
    memset((uint8_t *)s + view->offset, 0, (uint64_t)view->capacity * view->site_size);
    pp_store32(&pp_heap_table_at(s, view->index)->owner, PP_HEAP_TABLE_CLEARED);
}
