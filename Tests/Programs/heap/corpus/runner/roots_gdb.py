# SPDX-License-Identifier: Apache-2.0
"""Run by gdb in a program of the corpus that stands in `exit`: prints a line HIT for each word of a register, a stack,
a data segment or an anonymous map that leads into a planted object. The heap is not looked at.

`first_blocks[0]` of support/threads.c is the control: if its pointer, in static memory, is not found, nothing was
looked at.
"""

import array
import bisect
import os
import re

import gdb

ARENA = 64 << 20  # alignment of glibc's further arenas
RED_ZONE = 128
SMALLEST = 24  # bytes of a block of malloc
REGISTERS = ("rax rbx rcx rdx rsi rdi rbp rsp " + " ".join(f"r{n}" for n in range(8, 16))).split()


def planted_starts():
    with open(os.environ["CORPUS_ADDRESSES"]) as file:
        return sorted(~int(line.split()[0], 16) & (1 << 64) - 1 for line in file)


def writable_maps(pid):
    """(start, end, name) of what is no heap of malloc."""
    for line in open(f"/proc/{pid}/maps"):
        start, end, rights, name = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)", line).groups()
        start, end = int(start, 16), int(end, 16)
        if rights.startswith("rw") and name != "[heap]" and (name or start % ARENA != 0):
            yield start, end, name or "anonymous"


class Search:
    """Finds the block into which a word leads."""

    def __init__(self, starts):
        self.starts = starts

    def report(self, words, place):
        low, high = self.starts[0], self.starts[-1] + SMALLEST
        for index, word in enumerate(words):
            if low <= word < high:
                start = self.starts[bisect.bisect_right(self.starts, word) - 1]
                if word - start < SMALLEST:
                    print(f"HIT {start:#x} {place(index)}")


def main():
    process = gdb.selected_inferior()
    control = int(gdb.parse_and_eval("(unsigned long)first_blocks[0]"))
    search = Search(sorted(planted_starts() + [control]))
    pointers = []
    for thread in process.threads():
        thread.switch()
        frame = gdb.newest_frame()
        values = [int(frame.read_register(name)) & (1 << 64) - 1 for name in REGISTERS]
        pointers.append(values[REGISTERS.index("rsp")])
        search.report(values, lambda index: f"{REGISTERS[index]} of thread {thread.num}")
    for start, end, name in writable_maps(process.pid):
        stacks = [pointer for pointer in pointers if start <= pointer < end]
        start = (min(stacks) - RED_ZONE) & ~7 if stacks else start
        words = array.array("Q", bytes(process.read_memory(start, (end - start) & ~7)))
        search.report(words, lambda index: f"{name} {start + 8 * index:#x}")
    print(f"CONTROL {control:#x}")


main()
