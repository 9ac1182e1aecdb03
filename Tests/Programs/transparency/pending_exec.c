// SPDX-License-Identifier: Apache-2.0
// A SIGPROF that the program itself has pending, blocked, across an exec.
#include "common.h"

int main(int count, char **arguments) {
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    if (count > 1) {
        sigpending(&pending);
        show_set("pending after exec", &pending);
        return 0;
    }
    burn(0.05);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGPROF);
    execl(arguments[0], arguments[0], "2", (char *)NULL);
    return 1;
}
