// SPDX-License-Identifier: Apache-2.0
// Counters and stacks of session memory as lines of text: see collector.c.
#include "collector.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct symbol {
    uint64_t start, end;
    char name[200];
} symbol;
static symbol *symbols;
static uint32_t symbol_count;

void read_symbols(const char *name) {
    FILE *file = fopen(name, "r");
    if (file == NULL)
        die(name);
    symbol at;
    char line[16384]; // names of C++ are long: the rest is cut off
    while (fgets(line, sizeof(line), file) != NULL && sscanf(line, "%lx %lx %199s", &at.start, &at.end, at.name) == 3) {
        if (symbol_count % 1024 == 0 && (symbols = realloc(symbols, (symbol_count + 1024) * sizeof(*symbols))) == NULL)
            die("symbols");
        symbols[symbol_count++] = at;
    }
    fclose(file);
}

static const char *name_of(uint64_t address) {
    for (uint32_t i = 0; i < symbol_count; i++)
        if (address >= symbols[i].start && address < symbols[i].end)
            return symbols[i].name;
    return "[unknown]";
}

static void print_frame(pp_session *session, uint64_t frame) {
    uint64_t module = frame >> PP_FRAME_MODULE_SHIFT;
    if (module >= PP_MODULE_SLOTS) {
        fprintf(stderr, "[%#lx]", (uint64_t)(frame & PP_FRAME_ADDRESS_MASK));
        return;
    }
    char path[4096];
    pp_session_copy_path(session, pp_session_module(session, (uint32_t)module)->path, path, sizeof(path));
    const char *slash = strrchr(path, '/');
    if (path[0] == 0)
        fprintf(stderr, "%s", name_of(frame & PP_FRAME_ADDRESS_MASK));
    else
        fprintf(stderr, "[%s]", slash != NULL ? slash + 1 : path);
}

static void print_stack(pp_session *session, uint32_t id) {
    pp_stack header;
    uint64_t frames[PP_MAX_FRAMES];
    if (id == PP_HEAP_STACK_EARLY || id == PP_HEAP_STACK_NESTED || id == PP_HEAP_STACK_NO_ROOM) {
        fprintf(stderr, "%s",
                id == PP_HEAP_STACK_EARLY    ? "<early>"
                : id == PP_HEAP_STACK_NESTED ? "<nested>"
                                             : "<full>");
    } else if (!pp_session_copy_stack(session, id, &header, frames)) {
        fprintf(stderr, "<damaged>");
    } else {
        for (uint32_t i = 0; i < header.depth; i++) {
            fprintf(stderr, i > 0 ? ";" : "");
            print_frame(session, frames[i]);
        }
        fprintf(stderr, "%s", header.flags & PP_STACK_INCOMPLETE ? ";<incomplete>" : "");
    }
}

static void add_site(pp_heap_sampled_site *to, const pp_heap_sampled_site *from, uint32_t size) {
    to->estimate.allocations += from->estimate.allocations;
    to->estimate.bytes += from->estimate.bytes;
    to->estimate.frees += from->estimate.frees;
    to->estimate.freed_bytes += from->estimate.freed_bytes;
    to->estimate.inherited_frees += from->estimate.inherited_frees;
    to->estimate.inherited_bytes += from->estimate.inherited_bytes;
    to->estimate.temporary += from->estimate.temporary;
    if (size < sizeof(*from))
        return;
    to->samples += from->samples;
    to->freed_samples += from->freed_samples;
    to->count_variance += from->count_variance;
    to->bytes_variance += from->bytes_variance;
}

uint32_t add_up(pp_session *session, uint32_t process, pp_heap_sampled_site **sites) {
    pp_heap_area *area = (pp_heap_area *)((uint8_t *)session + PP_HEAP_OFFSET);
    const pp_heap_table *tables = (const pp_heap_table *)((uint8_t *)session + PP_HEAP_TABLES_OFFSET);
    uint32_t count = 0, high = pp_load32(&area->table_high);
    *sites = NULL;
    for (uint32_t t = 0; t < high && t < PP_HEAP_TABLES; t++) {
        uint64_t offset = pp_load64(&tables[t].offset);
        for (uint32_t i = 0; offset != 0 && tables[t].process == process && i < tables[t].capacity; i++) {
            const void *at = (const uint8_t *)session + offset + (uint64_t)i * tables[t].site_size;
            const pp_heap_sampled_site *site = at;
            uint32_t key = pp_load32(&((pp_heap_site *)at)->key), known = 0;
            if (key == 0)
                continue;
            while (known < count && (*sites)[known].estimate.key != key)
                known++;
            if (known == count) {
                *sites = realloc(*sites, (count + 1) * sizeof(**sites));
                memset(&(*sites)[count], 0, sizeof(**sites));
                (*sites)[count++].estimate.key = key;
            }
            add_site(&(*sites)[known], site, tables[t].site_size);
        }
    }
    return count;
}

void print_image(image *of, int number) {
    static const char *const names[] = {"no-table",    "no-index", "unknown-free", "replaced", "nested-lost",
                                        "stacks-full", "verified", "different",    "unwound",  "no-mapping"};
    pp_session *session = of->session;
    pp_heap_area *area = (pp_heap_area *)((uint8_t *)session + PP_HEAP_OFFSET);
    fprintf(stderr, "image %d refused %u\n", number, pp_load32(&area->refused));
    for (uint32_t i = 0; i < PP_HEAP_COUNT_COUNTERS; i++)
        fprintf(stderr, "count %s %lu\n", names[i], pp_load64(&area->counters[i]));
    for (uint32_t process = 0; process < pp_session_process_high(session); process++) {
        pp_heap_sampled_site *sites;
        uint32_t count = add_up(session, process, &sites);
        for (uint32_t i = 0; i < count; i++) {
            const pp_heap_site *site = &sites[i].estimate;
            fprintf(stderr,
                    "site %d %u %u allocations %lu bytes %lu frees %lu freed %lu inherited %lu %lu temporary %lu "
                    "samples %lu %lu variance %.17g %.17g stack ",
                    number, process, site->key >> PP_HEAP_KIND_SHIFT, site->allocations, site->bytes, site->frees,
                    site->freed_bytes, site->inherited_frees, site->inherited_bytes, site->temporary, sites[i].samples,
                    sites[i].freed_samples, sites[i].count_variance, sites[i].bytes_variance);
            print_stack(session, site->key & PP_HEAP_STACK_MASK);
            fprintf(stderr, "\n");
        }
        free(sites);
    }
}
