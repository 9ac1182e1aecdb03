// SPDX-License-Identifier: Apache-2.0
// Leaks in C++: cycles of shared pointers and functions, lost containers, coroutines that nobody destroys.
#include "coroutine.h"
#include "widget.h"
#include <any>
#include <cstdlib>
#include <cstring>
#include <future>
#include <list>
#include <map>
#include <memory_resource>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

static SITE std::shared_ptr<Node> make_node(const char *kind) {
    std::shared_ptr<Node> node(new Node); // an object and a control block
    PLANT_OBJECT(Node, node.get(), kind);
    corpus_implied("control block", 1);
    return node;
}

static SITE void plant_shared_pair(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto a = make_node(CYCLE), b = make_node(CYCLE);
        a->next = b;
        b->next = a;
    }
}

static SITE void plant_shared_self(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto node = make_node(CYCLE);
        node->other = node;
    }
}

static SITE void plant_shared_tree(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto parent = make_node(CYCLE), child = make_node(CYCLE), grandchild = make_node(CYCLE);
        parent->next = child;
        child->next = grandchild;
        child->other = parent;
        grandchild->other = child;
    }
}

// Its allocator says where the block of object and counts begins.
template <class T> struct Recording {
    using value_type = T;
    Recording() = default;
    template <class U> Recording(const Recording<U> &) {}
    SITE T *allocate(size_t count) {
        auto *start = static_cast<T *>(::operator new(count * sizeof(T)));
        PLANT("shared Node", start, count * sizeof(T), CYCLE);
        return start;
    }
    void deallocate(T *start, size_t) {
        corpus_died("shared Node");
        ::operator delete(start);
    }
    template <class U> bool operator==(const Recording<U> &) const { return true; }
};

static SITE void plant_make_shared(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto a = std::allocate_shared<Node>(Recording<Node>()), b = std::allocate_shared<Node>(Recording<Node>());
        a->next = b;
        b->next = a;
        for (int j = 0; j < 2; j++) // the blocks are planted, and the objects in them are part of them
            corpus_died("Node");
    }
}

static SITE void plant_function(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto node = make_node(CYCLE);
        node->action = [node, i, j = i + 1, k = i + 2] { return long(node.use_count() + i + j + k); };
    }
    corpus_implied("captures of a function", n);
}

static SITE void plant_signal(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto sender = make_node(CYCLE), receiver = make_node(CYCLE);
        sender->action = [receiver] { return receiver.use_count(); };
        receiver->other = sender;
    }
    corpus_implied("captures of a function", n);
}

static std::vector<std::weak_ptr<Node>> &observers = *new std::vector<std::weak_ptr<Node>>;

// The observer keeps the control block, and that holds a plain pointer to the object: no scan sees a leak. With
// CORPUS_DROP=1 there is no observer.
static SITE void plant_weak_observed(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        std::shared_ptr<Node> node(new Node);
        node->next = node;
        if (!getenv("CORPUS_DROP"))
            observers.push_back(node);
        PLANT_OBJECT(Node, node.get(), WEAK_CYCLE);
    }
}

static SITE void plant_unique_chain(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *head = new Node;
        PLANT_OBJECT(Node, head, C_BLOCK);
        auto *last = head;
        for (int j = 0; j < 4; j++) {
            last->owned.reset(new Node);
            last = last->owned.get();
            PLANT_OBJECT(Node, last, OWNED);
        }
    }
}

// A container made by `new`, with `blocks` blocks of its own; what is in it is said by the caller.
template <class Container> static void plant_container(Container *container, long blocks, const char *site) {
    corpus_planted_block("container", container, sizeof *container, C_BLOCK, site);
    corpus_implied("blocks of the container", blocks);
}

static SITE void plant_string(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        plant_container(new std::string(100 + i, 'x'), 1, __func__);
}

static SITE void plant_vector(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *widgets = new std::vector<std::unique_ptr<Widget>>;
        widgets->reserve(7);
        for (int j = 0; j < 7; j++) {
            widgets->push_back(std::make_unique<Widget>());
            PLANT_OBJECT(Widget, widgets->back().get(), OWNED);
        }
        plant_container(widgets, 1, __func__);
    }
}

static SITE void plant_map(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *map = new std::map<int, std::string>;
        for (int j = 0; j < 5; j++)
            (*map)[j] = std::string(50, 'x');
        plant_container(map, 10, __func__);
    }
}

static SITE void plant_list(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        plant_container(new std::list<long>{1, 2, 3}, 3, __func__);
}

static SITE void plant_unordered_map(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *map = new std::unordered_map<long, long>;
        map->reserve(10);
        for (int j = 0; j < 6; j++)
            (*map)[j] = j;
        plant_container(map, 7, __func__);
    }
}

static SITE void plant_variants(unsigned n) {
    using Variant = std::variant<long, std::unique_ptr<Widget>, std::optional<std::any>>;
    for (unsigned i = 0; i < n; i++) {
        auto *variant = new Variant(std::make_unique<Widget>());
        PLANT_OBJECT(Widget, std::get<1>(*variant).get(), OWNED);
        plant_container(variant, 0, __func__);
        plant_container(new Variant(std::optional<std::any>(std::string(60, 'x'))), 2, __func__);
    }
}

static SITE void plant_promise(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        plant_container(new std::promise<long>, 2, __func__);
}

static SITE void plant_memory_resource(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *resource = new std::pmr::monotonic_buffer_resource(500);
        memset(resource->allocate(100), 'x', 100);
        plant_container(resource, 1, __func__);
    }
}

static SITE Routine wait_for_ever(std::unique_ptr<Widget> widget) {
    co_await std::suspend_always();
    widget->number++;
}

// Suspended, and its handle is gone.
static SITE void plant_coroutine(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto widget = std::make_unique<Widget>();
        PLANT_OBJECT(Widget, widget.get(), OWNED);
        wait_for_ever(std::move(widget)).forget();
    }
    corpus_implied("coroutine frame", n);
}

int main(int argc, char **argv) {
    static const char plain[] = "the control block that the weak_ptr keeps holds a plain pointer to the object";
    static const corpus_case cases[] = {
        {"shared_pair", 1, plant_shared_pair, nullptr, nullptr, 0, nullptr},
        {"shared_self", 1, plant_shared_self, nullptr, nullptr, 0, nullptr},
        {"shared_tree", 1, plant_shared_tree, nullptr, nullptr, 0, nullptr},
        {"make_shared", 1, plant_make_shared, nullptr, nullptr, 0, nullptr},
        {"function", 1, plant_function, nullptr, nullptr, 0, nullptr},
        {"signal", 1, plant_signal, nullptr, nullptr, 0, nullptr},
        {"weak_observed", 1, plant_weak_observed, nullptr, plain, 0, nullptr},
        {"unique_chain", 1, plant_unique_chain, nullptr, nullptr, 0, nullptr},
        {"string", 1, plant_string, nullptr, nullptr, 0, nullptr},
        {"vector", 1, plant_vector, nullptr, nullptr, 0, nullptr},
        {"map", 1, plant_map, nullptr, nullptr, 0, nullptr},
        {"list", 1, plant_list, nullptr, nullptr, 0, nullptr},
        {"unordered_map", 1, plant_unordered_map, nullptr, nullptr, 0, nullptr},
        {"variants", 1, plant_variants, nullptr, nullptr, 0, nullptr},
        {"promise", 1, plant_promise, nullptr, nullptr, 0, nullptr},
        {"memory_resource", 1, plant_memory_resource, nullptr, nullptr, 0, nullptr},
        {"coroutine", 1, plant_coroutine, nullptr, nullptr, 0, nullptr},
    };
    return corpus_main(argc, argv, "sharing", cases, COUNT_OF(cases));
}
