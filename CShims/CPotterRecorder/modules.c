// SPDX-License-Identifier: Apache-2.0
// The modules of this process: announced in session memory, and kept sorted in a private map for the unwinder.
//
// Slots are only ever added: a frame names its slot, so it stays right when the module goes, or when a forked child
// maps something else there. A module that comes back (a plug-in loaded in a loop) finds its old slot.
//
// Two private maps: the one in use is never written. See pp_recorder.map_version and the check in sampler_linux.c.
#include "recorder.h"
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#define PP_TABLE_WAIT_NS 20000000ull        // how long dlopen waits for the new module's unwind table
#define PP_HEAP_TABLE_WAIT_NS 1000000000ull // the same with malloc hooks, which copy no stacks

static _Atomic uint32_t scanning; // spin lock of the writer; handlers never take it
static uint64_t seen_adds, seen_subs;

typedef struct scan {
    pp_code_map *map;
    bool unchanged;
    uint32_t added[16];
    uint32_t added_count;
} scan;

static void find_build_id(const struct dl_phdr_info *info, const ElfW(Phdr) * header, pp_module *module) {
    const uint8_t *at = (const uint8_t *)(info->dlpi_addr + header->p_vaddr);
    const uint8_t *end = at + header->p_memsz;
    while ((size_t)(end - at) >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
        uint64_t name = (note->n_namesz + 3ull) & ~3ull, description = (note->n_descsz + 3ull) & ~3ull;
        if (name + description > (uint64_t)(end - at) - sizeof(*note))
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0) {
            module->build_id_size = (uint8_t)(note->n_descsz < 20 ? note->n_descsz : 20);
            memcpy(module->build_id, at + sizeof(*note) + name, module->build_id_size);
            return;
        }
        at += sizeof(*note) + name + description;
    }
}

static bool describe(const struct dl_phdr_info *info, pp_module *module) {
    module->start = ~0ull;
    module->bias = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uint64_t from = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_NOTE && module->build_id_size == 0)
            find_build_id(info, header, module);
        if (header->p_type != PT_LOAD)
            continue;
        module->start = from < module->start ? from : module->start;
        module->end = from + header->p_memsz > module->end ? from + header->p_memsz : module->end;
    }
    return module->start < module->end;
}

static const char *module_path(pp_session *session, const pp_module *module) {
    return (const char *)session + PP_STRINGS_OFFSET + module->path;
}

bool pp_store_string(pp_session *session, const char *path, uint32_t *offset) {
    uint32_t size = (uint32_t)strnlen(path, 4095) + 1;
    uint32_t at = atomic_fetch_add(&session->strings_used, size);
    if (at + (uint64_t)size > PP_STRING_BYTES)
        return false;
    memcpy((char *)session + PP_STRINGS_OFFSET + at, path, size - 1);
    ((char *)session + PP_STRINGS_OFFSET)[at + size - 1] = 0;
    *offset = at;
    return true;
}

static bool same_module(pp_session *session, const pp_module *a, const pp_module *b, const char *path) {
    return a->start == b->start && a->end == b->end && a->bias == b->bias && a->build_id_size == b->build_id_size &&
           memcmp(a->build_id, b->build_id, sizeof(a->build_id)) == 0 && strcmp(module_path(session, a), path) == 0;
}

// The slot of a module, an old one or a new; PP_FRAME_NO_MODULE if there is no room.
static uint32_t slot_for(pp_session *session, const pp_module *found, const char *path, bool *is_new) {
    pp_module *modules = pp_modules(session);
    uint32_t high = atomic_load(&session->module_high);
    for (uint32_t i = 0; i < high && i < PP_MODULE_SLOTS; i++)
        if (atomic_load(&modules[i].state) >= PP_MODULE_ANNOUNCED && same_module(session, &modules[i], found, path))
            return i;
    uint32_t slot = atomic_fetch_add(&session->module_high, 1);
    uint32_t offset = 0;
    if (slot >= session->module_limit || slot >= PP_MODULE_SLOTS || !pp_store_string(session, path, &offset)) {
        pp_count(session, PP_COUNT_NO_MODULE_SLOT);
        return PP_FRAME_NO_MODULE;
    }
    pp_module *module = &modules[slot];
    module->path = offset;
    module->start = found->start;
    module->end = found->end;
    module->bias = found->bias;
    module->time_ns = pp_now(CLOCK_MONOTONIC);
    module->process = pp_recorder_state.process;
    module->build_id_size = found->build_id_size;
    memcpy(module->build_id, found->build_id, sizeof(module->build_id));
    atomic_store_explicit(&module->state, PP_MODULE_ANNOUNCED, memory_order_release);
    *is_new = true;
    return slot;
}

static void insert(pp_code_map *map, pp_code_range range) {
    if (map->count >= PP_MAX_LOADED) {
        pp_count(pp_recorder_state.session, PP_COUNT_NO_MODULE_SLOT);
        return;
    }
    uint32_t at = map->count++;
    while (at > 0 && map->ranges[at - 1].start > range.start) {
        map->ranges[at] = map->ranges[at - 1];
        at--;
    }
    map->ranges[at] = range;
}

static int visit(struct dl_phdr_info *info, size_t size, void *argument) {
    scan *this = argument;
    pp_session *session = pp_recorder_state.session;
    if (this->map->count == 0) {
        if (info->dlpi_adds == seen_adds && info->dlpi_subs == seen_subs) {
            this->unchanged = true;
            return 1;
        }
        seen_adds = info->dlpi_adds;
        seen_subs = info->dlpi_subs;
    }
    pp_module found = {0};
    if (!describe(info, &found))
        return 0;
    bool is_new = false;
    uint32_t slot = slot_for(session, &found, info->dlpi_name ? info->dlpi_name : "", &is_new);
    if (is_new && this->added_count < 16)
        this->added[this->added_count++] = slot;
    if (slot != PP_FRAME_NO_MODULE)
        insert(this->map, (pp_code_range){.start = found.start, .end = found.end, .bias = found.bias, .module = slot});
    return 0;
}

static void prefault_table(const pp_module *module) {
    pp_recorder *recorder = &pp_recorder_state;
    uint64_t offset = atomic_load_explicit(&module->table_offset, memory_order_acquire);
    if (offset == 0 || offset + sizeof(pp_unwind_table) > recorder->tables_size)
        return;
    uint64_t size = ((const pp_unwind_table *)(recorder->tables + offset))->size;
    if (size > recorder->tables_size - offset)
        return;
#ifdef MADV_POPULATE_READ
    uintptr_t from = (uintptr_t)(recorder->tables + offset) & ~(uintptr_t)4095;
    madvise((void *)from, (uintptr_t)(recorder->tables + offset + size) - from, MADV_POPULATE_READ);
#endif
}

bool pp_modules_prefault(void) {
    const pp_code_map *map = &pp_recorder_state.maps[atomic_load(&pp_recorder_state.active)];
    bool all = true;
    for (uint32_t i = 0; i < map->count; i++) {
        const pp_module *module = &pp_modules(pp_recorder_state.session)[map->ranges[i].module];
        all &= atomic_load(&module->state) == PP_MODULE_PREPARED;
        prefault_table(module);
    }
    return all;
}

static void publish(pp_recorder *recorder, uint32_t spare) {
    recorder->maps[spare].generation = recorder->maps[spare ^ 1].generation + 1;
    atomic_store_explicit(&recorder->active, spare, memory_order_release);
}

// With the spin lock, which it gives back.
static void scan_modules(bool wait_for_tables) {
    pp_recorder *recorder = &pp_recorder_state;
    uint32_t spare = atomic_load(&recorder->active) ^ 1;
    scan this = {.map = &recorder->maps[spare]};
    atomic_fetch_add_explicit(&recorder->map_version, 1, memory_order_acq_rel);
    this.map->count = 0;
    dl_iterate_phdr(visit, &this);
    if (this.added_count > 0 && wait_for_tables)
        pp_copies_prefault(PP_COPY_SLOTS); // until their tables are there
    if (!this.unchanged)
        publish(recorder, spare);
    atomic_fetch_add_explicit(&recorder->map_version, 1, memory_order_acq_rel);
    atomic_store_explicit(&scanning, 0, memory_order_release);
    if (this.added_count == 0 || !wait_for_tables)
        return;
    pp_announce();
    uint64_t wait_ns = recorder->session->heap_mode != PP_HEAP_OFF ? PP_HEAP_TABLE_WAIT_NS : PP_TABLE_WAIT_NS;
    for (uint32_t i = 0; i < this.added_count; i++) {
        pp_module *module = &pp_modules(recorder->session)[this.added[i]];
        if (!pp_wait_word(&module->state, PP_MODULE_ANNOUNCED, wait_ns))
            return;
        prefault_table(module);
    }
}

void pp_modules_scan(bool wait_for_tables) {
    if (!pp_calls_begin())
        return;
    while (atomic_exchange_explicit(&scanning, 1, memory_order_acquire))
        sched_yield();
    scan_modules(wait_for_tables);
    pp_calls_end();
}

// A thread in a scan waits for the loader's lock, which we hold: we must not wait for it.
bool pp_modules_meet(void) {
    if (pp_local_state.loading == 0 || !pp_calls_begin())
        return false;
    bool free = !atomic_exchange_explicit(&scanning, 1, memory_order_acquire);
    if (free)
        scan_modules(true);
    pp_calls_end();
    return free;
}

// Another thread of the parent may have been in a scan: here it will not go on. What it had not published is not in
// use, but it had noted the loader's counters, and left the version odd.
void pp_modules_forked(void) {
    atomic_store(&pp_recorder_state.closing, 0); // another thread's
    if (!atomic_load(&scanning))
        return;
    pp_recorder *recorder = &pp_recorder_state;
    uint32_t version = atomic_load(&recorder->map_version);
    atomic_store(&recorder->map_version, version + (version & 1));
    seen_adds = seen_subs = ~0ull;
    atomic_store(&scanning, 0);
}

// Whether the library search of dlopen("name") depends on who calls it: then it must see its real caller.
bool pp_caller_has_search_path(const void *caller) {
    Dl_info info;
    struct link_map *map = NULL;
    if (dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 || map == NULL || map->l_ld == NULL)
        return true;
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_RUNPATH || entry->d_tag == DT_RPATH)
            return true;
    return false;
}
