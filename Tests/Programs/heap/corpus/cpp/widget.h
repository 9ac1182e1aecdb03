// SPDX-License-Identifier: Apache-2.0
// Classes that count themselves, for the C++ programs of the leak corpus.
#pragma once
#include "../support/corpus.h"
#include <functional>
#include <memory>

struct Widget {
    long number = 1;
    Widget() { corpus_born("Widget"); }
    Widget(const Widget &) = delete;
    Widget &operator=(const Widget &) = delete;
    ~Widget() { corpus_died("Widget"); }
};

struct Node {
    std::shared_ptr<Node> next, other;
    std::function<long()> action;
    std::unique_ptr<Node> owned;
    Widget *widget = nullptr;
    Node() { corpus_born("Node"); }
    Node(const Node &) = delete;
    Node &operator=(const Node &) = delete;
    ~Node() { corpus_died("Node"); }
};

struct Drawable {
    long color = 1;
    virtual ~Drawable() = default;
    virtual long draw() { return color; }
};

struct Clickable {
    long clicks = 2;
    virtual ~Clickable() = default;
    virtual long click() { return clicks; }
};

// Pointers to its second base point into the middle.
struct Button : Drawable, Clickable {
    long label = 3;
    Button() { corpus_born("Button"); }
    ~Button() override { corpus_died("Button"); }
};

struct Left : virtual Drawable {
    long left = 4;
};

struct Right : virtual Drawable {
    long right = 5;
};

struct Diamond : Left, Right {
    long bottom = 6;
    Diamond() { corpus_born("Diamond"); }
    ~Diamond() override { corpus_died("Diamond"); }
};

// The object at `object`, made by `new` (and counted by its class), is leaked.
#define PLANT_OBJECT(type, object, kind) corpus_planted(#type, object, sizeof(type), kind, __func__)
