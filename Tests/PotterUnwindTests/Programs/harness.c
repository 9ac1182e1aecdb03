// SPDX-License-Identifier: Apache-2.0
// The map of modules, their tables, and the wrapper around main. See harness.h.
#define _GNU_SOURCE
#include "harness.h"
#include "unwind_stacks_linux.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined(__aarch64__)
#include "sampler_aarch64.h"
#else
#include "sampler_x86_64.h"
#endif

static pp_code_map map;
static pp_module modules[PP_MODULE_SLOTS];
static char paths[PP_MODULE_SLOTS][256];
static pp_unwind_space space = {.map = &map, .modules = modules};
static __thread uint64_t stack_low __attribute__((tls_model("initial-exec")));
static __thread uint64_t stack_high __attribute__((tls_model("initial-exec")));

static uint64_t table_offset(const char *path) {
    static char line[PATH_MAX + 32];
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s.index", getenv("HARNESS_TABLES") ?: "");
    FILE *index = fopen(name, "r");
    uint64_t found = 0;
    while (index != NULL && fgets(line, sizeof line, index) != NULL) {
        line[strcspn(line, "\n")] = 0;
        char *space_at = strchr(line, ' ');
        if (space_at != NULL && strcmp(space_at + 1, path) == 0) found = strtoull(line, NULL, 10);
    }
    if (index != NULL) fclose(index);
    return found;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size, (void)data;
    char path[PATH_MAX];
    if (info->dlpi_name[0] == 0) {
        ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
        path[length > 0 ? length : 0] = 0;
    } else if (realpath(info->dlpi_name, path) == NULL) {
        snprintf(path, sizeof path, "[vdso]");
    }
    pp_code_range range = {.start = UINT64_MAX, .bias = info->dlpi_addr, .module = map.count};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD) continue;
        uint64_t start = info->dlpi_addr + header->p_vaddr;
        if (start < range.start) range.start = start;
        if (start + header->p_memsz > range.end) range.end = start + header->p_memsz;
    }
    uint32_t at = map.count++;
    snprintf(paths[range.module], sizeof paths[0], "%.255s", path);
    modules[range.module].table_offset = table_offset(path);
    while (at > 0 && map.ranges[at - 1].start > range.start) map.ranges[at] = map.ranges[at - 1], at--;
    map.ranges[at] = range;
    return 0;
}

void harness_refresh(void) {
    map.count = 0;
    map.generation++;
    dl_iterate_phdr(add_module, NULL);
}

void harness_find_stack(void) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    stack_low = (uint64_t)low;
    stack_high = (uint64_t)low + size;
}

const char *harness_module(uint64_t address, uint64_t *relative) {
    for (uint32_t i = 0; i < map.count; i++) {
        const pp_code_range *range = &map.ranges[i];
        if (address < range->start || address >= range->end) continue;
        *relative = address - range->bias;
        return paths[range->module];
    }
    *relative = address;
    return "?";
}

static uint64_t bias_of(uint64_t module) {
    for (uint32_t i = 0; i < map.count; i++)
        if (map.ranges[i].module == module) return map.ranges[i].bias;
    return 0;
}

uint64_t harness_bias(void) { return bias_of(0); }

uint64_t harness_unwind_ns;

static uint64_t harness_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static pp_unwound unwind(pp_registers at, const ucontext_t *context, uint64_t *frames) {
    pp_stacks stacks = pp_stacks_of(stack_low, stack_high, context);
    uint64_t start = harness_now();
    pp_unwound result = pp_unwind_stacks(&space, at, &stacks, frames);
    harness_unwind_ns = harness_now() - start;
    for (uint32_t i = 0; i < result.depth; i++)
        frames[i] = bias_of(frames[i] >> PP_FRAME_MODULE_SHIFT) + (frames[i] & PP_FRAME_ADDRESS_MASK);
    return result;
}

pp_unwound harness_unwind(const ucontext_t *context, uint64_t *frames) {
    return unwind(pp_context_registers(context), context, frames);
}

const uint64_t *harness_at(uint64_t pc, uint64_t sp, uint64_t fp, uint64_t async) {
    static uint64_t result[2 + PP_MAX_FRAMES];
    ucontext_t context = {.uc_stack = {.ss_flags = SS_DISABLE}};
    pp_unwound unwound = unwind((pp_registers){.pc = pc, .sp = sp, .fp = fp, .async = async}, &context, result + 2);
    result[0] = unwound.depth;
    result[1] = unwound.flags;
    return result;
}

static void map_tables(void) {
    int file = open(getenv("HARNESS_TABLES") ?: "", O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) return;
    space.tables_size = (uint64_t)status.st_size;
    space.tables = mmap(NULL, space.tables_size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    close(file);
}

typedef int main_function(int, char **, char **);
static main_function *program_main;

uint64_t harness_main_address(void) { return (uint64_t)program_main; }

static int harness_main(int count, char **arguments, char **environment) {
    const char *mode = getenv("HARNESS") ?: "";
    map_tables();
    harness_refresh();
    harness_find_stack();
    if (strcmp(mode, "modules") == 0) {
        for (uint32_t i = 0; i < map.count; i++) puts(paths[i]);
        exit(0);
    }
#if !defined(__aarch64__) // where no flag of the processor traps each instruction of one's own
    if (strcmp(mode, "step") == 0) {
        atexit(harness_step_end); // the main of an asynchronous Swift program does not return
        harness_step_begin();
    }
#endif
    if (strcmp(mode, "sample") == 0) {
        atexit(harness_sample_end);
        harness_sample_begin();
    }
    volatile int result = program_main(count, arguments, environment); // volatile: no tail call, a frame of our own
    return result;
}

HARNESS_EXPORT int __libc_start_main(main_function *main, int count, char **arguments, void (*init)(void),
                                     void (*fini)(void), void (*loader)(void), void *stack_end) {
    int (*real)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
        dlsym(RTLD_NEXT, "__libc_start_main");
    program_main = main;
    return real(harness_main, count, arguments, init, fini, loader, stack_end);
}
