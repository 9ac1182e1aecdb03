// SPDX-License-Identifier: Apache-2.0
// Stacks that a target copied, unwound by libunwind's remote interface: what it wants to read of the target comes from
// the copy and from the files of the modules. Neither is trusted: each read is checked, and their number is limited.
//
//   registers, stack, modules ──▶ potter_unwind_copy ──▶ frames, as PP_FRAME_* of CPotterWire.h
//
// Not thread-safe: a space and its images belong to one thread at a time. Nothing here is called in signal handlers.
#pragma once
#include "CPotterWire.h"

/// An ELF file (64 bit, little-endian) as far as unwinding needs it: its load segments and its .eh_frame_hdr. Pages are
/// read when they are needed, and kept.
typedef struct potter_unwind_image potter_unwind_image;

/// Takes no ownership of `descriptor` or of the `size` bytes at `memory` (which stands for a file where the descriptor
/// is -1): both must outlive the image. NULL: no ELF file, or no memory.
potter_unwind_image *_Nullable potter_unwind_open(int descriptor, const void *_Nullable memory, uint64_t size);
void potter_unwind_close(potter_unwind_image *_Nonnull image);

typedef struct potter_unwind_module {
    uint64_t start, end, bias;
    potter_unwind_image *_Nullable image; // NULL: no file
    uint32_t slot;                        // module slot, for frames
    uint32_t reserved;
} potter_unwind_module;

/// An address space, with libunwind's cache of the rules it found.
typedef struct potter_unwind_space potter_unwind_space;

/// NULL: no memory.
potter_unwind_space *_Nullable potter_unwind_space_create(void);
void potter_unwind_space_destroy(potter_unwind_space *_Nonnull space);
/// What is mapped, sorted by start; at most PP_COPY_MODULES. Empties the cache.
void potter_unwind_space_set(potter_unwind_space *_Nonnull space, const potter_unwind_module *_Nonnull modules,
                             uint32_t count);

typedef struct potter_unwind_result {
    uint32_t depth;  // frames written, at most PP_MAX_FRAMES
    uint32_t cut;    // left out in the middle
    uint32_t flags;  // PP_STACK_*
    uint32_t longer; // 1: it stopped where the copy ends and the stack does not
} potter_unwind_result;

/// Unwinds a copy (whose size, low and high were checked), and writes frames, leaf first, to `frames` (room for
/// PP_MAX_FRAMES).
potter_unwind_result potter_unwind_copy(potter_unwind_space *_Nonnull space, const pp_copy *_Nonnull copy,
                                        uint64_t *_Nonnull frames);
