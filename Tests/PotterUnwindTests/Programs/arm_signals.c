// SPDX-License-Identifier: Apache-2.0
// Handlers of the arm64 programs return through a trampoline of this library. On a machine they return through the
// kernel's, in the vDSO; qemu's lies in a page that belongs to no module. Its instructions are the same, and as in the
// vDSO no call frame information describes them: the table has to know them by what they are.
#define _GNU_SOURCE
#include "harness.h"
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WITH_RESTORER 0x04000000ul // SA_RESTORER of the kernel

void arm_sigreturn(void);
__asm__(".text\n.p2align 4\nnop\n.globl arm_sigreturn\n.hidden arm_sigreturn\n.type arm_sigreturn, %function\n"
        "arm_sigreturn: mov x8, #139\nsvc #0\n.size arm_sigreturn, .-arm_sigreturn\n");

HARNESS_EXPORT sighandler_t signal(int number, sighandler_t handler) {
    struct {
        sighandler_t handler;
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } action = {.handler = handler, .flags = SA_RESTART | WITH_RESTORER, .restorer = arm_sigreturn}, before = {0};
    return syscall(SYS_rt_sigaction, number, &action, &before, sizeof action.mask) == 0 ? before.handler : SIG_ERR;
}
