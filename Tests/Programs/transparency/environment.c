// SPDX-License-Identifier: Apache-2.0
// The environment, but for the two entries that a recorder adds; of the program, of children by each kind of exec.
#include "common.h"
#include <spawn.h>

extern char **environ;

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void show(const char *who) {
    char *sorted[1000];
    size_t count = 0;
    for (size_t i = 0; environ[i] != NULL && count < 1000; i++)
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0 && strncmp(environ[i], "POTTER_SESSION=", 15) != 0 &&
            strncmp(environ[i], "_=", 2) != 0)
            sorted[count++] = environ[i];
    qsort(sorted, count, sizeof(sorted[0]), compare);
    for (size_t i = 0; i < count; i++)
        printf("%s: %s\n", who, sorted[i]);
    fflush(stdout);
}

int main(int count, char **arguments) {
    show(count > 1 ? arguments[1] : "program");
    if (count > 1)
        return 0;
    char *const bare[] = {"ONE=1", "TWO=two words", NULL}, *const none[] = {NULL};
    char *const child[] = {arguments[0], "execve", NULL}, *const empty[] = {arguments[0], "empty", NULL};
    char *const spawned[] = {arguments[0], "spawn", NULL};
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        execve(arguments[0], child, bare);
    wait_for("execve", pid);
    pid = fork();
    if (pid == 0)
        execve(arguments[0], empty, none);
    wait_for("empty", pid);
    pid = fork();
    if (pid == 0)
        execle(arguments[0], arguments[0], "execle", (char *)NULL, bare);
    wait_for("execle", pid);
    setenv("THREE", "3", 1);
    pid = fork();
    if (pid == 0)
        execlp(arguments[0], arguments[0], "execlp", (char *)NULL);
    wait_for("execlp", pid);
    if (posix_spawn(&pid, arguments[0], NULL, NULL, spawned, bare) == 0)
        wait_for("posix_spawn", pid);
    clearenv();
    pid = fork();
    if (pid == 0) {
        execl(arguments[0], arguments[0], "cleared", (char *)NULL);
        _exit(7);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("cleared", status);
    return 0;
}
