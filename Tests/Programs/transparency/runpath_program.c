// SPDX-License-Identifier: Apache-2.0
// part of runpath.sh: built by build.sh
#include <dlfcn.h>
#include <stdio.h>

const char *caller_loads(void);
const char *caller_loads_origin(void);

int main(void) {
    printf("by the program: %s\n", dlopen("libplugin.so", RTLD_NOW) != NULL ? "found" : "not found");
    printf("by the library: %s\n", caller_loads());
    printf("with $ORIGIN: %s\n", caller_loads_origin());
    void *self = dlopen(NULL, RTLD_NOW);
    printf("itself: %d\n", self != NULL && dlsym(self, "main") != NULL);
    printf("already there: %d\n", dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD) != NULL);
    printf("missing symbol: %d\n", dlsym(self, "no_such_symbol") == NULL && dlerror() != NULL);
    return 0;
}
