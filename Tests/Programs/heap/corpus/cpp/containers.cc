// SPDX-License-Identifier: Apache-2.0
// No leaks in C++: the standard containers and wrappers, kept from static memory. The containers are made by `new` and
// are never destroyed, so that they are still whole when a tool looks after the static destructors.
#include "widget.h"
#include <any>
#include <deque>
#include <forward_list>
#include <list>
#include <locale>
#include <map>
#include <memory_resource>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <valarray>
#include <variant>
#include <vector>

using Owned = std::unique_ptr<Widget>;

// The one container of its type.
template <class Container> static Container &kept() {
    static Container *container = new Container;
    return *container;
}

static SITE Owned make() { return std::make_unique<Widget>(); }

static void count(const Owned &widget) { corpus_reachable("Widget", widget != nullptr); }

template <class Container> static void count_all() {
    for (const auto &widget : kept<Container>())
        count(widget);
}

template <class Container> static void fill_back(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<Container>().push_back(make());
}

static SITE void hold_deque(unsigned n) {
    fill_back<std::deque<Owned>>(40 * n);
    for (unsigned i = 0; i < 20 * n; i++) // what is left begins in the middle of its blocks
        kept<std::deque<Owned>>().pop_front();
}

static SITE void hold_forward_list(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::forward_list<Owned>>().push_front(make());
}

static SITE void hold_map(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::map<std::string, Owned>>()["a key beyond the small strings " + std::to_string(i)] = make();
}

static void check_map() {
    for (const auto &[key, widget] : kept<std::map<std::string, Owned>>())
        count(widget);
}

static SITE void hold_unordered_map(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::unordered_map<long, Owned>>()[i * 7919] = make();
}

static void check_unordered_map() {
    for (const auto &[key, widget] : kept<std::unordered_map<long, Owned>>())
        count(widget);
}

static SITE void hold_set(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::set<Owned>>().insert(make());
}

using Variant = std::variant<std::monostate, long, Owned, std::string>;

static SITE void hold_variants(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        kept<std::vector<Variant>>().emplace_back(std::in_place_type<Owned>, make());
        kept<std::vector<Variant>>().emplace_back(std::in_place_type<std::string>, 40, 'x');
    }
}

static void check_variants() {
    for (const auto &variant : kept<std::vector<Variant>>())
        if (auto *widget = std::get_if<Owned>(&variant))
            count(*widget);
}

using Tuple = std::tuple<char, Owned, std::optional<Owned>, std::pair<bool, Owned>>;

static SITE void hold_tuples(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::vector<Tuple>>().emplace_back('a', make(), make(), std::pair(true, make()));
}

static void check_tuples() {
    for (const auto &[letter, first, second, third] : kept<std::vector<Tuple>>()) {
        count(first);
        count(*second);
        count(third.second);
    }
}

static SITE void hold_any(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::vector<std::any>>().emplace_back(std::make_shared<Widget>());
}

static void check_any() {
    for (const auto &any : kept<std::vector<std::any>>())
        corpus_reachable("Widget", std::any_cast<const std::shared_ptr<Widget> &>(any) != nullptr);
}

static SITE void hold_functions(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::vector<std::function<long()>>>().push_back(
            [widget = std::make_shared<Widget>(), i, j = i + 1] { return widget->number + i + j; });
}

static void check_functions() {
    for (const auto &function : kept<std::vector<std::function<long()>>>())
        corpus_reachable("Widget", function() > 0);
}

static SITE void hold_strings(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        kept<std::vector<std::string>>().push_back(std::string(i % 60, 'x')); // in the object or on the heap
        corpus_born("std::string");
    }
}

static void check_strings() { corpus_reachable("std::string", kept<std::vector<std::string>>().size()); }

// Views are the only pointers, and lead into the middle.
static SITE void hold_views(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *text = new char[80]();
        kept<std::vector<std::string_view>>().emplace_back(text + 30, 20);
        corpus_born("char[80]");
    }
}

static void check_views() { corpus_reachable("char[80]", kept<std::vector<std::string_view>>().size()); }

static SITE void hold_nested(unsigned n) {
    auto &map = kept<std::map<int, std::vector<std::list<Owned>>>>();
    for (unsigned i = 0; i < n; i++) {
        map[i].resize(3);
        map[i][1].push_back(make());
    }
}

static void check_nested() {
    for (const auto &[key, lists] : kept<std::map<int, std::vector<std::list<Owned>>>>())
        for (const auto &list : lists)
            for (const auto &widget : list)
                count(widget);
}

static SITE void hold_pool(unsigned n) {
    static auto *resource = new std::pmr::unsynchronized_pool_resource;
    static auto *numbers = new std::pmr::list<long>(resource);
    for (unsigned i = 0; i < 100 * n; i++)
        numbers->push_back(i);
    corpus_born("pool");
    corpus_reachable("pool", 1);
}

// What the library keeps for itself: facets, streams, compiled expressions.
static SITE void hold_library_state(unsigned n) {
    static auto *expression = new std::regex("([a-z]+)-([0-9]+)");
    static auto *stream = new std::ostringstream;
    stream->imbue(std::locale(std::locale::classic(), new std::numpunct<char>));
    for (unsigned i = 0; i < n; i++)
        *stream << std::regex_replace("word-" + std::to_string(i), *expression, "$2") << std::valarray<int>(3)[0];
    corpus_born("stream");
    corpus_reachable("stream", stream->str().size() > 0);
}

// All is freed, after moves, copies, swaps and reallocations.
static SITE void churn(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        std::vector<Owned> first, second;
        for (int j = 0; j < 50; j++)
            first.push_back(make());
        second = std::move(first);
        first.swap(second);
        first.erase(first.begin() + 10, first.begin() + 20);
        std::map<int, std::shared_ptr<Widget>> map;
        for (auto &widget : first)
            map[map.size()] = std::move(widget);
        auto copy = map;
        map.clear();
    }
}

template <class Container> static constexpr corpus_case back(const char *name) {
    return {name, 0, fill_back<Container>, count_all<Container>, nullptr, 0, nullptr};
}

int main(int argc, char **argv) {
    static const corpus_case cases[] = {
        back<std::vector<Owned>>("vector"),
        back<std::list<Owned>>("list"),
        {"deque", 0, hold_deque, count_all<std::deque<Owned>>, nullptr, 0, nullptr},
        {"forward_list", 0, hold_forward_list, count_all<std::forward_list<Owned>>, nullptr, 0, nullptr},
        {"map", 0, hold_map, check_map, nullptr, 0, nullptr},
        {"unordered_map", 0, hold_unordered_map, check_unordered_map, nullptr, 0, nullptr},
        {"set", 0, hold_set, count_all<std::set<Owned>>, nullptr, 0, nullptr},
        {"variants", 0, hold_variants, check_variants, nullptr, 0, nullptr},
        {"tuples", 0, hold_tuples, check_tuples, nullptr, 0, nullptr},
        {"any", 0, hold_any, check_any, nullptr, 0, nullptr},
        {"functions", 0, hold_functions, check_functions, nullptr, 0, nullptr},
        {"strings", 0, hold_strings, check_strings, nullptr, 0, nullptr},
        {"views", 0, hold_views, check_views, nullptr, 0, nullptr},
        {"nested", 0, hold_nested, check_nested, nullptr, 0, nullptr},
        {"pool", 0, hold_pool, nullptr, nullptr, 0, nullptr},
        {"library_state", 0, hold_library_state, nullptr, nullptr, 0, nullptr},
        {"churn", 0, churn, nullptr, nullptr, 0, nullptr},
    };
    return corpus_main(argc, argv, "containers", cases, COUNT_OF(cases));
}
