// SPDX-License-Identifier: Apache-2.0
// Reads the block index of a stopped process from outside, by what pp_heap.h says: see collector.c.
#include "collector.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

static bool read_memory(pid_t pid, uint64_t from, void *to, size_t size) {
    struct iovec local = {.iov_base = to, .iov_len = size}, remote = {.iov_base = (void *)from, .iov_len = size};
    return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static void *read_array(pid_t pid, uint64_t from, size_t size) {
    void *array = malloc(size);
    if (array == NULL || !read_memory(pid, from, array, size))
        die("read");
    return array;
}

typedef struct totals {
    uint64_t blocks, bytes, usable, shorter, differences, moving;
    pp_heap_sampled_site *sites; // live blocks are taken off
    uint32_t site_count;
} totals;

static void take_block(totals *into, uint64_t place, uint64_t what) {
    uint32_t stack = pp_heap_block_stack(what);
    into->blocks++;
    into->bytes += pp_heap_block_size(what);
    into->usable += pp_heap_block_usable(place, what);
    into->shorter += pp_heap_block_usable(place, what) < pp_heap_block_size(what);
    for (uint32_t i = 0; i < into->site_count; i++)
        if (into->sites[i].estimate.key == stack) {
            into->sites[i].estimate.frees++;
            into->sites[i].estimate.freed_bytes += pp_heap_block_size(what);
            return;
        }
    into->differences++;
}

static void take_region(pid_t pid, const pp_heap_region *region, const uint32_t *capacities, totals *into) {
    uint64_t at = region->table & PP_HEAP_TABLE_ADDRESS;
    if (at == 0)
        return;
    uint32_t capacity = capacities[region->table >> PP_HEAP_TABLE_CLASS_SHIFT];
    pp_heap_block *blocks = read_array(pid, at, capacity * sizeof(*blocks));
    for (uint32_t i = 0; i < capacity; i++)
        if (blocks[i].what != 0)
            take_block(into, blocks[i].place, blocks[i].what);
    free(blocks);
}

void print_frozen(image *of, pid_t pid) {
    pp_process *process = NULL;
    uint32_t slot = 0;
    for (; slot < pp_session_process_high(of->session); slot++) {
        process = pp_session_process(of->session, slot);
        if (process->pid == (uint32_t)pid)
            break;
    }
    uint64_t address = process != NULL ? pp_load64(&process->heap_root) : 0;
    if (address == 0) {
        fprintf(stderr, "frozen none\n");
        return;
    }
    totals found = {0};
    found.site_count = add_up(of->session, slot, &found.sites);
    pp_heap_root *root = read_array(pid, address, sizeof(*root));
    uint64_t *chunks = read_array(pid, root->chunks, PP_HEAP_CHUNKS * sizeof(uint64_t));
    uint32_t *capacities = read_array(pid, root->capacities, root->capacity_count * sizeof(uint32_t));
    for (uint32_t c = 0; c < PP_HEAP_CHUNKS; c++) {
        if (chunks[c] == 0)
            continue;
        pp_heap_region *regions = read_array(pid, chunks[c], PP_HEAP_REGIONS * sizeof(*regions));
        for (uint32_t r = 0; r < PP_HEAP_REGIONS; r++)
            take_region(pid, &regions[r], capacities, &found);
        free(regions);
    }
    pp_heap_hook hook;
    for (uint64_t at = root->hooks; at != 0 && read_memory(pid, at, &hook, sizeof(hook)); at = hook.next)
        if (hook.moving.what != 0) {
            found.moving++;
            take_block(&found, hook.moving.place, hook.moving.what);
        }
    uint64_t mapped = 0;
    pp_heap_mapping *mappings = read_array(pid, root->mapping_count != 0 ? root->mappings : address,
                                           root->mapping_count * sizeof(*mappings) + 1);
    for (uint32_t i = 0; i < root->mapping_count; i++)
        mapped += mappings[i].end - mappings[i].start;
    // What is allocated and neither freed nor live, or live without having been allocated. Blocks that are inherited
    // across a fork are not the child's own.
    for (uint32_t i = 0; i < found.site_count; i++) {
        const pp_heap_site *site = &found.sites[i].estimate;
        bool is_block = site->key >> PP_HEAP_KIND_SHIFT == PP_HEAP_KIND_BLOCK;
        found.differences += is_block && (site->allocations != site->frees || site->bytes != site->freed_bytes);
    }
    fprintf(stderr, "frozen blocks %lu bytes %lu usable %lu short %lu differences %lu moving %lu mapped %lu\n",
            found.blocks, found.bytes, found.usable, found.shorter, found.differences, found.moving, mapped);
    free(found.sites);
}
