// SPDX-License-Identifier: Apache-2.0
// A plug-in; built twice, with other names for the same code at the same offsets: -DENTRY=one_entry -DLEAF=one_leaf.
#include <stdint.h>

__attribute__((noipa)) uint64_t LEAF(uint64_t x) {
    for (uint64_t i = 0; i < 200000; i++)
        x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull + i;
    return x;
}
__attribute__((noipa)) uint64_t ENTRY(uint64_t x) { return LEAF(x + 1) * 3; }
