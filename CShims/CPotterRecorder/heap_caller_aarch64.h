// SPDX-License-Identifier: Apache-2.0
// See heap_caller.h. AAPCS64: eight arguments in x0..x7, the others on the stack.
#pragma once

#define PP_CALLER uint64_t caller_fp, uint64_t caller_async, uint64_t caller_sp, uint64_t caller_pc
#define PP_CALLER_PASSED caller_fp, caller_async, caller_sp, caller_pc
#define PP_CALLER_REGISTERS                                                                                            \
    { .pc = caller_pc, .sp = caller_sp, .fp = caller_fp, .async = caller_async }

/// Exports `name`, of at most three arguments: body(a, b, c, PP_CALLER).
// clang-format off
#define PP_EXPORT_HOOK(name, body)                                                                                     \
    __asm__(".text\n.globl " #name "\n.type " #name ", %function\n.p2align 2\n" #name ":\n.cfi_startproc\n"            \
            "hint #34\n" /* bti c */                                                                                   \
            "mov x3, x29\n"                                                                                            \
            "mov x4, x22\n"                                                                                            \
            "mov x5, sp\n"                                                                                             \
            "mov x6, x30\n"                                                                                            \
            "b " #body "\n"                                                                                            \
            ".cfi_endproc\n.size " #name ", .-" #name "\n")

/// Exports `name`, of at most six arguments: body(a, b, c, d, e, f, PP_CALLER).
#define PP_EXPORT_LONG_HOOK(name, body)                                                                                \
    __asm__(".text\n.globl " #name "\n.type " #name ", %function\n.p2align 2\n" #name ":\n.cfi_startproc\n"            \
            "hint #34\n"                                                                                               \
            "mov x6, x29\n"                                                                                            \
            "mov x7, x22\n"                                                                                            \
            "mov x9, sp\n"                                                                                             \
            "stp x9, x30, [sp, #-32]!\n.cfi_adjust_cfa_offset 32\n.cfi_rel_offset x30, 8\n"                            \
            "str x30, [sp, #16]\n"                                                                                     \
            "bl " #body "\n"                                                                                           \
            "ldr x30, [sp, #16]\n"                                                                                     \
            "add sp, sp, #32\n.cfi_adjust_cfa_offset -32\n.cfi_restore x30\n"                                          \
            "ret\n"                                                                                                    \
            ".cfi_endproc\n.size " #name ", .-" #name "\n")
// clang-format on
