// SPDX-License-Identifier: Apache-2.0
// Leaks in C: single blocks of every allocation function, and how programs lose them.
#define _GNU_SOURCE
#include "../support/corpus.h"
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

// Contents that are no addresses.
static void *filled(void *block, size_t bytes) { return memset(block, 0x5a, bytes); }

static SITE void plant_malloc(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        size_t bytes = 1 + i % 5 * 37;
        PLANT("char[]", filled(malloc(bytes), bytes), bytes, C_BLOCK);
    }
}

static SITE void plant_calloc(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        PLANT("long[5]", calloc(5, sizeof(long)), 5 * sizeof(long), C_BLOCK);
}

static SITE void plant_zero_bytes(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        PLANT("char[0]", malloc(0), 0, C_BLOCK);
}

// The block moves when it grows; the last place is lost.
static SITE void plant_realloc(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char *block = filled(malloc(24), 24);
        void *fence = malloc(24);
        block = realloc(block, 5000);
        block = realloc(block, 9000 + i);
        PLANT("char[9000]", filled(block, 9000 + i), 9000 + i, C_BLOCK);
        free(fence);
    }
}

// `p = realloc(p, size)` when realloc fails: the old block is lost.
static SITE void plant_failed_realloc(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char *block = filled(malloc(40), 40);
        PLANT("char[40]", block, 40, C_BLOCK);
        volatile size_t huge = PTRDIFF_MAX; // valid for the type, too much for any machine
        block = realloc(block, huge);
        if (block)
            abort();
    }
}

static SITE void plant_reallocarray(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        PLANT("int[30]", filled(reallocarray(NULL, 30, sizeof(int)), 120), 120, C_BLOCK);
}

static SITE void plant_aligned(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        void *block = NULL;
        if (posix_memalign(&block, 128, 200) != 0)
            abort();
        PLANT("char[200]", filled(block, 200), 200, C_BLOCK);
        PLANT("char[256]", filled(aligned_alloc(64, 256), 256), 256, C_BLOCK);
        PLANT("char[100]", filled(memalign(4096, 100), 100), 100, C_BLOCK);
    }
}

static SITE void plant_valloc(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        PLANT("char[3000]", filled(valloc(3000), 3000), 3000, C_BLOCK);
}

static SITE void plant_pvalloc(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        PLANT("char[4096]", filled(pvalloc(4096), 4096), 4096, C_BLOCK);
}

// Above the threshold at which malloc maps pages of their own.
static SITE void plant_huge(unsigned n) {
    for (unsigned i = 0; i < n % 50 + 1; i++)
        PLANT("char[1 MiB]", filled(malloc(1 << 20), 1 << 20), 1 << 20, C_BLOCK);
}

static SITE void plant_strings(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char *copy = strdup("a copy that nobody frees");
        PLANT("char[]", copy, strlen(copy) + 1, C_BLOCK);
        char *part = strndup("only a part of this", 11);
        PLANT("char[]", part, 12, C_BLOCK);
        wchar_t *wide = wcsdup(L"wide");
        PLANT("wchar_t[]", wide, 5 * sizeof(wchar_t), C_BLOCK);
    }
}

static SITE void plant_printed(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char *text = NULL;
        if (asprintf(&text, "line %u of a text that is printed into memory", i) < 0)
            abort();
        PLANT("char[]", text, strlen(text) + 1, C_BLOCK);
    }
}

// getline's buffer belongs to the caller.
static SITE void plant_getline(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char text[] = "a line\n", *line = NULL;
        size_t capacity = 0;
        FILE *file = fmemopen(text, sizeof text - 1, "r");
        if (!file || getline(&line, &capacity, file) != 7)
            abort();
        fclose(file);
        PLANT("char[]", line, capacity, C_BLOCK);
    }
}

static SITE void plant_memstream(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *file = open_memstream(&text, &length);
        fprintf(file, "%0*u", 700, i);
        fclose(file);
        PLANT("char[701]", text, 701, C_BLOCK);
    }
}

// The error path forgets what the other path frees.
static SITE int parse(const char *text) {
    char *copy = malloc(56);
    snprintf(copy, 56, "%s", text);
    if (copy[0] == '-') {
        PLANT("char[56]", copy, 56, C_BLOCK);
        return EINVAL;
    }
    free(copy);
    return 0;
}

static SITE void plant_error_path(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        char text[40];
        snprintf(text, sizeof text, "%s%u", i % 2 ? "" : "-", i);
        if (parse(text) != (i % 2 ? 0 : EINVAL))
            abort();
    }
}

static char *latest;

// A global that is overwritten: all but the last block are lost.
static SITE void plant_overwritten(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        latest = filled(malloc(72), 72);
        PLANT("char[72]", latest, 72, C_BLOCK);
    }
    latest = malloc(72);
    corpus_born("char[72]");
}

static void check_overwritten(void) { corpus_reachable("char[72]", latest != NULL); }

static void *lose_in_arena(void *count) {
    for (uintptr_t i = 0; i < (uintptr_t)count; i++)
        PLANT("char[88]", filled(malloc(88), 88), 88, C_BLOCK);
    return NULL;
}

// A thread with an arena of its own loses blocks, and ends.
static SITE void plant_thread(unsigned n) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, lose_in_arena, (void *)(uintptr_t)n) != 0)
        abort();
    pthread_join(thread, NULL);
}

// The result of a joined thread is a block that nobody frees.
static void *make_result(void *unused) {
    (void)unused;
    void *result = filled(malloc(136), 136);
    PLANT("char[136]", result, 136, C_BLOCK);
    return result;
}

static SITE void plant_thread_result(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        pthread_t thread;
        void *result = NULL;
        if (pthread_create(&thread, NULL, make_result, NULL) != 0)
            abort();
        pthread_join(thread, &result);
    }
}

int main(int argc, char **argv) {
    static const corpus_case cases[] = {
        {"malloc", 1, plant_malloc, NULL, NULL, 0, NULL},
        {"calloc", 1, plant_calloc, NULL, NULL, 0, NULL},
        {"zero_bytes", 1, plant_zero_bytes, NULL, NULL, 0, NULL},
        {"realloc", 1, plant_realloc, NULL, NULL, 0, NULL},
        {"failed_realloc", 1, plant_failed_realloc, NULL, NULL, 0, NULL},
        {"reallocarray", 1, plant_reallocarray, NULL, NULL, 0, NULL},
        {"aligned", 1, plant_aligned, NULL, NULL, 0, NULL},
        {"valloc", 1, plant_valloc, NULL, NULL, 0, NULL},
        {"pvalloc", 1, plant_pvalloc, NULL, NULL, 0, NULL},
        {"huge", 1, plant_huge, NULL, NULL, 0, NULL},
        {"strings", 1, plant_strings, NULL, NULL, 0, NULL},
        {"printed", 1, plant_printed, NULL, NULL, 0, NULL},
        {"getline", 1, plant_getline, NULL, NULL, 0, NULL},
        {"memstream", 1, plant_memstream, NULL, NULL, 0, NULL},
        {"error_path", 1, plant_error_path, NULL, NULL, 0, NULL},
        {"overwritten", 1, plant_overwritten, check_overwritten, NULL, 0, NULL},
        {"thread", 1, plant_thread, NULL, NULL, 0, NULL},
        {"thread_result", 1, plant_thread_result, NULL, NULL, 0, NULL},
    };
    return corpus_main(argc, argv, "blocks", cases, COUNT_OF(cases));
}
