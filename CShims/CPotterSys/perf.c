// SPDX-License-Identifier: Apache-2.0
// The perf software clocks of one thread, held by the collector: they end with the collector, whatever happens.
// Attributes and order of set-up are measured facts: see Docs/Sampling.md.
#include "CPotterSys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_clock(pid_t tid, uint64_t event, uint64_t period, uint64_t trap) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof(attributes));
    attributes.size = sizeof(attributes);
    attributes.type = PERF_TYPE_SOFTWARE;
    attributes.config = event;
    attributes.sample_period = period;
    attributes.disabled = 1;
    attributes.exclude_kernel = 1; // also as root: kernel hits cut read() short and interrupt epoll_wait
    attributes.exclude_hv = 1;
    attributes.wakeup_events = 1;
    attributes.remove_on_exec = 1; // the new image has no handler yet
    attributes.sigtrap = trap != 0;
    attributes.sig_data = trap;
    int fd = (int)syscall(SYS_perf_event_open, &attributes, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (trap != 0)
        return fd;
    struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = tid};
    if (fcntl(fd, F_SETOWN_EX, &owner) == 0 && fcntl(fd, F_SETSIG, SIGPROF) == 0 &&
        fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

int potter_perf_clock(pid_t tid, uint64_t period_ns, uint64_t trap) {
    return open_clock(tid, PERF_COUNT_SW_CPU_CLOCK, period_ns, trap);
}
int potter_perf_faults(pid_t tid, uint64_t period, uint64_t trap) {
    return open_clock(tid, PERF_COUNT_SW_PAGE_FAULTS, period, trap);
}

int potter_perf_enable(int fd) { return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) != 0 ? -errno : 0; }
int potter_perf_disable(int fd) { return ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) != 0 ? -errno : 0; }
uint64_t potter_perf_count(int fd) {
    uint64_t count = 0;
    return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}
int potter_perf_period(int fd, uint64_t period) { return ioctl(fd, PERF_EVENT_IOC_PERIOD, &period) != 0 ? -errno : 0; }
