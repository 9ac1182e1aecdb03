// SPDX-License-Identifier: Apache-2.0
// Another process: signals to one of its threads, its memory.
#include "CPotterSys.h"
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

int potter_signal_thread(pid_t pid, pid_t tid, int signal, uint64_t value) {
    siginfo_t info = {.si_signo = signal, .si_code = SI_QUEUE};
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = (void *)(uintptr_t)value; // NOLINT: 64 bits by contract
    return syscall(SYS_rt_tgsigqueueinfo, pid, tid, signal, &info) == 0 ? 0 : -errno;
}

ssize_t potter_read_memory(pid_t pid, uint64_t address, void *to, size_t size) {
    struct iovec local = {.iov_base = to, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size}; // NOLINT: an address
    ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    return got >= 0 ? got : -errno;
}
