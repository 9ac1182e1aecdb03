// SPDX-License-Identifier: Apache-2.0
// C++: exceptions, which allocate within the unwinder of libgcc, containers, virtual calls, operators new and delete.
#include "expect.h"
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct shape {
    virtual ~shape() = default;
    virtual int size() const = 0;
};
struct square : shape {
    long side[3];
    int size() const override { return 24; }
};
struct circle : shape {
    long radius;
    int size() const override { return 8; }
};

#define ROUNDS 2000
extern "C" {
NOINLINE shape *make_square() {
    shape *made = new square;
    KEEP(made);
    return made;
}
NOINLINE shape *make_circle() {
    shape *made = new circle;
    KEEP(made);
    return made;
}
NOINLINE char *make_array(size_t n) {
    char *made = new char[n];
    KEEP(made);
    return made;
}
NOINLINE void throw_at(int depth) {
    if (depth == 0)
        throw std::runtime_error(std::string(100, 'x'));
    throw_at(depth - 1);
    STAY;
}
}

static int exceptions() {
    int caught = 0;
    for (int i = 0; i < ROUNDS; i++) {
        try {
            throw_at(i % 7);
        } catch (const std::exception &error) {
            std::string copy(error.what());
            caught += copy.size() == 100;
            try {
                throw_at(i % 3);
            } catch (...) {
                caught++;
            }
        }
    }
    return caught;
}

static size_t containers() {
    std::map<std::string, std::vector<int>> map;
    for (int i = 0; i < ROUNDS; i++) {
        map["a string that is too long to be short: " + std::to_string(i % 300)].push_back(i);
        if (i % 5 == 0)
            map.erase(map.begin());
    }
    std::vector<std::function<size_t()>> calls;
    for (int i = 0; i < 100; i++) {
        auto shared = std::make_shared<std::string>(200, 'y');
        calls.emplace_back([shared, i] { return shared->size() + static_cast<size_t>(i); });
    }
    size_t sum = map.size();
    for (const auto &call : calls)
        sum += call();
    return sum;
}

int main() {
    for (int i = 0; i < ROUNDS; i++) {
        delete make_square();
        if (i % 2)
            delete make_circle();
        delete[] make_array(static_cast<size_t>(i % 10 + 1));
    }
    check(exceptions() == 2 * ROUNDS, "exceptions");
    check(containers() > 0, "containers");
    expect("[libstdc++.so.6];make_square;", ROUNDS, 32 * ROUNDS, ROUNDS, 32 * ROUNDS);
    expect("[libstdc++.so.6];make_circle;", ROUNDS / 2, 8 * ROUNDS, ROUNDS / 2, 8 * ROUNDS);
    expect("[libstdc++.so.6];make_array;", ROUNDS, 11 * ROUNDS / 2, ROUNDS, 11 * ROUNDS / 2);
    return 0;
}
