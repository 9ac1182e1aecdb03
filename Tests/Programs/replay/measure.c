// SPDX-License-Identifier: Apache-2.0
// Linked into a copy of libPotterPreload.so, beside the product's own object files: measures the handler in the
// recorded program, and copies what the unwinder is given. The linker puts it between the parts (--wrap of the names
// below), so that the code which is measured is the code that ships.
//
//   POTTER_MEASURE         the file to write, see corpus.h; without it nothing is measured
//   POTTER_MEASURE_CALLS   how many calls of the handler to note
//   POTTER_MEASURE_STACKS  how many stacks to copy, once every module has its unwind table; with the last one the
//                          program ends, status 0
#include "corpus.h"
#include "recorder.h"
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

pp_unwound __real_pp_unwind_stacks(const pp_unwind_space *space, pp_registers registers, const pp_stacks *stacks,
                                   uint64_t *frames);
bool __real_pp_sampler_install(void);
void __real_pp_recorder_finish(void);

static corpus_header *corpus; // NULL: measure nothing
static pid_t measured;        // the process; forked children share the file and are not measured
static __thread struct {
    const ucontext_t *context; // of the handler that runs
    uint32_t unwind_ticks, depth;
} now;

static void *at(uint64_t offset) { return (uint8_t *)corpus + offset; }

// Room in the data area; 0: there is none.
static uint64_t reserve(uint64_t bytes) {
    uint64_t offset = corpus->data + atomic_fetch_add(&corpus->data_used, (bytes + 15) & ~15ull);
    return offset + bytes <= corpus->size ? offset : 0;
}

static uint64_t copy(const void *from, uint64_t bytes) {
    uint64_t offset = reserve(bytes);
    if (offset != 0) memcpy(at(offset), from, bytes);
    return offset;
}

// The writable segment of ld.so, as it is now. Its ELF header is mapped at its start.
static void copy_loader(const pp_code_range *range) {
    const Elf64_Ehdr *file = (const Elf64_Ehdr *)range->start;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(range->start + file->e_phoff);
    for (int i = 0; i < file->e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD || (segments[i].p_flags & PF_W) == 0) continue;
        corpus->loader_address = range->bias + segments[i].p_vaddr;
        corpus->loader_bytes = segments[i].p_memsz;
        corpus->loader_data = copy((const void *)corpus->loader_address, segments[i].p_memsz);
    }
}

static void copy_module(const pp_code_range *range) {
    const pp_recorder *recorder = &pp_recorder_state;
    const pp_module *module = &pp_modules(recorder->session)[range->module];
    corpus_module *to = (corpus_module *)at(corpus->modules) + corpus->module_count++;
    *to = (corpus_module){.start = range->start, .end = range->end, .bias = range->bias, .slot = range->module};
    strncpy(to->path, (const char *)recorder->session + PP_STRINGS_OFFSET + module->path, sizeof to->path - 1);
    uint64_t offset = pp_load64(&module->table_offset);
    if (offset != 0) {
        const pp_unwind_table *table = (const pp_unwind_table *)(recorder->tables + offset);
        to->table = copy(table, table->size);
    }
    if (strstr(to->path, "ld-linux") != NULL) copy_loader(range);
}

// Called once, maybe in the handler: nothing in it allocates or locks.
static void finish(void) {
    const pp_recorder *recorder = &pp_recorder_state;
    static _Atomic int finishing;
    if (corpus == NULL || getpid() != measured || atomic_exchange(&finishing, 1)) return;
    const pp_code_map *map = &recorder->maps[atomic_load(&recorder->active)];
    for (uint32_t i = 0; recorder->session != NULL && i < map->count && i < CORPUS_MODULES; i++)
        copy_module(&map->ranges[i]);
    corpus->end_ns = pp_now(CLOCK_MONOTONIC);
    corpus->end_ticks = corpus_ticks();
    corpus->finished = 1;
}

static void copy_registers(corpus_stack *stack, const greg_t *r) {
    static const int order[CORPUS_REGISTERS] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                                REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                                REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (int i = 0; i < CORPUS_REGISTERS; i++) stack->registers[i] = (uint64_t)r[order[i]];
}

// Whether the collector is done with every mapped module: until then stacks are incomplete where a table is missing.
static bool has_all_tables(void) {
    static _Atomic bool all;
    const pp_recorder *recorder = &pp_recorder_state;
    const pp_code_map *map = &recorder->maps[atomic_load(&recorder->active)];
    for (uint32_t i = 0; !all && i < map->count; i++)
        if (pp_load32(&pp_modules(recorder->session)[map->ranges[i].module].state) != PP_MODULE_PREPARED) return false;
    all = true;
    return true;
}

static void copy_stack(uint64_t low, uint64_t high, const pp_unwound *unwound, const uint64_t *frames) {
    uint32_t slot = atomic_fetch_add(&corpus->stacks_used, 1);
    if (slot >= corpus->stacks_room) return;
    corpus_stack *stack = (corpus_stack *)at(corpus->stacks) + slot;
    uint64_t bytes = high - low < CORPUS_STACK_BYTES ? high - low : CORPUS_STACK_BYTES;
    *stack = (corpus_stack){.low = low, .high = high, .bytes = bytes, .depth = unwound->depth, .cut = unwound->cut,
                            .flags = unwound->flags};
    copy_registers(stack, now.context->uc_mcontext.gregs);
    stack->data = copy((const void *)low, bytes);
    stack->frames = copy(frames, unwound->depth * sizeof *frames);
    if (slot + 1 < corpus->stacks_room) return;
    finish();
    syscall(SYS_exit_group, 0); // the other threads' last stacks may be half written: they are dropped by replay.c
}

// The stack that holds sp, from the red zone on. False: none that is known.
static bool find_stack(const pp_stacks *stacks, uint64_t sp, uint64_t *low, uint64_t *high) {
    for (int i = 0; i < PP_KNOWN_STACKS; i++) {
        if (sp < stacks->low[i] || sp >= stacks->high[i]) continue;
        uint64_t below = (sp - 128) & ~7ull;
        *low = below > stacks->low[i] ? below : stacks->low[i];
        *high = stacks->high[i];
        return true;
    }
    return false;
}

pp_unwound __wrap_pp_unwind_stacks(const pp_unwind_space *space, pp_registers registers, const pp_stacks *stacks,
                                   uint64_t *frames) {
    uint64_t begin = corpus_ticks(), low, high;
    pp_unwound unwound = __real_pp_unwind_stacks(space, registers, stacks, frames);
    now.unwind_ticks = (uint32_t)(corpus_ticks() - begin);
    now.depth = unwound.depth;
    if (corpus != NULL && corpus->stacks_room != 0 && getpid() == measured && now.context != NULL &&
        has_all_tables() && find_stack(stacks, registers.sp, &low, &high))
        copy_stack(low, high, &unwound, frames);
    return unwound;
}

static void note_call(uint64_t ticks) {
    uint32_t slot = atomic_fetch_add(&corpus->calls_used, 1);
    if (slot >= corpus->calls_room) return;
    uint32_t thread = pp_local_state.thread != NULL ? pp_local_state.thread->tid : 0;
    corpus_call *call = (corpus_call *)at(corpus->calls) + slot;
    *call = (corpus_call){(uint32_t)ticks, now.unwind_ticks, now.depth, thread};
}

static void measured_handler(int signal, siginfo_t *info, void *context) {
    now.context = context;
    now.unwind_ticks = now.depth = 0;
    uint64_t begin = corpus_ticks();
    pp_sampler_handler(signal, info, context);
    uint64_t ticks = corpus_ticks() - begin;
    now.context = NULL;
    if (getpid() == measured) note_call(ticks);
}

static void begin_corpus(void) {
    const char *path = getenv("POTTER_MEASURE");
    if (path == NULL) return;
    uint64_t calls = strtoull(getenv("POTTER_MEASURE_CALLS") ?: "0", NULL, 10);
    uint64_t stacks = strtoull(getenv("POTTER_MEASURE_STACKS") ?: "0", NULL, 10);
    corpus_header header = {.magic = CORPUS_MAGIC, .modules = 4096, .calls_room = (uint32_t)calls,
                            .stacks_room = (uint32_t)stacks};
    header.calls = header.modules + CORPUS_MODULES * sizeof(corpus_module);
    header.stacks = header.calls + calls * sizeof(corpus_call);
    header.data = (header.stacks + stacks * sizeof(corpus_stack) + 4095) & ~4095ull;
    header.size = header.data + CORPUS_DATA_BYTES;
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, (off_t)header.size) != 0) return;
    void *memory = mmap(NULL, header.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file, 0);
    close(file);
    if (memory == MAP_FAILED) return;
    madvise(memory, header.data, MADV_POPULATE_WRITE); // no first touch in a measured handler
    if (readlink("/proc/self/exe", header.program, sizeof header.program - 1) < 0) return;
    header.begin_ns = pp_now(CLOCK_MONOTONIC);
    header.begin_ticks = corpus_ticks();
    *(corpus_header *)memory = header;
    measured = getpid();
    corpus = memory;
}

bool __wrap_pp_sampler_install(void) {
    struct { // of the kernel: the interposed sigaction would only note it
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } action;
    if (!__real_pp_sampler_install()) return false;
    begin_corpus();
    if (corpus == NULL) return true;
    syscall(SYS_rt_sigaction, PP_SIGNAL, NULL, &action, sizeof action.mask);
    action.handler = (void *)measured_handler;
    return syscall(SYS_rt_sigaction, PP_SIGNAL, &action, NULL, sizeof action.mask) == 0;
}

void __wrap_pp_recorder_finish(void) {
    finish();
    __real_pp_recorder_finish();
}
