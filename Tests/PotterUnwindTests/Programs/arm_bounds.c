// SPDX-License-Identifier: Apache-2.0
// The arm64 unwinder on stacks that make no sense, between pages that cannot be touched: it stays in its bounds and ends.
// Arguments: file with the table of libc, rounds, seed. Prints how the walks ended.
#define _GNU_SOURCE
#include "pp_unwind.h"
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STACK_WORDS 2048u

static pp_code_map map;
static pp_module modules[1];
static uint64_t state, code_start, code_end;

static uint64_t random_below(uint64_t limit) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (state >> 20) % limit;
}

static int find_libc(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size, (void)data;
    if (strstr(info->dlpi_name, "/libc.so") == NULL) return 0;
    pp_code_range *range = &map.ranges[0];
    *range = (pp_code_range){.start = UINT64_MAX, .bias = info->dlpi_addr};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t start = info->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
        if (segment->p_type != PT_LOAD) continue;
        if (start < range->start) range->start = start;
        if (end > range->end) range->end = end;
        if (segment->p_flags & PF_X) code_start = start, code_end = end;
    }
    map.count = 1;
    return 1;
}

static uint64_t *guarded_stack(void) {
    size_t size = STACK_WORDS * 8, page = 65536;
    char *memory = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory + page, size, PROT_READ | PROT_WRITE);
    return (uint64_t *)(memory + page);
}

// Behind a call, if there is one near: such words pass for return addresses.
static uint64_t random_return_address(void) {
    uint64_t at = code_start + (random_below(code_end - code_start - 512) & ~3ull);
    for (int i = 0; i < 64; i++, at += 4)
        if (*(const uint32_t *)at >> 26 == 0x25) return at + 4; // bl
    return at;
}

static uint64_t random_word(uint64_t low) {
    switch (random_below(8)) {
    case 0: return random_below(UINT64_MAX);
    case 1:
    case 2: return low + random_below(STACK_WORDS + 64) * 8;
    case 3: return random_below(64);
    case 4: return code_start + (random_below(code_end - code_start) & ~3ull);
    default: return random_return_address();
    }
}

int main(int count, char **arguments) {
    int file = count == 4 ? open(arguments[1], O_RDONLY) : -1;
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0 || dl_iterate_phdr(find_libc, NULL) != 1) return 2;
    // The wire format counts offsets from the start of a memory that begins with something else.
    uint8_t *tables = malloc((size_t)status.st_size + 64);
    if (read(file, tables + 64, (size_t)status.st_size) != status.st_size) return 3;
    modules[0].table_offset = 64;
    pp_unwind_space space = {
        .map = &map, .modules = modules, .tables = tables, .tables_size = (uint64_t)status.st_size + 64};
    uint64_t *stack = guarded_stack(), low = (uint64_t)stack;
    static uint64_t frames[PP_MAX_FRAMES + 1];
    state = strtoull(arguments[3], NULL, 10);
    unsigned long incomplete = 0, guessed = 0, deep = 0, rounds = strtoul(arguments[2], NULL, 10);
    for (unsigned long round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < STACK_WORDS; i++) stack[i] = random_word(low);
        pp_registers registers = {.pc = random_word(low), .sp = low + random_below(STACK_WORDS) * 8,
                                  .fp = random_word(low), .async = 1, .ra = random_word(low)};
        frames[PP_MAX_FRAMES] = 0x5555;
        pp_unwound result = pp_unwind(&space, registers, low, low + STACK_WORDS * 8, frames);
        if (result.depth < 1 || result.depth > PP_MAX_FRAMES || frames[PP_MAX_FRAMES] != 0x5555) return 4;
        incomplete += (result.flags & PP_STACK_INCOMPLETE) != 0;
        guessed += (result.flags & PP_STACK_FALLBACK) != 0;
        deep += result.depth > 2;
    }
    printf("rounds %lu incomplete %lu guessed %lu deep %lu\n", rounds, incomplete, guessed, deep);
    return 0;
}
