// SPDX-License-Identifier: Apache-2.0
// What a process can see of itself besides signals: descriptors, threads, limits, children, identity.
#include "common.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int entries(const char *path) {
    DIR *directory = opendir(path);
    int count = 0;
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    if (directory != NULL)
        closedir(directory);
    return count;
}

static void show(const char *when) {
    printf("%s: %d threads\n", when, entries("/proc/self/task"));
    for (int fd = 0; fd < 1024; fd++) {
        struct stat file;
        if (fstat(fd, &file) == 0)
            printf("fd %d type %o flags %#x %#x\n", fd, file.st_mode & S_IFMT, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    }
    int next = open("/dev/null", O_RDONLY);
    printf("next descriptor %d\n", next);
    close(next);
}

int main(void) {
    show("start");
    burn(0.1);
    show("later");
    printf("stdio %d %d %d\n", isatty(0), isatty(1), isatty(2));
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit limit;
        getrlimit(i, &limit);
        printf("limit %d %lu %lu\n", i, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
    }
    int death = -1, status;
    prctl(PR_GET_PDEATHSIG, &death);
    char name[17] = {0};
    prctl(PR_GET_NAME, name);
    printf("umask %o nice %d dumpable %d death signal %d name %s seccomp %d no_new_privs %d\n", umask(0),
           getpriority(PRIO_PROCESS, 0), prctl(PR_GET_DUMPABLE), death, name, prctl(PR_GET_SECCOMP),
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    printf("children: %d %s\n", waitpid(-1, &status, WNOHANG | __WALL), strerror(errno));
    printf("ids %d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
    return 0;
}
