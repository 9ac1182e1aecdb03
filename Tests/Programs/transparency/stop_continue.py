# SPDX-License-Identifier: Apache-2.0
# runs: program recorder recorder_killed both group
# outside: yes
# needs: python3
"""Either side is stopped and continued, or the recorder killed: the program's output and time are its own."""
import os
import signal
import subprocess
import sys
import time

WORK = """
import os, sys, time
print(os.getpid(), flush=True)
end = time.process_time() + 1.5
while time.process_time() < end:
    for _ in range(100000): pass
    time.sleep(0.001)
sys.stdout.write("done\\n")
sys.exit(9)
"""


def main():
    how, record = sys.argv[1], sys.argv[2:]
    process = subprocess.Popen(record + [sys.executable, "-c", WORK], stdout=subprocess.PIPE, text=True,
                               start_new_session=True)
    pid = int(process.stdout.readline())
    time.sleep(0.3)
    if how in ("program", "both"):
        os.kill(pid, signal.SIGSTOP)
    if how in ("recorder", "both") and record:
        os.kill(process.pid, signal.SIGSTOP)
    if how == "group":
        os.killpg(process.pid, signal.SIGSTOP)
    # Longer than a heart beat of the recorder is waited for.
    time.sleep(2.5 if how in ("recorder", "both") else 0.5)
    if how in ("program", "both"):
        os.kill(pid, signal.SIGCONT)
    if how == "both":
        time.sleep(0.5)
    if how in ("recorder", "both") and record:
        os.kill(process.pid, signal.SIGCONT)
    if how == "group":
        os.killpg(process.pid, signal.SIGCONT)
    if how == "recorder_killed" and record:
        os.kill(process.pid, signal.SIGKILL)
        print(process.stdout.read().strip())
        return
    print(process.communicate()[0].strip())
    if how != "recorder_killed":
        print(process.returncode)


main()
