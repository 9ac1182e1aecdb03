# SPDX-License-Identifier: Apache-2.0
"""A shell on a terminal, played by a script: terminal.py STEP... where a step is `type:TEXT`, `wait:REGEX` or `sleep:S`.

Prints what the terminal showed; status 1 if something that was waited for did not come in 20 s.
"""
import os
import pty
import re
import select
import sys
import time


def main():
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(PS1="$ ", TERM="dumb")
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    shown, seen, status = "", 0, 0
    for step in sys.argv[1:]:
        kind, _, text = step.partition(":")
        if kind == "type":
            os.write(terminal, text.encode().decode("unicode_escape").encode("latin-1"))
            continue
        end = time.monotonic() + (float(text) if kind == "sleep" else 20)
        while time.monotonic() < end:
            if kind == "wait" and (found := re.search(text, shown[seen:])):
                seen += found.end()
                break
            if select.select([terminal], [], [], 0.05)[0]:
                shown += os.read(terminal, 65536).decode(errors="replace")
        else:
            if kind == "wait":
                shown += f"\n[{text} did not come]\n"
                status = 1
                break
    os.close(terminal)  # the shell and what it runs get SIGHUP
    sys.stdout.write(shown)
    return status


sys.exit(main())
