// SPDX-License-Identifier: Apache-2.0
// Programs with little room. A limit of address space (RLIMIT_AS, `ulimit -v`) or of data (RLIMIT_DATA) counts what the
// recorder maps, too: the program would run into it earlier than without us.
//
//   16 times what is mapped, or more     recorded; of the unwind tables only so much is mapped as fits
//   less                                 not recorded: exec.c takes us out of the environment, the constructor stays
//   inert less, set by the program for itself  the recorder withdraws (seccomp_linux.c), then unmaps what it has
//   mapped: all of
//                                        it where there is one thread, else what only handlers and scans use
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_short(int resource, uint64_t limit) {
    return (resource == RLIMIT_AS && limit < PP_LEAST_ADDRESS_SPACE) ||
           (resource == RLIMIT_DATA && limit < PP_LEAST_DATA);
}

static uint64_t limit_of(int resource) {
    struct rlimit limit;
    return getrlimit((__rlimit_resource_t)resource, &limit) == 0 ? limit.rlim_cur : ~0ull;
}

bool pp_address_space_is_short(void) {
    return is_short(RLIMIT_AS, limit_of(RLIMIT_AS)) || is_short(RLIMIT_DATA, limit_of(RLIMIT_DATA));
}

uint64_t pp_tables_that_fit(uint64_t size) {
    uint64_t share = limit_of(RLIMIT_AS) / PP_LEAST_SHARE;
    uint64_t room = share > PP_MAPPED_BYTES ? (share - PP_MAPPED_BYTES) & ~(uint64_t)4095 : 0;
    return size < room ? size : room;
}

static bool is_alone(void) {
    struct stat tasks; // a link for each thread, and two
    return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
}

static void unmap(pp_recorder *recorder) {
    if (atomic_load(&recorder->calls) != 0)
        return; // another thread is in the midst of one
    uint8_t *session = (uint8_t *)recorder->session;
    bool all = is_alone();
    if (!all && recorder->session_size != PP_SESSION_SIZE)
        return; // another thread may be in a malloc hook
    if (all) {
        pp_local_state.thread = NULL;
        recorder->session = NULL; // a late signal finds nothing
        munmap(recorder->bell, sizeof(*recorder->bell));
        munmap(session, PP_RINGS_OFFSET);
    }
    munmap(session + PP_RINGS_OFFSET, recorder->session_size - PP_RINGS_OFFSET);
    munmap((void *)recorder->tables, recorder->tables_size);
    munmap(recorder->scratch, PP_SCRATCH_BYTES);
}

void pp_before_limit(pid_t process, int resource, const struct rlimit *limit) {
    pp_recorder *recorder = &pp_recorder_state;
    if (limit == NULL || recorder->session == NULL || pp_is_inert() || !is_short(resource, limit->rlim_cur))
        return;
    pid_t own = getpid();
    if ((process != 0 && process != own) || own != recorder->pid) // a vfork child shares this memory
        return;
    int saved = errno;
    if (pp_withdraw(PP_COUNT_ADDRESS_LIMIT))
        unmap(recorder);
    errno = saved;
}
