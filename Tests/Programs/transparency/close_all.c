// SPDX-License-Identifier: Apache-2.0
// runs: loop range everything
// A daemon's habit: all descriptors closed, whoever opened them.
#include "common.h"

static void *work(void *unused) {
    burn(0.05);
    return unused;
}

int main(int count, char **arguments) {
    const char *how = count > 1 ? arguments[1] : "loop";
    burn(0.05);
    for (int fd = 3; fd < 4096 && strcmp(how, "loop") == 0; fd++)
        if (close(fd) == 0)
            printf("closed %d, which this program did not open\n", fd);
    if (strcmp(how, "range") == 0)
        closefrom(3);
    if (strcmp(how, "everything") == 0)
        closefrom(0);
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        burn(0.02);
        execl("/bin/true", "true", (char *)NULL);
        _exit(9);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    printf("child %d\n", status);
    fflush(stdout);
    return status == 0 ? 3 : 4;
}
