// SPDX-License-Identifier: Apache-2.0
// What a program does to itself that leaves no room for a recorder: a seccomp filter (CPotterRecorder/seccomp_linux.c),
// a limit of address space (address_space_linux.c), a tracer (tracing_linux.c). prctl, syscall and ptrace are variadic
// in the C library's headers. All arguments are words, of which the C library reads as many as there can be, whatever
// it was given; so do we: prctl() under another name, syscall() in assembly.
#include "../CPotterRecorder/real_functions.h"
#include "../CPotterRecorder/recorder.h"
#if defined(__x86_64__)
#include "../CPotterRecorder/syscall_x86_64.h"
#elif defined(__aarch64__)
#include "../CPotterRecorder/syscall_aarch64.h"
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

// Where off_t has 64 bits both names of a limit's functions are one.
int exported_setrlimit(int resource, const struct rlimit *limit) __asm__("setrlimit");
int exported_setrlimit64(int resource, const struct rlimit *limit) __asm__("setrlimit64");
int exported_prlimit(pid_t pid, int resource, const struct rlimit *limit, struct rlimit *before) __asm__("prlimit");
int exported_prlimit64(pid_t pid, int resource, const struct rlimit *limit, struct rlimit *before) __asm__("prlimit64");

PP_EXPORT int exported_setrlimit(int resource, const struct rlimit *limit) {
    pp_real_resolve();
    pp_before_limit(0, resource, limit);
    return pp_real.setrlimit(resource, limit);
}
PP_EXPORT int exported_setrlimit64(int resource, const struct rlimit *limit) {
    return exported_setrlimit(resource, limit);
}
PP_EXPORT int exported_prlimit(pid_t pid, int resource, const struct rlimit *limit, struct rlimit *before) {
    pp_real_resolve();
    pp_before_limit(pid, resource, limit);
    return pp_real.prlimit(pid, resource, limit, before);
}
PP_EXPORT int exported_prlimit64(pid_t pid, int resource, const struct rlimit *limit, struct rlimit *before) {
    return exported_prlimit(pid, resource, limit, before);
}

long exported_ptrace(long request, long pid, long address, long data) __asm__("ptrace");

PP_EXPORT long exported_ptrace(long request, long pid, long address, long data) {
    pp_real_resolve();
    pp_before_ptrace(request, (pid_t)pid);
    __attribute__((musttail)) return pp_real.ptrace(request, pid, address, data);
}
