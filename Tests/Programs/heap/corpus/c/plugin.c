// SPDX-License-Identifier: Apache-2.0
// A library that loader.c loads: it keeps pointers in its globals and in its thread-local storage.
#include <stdlib.h>
#include <string.h>

static char *kept[64], *own;
static unsigned kept_count;
static __thread char *thread_kept[64]; // dynamic: the library comes late
static __thread unsigned thread_kept_count;

__attribute__((constructor)) static void make_own(void) { own = calloc(1, 64); }

// Keeps `block` in `place`, "global" or "tls"; at most 64 each.
void plugin_add(const char *place, void *block) {
    if (strcmp(place, "tls") == 0)
        thread_kept[thread_kept_count++ % 64] = block;
    else
        kept[kept_count++ % 64] = block;
}

// Reads all of them: what nobody reads, the compiler would not store.
long plugin_count(const char *place) {
    if (strcmp(place, "constructor") == 0)
        return own != NULL && own[0] == 0;
    char **all = strcmp(place, "tls") == 0 ? thread_kept : kept;
    long count = 0;
    for (int i = 0; i < 64; i++)
        count += all[i] && all[i][0] == 0;
    return count;
}

void plugin_free_own(void) {
    free(own);
    own = NULL;
}
