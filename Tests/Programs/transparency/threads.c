// SPDX-License-Identifier: Apache-2.0
// Threads: tiny stacks, pthread_exit, key destructors, errno, names, attributes, many short ones.
#include "common.h"
#include <limits.h>

static pthread_key_t key;
static void destroy(void *value) { printf("destructor of %s\n", (char *)value); }

static void *tiny(void *unused) {
    burn(0.1);
    return unused;
}
static void *leave(void *name) {
    pthread_setspecific(key, name);
    burn(0.02);
    pthread_exit((void *)5);
}
static void *first_look(void *unused) {
    static char seen[64];
    char name[16];
    int error = errno;
    pthread_getname_np(pthread_self(), name, sizeof(name));
    snprintf(seen, sizeof(seen), "errno of a new thread: %d, name %s", error, name);
    return seen;
}
static void *nothing(void *value) { return value; }

int main(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    void *result;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN);
    printf("tiny: %d\n", pthread_create(&thread, &attributes, tiny, NULL));
    pthread_join(thread, NULL);
    pthread_key_create(&key, destroy);
    pthread_create(&thread, NULL, leave, "key");
    pthread_join(thread, &result);
    printf("pthread_exit gave %ld\n", (long)result);
    pthread_setname_np(pthread_self(), "renamed");
    errno = 77;
    pthread_create(&thread, NULL, first_look, NULL);
    printf("errno after pthread_create: %d\n", errno);
    pthread_join(thread, &result);
    puts(result);
    long sum = 0;
    for (long i = 0; i < 3000; i++) {
        if (pthread_create(&thread, NULL, nothing, (void *)i) != 0)
            printf("thread %ld failed\n", i);
        pthread_join(thread, &result);
        sum += (long)result;
    }
    printf("sum %ld\n", sum);
    pthread_attr_setstacksize(&attributes, (size_t)1 << 46);
    int error = pthread_create(&thread, &attributes, nothing, NULL);
    printf("a stack too large: %s\n", strerror(error));
    pid_t pid = fork();
    if (pid == 0)
        _exit(errno == 77 ? 0 : 1);
    errno = 77;
    pid = fork();
    if (pid == 0)
        _exit(errno == 77 ? 0 : 1);
    wait_for("errno kept in a forked child", pid);
    return 0;
}
