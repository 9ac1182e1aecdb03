# SPDX-License-Identifier: Apache-2.0
"""Runs in gdb: stops a program under the harness at random instants, and compares gdb's stack with that of our unwinder,
made from the same registers and memory. Environment: COMPARE_PROGRAM, COMPARE_ARGUMENTS, COMPARE_STOPS, COMPARE_LIBRARY,
HARNESS_RESULT.

gdb goes by call frame information; where code has none it guesses from the machine code. What differs behind such a frame
is counted apart: nobody knows who is right.
"""
import bisect
import os
import re
import subprocess

import gdb

STOP_SIGNAL = 19  # SIGSTOP: who starts the program may have blocked any other
KICKER = """
import os, random, sys, time
instants = random.Random(1)
for line in sys.stdin:
    time.sleep(instants.uniform(0.0001, 0.003))
    os.kill(int(sys.argv[1]), int(sys.argv[2]))
"""


def described(path):
    """Where functions with call frame information are: ascending starts, and their ends."""
    text = subprocess.run(["readelf", "--debug-dump=frames", path], capture_output=True, text=True, check=False).stdout
    found = re.findall(r" FDE .* pc=([0-9a-f]+)\.\.([0-9a-f]+)", text)
    ranges = sorted((int(start, 16), int(end, 16)) for start, end in found)
    return [start for start, _ in ranges], [end for _, end in ranges]


class Modules:
    def __init__(self, pid):
        self.pid, self.mapped, self.known = pid, [], {}
        self.read()

    def read(self):
        first = {}
        self.mapped = []
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps:
            for line in maps:
                words = line.split()
                if len(words) < 6 or not words[5].startswith("/"):
                    continue
                start, end = (int(number, 16) for number in words[0].split("-"))
                bias = first.setdefault(words[5], start)
                self.mapped.append((start, end, bias, words[5]))

    def is_described(self, address):
        for start, end, bias, path in self.mapped:
            if start <= address < end:
                if path not in self.known:
                    self.known[path] = described(path)
                starts, ends = self.known[path]
                at = bisect.bisect_right(starts, address - bias) - 1
                return at >= 0 and address - bias < ends[at]
        return False


def stack_of_gdb():
    """pc of each frame that is one for the processor, and whether it was interrupted there."""
    frames, interrupted, frame = [], True, gdb.newest_frame()
    while frame is not None and len(frames) < 600:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            frames.append((frame.pc(), interrupted))
            interrupted = frame.type() == gdb.SIGTRAMP_FRAME
        frame = frame.older()
    return frames


def stack_of_ours():
    frame = gdb.newest_frame()
    registers = [int(frame.read_register(name)) & (1 << 64) - 1 for name in ("rip", "rsp", "rbp", "r14")]
    call = "(unsigned long)harness_at(" + ", ".join(f"{value}ul" for value in registers) + ")"
    place = int(gdb.parse_and_eval(call))
    memory = gdb.selected_inferior().read_memory(place, 8 * (2 + 512)).tobytes()
    words = [int.from_bytes(memory[i:i + 8], "little") for i in range(0, len(memory), 8)]
    return words[2:2 + words[0]], words[1]


def compare(modules, counts):
    theirs = stack_of_gdb()
    ours, flags = stack_of_ours()
    counts["stops"] += 1
    expected = [pc if interrupted else pc - 1 for pc, interrupted in theirs]
    common = 0
    while common < min(len(ours), len(expected)) and ours[common] == expected[common]:
        common += 1
    counts["frames"] += common
    # Beyond the outermost function gdb may go on into nothing.
    if common == len(ours) and (common == len(expected) or not flags & 2):
        counts["equal"] += 1
        return
    if common == len(ours):  # a part of the stack that says it is one
        counts["incomplete"] += 1
        return
    if not all(modules.is_described(address) for address in expected[:common]):
        counts["apart"] += 1
        return
    counts["differ"] += 1
    if counts["differ"] <= 5:
        print("differ at", common, "ours", [hex(a) for a in ours[max(common - 2, 0):common + 3]], "flags", flags,
              "gdb", [hex(a) for a in expected[max(common - 2, 0):common + 3]])


def main():
    for setting in ["pagination off", "confirm off", "width 0", "startup-with-shell off", "debuginfod enabled off",
                    "backtrace past-main on", "backtrace past-entry on", "disable-randomization off", "language c"]:
        gdb.execute("set " + setting)
    gdb.execute(f"file {os.environ['COMPARE_PROGRAM']}")
    gdb.execute(f"set environment LD_PRELOAD {os.environ['COMPARE_LIBRARY']}")
    gdb.execute("handle SIGSTOP stop print nopass", to_string=True)
    gdb.execute("handle SIGUSR1 nostop pass noprint", to_string=True)
    gdb.execute("break main", to_string=True)
    gdb.execute(f"run {os.environ['COMPARE_ARGUMENTS']} > /dev/null", to_string=True)
    gdb.execute("delete", to_string=True)
    pid = gdb.selected_inferior().pid
    modules = Modules(pid)
    counts = dict.fromkeys(["stops", "equal", "apart", "differ", "incomplete", "frames"], 0)
    with subprocess.Popen(["/usr/bin/python3", "-c", KICKER, str(pid), str(STOP_SIGNAL)], stdin=subprocess.PIPE,
                          text=True) as kicker:
        while counts["stops"] < int(os.environ["COMPARE_STOPS"]):
            kicker.stdin.write("\n")
            kicker.stdin.flush()
            gdb.execute("continue", to_string=True)
            if gdb.selected_inferior().pid == 0:
                break
            compare(modules, counts)
        kicker.stdin.close()
        kicker.terminate()
    with open(os.environ["HARNESS_RESULT"], "w", encoding="utf-8") as out:
        out.write("gdb " + " ".join(f"{name} {count}" for name, count in counts.items()) + "\n")
    gdb.execute("kill", to_string=True)


main()
