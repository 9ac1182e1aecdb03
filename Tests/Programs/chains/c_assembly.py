# SPDX-License-Identifier: Apache-2.0
"""Chains through hand-written assembly, with call frame information and without."""


def push(register, described):
    lines = [f"push %{register}"]
    return lines + [".cfi_adjust_cfa_offset 8", f".cfi_rel_offset {register},0"] if described else lines


def pop(register, described):
    return [f"pop %{register}"] + ([".cfi_adjust_cfa_offset -8", f".cfi_restore {register}"] if described else [])


def adjust(bytes_, described):
    lines = [f"add ${-bytes_},%rsp" if bytes_ < 0 else f"sub ${bytes_},%rsp"]
    return lines + ([f".cfi_adjust_cfa_offset {bytes_}"] if described else [])


def caller(random, callee, described):
    """Saves registers in any order, keeps something else in rbp, and calls."""
    saved = random.sample(["rbx", "rbp", "r12", "r13", "r14", "r15"], random.randrange(1, 7))
    room = 16 * random.randrange(0, 9) + (0 if len(saved) % 2 else 8)
    lines = []
    for register in saved:
        lines += push(register, described)
    if room:
        lines += adjust(room, described)
    lines += [f"lea {random.randrange(1, 99)}(%rdi),%{register}" for register in saved] + ["inc %rdi"]
    if random.randrange(2):  # arguments that are pushed
        lines += [*adjust(16, described), f"call {callee}", *adjust(-16, described)]
    else:
        lines.append(f"call {callee}")
    lines += [f"xor %{saved[0]},%rax"]
    if room:
        lines += adjust(-room, described)
    for register in reversed(saved):
        lines += pop(register, described)
    return lines + ["ret"]


def framed(random, callee, described):
    """With a frame pointer, and leave."""
    lines = push("rbp", described) + ["mov %rsp,%rbp"] + ([".cfi_def_cfa_register rbp"] if described else [])
    lines += [f"sub ${16 * random.randrange(1, 60)},%rsp", "mov %rdi,-8(%rbp)", f"call {callee}", "add -8(%rbp),%rax"]
    return lines + ["leave"] + ([".cfi_def_cfa rsp,8"] if described else []) + ["ret"]


def leaf(random, described):
    """A loop that pushes and pops, and branches over code with another stack height."""
    count = random.randrange(2, 5)
    lines = ["mov $3000,%ecx", "1:"]
    for _ in range(count):
        lines += ["push %rdi"] + ([".cfi_adjust_cfa_offset 8"] if described else [])
        lines += ["imul $31,%rdi,%rdi", "add %rcx,%rdi"]
    for _ in range(count):
        lines += ["pop %rax"] + ([".cfi_adjust_cfa_offset -8"] if described else [])
    lines += ["test $7,%dil", "je 2f"] + (["sub $24,%rsp"] + ([".cfi_adjust_cfa_offset 24"] if described else []))
    lines += ["mov %rdi,8(%rsp)", "xor 8(%rsp),%rax", "add $24,%rsp"]
    lines += ([".cfi_adjust_cfa_offset -24"] if described else []) + ["2:", "dec %ecx", "jne 1b"]
    return lines + ["mov %rdi,%rax", "ret"]


def function(source, number, lines, described):
    name = f"plant_{number}"
    frame = (".cfi_startproc", ".cfi_endproc") if described else ("", "")
    text = [".text", ".p2align 4", f".globl {name}", f".type {name},@function", f"{name}:", frame[0], *lines, frame[1],
            f".size {name},.-{name}"]
    source.declare(name)
    source.bodies.append("__asm__(" + "\n        ".join(f'"{line}\\n"' for line in text if line) + ");\n")


def assembly(kind, described):
    def make(source):
        def middle(chain):
            ids = chain.functions(8)
            def finish(callee):
                names = [f"plant_{n}" for n in ids[1:]] + [callee]
                for number, name in zip(ids, names):
                    shape = source.random.choice([caller, caller, framed])
                    function(source, number, shape(source.random, name, described), described)
                return f"plant_{ids[0]}"
            return finish
        source.around(kind, middle)
        chain = source.program.chain(kind)
        root, = chain.functions()
        last, = chain.functions()
        function(source, last, leaf(source.random, described), described)
        source.add(root, source.plain(f"plant_{last}"))
        source.root(chain, root)
    return make


KINDS = [assembly("assembly", True), assembly("assembly without CFI", False)]
