# SPDX-License-Identifier: Apache-2.0
"""Second opinions on the corpus: LeakSanitizer, by address; valgrind's memcheck, by number of blocks; and, by gdb, a
search of the roots for words that lead into planted objects.
"""

import dataclasses
import pathlib
import re
import subprocess

from . import truth

LSAN_OPTIONS = "report_objects=1:max_leaks=0:exitcode=0:print_suppressions=0:allocator_may_return_null=1"
MEMCHECK = ["valgrind", "--tool=memcheck", "--leak-check=full", "--undef-value-errors=no", "--show-leak-kinds=none"]
GDB_COMMANDS = ("set debuginfod enabled off", "set breakpoint pending on", "break exit", "run")
GDB = ["gdb", "-q", "-batch", *(word for command in GDB_COMMANDS for word in ("-ex", command))]
ROOTS_SCRIPT = pathlib.Path(__file__).with_name("roots_gdb.py")


@dataclasses.dataclass
class Opinion:
    """What an oracle says of one run. `found` counts planted blocks; `other` those that were not planted by name."""

    found: int
    missed: int
    other: int
    text: str

    def agrees(self, observed):
        enough = self.other >= observed.implied if observed.open_ended else self.other == observed.implied
        return self.missed == 0 and enough


def lsan_library():
    """gcc's LeakSanitizer as a library to preload, for programs that were not built with it."""
    path = subprocess.run(["gcc", "-print-file-name=liblsan.so"], capture_output=True, text=True).stdout.strip()
    return path if path.startswith("/") else None


def ask_lsan(program, case, leaks, repeats, addresses, environment=None):
    """LSan lists the address of every leaked block: compared one by one."""
    environment = {"LSAN_OPTIONS": LSAN_OPTIONS, **(environment or {})}
    if program.variant.oracle != "lsan":
        environment["LD_PRELOAD"] = lsan_library()
    observed, done = truth.observe(program, case, leaks, repeats, addresses, environment=environment)
    truth.require("LeakSanitizer has encountered" not in done.stderr, f"LSan failed: {done.stderr[-400:]}")
    objects = {int(text, 16) for text in re.findall(r"^(0x[0-9a-f]+) \(\d+ bytes\)", done.stderr, re.M)}
    found = len(objects & set(observed.addresses))
    opinion = Opinion(found, observed.planted - found, len(objects) - found, "")
    opinion.text = f"{found}+{opinion.other}"
    return observed, opinion


def ask_memcheck(program, case, leaks, repeats, addresses):
    """memcheck gives no addresses: numbers of blocks by kind. What is lost is first taken for planted blocks."""
    log = addresses.with_name(addresses.name + ".memcheck")
    observed, _ = truth.observe(
        program, case, leaks, repeats, addresses, prefix=[*MEMCHECK, f"--log-file={log}"])
    report = log.read_text()
    truth.require("HEAP SUMMARY" in report, f"memcheck failed: {report[-400:]}")
    lost = {}
    for kind in ("definitely", "indirectly", "possibly"):
        match = re.search(kind + r" lost: [\d,]+ bytes in ([\d,]+) blocks", report)
        lost[kind] = int(match.group(1).replace(",", "")) if match else 0
    total = sum(lost.values())
    found = min(total, observed.planted)
    text = "/".join(str(number) for number in lost.values())
    return observed, Opinion(found, observed.planted - found, total - found, text)


def ask_roots(program, case, leaks, repeats, addresses):
    """Whether a planted object's address is in a root. In clean cases there is nothing to look for."""
    prefix = [*GDB, "-x", ROOTS_SCRIPT, "-ex", "kill", "--args"]
    observed, done = truth.observe(program, case, leaks, repeats, addresses, prefix=prefix)
    control = re.search(r"^CONTROL (0x[0-9a-f]+)$", done.stdout, re.M)
    truth.require(control, f"gdb failed: {done.stderr[-400:]}")
    hits = {int(text, 16) for text in re.findall(r"^HIT (0x[0-9a-f]+) ", done.stdout, re.M)}
    truth.require(int(control.group(1), 16) in hits, "the search of the roots did not find its control")
    missed = len(hits & set(observed.addresses))
    return observed, Opinion(observed.planted - missed, missed, observed.implied, f"{missed} in roots")
