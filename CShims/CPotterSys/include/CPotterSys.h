// SPDX-License-Identifier: Apache-2.0
// System calls that Swift cannot make by itself: variadic, missing from the C library's headers, or fork-like. Every
// function returns a negative errno on failure. None is async-signal-safe unless it says so.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A memfd of `size` bytes, close-on-exec, sealed against growing and shrinking, with room for its first `reserved`
/// bytes allocated. Returns the descriptor.
int potter_memfd(const char *_Nonnull name, uint64_t size, uint64_t reserved);
/// Forbids new writable mappings (F_SEAL_FUTURE_WRITE); existing ones go on writing.
int potter_seal_future_write(int fd);
/// Maps a whole memfd, shared and writable. NULL on failure, errno is set.
void *_Nullable potter_map_shared(int fd, uint64_t size);
/// Allocates the bytes [offset, offset + size) of a memfd, so that touching them cannot fail.
int potter_allocate(int fd, uint64_t offset, uint64_t size);

/// A listening SOCK_SEQPACKET unix socket at `path`, close-on-exec, non-blocking.
int potter_listen(const char *_Nonnull path, mode_t mode);
/// Whether `path` is a socket of this kind on which nobody listens any more.
bool potter_is_deserted(const char *_Nonnull path);
/// Accepts one connection; its peer's credentials are written. -EAGAIN: none.
int potter_accept(int fd, pid_t *_Nonnull pid, uid_t *_Nonnull uid);
/// Receives at most `size` bytes, waiting at most `timeout_ms`. Returns the bytes received.
ssize_t potter_receive(int fd, void *_Nonnull bytes, size_t size, int timeout_ms);
/// Sends `bytes` with `count` descriptors (at most 3), without blocking and without SIGPIPE.
int potter_send_descriptors(int fd, const void *_Nonnull bytes, size_t size, const int *_Nonnull descriptors,
                            int count);

/// A perf software CPU clock of thread `tid`, user space only, disabled, close-on-exec, remove-on-exec, period in ns;
/// SIGPROF directed at the thread at each overflow once enabled; or, where `trap` is not 0, a SIGTRAP in the thread
/// with `trap` as its si_perf_data (Linux 5.13 and later, else -EINVAL). Returns the descriptor.
int potter_perf_clock(pid_t tid, uint64_t period_ns, uint64_t trap);
/// The same, counting the page faults that its user code makes; period in faults.
int potter_perf_faults(pid_t tid, uint64_t period, uint64_t trap);
int potter_perf_enable(int fd);
int potter_perf_disable(int fd);
int potter_perf_period(int fd, uint64_t period);
/// CPU time of the thread since the clock was enabled, ns; 0 if it cannot be read.
uint64_t potter_perf_count(int fd);

/// Starts a thread that is scheduled as by `potter_set_urgent`, with all signals blocked. Returns what `potter_join`
/// takes, 0: it could not be made.
uint64_t potter_start_urgent(void (*_Nonnull body)(void *_Nullable), void *_Nullable argument);
/// Waits for the end of such a thread.
void potter_join(uint64_t thread);

/// Calls `body` on a stack of 8 MiB at least: on a thread of its own where `ulimit -s` is lower. Threads that are made
/// later get such a stack, too.
void potter_with_large_stack(void (*_Nonnull body)(void));

/// Sends `signal` to a thread, with `value` as its si_value and SI_QUEUE as its si_code.
int potter_signal_thread(pid_t pid, pid_t tid, int signal, uint64_t value);
/// Reads memory of another process. Returns the bytes read, which end where something is not mapped.
ssize_t potter_read_memory(pid_t pid, uint64_t address, void *_Nonnull to, size_t size);

/// Sleeps while *word == value, at most `timeout_ns`. Shared futex.
void potter_futex_wait(const void *_Nonnull word, uint32_t value, uint64_t timeout_ns);
void potter_futex_wake(const void *_Nonnull word);

/// Lets this thread run soon after it wakes, on a busy machine too: a time slice of 0.1 ms, which the scheduler of
/// Linux 6.12 and later prefers, and 10 steps of nice where we may. `false` takes both back. Threads and children of
/// the thread do not inherit it. Failing is no failure.
void potter_set_urgent(bool urgent);

/// Whether the program at `path` gains capabilities when it is executed.
bool potter_has_file_capabilities(const char *_Nonnull path);
/// A descriptor that becomes readable when the process ends.
int potter_pidfd(pid_t pid);
/// Ignores what would end potter-prof for a write that fails (SIGPIPE, SIGXFSZ); potter_spawn gives the child the
/// default back where that was in force.
void potter_ignore_signals(void);
/// Where one of descriptors 0 to 2 is closed, /dev/null takes its place, close-on-exec: else a file of ours would, and
/// a message of ours go into it.
void potter_hold_standard_descriptors(void);
/// Raises limits to the hard ones, as root beyond: of open descriptors (a thread of the target needs one, a process
/// two), of file sizes (session memory counts as a file), of address space and data. potter_spawn gives the child those
/// from before.
void potter_raise_limits(void);

/// Starts `path` in our process group, with the signal mask from before potter_block_signals. Returns the pid, or what
/// execve said.
int potter_spawn(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
                 char *_Nullable const *_Nonnull environment);

/// Becomes `path`, with signals and limits as they were. Returns only if that fails: what execve said.
int potter_become(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
                  char *_Nullable const *_Nonnull environment);

/// Blocks the signals that a terminal or a user sends to potter-prof, for all threads made from now on; potter_spawn
/// gives the child the mask from before. Returns 0.
int potter_block_signals(void);
/// Occupies those of the descriptors 0 to 2 that are closed, close-on-exec: SQLite would open /dev/null there for good,
/// and the command would inherit it.
void potter_occupy_standard_descriptors(void);
/// Waits for one of them, at most `timeout_ms`. Returns the signal, 0 on time-out; *from_user: sent by kill(2), not by
/// the terminal.
int potter_wait_signal(int timeout_ms, bool *_Nonnull from_user, pid_t *_Nonnull sender);

/// State changes of child `pid`, without waiting: 0 nothing, 1 exited (*value: status), 2 killed (*value: signal),
/// 3 stopped (*value: signal), 4 continued. Exits are reported but not reaped; *cpu_ns is then its own and its
/// waited-for children's CPU time.
int potter_child_state(pid_t pid, int *_Nonnull value, uint64_t *_Nonnull cpu_ns);
/// Reaps an exited child.
int potter_reap(pid_t pid);

/// CLOCK_MONOTONIC, ns.
uint64_t potter_monotonic_ns(void);
/// The address and size of the vDSO's ELF image in this process; 0 if there is none.
uint64_t potter_vdso(size_t *_Nonnull size);

/// What a clock did in `cpu_ns` of CPU time of this thread.
typedef struct potter_probe {
    uint32_t signals, overruns;
    uint64_t cpu_ns;
} potter_probe;
/// Lets a perf clock of this thread, opened as for a target, run while the thread computes: until there were `enough`
/// signals, for `most_ns` of CPU time at most.
int potter_probe_perf(uint64_t period_ns, uint32_t enough, uint64_t most_ns, potter_probe *_Nonnull probe);
/// The same with a CPU timer as the recorder makes it (SIGEV_THREAD_ID).
int potter_probe_timer(uint64_t interval_ns, uint32_t enough, uint64_t most_ns, potter_probe *_Nonnull probe);
/// Starts `path` with stdin and stdout at /dev/null and stderr in the file `messages`. Returns the pid.
int potter_run_quietly(const char *_Nonnull path, char *_Nullable const *_Nonnull arguments,
                       const char *_Nonnull messages);
