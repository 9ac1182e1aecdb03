// SPDX-License-Identifier: Apache-2.0
#include "CPotterSys.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static int result(long value) { return value < 0 ? -errno : (int)value; }

int potter_memfd(const char *name, uint64_t size, uint64_t reserved) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    int error = ftruncate(fd, (off_t)size) != 0 ? -errno : 0;
    if (error == 0 && reserved > 0)
        error = potter_allocate(fd, 0, reserved);
    if (error == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0)
        error = -errno;
    if (error == 0)
        return fd;
    close(fd);
    return error;
}

int potter_seal_future_write(int fd) { return result(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE)); }

void *potter_map_shared(int fd, uint64_t size) {
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

int potter_allocate(int fd, uint64_t offset, uint64_t size) {
    return result(fallocate(fd, 0, (off_t)offset, (off_t)size));
}

uint64_t potter_monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct timespec duration(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

void potter_futex_wait(const void *word, uint32_t value, uint64_t timeout_ns) {
    struct timespec timeout = duration(timeout_ns);
    syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0);
}

void potter_futex_wake(const void *word) { syscall(SYS_futex, word, FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0); }

// glibc 2.36 has no declaration of it.
struct potter_sched_attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
};

void potter_set_urgent(bool urgent) {
    static int32_t nice_before;
    const uint64_t reset_on_fork = 1;
    struct potter_sched_attr attributes = {0};
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0 || attributes.policy != 0)
        return; // not SCHED_OTHER: somebody knows better
    if (urgent)
        nice_before = attributes.nice;
    attributes.size = sizeof(attributes);
    attributes.flags = urgent ? reset_on_fork : 0;
    attributes.runtime_ns = urgent ? 100000 : 0; // 0: the default
    attributes.nice = urgent ? (nice_before < -10 ? -20 : nice_before - 10) : nice_before;
    if (syscall(SYS_sched_setattr, 0, &attributes, 0) == 0)
        return;
    attributes.nice = nice_before;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

int potter_pidfd(pid_t pid) { return result(syscall(SYS_pidfd_open, pid, 0)); }

uint64_t potter_vdso(size_t *size) {
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)getauxval(AT_SYSINFO_EHDR); // NOLINT: an address by definition
    *size = 0;
    if (header == NULL)
        return 0;
    // The section headers are the last thing in the image.
    *size = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
    return (uint64_t)(uintptr_t)header;
}

bool potter_has_file_capabilities(const char *path) { return getxattr(path, "security.capability", NULL, 0) > 0; }

static sigset_t mask_before;
static bool mask_changed;

static sigset_t watched_signals(void) {
    static const int signals[] = {SIGINT,  SIGQUIT, SIGTERM, SIGHUP,   SIGTSTP,
                                  SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&set, signals[i]);
    return set;
}

int potter_block_signals(void) {
    sigset_t set = watched_signals();
    if (sigprocmask(SIG_BLOCK, &set, &mask_before) != 0)
        return -errno;
    mask_changed = true;
    return 0;
}

void potter_occupy_standard_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDWR | O_CLOEXEC); // the lowest free one is this
}

int potter_wait_signal(int timeout_ms, bool *from_user, pid_t *sender) {
    sigset_t set = watched_signals();
    siginfo_t info;
    struct timespec timeout = duration((uint64_t)timeout_ms * 1000000u);
    int signal = sigtimedwait(&set, &info, &timeout);
    if (signal <= 0)
        return 0;
    *from_user = info.si_code <= 0; // SI_USER, SI_TKILL, SI_QUEUE; the terminal's are SI_KERNEL
    *sender = *from_user ? info.si_pid : 0;
    return signal;
}

// A file-size limit is the command's, for us it is an error like a full disk; and who reads our messages may go.
static const int ignored_signals[] = {SIGXFSZ, SIGPIPE};
static sigset_t default_before;

void potter_ignore_signals(void) {
    sigemptyset(&default_before);
    for (size_t i = 0; i < sizeof(ignored_signals) / sizeof(ignored_signals[0]); i++)
        if (signal(ignored_signals[i], SIG_IGN) == SIG_DFL)
            sigaddset(&default_before, ignored_signals[i]);
}

void potter_hold_standard_descriptors(void) {
    for (int fd = 0; fd <= STDERR_FILENO;) {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd < 0)
            return;
        if (fd > STDERR_FILENO)
            close(fd);
    }
}

static const int raised_limits[] = {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_DATA};
#define LIMITS (sizeof(raised_limits) / sizeof(raised_limits[0]))
static struct rlimit limits_before[LIMITS];
static bool limits_raised;

void potter_raise_limits(void) {
    for (size_t i = 0; i < LIMITS; i++) {
        getrlimit(raised_limits[i], &limits_before[i]);
        struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
        struct rlimit limit = {.rlim_cur = limits_before[i].rlim_max, .rlim_max = limits_before[i].rlim_max};
        if (raised_limits[i] == RLIMIT_NOFILE || setrlimit(raised_limits[i], &none) != 0)
            setrlimit(raised_limits[i], &limit);
    }
    limits_raised = true;
}

static void restore_limits(void) {
    for (size_t i = 0; limits_raised && i < LIMITS; i++)
        setrlimit(raised_limits[i], &limits_before[i]);
}

// What a shell does before exec, in the child. Not posix_spawn: glibc's leaves its two internal signals ignored in the
// program, which has every thread of it ignore pthread_cancel's, as far as /proc tells.
int potter_become(const char *path, char *const *arguments, char *const *environment) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < sizeof(ignored_signals) / sizeof(ignored_signals[0]); i++)
        if (sigismember(&default_before, ignored_signals[i]) == 1)
            sigaction(ignored_signals[i], &action, NULL);
    restore_limits();
    if (mask_changed)
        sigprocmask(SIG_SETMASK, &mask_before, NULL);
    execve(path, arguments, environment);
    return -errno;
}

int potter_spawn(const char *path, char *const *arguments, char *const *environment) {
    int report[2]; // closed by a successful exec
    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    pid_t pid = fork();
    int error = pid < 0 ? errno : 0;
    if (pid == 0) {
        error = -potter_become(path, arguments, environment);
        (void)!write(report[1], &error, sizeof(error));
        _exit(127);
    }
    close(report[1]);
    if (pid > 0) {
        ssize_t got;
        while ((got = read(report[0], &error, sizeof(error))) < 0 && errno == EINTR) {
        }
        if (got != sizeof(error))
            error = 0;
        else
            waitpid(pid, NULL, 0);
    }
    close(report[0]);
    return error != 0 ? -error : pid;
}

static uint64_t cpu_of(const struct rusage *usage) {
    return ((uint64_t)usage->ru_utime.tv_sec + (uint64_t)usage->ru_stime.tv_sec) * 1000000000u +
           ((uint64_t)usage->ru_utime.tv_usec + (uint64_t)usage->ru_stime.tv_usec) * 1000u;
}

int potter_child_state(pid_t pid, int *value, uint64_t *cpu_ns) {
    siginfo_t info = {0};
    struct rusage usage = {0};
    // The C library's waitid has no room for the usage.
    if (syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, &usage) == 0 && info.si_pid != 0) {
        *value = info.si_status;
        *cpu_ns = cpu_of(&usage);
        return info.si_code == CLD_EXITED ? 1 : 2;
    }
    info.si_pid = 0;
    if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 && info.si_pid != 0) {
        *value = info.si_status;
        return info.si_code == CLD_CONTINUED ? 4 : 3;
    }
    return 0;
}

int potter_reap(pid_t pid) { return result(waitpid(pid, NULL, 0)); }
