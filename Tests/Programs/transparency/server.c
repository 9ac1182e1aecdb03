// SPDX-License-Identifier: Apache-2.0
// A server: as root it drops its rights, forks workers, which answer requests with threads; a worker crashes and is
// replaced; SIGTERM ends it in an orderly way.
#include "common.h"
#include <grp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define WORKERS 3
static void on_term(int signal) { _exit(signal + 30); }

static void *answer(void *argument) {
    int fd = (int)(long)argument;
    char text[32] = "";
    if (read(fd, text, sizeof(text) - 1) > 0) {
        burn(0.005);
        if (strcmp(text, "crash") == 0)
            *(volatile int *)8 = 1;
        dprintf(fd, "%s answered by uid %d", text, geteuid());
    }
    close(fd);
    return NULL;
}

static void work(int listener) {
    signal(SIGTERM, on_term);
    prctl(PR_SET_NAME, "worker");
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, NULL, answer, (void *)(long)fd) == 0)
            pthread_detach(thread);
    }
}

static void request(int port, const char *text, int show) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = (in_port_t)port, .sin_addr = {htonl(0x7f000001)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char answer[64] = "";
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || write(fd, text, strlen(text)) < 0)
        printf("%s: %s\n", text, strerror(errno));
    ssize_t got = 0, n;
    while ((n = read(fd, answer + got, sizeof(answer) - 1 - (size_t)got)) > 0)
        got += n;
    if (show)
        printf("%s\n", answer);
    close(fd);
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000001)}};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, size);
    listen(listener, 50);
    getsockname(listener, (struct sockaddr *)&address, &size);
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    pid_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        if ((workers[i] = fork()) == 0)
            work(listener);
    for (int i = 0; i < 100; i++)
        request(address.sin_port, "request", i % 20 == 0);
    request(address.sin_port, "crash", 0);
    int status;
    pid_t died = wait(&status);
    show_status("a worker", status & ~0x80);
    for (int i = 0; i < WORKERS; i++)
        if (workers[i] == died && (workers[i] = fork()) == 0)
            work(listener);
    for (int i = 0; i < 50; i++)
        request(address.sin_port, "again", i % 10 == 0);
    for (int i = 0; i < WORKERS; i++) {
        kill(workers[i], SIGTERM);
        waitpid(workers[i], &status, 0);
        show_status("worker", status);
    }
    printf("children left: %d\n", wait(&status));
    return 0;
}
