// SPDX-License-Identifier: Apache-2.0
// See heap_caller.h. System V ABI: six arguments in rdi rsi rdx rcx r8 r9, the others on the stack.
#pragma once

#define PP_CALLER uint64_t caller_fp, uint64_t caller_async, uint64_t caller_sp
#define PP_CALLER_PASSED caller_fp, caller_async, caller_sp
#define PP_CALLER_REGISTERS                                                                                            \
    { .pc = *(const uint64_t *)(caller_sp - 8), .sp = caller_sp, .fp = caller_fp, .async = caller_async }

/// Exports `name`, of at most three arguments: body(a, b, c, PP_CALLER).
// clang-format off
#define PP_EXPORT_HOOK(name, body)                                                                                     \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n.p2align 4\n" #name ":\n.cfi_startproc\n"            \
            "endbr64\n"                                                                                                \
            "mov %rbp, %rcx\n"                                                                                         \
            "mov %r14, %r8\n"                                                                                          \
            "lea 8(%rsp), %r9\n"                                                                                       \
            "jmp " #body "\n"                                                                                          \
            ".cfi_endproc\n.size " #name ", .-" #name "\n")

/// Exports `name`, of at most six arguments: body(a, b, c, d, e, f, PP_CALLER).
#define PP_EXPORT_LONG_HOOK(name, body)                                                                                \
    __asm__(".text\n.globl " #name "\n.type " #name ", @function\n.p2align 4\n" #name ":\n.cfi_startproc\n"            \
            "endbr64\n"                                                                                                \
            "lea 8(%rsp), %rax\n"                                                                                      \
            "sub $24, %rsp\n.cfi_adjust_cfa_offset 24\n"                                                               \
            "mov %rbp, (%rsp)\n"                                                                                       \
            "mov %r14, 8(%rsp)\n"                                                                                      \
            "mov %rax, 16(%rsp)\n"                                                                                     \
            "call " #body "\n"                                                                                         \
            "add $24, %rsp\n.cfi_adjust_cfa_offset -24\n"                                                              \
            "ret\n"                                                                                                    \
            ".cfi_endproc\n.size " #name ", .-" #name "\n")
// clang-format on
