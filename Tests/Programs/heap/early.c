// SPDX-License-Identifier: Apache-2.0
// Blocks from before the recorder's constructor: known when they are freed or resized later. See early_library.c.
#include "expect.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int early_answer(void), early_other(void);
extern void *from_resolver, *from_constructor, *from_early_thread, *resized, *from_child_handler;
NOINLINE static void *later(void *block, size_t size) {
    void *p = realloc(block, size);
    KEEP(p);
    return p;
}

int main(void) {
    check(early_answer() == 42 && early_other() == 43, "IFUNC");
    check(from_constructor != NULL && from_early_thread != NULL && resized != NULL, "early blocks");
    memset(resized, 1, 5000);
    memset(from_early_thread, 2, 300);
    resized = later(resized, 6000);
    check(((char *)resized)[4999] == 1, "an early block keeps its contents");
    free(from_early_thread);
    free(from_resolver);
    pid_t pid = fork();
    if (pid == 0) {
        check(from_child_handler != NULL, "handler of the library");
        free(from_child_handler);
        free(resized);
        free(from_constructor);
        from_constructor = NULL;
        _exit(0);
    }
    int status = -1;
    check(waitpid(pid, &status, 0) == pid && status == 0, "child");
    expect("later;", 1, 6000, 0, 0);
    expect_inherited("later;", 1, 6000);
    expect_inherited("<early>", 1, 1000);
    fflush(stdout);
    raise(SIGSTOP);
    return 0;
}
