// SPDX-License-Identifier: Apache-2.0
// The functions of <string.h> that the recorder uses in handlers and on session memory, and those that the compiler
// makes calls to. Hidden: they bind inside of this library. The C library's names may be somebody else's in the target:
// a sanitizer's memcpy in our handler reports data races of ours, and takes its locks.
#include <stddef.h>
#include <stdint.h>

#define OWN __attribute__((visibility("hidden"), no_builtin))

// May lie anywhere, and be seen as any type.
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

OWN void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    unsigned char *t = to;
    const unsigned char *f = from;
    for (; size >= sizeof(word); size -= sizeof(word), t += sizeof(word), f += sizeof(word))
        *(word *)t = *(const word *)f;
    while (size-- > 0)
        *t++ = *f++;
    return to;
}

OWN void *memmove(void *to, const void *from, size_t size) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t <= f || t >= f + size) {
        for (size_t i = 0; i < size; i++)
            t[i] = f[i];
        return to;
    }
    while (size-- > 0)
        t[size] = f[size];
    return to;
}

OWN void *memset(void *to, int value, size_t size) {
    unsigned char *t = to;
    for (; size >= sizeof(word); size -= sizeof(word), t += sizeof(word))
        *(word *)t = (uint8_t)value * 0x0101010101010101u;
    while (size-- > 0)
        *t++ = (unsigned char)value;
    return to;
}

OWN int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *x = a, *y = b;
    for (; size >= sizeof(word) && *(const word *)x == *(const word *)y; size -= sizeof(word)) {
        x += sizeof(word);
        y += sizeof(word);
    }
    for (; size > 0; size--, x++, y++)
        if (*x != *y)
            return *x < *y ? -1 : 1;
    return 0;
}

OWN int bcmp(const void *a, const void *b, size_t size) { return memcmp(a, b, size); }

OWN size_t strnlen(const char *text, size_t most) {
    size_t length = 0;
    while (length < most && text[length] != 0)
        length++;
    return length;
}

OWN size_t strlen(const char *text) { return strnlen(text, SIZE_MAX); }

OWN int strcmp(const char *a, const char *b) {
    while (*a != 0 && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
