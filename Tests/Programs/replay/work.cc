// SPDX-License-Identifier: Apache-2.0
// usage: work SECONDS
// C++ code for about so many seconds of CPU time: containers of strings, virtual calls, std::function, exceptions
// through many frames, streams, regular expressions (recursion in the library), sort with a comparison of ours.
#include <algorithm>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

static unsigned long state = 88172645463325252ul;
static unsigned long next() {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

struct Node {
    virtual ~Node() = default;
    virtual long value(int depth) const = 0;
};
struct Leaf : Node {
    long number;
    explicit Leaf(long number) : number(number) {}
    long value(int depth) const override {
        std::ostringstream text;
        text << number << ' ' << depth;
        if (number % 11 == 0) throw std::runtime_error(text.str());
        return long(text.str().size());
    }
};
struct Sum : Node {
    std::vector<std::unique_ptr<Node>> parts;
    long value(int depth) const override {
        long sum = 0;
        for (auto &part : parts) sum += part->value(depth + 1);
        return sum;
    }
};

static std::unique_ptr<Node> grow(int depth) {
    if (depth == 0) return std::make_unique<Leaf>(long(next() % 1000));
    auto sum = std::make_unique<Sum>();
    for (unsigned long i = 0; i < 1 + next() % 2; i++) sum->parts.push_back(grow(depth - 1));
    return sum;
}

static long evaluate() {
    auto tree = grow(4 + int(next() % 30));
    try {
        return tree->value(0);
    } catch (const std::runtime_error &error) {
        return long(std::string(error.what()).size());
    }
}

static long count_words() {
    std::map<std::string, long> counts;
    for (int i = 0; i < 300; i++) counts["word " + std::to_string(next() % 100)]++;
    std::vector<std::pair<std::string, long>> sorted(counts.begin(), counts.end());
    std::sort(sorted.begin(), sorted.end(), [](const auto &a, const auto &b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    return sorted.front().second;
}

static long match() {
    static const std::regex pattern("(a|b)*c[0-9]+(x|y)?");
    std::string text;
    for (unsigned long i = 0; i < 4 + next() % 12; i++) text += "ab"[next() % 2];
    return std::regex_search(text + "c" + std::to_string(next() % 1000), pattern);
}

static long compose(int depth, const std::function<long(long)> &inner) {
    if (depth == 0) return inner(long(next() % 100));
    return compose(depth - 1, [&](long x) { return inner(x) + depth; });
}

int main(int count, char **arguments) {
    double seconds = count > 1 ? std::stod(arguments[1]) : 1;
    long sum = 0;
    while (double(std::clock()) / CLOCKS_PER_SEC < seconds)
        for (int i = 0; i < 20; i++) {
            sum += evaluate() + count_words() + match();
            sum += compose(int(next() % 25), [](long x) { return x + count_words(); });
        }
    return sum == 0;
}
