# SPDX-License-Identifier: Apache-2.0
"""Chains in C++: what C has, and exceptions in flight, catch blocks, virtual functions, lambdas."""
import c_program
import c_stacks
from c_program import Source, deep, shaped, straight, tail

HEAD = c_program.HEAD.replace("#include <alloca.h>", '''#include <alloca.h>
#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>''')
EXTRA = '''
namespace {
struct Guard { // a destructor that runs while the exception passes
    word &value;
    ~Guard() { for (int i = 0; i < 300; i++) value = (value ^ (value >> 31)) * 0x9e3779b97f4a7c15ull; }
};
}
'''


class CxxSource(Source):
    linkage = 'extern "C" '


def thrown(source):
    """Exceptions through functions with and without something to destroy, to a handler far out."""
    chain = source.program.chain("exception in flight")
    random = source.random
    catcher, = chain.functions(foreign=True)
    between = chain.functions(random.randrange(4, 14), foreign=True)
    thrower, = chain.functions(foreign=True)
    names = [f"plant_{n}" for n in between[1:]] + [f"plant_{thrower}"]
    for number, name in zip(between, names):
        guard = "    Guard guard{x};\n" if random.randrange(2) else ""
        source.add(number, guard + source.plain(name))
    source.add(thrower, '    if (sink != 1) throw std::runtime_error("planted");\n    return x;')
    source.add(catcher, f'''    for (int i = 0; i < 10; i++)
        try {{
            x += plant_{between[0]}(x + (word)i);
        }} catch (const std::exception &error) {{
            x += (word)error.what()[0];
        }}
    return x;''')
    source.root(chain, catcher)


def caught(source):
    """A chain that is called from within a catch block."""
    def middle(chain):
        catcher, = chain.functions(foreign=True)
        def finish(callee):
            thrower = f"throws_{catcher}"
            source.bodies.append(f"PLANT word {thrower}(word x) {{\n    if (sink != 1) throw x;\n    return x;\n}}\n")
            source.declarations.append(f"word {thrower}(word x);")
            source.add(catcher, f"    try {{\n        return {thrower}(x);\n    }} catch (word y) {{\n"
                                f"        return {callee}(y + 1) + 3;\n    }}")
            return f"plant_{catcher}"
        return finish
    source.around("catch block", middle)


def virtual(source):
    def middle(chain):
        ids = chain.functions(3)
        def finish(callee):
            names = [f"plant_{n}" for n in ids[1:]] + [callee]
            for number, name in zip(ids, names):
                source.declarations.append(f"struct Node_{number} {{ virtual word visit_plant_{number}(word x); }};")
                source.bodies.append(f"PLANT word Node_{number}::visit_plant_{number}(word x) {{\n"
                                     f"{source.plain(name)}\n}}\nNode_{number} node_{number};\n"
                                     f"Node_{number} *volatile pointer_{number} = &node_{number};\n")
                source.declare(f"plant_{number}")
                source.bodies.append(f'extern "C" PLANT word plant_{number}(word x) '
                                     f"{{ return pointer_{number}->visit_plant_{number}(x) + 1; }}\n")
            return f"plant_{ids[0]}"
        # The function and the method that it calls: both are planted by the same number, twice in turn.
        chain.steps[-1] = [[n for number in ids for n in (number, number)], 1]
        return finish
    source.around("virtual", middle)


def lambdas(source):
    """std::function: its invoker stands between planted frames."""
    def middle(chain):
        outer, = chain.functions(foreign=True)
        def finish(callee):
            source.add(outer, f"    std::function<word(word)> next = [x](word y) {{ return {callee}(x + y) * 3; }};\n"
                              "    asm volatile(\"\" : : \"r\"(&next) : \"memory\");\n    return next(x) + 1;")
            return f"plant_{outer}"
        return finish
    source.around("std::function", middle)


SHAPES = [shaped("alloca", c_program.ALLOCA, c_program.VARIABLE),
          shaped("aligned", *[body.replace("_Alignas", "alignas") for body in (c_program.ALIGNED, c_program.BOTH)]),
          shaped("large frame", c_program.LARGE)]


def generate(random):
    source = CxxSource(random)
    source.bodies.append(EXTRA)
    for make in [straight, deep, tail, thrown, caught, virtual, lambdas, *SHAPES, c_stacks.linkage]:
        make(source)
    return source.program, {"program.cc": source.text(HEAD, c_program.MAIN), "library.cc": library(source)}


def library(source):
    return 'extern "C" {\n' + c_stacks.library(source) + "}\n"
