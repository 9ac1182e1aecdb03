// SPDX-License-Identifier: Apache-2.0
// Chains of fork, vfork, posix_spawn, system, popen and exec, with work in between.
#include "common.h"
#include <spawn.h>
#include <sys/mman.h>

extern char **environ;

static void *fork_in_thread(void *unused) {
    burn(0.05);
    pid_t pid = fork();
    if (pid == 0) {
        burn(0.05);
        _exit(11);
    }
    wait_for("fork in a thread", pid);
    return unused;
}

int main(int count, char **arguments) {
    char *next[] = {arguments[0], "0", NULL};
    if (count > 1) {
        int left = atoi(arguments[1]);
        char text[16];
        burn(0.01);
        printf("chain %d\n", left);
        fflush(stdout);
        snprintf(text, sizeof(text), "%d", left - 1);
        if (left > 0)
            execl("/proc/self/exe", arguments[0], text, (char *)NULL);
        return 20;
    }
    burn(0.05);
    pid_t pid = fork();
    if (pid == 0) {
        burn(0.05);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            burn(0.02);
            raise(SIGTERM);
        }
        wait_for("grandchild", grandchild);
        exit(12);
    }
    wait_for("fork", pid);
    pid = vfork();
    if (pid == 0)
        _exit(13);
    wait_for("vfork", pid);
    next[1] = "30";
    fflush(stdout);
    pid = vfork();
    if (pid == 0) {
        execv(arguments[0], next);
        _exit(14);
    }
    wait_for("vfork and a chain of execs", pid);
    next[1] = "1";
    if (posix_spawn(&pid, arguments[0], NULL, NULL, next, environ) == 0)
        wait_for("posix_spawn", pid);
    printf("posix_spawn of nothing: %s\n", strerror(posix_spawn(&pid, "/nowhere", NULL, NULL, next, environ)));
    printf("posix_spawnp of nothing: %s\n", strerror(posix_spawnp(&pid, "no-such", NULL, NULL, next, environ)));
    fflush(stdout);
    show_status("system", system("exit 15"));
    FILE *pipe = popen("echo popen; exit 16", "r");
    char line[64] = "";
    printf("%s", fgets(line, sizeof(line), pipe) ? line : "nothing\n");
    show_status("pclose", pclose(pipe));
    pthread_t thread;
    pthread_create(&thread, NULL, fork_in_thread, NULL);
    pthread_join(thread, NULL);
    pid = (pid_t)syscall(SYS_fork);
    if (pid == 0) {
        burn(0.02);
        _exit(17);
    }
    wait_for("raw fork", pid);
    printf("left: %d\n", waitpid(-1, NULL, WNOHANG | __WALL));
    burn(0.05);
    return 0;
}
