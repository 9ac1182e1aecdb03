// SPDX-License-Identifier: Apache-2.0
// Where the programs of the leak corpus plant: on threads that end, with overwritten stacks. And the main of the C and
// C++ ones. See corpus.h.
#define _GNU_SOURCE
#include "corpus.h"
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SCRUB_BYTES = 256 << 10, THREAD_STACK = 4 << 20, LOOKS = 5, SETTLE_MS = 20000 };

static void die(const char *what) {
    fflush(stdout);
    fprintf(stderr, "corpus: %s\n", what);
    _Exit(2);
}

__attribute__((noinline)) void corpus_scrub(void) {
    char below[SCRUB_BYTES];
    memset(below, 0, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory");
#ifdef __x86_64__
    __asm__ volatile("pxor %%xmm0,%%xmm0; pxor %%xmm1,%%xmm1; pxor %%xmm2,%%xmm2; pxor %%xmm3,%%xmm3;"
                     "pxor %%xmm4,%%xmm4; pxor %%xmm5,%%xmm5; pxor %%xmm6,%%xmm6; pxor %%xmm7,%%xmm7;"
                     "pxor %%xmm8,%%xmm8; pxor %%xmm9,%%xmm9; pxor %%xmm10,%%xmm10; pxor %%xmm11,%%xmm11;"
                     "pxor %%xmm12,%%xmm12; pxor %%xmm13,%%xmm13; pxor %%xmm14,%%xmm14; pxor %%xmm15,%%xmm15" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                           "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#endif
}

static void *first_blocks[64] __attribute__((used)); // nobody reads it, but the stores stay

// LeakSanitizer's heap begins, for each size class, at an address that is the same in every process, such as
// 0x602000000000, and in Swift's constant data there are pairs of 32-bit numbers that look like it: the first block of
// a class would be found by chance. So the first blocks are these.
__attribute__((constructor)) static void take_first_blocks(void) {
    size_t bytes = 16;
    for (size_t i = 0; i < COUNT_OF(first_blocks); i++, bytes += bytes < 512 ? 16 : bytes / 4)
        first_blocks[i] = calloc(1, bytes);
}

struct errand {
    void (*body)(void *);
    void *context;
};

static void *run_errand(void *argument) {
    struct errand *errand = argument;
    errand->body(errand->context);
    corpus_scrub();
    return NULL;
}

void corpus_on_thread(void (*body)(void *), void *context) {
    struct errand errand = {body, context};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK);
    if (pthread_create(&thread, &attributes, run_errand, &errand) != 0)
        die("cannot make a thread");
    pthread_attr_destroy(&attributes);
    pthread_join(thread, NULL);
    corpus_scrub();
}

static char state_of(const char *tid) {
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%s/stat", tid);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = 0;
    const char *end = strrchr(text, ')'); // the name before it may hold anything
    return end && end[1] ? end[2] : 'X';
}

static int all_sleep(void) {
    char own[32];
    snprintf(own, sizeof own, "%ld", syscall(SYS_gettid));
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks)
        die("cannot read /proc/self/task");
    int sleep = 1;
    for (struct dirent *entry; (entry = readdir(tasks));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, own) != 0)
            sleep &= strchr("SX", state_of(entry->d_name)) != NULL;
    closedir(tasks);
    return sleep;
}

void corpus_settle(void) {
    const struct timespec look = {0, 1000000};
    int asleep = 0;
    for (int i = 0; i < SETTLE_MS && asleep < LOOKS; i++) {
        asleep = all_sleep() ? asleep + 1 : 0;
        nanosleep(&look, NULL);
    }
    if (asleep < LOOKS)
        die("threads still run after 20 s");
}

void corpus_meet(int count) {
    static int here;
    const struct timespec look = {0, 100000};
    __atomic_add_fetch(&here, 1, __ATOMIC_ACQ_REL);
    for (int i = 0; i < 10000 && __atomic_load_n(&here, __ATOMIC_ACQUIRE) % count != 0; i++)
        nanosleep(&look, NULL);
}

static sem_t signals; // all zero is a semaphore of 0

void corpus_signal(void) { sem_post(&signals); }

void corpus_wait(long count) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 60;
    for (long i = 0; i < count;) {
        if (sem_timedwait(&signals, &limit) == 0)
            i++;
        else if (errno != EINTR)
            die("no signal for 60 s");
    }
}

static const corpus_case *current;
static const char *current_name;

static void run_check(void *unused) {
    (void)unused;
    current->check();
}

static void run_plant(void *count) { current->plant((unsigned)(uintptr_t)count); }

void corpus_finish(void) {
    if (current->check)
        corpus_on_thread(run_check, NULL);
    corpus_settle();
    corpus_say(current_name, current->leaks, current->fuzzy);
    if (corpus_draining()) {
        current->drain();
        corpus_say_drained(current_name);
    }
    exit(0);
}

static int list(const char *program, const corpus_case *cases, size_t count) {
    for (size_t i = 0; i < count; i++)
        printf("%s.%s %s\n", program, cases[i].name, cases[i].leaks ? "leak" : "clean");
    return 0;
}

int corpus_main(int argc, char **argv, const char *program, const corpus_case *cases, size_t count) {
    static char name[200];
    if (argc == 2 && strcmp(argv[1], "list") == 0)
        return list(program, cases, count);
    char *end = "";
    long n = argc == 3 ? strtol(argv[2], &end, 10) : 10;
    for (size_t i = 0; argc >= 2 && argc <= 3 && !*end && n >= 1 && n <= 100000 && i < count; i++) {
        if (strcmp(cases[i].name, argv[1]) != 0)
            continue;
        snprintf(name, sizeof name, "%s.%s", program, argv[1]);
        current = &cases[i];
        current_name = name;
        if (current->on_main)
            current->plant((unsigned)n);
        else
            corpus_on_thread(run_plant, (void *)(uintptr_t)n);
        corpus_finish();
    }
    fprintf(stderr, "usage: %s list | CASE [N], N from 1 to 100000; `list` shows the cases\n", program);
    return 2;
}
