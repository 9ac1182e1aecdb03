// SPDX-License-Identifier: Apache-2.0
// libunwind over copied stacks. It asks by callbacks ("accessors"): registers and stack words come from the copy, the
// rest from the modules' files, where it looks for the frame description of a pc by binary search in .eh_frame_hdr.
//
// Invariants
//  1. Every walk ends: MAX_FRAMES, and the limits of reads for a description that loops (DWARF expressions can).
//  2. A frame without a description is left by libunwind's guess, by frame pointer. That is counted, as the recorder
//     counts its own guesses; where the guess ends the walk, the stack is incomplete.
//  3. The leaf, and code that a signal interrupted, has its exact pc; return addresses that of the byte before.
#include "image.h"
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAMES (PP_COPY_BYTES / 8 + 64)
#define MAX_READS 500000u     // of one stack
#define MAX_STEP_READS 20000u // of one frame: some 100 where its rule is not cached, 3 where it is
#define CACHE_ENTRIES 4096    // rules; libunwind rounds to a power of two

// Exported by libunwind-x86_64.so.8 for debuggers; in no header.
extern int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *table,
                                              unw_proc_info_t *info, int needs_info, void *argument);

struct potter_unwind_space {
    unw_addr_space_t space;
    potter_unwind_module modules[PP_COPY_MODULES];
    uint32_t module_count;
    // Of the walk at hand.
    const pp_copy *copy;
    uint32_t reads, step_reads;
    bool guesses; // the step found no description
    bool longer;  // it wanted what lies beyond the copy
    uint64_t frames[MAX_FRAMES];
};

static potter_unwind_module *module_at(potter_unwind_space *this, uint64_t address) {
    uint32_t low = 0, high = this->module_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (this->modules[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    potter_unwind_module *found = &this->modules[low];
    return low < this->module_count && address >= found->start ? found : NULL;
}

static int access_memory(unw_addr_space_t space, unw_word_t address, unw_word_t *word, int writes, void *argument) {
    potter_unwind_space *this = argument;
    const pp_copy *copy = this->copy;
    if (writes || ++this->reads > MAX_READS || ++this->step_reads > MAX_STEP_READS)
        return -UNW_EINVAL;
    uint64_t at = address - copy->low;
    if (copy->size >= 8 && at <= copy->size - 8) {
        memcpy(word, copy->stack + at, sizeof(*word));
        return 0;
    }
    potter_unwind_module *module = module_at(this, address);
    if (module != NULL && module->image != NULL)
        return potter_image_word(module->image, address - module->bias, word) ? 0 : -UNW_EINVAL;
    this->longer |= address >= copy->low && address < copy->high;
    return -UNW_EINVAL;
}

static int access_register(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int writes, void *argument) {
    const potter_unwind_space *this = argument;
    if (writes || number < 0 || number >= (int)PP_COPY_REGISTERS)
        return -UNW_EBADREG;
    *value = this->copy->registers[number];
    return 0;
}

static int access_float(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int writes, void *argument) {
    return -UNW_EBADREG; // no rule of a frame needs one
}

static int find_description(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int needs_info,
                            void *argument) {
    potter_unwind_space *this = argument;
    potter_unwind_module *module = module_at(this, ip);
    potter_search_table table = {0};
    if (module != NULL && module->image != NULL)
        table = potter_image_table(module->image);
    int error = -UNW_ENOINFO;
    if (table.count > 0 && potter_image_describes(module->image, ip - module->bias)) {
        unw_dyn_info_t described = {.start_ip = module->start,
                                    .end_ip = module->end,
                                    .format = UNW_INFO_FORMAT_REMOTE_TABLE,
                                    .u.rti = {.segbase = module->bias + table.base,
                                              .table_data = module->bias + table.entries,
                                              .table_len = table.count * 8 / sizeof(unw_word_t)}};
        error = UNW_OBJ(dwarf_search_unwind_table)(space, ip, &described, info, needs_info, argument);
    }
    if (error < 0)
        this->guesses = true;
    return error < 0 ? -UNW_ENOINFO : 0;
}

static void release_description(unw_addr_space_t space, unw_proc_info_t *info, void *argument) {}

static int no_dynamic_code(unw_addr_space_t space, unw_word_t *address, void *argument) { return -UNW_ENOINFO; }

static int no_resuming(unw_addr_space_t space, unw_cursor_t *cursor, void *argument) { return -UNW_EINVAL; }

potter_unwind_space *potter_unwind_space_create(void) {
    static unw_accessors_t accessors = {.find_proc_info = find_description,
                                        .put_unwind_info = release_description,
                                        .get_dyn_info_list_addr = no_dynamic_code,
                                        .access_mem = access_memory,
                                        .access_reg = access_register,
                                        .access_fpreg = access_float,
                                        .resume = no_resuming};
    potter_unwind_space *this = calloc(1, sizeof(*this));
    if (this == NULL)
        return NULL;
    this->space = unw_create_addr_space(&accessors, 0);
    if (this->space == NULL) {
        free(this);
        return NULL;
    }
    unw_set_caching_policy(this->space, UNW_CACHE_GLOBAL);
    unw_set_cache_size(this->space, CACHE_ENTRIES, 0);
    return this;
}

void potter_unwind_space_destroy(potter_unwind_space *this) {
    unw_destroy_addr_space(this->space);
    free(this);
}

void potter_unwind_space_set(potter_unwind_space *this, const potter_unwind_module *modules, uint32_t count) {
    this->module_count = count < PP_COPY_MODULES ? count : PP_COPY_MODULES;
    memcpy(this->modules, modules, this->module_count * sizeof(*modules));
    unw_flush_cache(this->space, 0, 0);
}

static uint64_t frame_of(potter_unwind_space *this, uint64_t address) {
    const potter_unwind_module *module = module_at(this, address);
    if (module == NULL)
        return (uint64_t)PP_FRAME_NO_MODULE << PP_FRAME_MODULE_SHIFT | (address & PP_FRAME_ADDRESS_MASK);
    return (uint64_t)module->slot << PP_FRAME_MODULE_SHIFT | ((address - module->bias) & PP_FRAME_ADDRESS_MASK);
}

// Walks to the root; returns the frames written to this->frames. *flags: PP_STACK_INCOMPLETE, PP_STACK_FALLBACK.
static uint32_t walk(potter_unwind_space *this, uint32_t *flags) {
    unw_cursor_t cursor;
    bool exact = true;
    uint32_t depth = 0;
    if (unw_init_remote(&cursor, this->space, this) < 0) {
        *flags |= PP_STACK_INCOMPLETE;
        return 0;
    }
    for (;;) {
        unw_word_t pc = 0;
        if (unw_get_reg(&cursor, UNW_REG_IP, &pc) < 0 || (depth > 0 && pc == 0))
            return depth;
        this->frames[depth++] = frame_of(this, exact ? pc : pc - 1);
        exact = unw_is_signal_frame(&cursor) > 0;
        this->step_reads = 0;
        this->guesses = this->longer = false; // the question above may have read beyond
        int step = depth < MAX_FRAMES ? unw_step(&cursor) : -UNW_ESTOPUNWIND;
        if (step > 0 && this->guesses)
            *flags |= PP_STACK_FALLBACK;
        if (step < 0 || (step == 0 && this->guesses))
            *flags |= PP_STACK_INCOMPLETE;
        if (step <= 0)
            return depth;
    }
}

potter_unwind_result potter_unwind_copy(potter_unwind_space *this, const pp_copy *copy, uint64_t *frames) {
    potter_unwind_result result = {.flags = copy->raced ? PP_STACK_RACED : 0};
    this->copy = copy;
    this->reads = this->step_reads = 0;
    uint32_t walked = walk(this, &result.flags);
    result.depth = walked < PP_MAX_FRAMES ? walked : PP_MAX_FRAMES;
    uint32_t leaves = walked <= PP_MAX_FRAMES ? result.depth : PP_CUT_FRAMES;
    uint32_t roots = result.depth - leaves;
    memcpy(frames, this->frames, leaves * sizeof(*frames));
    memcpy(frames + leaves, this->frames + walked - roots, roots * sizeof(*frames));
    result.cut = walked - result.depth;
    if (result.cut > 0)
        result.flags |= PP_STACK_CUT;
    result.longer = (result.flags & PP_STACK_INCOMPLETE) != 0 && this->longer;
    this->copy = NULL;
    return result;
}
