// SPDX-License-Identifier: Apache-2.0
// The unix socket over which each program image says hello, once.
#include "CPotterSys.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int potter_listen(const char *path, mode_t mode) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && chmod(path, mode) == 0 && listen(fd, 1024) == 0)
        return fd;
    int error = -errno;
    close(fd);
    return error;
}

bool potter_is_deserted(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat file;
    if (strlen(path) >= sizeof(address.sun_path) || lstat(path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool deserted = connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno == ECONNREFUSED;
    close(fd);
    return deserted;
}

int potter_accept(int fd, pid_t *pid, uid_t *uid) {
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer < 0)
        return -errno;
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        int error = -errno;
        close(peer);
        return error;
    }
    *pid = credentials.pid;
    *uid = credentials.uid;
    return peer;
}

ssize_t potter_receive(int fd, void *bytes, size_t size, int timeout_ms) {
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    if (poll(&readable, 1, timeout_ms) <= 0)
        return -ETIMEDOUT;
    ssize_t got = recv(fd, bytes, size, 0);
    return got < 0 ? -errno : got;
}

int potter_send_descriptors(int fd, const void *bytes, size_t size, const int *descriptors, int count) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof(control));
    struct iovec data = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (count > 0 && count <= 3) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size ? 0 : -errno;
}
