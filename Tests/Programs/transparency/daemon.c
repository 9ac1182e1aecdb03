// SPDX-License-Identifier: Apache-2.0
// runs: double_fork daemon setsid killed_parent
// A process that outlives the program that started it: it goes on working, and sees nothing of a recorder that is gone.
#include "common.h"
#include <sys/stat.h>

static void *work(void *unused) {
    burn(0.3);
    return unused;
}

static void serve(const char *who) {
    pthread_t thread;
    burn(0.3);
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    usleep(300000);
    pid_t pid = fork();
    if (pid == 0) {
        burn(0.1);
        execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
        _exit(9);
    }
    wait_for(who, pid);
    printf("%s: parent %s, umask %o\n", who, getppid() == 1 ? "init" : "another", umask(0));
    fflush(stdout);
    _exit(0);
}

int main(int count, char **arguments) {
    const char *how = arguments[1];
    burn(0.05);
    if (strcmp(how, "daemon") == 0) {
        if (daemon(1, 1) != 0)
            return 2;
        serve(how);
    }
    if (strcmp(how, "setsid") == 0) {
        if (fork() == 0) {
            setsid();
            close(0);
            usleep(200000);
            serve(how);
        }
        return 5;
    }
    if (strcmp(how, "killed_parent") == 0) {
        if (fork() == 0) {
            usleep(200000);
            serve(how);
        }
        usleep(50000);
        raise(SIGKILL);
    }
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        if (fork() == 0) {
            usleep(100000);
            serve(how);
        }
        _exit(4);
    }
    wait_for("middle", pid);
    return 6;
}
