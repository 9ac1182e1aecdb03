// SPDX-License-Identifier: Apache-2.0
// part of foreign.sh: what a program sees of its rights and of a recorder
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **arguments) {
    volatile unsigned x = 1;
    for (int i = 0; i < 50000000; i++)
        x = x * 1103515245 + 12345;
    const char *preload = getenv("LD_PRELOAD"), *session = getenv("POTTER_SESSION");
    printf("%s: effective %d, real %d, %s%s\n", arguments[1], (int)geteuid(), (int)getuid(),
           preload != NULL && strstr(preload, "libPotter") == NULL ? preload : "no preload",
           session != NULL && count > 2 ? session : "");
    fflush(stdout);
    if (count > 2 && fork() == 0)
        execvp(arguments[2], arguments + 2);
    return 23;
}
