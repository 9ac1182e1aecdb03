// SPDX-License-Identifier: Apache-2.0
// Looks through a frame description before libunwind does. libunwind 1.6 uses the second operand of DW_CFA_register and
// the return address column as indices without a check: a damaged file made it read, and crash, outside of its tables.
// Can go once libunwind checks them (src/dwarf/Gparser.c).
//
// Formats: LSB 5.0 "Exception Frames" (.eh_frame), DWARF 5 section 6.4.2 (instructions).
#include "image.h"
#include <string.h>

#define MAX_ENTRY_BYTES (1u << 20)
#define MAX_AUGMENTATION 8
#define MAX_REMEMBERED 64
#define RETURN_ADDRESS 16u // the column, x86-64
#define ENCODING_SIZE 0x0f // DW_EH_PE_*: the low half is the format
#define ENCODING_OMITTED 0xff

typedef struct cursor {
    potter_unwind_image *image;
    uint64_t at, end;
    bool bad;
} cursor;

static uint64_t take(cursor *c, uint32_t bytes) {
    uint64_t word = 0;
    c->bad |= c->at > c->end || bytes > c->end - c->at || !potter_image_word(c->image, c->at, &word);
    c->at += bytes;
    return bytes == 8 ? word : word & ((1ull << bytes * 8) - 1);
}

static void skip(cursor *c, uint64_t bytes) {
    c->bad |= c->at > c->end || bytes > c->end - c->at;
    c->at += c->bad ? 0 : bytes;
}

// LEB128, of either sign where only its end matters.
static uint64_t take_leb(cursor *c) {
    uint64_t value = 0, byte;
    uint32_t shift = 0;
    do {
        byte = take(c, 1);
        value |= shift < 64 ? (byte & 0x7f) << shift : 0;
        shift += 7;
    } while ((byte & 0x80) != 0 && !c->bad && shift < 140);
    c->bad |= (byte & 0x80) != 0;
    return value;
}

static void skip_pointer(cursor *c, uint8_t encoding) {
    static const uint8_t sizes[16] = {8, 0, 2, 4, 8, 0, 0, 0, 8, 0, 2, 4, 8, 0, 0, 0};
    if (encoding == ENCODING_OMITTED)
        return;
    if ((encoding & ENCODING_SIZE) == 1 || (encoding & ENCODING_SIZE) == 9)
        take_leb(c);
    else if (sizes[encoding & ENCODING_SIZE] != 0)
        skip(c, sizes[encoding & ENCODING_SIZE]);
    else
        c->bad = true;
}

// The entry (CIE or FDE) at `address`, behind its length.
static cursor entry_at(potter_unwind_image *image, uint64_t address) {
    cursor c = {.image = image, .at = address, .end = address + 4};
    uint64_t length = take(&c, 4);
    c.bad |= length < 4 || length > MAX_ENTRY_BYTES; // 0 ends a section; longer ones (64 bit) nobody writes
    c.end = c.at + (c.bad ? 0 : length);
    return c;
}

// What follows the opcode of an instruction that is not in the upper two bits.
static void skip_operands(cursor *c, uint8_t opcode, uint8_t encoding) {
    switch (opcode) {
    case 0x00: // nop
        break;
    case 0x01: // set_loc
        skip_pointer(c, encoding);
        break;
    case 0x02: // advance_loc1, 2, 4
    case 0x03:
    case 0x04:
        skip(c, 1u << (opcode - 2));
        break;
    case 0x09: // register
        take_leb(c);
        c->bad |= take_leb(c) > RETURN_ADDRESS;
        break;
    case 0x05: // offset_extended
    case 0x0c: // def_cfa
    case 0x11: // offset_extended_sf
    case 0x12: // def_cfa_sf
    case 0x14: // val_offset
    case 0x15: // val_offset_sf
    case 0x2f: // GNU_negative_offset_extended
        take_leb(c);
        take_leb(c);
        break;
    case 0x06: // restore_extended
    case 0x07: // undefined
    case 0x08: // same_value
    case 0x0d: // def_cfa_register
    case 0x0e: // def_cfa_offset
    case 0x13: // def_cfa_offset_sf
    case 0x2e: // GNU_args_size
        take_leb(c);
        break;
    case 0x10: // expression
    case 0x16: // val_expression
        take_leb(c);
        skip(c, take_leb(c));
        break;
    case 0x0f: // def_cfa_expression
        skip(c, take_leb(c));
        break;
    default:
        c->bad = true;
    }
}

static void check_instructions(cursor *c, uint8_t encoding) {
    uint32_t remembered = 0;
    while (!c->bad && c->at < c->end) {
        uint8_t opcode = (uint8_t)take(c, 1);
        if (opcode == 0x0a) // remember_state
            c->bad |= ++remembered > MAX_REMEMBERED;
        else if (opcode == 0x0b) // restore_state
            continue;
        else if (opcode >> 6 == 0)
            skip_operands(c, opcode, encoding);
        else if (opcode >> 6 == 2) // offset
            take_leb(c);
    }
}

// Checks a CIE; *has_data: its FDEs have augmentation data.
static bool check_common(cursor *c, uint8_t *encoding, bool *has_data) {
    char augmentation[MAX_AUGMENTATION + 1] = {0};
    uint32_t length = 0;
    bool is_common = take(c, 4) == 0;
    uint64_t version = take(c, 1);
    while (length < MAX_AUGMENTATION && (augmentation[length] = (char)take(c, 1)) != 0)
        length++;
    c->bad |= length == MAX_AUGMENTATION || !is_common || (version != 1 && version != 3);
    take_leb(c); // alignments of code and data
    take_leb(c);
    c->bad |= (version == 1 ? take(c, 1) : take_leb(c)) != RETURN_ADDRESS;
    *encoding = 0;
    *has_data = augmentation[0] == 'z';
    if (*has_data)
        take_leb(c);
    c->bad |= length > 0 && !*has_data;
    for (uint32_t i = 1; i < length; i++) {
        if (augmentation[i] == 'R')
            *encoding = (uint8_t)take(c, 1);
        else if (augmentation[i] == 'L')
            skip(c, 1);
        else if (augmentation[i] == 'P')
            skip_pointer(c, (uint8_t)take(c, 1));
        else
            c->bad |= augmentation[i] != 'S';
    }
    check_instructions(c, *encoding);
    return !c->bad;
}

// The FDE that the search table has for `address`; 0 if none.
static uint64_t find_entry(potter_unwind_image *image, uint64_t address) {
    potter_search_table table = potter_image_table(image);
    uint64_t low = 0, high = table.count, pair = 0;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (!potter_image_word(image, table.entries + middle * 8, &pair))
            return 0;
        if (table.base + (uint64_t)(int64_t)(int32_t)pair <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !potter_image_word(image, table.entries + (low - 1) * 8, &pair))
        return 0;
    return table.base + (uint64_t)((int64_t)pair >> 32);
}

bool potter_image_describes(potter_unwind_image *image, uint64_t address) {
    uint64_t entry = find_entry(image, address);
    if (entry == 0)
        return false;
    cursor c = entry_at(image, entry);
    uint64_t common = c.at - take(&c, 4);
    if (c.bad)
        return false;
    uint8_t encoding;
    bool has_data;
    cursor of_common = entry_at(image, common);
    if (!check_common(&of_common, &encoding, &has_data))
        return false;
    skip_pointer(&c, encoding);
    skip_pointer(&c, encoding & ENCODING_SIZE); // the size of the code
    if (has_data)
        skip(&c, take_leb(&c));
    check_instructions(&c, encoding);
    return !c.bad;
}
