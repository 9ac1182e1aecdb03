// SPDX-License-Identifier: Apache-2.0
// posix_spawn with attributes and file actions: masks, dispositions, groups, descriptors of the child.
#include "common.h"
#include <fcntl.h>
#include <spawn.h>

extern char **environ;

static void show_self(void) {
    char line[200];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0 || strncmp(line, "ShdPnd", 6) == 0)
            printf("%s", line);
    printf("own group: %d, descriptors:", getpgrp() == getpid());
    for (int fd = 0; fd < 20; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    printf("\n");
}

int main(int count, char **arguments) {
    if (count > 1) {
        burn(0.02);
        show_self();
        return 11;
    }
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    sigset_t mask, defaults;
    char *child[] = {arguments[0], "child", NULL};
    pid_t pid;
    burn(0.05);
    signal(SIGPROF, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&mask);
    sigaddset(&mask, SIGPROF);
    sigaddset(&mask, SIGHUP);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPROF);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 9, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 1, 7);
    const short flags[] = {0, POSIX_SPAWN_SETSIGMASK, POSIX_SPAWN_SETSIGDEF, POSIX_SPAWN_SETPGROUP,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        posix_spawnattr_setflags(&attributes, flags[i]);
        printf("flags %#x: ", flags[i]);
        fflush(stdout);
        int error = posix_spawn(&pid, arguments[0], i % 2 ? &actions : NULL, &attributes, child, environ);
        printf("%s\n", strerror(error));
        wait_for("spawned", pid);
    }
    return 0;
}
