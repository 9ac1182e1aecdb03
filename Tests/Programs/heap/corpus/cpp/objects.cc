// SPDX-License-Identifier: Apache-2.0
// Leaks in C++: objects by each form of `new`, lost in each of the usual ways.
#include "widget.h"
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

static SITE void plant_new(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *widget = new Widget;
        PLANT_OBJECT(Widget, widget, C_BLOCK);
    }
}

static SITE void plant_new_array(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *text = new char[104];
        memset(text, 'x', 104);
        PLANT("char[104]", text, 104, C_BLOCK);
    }
}

// The array's block begins with the number of its elements; `new` returns what comes behind.
static SITE void plant_new_array_of_objects(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *widgets = new Widget[5];
        for (int j = 1; j < 5; j++) // one block: its first object stands for it, the others count as dead
            corpus_died("Widget");
        auto *start = reinterpret_cast<char *>(widgets) - sizeof(size_t);
        corpus_planted("Widget", start, 5 * sizeof(Widget) + sizeof(size_t), C_BLOCK, __func__);
    }
}

static SITE void plant_release(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto widget = std::make_unique<Widget>();
        PLANT_OBJECT(Widget, widget.release(), C_BLOCK);
    }
}

static SITE void throw_between(unsigned i) {
    auto *widget = new Widget;
    if (i % 2 == 0)
        PLANT_OBJECT(Widget, widget, C_BLOCK);
    if (i % 2 == 0)
        throw std::runtime_error("between new and delete");
    delete widget;
}

static SITE void plant_exception(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        try {
            throw_between(i);
        } catch (const std::exception &) {
        }
}

struct Halfway {
    Widget *widget;
    SITE Halfway() : widget(new Widget) {
        PLANT_OBJECT(Widget, widget, C_BLOCK);
        throw std::runtime_error("the destructor will not run");
    }
    ~Halfway() { delete widget; }
};

static SITE void plant_constructor_throws(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        try {
            Halfway halfway;
        } catch (const std::exception &) {
        }
}

// Destroyed, but its memory is kept.
static SITE void plant_placement(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        void *memory = malloc(sizeof(Button));
        auto *button = new (memory) Button;
        button->~Button();
        PLANT("void[]", memory, sizeof(Button), C_BLOCK);
    }
}

struct alignas(64) Aligned {
    long numbers[16] = {};
    Aligned() { corpus_born("Aligned"); }
    ~Aligned() { corpus_died("Aligned"); }
};

static SITE void plant_aligned_new(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *aligned = new Aligned;
        PLANT_OBJECT(Aligned, aligned, C_BLOCK);
    }
}

static SITE void plant_nothrow(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *widget = new (std::nothrow) Widget;
        PLANT_OBJECT(Widget, widget, C_BLOCK);
    }
}

struct Pooled {
    long number = 7;
    Pooled() { corpus_born("Pooled"); }
    ~Pooled() { corpus_died("Pooled"); }
    SITE static void *operator new(size_t bytes) { return calloc(1, bytes); }
    SITE static void operator delete(void *memory) { free(memory); }
};

static SITE void plant_class_new(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *pooled = new Pooled;
        PLANT_OBJECT(Pooled, pooled, C_BLOCK);
    }
}

static SITE void plant_multiple_inheritance(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        Clickable *second = new Button;
        PLANT_OBJECT(Button, dynamic_cast<void *>(second), C_BLOCK);
    }
}

static SITE void plant_virtual_base(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        Drawable *base = new Diamond;
        PLANT_OBJECT(Diamond, dynamic_cast<void *>(base), C_BLOCK);
    }
}

// Held by a pointer to its second base, from an object that is lost.
static SITE void plant_owned_by_base(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto **holder = new Clickable *[3]();
        auto *button = new Button;
        holder[1] = button;
        PLANT("Clickable *[3]", holder, 3 * sizeof(Clickable *), C_BLOCK);
        PLANT_OBJECT(Button, button, OWNED);
    }
}

static SITE void plant_cleared_vector(unsigned n) {
    std::vector<Widget *> widgets;
    for (unsigned i = 0; i < n; i++) {
        widgets.push_back(new Widget);
        PLANT_OBJECT(Widget, widgets.back(), C_BLOCK);
    }
    std::fill(widgets.begin(), widgets.end(), nullptr);
    widgets.clear();
}

// A counted object that is retained once too often.
class Counted {
    int references = 1;
    ~Counted() { corpus_died("Counted"); }

  public:
    Counted() { corpus_born("Counted"); }
    void retain() { references++; }
    SITE void release() {
        if (--references == 0)
            delete this;
    }
};

static SITE void plant_over_retained(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *counted = new Counted;
        counted->retain();
        if (i % 2 == 0)
            PLANT_OBJECT(Counted, counted, C_BLOCK);
        else
            counted->release();
        counted->release();
    }
}

// The argument of a thread that has ended.
static SITE void plant_thread_argument(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *widget = new Widget;
        PLANT_OBJECT(Widget, widget, C_BLOCK);
        std::thread([widget] { widget->number++; }).join();
    }
}

static SITE void plant_exception_pointer(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        auto *pointer = new std::exception_ptr(std::make_exception_ptr(7L));
        PLANT("std::exception_ptr", pointer, sizeof *pointer, C_BLOCK);
    }
    corpus_implied("exception object", n);
}

static Widget *current;

static SITE void plant_reassigned(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        current = new Widget;
        PLANT_OBJECT(Widget, current, C_BLOCK);
    }
    current = new Widget;
}

static void check_reassigned() { corpus_reachable("Widget", current != nullptr); }

int main(int argc, char **argv) {
    static const corpus_case cases[] = {
        {"new", 1, plant_new, nullptr, nullptr, 0, nullptr},
        {"new_array", 1, plant_new_array, nullptr, nullptr, 0, nullptr},
        {"new_array_of_objects", 1, plant_new_array_of_objects, nullptr, nullptr, 0, nullptr},
        {"release", 1, plant_release, nullptr, nullptr, 0, nullptr},
        {"exception", 1, plant_exception, nullptr, nullptr, 0, nullptr},
        {"constructor_throws", 1, plant_constructor_throws, nullptr, nullptr, 0, nullptr},
        {"placement", 1, plant_placement, nullptr, nullptr, 0, nullptr},
        {"aligned_new", 1, plant_aligned_new, nullptr, nullptr, 0, nullptr},
        {"nothrow", 1, plant_nothrow, nullptr, nullptr, 0, nullptr},
        {"class_new", 1, plant_class_new, nullptr, nullptr, 0, nullptr},
        {"multiple_inheritance", 1, plant_multiple_inheritance, nullptr, nullptr, 0, nullptr},
        {"virtual_base", 1, plant_virtual_base, nullptr, nullptr, 0, nullptr},
        {"owned_by_base", 1, plant_owned_by_base, nullptr, nullptr, 0, nullptr},
        {"cleared_vector", 1, plant_cleared_vector, nullptr, nullptr, 0, nullptr},
        {"over_retained", 1, plant_over_retained, nullptr, nullptr, 0, nullptr},
        {"thread_argument", 1, plant_thread_argument, nullptr, nullptr, 0, nullptr},
        {"exception_pointer", 1, plant_exception_pointer, nullptr, nullptr, 0, nullptr},
        {"reassigned", 1, plant_reassigned, check_reassigned, nullptr, 0, nullptr},
    };
    return corpus_main(argc, argv, "objects", cases, COUNT_OF(cases));
}
