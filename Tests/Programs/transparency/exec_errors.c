// SPDX-License-Identifier: Apache-2.0
// What exec says when it fails, and that the program goes on as before.
#include "common.h"
#include <fcntl.h>
#include <sys/stat.h>

static void attempt(const char *path) {
    char *const arguments[] = {(char *)path, NULL}, *const environment[] = {NULL};
    errno = 0;
    int result = execve(path, arguments, environment);
    printf("execve %s: %d %s\n", path, result, strerror(errno));
    result = execvp(path, arguments);
    printf("execvp %s: %d %s\n", path, result, strerror(errno));
}

static void make(const char *path, const char *text, int mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (write(fd, text, strlen(text)) < 0)
        perror("write");
    close(fd);
    chmod(path, (mode_t)mode);
}

int main(void) {
    char directory[] = "/tmp/exec-errors-XXXXXX";
    if (mkdtemp(directory) == NULL || chdir(directory) != 0)
        return 1;
    make("not-executable", "#!/bin/sh\n", 0600);
    make("no-interpreter", "#!/no/such/interpreter\n", 0700);
    make("truncated", "\177ELF\2\1\1", 0700);
    mkfifo("fifo", 0700);
    burn(0.1);
    alarm(5); // opening the FIFO would wait for ever
    attempt("./nothing");
    attempt("./not-executable");
    attempt("./no-interpreter");
    attempt("./fifo");
    attempt("/tmp");
    attempt("");
    attempt("./truncated/x");
    char *const none[] = {NULL};
    printf("execve of no path: %d\n", execve(NULL, none, none));
    burn(0.1);
    const char *files[] = {"not-executable", "no-interpreter", "truncated", "fifo"};
    for (int i = 0; i < 4; i++)
        unlink(files[i]);
    return chdir("/") + rmdir(directory);
}
