// SPDX-License-Identifier: Apache-2.0
// The exported names of the blocking calls: see CPotterRecorder/blocking_linux.c.
#include "../CPotterRecorder/blocking.h"

#define PP_EXPORT __attribute__((visibility("default")))

PP_EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout) { return pp_poll(fds, count, timeout); }
PP_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t size) {
    return pp___poll_chk(fds, count, timeout, size);
}
PP_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    return pp_ppoll(fds, count, timeout, mask);
}
PP_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
                          size_t size) {
    return pp___ppoll_chk(fds, count, timeout, mask, size);
}
PP_EXPORT int select(int count, fd_set *in, fd_set *out, fd_set *error, struct timeval *timeout) {
    return pp_select(count, in, out, error, timeout);
}
PP_EXPORT int pselect(int count, fd_set *in, fd_set *out, fd_set *error, const struct timespec *timeout,
                      const sigset_t *mask) {
    return pp_pselect(count, in, out, error, timeout, mask);
}
PP_EXPORT int epoll_wait(int fd, struct epoll_event *events, int count, int timeout) {
    return pp_epoll_wait(fd, events, count, timeout);
}
PP_EXPORT int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask) {
    return pp_epoll_pwait(fd, events, count, timeout, mask);
}
PP_EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int count, const struct timespec *timeout,
                           const sigset_t *mask) {
    return pp_epoll_pwait2(fd, events, count, timeout, mask);
}
PP_EXPORT int nanosleep(const struct timespec *time, struct timespec *remaining) {
    return pp_nanosleep(time, remaining);
}
PP_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *remaining) {
    return pp_clock_nanosleep(clock, flags, time, remaining);
}
PP_EXPORT unsigned sleep(unsigned seconds) { return pp_sleep(seconds); }
PP_EXPORT int usleep(useconds_t microseconds) { return pp_usleep(microseconds); }
PP_EXPORT int thrd_sleep(const struct timespec *time, struct timespec *remaining) {
    return pp_thrd_sleep(time, remaining);
}
PP_EXPORT int sem_wait(sem_t *semaphore) { return pp_sem_wait(semaphore); }
PP_EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    return pp_sem_timedwait(semaphore, until);
}
PP_EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until) {
    return pp_sem_clockwait(semaphore, clock, until);
}
PP_EXPORT int sigwait(const sigset_t *set, int *signal) { return pp_sigwait(set, signal); }
PP_EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info) { return pp_sigwaitinfo(set, info); }
PP_EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
    return pp_sigtimedwait(set, info, timeout);
}
PP_EXPORT int pause(void) { return pp_pause(); }
PP_EXPORT int sigsuspend(const sigset_t *mask) { return pp_sigsuspend(mask); }
PP_EXPORT int msgsnd(int queue, const void *message, size_t size, int flags) {
    return pp_msgsnd(queue, message, size, flags);
}
PP_EXPORT ssize_t msgrcv(int queue, void *message, size_t size, long type, int flags) {
    return pp_msgrcv(queue, message, size, type, flags);
}
PP_EXPORT int semop(int set, struct sembuf *operations, size_t count) { return pp_semop(set, operations, count); }
PP_EXPORT int semtimedop(int set, struct sembuf *operations, size_t count, const struct timespec *timeout) {
    return pp_semtimedop(set, operations, count, timeout);
}
PP_EXPORT int aio_suspend(const struct aiocb *const list[], int count, const struct timespec *timeout) {
    return pp_aio_suspend(list, count, timeout);
}
PP_EXPORT int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t size) {
    return pp_connect(fd, address.__sockaddr__, size);
}
PP_EXPORT int accept(int fd, __SOCKADDR_ARG address, socklen_t *size) {
    return pp_accept(fd, address.__sockaddr__, size);
}
PP_EXPORT int accept4(int fd, __SOCKADDR_ARG address, socklen_t *size, int flags) {
    return pp_accept4(fd, address.__sockaddr__, size, flags);
}
PP_EXPORT ssize_t recv(int fd, void *to, size_t size, int flags) { return pp_recv(fd, to, size, flags); }
PP_EXPORT ssize_t __recv_chk(int fd, void *to, size_t size, size_t room, int flags) {
    return pp___recv_chk(fd, to, size, room, flags);
}
PP_EXPORT ssize_t recvfrom(int fd, void *to, size_t size, int flags, __SOCKADDR_ARG address, socklen_t *address_size) {
    return pp_recvfrom(fd, to, size, flags, address.__sockaddr__, address_size);
}
PP_EXPORT ssize_t __recvfrom_chk(int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *address,
                                 socklen_t *address_size) {
    return pp___recvfrom_chk(fd, to, size, room, flags, address, address_size);
}
PP_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags) { return pp_recvmsg(fd, message, flags); }
PP_EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout) {
    return pp_recvmmsg(fd, messages, count, flags, timeout);
}
PP_EXPORT ssize_t send(int fd, const void *from, size_t size, int flags) { return pp_send(fd, from, size, flags); }
PP_EXPORT ssize_t sendto(int fd, const void *from, size_t size, int flags, __CONST_SOCKADDR_ARG address,
                         socklen_t address_size) {
    return pp_sendto(fd, from, size, flags, address.__sockaddr__, address_size);
}
PP_EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { return pp_sendmsg(fd, message, flags); }
PP_EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
    return pp_sendmmsg(fd, messages, count, flags);
}
PP_EXPORT ssize_t read(int fd, void *to, size_t size) { return pp_read(fd, to, size); }
PP_EXPORT ssize_t __read_chk(int fd, void *to, size_t size, size_t room) { return pp___read_chk(fd, to, size, room); }
PP_EXPORT ssize_t readv(int fd, const struct iovec *to, int count) { return pp_readv(fd, to, count); }
PP_EXPORT ssize_t write(int fd, const void *from, size_t size) { return pp_write(fd, from, size); }
PP_EXPORT ssize_t writev(int fd, const struct iovec *from, int count) { return pp_writev(fd, from, count); }
