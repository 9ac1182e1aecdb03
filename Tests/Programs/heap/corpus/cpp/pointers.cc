// SPDX-License-Identifier: Apache-2.0
// No leaks in C++: pointers to bases, into arrays, weak and shared ones; coroutines, exceptions and threads that wait.
#include "coroutine.h"
#include "widget.h"
#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

// The one vector of its type; never destroyed.
template <class T> static std::vector<T> &kept() {
    static auto *vector = new std::vector<T>;
    return *vector;
}

static SITE void hold_second_base(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<Clickable *>().push_back(new Button);
}

static void check_second_base() {
    for (auto *clickable : kept<Clickable *>())
        corpus_reachable("Button", clickable->click() == 2);
}

static SITE void hold_virtual_base(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<Drawable *>().push_back(new Diamond);
}

static void check_virtual_base() {
    for (auto *drawable : kept<Drawable *>())
        corpus_reachable("Diamond", drawable->draw() == 1);
}

// The pointer leads behind the number of elements.
static SITE void hold_array_of_objects(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<Widget *>().push_back(new Widget[3]);
}

static void check_array_of_objects() {
    for (auto *widgets : kept<Widget *>())
        corpus_reachable("Widget", widgets[0].number + widgets[1].number + widgets[2].number);
}

static SITE void hold_member(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<long *>().push_back(&(new Button)->label);
}

static void check_member() {
    for (auto *label : kept<long *>())
        corpus_reachable("Button", *label == 3);
}

static SITE void hold_shared(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::shared_ptr<Node>>().push_back(i % 2 ? std::make_shared<Node>() : std::shared_ptr<Node>(new Node));
}

static void check_shared() {
    for (const auto &node : kept<std::shared_ptr<Node>>())
        corpus_reachable("Node", node != nullptr);
}

// A pointer to a part shares the whole.
static SITE void hold_aliased(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto node = std::make_shared<Node>();
        kept<std::shared_ptr<Widget *>>().emplace_back(node, &node->widget);
    }
}

static void check_aliased() { corpus_reachable("Node", kept<std::shared_ptr<Widget *>>().size()); }

// Dead objects, but with make_shared the block lives as long as the last weak pointer.
static SITE void hold_expired(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        kept<std::weak_ptr<Node>>().push_back(std::make_shared<Node>());
        kept<std::weak_ptr<Node>>().push_back(std::shared_ptr<Node>(new Node));
    }
}

// A tree whose children know their parents weakly.
static SITE void hold_weak_parent(unsigned n) {
    struct Parent : std::enable_shared_from_this<Parent> {
        std::vector<std::shared_ptr<Parent>> children;
        std::weak_ptr<Parent> parent;
        Parent() { corpus_born("Parent"); }
        ~Parent() { corpus_died("Parent"); }
    };
    auto root = std::make_shared<Parent>();
    for (unsigned i = 0; i < n; i++) {
        root->children.push_back(std::make_shared<Parent>());
        root->children.back()->parent = root->shared_from_this();
    }
}

static SITE void hold_unique_chain(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto node = std::make_unique<Node>();
        node->owned = std::make_unique<Node>();
        kept<std::unique_ptr<Node>>().push_back(std::move(node));
    }
}

static void check_unique_chain() {
    for (const auto &node : kept<std::unique_ptr<Node>>())
        corpus_reachable("Node", 1 + (node->owned != nullptr));
}

static Widget &local() {
    static auto *widget = new Widget;
    return *widget;
}

static SITE void hold_local_static(unsigned n) { local().number += n; }
static void check_local_static() { corpus_reachable("Widget", local().number > 0); }

static std::atomic<Node *> stack;

// Pushed by compare and exchange, with the version in no bits of the pointer.
static SITE void hold_atomic(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *node = new Node, *head = stack.load();
        do
            node->widget = reinterpret_cast<Widget *>(head);
        while (!stack.compare_exchange_weak(head, node));
    }
}

static void check_atomic() {
    for (auto *node = stack.load(); node; node = reinterpret_cast<Node *>(node->widget))
        corpus_reachable("Node", 1);
}

static SITE Routine wait_once(std::shared_ptr<Widget> widget) {
    co_await std::suspend_always();
    widget->number++;
}

static SITE void hold_coroutine(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<Routine>().push_back(wait_once(std::make_shared<Widget>()));
}

static void check_widgets() { corpus_held("Widget"); }

static void resume_coroutines() {
    for (auto &routine : kept<Routine>())
        routine.resume();
    kept<Routine>().clear();
}

struct Failure {
    Widget *widget;
};

// The exception object is on the heap, and the runtime's thread-local storage holds it while it is handled.
static SITE void hold_exception(unsigned n) {
    try {
        throw Failure{new Widget};
    } catch (const Failure &failure) {
        failure.widget->number += n;
        corpus_reachable("Widget", 1);
        corpus_finish();
    }
}

static SITE void hold_exception_pointer(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        kept<std::exception_ptr>().push_back(std::make_exception_ptr(std::make_shared<Widget>()));
}

static void drop_exception_pointers() { kept<std::exception_ptr>().clear(); }

static std::mutex &lock = *new std::mutex;
static std::condition_variable &changed = *new std::condition_variable;
static bool go;

static void wait_to_go() {
    corpus_signal();
    std::unique_lock held(lock);
    changed.wait(held, [] { return go; });
}

static void let_go() {
    {
        std::unique_lock held(lock);
        go = true;
    }
    changed.notify_all();
    for (auto &thread : kept<std::thread>())
        thread.join();
    kept<std::future<void>>().clear();
}

static SITE void hold_thread(unsigned n) {
    for (unsigned i = 0; i < n && i < 40; i++)
        kept<std::thread>().emplace_back([widget = std::make_unique<Widget>()] {
            wait_to_go();
            widget->number++;
        });
    corpus_wait(kept<std::thread>().size());
}

static SITE void hold_async(unsigned n) {
    for (unsigned i = 0; i < n && i < 40; i++)
        kept<std::future<void>>().push_back(std::async(std::launch::async, [] {
            auto widget = std::make_unique<Widget>();
            wait_to_go();
            widget->number++;
        }));
    corpus_wait(kept<std::future<void>>().size());
}

static thread_local std::unique_ptr<Widget> thread_widget;

static SITE void hold_thread_local(unsigned n) {
    kept<std::thread>().emplace_back([n] {
        thread_widget = std::make_unique<Widget>();
        thread_widget->number += n;
        corpus_scrub();
        wait_to_go();
    });
    corpus_wait(1);
}

int main(int argc, char **argv) {
    static const corpus_case cases[] = {
        {"second_base", 0, hold_second_base, check_second_base, nullptr, 0, nullptr},
        {"virtual_base", 0, hold_virtual_base, check_virtual_base, nullptr, 0, nullptr},
        {"array_of_objects", 0, hold_array_of_objects, check_array_of_objects, nullptr, 0, nullptr},
        {"member", 0, hold_member, check_member, nullptr, 0, nullptr},
        {"shared", 0, hold_shared, check_shared, nullptr, 0, nullptr},
        {"aliased", 0, hold_aliased, check_aliased, nullptr, 0, nullptr},
        {"expired", 0, hold_expired, nullptr, nullptr, 0, nullptr},
        {"weak_parent", 0, hold_weak_parent, nullptr, nullptr, 0, nullptr},
        {"unique_chain", 0, hold_unique_chain, check_unique_chain, nullptr, 0, nullptr},
        {"local_static", 0, hold_local_static, check_local_static, nullptr, 0, nullptr},
        {"atomic", 0, hold_atomic, check_atomic, nullptr, 0, nullptr},
        {"coroutine", 0, hold_coroutine, check_widgets, nullptr, 0, resume_coroutines},
        {"exception", 0, hold_exception, nullptr, nullptr, 1, nullptr},
        {"exception_pointer", 0, hold_exception_pointer, check_widgets, nullptr, 0, drop_exception_pointers},
        {"thread", 0, hold_thread, check_widgets, nullptr, 0, let_go},
        {"async", 0, hold_async, check_widgets, nullptr, 0, let_go},
        {"thread_local", 0, hold_thread_local, check_widgets, nullptr, 0, let_go},
    };
    return corpus_main(argc, argv, "pointers", cases, COUNT_OF(cases));
}
