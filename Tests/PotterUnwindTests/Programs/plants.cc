// SPDX-License-Identifier: Apache-2.0
// Planted call chains in C++: exceptions that cross planted frames, virtual calls, callbacks through the library.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" void harness_enter(int function);
extern "C" void harness_leave(void);

#define PLANT __attribute__((noinline, noclone))

namespace {
volatile unsigned sink;

struct Entered { // leaves when an exception passes, too
    explicit Entered(int function) { harness_enter(function); }
    ~Entered() { harness_leave(); }
};

unsigned next_random() {
    static unsigned state = 1;
    return (state = state * 1103515245 + 12345) >> 8;
}

struct Node {
    virtual ~Node() = default;
    virtual unsigned visit(int depth) = 0;
};
}

extern "C" PLANT unsigned plant_1(int depth);

extern "C" PLANT unsigned plant_2(int depth) {
    Entered entered(2);
    std::map<std::string, unsigned> words;
    for (int i = 0; i < 12; i++) words["key " + std::to_string(next_random() % 40)] += i;
    return words.size() + (depth > 0 ? plant_1(depth - 1) : 1);
}

extern "C" PLANT unsigned plant_3(int depth) {
    Entered entered(3);
    if (depth == 0 || next_random() % 16 == 0) throw std::runtime_error("planted");
    return plant_1(depth - 1) + 1;
}

extern "C" PLANT unsigned plant_4(int depth) {
    Entered entered(4);
    try {
        return plant_3(depth) + 1;
    } catch (const std::exception &error) {
        return error.what()[0];
    }
}

extern "C" PLANT unsigned plant_5(int depth) {
    Entered entered(5);
    std::vector<unsigned> values(64);
    for (auto &value : values) value = next_random();
    std::sort(values.begin(), values.end(), std::greater<>());
    return values[3] + (depth > 0 ? plant_1(depth - 1) : 1);
}

struct Planted : Node {
    PLANT unsigned visit(int depth) override {
        std::function<unsigned(int)> next = depth % 2 != 0 ? plant_2 : plant_5;
        return depth > 0 ? next(depth - 1) : 1;
    }
};

extern "C" PLANT unsigned plant_6(int depth) {
    Entered entered(6);
    std::unique_ptr<Node> node = std::make_unique<Planted>();
    return node->visit(depth) + 1;
}

extern "C" PLANT unsigned plant_1(int depth) {
    Entered entered(1);
    unsigned (*const choices[])(int) = {plant_2, plant_4, plant_5, plant_6};
    return choices[next_random() % 4](depth) * 3 + 1;
}

int main(int count, char **arguments) {
    long rounds = count > 1 ? std::atol(arguments[1]) : 100;
    for (long i = 0; i < rounds; i++) sink = sink + plant_1(20);
    std::puts("done");
}
