// SPDX-License-Identifier: Apache-2.0
// runs: small overflow grown
// Alternate signal stacks: as small as the kernel allows and a handler needs, with a guard below; a stack overflow that
// the program survives on one.
#include "common.h"
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/mman.h>

static sigjmp_buf back;
static volatile sig_atomic_t handled;
static void count_signal(int signal) { handled += signal != 0; }
static void jump(int signal) { siglongjmp(back, signal); }

static void set_stack(size_t size) {
    size_t pages = (size + 4095) & ~4095ul;
    char *low = mmap(NULL, pages + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(low, 4096, PROT_NONE);
    stack_t stack = {.ss_sp = low + 4096 + (pages - size), .ss_size = size};
    printf("alternate stack: %d\n", sigaltstack(&stack, NULL));
}
static int deep(int n) {
    volatile char room[8192];
    room[0] = (char)n;
    return n < 0 ? 0 : deep(n + 1) + room[0];
}

int main(int count, char **arguments) {
    const char *how = arguments[1];
    size_t least = getauxval(AT_MINSIGSTKSZ);
    if (strcmp(how, "small") == 0)
        set_stack(least + 2048);
    else
        set_stack(65536);
    install(SIGUSR1, count_signal, SA_ONSTACK | SA_RESTART);
    install(SIGSEGV, jump, SA_ONSTACK);
    for (int i = 0; i < 50; i++) {
        raise(SIGUSR1);
        burn(0.01);
    }
    printf("handled %d\n", handled);
    if (strcmp(how, "overflow") == 0)
        for (int i = 0; i < 3; i++)
            if (sigsetjmp(back, 1) == 0)
                printf("%d\n", deep(1));
            else
                printf("survived\n");
    if (strcmp(how, "grown") == 0) {
        volatile char large[6 << 20];
        for (size_t i = 0; i < sizeof(large); i += 4096)
            large[sizeof(large) - 1 - i] = 1;
        burn(0.05);
        printf("large frame: %d\n", large[0] + 1 > 0);
    }
    return 0;
}
