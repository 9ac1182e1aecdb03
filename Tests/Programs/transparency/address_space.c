// SPDX-License-Identifier: Apache-2.0
// runs: own threads child data
// report: own: limited its own address space
// report: threads: limited its own address space
// report: child: limited its own address space
// report: data: limited its own address space
// How much fits below a limit of address space: what a recorder has mapped is not the program's.
#include "common.h"
#include <sys/mman.h>
#include <sys/resource.h>

#define MB (1ul << 20)

static int room(void) {
    int count = 0;
    while (mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        count++;
    return count;
}
static void limit(int resource) {
    struct rlimit limit = {.rlim_cur = 200 * MB, .rlim_max = 200 * MB};
    printf("limit: %d\n", setrlimit(resource, &limit));
}
static void *wait_for_ever(void *unused) {
    for (;;)
        pause();
    return unused;
}

int main(int count, char **arguments) {
    const char *how = arguments[1];
    pthread_t thread;
    burn(0.1);
    if (strcmp(how, "last") == 0) {
        printf("%d MB\n", room());
        return 0;
    }
    if (strcmp(how, "threads") == 0)
        pthread_create(&thread, NULL, wait_for_ever, NULL);
    fflush(stdout);
    if (strcmp(how, "child") == 0 && fork() == 0) {
        limit(RLIMIT_AS);
        fflush(stdout);
        execl(arguments[0], arguments[0], "last", (char *)NULL);
        return 9;
    }
    if (strcmp(how, "child") != 0) {
        limit(strcmp(how, "data") == 0 ? RLIMIT_DATA : RLIMIT_AS);
        int fits = room(), wanted = strcmp(how, "threads") == 0 ? 100 : 180;
        printf("%s MB\n", fits >= wanted ? "nearly 200" : "far less");
    }
    int status = 0;
    printf("children: %d", wait(&status) > 0);
    printf(" %d\n", status);
    struct rlimit now;
    getrlimit(RLIMIT_AS, &now);
    printf("limit %lu\n", (unsigned long)now.rlim_cur);
    return 3;
}
