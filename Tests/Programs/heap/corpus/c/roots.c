// SPDX-License-Identifier: Apache-2.0
// No leaks in C: a block for each kind of place that can hold its only pointer.
#define _GNU_SOURCE
#include "../support/corpus.h"
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
    struct item *next;
    long number;
    char text[24];
};

static SITE struct item *make_item(void) {
    struct item *item = calloc(1, sizeof *item);
    corpus_born("struct item");
    return item;
}

static void count_list(const struct item *item) {
    for (; item; item = item->next)
        corpus_reachable("struct item", 1);
}

static struct item *in_bss, *in_data = (struct item *)&in_data, *tables[64];
static char *inside, *last_byte;
static void *tree;
static struct hsearch_data hash;

static SITE struct item *make_list(unsigned n) {
    struct item *first = NULL;
    for (unsigned i = 0; i < n; i++) {
        struct item *item = make_item();
        item->next = first;
        first = item;
    }
    return first;
}

static SITE void hold_in_bss(unsigned n) { in_bss = make_list(n); }
static void check_bss(void) { count_list(in_bss); }

static SITE void hold_in_data(unsigned n) { in_data = make_list(n); }
static void check_data(void) { count_list(in_data); }

static struct item **local_table(void) {
    static struct item *table[64];
    return table;
}

static SITE void hold_in_local_static(unsigned n) {
    for (unsigned i = 0; i < 64; i++)
        local_table()[i] = make_list(n % 7 + 1);
}
static void check_local_static(void) {
    for (unsigned i = 0; i < 64; i++)
        count_list(local_table()[i]);
}

// Pointers to the middle and to the last byte are enough.
static SITE void hold_inside(unsigned n) {
    in_bss = make_list(n);
    inside = (char *)&make_item()->text;
    last_byte = (char *)(make_item() + 1) - 1;
}
static void check_inside(void) {
    count_list(in_bss);
    corpus_reachable("struct item", (inside != NULL) + (last_byte != NULL));
}

// The pointer is in a field that is not at a multiple of 16, deep in heap blocks.
static SITE void hold_in_heap(unsigned n) {
    for (unsigned i = 0; i < 64; i++) {
        tables[i] = make_item();
        tables[i]->next = make_list(n);
    }
}
static void check_heap(void) {
    for (unsigned i = 0; i < 64; i++)
        count_list(tables[i]);
}

// A live cycle.
static SITE void hold_ring(unsigned n) {
    struct item *last = in_bss = make_item();
    for (unsigned i = 0; i < n; i++)
        last = last->next = make_item();
    last->next = in_bss;
}
static void check_ring(void) {
    const struct item *item = in_bss;
    do
        corpus_reachable("struct item", 1);
    while ((item = item->next) != in_bss);
}

// Grown by realloc; the pointer is in the part beyond the size that was asked first.
static struct item **grown;
static unsigned grown_count;
static SITE void hold_in_realloc(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        grown = realloc(grown, (i + 1) * sizeof *grown);
        grown[i] = make_item();
    }
    grown_count = n;
}
static void check_realloc(void) {
    for (unsigned i = 0; i < grown_count; i++)
        count_list(grown[i]);
}

// In the slack: asked for 20 bytes, malloc gave 24, malloc_usable_size says so, and the program uses it. Allocators of
// tools have no slack: there it asks for more.
static char *slack;
static SITE void hold_in_slack(unsigned n) {
    (void)n;
    slack = malloc(20);
    if (malloc_usable_size(slack) < 24)
        slack = realloc(slack, 24);
    struct item *item = make_item();
    char *end = slack;
    __asm__ volatile("" : "+r"(end)); // the compiler knows of 20 bytes only
    memcpy(end + 16, &item, sizeof item);
}
static void check_slack(void) {
    struct item *item = NULL;
    char *end = slack;
    __asm__ volatile("" : "+r"(end));
    memcpy(&item, end + 16, sizeof item);
    count_list(item);
}

static int compare(const void *a, const void *b) {
    long left = ((const struct item *)a)->number, right = ((const struct item *)b)->number;
    return (left > right) - (left < right);
}
static SITE void hold_in_tree(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct item *item = make_item();
        item->number = i * 7919u % 1000003u;
        tsearch(item, &tree, compare);
    }
}
static void count_visit(const void *node, VISIT visit, int depth) {
    (void)node, (void)depth;
    if (visit == postorder || visit == leaf)
        corpus_reachable("struct item", 1);
}
static void check_tree(void) { twalk(tree, count_visit); }

static char keys[256][8];
static SITE void hold_in_hash(unsigned n) {
    hcreate_r(512, &hash);
    for (unsigned i = 0; i < n % 256; i++) {
        snprintf(keys[i], sizeof keys[i], "k%u", i);
        ENTRY *found, entry = {keys[i], make_item()};
        hsearch_r(entry, ENTER, &found, &hash);
    }
}
static void check_hash(void) {
    for (unsigned i = 0; i < 256 && keys[i][0]; i++) {
        ENTRY *found, entry = {keys[i], NULL};
        if (hsearch_r(entry, FIND, &found, &hash))
            count_list(found->data);
    }
}

// Everything is freed, in another order and by another thread.
static void *free_list(void *list) {
    for (struct item *item = list, *next; item; item = next) {
        next = item->next;
        corpus_died("struct item");
        free(item);
    }
    return NULL;
}
static SITE void free_elsewhere(unsigned n) {
    pthread_t thread;
    for (unsigned i = 0; i < 10; i++) {
        if (pthread_create(&thread, NULL, free_list, make_list(n)) != 0)
            abort();
        pthread_join(thread, NULL);
    }
}

int main(int argc, char **argv) {
    static const corpus_case cases[] = {
        {"bss", 0, hold_in_bss, check_bss, NULL, 0, NULL},
        {"data", 0, hold_in_data, check_data, NULL, 0, NULL},
        {"local_static", 0, hold_in_local_static, check_local_static, NULL, 0, NULL},
        {"inside", 0, hold_inside, check_inside, NULL, 0, NULL},
        {"heap", 0, hold_in_heap, check_heap, NULL, 0, NULL},
        {"ring", 0, hold_ring, check_ring, NULL, 0, NULL},
        {"realloc", 0, hold_in_realloc, check_realloc, NULL, 0, NULL},
        {"slack", 0, hold_in_slack, check_slack, NULL, 0, NULL},
        {"tree", 0, hold_in_tree, check_tree, NULL, 0, NULL},
        {"hash", 0, hold_in_hash, check_hash, NULL, 0, NULL},
        {"free_elsewhere", 0, free_elsewhere, NULL, NULL, 0, NULL},
    };
    return corpus_main(argc, argv, "roots", cases, COUNT_OF(cases));
}
