// SPDX-License-Identifier: Apache-2.0
// ELF files as the accessors of unwind.c read them.
#pragma once
#include "CUnwind.h"

/// Reads the 8 bytes at a file-relative address; what the file does not hold of a segment (.bss) is 0. False: no
/// segment, or the file cannot be read.
bool potter_image_word(potter_unwind_image *image, uint64_t address, uint64_t *word);

/// The binary search table of .eh_frame_hdr (LSB, "Exception Frames"): sorted pairs of 32-bit offsets from `base`.
typedef struct potter_search_table {
    uint64_t base;    // file-relative address of .eh_frame_hdr
    uint64_t entries; // ... of the first pair
    uint64_t count;   // 0: the file has none
} potter_search_table;
potter_search_table potter_image_table(const potter_unwind_image *image);

/// Whether the file has a frame description for a file-relative address that libunwind may be given (description.c).
bool potter_image_describes(potter_unwind_image *image, uint64_t address);
