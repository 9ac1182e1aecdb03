// SPDX-License-Identifier: Apache-2.0
// Signal masks and pending sets of the program, its threads and children.
#include "common.h"

static void show(const char *who) {
    sigset_t set;
    char name[64];
    sigemptyset(&set);
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    snprintf(name, sizeof(name), "%s blocked", who);
    show_set(name, &set);
    sigpending(&set);
    snprintf(name, sizeof(name), "%s pending", who);
    show_set(name, &set);
}

static void *run(void *name) {
    show(name);
    burn(0.05);
    show(name);
    return NULL;
}

int main(int count, char **arguments) {
    if (count > 1) {
        run(arguments[1]);
        return 0;
    }
    pthread_t thread;
    run("main");
    pthread_create(&thread, NULL, run, "thread");
    pthread_join(thread, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    pthread_create(&thread, NULL, run, "thread of a masked one");
    pthread_join(thread, NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        run("forked");
        fflush(stdout);
        execl(arguments[0], arguments[0], "executed", (char *)NULL);
        _exit(9);
    }
    wait_for("child", child);
    show("main, end");
    return 0;
}
