// SPDX-License-Identifier: Apache-2.0
// part of runpath.sh: a library with RUNPATH $ORIGIN/plugins
#include <dlfcn.h>
#include <stddef.h>

static const char *name_in(const char *path) {
    void *handle = dlopen(path, RTLD_NOW);
    const char *(*name)(void) = handle != NULL ? (const char *(*)(void))dlsym(handle, "plugin_name") : NULL;
    return name != NULL ? name() : "not found";
}
const char *caller_loads(void) { return name_in("libplugin.so"); }
const char *caller_loads_origin(void) { return name_in("$ORIGIN/plugins/libplugin.so"); }
