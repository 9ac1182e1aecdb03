// SPDX-License-Identifier: Apache-2.0
// runs: locals uncaught
// C++: thread_local destructors, exceptions in threads, sleeping threads, an exception that nobody catches.
#include "common.h"
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

struct Noisy {
    std::string name;
    explicit Noisy(const char *text) : name(text) {}
    ~Noisy() { std::printf("destroyed %s\n", name.c_str()); }
};
static Noisy global("global");
thread_local Noisy local("thread_local");

int main(int count, char **arguments) {
    std::thread([] {
        std::printf("in a thread: %s\n", local.name.c_str());
        burn(0.05);
        try {
            throw std::runtime_error("caught");
        } catch (const std::exception &error) {
            std::printf("%s\n", error.what());
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }).join();
    std::thread([] {
        Noisy stack("on the stack");
        std::printf("pthread_exit of %s\n", local.name.c_str());
        pthread_exit(nullptr);
    }).join();
    std::fflush(stdout);
    if (count > 1 && std::string(arguments[1]) == "uncaught")
        std::thread([] { throw std::runtime_error("nobody"); }).join();
    return 0;
}
