// SPDX-License-Identifier: Apache-2.0
// Leaks in C: lists, trees, tables and cycles whose head is lost. Block sizes are 24, 40, 56 ...: all that malloc gives
// is asked for.
#include "../support/corpus.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node {
    struct node *next, *other;
    long number;
};

// As C_BLOCK for the head of a structure, OWNED for what hangs under it, CYCLE for members of cycles.
static SITE struct node *make_node(const char *kind) {
    struct node *node = calloc(1, sizeof *node);
    PLANT("struct node", node, sizeof *node, kind);
    return node;
}

static SITE void plant_self(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *node = make_node(CYCLE);
        node->next = node;
    }
}

static SITE void plant_two(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *a = make_node(CYCLE), *b = make_node(CYCLE);
        a->next = b;
        b->next = a;
    }
}

static SITE void plant_ring(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *first = make_node(CYCLE), *last = first;
        for (int j = 0; j < 8; j++)
            last = last->next = make_node(CYCLE);
        last->next = first;
    }
}

static SITE void plant_list(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *last = make_node(C_BLOCK);
        for (int j = 0; j < 9; j++)
            last = last->next = make_node(OWNED);
    }
}

static SITE void plant_doubly_linked(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *last = make_node(CYCLE);
        for (int j = 0; j < 4; j++) {
            struct node *node = make_node(CYCLE);
            last->next = node;
            node->other = last;
            last = node;
        }
    }
}

static SITE struct node *make_tree(int depth) {
    struct node *node = make_node(depth == 3 ? C_BLOCK : OWNED);
    if (depth > 0) {
        node->next = make_tree(depth - 1);
        node->other = make_tree(depth - 1);
    }
    return node;
}

static SITE void plant_tree(unsigned n) {
    for (unsigned i = 0; i < n; i++)
        make_tree(3);
}

// A cycle that owns a list and a string.
static SITE void plant_cycle_owns(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *a = make_node(CYCLE);
        a->next = a;
        a->other = make_node(OWNED);
        a->other->next = make_node(OWNED);
        char *text = calloc(1, 40);
        PLANT("char[40]", text, 40, OWNED);
        a->other->other = (struct node *)text;
    }
}

// Two lost heads share a tail.
static SITE void plant_shared_tail(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *tail = make_node(OWNED);
        make_node(C_BLOCK)->next = tail;
        make_node(C_BLOCK)->next = tail;
    }
}

struct table {
    struct node **buckets;
    size_t count;
    char *name;
};

static SITE void plant_table(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct table *table = malloc(sizeof *table);
        table->count = 5;
        table->buckets = calloc(table->count, sizeof *table->buckets);
        table->name = calloc(1, 24);
        PLANT("struct table", table, sizeof *table, C_BLOCK);
        PLANT("struct node *[5]", table->buckets, 40, OWNED);
        PLANT("char[24]", table->name, 24, OWNED);
        for (size_t j = 0; j < table->count; j += 2)
            table->buckets[j] = make_node(OWNED);
    }
}

// The owner is freed, what it owned is not.
static SITE void plant_shallow_free(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct table *table = malloc(sizeof *table);
        table->name = calloc(1, 56);
        table->buckets = calloc(3, sizeof *table->buckets);
        PLANT("char[56]", table->name, 56, C_BLOCK);
        PLANT("struct node *[3]", table->buckets, 24, C_BLOCK);
        table->buckets[0] = make_node(OWNED);
        memset(table, 0, sizeof *table);
        free(table);
    }
}

// Kept by a pointer into its middle, from a block that is lost.
static SITE void plant_interior_owned(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node *owner = make_node(C_BLOCK), *owned = make_node(OWNED);
        owner->next = (struct node *)&owned->number;
    }
}

static char **ends_of_blocks;

// The only pointers are one past the end: they are no pointers into the block, and point to the header of what follows.
static SITE void plant_one_past_end(unsigned n) {
    ends_of_blocks = calloc(n, sizeof *ends_of_blocks);
    for (unsigned i = 0; i < n; i++) {
        char *block = calloc(1, 56);
        PLANT("char[56]", block, 56, C_BLOCK);
        ends_of_blocks[i] = block + 56;
    }
}

static SITE void plant_array_of_pointers(unsigned n) {
    struct node **all = malloc(n * sizeof *all);
    for (unsigned i = 0; i < n; i++)
        all[i] = make_node(OWNED);
    PLANT("struct node *[]", all, n * sizeof *all, C_BLOCK);
}

// Pointers that only a freed block knew.
static SITE void plant_in_freed_block(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        struct node **index = malloc(2000);
        for (int j = 0; j < 250; j++)
            index[j] = NULL;
        index[100] = make_node(C_BLOCK);
        free(index);
    }
}

static SITE void *lose_on_stack(void *unused) {
    struct node *volatile kept[8];
    for (int i = 0; i < 8; i++)
        kept[i] = make_node(C_BLOCK);
    return kept[7] ? unused : NULL;
}

// Pointers that only the stack of a thread knew that has ended; its stack is not overwritten.
static SITE void plant_on_dead_stack(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, lose_on_stack, NULL) != 0)
            abort();
        pthread_join(thread, NULL);
    }
}

static __thread struct node *mine;

static SITE void *lose_in_tls(void *unused) {
    mine = make_node(C_BLOCK);
    return unused;
}

// Pointers that only the thread-local storage of a thread knew that has ended.
static SITE void plant_in_dead_tls(unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, lose_in_tls, NULL) != 0)
            abort();
        pthread_join(thread, NULL);
    }
}

int main(int argc, char **argv) {
    static const corpus_case cases[] = {
        {"self", 1, plant_self, NULL, NULL, 0, NULL},
        {"two", 1, plant_two, NULL, NULL, 0, NULL},
        {"ring", 1, plant_ring, NULL, NULL, 0, NULL},
        {"list", 1, plant_list, NULL, NULL, 0, NULL},
        {"doubly_linked", 1, plant_doubly_linked, NULL, NULL, 0, NULL},
        {"tree", 1, plant_tree, NULL, NULL, 0, NULL},
        {"cycle_owns", 1, plant_cycle_owns, NULL, NULL, 0, NULL},
        {"shared_tail", 1, plant_shared_tail, NULL, NULL, 0, NULL},
        {"table", 1, plant_table, NULL, NULL, 0, NULL},
        {"shallow_free", 1, plant_shallow_free, NULL, NULL, 0, NULL},
        {"interior_owned", 1, plant_interior_owned, NULL, NULL, 0, NULL},
        {"one_past_end", 1, plant_one_past_end, NULL, NULL, 0, NULL},
        {"array_of_pointers", 1, plant_array_of_pointers, NULL, NULL, 0, NULL},
        {"in_freed_block", 1, plant_in_freed_block, NULL, NULL, 0, NULL},
        {"on_dead_stack", 1, plant_on_dead_stack, NULL, NULL, 0, NULL},
        {"in_dead_tls", 1, plant_in_dead_tls, NULL, NULL, 0, NULL},
    };
    return corpus_main(argc, argv, "graphs", cases, COUNT_OF(cases));
}
