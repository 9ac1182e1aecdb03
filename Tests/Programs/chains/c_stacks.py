# SPDX-License-Identifier: Apache-2.0
"""Chains in C that are on other stacks than the thread's, or come to be where they are by a signal, the loader, a thread."""

# A stack of a coroutine, between pages that cannot be read, and nowhere near the thread's.
STACK = '''
enum { STACK_SIZE = 1 << 18 };
static char *new_stack(void) {
    char *memory = mmap(NULL, STACK_SIZE + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(memory + 4096, STACK_SIZE, PROT_READ | PROT_WRITE);
    return memory + 4096;
}
static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    static char *alternate;
    if (alternate == NULL) {
        alternate = new_stack();
        sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = STACK_SIZE}, NULL);
    }
    sigaction(number, &action, NULL);
    sigset_t set; // who started the program may have blocked it
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
// A signal every 300 us, or none.
static void alarms(int often) {
    static timer_t timer;
    static int made;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
    if (!made) made = timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
    struct itimerspec spec = {.it_interval = {.tv_nsec = often ? 300000 : 0}, .it_value = {.tv_nsec = often ? 300000 : 0}};
    timer_settime(timer, 0, &spec, NULL);
}
'''


def handler(source, kind):
    """A signal handler that runs a chain of its own: a function that is called `plant_N(int)`."""
    chain = source.program.chain(kind)
    chain.is_handler = True
    return handler_body(source, chain)


def handler_body(source, chain):
    first, = chain.functions()
    second, = chain.functions()
    leaf = source.leaf(chain, 80000)
    source.declarations.append(f"void plant_{first}(int number);")
    source.add(second, source.plain(leaf))
    source.bodies.append(f"PLANT void plant_{first}(int number) {{ sink += plant_{second}((word)number); }}\n")
    return f"plant_{first}"


def trapped(kind, flags):
    """A trap instruction of a planted function, whose handler goes deeper."""
    def make(source):
        chain = source.program.chain(kind)
        outer, middle = chain.functions(2)
        chain.foreign.append(middle)  # the frame by which the kernel returns from a handler
        name = handler_body(source, chain)
        source.add(outer, source.plain(f"plant_{middle}"))
        source.add(middle, f'    handle(SIGTRAP, {name}, {flags});\n    __asm__ volatile("int3");\n    return x * 3;')
        source.root(chain, outer)
    return make


def interrupted(kind, flags):
    """A timer's handler on top of any instruction of another chain, whose functions are short."""
    def make(source):
        name = handler(source, f"{kind} handler")
        def middle(chain):
            outer, = chain.functions(foreign=True)
            def finish(callee):
                source.add(outer, f'''    handle(SIGVTALRM, {name}, {flags});
    alarms(1);
    for (int i = 0; i < 40000; i++) x += {callee}(x);
    alarms(0);
    return x;''')
                return f"plant_{outer}"
            return finish
        source.around(kind, middle, above=1, below=6, rounds=5)
    return make


def thread(source):
    chain = source.program.chain("thread")
    root, = chain.functions()
    second, = chain.functions()
    leaf = source.leaf(chain, 200000)
    source.add(second, source.plain(leaf))
    source.declarations.append(f"void *plant_{root}(void *argument);")
    source.bodies.append(f'''PLANT void *plant_{root}(void *argument) {{
    for (int i = 0; i < 60; i++) sink += plant_{second}((word)(uintptr_t)argument);
    return NULL;
}}
word thread_{root}(word x) {{
    pthread_t thread;
    pthread_create(&thread, NULL, plant_{root}, (void *)(uintptr_t)x);
    pthread_join(thread, NULL);
    return x;
}}
''')
    source.roots.append(("thread", f"thread_{root}"))
    source.declare(f"thread_{root}")


def coroutine_chain(source, chain, rounds=60000):
    """A chain that begins on another stack: `void plant_N(void)` stores its result and goes back by `leave_N()`."""
    root, = chain.functions(foreign=True)
    middle = chain.functions(source.random.randrange(2, 20))
    leaf = source.leaf(chain, rounds)
    names = [f"plant_{n}" for n in middle[1:]] + [leaf]
    for number, name in zip(middle, names):
        source.add(number, source.plain(name))
    source.declarations += [f"void plant_{root}(void);", f"static void leave_{root}(void);"]
    source.bodies.append(f"PLANT void plant_{root}(void) {{\n    sink += plant_{middle[0]}(sink);\n"
                         f"    leave_{root}();\n}}\n")
    return root


def context(source):
    """makecontext and swapcontext of libc."""
    chain = source.program.chain("ucontext")
    root = coroutine_chain(source, chain)
    source.bodies.append(f'''static ucontext_t inside_{root}, outside_{root};
static void leave_{root}(void) {{ swapcontext(&inside_{root}, &outside_{root}); }}
word context_{root}(word x) {{
    static char *stack;
    if (stack == NULL) stack = new_stack();
    getcontext(&inside_{root});
    inside_{root}.uc_stack = (stack_t){{.ss_sp = stack, .ss_size = STACK_SIZE}};
    makecontext(&inside_{root}, plant_{root}, 0);
    swapcontext(&outside_{root}, &inside_{root});
    return x + 1;
}}
''')
    source.declare(f"context_{root}")
    source.roots.append((chain.kind, f"context_{root}"))


SWITCH = '''
void switch_stack(void **from, void *to);
__asm__(".text\\n.globl switch_stack\\n.type switch_stack,@function\\nswitch_stack:\\n.cfi_startproc\\n"
        "push %rbp\\n.cfi_adjust_cfa_offset 8\\npush %rbx\\n.cfi_adjust_cfa_offset 8\\npush %r12\\n"
        ".cfi_adjust_cfa_offset 8\\npush %r13\\n.cfi_adjust_cfa_offset 8\\npush %r14\\n.cfi_adjust_cfa_offset 8\\n"
        "push %r15\\n.cfi_adjust_cfa_offset 8\\nmov %rsp,(%rdi)\\nmov %rsi,%rsp\\npop %r15\\n"
        ".cfi_adjust_cfa_offset -8\\npop %r14\\n.cfi_adjust_cfa_offset -8\\npop %r13\\n.cfi_adjust_cfa_offset -8\\n"
        "pop %r12\\n.cfi_adjust_cfa_offset -8\\npop %rbx\\n.cfi_adjust_cfa_offset -8\\npop %rbp\\n"
        ".cfi_adjust_cfa_offset -8\\nret\\n.cfi_endproc\\n.size switch_stack,.-switch_stack\\n");
'''


def switched(kind, inside=""):
    """A stack that the program switches to by itself. Its outermost return address is 0."""
    def make(source):
        chain = source.program.chain(kind)
        handlers = [handler(source, f"{kind} handler")] if inside else []
        root = coroutine_chain(source, chain, 5000 if inside else 60000)
        before = inside.replace("HANDLER", "".join(handlers))
        after = "alarms(0);" if inside else ""
        source.bodies.append(f'''static void *inside_{root}, *outside_{root};
static void leave_{root}(void) {{ switch_stack(&inside_{root}, outside_{root}); }}
word switched_{root}(word x) {{
    static char *stack;
    if (stack == NULL) stack = new_stack();
    void **top = (void **)(stack + STACK_SIZE) - 8;
    memset(top, 0, 64);
    top[6] = (void *)plant_{root};
    inside_{root} = top;
    {before}
    for (int i = 0; i < {200 if inside else 1}; i++, inside_{root} = top, top[6] = (void *)plant_{root}, top[7] = NULL)
        switch_stack(&outside_{root}, inside_{root});
    {after}
    return x + 1;
}}
''')
        source.declare(f"switched_{root}")
        source.roots.append((chain.kind, f"switched_{root}"))
    return make


ALARM = "handle(SIGVTALRM, HANDLER, SA_ONSTACK);\n    alarms(1);"


def linkage(source):
    """Calls into a library, which calls back; and the loader's lazy binding, made to happen at every call."""
    def middle(chain):
        caller, inner, back = chain.functions(3)
        source.library = (inner, back)
        def finish(callee):
            source.declarations.append(f"{source.linkage}word plant_{inner}(word x);")
            source.add(caller, source.plain(f"plant_{inner}"))
            source.add(back, source.plain(callee))
            return f"plant_{caller}"
        return finish
    source.around("PLT", middle)
    chain = source.program.chain("lazy binding")
    root, caller = chain.functions(2)
    chain.foreign.append(caller)
    source.declarations.append(f"{source.linkage}word bound(word x);")
    source.bodies.append('''static void unbind(void) {
    static void **slot, *unbound;
    if (slot == NULL) {
        const unsigned char *stub;
        __asm__("lea bound@PLT(%%rip), %0" : "=r"(stub));
        int32_t distance;
        memcpy(&distance, stub + 2, 4);
        slot = (void **)(stub + 6 + distance);
        unbound = *slot;
    }
    *slot = unbound;
}
''')
    source.add(caller, "    for (int i = 0; i < 100; i++) {\n        unbind();\n        x += bound(x);\n    }\n    return x;")
    source.add(root, source.plain(f"plant_{caller}"))
    source.root(chain, root)


def library(source):
    inner, back = source.library
    return f'''#include <stdint.h>
typedef uint64_t word;
word plant_{back}(word x);
word plant_{inner}(word x) {{
    volatile word room[20];
    room[x % 20] = x;
    return plant_{back}(x + 1) * 3 + room[7];
}}
word bound(word x) {{ return x * 3 + 1; }}
'''


def prepare(source):
    source.bodies.append(STACK)
    source.declarations.append(SWITCH)


KINDS = [prepare, trapped("signal", "0"), trapped("alternate stack", "SA_ONSTACK"),
         interrupted("timer signal", "SA_RESTART"), interrupted("timer signal, alternate stack", "SA_ONSTACK"), thread,
         context, switched("coroutine"), switched("signal in coroutine", ALARM), linkage]
