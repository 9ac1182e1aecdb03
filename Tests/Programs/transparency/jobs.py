# SPDX-License-Identifier: Apache-2.0
# runs: stop_and_go background interrupt quit window terminal_reads hangup
# outside: yes
# needs: python3 bash
"""Job control on a terminal: an interactive shell on a pty, played by this script, runs `RECORD... program`.

What the terminal shows is printed, but for the command lines, the record command and numbers.
"""
import fcntl
import os
import pty
import re
import select
import shlex
import struct
import sys
import termios
import time

LOOP = "sh -c 'trap \"echo interrupted\" INT; trap \"echo quit\" QUIT; trap \"echo resized\" WINCH; echo started; i=0; while [ $i -lt {} ]; do i=$((i + 1)); sleep 0.05; done; echo finished; exit 7'"


class Terminal:
    def __init__(self):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="PROMPT> ", TERM="dumb", HOME="/nonexistent")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
        self.shown = self.seen = 0
        self.text = ""
        self.wait(r"PROMPT> ")
        self.type("set -b; stty -echo; bind 'set enable-bracketed-paste off'\n")
        self.wait(r"PROMPT> ")
        self.skip()

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def read(self, seconds):
        if select.select([self.descriptor], [], [], seconds)[0]:
            try:
                self.text += os.read(self.descriptor, 65536).decode(errors="replace")
            except OSError:
                return False
        return True

    def wait(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.text[self.seen:], re.S)
            if found:
                self.seen += found.end()
                return
            if not self.read(0.05):
                break
        print(f"[{pattern} did not come]")

    def skip(self):
        self.text, self.seen = "", 0


def main():
    how, record = sys.argv[1], " ".join(shlex.quote(word) for word in sys.argv[2:])
    terminal = Terminal()

    def run(command, suffix=""):
        terminal.type(f"{record} {command} {suffix}\n")

    if how == "stop_and_go":
        # Without children: one that is stopped between vfork and exec holds its parent.
        path = f"/tmp/jobs-go-{os.getpid()}"
        run(f"sh -c 'echo started; while [ ! -e {path} ]; do :; done; echo finished; exit 7'")
        terminal.wait("started")
        for _ in range(2):
            terminal.type("\x1a")
            terminal.wait(r"Stopped.*PROMPT> ")
            terminal.type("jobs -s | wc -l; fg >/dev/null\n")
            time.sleep(0.3)
        open(path, "w").close()
        terminal.wait("finished")
        os.unlink(path)
    elif how == "background":
        run(LOOP.format(20), "&")
        terminal.wait("started")
        terminal.type("echo meanwhile\n")
        terminal.wait("meanwhile")
        terminal.type("wait; echo waited $?\n")
        terminal.wait(r"waited \d+")
    elif how in ("interrupt", "quit"):
        run(LOOP.format(20))
        terminal.wait("started")
        terminal.type({"interrupt": "\x03", "quit": "\x1c"}[how])
        terminal.wait("finished")
        terminal.wait("PROMPT> ")
        run("sleep 5")
        time.sleep(0.7)
        terminal.type("\x03")
    elif how == "window":
        run(LOOP.format(20))
        terminal.wait("started")
        fcntl.ioctl(terminal.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
        terminal.wait("finished")
        terminal.wait("PROMPT> ")
        run("stty size")
        terminal.wait("33 99")
    elif how == "terminal_reads":
        run("sh -c 'read line; echo \"got $line\"; test -t 0; echo $?; stty -a </dev/tty | grep -c isig; cat'")
        time.sleep(0.7)
        terminal.type("typed\n")
        terminal.wait("got typed")
        terminal.type("copied\n\x04")
        terminal.wait("copied")
        terminal.wait("PROMPT> ")
        run("sh -c 'read line; echo never'", "&")
        terminal.wait("Stopped")
        terminal.type("kill -9 %1 2>/dev/null; kill -CONT %1; wait\n")
        terminal.wait("PROMPT> ")
    elif how == "hangup":
        run("sh -c 'trap \"echo hung up >hangup.$$; mv hangup.$$ /tmp/hangup-done-$PPID; exit\" HUP; echo started $PPID; while :; do sleep 0.05; done'")
        terminal.wait(r"started \d+")
        parent = re.search(r"started (\d+)", terminal.text).group(1)
        os.close(terminal.descriptor)
        path = f"/tmp/hangup-done-{parent}"
        end = time.monotonic() + 10
        while not os.path.exists(path) and time.monotonic() < end:
            time.sleep(0.05)
        print(open(path).read() if os.path.exists(path) else "no hangup")
        return
    terminal.wait("PROMPT> ")
    terminal.type("echo status $?\n")
    terminal.wait(r"status \d+")
    terminal.type("exit\n")
    end = time.monotonic() + 5
    while time.monotonic() < end and terminal.read(0.2):
        pass
    shown = re.sub(r"jobs-go-\d+", "", terminal.text.replace(record, "").replace("\r", ""))
    # Job numbers and pids; what shells say of a child that a signal ended: it depends on who was faster, and potter-prof
    # is one that exited.
    shown = re.sub(r"PROMPT> |\[\d+\]\+? +(\d{4,}$)?|^(Killed|Quit)\b.*", "", shown, flags=re.M)
    lines = [re.sub(r" +", " ", line).strip() for line in shown.split("\n")]
    print("\n".join(line for line in lines if line))


main()
