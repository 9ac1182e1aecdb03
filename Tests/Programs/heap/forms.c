// SPDX-License-Identifier: Apache-2.0
// Blocks of C in every place where a pointer may be, and lost ones. Truth as in planting.swift.
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>

static void say(const char *what, const void *block) { printf("%s %lx\n", what, ~(unsigned long)block); }
#define KEPT(block) say("kept memory", block)
#define LEAKED(block) say("planted leaked-root memory", block)

struct node {
    struct node *next, *previous;
    long value[4];
};
struct __attribute__((packed)) odd {
    char tag;
    void *pointer;
};

// Volatile: the compiler leaves out what is written and never read, and then it is no reference.
static void *volatile global, *volatile inner, **volatile table, *mapped_stack;
static struct node *volatile list;
static __thread void *volatile local;
static __thread void *volatile large_local[400];
static pthread_key_t key;
static volatile struct odd packed;
static volatile uint64_t tagged, shifted;
static sem_t ready, done;
static void **volatile mapped;

static void *thread(void *given) {
    void *volatile on_stack = malloc(70);
    KEPT(on_stack);
    KEPT(given);
    local = malloc(71);
    KEPT(local);
    large_local[399] = malloc(72);
    KEPT(large_local[399]);
    void *specific = malloc(73);
    KEPT(specific);
    pthread_setspecific(key, specific);
    sem_post(&ready);
    sem_wait(&done);
    free(on_stack);
    return given;
}

static void *lose(void *none) { // on a thread that ends: its stack is kept by the C library, and is no root
    void *volatile copies[64];
    void *lost = malloc(100);
    LEAKED(lost);
    struct node *head = calloc(1, sizeof *head);
    LEAKED(head);
    head->next = calloc(1, sizeof *head);
    say("planted owned memory", head->next);
    void *aligned;
    if (posix_memalign(&aligned, 256, 300)) abort();
    LEAKED(aligned);
    char *past = malloc(40);
    LEAKED(past);
    inner = past + malloc_usable_size(past); // one past the end: no reference to it
    void *large = malloc(300000);
    LEAKED(large);
    struct node *first = calloc(1, sizeof *first), *second = calloc(1, sizeof *second);
    first->next = second, second->next = first;
    say("planted leaked-cycle memory", first);
    say("planted leaked-cycle memory", second);
    for (int i = 0; i < 64; i++) copies[i] = i % 2 ? lost : head;
    return copies[3] == NULL ? lost : NULL;
}

static void *give(void *none) { // to the kernel alone
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = malloc(53)};
    KEPT(event.data.ptr);
    if (epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, eventfd(0, 0), &event)) abort();
    timer_t timer;
    struct sigevent at_end = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = malloc(54)};
    KEPT(at_end.sigev_value.sival_ptr);
    if (timer_create(CLOCK_MONOTONIC, &at_end, &timer)) abort();
    return NULL;
}

static void *hide(void *none) { // unreachable by the rules, but not lost: what is said of them must not be "proven"
    packed.pointer = malloc(50);
    say("suspected memory", packed.pointer);
    tagged = (uint64_t)malloc(51) | 0x5aULL << 48;
    say("suspected memory", (void *)(tagged & 0xffffffffffff));
    shifted = (uint64_t)malloc(52) << 16 | 0x11;
    say("suspected memory", (void *)(shifted >> 16));
    return NULL;
}

static void keep(void) {
    global = malloc(10);
    KEPT(global);
    char *start = malloc(100);
    KEPT(start);
    table = malloc(10 * sizeof *table);
    KEPT(table);
    table[0] = start + 50;
    table[9] = realloc(malloc(30), 5000);
    KEPT(table[9]);
    for (int i = 0; i < 5; i++) {
        struct node *node = calloc(1, sizeof *node);
        node->next = list;
        list = node;
        KEPT(node);
    }
    mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mapped[100] = malloc(60);
    KEPT(mapped[100]);
    // Memory that is reserved and not touched: a scan that reads it takes minutes.
    void **reserved = mmap(NULL, 64UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) abort();
    reserved[3L << 30] = malloc(62);
    KEPT(reserved[3L << 30]);
    table[1] = malloc(400000); // mapped by the allocator
    KEPT(table[1]);
    ((void **)table[1])[40000] = malloc(61);
    KEPT(((void **)table[1])[40000]);
}

int main(void) {
    pthread_t threads[4], other;
    pthread_attr_t attributes;
    sem_init(&ready, 0, 0);
    sem_init(&done, 0, 0);
    pthread_key_create(&key, NULL);
    keep();
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, thread, malloc(80));
    pthread_attr_init(&attributes);
    if (posix_memalign(&mapped_stack, 4096, 256 << 10)) abort();
    KEPT(mapped_stack);
    pthread_attr_setstack(&attributes, mapped_stack, 256 << 10);
    pthread_create(&threads[3], &attributes, thread, malloc(81)); // a stack inside a block
    for (int i = 0; i < 4; i++) sem_wait(&ready);
    for (int i = 0; i < 20; i++) {
        pthread_create(&other, NULL, i == 7 ? hide : i == 8 ? give : lose, NULL);
        pthread_join(other, NULL);
    }
    void *volatile on_main = malloc(90);
    KEPT(on_main);
    exit(on_main == NULL); // while this frame is there
}
