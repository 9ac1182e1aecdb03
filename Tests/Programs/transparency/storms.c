// SPDX-License-Identifier: Apache-2.0
// runs: fork vfork posix_spawn threads_fork nested
// Many children, faster than anybody can follow; none is lost, and each ends as it was told to.
#include "common.h"
#include <spawn.h>

extern char **environ;
static _Atomic int wrong;

static pid_t start(const char *how, int number) {
    char text[16];
    snprintf(text, sizeof(text), "%d", number % 100);
    char *arguments[] = {"./storms", "child", text, NULL};
    pid_t pid = -1;
    if (strcmp(how, "posix_spawn") == 0)
        return posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) == 0 ? pid : -1;
    if (strcmp(how, "vfork") == 0) {
        pid = vfork();
        if (pid == 0 && number % 2 == 0)
            execv(arguments[0], arguments);
        if (pid == 0)
            _exit(number % 100);
        return pid;
    }
    pid = fork();
    if (pid == 0) {
        if (number % 10 == 0)
            burn(0.002);
        _exit(number % 100);
    }
    return pid;
}

static void storm(const char *how, int total, int at_once) {
    pid_t pids[64];
    for (int from = 0; from < total; from += at_once) {
        for (int i = 0; i < at_once; i++)
            pids[i] = start(how, from + i);
        for (int i = 0; i < at_once; i++) {
            int status = -1;
            if (waitpid(pids[i], &status, 0) != pids[i] || !WIFEXITED(status) ||
                WEXITSTATUS(status) != (from + i) % 100)
                wrong++;
        }
    }
}

static void *fork_in_thread(void *unused) {
    storm("fork", 400, 10);
    return unused;
}

static int nest(int depth) {
    int status = 0;
    pid_t pid = depth == 0 ? 0 : fork();
    if (depth == 0)
        return 7;
    if (pid == 0) {
        burn(0.001);
        _exit(nest(depth - 1));
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

int main(int count, char **arguments) {
    const char *how = arguments[1];
    if (strcmp(how, "child") == 0)
        return atoi(arguments[2]);
    if (strcmp(how, "nested") == 0) {
        printf("%d\n", nest(200));
    } else if (strcmp(how, "threads_fork") == 0) {
        pthread_t threads[8];
        for (int i = 0; i < 8; i++)
            pthread_create(&threads[i], NULL, fork_in_thread, NULL);
        for (int i = 0; i < 8; i++)
            pthread_join(threads[i], NULL);
    } else {
        storm(how, strcmp(how, "fork") == 0 ? 3000 : 1000, 50);
    }
    printf("%s: %d wrong, left: %d\n", how, wrong, waitpid(-1, NULL, 0));
    return 0;
}
