// SPDX-License-Identifier: Apache-2.0
// The block index against a model of it: threads insert, replace and remove blocks at random, in regions that they
// share, and know what each answer has to be. Then the index is read as a reader of a frozen process would, and must
// hold exactly the blocks of the model. With `fork`, children are forked while threads are at it, and theirs must still
// work.
//
//   index_model random SEED THREADS OPERATIONS     prints "operations N errors 0 blocks N"
//   index_model fork SEED THREADS CHILDREN         prints "children N errors 0"
//   index_model bytes BLOCKS SIZE SPREAD           prints "blocks N bytes-per-block X": every SPREADth place of SIZE
#include "heap_index.h"
#include "recorder.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

pp_recorder pp_recorder_state; // no session: locks wait by sched_yield
bool pp_calls_begin(void) { return true; }
void pp_calls_end(void) {}

#define PLACES 200000u // of a thread
#define MOST_THREADS 8u

typedef struct place {
    uint64_t address, place, what; // what 0: not in the index
} place;
static place places[MOST_THREADS][PLACES];
static uint32_t thread_count;
static uint64_t operations;
static _Atomic uint64_t errors;
static _Atomic int stop;

static uint64_t next(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15ull;
    uint64_t x = *state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static void fail(const char *what, uint64_t address) {
    if (atomic_fetch_add(&errors, 1) < 10)
        fprintf(stderr, "%s: %#lx\n", what, address);
}

// Places of all threads alternate: dense ones of 8 and 16 bytes, blocks of 32 to 4096, and lonely ones.
static void lay_out(void) {
    for (uint32_t thread = 0; thread < thread_count; thread++)
        for (uint32_t i = 0; i < PLACES; i++) {
            uint64_t n = (uint64_t)i * thread_count + thread, m = (uint64_t)(i / 8) * thread_count + thread, address;
            switch (i % 8) {
            case 0:
                address = 0x7f1234560000ull + m * 8;
                break;
            case 1:
                address = 0x555500000000ull + n * 2;
                break;
            case 2:
                address = 0x7ffff0000000ull - n * 512;
                break; // crosses into other chunks
            default:
                address = 0x100000000ull + n * 48;
                break;
            }
            if (i % 997 == 0)
                address = 0x200000000000ull + n * 0x1234500;
            places[thread][i].address = address;
        }
}

static void one(place *at, uint64_t *random) {
    pp_heap_block block;
    uint64_t r = next(random), place = r << 16, what = (r >> 3 & 0xffffffff) | (r | 1) << 40;
    if (at->what == 0 && r % 16 == 0) {
        if (pp_index_remove(at->address, &block))
            fail("removed what is not there", at->address);
    } else if (at->what == 0 || r % 16 == 1) {
        pp_index_result result = pp_index_insert(at->address, place, what, &block);
        if (result != (at->what == 0 ? PP_INDEX_NEW : PP_INDEX_REPLACED))
            fail("insert", at->address);
        if (result == PP_INDEX_REPLACED && (block.what != at->what || block.place >> 16 != at->place >> 16))
            fail("replaced another one", at->address);
        at->place = place;
        at->what = what;
    } else {
        if (pp_index_is_empty_near(at->address))
            fail("said to be empty", at->address);
        if (!pp_index_remove(at->address, &block))
            fail("not found", at->address);
        else if (block.what != at->what || block.place >> 16 != at->place >> 16 ||
                 (block.place & 0xffff) != (at->address & 0xffff))
            fail("found another one", at->address);
        at->what = 0;
    }
}

// Works on a window of places that moves, so that regions fill and empty.
static void *work(void *argument) {
    uint64_t random = (uint64_t)(uintptr_t)argument;
    place *mine = places[random % MOST_THREADS];
    for (uint64_t i = 0; i < operations && !stop; i++) {
        uint64_t window = i / 50000 % 8 * (PLACES / 16);
        one(&mine[(window + next(&random) % (PLACES / 2)) % PLACES], &random);
    }
    return NULL;
}

static uint64_t read_index(uint64_t *sum) {
    pp_heap_root root = {0};
    pp_index_describe(&root);
    const uint64_t *chunks = (const uint64_t *)root.chunks;
    const uint32_t *capacities = (const uint32_t *)root.capacities;
    uint64_t count = 0;
    for (uint64_t c = 0; c < PP_HEAP_CHUNKS; c++)
        for (uint64_t r = 0; chunks[c] != 0 && r < PP_HEAP_REGIONS; r++) {
            const pp_heap_region *region = (const pp_heap_region *)chunks[c] + r;
            const pp_heap_block *table = (const pp_heap_block *)(region->table & PP_HEAP_TABLE_ADDRESS);
            uint32_t found = 0;
            for (uint32_t i = 0; table != NULL && i < capacities[region->table >> PP_HEAP_TABLE_CLASS_SHIFT]; i++) {
                if (table[i].what == 0)
                    continue;
                uint64_t start = c << PP_HEAP_CHUNK_SHIFT | r << PP_HEAP_REGION_SHIFT;
                *sum += (pp_heap_block_address(&table[i], start) ^ table[i].what) * 0x9e3779b97f4a7c15ull;
                found++;
            }
            if (found != region->count)
                fail("count of a region", c << PP_HEAP_CHUNK_SHIFT | r << PP_HEAP_REGION_SHIFT);
            count += found;
        }
    return count;
}

static void start(pthread_t *threads, uint64_t seed) {
    for (uint64_t i = 0; i < thread_count; i++)
        pthread_create(&threads[i], NULL, work, (void *)(seed * 1000 * MOST_THREADS + i));
}
static void finish(const pthread_t *threads) {
    for (uint32_t i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
}

static void run_random(uint64_t seed) {
    pthread_t threads[MOST_THREADS];
    uint64_t expected = 0, count = 0, sum = 0;
    start(threads, seed);
    finish(threads);
    for (uint32_t t = 0; t < thread_count; t++)
        for (uint32_t i = 0; i < PLACES; i++)
            if (places[t][i].what != 0) {
                expected += (places[t][i].address ^ places[t][i].what) * 0x9e3779b97f4a7c15ull;
                count++;
            }
    uint64_t found = read_index(&sum);
    if (found != count || sum != expected)
        fail("contents", found);
    printf("operations %lu errors %lu blocks %lu\n", operations * thread_count, (uint64_t)errors, found);
}

// In a child no thread of the parent runs on: locks that they hold are to be taken over. All places of a thread that
// did not come here may be in either state, but each in a sound one.
static int child(int number) {
    pp_heap_lock_value = (uint8_t)(1 + (number + 1) % 255);
    pp_heap_block block;
    for (uint32_t t = 0; t < thread_count; t++)
        for (uint32_t i = 0; i < PLACES; i += 3) {
            pp_index_remove(places[t][i].address, &block);
            if (pp_index_remove(places[t][i].address, &block))
                fail("there after its removal", places[t][i].address);
            if (pp_index_insert(places[t][i].address, 0, 7, &block) != PP_INDEX_NEW)
                fail("insert in a child", places[t][i].address);
            if (!pp_index_remove(places[t][i].address, &block) || block.what != 7)
                fail("remove in a child", places[t][i].address);
        }
    return errors != 0;
}

static void run_fork(uint64_t seed, int children) {
    pthread_t threads[MOST_THREADS];
    start(threads, seed);
    for (int i = 0; i < children; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(child(i));
        int status = -1;
        waitpid(pid, &status, 0);
        errors += status != 0;
    }
    stop = 1;
    finish(threads);
    printf("children %d errors %lu\n", children, (uint64_t)errors);
}

static uint64_t resident(void) {
    unsigned long pages = 0, size;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu %lu", &size, &pages) != 2)
        exit(2);
    fclose(file);
    return pages * 4096;
}

static void run_bytes(uint64_t blocks, uint64_t size, uint64_t spread) {
    pp_heap_block block;
    uint64_t before = resident();
    for (uint64_t i = 0; i < blocks; i++)
        pp_index_insert(0x100000000000ull + (i % spread * (blocks / spread) + i / spread) * size, 0, 1, &block);
    printf("blocks %lu bytes-per-block %.2f\n", blocks, (double)(resident() - before) / (double)blocks);
}

int main(int argc, char **argv) {
    if (argc < 5)
        return 2;
    uint64_t a = strtoull(argv[2], NULL, 10), b = strtoull(argv[3], NULL, 10), c = strtoull(argv[4], NULL, 10);
    if (strcmp(argv[1], "bytes") == 0) {
        run_bytes(a, b, c);
        return 0;
    }
    thread_count = (uint32_t)(b < MOST_THREADS ? b : MOST_THREADS);
    lay_out();
    operations = strcmp(argv[1], "fork") == 0 ? ~0ull : c;
    if (strcmp(argv[1], "fork") == 0)
        run_fork(a, (int)c);
    else
        run_random(a);
    return errors != 0;
}
