// SPDX-License-Identifier: Apache-2.0
// The interposed syscall() of x86-64, and a system call without the C library.
//
// In assembly, since a frame of ours would be seen: vfork returns twice through it, and a compiler that saves registers
// there copies the seventh argument back to where it came from. If the caller gave fewer, that is a variable of its,
// which another thread may be changing. So: some comparisons, and a jump with registers and stack as they are.
#pragma once
#include <errno.h>
#include <sys/syscall.h>

/// For callers that come before our constructor has looked up the real one. An allocator that starts up may be among
/// them, and the look-up allocates.
__attribute__((used)) static long pp_raw_syscall(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    if ((unsigned long)result <= -4096ul)
        return result;
    errno = (int)-result;
    return -1;
}

#define PP_SAVE(reg) "push %" #reg "\n.cfi_adjust_cfa_offset 8\n"
#define PP_RESTORE(reg) "pop %" #reg "\n.cfi_adjust_cfa_offset -8\n"
#define PP_TEXT(value) #value
#define PP_NUMBER(value) PP_TEXT(value)

#define PP_LOOKS_AT(number) "cmp $" PP_NUMBER(number) ", %rdi\nje 2f\n"

/// Exports syscall(): `look` is called before the numbers that pp_before_syscall knows, `real` points to where the real
/// one is kept, NULL until it is known.
// clang-format off
#define PP_EXPORT_SYSCALL(look, real)                                                                                  \
    __asm__(".text\n.globl syscall\n.type syscall, @function\n.p2align 4\nsyscall:\n.cfi_startproc\n"                  \
            "endbr64\n"                                                                                                \
            PP_LOOKS_AT(__NR_seccomp) PP_LOOKS_AT(__NR_prctl) PP_LOOKS_AT(__NR_rt_sigaction)                           \
            PP_LOOKS_AT(__NR_signalfd) PP_LOOKS_AT(__NR_signalfd4)                                                     \
            PP_LOOKS_AT(__NR_setrlimit) PP_LOOKS_AT(__NR_prlimit64)                                                    \
            "1: mov " #real "(%rip), %rax\n"                                                                           \
            "test %rax, %rax\n"                                                                                        \
            "je pp_raw_syscall\n"                                                                                      \
            "jmp *%rax\n"                                                                                              \
            "2:\n" PP_SAVE(rdi) PP_SAVE(rsi) PP_SAVE(rdx) PP_SAVE(rcx) PP_SAVE(r8) PP_SAVE(r9) PP_SAVE(rax)            \
            "call " #look "\n"                                                                                         \
            PP_RESTORE(rax) PP_RESTORE(r9) PP_RESTORE(r8) PP_RESTORE(rcx) PP_RESTORE(rdx) PP_RESTORE(rsi)              \
            PP_RESTORE(rdi) "jmp 1b\n"                                                                                 \
            ".cfi_endproc\n.size syscall, .-syscall\n")
// clang-format on
