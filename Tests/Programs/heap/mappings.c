// SPDX-License-Identifier: Apache-2.0
// Mappings that the program makes: whole and in part, over each other, moved.
#include "expect.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul
NOINLINE static char *map(void *at, size_t size, int flags) {
    char *p = mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    KEEP(p);
    check(p != MAP_FAILED, "mmap");
    return p;
}
NOINLINE static char *map_other(void *at, size_t size, int flags) {
    char *p = mmap64(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    KEEP(p);
    check(p != MAP_FAILED, "mmap");
    return p;
}
NOINLINE static char *map_file(int fd, size_t size) {
    char *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    KEEP(p);
    check(p != MAP_FAILED, "mmap of a file");
    return p;
}
NOINLINE static char *move(char *at, size_t size, size_t new_size, int flags) {
    char *p = mremap(at, size, new_size, flags);
    KEEP(p);
    check(p != MAP_FAILED, "mremap");
    return p;
}

int main(int argc, char **argv) {
    char *ten = map(NULL, 10 * PAGE - 5, 0);
    munmap(ten + 4 * PAGE, 2 * PAGE);           // pieces of 4 and 4 pages
    munmap(ten, PAGE);                          // of 3 and 4
    munmap(ten + 6 * PAGE, 4 * PAGE);           // of 3
    map_other(ten + 2 * PAGE, PAGE, MAP_FIXED); // of 1 and 1, and 1 of the other
    char *moved = move(map(NULL, 5 * PAGE, 0), 5 * PAGE, 50 * PAGE, MREMAP_MAYMOVE);
    check(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, "mmap of nothing");
    check(munmap((void *)1, PAGE) == -1, "munmap of nonsense");
    int fd = open(argv[0], O_RDONLY);
    map_file(fd, 3 * PAGE);
    moved[49 * PAGE] = 1;
    // Pieces: two mappings, and two cuts; one piece is gone, and the mapping that moved.
    expect("map;", 4, 15 * PAGE, 2, 13 * PAGE);
    expect("map_other;", 1, PAGE, 0, 0);
    expect("move;", 1, 50 * PAGE, 0, 0);
    expect("map_file;", 1, 3 * PAGE, 0, 0);
    printf("mapped %lu\n", 56 * PAGE);
    fflush(stdout);
    raise(SIGSTOP);
    (void)argc;
    return 0;
}
