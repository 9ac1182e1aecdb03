// SPDX-License-Identifier: Apache-2.0
// A plug-in that allocates while it is loaded and unloaded. See plugins.c.
#include "expect.h"

static void *kept;
NOINLINE void *plugin_allocate(size_t size) {
    void *p = malloc(size);
    KEEP(p);
    return p;
}
__attribute__((constructor)) static void begin(void) { kept = plugin_allocate(100); }
__attribute__((destructor)) static void end(void) { free(kept); }
