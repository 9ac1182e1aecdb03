// SPDX-License-Identifier: Apache-2.0
// An account of what the program maps by mmap and mremap, apart from that of malloc: by stack, for anonymous private
// memory and for all else. What the allocator maps for itself is not in it; nor is what the C library maps, which does
// not call the exported names.
//
// The list of mappings is sorted by address; a call that cuts a mapping in two makes two pieces of it. A piece that
// goes is a free; one that a cut adds is an allocation of no bytes. So what is live is allocations - frees, of both.
//
// One lock, held during the system call: what another thread maps at an address that has just become free must not come
// into the list before the old one has left it. The kernel takes such calls one by one as well.
#include "heap_mappings.h"
#include "heap.h"
#include "heap_next.h"
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#if defined(__aarch64__)
#include "syscall_aarch64.h"
#else
#include "syscall_x86_64.h"
#endif

#define PP_MAPPINGS_MOST 131072u // twice what the kernel allows by default
#define PP_PAGE_UP(size) (((uint64_t)(size) + 4095) & ~4095ull)

static _Atomic uint8_t lock;
static pp_heap_mapping *list;

// Takes the list; NULL: this call is not to be noted. `busy` during the system call as well: a handler that maps then
// would wait for us.
static pp_heap_thread *begin(pp_heap_local *local) {
    if (!pp_next_is_known() || local->busy || local->inside || !pp_heap.may_claim ||
        atomic_load_explicit(&pp_heap.phase, memory_order_acquire) != PP_HEAP_RECORDING ||
        pp_heap_mode() == PP_HEAP_OFF)
        return NULL;
    pp_heap_thread *thread = pp_heap_enter(local);
    pp_heap_lock(&lock); // taken over: the list is in order but for one entry, which may be there twice or too short
    if (list == NULL) {
        list = pp_heap_map(PP_MAPPINGS_MOST * sizeof(*list));
        pp_heap.root.mappings = (uint64_t)(uintptr_t)list;
    }
    if (list != NULL)
        return thread;
    pp_heap_unlock(&lock);
    pp_heap_leave(local, thread);
    return NULL;
}

static void end(pp_heap_local *local, pp_heap_thread *thread) {
    pp_heap_unlock(&lock);
    pp_heap_leave(local, thread);
}

// The first mapping that ends after `address`.
static uint32_t first_after(uint64_t address) {
    uint32_t low = 0, high = pp_heap.root.mapping_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (list[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool insert_at(uint32_t at, pp_heap_mapping mapping) {
    uint32_t count = pp_heap.root.mapping_count;
    if (count == PP_MAPPINGS_MOST) {
        pp_heap_count(PP_HEAP_COUNT_NO_MAPPING);
        return false;
    }
    memmove(list + at + 1, list + at, (count - at) * sizeof(*list));
    list[at] = mapping;
    pp_heap.root.mapping_count = count + 1;
    return true;
}

static void erase_at(uint32_t at) {
    uint32_t count = pp_heap.root.mapping_count;
    memmove(list + at, list + at + 1, (count - at - 1) * sizeof(*list));
    pp_heap.root.mapping_count = count - 1;
}

static void count_freed(pp_heap_thread *thread, const pp_heap_mapping *mapping, uint64_t bytes, bool is_whole) {
    bool is_own = mapping->generation == pp_heap.root.generation;
    pp_heap_add_bytes(thread, mapping->key, is_own ? PP_HEAP_FREED : PP_HEAP_FREED_INHERITED, is_whole, bytes);
}

// [start, end) is not mapped any more.
static void remove_range(pp_heap_thread *thread, uint64_t start, uint64_t end) {
    for (uint32_t at = first_after(start); at < pp_heap.root.mapping_count && list[at].start < end;) {
        pp_heap_mapping *mapping = &list[at];
        uint64_t from = mapping->start > start ? mapping->start : start;
        uint64_t to = mapping->end < end ? mapping->end : end;
        bool keeps_head = mapping->start < from, keeps_tail = to < mapping->end;
        count_freed(thread, mapping, to - from, !keeps_head && !keeps_tail);
        if (keeps_head && keeps_tail) {
            pp_heap_mapping tail = *mapping;
            tail.start = to;
            mapping->end = from;
            if (insert_at(at + 1, tail))
                pp_heap_add_bytes(thread, tail.key, PP_HEAP_ALLOCATED, 1, 0);
            return;
        }
        if (keeps_head)
            mapping->end = from;
        else if (keeps_tail)
            mapping->start = to;
        if (keeps_head || keeps_tail)
            at++;
        else
            erase_at(at);
    }
}

static void add_range(pp_heap_thread *thread, uint64_t start, uint64_t size, uint32_t key) {
    pp_heap_mapping mapping = {.start = start, .end = start + size, .key = key, .generation = pp_heap.root.generation};
    if (insert_at(first_after(start), mapping))
        pp_heap_add_bytes(thread, key, PP_HEAP_ALLOCATED, 1, size);
}

static uint32_t key_of(pp_heap_thread *thread, int flags, const pp_registers *caller) {
    uint32_t *hint, stack = pp_memo_stack(thread, caller, &hint);
    bool is_private = (flags & MAP_ANONYMOUS) != 0 && (flags & MAP_TYPE) == MAP_PRIVATE;
    return stack | (is_private ? PP_HEAP_KIND_PRIVATE : PP_HEAP_KIND_MAPPED) << PP_HEAP_KIND_SHIFT;
}

// Before the next definitions are known, the system calls themselves.
static void *next_mmap(void *at, size_t size, int protection, int flags, int fd, int64_t offset) {
    if (pp_next.mmap != NULL)
        return pp_next.mmap(at, size, protection, flags, fd, offset);
    return (void *)pp_raw_syscall(SYS_mmap, (long)at, (long)size, protection, flags, fd, offset); // NOLINT
}
static int next_munmap(void *at, size_t size) {
    if (pp_next.munmap != NULL)
        return pp_next.munmap(at, size);
    return (int)pp_raw_syscall(SYS_munmap, (long)at, (long)size, 0, 0, 0, 0);
}
static void *next_mremap(void *at, size_t size, size_t new_size, int flags, void *to) {
    if (pp_next.mremap != NULL)
        return pp_next.mremap(at, size, new_size, flags, to);
    return (void *)pp_raw_syscall(SYS_mremap, (long)at, (long)size, (long)new_size, flags, (long)to, 0); // NOLINT
}

void *pp_heap_mmap(void *at, size_t size, int protection, int flags, int fd, int64_t offset, PP_CALLER) {
    pp_heap_local *local = &pp_heap_local_state;
    pp_heap_thread *thread = begin(local);
    void *mapped = next_mmap(at, size, protection, flags, fd, offset);
    if (thread == NULL)
        return mapped;
    if (mapped != MAP_FAILED) {
        pp_registers caller = PP_CALLER_REGISTERS;
        uint64_t start = (uint64_t)(uintptr_t)mapped, bytes = PP_PAGE_UP(size);
        remove_range(thread, start, start + bytes); // MAP_FIXED
        add_range(thread, start, bytes, key_of(thread, flags, &caller));
    }
    end(local, thread);
    return mapped;
}

int pp_heap_munmap(void *at, size_t size) {
    pp_heap_local *local = &pp_heap_local_state;
    pp_heap_thread *thread = begin(local);
    int result = next_munmap(at, size);
    if (thread == NULL)
        return result;
    if (result == 0)
        remove_range(thread, (uint64_t)(uintptr_t)at, (uint64_t)(uintptr_t)at + PP_PAGE_UP(size));
    end(local, thread);
    return result;
}

// What mremap does to the list: the old range goes, the new one is the caller's; its kind stays.
static void note_move(pp_heap_thread *thread, uint64_t from, uint64_t size, int flags, uint64_t to, uint64_t new_size,
                      const pp_registers *caller) {
    uint32_t at = first_after(from), kind = PP_HEAP_KIND_MAPPED;
    if (at < pp_heap.root.mapping_count && list[at].start <= from)
        kind = list[at].key >> PP_HEAP_KIND_SHIFT;
#ifdef MREMAP_DONTUNMAP
    if ((flags & MREMAP_DONTUNMAP) == 0)
#endif
        remove_range(thread, from, from + size);
    remove_range(thread, to, to + new_size);
    uint32_t *hint, stack = pp_memo_stack(thread, caller, &hint);
    add_range(thread, to, new_size, stack | kind << PP_HEAP_KIND_SHIFT);
}

void *pp_heap_mremap(void *at, size_t size, size_t new_size, int flags, void *to, uint64_t unused, PP_CALLER) {
    pp_heap_local *local = &pp_heap_local_state;
    pp_heap_thread *thread = begin(local);
    void *moved = next_mremap(at, size, new_size, flags, to);
    if (thread == NULL)
        return moved;
    if (moved != MAP_FAILED) {
        pp_registers caller = PP_CALLER_REGISTERS;
        note_move(thread, (uint64_t)(uintptr_t)at, PP_PAGE_UP(size), flags, (uint64_t)(uintptr_t)moved,
                  PP_PAGE_UP(new_size), &caller);
    }
    end(local, thread);
    return moved;
}
