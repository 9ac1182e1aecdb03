// SPDX-License-Identifier: Apache-2.0
// Known numbers of blocks and bytes below containers and operator new, by function.
#include "expect.h"
#include <string>
#include <vector>

NOINLINE static void keep_strings() { // a block of 100 x 32 bytes, 100 of 101 (with the 0 at the end), all kept
    static std::vector<std::string> kept;
    kept.reserve(100);
    for (int i = 0; i < 100; i++)
        kept.emplace_back(100, 'x');
    STAY;
}
struct Session {
    long number[6];
};
NOINLINE static void drop_objects() { // 50 of 48 bytes, 20 deleted
    static Session *kept[50];
    for (int i = 0; i < 50; i++) {
        kept[i] = new Session;
        KEEP(kept[i]);
    }
    for (int i = 0; i < 20; i++)
        delete kept[i];
    STAY;
}

int main() {
    keep_strings();
    drop_objects();
    _Exit(0); // no destructors: what is kept stays
}
