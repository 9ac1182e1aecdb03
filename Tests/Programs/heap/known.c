// SPDX-License-Identifier: Apache-2.0
// Known numbers of blocks and bytes, by function, for recordings of the heap: each function below says what it does.
//   known exact               all of the exact cases, in two processes
//   known sampled             twenty functions that ask for megabytes and keep a half
//   known wait FILE           keeps what `exact` keeps, says so by making FILE, and waits to be killed
#include "expect.h"
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *kept[4000];
static int kept_count;
static void keep(void *p) { kept[kept_count++] = p; }

NOINLINE static void keep_blocks(void) { // 1000 of 100 bytes, all kept
    for (int i = 0; i < 1000; i++) {
        void *p = malloc(100);
        KEEP(p);
        keep(p);
    }
}
NOINLINE static void drop_half(void) { // 600 of 3 x 50 bytes, every second one freed
    static void *mine[600];
    for (int i = 0; i < 600; i++) {
        mine[i] = calloc(3, 50);
        KEEP(mine[i]);
    }
    for (int i = 0; i < 600; i += 2)
        free(mine[i]);
}
NOINLINE static void temporary_blocks(void) { // 5000 of 64 bytes, each freed at once
    for (int i = 0; i < 5000; i++) {
        void *p = malloc(64);
        KEEP(p);
        free(p);
    }
}
NOINLINE static void grow(void) { // 100 times 1000, 2000 and 4000 bytes, of which the last stays
    for (int i = 0; i < 100; i++) {
        void *p = realloc(NULL, 1000);
        KEEP(p);
        p = realloc(p, 2000);
        KEEP(p);
        p = realloc(p, 4000);
        KEEP(p);
        keep(p);
    }
}
NOINLINE static void align_blocks(void) { // 10 each of 512, 1024 and 300 bytes, all kept
    for (int i = 0; i < 10; i++) {
        void *p = NULL;
        if (posix_memalign(&p, 256, 512) == 0)
            keep(p);
        void *q = aligned_alloc(64, 1024);
        KEEP(q);
        keep(q);
        void *r = memalign(32, 300);
        KEEP(r);
        keep(r);
    }
}
NOINLINE static void *in_thread(void *argument) { // of four threads, each 250 of 200 bytes, 50 of them freed
    void **mine = argument;
    for (int i = 0; i < 250; i++) {
        mine[i] = malloc(200);
        KEEP(mine[i]);
    }
    for (int i = 0; i < 50; i++)
        free(mine[i]);
    return NULL;
}
NOINLINE static void in_child(void) { // 40 of 70 bytes, 10 of them freed
    void *mine[40];
    for (int i = 0; i < 40; i++) {
        mine[i] = malloc(70);
        KEEP(mine[i]);
    }
    for (int i = 0; i < 10; i++)
        free(mine[i]);
}

static void all_exact(void) {
    static void *of_threads[4][250];
    keep_blocks();
    drop_half();
    temporary_blocks();
    grow();
    align_blocks();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, in_thread, of_threads[i]);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    pid_t child = fork();
    if (child == 0) {
        in_child();
        for (int i = 0; i < 20; i++)
            free(kept[i]); // the parent's: its copies stay
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

// 400 blocks of 4 to 23 KiB: 1.6 to 9.4 MB, every second one freed.
#define ASKS(number)                                                                                                   \
    NOINLINE static void asks_##number(void) {                                                                         \
        void *mine[400];                                                                                               \
        for (int i = 0; i < 400; i++) {                                                                                \
            mine[i] = malloc((4 + number) * 1024);                                                                     \
            KEEP(mine[i]);                                                                                             \
        }                                                                                                              \
        for (int i = 0; i < 400; i += 2)                                                                               \
            free(mine[i]);                                                                                             \
        STAY;                                                                                                          \
    }
// clang-format off
ASKS(0) ASKS(1) ASKS(2) ASKS(3) ASKS(4) ASKS(5) ASKS(6) ASKS(7) ASKS(8) ASKS(9)
ASKS(10) ASKS(11) ASKS(12) ASKS(13) ASKS(14) ASKS(15) ASKS(16) ASKS(17) ASKS(18) ASKS(19)
#define CALL(number) asks_##number();
static void all_sampled(void) {
    CALL(0) CALL(1) CALL(2) CALL(3) CALL(4) CALL(5) CALL(6) CALL(7) CALL(8) CALL(9)
    CALL(10) CALL(11) CALL(12) CALL(13) CALL(14) CALL(15) CALL(16) CALL(17) CALL(18) CALL(19)
}
// clang-format on

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "exact") == 0)
        all_exact();
    else if (strcmp(what, "sampled") == 0)
        all_sampled();
    else if (strcmp(what, "wait") == 0 && argc > 2) {
        all_exact();
        close(open(argv[2], O_CREAT | O_WRONLY, 0600));
        pause();
    } else
        return 2;
    return 0;
}
