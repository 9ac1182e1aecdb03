// SPDX-License-Identifier: Apache-2.0
#include "real_functions.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

pp_real_functions pp_real;
void *pp_real_syscall;
static _Atomic int resolved;

// Where the C library is older than the call: a program that tries it sees what an older kernel would say.
static int no_epoll_pwait2(int fd, struct epoll_event *events, int count, const struct timespec *timeout,
                           const sigset_t *mask) {
    errno = ENOSYS;
    return -1;
}

void pp_real_resolve(void) {
    if (atomic_load_explicit(&resolved, memory_order_acquire))
        return;
        // Two threads may both do it: they write the same values.
#define PP_LOOK_UP(type, name, arguments) pp_real.name = (type(*) arguments)dlsym(RTLD_NEXT, #name);
    PP_REAL_FUNCTIONS(PP_LOOK_UP)
#undef PP_LOOK_UP
    pp_real_syscall = dlsym(RTLD_NEXT, "syscall");
    if (pp_real.epoll_pwait2 == NULL)
        pp_real.epoll_pwait2 = no_epoll_pwait2;
    atomic_store_explicit(&resolved, 1, memory_order_release);
}
