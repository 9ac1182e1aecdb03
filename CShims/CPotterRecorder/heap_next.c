// SPDX-License-Identifier: Apache-2.0
// Looks up the next definitions, at the first call of a hook: in the loader, or in a library's constructor.
//
// dlsym may itself allocate: the older C library for every look-up, the newer one for names that it does not find. What
// it asks for meanwhile comes from the arena (heap_arena.c); names that every allocator has are looked up first.
#include "heap_next.h"
#include "heap.h"
#include <dlfcn.h>

#define PP_NEXT_NOT 0u
#define PP_NEXT_SOON 1u
#define PP_NEXT_KNOWN 2u

pp_next_functions pp_next;
static _Atomic uint32_t known;

// Where the C library has them under these names, they work before any look-up does.
extern void *__libc_malloc(size_t) __attribute__((weak));
extern void *__libc_calloc(size_t, size_t) __attribute__((weak));
extern void *__libc_realloc(void *, size_t) __attribute__((weak));
extern void *__libc_memalign(size_t, size_t) __attribute__((weak));
extern void __libc_free(void *) __attribute__((weak));

// Before the loader has relocated this library its thread-local variables cannot be reached, nor can anybody else: the
// code of an IFUNC may run so early. An address in data is relocated, one that code computes need not be.
static const void *const volatile relocated = &known;
static bool is_relocated(void) {
    const void *computed;
#if defined(__x86_64__)
    __asm__("lea %1, %0" : "=r"(computed) : "m"(known));
#else
    computed = &known;
#endif
    return relocated == computed;
}

static void take_from_libc(void) {
    pp_next.malloc = __libc_malloc;
    pp_next.calloc = __libc_calloc;
    pp_next.realloc = __libc_realloc;
    pp_next.memalign = __libc_memalign;
    pp_next.free = __libc_free;
}

// Of another library's blocks one's malloc_usable_size knows nothing.
static void forget_foreign(void) {
    Dl_info of_malloc, of_usable;
    if (pp_next.malloc_usable_size == NULL)
        return;
    if (dladdr((void *)pp_next.malloc, &of_malloc) == 0 || // NOLINT: functions are addresses
        dladdr((void *)pp_next.malloc_usable_size, &of_usable) == 0 || of_malloc.dli_fbase != of_usable.dli_fbase)
        pp_next.malloc_usable_size = NULL;
}

static void look_up(void) {
#define PP_LOOK_UP(type, name, arguments) pp_next.name = (type(*) arguments)dlsym(RTLD_NEXT, #name);
    PP_NEXT_FUNCTIONS(PP_LOOK_UP)
#undef PP_LOOK_UP
    bool whole = pp_next.malloc != NULL && pp_next.calloc != NULL && pp_next.realloc != NULL && pp_next.free != NULL;
    if (!whole)
        take_from_libc();
    forget_foreign();
}

bool pp_next_is_known(void) {
    uint32_t state = atomic_load_explicit(&known, memory_order_acquire);
    if (__builtin_expect(state == PP_NEXT_KNOWN, 1))
        return true;
    if (!is_relocated())
        return false;
    uint32_t expected = PP_NEXT_NOT;
    if (!atomic_compare_exchange_strong(&known, &expected, PP_NEXT_SOON))
        return false; // dlsym allocates, or another thread is at it
    look_up();
    bool found = pp_next.malloc != NULL && pp_next.free != NULL;
    atomic_store_explicit(&known, found ? PP_NEXT_KNOWN : PP_NEXT_NOT, memory_order_release);
    return found;
}
