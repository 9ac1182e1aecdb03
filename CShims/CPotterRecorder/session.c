// SPDX-License-Identifier: Apache-2.0
// The life of the recorder in one program image: hello, the session memory, the bell, the end.
//
//   POTTER_SESSION=/path/to/socket   connect ─▶ hello ─▶ welcome + 3 descriptors ─▶ map ─▶ close every descriptor
//
// All of it happens in the constructor, on the main thread, before the program's own code. Any failure leaves the
// recorder inert; nothing is printed, the collector tells the user that nobody said hello.
#include "heap.h"
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define PP_ANSWER_TIMEOUT_MS 1000 // design, decision 2
// So often as long with malloc hooks: they copy no stacks, and what a module without a table allocates has no callers.
#define PP_HEAP_ANSWERS 30

pp_recorder pp_recorder_state = {.signal = SIGPROF};
__thread pp_local pp_local_state = {.timer = -1};

static char session_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
static char preload_path[PATH_MAX];

const char *pp_session_path(void) { return session_path[0] ? session_path : NULL; }
const char *pp_preload_path(void) { return preload_path; }

void pp_ring_bell(void) {
    pp_bell *bell = pp_recorder_state.bell;
    atomic_fetch_add_explicit(&bell->word, 1, memory_order_release);
    if (atomic_load_explicit(&bell->waiting, memory_order_acquire) != 0 && !pp_is_inert())
        syscall(SYS_futex, &bell->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void pp_announce(void) {
    atomic_fetch_add_explicit(&pp_recorder_state.session->announced, 1, memory_order_release);
    pp_ring_bell();
}

bool pp_collector_lives(void) {
    uint64_t beat = atomic_load_explicit(&pp_recorder_state.session->heartbeat_ns, memory_order_relaxed);
    return (int64_t)(pp_now(CLOCK_MONOTONIC) - beat) <= (int64_t)PP_HEARTBEAT_STALE_NS;
}

bool pp_collector_exists(void) {
    int saved = errno;
    bool exists = kill((pid_t)pp_recorder_state.session->collector_pid, 0) == 0 || errno != ESRCH;
    errno = saved;
    return exists;
}

bool pp_wait_word(_Atomic uint32_t *word, uint32_t while_value, uint64_t timeout_ns) {
    uint64_t deadline = pp_now(CLOCK_MONOTONIC) + timeout_ns;
    while (atomic_load_explicit(word, memory_order_acquire) == while_value) {
        uint64_t now = pp_now(CLOCK_MONOTONIC);
        if (now >= deadline || pp_is_inert())
            return false;
        struct timespec left = {.tv_sec = (time_t)((deadline - now) / 1000000000u),
                                .tv_nsec = (long)((deadline - now) % 1000000000u)};
        syscall(SYS_futex, word, FUTEX_WAIT, while_value, &left, NULL, 0);
    }
    return true;
}

// Only a peer that is root or the same user may hand us memory.
static bool peer_is_trusted(int fd) {
    struct ucred peer;
    socklen_t size = sizeof(peer);
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

static int connect_to_collector(void) {
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, session_path);
    struct timeval timeout = {.tv_sec = PP_ANSWER_TIMEOUT_MS / 1000, .tv_usec = PP_ANSWER_TIMEOUT_MS % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && peer_is_trusted(fd))
        return fd;
    close(fd);
    return -1;
}

// Receives the welcome and its three descriptors.
static bool receive_welcome(int fd, pp_welcome *welcome, int descriptors[3]) {
    struct iovec data = {.iov_base = welcome, .iov_len = sizeof(*welcome)};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = got < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS)
        return false;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors, CMSG_DATA(header), (count < 3 ? count : 3) * sizeof(int));
    return got == sizeof(*welcome) && count == 3 && welcome->magic == PP_HELLO_MAGIC &&
           welcome->version == PP_WIRE_VERSION && welcome->status == 0;
}

static void *map_shared(int fd, uint64_t size, int protection) {
    struct stat file;
    if (fstat(fd, &file) != 0 || (uint64_t)file.st_size < size)
        return NULL; // touching it would be a SIGBUS
    void *at = mmap(NULL, size, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

static pp_session *map_session(const pp_welcome *welcome, const int descriptors[3]) {
    pp_recorder *recorder = &pp_recorder_state;
    if (welcome->session_size != PP_SESSION_SIZE && welcome->session_size != PP_HEAP_SESSION_SIZE)
        return NULL;
    recorder->session_size = pp_heap_is_hooked ? welcome->session_size : PP_SESSION_SIZE;
    pp_session *session = map_shared(descriptors[0], recorder->session_size, PROT_READ | PROT_WRITE);
    recorder->tables_size = pp_tables_that_fit(welcome->tables_size);
    recorder->tables = map_shared(descriptors[1], recorder->tables_size, PROT_READ);
    recorder->bell = map_shared(descriptors[2], sizeof(pp_bell), PROT_READ | PROT_WRITE);
    void *frames =
        mmap(NULL, PP_SCRATCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    recorder->scratch = frames == MAP_FAILED ? NULL : frames;
    bool valid = session != NULL && recorder->tables != NULL && recorder->bell != NULL && recorder->scratch != NULL &&
                 session->magic == PP_SESSION_MAGIC && session->version == PP_WIRE_VERSION;
    return valid ? session : NULL; // what was mapped stays mapped: inert, and harmless
}

static pp_session *say_hello(uint64_t startup_cpu_ns) {
    int fd = connect_to_collector();
    if (fd < 0)
        return NULL;
    pp_hello hello = {.magic = PP_HELLO_MAGIC,
                      .version = PP_WIRE_VERSION,
                      .pid = (uint32_t)getpid(),
                      .startup_cpu_ns = startup_cpu_ns};
    pp_welcome welcome = {0};
    int descriptors[3] = {-1, -1, -1};
    pp_session *session = NULL;
    if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) == sizeof(hello) && receive_welcome(fd, &welcome, descriptors))
        session = map_session(&welcome, descriptors);
    for (int i = 0; i < 3; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    close(fd);
    return session;
}

// What handlers will write is made present now. Populating is a hint: without it the first touches are minor faults.
static void prefault(pp_session *session) {
#ifdef MADV_POPULATE_WRITE
    madvise((uint8_t *)session + PP_STACK_INDEX_OFFSET, PP_STACK_BUCKETS_AT_FIRST * 4, MADV_POPULATE_WRITE);
    madvise((uint8_t *)session + PP_STACK_ARENA_OFFSET, 64 << 10, MADV_POPULATE_WRITE);
#endif
}

// The main thread's stack ends above the strings that the kernel put there; AT_EXECFN is the highest of them.
static uintptr_t main_stack_high(void) {
    const char *name = (const char *)getauxval(AT_EXECFN); // NOLINT: an address by definition
    uintptr_t end = (uintptr_t)name + (name ? strlen(name) + 1 + 8 : 0);
    return (end + 4095) & ~(uintptr_t)4095;
}

// The kernel keeps this much below the main thread's stack free of other mappings, or the limit, if that is more.
#define PP_MAIN_STACK_GAP (128ul << 20)
#define PP_MAIN_STACK_MOST (1ul << 30)

static uintptr_t main_stack_low(uintptr_t high) {
    struct rlimit limit = {0};
    getrlimit(RLIMIT_STACK, &limit);
    uintptr_t size = limit.rlim_cur < PP_MAIN_STACK_MOST ? (uintptr_t)limit.rlim_cur : PP_MAIN_STACK_MOST;
    return high - (size > PP_MAIN_STACK_GAP ? size : PP_MAIN_STACK_GAP);
}

// A sanitizer's runtime that was put before us has been loaded: nobody else needs it.
static void clean_environment(void) {
    char *list = getenv("LD_PRELOAD");
    const char *of_program = list != NULL ? pp_preloads_of_program(list) : NULL;
    if (of_program != list)
        memmove(list, of_program, strlen(of_program) + 1);
}

// The path by which LD_PRELOAD names this library: environment of children must say the same.
static void remember_environment(const char *path) {
    strcpy(session_path, path);
    for (const char *at = getenv("LD_PRELOAD"); at != NULL && *at != 0;) {
        size_t length = strcspn(at, " :");
        if (length < sizeof(preload_path) && length >= 9 && memmem(at, length, "libPotter", 9) != NULL) {
            memcpy(preload_path, at, length);
            preload_path[length] = 0;
            return;
        }
        at += length + strspn(at + length, " :");
    }
}

// Until the tables of the first modules are there.
static void wait_for_tables(pp_session *session) {
    int times = session->heap_mode != PP_HEAP_OFF ? PP_HEAP_ANSWERS : 1;
    for (int i = 0; i < times; i++)
        if (pp_wait_word(&session->ready, 0, PP_ANSWER_TIMEOUT_MS * 1000000ull) || !pp_collector_lives())
            return;
}

static bool begin_image(pp_session *session, uint64_t startup_cpu_ns) {
    pp_recorder *recorder = &pp_recorder_state;
    recorder->main_stack_high = main_stack_high();
    recorder->main_stack_low = main_stack_low(recorder->main_stack_high);
    prefault(session);
    recorder->signal = session->signal == SIGTRAP ? SIGTRAP : SIGPROF;
    if (!pp_sampler_install())
        return false;
    recorder->session = session;
    pp_dispositions_start();
    if (!pp_process_begin(~0u, getppid(), startup_cpu_ns)) {
        recorder->session = NULL;
        return false;
    }
    pp_modules_scan(false);
    pp_copies_prefault(session->copies_all ? PP_COPY_SLOTS : PP_COPIES_AT_FIRST);
    pp_thread_begin(&pp_local_state, recorder->main_stack_low, recorder->main_stack_high,
                    pp_now(CLOCK_THREAD_CPUTIME_ID));
    pp_announce();
    wait_for_tables(session);
    pp_thread_wait_armed(&pp_local_state); // it is: this notes the clock
    if (!pp_modules_prefault())
        pp_copies_prefault(PP_COPY_SLOTS);
    if (atomic_load(&session->restores_default))
        recorder->program_action = (struct sigaction){.sa_handler = SIG_DFL};
    if (recorder->program_action.sa_handler == SIG_IGN) // inherited
        pp_signal_claimed(PP_COUNT_SIGNAL_TAKEN);
    return true;
}

void pp_recorder_start(void) {
    uint64_t startup_cpu_ns = pp_now(CLOCK_PROCESS_CPUTIME_ID);
    int saved = errno;
    pp_real_resolve();
    clean_environment();
    const char *path = getenv("POTTER_SESSION");
    if (path != NULL && path[0] == '/' && strlen(path) < sizeof(session_path) && pp_real.sigaction != NULL) {
        remember_environment(path);
        bool can = preload_path[0] && !pp_address_space_is_short();
        pp_session *session = can ? say_hello(startup_cpu_ns) : NULL;
        if (session != NULL)
            begin_image(session, startup_cpu_ns);
    }
    pp_heap_start();
    errno = saved;
}

void pp_recorder_finish(void) {
    if (!pp_is_inert())
        pp_process_ends();
}
