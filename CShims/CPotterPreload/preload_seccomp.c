// SPDX-License-Identifier: Apache-2.0
// The two ways to install a seccomp filter: see CPotterRecorder/seccomp_linux.c. Both names are variadic in the C
// library's headers. All arguments are words, of which the C library reads as many as there can be, whatever it was
// given; so do we: prctl() under another name, syscall() in assembly.
#include "../CPotterRecorder/real_functions.h"
#include "../CPotterRecorder/recorder.h"
#if defined(__x86_64__)
#include "../CPotterRecorder/syscall_x86_64.h"
#else
#error "syscall: this architecture is not supported yet"
#endif

#define PP_EXPORT __attribute__((visibility("default")))

PP_EXPORT_SYSCALL(pp_before_syscall, pp_real_syscall);

int exported_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) __asm__("prctl");

PP_EXPORT int exported_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    pp_before_prctl(option, a, b);
    if (pp_real.prctl == NULL)
        return (int)pp_raw_syscall(SYS_prctl, option, (long)a, (long)b, (long)c, (long)d, 0);
    __attribute__((musttail)) return pp_real.prctl(option, a, b, c, d);
}
