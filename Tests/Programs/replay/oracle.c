// SPDX-License-Identifier: Apache-2.0
// libunwind over a corpus: its remote interface, with accessors that read the stacks and modules which memory.c has put
// in place. It reads .eh_frame itself, so it shares nothing with Potter's tables.
#include "replay.h"
#include <libunwind.h>
#include <stdlib.h>
#include <string.h>

// libunwind exports it, and no header of it says so (perf declares it as well): searches an .eh_frame_hdr.
int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *table,
                                       unw_proc_info_t *info, int need_unwind_info, void *argument);

// .eh_frame_hdr as every linker writes it: pointer to .eh_frame, count, table of pairs of 32 bits, sorted.
typedef struct eh_frame_header {
    uint8_t version, pointer_encoding, count_encoding, table_encoding;
    int32_t eh_frame;
    uint32_t count;
    uint8_t table[];
} eh_frame_header;
enum { PCREL_SDATA4 = 0x1b, UDATA4 = 0x03, DATAREL_SDATA4 = 0x3b };

struct oracle {
    const replay *replay;
    unw_addr_space_t space;
    const corpus_stack *stack;
    const corpus_module *module; // of the last address read
    bool missed;                 // no FDE was found since this was cleared
};

static const eh_frame_header *header_of(const replay *replay, const corpus_module *module) {
    const Elf64_Phdr *segment;
    for (uint32_t i = 0; (segment = replay_segment(replay, module, i)) != NULL; i++) {
        if (segment->p_type != PT_GNU_EH_FRAME) continue;
        const eh_frame_header *header = (const eh_frame_header *)(module->bias + segment->p_vaddr);
        bool usual = header->version == 1 && header->pointer_encoding == PCREL_SDATA4 &&
                     header->count_encoding == UDATA4 && header->table_encoding == DATAREL_SDATA4;
        return usual ? header : NULL;
    }
    return NULL;
}

static const corpus_module *module_at(oracle *this, uint64_t address) {
    if (this->module == NULL || address < this->module->start || address >= this->module->end)
        this->module = replay_module_at(this->replay, address);
    return this->module;
}

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need, void *argument) {
    oracle *this = argument;
    const corpus_module *module = module_at(this, ip);
    const eh_frame_header *header = module != NULL ? header_of(this->replay, module) : NULL;
    int status = -UNW_ENOINFO;
    if (header != NULL) {
        unw_dyn_info_t table = {.start_ip = module->start, .end_ip = module->end,
                                .format = UNW_INFO_FORMAT_REMOTE_TABLE};
        table.u.rti.segbase = (uint64_t)header;
        table.u.rti.table_data = (uint64_t)header->table;
        table.u.rti.table_len = header->count * 8ull / sizeof(unw_word_t);
        status = _Ux86_64_dwarf_search_unwind_table(space, ip, &table, info, need, argument);
    }
    if (status < 0) this->missed = true;
    return status;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *argument) {
    (void)space, (void)argument;
    free(info->unwind_info);
    info->unwind_info = NULL;
}

static int no_dynamic_info(unw_addr_space_t space, unw_word_t *list, void *argument) {
    (void)space, (void)list, (void)argument;
    return -UNW_ENOINFO;
}

// Whether a word of a module can be read: of its mapped, read-only segments.
static bool is_in_file(const replay *replay, const corpus_module *module, uint64_t address) {
    const Elf64_Phdr *segment;
    for (uint32_t i = 0; (segment = replay_segment(replay, module, i)) != NULL; i++) {
        uint64_t start = module->bias + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0 && address >= start &&
            address + 8 <= ((start + segment->p_filesz + 4095) & ~4095ull))
            return true;
    }
    return false;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *word, int write, void *argument) {
    (void)space;
    oracle *this = argument;
    const corpus_stack *stack = this->stack;
    if (write) return -UNW_EINVAL;
    bool in_stack = address >= stack->low && address + 8 <= stack->low + stack->bytes;
    const corpus_module *module = in_stack ? NULL : module_at(this, address);
    if (!in_stack && module == NULL) return -UNW_EINVAL;
    *word = 0; // a variable: of these, .eh_frame names the pointers to personality routines alone, which a walk ignores
    if (in_stack || is_in_file(this->replay, module, address)) memcpy(word, (const void *)address, sizeof *word);
    return 0;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write, void *argument) {
    (void)space;
    const oracle *this = argument;
    if (write || number < 0 || number >= CORPUS_REGISTERS) return -UNW_EBADREG;
    *value = this->stack->registers[number];
    return 0;
}

static int no_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write, void *argument) {
    (void)space, (void)number, (void)value, (void)write, (void)argument;
    return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument) {
    (void)space, (void)cursor, (void)argument;
    return -UNW_EINVAL;
}

// Whether a signal handler returns here: mov $15, %rax; syscall. What comes next was interrupted, and is no return
// address.
static bool is_trampoline(oracle *this, uint64_t pc) {
    static const uint8_t code[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
    const corpus_module *module = module_at(this, pc);
    return module != NULL && is_in_file(this->replay, module, pc + 8) &&
           memcmp((const void *)pc, code, sizeof code) == 0;
}

oracle *oracle_open(const replay *replay, bool caches) {
    static unw_accessors_t accessors = {
        .find_proc_info = find_proc_info, .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = no_dynamic_info, .access_mem = access_mem, .access_reg = access_reg,
        .access_fpreg = no_fpreg, .resume = no_resume,
    };
    oracle *this = calloc(1, sizeof *this);
    this->replay = replay;
    this->space = unw_create_addr_space(&accessors, 0);
    unw_set_caching_policy(this->space, caches ? UNW_CACHE_GLOBAL : UNW_CACHE_NONE);
    return this;
}

uint32_t oracle_walk(oracle *this, const corpus_stack *stack, oracle_frame *frames, uint32_t room) {
    this->stack = stack;
    unw_cursor_t cursor;
    if (unw_init_remote(&cursor, this->space, this) != 0) return 0;
    uint32_t count = 0;
    bool exact = true;
    while (count < room) {
        unw_word_t pc;
        if (unw_get_reg(&cursor, UNW_REG_IP, &pc) != 0 || pc == 0) break;
        this->missed = false;
        bool interrupted = is_trampoline(this, pc);
        int status = unw_step(&cursor);
        frames[count++] = (oracle_frame){exact ? pc : pc - 1, !this->missed};
        if (status <= 0) break;
        exact = interrupted;
    }
    return count;
}
