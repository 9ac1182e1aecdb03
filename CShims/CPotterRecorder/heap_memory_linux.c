// SPDX-License-Identifier: Apache-2.0
// See heap_memory.h. System calls are made without the C library: its mmap is interposed by us, and below a seccomp
// filter of the program none may be made (seccomp_linux.c).
#include "heap_memory.h"
#include "recorder.h"
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#if defined(__aarch64__)
#include "syscall_aarch64.h"
#else
#include "syscall_x86_64.h"
#endif

#define PP_SPINS 64u // turns before others are let run

uint8_t pp_heap_lock_value = 1;
static _Atomic uint64_t mapped;

// Whether a system call may be made; then pp_calls_end, if there is a session.
static bool may_call(void) { return pp_recorder_state.session == NULL || pp_calls_begin(); }

static void call_ends(void) {
    if (pp_recorder_state.session != NULL)
        pp_calls_end();
}

void *pp_heap_map(size_t bytes) {
    int saved = errno;
    if (!may_call())
        return NULL;
    size_t size = (bytes + 4095) & ~(size_t)4095;
    long at = pp_raw_syscall(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    call_ends();
    errno = saved;
    if (at == -1)
        return NULL;
    atomic_fetch_add_explicit(&mapped, size, memory_order_relaxed);
    return (void *)at; // NOLINT: an address by definition
}

void pp_heap_unmap(void *at, size_t bytes) {
    int saved = errno;
    size_t size = (bytes + 4095) & ~(size_t)4095;
    if (may_call()) {
        if (pp_raw_syscall(SYS_munmap, (long)at, (long)size, 0, 0, 0, 0) == 0)
            atomic_fetch_sub_explicit(&mapped, size, memory_order_relaxed);
        call_ends();
    }
    errno = saved;
}

void pp_heap_discard(void *from, void *to) {
    uintptr_t low = ((uintptr_t)from + 4095) & ~(uintptr_t)4095, high = (uintptr_t)to & ~(uintptr_t)4095;
    int saved = errno;
    if (low < high && may_call()) {
        pp_raw_syscall(SYS_madvise, (long)low, (long)(high - low), MADV_DONTNEED, 0, 0, 0);
        call_ends();
    }
    errno = saved;
}

void pp_heap_wait(uint32_t turn) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
    if (turn % PP_SPINS != PP_SPINS - 1 || !may_call())
        return;
    int saved = errno;
    pp_raw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    call_ends();
    errno = saved;
}

const _Atomic uint64_t *pp_heap_mapped(void) { return &mapped; }
