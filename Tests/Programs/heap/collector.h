// SPDX-License-Identifier: Apache-2.0
// See collector.c.
#pragma once
#include "CPotterWire.h"
#include "pp_access.h"
#include <sys/types.h>

#define MOST_IMAGES 64
#define MOST_TABLES 256

typedef struct image {
    pp_session *session;
    pid_t pid;
} image;
extern image images[MOST_IMAGES];
extern int image_count;

typedef struct table {
    uint64_t offset;
    char path[1024];
} table;

typedef struct options {
    uint32_t mode, flags;
    uint64_t interval;
    int tables_fd;
    uint64_t tables_size;
    table tables[MOST_TABLES];
    int table_count;
    const char *preload;
    char **command;
} options;

void die(const char *what);

// collector_print.c
void read_symbols(const char *name);
void print_image(image *of, int number);

// collector_frozen.c
/// Reads the block index of a stopped process and compares it with its counters.
void print_frozen(image *of, pid_t pid);

/// Counters of a process by key, all tables added up. Returns how many; *sites is to be freed.
uint32_t add_up(pp_session *session, uint32_t process, pp_heap_sampled_site **sites);
