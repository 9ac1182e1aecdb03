# SPDX-License-Identifier: Apache-2.0
"""Second opinions on the corpus: LeakSanitizer, by address, and valgrind's memcheck, by number of blocks."""

import dataclasses
import re
import subprocess

from . import truth

LSAN_OPTIONS = "report_objects=1:max_leaks=0:exitcode=0:print_suppressions=0:allocator_may_return_null=1"
MEMCHECK = ["valgrind", "--tool=memcheck", "--leak-check=full", "--undef-value-errors=no", "--show-leak-kinds=none"]


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
