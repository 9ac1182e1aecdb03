// SPDX-License-Identifier: Apache-2.0
// A preload library of another build: its hello names an older version of the session memory.
#include "CPotterWire.h"
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

__attribute__((constructor)) static void say_hello(void) {
    pp_hello hello = {.magic = PP_HELLO_MAGIC, .version = PP_WIRE_VERSION - 1, .pid = (uint32_t)getpid()};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("POTTER_SESSION");
    if (path == NULL || strlen(path) >= sizeof(address.sun_path))
        return;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        (void)!send(fd, &hello, sizeof(hello), MSG_NOSIGNAL);
    char answer[sizeof(pp_welcome)];
    (void)!recv(fd, answer, sizeof(answer), 0);
    close(fd);
}
