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
