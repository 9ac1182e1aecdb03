// SPDX-License-Identifier: Apache-2.0
// Reads the head of a program that is about to be executed: a child with another loader (musl, i386) would die of our
// LD_PRELOAD entry, or complain about it on stderr. Runs between fork and exec: system calls only.
#include "recorder.h"
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A FIFO or a terminal must not block us or become ours: exec says EACCES there.
#define PP_OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define PP_SCRIPT_DEPTH 4 // the kernel follows as many `#!` lines

#if defined(__x86_64__)
#define PP_MACHINE EM_X86_64
#define PP_LOADER "/lib64/ld-linux-x86-64.so.2"
#else
#error "image: this architecture is not supported yet"
#endif

// The loader ignores preloads for a program that runs with other rights than its caller's.
static bool changes_rights(int fd) {
    struct stat file;
    return fstat(fd, &file) == 0 && (((file.st_mode & S_ISUID) != 0 && file.st_uid != geteuid()) ||
                                     ((file.st_mode & S_ISGID) != 0 && file.st_gid != getegid()));
}

static pp_image image_of_elf(int fd, const ElfW(Ehdr) * header) {
    if (changes_rights(fd))
        return PP_IMAGE_FOREIGN;
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != PP_MACHINE)
        return PP_IMAGE_FOREIGN;
    for (unsigned i = 0; i < header->e_phnum && i < 64; i++) {
        ElfW(Phdr) program;
        off_t at = (off_t)(header->e_phoff + (uint64_t)i * header->e_phentsize);
        if (pread(fd, &program, sizeof(program), at) != sizeof(program))
            return PP_IMAGE_UNKNOWN;
        if (program.p_type != PT_INTERP)
            continue;
        char loader[128] = {0};
        if (program.p_filesz >= sizeof(loader) || pread(fd, loader, program.p_filesz, (off_t)program.p_offset) < 0)
            return PP_IMAGE_UNKNOWN;
        const char *name = strrchr(loader, '/');
        return name != NULL && strcmp(name, strrchr(PP_LOADER, '/')) == 0 ? PP_IMAGE_NATIVE : PP_IMAGE_FOREIGN;
    }
    return PP_IMAGE_FOREIGN; // static
}

static pp_image image_of(int fd, int depth);

static pp_image image_of_script(char *line, int depth) {
    line[strcspn(line, "\n")] = 0;
    char *program = line + 2 + strspn(line + 2, " \t");
    program[strcspn(program, " \t")] = 0;
    if (depth >= PP_SCRIPT_DEPTH || program[0] == 0)
        return PP_IMAGE_UNKNOWN;
    int fd = open(program, PP_OPEN_FLAGS);
    if (fd < 0)
        return PP_IMAGE_UNKNOWN;
    pp_image image = image_of(fd, depth + 1);
    close(fd);
    return image;
}

static pp_image image_of(int fd, int depth) {
    union {
        ElfW(Ehdr) header;
        char text[257];
    } head = {0};
    ssize_t got = pread(fd, head.text, sizeof(head.text) - 1, 0);
    if (got >= 2 && head.text[0] == '#' && head.text[1] == '!')
        return image_of_script(head.text, depth);
    if (got < (ssize_t)sizeof(head.header) || memcmp(head.header.e_ident, ELFMAG, SELFMAG) != 0)
        return PP_IMAGE_UNKNOWN;
    return image_of_elf(fd, &head.header);
}

pp_image pp_image_of_fd(int fd) { return image_of(fd, 0); }

pp_image pp_image_of_path(const char *path) {
    int fd = path == NULL ? -1 : open(path, PP_OPEN_FLAGS);
    if (fd < 0)
        return PP_IMAGE_UNKNOWN; // execute-only, or not there: the exec will tell
    pp_image image = image_of(fd, 0);
    close(fd);
    return image;
}

pp_image pp_image_of_file(const char *file) {
    if (file == NULL || strchr(file, '/') != NULL)
        return pp_image_of_path(file);
    const char *search = getenv("PATH");
    if (search == NULL)
        search = "/bin:/usr/bin";
    char path[4096];
    for (; *search != 0; search += *search == ':') {
        size_t length = strcspn(search, ":");
        if (length + strlen(file) + 2 <= sizeof(path)) {
            memcpy(path, search, length);
            strcpy(stpcpy(path + length, length > 0 ? "/" : "./"), file);
            if (access(path, X_OK) == 0)
                return pp_image_of_path(path);
        }
        search += length;
    }
    return PP_IMAGE_UNKNOWN;
}
