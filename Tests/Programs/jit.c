// SPDX-License-Identifier: Apache-2.0
// Makes two functions at run time, names them in /tmp/perf-PID.map as runtimes do, and works in the one twice as long as in
// the other. A forked child names the same addresses otherwise. Both delete their maps before they end.
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void loop(uint64_t);

// mov %rdi,%rax; 1: dec %rax; jnz 1b; ret
static const unsigned char code[] = {0x48, 0x89, 0xf8, 0x48, 0xff, 0xc8, 0x75, 0xfb, 0xc3};

static void write_map(char *path, const unsigned char *page, const char *first, const char *second) {
    snprintf(path, 64, "/tmp/perf-%d.map", getpid());
    FILE *map = fopen(path, "w");
    fprintf(map, "%lx 100 stale_code\n", (unsigned long)page); // what was there before
    fprintf(map, "%lx %zx %s\n", (unsigned long)page, sizeof(code), first);
    fprintf(map, "%lx %zx %s\n", (unsigned long)page + 64, sizeof(code), second);
    fclose(map);
}

static void work(const unsigned char *page, const char *path) {
    for (int i = 0; i < 60; i++) {
        ((loop *)page)(20000000);
        ((loop *)(page + 64))(10000000);
    }
    unlink(path);
}

int main(void) {
    unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return 1;
    memcpy(page, code, sizeof(code));
    memcpy(page + 64, code, sizeof(code));
    char path[64];
    pid_t child = fork();
    if (child == 0) {
        write_map(path, page, "child_long", "child_short");
        work(page, path);
        return 0;
    }
    write_map(path, page, "made_long", "made_short");
    work(page, path);
    waitpid(child, NULL, 0);
    return 0;
}
