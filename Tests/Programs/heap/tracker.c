// SPDX-License-Identifier: Apache-2.0
// A preload library for tests: an exact table of live blocks, and a stop before exit handlers run. When main returns or
// exit() is called it parks all other threads with SIGPROF (Swift's workers block every other signal), writes what the
// process looks like to the file that HEAP_TRACKER names, says HEAP-STOP on standard output, and waits for a byte on
// standard input. The table lies in memory of its own, which the file names, so that it is no root.
//
// The file: lines of hexadecimal numbers.
//   table ADDRESS ENTRIES            entries of 24 bytes: address, usable size, site (32 bits), birth (32 bits)
//   own START END                    memory of the tracker
//   thread ID SP TP REGISTER...      one for each thread
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t), *__libc_valloc(size_t), *__libc_pvalloc(size_t);
extern void __libc_free(void *);

struct entry {
    uintptr_t address;
    size_t size;
    uint32_t site, birth;
};

enum { MOST_THREADS = 512, REGISTERS = 18 };

static struct entry *table;
static size_t capacity;
static atomic_flag table_lock = ATOMIC_FLAG_INIT;
static uint32_t clock_now;

struct parked {
    long id;
    uintptr_t sp, tp, registers[REGISTERS];
    atomic_int is_parked;
};
static struct parked parked[MOST_THREADS];
static atomic_int released, stopped;

static void fail(const char *what) {
    dprintf(2, "tracker: %s\n", what);
    _exit(99);
}

static void lock(void) {
    while (atomic_flag_test_and_set_explicit(&table_lock, memory_order_acquire))
        ;
}
static void unlock(void) { atomic_flag_clear_explicit(&table_lock, memory_order_release); }

static void make_table(void) {
    const char *bits = getenv("HEAP_TRACKER_BITS");
    capacity = (size_t)1 << (bits ? atoi(bits) : 22);
    table = mmap(NULL, capacity * sizeof *table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (table == MAP_FAILED) fail("no memory for the table");
}

static size_t slot_of(uintptr_t address) { return (address >> 4) * 0x9e3779b97f4a7c15u >> 20 & (capacity - 1); }

static void *add(void *block, void *site) {
    if (!block) return block;
    lock();
    if (!table) make_table();
    size_t slot = slot_of((uintptr_t)block);
    size_t probes = 0;
    while (table[slot].address && probes++ < capacity) slot = (slot + 1) & (capacity - 1);
    if (table[slot].address) fail("the table is full");
    table[slot] = (struct entry){(uintptr_t)block, 0, (uint32_t)(uintptr_t)site, clock_now++};
    unlock();
    return block;
}

static void remove_block(void *block) {
    if (!block) return;
    lock();
    if (!table) make_table();
    size_t hole = slot_of((uintptr_t)block);
    while (table[hole].address && table[hole].address != (uintptr_t)block) hole = (hole + 1) & (capacity - 1);
    if (table[hole].address) { // close the gap: what follows may only be found through it
        size_t next = hole;
        for (;;) {
            next = (next + 1) & (capacity - 1);
            if (!table[next].address) break;
            size_t home = slot_of(table[next].address);
            if (((next - home) & (capacity - 1)) < ((next - hole) & (capacity - 1))) continue;
            table[hole] = table[next];
            hole = next;
        }
        table[hole] = (struct entry){0};
    }
    unlock();
}

#define SITE __builtin_return_address(0)

void *malloc(size_t size) { return add(__libc_malloc(size), SITE); }
void *calloc(size_t count, size_t size) { return add(__libc_calloc(count, size), SITE); }
void free(void *block) {
    int error = errno;
    remove_block(block);
    __libc_free(block);
    errno = error;
}
void *realloc(void *block, size_t size) {
    remove_block(block);
    void *moved = __libc_realloc(block, size);
    if (!moved && size) add(block, SITE);
    return add(moved, SITE);
}
void *reallocarray(void *block, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, total);
}
void *memalign(size_t alignment, size_t size) { return add(__libc_memalign(alignment, size), SITE); }
void *aligned_alloc(size_t alignment, size_t size) { return add(__libc_memalign(alignment, size), SITE); }
void *valloc(size_t size) { return add(__libc_valloc(size), SITE); }
void *pvalloc(size_t size) { return add(__libc_pvalloc(size), SITE); }
int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) || (alignment & (alignment - 1))) return EINVAL;
    void *block = add(__libc_memalign(alignment, size), SITE);
    if (!block) return ENOMEM;
    *result = block;
    return 0;
}

static uintptr_t thread_pointer(void) {
    uintptr_t tp;
    __asm__("mov %%fs:0, %0" : "=r"(tp));
    return tp;
}

static void park(int number, siginfo_t *info, void *context) {
    if (info->si_code != SI_TKILL) return;
    long id = syscall(SYS_gettid);
    for (int i = 0; i < MOST_THREADS; i++) {
        if (parked[i].id != id) continue;
        const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
        for (int r = 0; r < REGISTERS; r++) parked[i].registers[r] = (uintptr_t)registers[r];
        parked[i].sp = (uintptr_t)registers[REG_RSP];
        parked[i].tp = thread_pointer();
        atomic_store(&parked[i].is_parked, 1);
        while (!atomic_load(&released)) syscall(SYS_sched_yield);
        return;
    }
}

// Ids of all other threads; the system call itself, since opendir() allocates.
static int list_threads(long *ids) {
    static char buffer[65536];
    int count = 0;
    int directory = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) fail("cannot list threads");
    long own = syscall(SYS_gettid), got;
    while ((got = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < got;) {
            struct dirent64 *entry = (struct dirent64 *)(buffer + at);
            long id = atol(entry->d_name);
            if (id && id != own && count < MOST_THREADS) ids[count++] = id;
            at += entry->d_reclen;
        }
    close(directory);
    return count;
}

static int is_known(long id) {
    for (int i = 0; i < MOST_THREADS && parked[i].id; i++)
        if (parked[i].id == id) return 1;
    return 0;
}

static int runs(long id) { // the main thread may have ended: a zombie stays in the list
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", id);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = 0;
    char *state = strrchr(text, ')');
    return state && state[2] != 'Z' && state[2] != 'X';
}

static int park_all(void) {
    static long ids[MOST_THREADS];
    int count = 0;
    for (int is_news = 1; is_news;) {
        is_news = 0;
        int listed = list_threads(ids);
        for (int i = 0; i < listed; i++) {
            if (is_known(ids[i]) || !runs(ids[i])) continue;
            is_news = 1;
            struct parked *thread = &parked[count++];
            thread->id = ids[i];
            syscall(SYS_tgkill, getpid(), ids[i], SIGPROF);
            for (int tries = 0; !atomic_load(&thread->is_parked) && runs(thread->id); tries++) {
                if (tries > 5000) fail("a thread does not take SIGPROF");
                usleep(1000);
            }
        }
    }
    return count;
}

static void describe(int threads, uintptr_t sp, const uintptr_t *registers) {
    int file = open(getenv("HEAP_TRACKER"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fail("cannot write the file that HEAP_TRACKER names");
    dprintf(file, "table %lx %lx\nown %lx %lx\n", (long)table, (long)capacity, (long)table, (long)(table + capacity));
    dprintf(file, "thread %lx %lx %lx", syscall(SYS_gettid), (long)sp, (long)thread_pointer());
    for (int r = 0; r < 6; r++) dprintf(file, " %lx", (long)registers[r]);
    for (int i = 0; i < threads; i++) {
        if (!atomic_load(&parked[i].is_parked)) continue;
        dprintf(file, "\nthread %lx %lx %lx", parked[i].id, (long)parked[i].sp, (long)parked[i].tp);
        for (int r = 0; r < REGISTERS; r++) dprintf(file, " %lx", (long)parked[i].registers[r]);
    }
    dprintf(file, "\n");
    close(file);
}

__attribute__((noinline, visibility("default"))) void heap_tracker_stop(void) {
    uintptr_t registers[6];
    __asm__ volatile("mov %%rbx, 0(%0); mov %%rbp, 8(%0); mov %%r12, 16(%0)\n"
                     "mov %%r13, 24(%0); mov %%r14, 32(%0); mov %%r15, 40(%0)"
                     :
                     : "r"(registers)
                     : "memory");
    if (!getenv("HEAP_TRACKER") || atomic_exchange(&stopped, 1)) return;
    fflush(stdout); // the line that says HEAP-STOP is one of its own
    int threads = park_all();
    for (size_t i = 0; i < capacity; i++)
        if (table[i].address) table[i].size = malloc_usable_size((void *)table[i].address);
    describe(threads, (uintptr_t)__builtin_frame_address(0), registers);
    char go;
    if (write(1, "HEAP-STOP\n", 10) != 10 || read(0, &go, 1) != 1) fail("nobody looks");
    atomic_store(&released, 1);
}

static int (*program_main)(int, char **, char **);
static int stopping_main(int count, char **arguments, char **environment) {
    int status = program_main(count, arguments, environment);
    heap_tracker_stop();
    return status;
}

int __libc_start_main(int (*main)(int, char **, char **), int count, char **arguments, void (*init)(void), void (*fini)(void),
                      void (*ld_fini)(void), void *stack_end) {
    int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
        dlsym(RTLD_NEXT, "__libc_start_main");
    program_main = main;
    struct sigaction action = {.sa_sigaction = park, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    return real(stopping_main, count, arguments, init, fini, ld_fini, stack_end);
}

void exit(int status) {
    heap_tracker_stop();
    void (*real)(int) = (void (*)(int))dlsym(RTLD_NEXT, "exit");
    real(status);
    __builtin_unreachable();
}
