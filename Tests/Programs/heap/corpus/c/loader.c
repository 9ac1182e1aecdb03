// SPDX-License-Identifier: Apache-2.0
// C: libraries that are loaded and unloaded, memory that is mapped, and what libc and the kernel keep.
#define _GNU_SOURCE
#include "../support/corpus.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

static void *library;

static void *symbol(const char *name) {
    void *found = dlsym(library, name);
    if (!found) {
        fprintf(stderr, "corpus: %s\n", dlerror());
        _Exit(2);
    }
    return found;
}

// plugin.so lies beside the program.
static void load(void) {
    library = dlopen("plugin.so", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "corpus: %s\n", dlerror());
        _Exit(2);
    }
}

static SITE char *make_text(void) {
    corpus_born("char[64]");
    return calloc(1, 64);
}

static void hold(const char *place, unsigned n) {
    void (*add)(const char *, void *) = (void (*)(const char *, void *))symbol("plugin_add");
    for (unsigned i = 0; i < n % 60 + 1; i++)
        add(place, make_text());
}

static void check(const char *place) {
    long (*count)(const char *) = (long (*)(const char *))symbol("plugin_count");
    corpus_reachable("char[64]", count(place));
}

static SITE void hold_in_library(unsigned n) {
    load();
    hold("global", n);
}
static void check_library(void) { check("global"); }

// The library's thread-local storage, of a thread that lives: main.
static SITE void hold_in_library_tls(unsigned n) {
    load();
    hold("tls", n);
    check("tls"); // here, since `check` runs on another thread
    corpus_scrub();
    corpus_finish();
}

// A block that the library's constructor made.
static SITE void hold_by_constructor(unsigned n) {
    (void)n;
    load();
    corpus_born("char[64]");
}
static void check_constructor(void) { check("constructor"); }

// Unloaded: its globals were the only pointers.
static SITE void lose_by_dlclose(unsigned n) {
    load();
    void (*add)(const char *, void *) = (void (*)(const char *, void *))symbol("plugin_add");
    void (*free_own)(void) = (void (*)(void))symbol("plugin_free_own");
    for (unsigned i = 0; i < n % 60 + 1; i++) {
        char *text = calloc(1, 64);
        PLANT("char[64]", text, 64, C_BLOCK);
        add("global", text);
    }
    free_own();
    dlclose(library);
}

static char **mapped;

static SITE void hold_in_map(unsigned n, int flags) {
    mapped = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        abort();
    for (unsigned i = 0; i < n % 1000 + 1; i++)
        mapped[i * 8] = make_text();
}
static SITE void hold_in_private_map(unsigned n) { hold_in_map(n, MAP_PRIVATE); }
static SITE void hold_in_shared_map(unsigned n) { hold_in_map(n, MAP_SHARED); }
static void check_map(void) {
    for (unsigned i = 0; i < 1000; i++)
        corpus_reachable("char[64]", mapped[i * 8] != NULL);
}

// Mapped memory that is given back.
static SITE void lose_by_munmap(unsigned n) {
    char **map = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < n % 1000 + 1; i++) {
        map[i * 8] = calloc(1, 64);
        PLANT("char[64]", map[i * 8], 64, C_BLOCK);
    }
    munmap(map, 1 << 16);
}

static FILE *file;
static DIR *directory;
static char buffer_name[] = "CORPUS_PUT=value";

// What libc keeps: open files with buffers, environment strings, exit handlers.
static SITE void hold_in_libc(unsigned n) {
    file = fopen("/proc/self/maps", "re");
    directory = opendir("/proc/self/fd");
    if (!file || !directory || getc(file) == EOF || !readdir(directory))
        abort();
    setvbuf(stdin, make_text(), _IOFBF, 64);
    putenv(buffer_name);
    for (unsigned i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "CORPUS_%u", i);
        setenv(name, "a value that libc copies to the heap", 1);
    }
    char *own = make_text();
    strcpy(own, "CORPUS_OWN=1");
    putenv(own);
}
static void check_libc(void) {
    // stdin's buffer, which nobody can ask for, and the string in the environment
    corpus_reachable("char[64]", 1 + (getenv("CORPUS_OWN") != NULL));
}

static void at_end(int status, void *text) {
    (void)status;
    free(text);
}

static SITE void hold_by_on_exit(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        on_exit(at_end, make_text());
}
static void check_on_exit(void) { corpus_reachable("char[64]", corpus_living("char[64]")); }

static int poll_descriptor, ends[2];

// Only the kernel knows the address: an epoll's data.
static SITE void hold_in_epoll(unsigned n) {
    (void)n;
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = make_text()};
    poll_descriptor = epoll_create1(EPOLL_CLOEXEC);
    if (pipe(ends) != 0 || epoll_ctl(poll_descriptor, EPOLL_CTL_ADD, ends[1], &event) != 0)
        abort();
}
static void check_epoll(void) { corpus_held("char[64]"); }
static void drain_epoll(void) {
    struct epoll_event event;
    if (epoll_wait(poll_descriptor, &event, 1, 0) == 1) {
        corpus_died("char[64]");
        free(event.data.ptr);
    }
}

int main(int argc, char **argv) {
    static const char kernel[] = "no memory of the process holds the pointer: every scan must call it a leak";
    static const corpus_case cases[] = {
        {"library", 0, hold_in_library, check_library, NULL, 0, NULL},
        {"library_tls", 0, hold_in_library_tls, NULL, NULL, 1, NULL},
        {"library_constructor", 0, hold_by_constructor, check_constructor, NULL, 0, NULL},
        {"dlclose", 1, lose_by_dlclose, NULL, NULL, 0, NULL},
        {"private_map", 0, hold_in_private_map, check_map, NULL, 0, NULL},
        {"shared_map", 0, hold_in_shared_map, check_map, NULL, 0, NULL},
        {"munmap", 1, lose_by_munmap, NULL, NULL, 0, NULL},
        {"libc", 0, hold_in_libc, check_libc, NULL, 0, NULL},
        {"on_exit", 0, hold_by_on_exit, check_on_exit, NULL, 0, NULL},
        {"epoll", 0, hold_in_epoll, check_epoll, kernel, 0, drain_epoll},
    };
    return corpus_main(argc, argv, "loader", cases, COUNT_OF(cases));
}
