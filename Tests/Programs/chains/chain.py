# SPDX-License-Identifier: Apache-2.0
"""What a generated program promises: its call chains, and what may stand between their frames.

A chain is a list of planted functions from the root to the leaf. Each planted function is in one chain only, so that a
stack says by its outermost planted frame which chain it is of. Its planted frames must then be a beginning of the chain:
a frame that is missing, wrong or too many anywhere makes it another list.
"""


class Chain:
    """One chain in the making: `call` goes deeper."""

    def __init__(self, program, kind):
        self.program, self.kind = program, kind
        self.steps, self.foreign, self.passing = [], [], []
        self.is_handler = False

    def functions(self, count=1, repeat=1, foreign=False):
        """New planted functions, called one by the other; `repeat` times in a circle. `foreign`: they call code that is
        not planted, so that frames of it may follow."""
        ids = [self.program.new_id() for _ in range(count)]
        self.steps.append([ids, repeat])
        if foreign:
            self.foreign += ids
        return ids

    def vanishing(self):
        """A function that jumps to the next one: it is in a stack only while it is the leaf."""
        self.passing.append(self.program.new_id())
        return self.passing[-1]

    def truth(self):
        return {"kind": self.kind, "steps": self.steps, "foreign": self.foreign, "passing": self.passing,
                "handler": self.is_handler}


class Program:
    """The chains of one program, and its text."""

    def __init__(self, random):
        self.random, self.chains, self.last_id = random, [], 0

    def new_id(self):
        self.last_id += 1
        return self.last_id

    def chain(self, kind):
        self.chains.append(Chain(self, kind))
        return self.chains[-1]

    def truth(self):
        return {"chains": [chain.truth() for chain in self.chains]}


DEPTHS = [5, 5000]  # always there; the seeds add one between


def depths(random):
    return [DEPTHS[0], random.randrange(20, 200), random.randrange(500, 530), random.randrange(600, 4000), DEPTHS[1]]


class Source:
    """The text of a program in a language without declarations; a language adds `add`, `leaf` and `plain`."""

    def __init__(self, random):
        self.random, self.program, self.bodies, self.roots = random, Program(random), [], []
        self.last_constant = 0

    def constant(self):
        """No two functions are to be the same: the compiler would merge them."""
        self.last_constant += 1
        return 1000 + self.last_constant

    def around(self, kind, count, make, rounds=8000, foreign=False):
        """Plain functions, then `count` made by make(source, chain, numbers, callee), then plain ones and a leaf."""
        chain = self.program.chain(kind)
        outer = chain.functions(self.random.randrange(2, 6))
        inner = chain.functions(count, foreign=foreign) if count else []
        after = chain.functions(self.random.randrange(1, 4))
        leaf = self.leaf(chain, rounds)
        if inner:
            make(self, chain, inner, f"plant_{after[0]}")
        everything = [*outer, *inner, *after]
        names = [f"plant_{n}" for n in everything[1:]] + [leaf]
        for number, name in zip(everything, names):
            if number not in inner:
                self.add(number, self.plain(name))
        self.roots.append(f"plant_{outer[0]}")

    def deep(self, parameters, choice, starter):
        """Functions that call each other in a circle, to a depth that may exceed what a recording keeps.
        choice(following, last): the expression that goes on in the circle or leaves it; starter(name, first, depth):
        the function that enters it."""
        for depth in depths(self.random):
            chain = self.program.chain(f"deep {depth}" if depth in DEPTHS else "deep")
            count = self.random.randrange(1, 4)
            circle = chain.functions(count, depth // count)
            last, = chain.functions()
            leaf = self.leaf(chain, 8000 + depth * 40)
            for i, number in enumerate(circle):
                self.add(number, self.plain("", choice(circle[(i + 1) % count], last)), parameters)
            self.add(last, self.plain(leaf))
            name = f"start_{circle[0]}"
            self.bodies.append(starter(name, circle[0], depth // count * count))
            self.roots.append(name)
