// SPDX-License-Identifier: Apache-2.0
// A small collector for tests of the malloc hooks: it runs a program under libPotterHeap.so, serves its hello and those
// of what it executes, and prints what they left in session memory. Nothing is sampled.
//
//   collector LIBRARY MODE [OPTION VALUE]... -- COMMAND ARGUMENTS
//     MODE            off, exact, or the mean distance of samples in bytes
//     tables FILE     unwind tables; FILE.index says `offset path` for each module
//     symbols FILE    `start end name` of the command's functions, file-relative, hexadecimal
//     flags N         pp_session.heap_flags
//     preload FILE    a library that comes after ours
//     area BYTES      how much of the heap area may be used
//
// When the command stops itself (SIGSTOP) its block index is read and compared with the counters; it then goes on.
// Output, on standard error, as lines of words:
//   image N refused R             each session; then for it
//   count NAME VALUE              pp_heap_counter
//   site IMAGE PROCESS KIND allocations N bytes N frees N freed N inherited N N temporary N samples N N stack F;F;F
//   frozen blocks N bytes N usable N short N differences N moving N mapped N        at each stop
//   status N                      exit status of the command, 128 + signal
#include "collector.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

image images[MOST_IMAGES];
int image_count;
static options given = {.tables_fd = -1};
static char directory[64], path[96];
static int listener, bell_fd;

void die(const char *what) {
    perror(what);
    exit(3);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int make_memory(const char *name, uint64_t size) {
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        die(name);
    return fd;
}

static void listen_here(void) {
    strcpy(directory, "/tmp/hooks-collector-XXXXXX");
    if (mkdtemp(directory) == NULL)
        die("mkdtemp");
    snprintf(path, sizeof(path), "%s/socket", directory);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 16) != 0)
        die(path);
    bell_fd = make_memory("bell", 4096);
    if (given.tables_fd < 0)
        given.tables_fd = make_memory("tables", given.tables_size = 4096);
}

static void send_welcome(int client, int session_fd) {
    pp_welcome welcome = {.magic = PP_HELLO_MAGIC,
                          .version = PP_WIRE_VERSION,
                          .session_size = given.mode == PP_HEAP_OFF ? PP_SESSION_SIZE : PP_HEAP_SESSION_SIZE,
                          .tables_size = given.tables_size};
    int descriptors[3] = {session_fd, given.tables_fd, bell_fd};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(descriptors))];
    } control;
    struct iovec data = {.iov_base = &welcome, .iov_len = sizeof(welcome)};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(descriptors));
    memcpy(CMSG_DATA(header), descriptors, sizeof(descriptors));
    sendmsg(client, &message, MSG_NOSIGNAL);
}

static void serve_hello(void) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    pp_hello hello;
    if (client < 0 || recv(client, &hello, sizeof(hello), 0) != sizeof(hello) || image_count == MOST_IMAGES)
        die("hello");
    int fd = make_memory("session", PP_HEAP_SESSION_SIZE);
    void *at = mmap(NULL, PP_HEAP_SESSION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (at == MAP_FAILED)
        die("session");
    pp_session *session = at;
    pp_session_init(session);
    session->heap_mode = given.mode;
    session->heap_interval = given.interval;
    session->heap_flags = given.flags;
    session->collector_pid = (uint32_t)getpid();
    session->tables_size = given.tables_size;
    session->follow = 1;
    pp_session_set_state(session, PP_SESSION_RECORDING);
    pp_session_beat(session, now_ns());
    images[image_count++] = (image){.session = session, .pid = (pid_t)hello.pid};
    send_welcome(client, fd);
    close(fd);
    close(client);
}

static uint64_t table_of(const char *module) {
    for (int i = 0; i < given.table_count; i++)
        if (strcmp(given.tables[i].path, module) == 0)
            return given.tables[i].offset;
    return 0;
}

static void serve_modules(image *of) {
    pp_session *session = of->session;
    for (uint32_t i = 0; i < pp_session_module_high(session); i++) {
        pp_module *module = pp_session_module(session, i);
        if (pp_module_state(module) != PP_MODULE_ANNOUNCED)
            continue;
        char name[4096];
        pp_session_copy_path(session, module->path, name, sizeof(name));
        // "" is the program itself, of which the index says the name that the command has.
        pp_module_set_prepared(module, table_of(name[0] != 0 ? name : given.command[0]));
    }
    if (pp_session_module_high(session) > 0 && !pp_session_is_ready(session))
        pp_session_set_ready(session);
    for (uint32_t i = 0; i < pp_session_thread_high(session); i++)
        if (pp_thread_state(pp_session_thread(session, i)) == PP_SLOT_EXITED)
            pp_thread_free(pp_session_thread(session, i));
    for (uint32_t i = 0; i < pp_session_process_high(session); i++)
        if (pp_process_signal_taken(pp_session_process(session, i)) == 1)
            pp_process_signal_given(pp_session_process(session, i));
}

static void prepare_environment(const char *library) {
    char text[8192];
    snprintf(text, sizeof(text), "%s%s%s", library, given.preload != NULL ? ":" : "",
             given.preload != NULL ? given.preload : "");
    setenv("LD_PRELOAD", text, 1);
    setenv("POTTER_SESSION", path, 1);
}

static int watch(pid_t child) {
    for (;;) {
        struct pollfd wait = {.fd = listener, .events = POLLIN};
        if (poll(&wait, 1, 1) > 0)
            serve_hello();
        for (int i = 0; i < image_count; i++) {
            pp_session_beat(images[i].session, now_ns());
            serve_modules(&images[i]);
        }
        int status;
        if (waitpid(child, &status, WNOHANG | WUNTRACED) != child)
            continue;
        if (WIFSTOPPED(status)) {
            for (int i = image_count; i-- > 0;)
                if (images[i].pid == child) { // of several after an exec, the last
                    print_frozen(&images[i], child);
                    break;
                }
            kill(child, SIGCONT);
            continue;
        }
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static void read_mode(const char *mode) {
    given.mode = strcmp(mode, "off") == 0 ? PP_HEAP_OFF : strcmp(mode, "exact") == 0 ? PP_HEAP_EXACT : PP_HEAP_SAMPLED;
    given.interval = strtoull(mode, NULL, 10);
}

static void read_tables(const char *name) {
    char index[4096], line[4096];
    snprintf(index, sizeof(index), "%s.index", name);
    given.tables_fd = open(name, O_RDONLY | O_CLOEXEC);
    FILE *file = fopen(index, "r");
    if (given.tables_fd < 0 || file == NULL)
        die(name);
    given.tables_size = (uint64_t)lseek(given.tables_fd, 0, SEEK_END);
    while (fgets(line, sizeof(line), file) != NULL && given.table_count < MOST_TABLES) {
        table *at = &given.tables[given.table_count++];
        if (sscanf(line, "%lu %1023[^\n]", &at->offset, at->path) != 2)
            die(index);
    }
    fclose(file);
}

static void read_option(const char *name, char *value) {
    if (strcmp(name, "tables") == 0)
        read_tables(value);
    else if (strcmp(name, "symbols") == 0)
        read_symbols(value);
    else if (strcmp(name, "flags") == 0)
        given.flags = (uint32_t)atoi(value);
    else if (strcmp(name, "preload") == 0)
        given.preload = value;
    else
        die(name);
}

int main(int argc, char **argv) {
    if (argc < 5)
        return 2;
    read_mode(argv[2]);
    int at = 3;
    for (; at + 1 < argc && strcmp(argv[at], "--") != 0; at += 2)
        read_option(argv[at], argv[at + 1]);
    given.command = argv + at + 1;
    listen_here();
    pid_t child = fork();
    if (child == 0) {
        prepare_environment(argv[1]);
        execv(given.command[0], given.command);
        _exit(127);
    }
    int status = watch(child);
    for (int i = 0; i < image_count; i++)
        print_image(&images[i], i);
    fprintf(stderr, "status %d\n", status);
    unlink(path);
    rmdir(directory);
    return 0;
}
