// SPDX-License-Identifier: Apache-2.0
// Reads the head of a program that is about to be executed: a child with another loader (musl, i386) would die of our
// LD_PRELOAD entry, or complain about it on stderr; a sanitizer's runtime wants to be loaded before us. Runs between
// fork and exec: system calls only.
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
#define PP_MOST_SEGMENTS 64
#define PP_DYNAMIC_PART 16 // entries read at once: the stack may be small
#define PP_DYNAMIC_PARTS 8

#if defined(__x86_64__)
#define PP_MACHINE EM_X86_64
#define PP_LOADER "/lib64/ld-linux-x86-64.so.2"
#elif defined(__aarch64__)
#define PP_MACHINE EM_AARCH64
#define PP_LOADER "/lib/ld-linux-aarch64.so.1"
#else
#error "image: this architecture is not supported yet"
#endif

// The loader ignores preloads for a program that runs with other rights than its caller's.
static bool changes_rights(int fd) {
    struct stat file;
    return fstat(fd, &file) == 0 && (((file.st_mode & S_ISUID) != 0 && file.st_uid != geteuid()) ||
                                     ((file.st_mode & S_ISGID) != 0 && file.st_gid != getegid()));
}

static const pp_image unknown = {.kind = PP_IMAGE_UNKNOWN};

// The first segment of a type, of PT_LOAD the one that holds `address`. Read one by one: the stack may be small.
static bool find(int fd, const ElfW(Ehdr) * header, uint32_t type, uint64_t address, ElfW(Phdr) * segment) {
    for (unsigned i = 0; i < header->e_phnum && i < PP_MOST_SEGMENTS; i++) {
        off_t at = (off_t)(header->e_phoff + i * sizeof(*segment));
        if (pread(fd, segment, sizeof(*segment), at) != sizeof(*segment))
            return false;
        if (segment->p_type == type && (type != PT_LOAD || address - segment->p_vaddr < segment->p_filesz))
            return true;
    }
    return false;
}

// A string of the file, "" where there is none or it is too long.
static void read_text(int fd, uint64_t offset, char *text, size_t size) {
    ssize_t got = pread(fd, text, size - 1, (off_t)offset);
    text[got > 0 ? got : 0] = 0;
    if (strlen(text) == size - 1)
        text[0] = 0;
}

bool pp_is_sanitizer(const char *name, size_t length) {
    static const char *const runtimes[] = {"libasan.so", "libhwasan.so", "libtsan.so",
                                           "liblsan.so", "libubsan.so",  "libclang_rt."};
    if (memchr(name, '/', length) != NULL || memchr(name, '$', length) != NULL)
        return false;
    for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
        if (length >= strlen(runtimes[i]) && strncmp(name, runtimes[i], strlen(runtimes[i])) == 0)
            return true;
    return false;
}

// Offset of the name of the first library that a program NEEDs, and address of the names. Linkers differ in the order:
// GNU's puts DT_STRTAB after all DT_NEEDED, gold before them.
static void find_first_needed(int fd, uint64_t offset, uint64_t *needed, uint64_t *strings) {
    ElfW(Dyn) entries[PP_DYNAMIC_PART];
    for (unsigned part = 0; part < PP_DYNAMIC_PARTS; part++) {
        ssize_t got = pread(fd, entries, sizeof(entries), (off_t)(offset + part * sizeof(entries)));
        for (ssize_t i = 0; i < got / (ssize_t)sizeof(entries[0]); i++) {
            if (entries[i].d_tag == DT_NULL || (*needed != ~0ull && *strings != 0))
                return;
            if (entries[i].d_tag == DT_NEEDED && *needed == ~0ull)
                *needed = entries[i].d_un.d_val;
            if (entries[i].d_tag == DT_STRTAB)
                *strings = entries[i].d_un.d_ptr;
        }
        if (got < (ssize_t)sizeof(entries))
            return;
    }
}

// A sanitizer is the first library that a program NEEDs: some refuse to be anything else, and each expects that it is
// called before whatever else interposes.
static void find_sanitizer(int fd, const ElfW(Ehdr) * header, char *name, size_t size) {
    ElfW(Phdr) segment;
    uint64_t needed = ~0ull, strings = 0;
    if (!find(fd, header, PT_DYNAMIC, 0, &segment))
        return;
    find_first_needed(fd, segment.p_offset, &needed, &strings);
    if (needed == ~0ull || strings == 0 || !find(fd, header, PT_LOAD, strings, &segment))
        return;
    read_text(fd, segment.p_offset + (strings - segment.p_vaddr) + needed, name, size);
    if (!pp_is_sanitizer(name, strlen(name)))
        name[0] = 0;
}

static pp_image image_of_elf(int fd, const ElfW(Ehdr) * header) {
    pp_image image = {.kind = PP_IMAGE_FOREIGN};
    ElfW(Phdr) interpreter;
    if (changes_rights(fd) || header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != PP_MACHINE)
        return image;
    if (header->e_phentsize != sizeof(ElfW(Phdr)))
        return unknown; // the kernel will refuse it
    if (!find(fd, header, PT_INTERP, 0, &interpreter))
        return image; // static
    char loader[64];
    read_text(fd, (uint64_t)interpreter.p_offset, loader, sizeof(loader));
    const char *name = strrchr(loader, '/');
    if (name == NULL || strcmp(name, strrchr(PP_LOADER, '/')) != 0)
        return image;
    image.kind = PP_IMAGE_NATIVE;
    find_sanitizer(fd, header, image.first, sizeof(image.first));
    return image;
}

static pp_image image_of(int fd, int depth);

static pp_image image_of_script(char *line, int depth) {
    line[strcspn(line, "\n")] = 0;
    char *program = line + 2 + strspn(line + 2, " \t");
    program[strcspn(program, " \t")] = 0;
    if (depth >= PP_SCRIPT_DEPTH || program[0] == 0)
        return unknown;
    int fd = open(program, PP_OPEN_FLAGS);
    if (fd < 0)
        return unknown;
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
        return unknown;
    return image_of_elf(fd, &head.header);
}

pp_image pp_image_of_fd(int fd) { return image_of(fd, 0); }

pp_image pp_image_of_path(const char *path) {
    int fd = path == NULL ? -1 : open(path, PP_OPEN_FLAGS);
    if (fd < 0)
        return unknown; // execute-only, or not there: the exec will tell
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
    size_t room = strlen(search) + strlen(file) + 3;
    char path[room];
    for (; *search != 0; search += *search == ':') {
        size_t length = strcspn(search, ":");
        if (length + strlen(file) + 2 <= room) {
            memcpy(path, search, length);
            strcpy(stpcpy(path + length, length > 0 ? "/" : "./"), file);
            if (access(path, X_OK) == 0)
                return pp_image_of_path(path);
        }
        search += length;
    }
    return unknown;
}
