// SPDX-License-Identifier: Apache-2.0
// A second C library in a loader namespace of its own, which nothing preloaded is in.
#include "common.h"
#include <dlfcn.h>

int main(void) {
    burn(0.05);
    void *math = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
    double (*cosine)(double) = math ? (double (*)(double))dlsym(math, "cos") : NULL;
    printf("cos: %.3f\n", cosine ? cosine(1.0) : 0);
    void *deep = dlopen("libm.so.6", RTLD_NOW | RTLD_DEEPBIND | RTLD_LOCAL);
    printf("deep: %d\n", deep != NULL);
    void *next = dlsym(RTLD_NEXT, "pthread_create"), *any = dlsym(RTLD_DEFAULT, "getpid");
    printf("%d %d %s\n", next != NULL, any == (void *)getpid, dlerror() ?: "no error");
    printf("missing: %d", dlopen("/no/such.so", RTLD_NOW) == NULL);
    printf(" %s\n", dlerror());
    for (int i = 0; i < 200; i++) {
        void *handle = dlopen("libgcc_s.so.1", RTLD_NOW);
        burn(0.001);
        if (handle == NULL || dlclose(handle) != 0)
            printf("wrong\n");
    }
    if (math)
        dlclose(math);
    burn(0.05);
    return 0;
}
