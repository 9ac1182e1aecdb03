# SPDX-License-Identifier: Apache-2.0
"""Runs a case and checks what it says of itself: form, counts, addresses, and that held objects can be let go."""

import dataclasses
import json
import os
import re
import subprocess

KINDS = {"cycle", "root", "owned", "weak-cycle", "task", "over-retained", "c-block"}
LIMIT_SECONDS = 240
QUIET_LSAN = "detect_leaks=0:allocator_may_return_null=1"  # plain runs of programs that are built with it


class TruthError(Exception):
    """What is wrong with a truth line."""


@dataclasses.dataclass
class Truth:
    """A checked truth line. `addresses` are those of the planted objects, as numbers."""

    line: dict
    addresses: list

    @property
    def leaks(self):
        return self.line["leaks"]

    @property
    def planted(self):
        return sum(group["count"] for group in self.line["planted"])

    @property
    def implied(self):
        return sum(group["count"] for group in self.line["implied"])

    @property
    def open_ended(self):
        """True if the number of implied blocks is a lower bound."""
        return any(not group["exact"] for group in self.line["implied"])


def run(command, environment, limit=LIMIT_SECONDS):
    """Standard output, standard error and status of a command; a hang is an error."""
    try:
        return subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=limit,
            env={**os.environ, "LSAN_OPTIONS": QUIET_LSAN, **environment}, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise TruthError(f"still runs after {limit} s") from None


def command_of(program, case, repeats):
    if program.case:
        return [program.path, *program.arguments]
    return [program.path, case.split(".", 1)[1], repeats]


def require(condition, what):
    if not condition:
        raise TruthError(what)


def check_group(group):
    require(set(group) == {"type", "count", "bytes", "usable", "kind", "site"}, f"fields of {group}")
    require(group["kind"] in KINDS, f"kind {group['kind']}")
    require(group["count"] > 0 and 0 <= group["bytes"] <= group["usable"], f"sizes of {group}")
    require(group["type"] and group["site"], f"no type or no site in {group}")


def check_line(line, case, leaks):
    """The form of the line, and born - died - reachable == planted for each type."""
    require(line.get("case") == case, f"case is {line.get('case')}")
    require(line["leaks"] is leaks, "`list` and the truth line differ in whether it leaks")
    planted = {}
    for group in line["planted"]:
        check_group(group)
        planted[group["type"]] = planted.get(group["type"], 0) + group["count"]
    require(bool(planted) == leaks, "leaks without planted objects, or the other way round")
    counted = {entry["type"]: entry for entry in line["types"]}
    require(set(planted) <= set(counted), "planted types that nobody counts")
    for name, entry in counted.items():
        lost = entry["born"] - entry["died"] - entry["reachable"]
        require(lost == planted.get(name, 0), f"{name}: born - died - reachable is {lost}")
    require(line["proof"] in ("counts", "drain"), f"proof {line['proof']}")
    require(leaks or case.startswith("tests.") or any(e["born"] for e in counted.values()), "nothing was ever made")


def read_addresses(path, line):
    """The planted addresses, which the file holds with all bits inverted."""
    if not path.exists():
        return []
    pairs = [text.split() for text in path.read_text().splitlines()]
    addresses = [~int(inverted, 16) & (1 << 64) - 1 for inverted, _ in pairs]
    require(len(set(addresses)) == len(addresses), "an address was planted twice")
    require(all(address % 8 == 0 and address >> 47 == 0 for address in addresses), "an address of no block")
    for index, group in enumerate(line["planted"]):
        require(sum(int(number) == index for _, number in pairs) == group["count"], f"addresses of group {index}")
    return addresses


def line_in(output, case):
    """The one truth line in the output of a program, among the lines of a test run or of gdb."""
    lines = re.findall(r'\{"case":.*\}', output)
    require(len(lines) == 1, f"{len(lines)} truth lines for {case}: {output[-400:]!r}")
    return json.loads(lines[0])


def observe(program, case, leaks, repeats, addresses, prefix=(), environment=None):
    """Runs the case, perhaps under a tool (`prefix`), and returns its checked truth and the completed process."""
    addresses.unlink(missing_ok=True)
    variables = {"CORPUS_ADDRESSES": str(addresses), **(environment or {})}
    done = run([*prefix, *command_of(program, case, repeats)], variables)
    require(done.returncode == 0, f"status {done.returncode}: {done.stderr[-600:]}")
    line = line_in(done.stdout, case)
    check_line(line, case, leaks)
    return Truth(line, read_addresses(addresses, line)), done


def check_drain(program, case, repeats):
    """With CORPUS_DRAIN=1 the holder lets go, and all objects die: they were no leak."""
    done = run(command_of(program, case, repeats), {"CORPUS_DRAIN": "1"})
    require(done.returncode == 0, f"drain: status {done.returncode}: {done.stderr[-600:]}")
    last = json.loads(done.stdout.splitlines()[-1])
    require(last == {"case": case, "drained": True}, f"drain: {last}")


def cases_of(program):
    """(case, leaks) of a program, from its own list."""
    if program.case:
        return [(program.case, False)]
    done = run([program.path, "list"], {}, 60)
    require(done.returncode == 0, f"{program.path} list: status {done.returncode}: {done.stderr[-400:]}")
    pairs = [text.split() for text in done.stdout.splitlines()]
    require(pairs and all(len(pair) == 2 and pair[1] in ("leak", "clean") for pair in pairs), "form of the list")
    return [(name, sign == "leak") for name, sign in pairs]
