// SPDX-License-Identifier: Apache-2.0
// The functions behind the interposed names, found by RTLD_NEXT: the next library's, so that other preloads keep
// working underneath. Filled in by the first caller; NULL where the C library does not have the function.
#pragma once
#include <aio.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>

#define PP_REAL_FUNCTIONS(X)                                                                                           \
    X(int, sigaction, (int, const struct sigaction *, struct sigaction *))                                             \
    X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))                           \
    X(void *, dlopen, (const char *, int))                                                                             \
    X(int, dlclose, (void *))                                                                                          \
    X(int, execve, (const char *, char *const[], char *const[]))                                                       \
    X(int, execvpe, (const char *, char *const[], char *const[]))                                                      \
    X(int, fexecve, (int, char *const[], char *const[]))                                                               \
    X(int, execveat, (int, const char *, char *const[], char *const[], int))                                           \
    X(int, posix_spawn,                                                                                                \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],            \
       char *const[]))                                                                                                 \
    X(int, posix_spawnp,                                                                                               \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],            \
       char *const[]))                                                                                                 \
    X(int, raise, (int))                                                                                               \
    X(int, pthread_kill, (pthread_t, int))                                                                             \
    X(int, pthread_sigqueue, (pthread_t, int, const union sigval))                                                     \
    X(int, tgkill, (pid_t, pid_t, int))                                                                                \
    X(int, prctl, (int, unsigned long, unsigned long, unsigned long, unsigned long))                                   \
    X(long, ptrace, (long, long, long, long))                                                                          \
    X(int, signalfd, (int, const sigset_t *, int))                                                                     \
    X(int, setrlimit, (int, const struct rlimit *))                                                                    \
    X(int, prlimit, (pid_t, int, const struct rlimit *, struct rlimit *))                                              \
    X(void, _exit, (int))                                                                                              \
    X(void, quick_exit, (int))                                                                                         \
    PP_REAL_SIGNAL_FUNCTIONS(X)                                                                                        \
    PP_REAL_BLOCKING_FUNCTIONS(X)

// The older ways to set a disposition.
#define PP_REAL_SIGNAL_FUNCTIONS(X)                                                                                    \
    X(sighandler_t, signal, (int, sighandler_t))                                                                       \
    X(sighandler_t, bsd_signal, (int, sighandler_t))                                                                   \
    X(sighandler_t, ssignal, (int, sighandler_t))                                                                      \
    X(sighandler_t, sysv_signal, (int, sighandler_t))                                                                  \
    X(sighandler_t, __sysv_signal, (int, sighandler_t))                                                                \
    X(sighandler_t, sigset, (int, sighandler_t))

// What SA_RESTART does not restart: blocking_linux.c.
#define PP_REAL_BLOCKING_FUNCTIONS(X)                                                                                  \
    X(int, poll, (struct pollfd *, nfds_t, int))                                                                       \
    X(int, __poll_chk, (struct pollfd *, nfds_t, int, size_t))                                                         \
    X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))                                \
    X(int, __ppoll_chk, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t))                  \
    X(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                                              \
    X(int, pselect, (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))                    \
    X(int, epoll_wait, (int, struct epoll_event *, int, int))                                                          \
    X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))                                       \
    X(int, epoll_pwait2, (int, struct epoll_event *, int, const struct timespec *, const sigset_t *))                  \
    X(int, nanosleep, (const struct timespec *, struct timespec *))                                                    \
    X(int, clock_nanosleep, (clockid_t, int, const struct timespec *, struct timespec *))                              \
    X(unsigned, sleep, (unsigned))                                                                                     \
    X(int, usleep, (useconds_t))                                                                                       \
    X(int, thrd_sleep, (const struct timespec *, struct timespec *))                                                   \
    X(int, sem_wait, (sem_t *))                                                                                        \
    X(int, sem_timedwait, (sem_t *, const struct timespec *))                                                          \
    X(int, sem_clockwait, (sem_t *, clockid_t, const struct timespec *))                                               \
    X(int, sigwait, (const sigset_t *, int *))                                                                         \
    X(int, sigwaitinfo, (const sigset_t *, siginfo_t *))                                                               \
    X(int, sigtimedwait, (const sigset_t *, siginfo_t *, const struct timespec *))                                     \
    X(int, pause, (void))                                                                                              \
    X(int, sigsuspend, (const sigset_t *))                                                                             \
    X(int, msgsnd, (int, const void *, size_t, int))                                                                   \
    X(ssize_t, msgrcv, (int, void *, size_t, long, int))                                                               \
    X(int, semop, (int, struct sembuf *, size_t))                                                                      \
    X(int, semtimedop, (int, struct sembuf *, size_t, const struct timespec *))                                        \
    X(int, aio_suspend, (const struct aiocb *const *, int, const struct timespec *))                                   \
    X(int, connect, (int, const struct sockaddr *, socklen_t))                                                         \
    X(int, accept, (int, struct sockaddr *, socklen_t *))                                                              \
    X(int, accept4, (int, struct sockaddr *, socklen_t *, int))                                                        \
    X(ssize_t, recv, (int, void *, size_t, int))                                                                       \
    X(ssize_t, __recv_chk, (int, void *, size_t, size_t, int))                                                         \
    X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))                                   \
    X(ssize_t, __recvfrom_chk, (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *))                     \
    X(ssize_t, recvmsg, (int, struct msghdr *, int))                                                                   \
    X(int, recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *))                                        \
    X(ssize_t, send, (int, const void *, size_t, int))                                                                 \
    X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))                           \
    X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                                             \
    X(int, sendmmsg, (int, struct mmsghdr *, unsigned, int))                                                           \
    X(ssize_t, read, (int, void *, size_t))                                                                            \
    X(ssize_t, __read_chk, (int, void *, size_t, size_t))                                                              \
    X(ssize_t, readv, (int, const struct iovec *, int))                                                                \
    X(ssize_t, write, (int, const void *, size_t))                                                                     \
    X(ssize_t, writev, (int, const struct iovec *, int))

typedef struct pp_real_functions {
#define PP_DECLARE(type, name, arguments) type(*name) arguments;
    PP_REAL_FUNCTIONS(PP_DECLARE)
#undef PP_DECLARE
} pp_real_functions;

extern pp_real_functions pp_real;
/// syscall(), which assembly jumps to.
extern void *pp_real_syscall;

/// Looks all of them up, once. Not from handlers: dlsym may allocate.
void pp_real_resolve(void);
