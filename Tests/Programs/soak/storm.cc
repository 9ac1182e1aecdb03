// SPDX-License-Identifier: Apache-2.0
// usage: storm SECONDS LIBRARY
// All at once in one process: a thread that loads and unloads, one that throws, one that allocates, one that starts
// threads, one that forks. What takes a lock of the loader, of malloc or of the C library meets the others here.
#include "soak.h"
#include <atomic>
#include <dlfcn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <vector>

static double deadline;
static const char *library_path;
static std::atomic<uint64_t> rounds;

SOAK_NOINLINE static uint64_t compute(uint64_t x) { return soak_mix(x, SOAK_STEPS); }

SOAK_NOINLINE static void load_once(uint64_t x) {
    void *library = dlopen(library_path, RTLD_NOW);
    if (library == nullptr)
        soak_fail(dlerror(), 0, 1);
    auto entry = reinterpret_cast<uint64_t (*)(uint64_t)>(dlsym(library, "one_entry"));
    soak_expect("result of a library", entry(x % 5), entry(x % 5));
    dlclose(library);
}

SOAK_NOINLINE static uint64_t deep(uint64_t depth, uint64_t x) {
    std::vector<uint64_t> values(depth + 1, x);
    if (depth == 0)
        throw std::invalid_argument("bottom");
    return deep(depth - 1, x) + values[depth];
}

SOAK_NOINLINE static void throw_once(uint64_t x) {
    uint64_t caught = 0;
    try {
        compute(deep(x % 60, x));
    } catch (const std::exception &error) {
        caught = error.what()[0] == 'b';
    }
    soak_expect("catches", caught, 1);
}

SOAK_NOINLINE static void allocate_once(uint64_t x) {
    std::vector<std::vector<uint64_t>> lists;
    for (uint64_t i = 0; i < 40; i++)
        lists.emplace_back((x + i * 37) % 3000 + 1, i);
    uint64_t sum = 0;
    for (const auto &list : lists)
        sum += list.back();
    soak_expect("sum of lists", sum, 780);
}

static void *thread_body(void *x) { return reinterpret_cast<void *>(compute(reinterpret_cast<uintptr_t>(x)) | 1); }

SOAK_NOINLINE static void thread_once(uint64_t x) {
    pthread_t thread;
    void *result = nullptr;
    if (pthread_create(&thread, nullptr, thread_body, reinterpret_cast<void *>(x)) != 0)
        soak_fail("pthread_create", 1, 0);
    pthread_join(thread, &result);
    soak_expect("result of a thread", reinterpret_cast<uintptr_t>(result), compute(x) | 1);
}

SOAK_NOINLINE static void fork_once(uint64_t x) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(static_cast<int>(compute(x) & 0x3f));
    waitpid(pid, &status, 0);
    soak_expect("status of a child", static_cast<uint64_t>(status), (compute(x) & 0x3f) << 8);
}

template <void (*once)(uint64_t)> static void *run(void *unused) {
    for (uint64_t x = 1; soak_now() < deadline; x++, rounds++)
        once(x);
    return unused;
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    deadline = soak_now() + atof(argv[1]);
    library_path = argv[2];
    void *(*const bodies[])(void *) = {run<load_once>, run<throw_once>, run<allocate_once>, run<thread_once>,
                                       run<fork_once>};
    std::vector<pthread_t> threads;
    for (auto body : bodies) {
        threads.emplace_back();
        pthread_create(&threads.back(), nullptr, body, nullptr);
    }
    for (pthread_t thread : threads)
        pthread_join(thread, nullptr);
    return soak_end(rounds);
}
