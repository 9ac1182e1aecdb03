// SPDX-License-Identifier: Apache-2.0
// The part of blocking_linux.c for descriptors. The kernel restarts these calls by itself, except on a socket that has
// SO_RCVTIMEO or SO_SNDTIMEO: then they return EINTR. The rest of that time is waited out in ppoll, so that the option,
// which other threads may use, is not touched; then the call is issued again.
//
// An interrupted connect goes on in the kernel. Issued again it waits for the same connection; where the first one
// would have failed with EINPROGRESS because the time was over, the second says EALREADY.
#include "blocking.h"
#include <sys/time.h>

typedef struct pp_direction {
    int option;    // SO_RCVTIMEO, SO_SNDTIMEO
    short events;  // POLLIN, POLLOUT
    int timed_out; // errno when the time is over
} pp_direction;
static const pp_direction incoming = {.option = SO_RCVTIMEO, .events = POLLIN, .timed_out = EAGAIN};
static const pp_direction outgoing = {.option = SO_SNDTIMEO, .events = POLLOUT, .timed_out = EAGAIN};
static const pp_direction connecting = {.option = SO_SNDTIMEO, .events = POLLOUT, .timed_out = EINPROGRESS};

// Until `fd` may be tried again. False: errno says why not.
static bool wait_ready(int fd, const pp_direction *direction, uint64_t start_ns, pp_call *call) {
    struct timeval timeout = {0};
    socklen_t size = sizeof(timeout);
    if (getsockopt(fd, SOL_SOCKET, direction->option, &timeout, &size) != 0 ||
        (timeout.tv_sec == 0 && timeout.tv_usec == 0))
        return true;
    uint64_t timeout_ns = (uint64_t)timeout.tv_sec * PP_NS_PER_S + (uint64_t)timeout.tv_usec * 1000u;
    struct pollfd wanted = {.fd = fd, .events = direction->events};
    for (;;) {
        struct timespec left = pp_timespec_of(pp_time_left(start_ns, timeout_ns));
        int ready = pp_real.ppoll(&wanted, 1, &left, NULL);
        if (ready > 0)
            return true;
        if (ready == 0)
            errno = direction->timed_out;
        if (!pp_again(call, ready))
            return false;
    }
}

#define PP_SOCKET(type, name, direction, parameters, ...)                                                              \
    type pp_##name parameters {                                                                                        \
        PP_DIRECT_IF_INERT(name, __VA_ARGS__)                                                                          \
        pp_call call = pp_enter();                                                                                     \
        uint64_t start = pp_start_of(true);                                                                            \
        for (;;) {                                                                                                     \
            type result = pp_real.name(__VA_ARGS__);                                                                   \
            if (!pp_again(&call, result))                                                                              \
                return result;                                                                                         \
            if (!wait_ready(fd, &direction, start, &call))                                                             \
                return -1;                                                                                             \
        }                                                                                                              \
    }

PP_SOCKET(int, accept, incoming, (int fd, struct sockaddr *address, socklen_t *size), fd, address, size)
PP_SOCKET(int, accept4, incoming, (int fd, struct sockaddr *address, socklen_t *size, int flags), fd, address, size,
          flags)
PP_SOCKET(ssize_t, recv, incoming, (int fd, void *to, size_t size, int flags), fd, to, size, flags)
PP_SOCKET(ssize_t, __recv_chk, incoming, (int fd, void *to, size_t size, size_t room, int flags), fd, to, size, room,
          flags)
PP_SOCKET(ssize_t, recvfrom, incoming,
          (int fd, void *to, size_t size, int flags, struct sockaddr *address, socklen_t *address_size), fd, to, size,
          flags, address, address_size)
PP_SOCKET(ssize_t, __recvfrom_chk, incoming,
          (int fd, void *to, size_t size, size_t room, int flags, struct sockaddr *address, socklen_t *address_size),
          fd, to, size, room, flags, address, address_size)
PP_SOCKET(ssize_t, recvmsg, incoming, (int fd, struct msghdr *message, int flags), fd, message, flags)
PP_SOCKET(int, recvmmsg, incoming,
          (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout), fd, messages, count,
          flags, timeout)
PP_SOCKET(ssize_t, send, outgoing, (int fd, const void *from, size_t size, int flags), fd, from, size, flags)
PP_SOCKET(ssize_t, sendto, outgoing,
          (int fd, const void *from, size_t size, int flags, const struct sockaddr *address, socklen_t address_size),
          fd, from, size, flags, address, address_size)
PP_SOCKET(ssize_t, sendmsg, outgoing, (int fd, const struct msghdr *message, int flags), fd, message, flags)
PP_SOCKET(int, sendmmsg, outgoing, (int fd, struct mmsghdr *messages, unsigned count, int flags), fd, messages, count,
          flags)
PP_SOCKET(ssize_t, read, incoming, (int fd, void *to, size_t size), fd, to, size)
PP_SOCKET(ssize_t, __read_chk, incoming, (int fd, void *to, size_t size, size_t room), fd, to, size, room)
PP_SOCKET(ssize_t, readv, incoming, (int fd, const struct iovec *to, int count), fd, to, count)
PP_SOCKET(ssize_t, write, outgoing, (int fd, const void *from, size_t size), fd, from, size)
PP_SOCKET(ssize_t, writev, outgoing, (int fd, const struct iovec *from, int count), fd, from, count)

int pp_connect(int fd, const struct sockaddr *address, socklen_t size) {
    PP_DIRECT_IF_INERT(connect, fd, address, size)
    pp_call call = pp_enter();
    uint64_t start = pp_start_of(true);
    bool repeated = false;
    for (;;) {
        int result = pp_real.connect(fd, address, size);
        if (result == -1 && errno == EALREADY && repeated)
            errno = EINPROGRESS;
        if (!pp_again(&call, result))
            return result;
        repeated = true;
        if (!wait_ready(fd, &connecting, start, &call))
            return -1;
    }
}
