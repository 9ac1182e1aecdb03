// SPDX-License-Identifier: Apache-2.0
// runs: return exit _exit _Exit quick_exit raw abort segv term kill prof prof_thread main_thread assert stack
// The ways in which a program can end.
#include "common.h"
#include <assert.h>

static void at_exit(void) { printf("atexit\n"); }
static void at_quick_exit_function(void) { printf("at_quick_exit\n"); }

static void *other(void *unused) {
    burn(0.1);
    printf("the other thread ends the program\n");
    fflush(stdout);
    exit(5);
    return unused;
}

static void *send_prof(void *unused) {
    burn(0.05);
    pthread_kill(pthread_self(), SIGPROF);
    return unused;
}

static int deep(int n) {
    volatile char room[4096];
    room[0] = (char)n;
    return n < 0 ? 0 : deep(n + 1) + room[0];
}

int main(int count, char **arguments) {
    const char *how = count > 1 ? arguments[1] : "return";
    pthread_t thread;
    atexit(at_exit);
    at_quick_exit(at_quick_exit_function);
    burn(0.1);
    printf("%s\n", how);
    fflush(stdout);
    if (strcmp(how, "exit") == 0)
        exit(3);
    if (strcmp(how, "_exit") == 0)
        _exit(4);
    if (strcmp(how, "_Exit") == 0)
        _Exit(5);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(6);
    if (strcmp(how, "raw") == 0)
        syscall(SYS_exit_group, 7);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "segv") == 0)
        *(volatile int *)8 = 1;
    if (strcmp(how, "term") == 0)
        raise(SIGTERM);
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(how, "prof") == 0)
        kill(getpid(), SIGPROF);
    if (strcmp(how, "prof_thread") == 0) {
        pthread_create(&thread, NULL, send_prof, NULL);
        pthread_join(thread, NULL);
    }
    if (strcmp(how, "main_thread") == 0) {
        pthread_create(&thread, NULL, other, NULL);
        pthread_exit(NULL);
    }
    if (strcmp(how, "assert") == 0)
        assert(count == 0);
    if (strcmp(how, "stack") == 0)
        printf("%d\n", deep(1));
    return 2;
}
