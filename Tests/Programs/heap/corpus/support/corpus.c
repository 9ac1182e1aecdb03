// SPDX-License-Identifier: Apache-2.0
// The counters and the truth line of the leak corpus; see corpus.h. Static memory and stdio alone.
#define _GNU_SOURCE
#include "corpus.h"
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TYPES = 64, MAX_GROUPS = 64, MAX_ADDRESSES = 1 << 18, NAME = 160 };

static struct {
    char name[NAME];
    long born, died, reachable, planted;
} types[MAX_TYPES];
static struct {
    int type;
    char kind[24], site[NAME];
    long count;
    size_t bytes, usable;
} groups[MAX_GROUPS];
static struct {
    char what[NAME];
    long count;
    int exact;
} implied[MAX_GROUPS];
static struct {
    uintptr_t inverted;
    int group;
} addresses[MAX_ADDRESSES];
static int type_count, group_count, implied_count, address_count, drain_needed;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void fail(const char *what, const char *name) {
    fflush(stdout);
    fprintf(stderr, "corpus: %s: %s\n", what, name);
    _Exit(2);
}

// Under `lock`.
static int type_index(const char *name) {
    for (int i = 0; i < type_count; i++)
        if (strcmp(types[i].name, name) == 0)
            return i;
    if (type_count == MAX_TYPES || strlen(name) >= NAME)
        fail("too many types, or too long a name", name);
    strcpy(types[type_count].name, name);
    return type_count++;
}

static void add(const char *type, long born, long died, long reachable) {
    pthread_mutex_lock(&lock);
    int i = type_index(type);
    types[i].born += born;
    types[i].died += died;
    types[i].reachable += reachable;
    pthread_mutex_unlock(&lock);
}

void corpus_born(const char *type) { add(type, 1, 0, 0); }
void corpus_died(const char *type) { add(type, 0, 1, 0); }
void corpus_reachable(const char *type, long count) { add(type, 0, 0, count); }

long corpus_living(const char *type) {
    pthread_mutex_lock(&lock);
    int i = type_index(type);
    long living = types[i].born - types[i].died;
    pthread_mutex_unlock(&lock);
    return living;
}

void corpus_held(const char *type) {
    drain_needed = 1;
    add(type, 0, 0, corpus_living(type));
}

static int group_index(int type, const char *kind, const char *site) {
    for (int i = 0; i < group_count; i++)
        if (groups[i].type == type && strcmp(groups[i].kind, kind) == 0 && strcmp(groups[i].site, site) == 0)
            return i;
    if (group_count == MAX_GROUPS || strlen(site) >= NAME)
        fail("too many groups, or too long a site", site);
    groups[group_count].type = type;
    strcpy(groups[group_count].kind, kind);
    strcpy(groups[group_count].site, site);
    return group_count++;
}

void corpus_planted(const char *type, const void *start, size_t bytes, const char *kind, const char *site) {
    pthread_mutex_lock(&lock);
    int i = type_index(type), group = group_index(i, kind, site);
    types[i].planted++;
    groups[group].count++;
    groups[group].bytes += bytes;
    groups[group].usable += malloc_usable_size((void *)start);
    if (address_count == MAX_ADDRESSES)
        fail("too many planted objects: a smaller repeat count", type);
    addresses[address_count].inverted = ~(uintptr_t)start;
    addresses[address_count++].group = group;
    pthread_mutex_unlock(&lock);
}

void corpus_planted_block(const char *type, const void *start, size_t bytes, const char *kind, const char *site) {
    corpus_born(type);
    corpus_planted(type, start, bytes, kind, site);
}

static void imply(const char *what, long count, int exact) {
    pthread_mutex_lock(&lock);
    int i = 0;
    while (i < implied_count && strcmp(implied[i].what, what) != 0)
        i++;
    if (i == MAX_GROUPS || strlen(what) >= NAME)
        fail("too many implied groups", what);
    strcpy(implied[i].what, what);
    implied[i].count += count;
    implied[i].exact = exact;
    implied_count = i == implied_count ? i + 1 : implied_count;
    pthread_mutex_unlock(&lock);
}

void corpus_implied(const char *what, long count) { imply(what, count, 1); }
void corpus_implied_at_least(const char *what, long count) { imply(what, count, 0); }

static void print_string(const char *text) {
    putchar('"');
    for (; *text; text++)
        printf((unsigned char)*text < 32 ? "\\u%04x" : *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    putchar('"');
}

static void print_pair(const char *before, const char *key, const char *text) {
    printf("%s\"%s\":", before, key);
    print_string(text);
}

static void print_groups(void) {
    for (int i = 0; i < group_count; i++) {
        print_pair(i ? ",{" : "{", "type", types[groups[i].type].name);
        printf(",\"count\":%ld,\"bytes\":%zu,\"usable\":%zu", groups[i].count, groups[i].bytes, groups[i].usable);
        print_pair(",", "kind", groups[i].kind);
        print_pair(",", "site", groups[i].site);
        putchar('}');
    }
}

static void print_types(void) {
    for (int i = 0; i < type_count; i++) {
        print_pair(i ? ",{" : "{", "type", types[i].name);
        printf(",\"born\":%ld,\"died\":%ld,\"reachable\":%ld}", types[i].born, types[i].died, types[i].reachable);
    }
}

static void write_addresses(void) {
    const char *path = getenv("CORPUS_ADDRESSES");
    FILE *file = path ? fopen(path, "we") : NULL;
    if (path && !file)
        fail("cannot write CORPUS_ADDRESSES", path);
    for (int i = 0; file && i < address_count; i++)
        fprintf(file, "%016lx %d\n", addresses[i].inverted, addresses[i].group);
    if (file && fclose(file) != 0)
        fail("cannot write CORPUS_ADDRESSES", path);
}

// born - died - reachable == planted, for each type; a leak case plants something, a clean one nothing.
static void check_counts(const char *name, int leaks) {
    for (int i = 0; i < type_count; i++) {
        long lost = types[i].born - types[i].died - types[i].reachable;
        if (lost == types[i].planted)
            continue;
        fprintf(stderr, "corpus: %s: %s: born %ld, died %ld, reachable %ld, planted %ld\n", name, types[i].name,
                types[i].born, types[i].died, types[i].reachable, types[i].planted);
        fail("the counts contradict each other", name);
    }
    if (leaks != (address_count > 0))
        fail(leaks ? "a leak case that planted nothing" : "a clean case that planted something", name);
}

void corpus_say(const char *name, int leaks, const char *fuzzy) {
    write_addresses();
    check_counts(name, leaks);
    print_pair("{", "case", name);
    printf(",\"leaks\":%s,\"planted\":[", leaks ? "true" : "false");
    print_groups();
    printf("],\"implied\":[");
    for (int i = 0; i < implied_count; i++) {
        print_pair(i ? ",{" : "{", "what", implied[i].what);
        printf(",\"count\":%ld,\"exact\":%s}", implied[i].count, implied[i].exact ? "true" : "false");
    }
    printf("],\"types\":[");
    print_types();
    printf("],\"proof\":\"%s\"", drain_needed ? "drain" : "counts");
    if (fuzzy)
        print_pair(",", "fuzzy", fuzzy);
    printf("}\n");
    fflush(stdout);
}

int corpus_draining(void) {
    const char *value = getenv("CORPUS_DRAIN");
    return drain_needed && value && strcmp(value, "1") == 0;
}

void corpus_say_drained(const char *name) {
    for (int i = 0; i < type_count; i++)
        if (types[i].born != types[i].died)
            fail("alive after its holder let go", types[i].name);
    print_pair("{", "case", name);
    printf(",\"drained\":true}\n");
    fflush(stdout);
}
