// SPDX-License-Identifier: Apache-2.0
// part of sanitizers_run.sh: what a program does that a sanitizer watches, or a mistake that it reports
#include "common.h"

static int shared;

static void *work(void *unused) {
    for (int i = 0; i < 20; i++) {
        burn(0.005);
        char *block = malloc(1000 + (size_t)i);
        memset(block, i, 1000);
        free(block);
    }
    return unused;
}
static void *race(void *unused) {
    for (int i = 0; i < 1000; i++)
        shared++;
    return unused;
}
static void count_signal(int signal) { shared += signal; }

static void in_two_threads(void *(*function)(void *)) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, function, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

// A search for leaks is conservative: a signal frame may have left the block's address where the search looks.
static void scrub_stack(void) {
    volatile char room[65536];
    for (size_t i = 0; i < sizeof(room); i++)
        room[i] = 0;
}

static void fail(const char *how) {
    char *volatile block = malloc(40);
    if (strcmp(how, "overflow") == 0)
        block[40] = 1;
    free(block);
    if (strcmp(how, "use") == 0)
        block[8] = 2;
    if (strcmp(how, "race") == 0)
        in_two_threads(race);
    if (strcmp(how, "undefined") == 0)
        printf("%d\n", 1 << (32 + (how[0] & 1)));
    if (strcmp(how, "leak") == 0)
        printf("%d\n", malloc(77) != NULL), scrub_stack();
}

// The environment but for what a recorder adds: nothing is left of a library that had to be loaded first.
static void show_preload(void) {
    const char *list = getenv("LD_PRELOAD");
    printf("LD_PRELOAD: %s\n", list != NULL && strstr(list, "san") != NULL ? list : "no sanitizer");
}

int main(int count, char **arguments) {
    if (count > 1) {
        show_preload();
        fail(arguments[1]);
        return 0;
    }
    in_two_threads(work);
    install(SIGUSR1, count_signal, SA_RESTART);
    raise(SIGUSR1);
    printf("handled %d\n", shared);
    show_preload();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        work(NULL);
        execl("/bin/sh", "sh", "-c", "case $LD_PRELOAD in *san*) echo \"$LD_PRELOAD\";; esac; exit 3", (char *)NULL);
        _exit(9);
    }
    wait_for("forked", pid);
    char *again[] = {arguments[0], "none", NULL};
    pid = vfork();
    if (pid == 0) {
        execv(arguments[0], again);
        _exit(9);
    }
    wait_for("executed", pid);
    show_status("shell", system("exit 4"));
    return 5;
}
