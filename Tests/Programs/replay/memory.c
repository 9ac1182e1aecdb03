// SPDX-License-Identifier: Apache-2.0
// Puts a corpus into this process: see replay.h.
#define _GNU_SOURCE
#include "replay.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4095ull
#define ATTEMPTS 20 // at other random addresses

static pp_code_map map;
static pp_module modules[PP_MODULE_SLOTS];
static char *const *restart;
typedef struct segments {
    Elf64_Phdr *list;
    uint32_t count;
} segments;
static segments segments_of[CORPUS_MODULES];

static void fail(const char *path, const char *why) {
    fprintf(stderr, "replay: %s: %s\n", path, why);
    exit(1);
}

static void *address_of(uint64_t address) { return (void *)(uintptr_t)address; }

// Maps at exactly this address.
static void *map_at(uint64_t from, uint64_t to, int protection, int file, uint64_t offset) {
    int flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE | (file < 0 ? MAP_ANONYMOUS : 0);
    void *at = mmap(address_of(from), to - from, protection, flags, file, (off_t)offset);
    if (at == address_of(from)) return at;
    int attempt = atoi(getenv("REPLAY_ATTEMPT") ?: "0");
    char number[16];
    snprintf(number, sizeof number, "%d", attempt + 1);
    setenv("REPLAY_ATTEMPT", number, 1);
    if (errno == EEXIST && attempt < ATTEMPTS) execv("/proc/self/exe", restart);
    fprintf(stderr, "replay: cannot map %#lx-%#lx: %s; are addresses randomized here?\n", from, to, strerror(errno));
    exit(1);
}

static const void *map_file(const char *path, uint64_t *size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) fail(path, strerror(errno));
    void *at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED | MAP_NORESERVE, file, 0);
    close(file);
    if (at == MAP_FAILED) fail(path, strerror(errno));
    *size = (uint64_t)status.st_size;
    return at;
}

// Reads the program headers: not always at the file's beginning (BOLT moves them).
static void read_segments(segments *to, const char *path, int file) {
    Elf64_Ehdr header;
    if (pread(file, &header, sizeof header, 0) != sizeof header) fail(path, strerror(errno));
    to->count = header.e_phnum;
    to->list = calloc(to->count, sizeof *to->list);
    ssize_t bytes = (ssize_t)(to->count * sizeof *to->list);
    if (pread(file, to->list, (size_t)bytes, (off_t)header.e_phoff) != bytes) fail(path, "ends in its program headers");
}

// Read-only segments: code and .eh_frame. What is writable was something else while the program ran.
static void map_segments(const corpus_module *module, const segments *all, int file) {
    for (uint32_t i = 0; i < all->count; i++) {
        const Elf64_Phdr *segment = &all->list[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) continue;
        uint64_t start = module->bias + segment->p_vaddr, end = start + segment->p_filesz;
        map_at(start & ~PAGE, (end + PAGE) & ~PAGE, PROT_READ, file, segment->p_offset & ~PAGE);
    }
}

static void map_vdso(const corpus_module *module, segments *all) { // the same kernel's
    const uint8_t *own = address_of(getauxval(AT_SYSINFO_EHDR));
    void *at = map_at(module->start, (module->end + PAGE) & ~PAGE, PROT_READ | PROT_WRITE, -1, 0);
    memcpy(at, own, module->end - module->start);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)own;
    *all = (segments){.list = (Elf64_Phdr *)(own + header->e_phoff), .count = header->e_phnum};
}

static void map_module(const replay *this, const corpus_module *module) {
    segments *all = &segments_of[module - this->modules];
    const char *path = module->path[0] != 0 ? module->path : this->corpus->program;
    if (strncmp(path, "linux-vdso", 10) == 0) {
        map_vdso(module, all);
        return;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(path, strerror(errno));
    read_segments(all, path, file);
    map_segments(module, all, file);
    close(file);
}

// The loader's variables, as they were in the program.
static void map_loader(const corpus_header *corpus) {
    uint64_t from = corpus->loader_address, to = from + corpus->loader_bytes;
    if (corpus->loader_data == 0) return;
    map_at(from & ~PAGE, (to + PAGE) & ~PAGE, PROT_READ | PROT_WRITE, -1, 0);
    memcpy(address_of(from), (const uint8_t *)corpus + corpus->loader_data, corpus->loader_bytes);
}

const Elf64_Phdr *replay_segment(const replay *this, const corpus_module *module, uint32_t number) {
    const segments *all = &segments_of[module - this->modules];
    return number < all->count ? &all->list[number] : NULL;
}

static int by_low(const void *a, const void *b) {
    uint64_t x = (*(const corpus_stack *const *)a)->low, y = (*(const corpus_stack *const *)b)->low;
    return (x > y) - (x < y);
}

static void map_stacks(const replay *this) {
    const corpus_stack **sorted = calloc(this->count + 1, sizeof *sorted);
    for (uint32_t i = 0; i < this->count; i++) sorted[i] = &this->stacks[i];
    qsort(sorted, this->count, sizeof *sorted, by_low);
    uint64_t from = 0, to = 0;
    for (uint32_t i = 0; i <= this->count; i++) {
        uint64_t low = i < this->count ? sorted[i]->low & ~PAGE : UINT64_MAX;
        if (low > to && to > from) map_at(from, to, PROT_READ | PROT_WRITE, -1, 0);
        if (i == this->count) break;
        if (low > to) from = low;
        uint64_t high = (sorted[i]->low + sorted[i]->bytes + PAGE) & ~PAGE;
        if (high > to) to = high;
    }
    free(sorted);
}

replay replay_open(const char *path) {
    uint64_t size;
    const corpus_header *corpus = map_file(path, &size);
    const uint8_t *base = (const uint8_t *)corpus;
    if (size < sizeof *corpus || corpus->magic != CORPUS_MAGIC || corpus->size != size) fail(path, "is no corpus");
    if (!corpus->finished) fail(path, "is incomplete: the recorded program was killed, or ended by _exit");
    replay this = {.corpus = corpus, .modules = (const void *)(base + corpus->modules),
                   .stacks = (const void *)(base + corpus->stacks)};
    this.count = corpus->stacks_used < corpus->stacks_room ? corpus->stacks_used : corpus->stacks_room;
    this.ns_per_tick = (double)(corpus->end_ns - corpus->begin_ns) / (double)(corpus->end_ticks - corpus->begin_ticks);
    this.space = (pp_unwind_space){.map = &map, .modules = modules, .tables = base, .tables_size = size};
    return this;
}

void replay_map(const replay *this, char *const arguments[]) {
    restart = arguments;
    for (uint32_t i = 0; i < this->corpus->module_count; i++) {
        const corpus_module *module = &this->modules[i];
        map.ranges[map.count++] = (pp_code_range){module->start, module->end, module->bias, module->slot, 0};
        modules[module->slot].table_offset = module->table;
        map_module(this, module);
    }
    map_loader(this->corpus);
    map_stacks(this);
}

void replay_place(const replay *this, const corpus_stack *stack) {
    memcpy(address_of(stack->low), (const uint8_t *)this->corpus + stack->data, stack->bytes);
}

bool replay_is_whole(const replay *this, const corpus_stack *stack) {
    (void)this;
    return stack->data != 0 && stack->frames != 0 && stack->bytes == stack->high - stack->low;
}

pp_unwound replay_unwind(const replay *this, const corpus_stack *stack, uint64_t *frames) {
    pp_registers at = {.pc = stack->registers[CORPUS_RIP], .sp = stack->registers[CORPUS_RSP],
                       .fp = stack->registers[CORPUS_RBP], .async = stack->registers[CORPUS_R14]};
    return pp_unwind(&this->space, at, stack->low, stack->high, frames);
}

const corpus_module *replay_module_at(const replay *this, uint64_t address) {
    for (uint32_t i = 0; i < this->corpus->module_count; i++)
        if (address >= this->modules[i].start && address < this->modules[i].end) return &this->modules[i];
    return NULL;
}
