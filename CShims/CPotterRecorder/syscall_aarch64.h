// SPDX-License-Identifier: Apache-2.0
// The interposed syscall() of arm64, and a system call without the C library. In assembly, as for x86-64: vfork returns
// twice through it, so that no frame of ours may be left behind when the real one is entered.
#pragma once
#include <errno.h>
#include <sys/syscall.h>

/// For callers that come before our constructor has looked up the real one. An allocator that starts up may be among
/// them, and the look-up allocates.
__attribute__((used)) static long pp_raw_syscall(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    if ((unsigned long)x0 <= -4096ul)
        return x0;
    errno = (int)-x0;
    return -1;
}

#define PP_TEXT(value) #value
#define PP_NUMBER(value) PP_TEXT(value)
#define PP_LOOKS_AT(number) "cmp x0, #" PP_NUMBER(number) "\nb.eq 2f\n"

// The number, six arguments, and where a seventh would be: all that a caller can have passed in registers.
#define PP_SAVE_ARGUMENTS                                                                                              \
    "stp x29, x30, [sp, #-80]!\n.cfi_def_cfa_offset 80\n.cfi_offset x29, -80\n.cfi_offset x30, -72\n"                  \
    "mov x29, sp\nstp x0, x1, [sp, #16]\nstp x2, x3, [sp, #32]\nstp x4, x5, [sp, #48]\nstp x6, x7, [sp, #64]\n"
#define PP_RESTORE_ARGUMENTS                                                                                           \
    "ldp x6, x7, [sp, #64]\nldp x4, x5, [sp, #48]\nldp x2, x3, [sp, #32]\nldp x0, x1, [sp, #16]\n"                     \
    "ldp x29, x30, [sp], #80\n.cfi_def_cfa_offset 0\n.cfi_restore x29\n.cfi_restore x30\n"

/// Exports syscall(): `look` is called before the numbers that pp_before_syscall knows, `real` points to where the real
/// one is kept, NULL until it is known. Jumps through x16, which `bti c` (hint #34) lets in.
// clang-format off
#define PP_EXPORT_SYSCALL(look, real)                                                                                  \
    __asm__(".text\n.globl syscall\n.type syscall, %function\n.p2align 4\nsyscall:\n.cfi_startproc\n"                  \
            "hint #34\n" PP_LOOKS_AT(__NR_seccomp) PP_LOOKS_AT(__NR_prctl) PP_LOOKS_AT(__NR_rt_sigaction)               \
            PP_LOOKS_AT(__NR_signalfd4) PP_LOOKS_AT(__NR_setrlimit) PP_LOOKS_AT(__NR_prlimit64)                        \
            "1: adrp x16, " #real "\n"                                                                                 \
            "ldr x16, [x16, :lo12:" #real "]\n"                                                                        \
            "cbz x16, 3f\n"                                                                                            \
            "br x16\n"                                                                                                 \
            "2:\n" PP_SAVE_ARGUMENTS "bl " #look "\n" PP_RESTORE_ARGUMENTS "b 1b\n"                                    \
            "3: b pp_raw_syscall\n"                                                                                    \
            ".cfi_endproc\n.size syscall, .-syscall\n")
// clang-format on
