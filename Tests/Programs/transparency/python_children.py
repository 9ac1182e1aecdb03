# SPDX-License-Identifier: Apache-2.0
# runs: fork spawn forkserver subprocess timer
# needs: python3
"""Python's ways to have children, and a profiler of its own that uses SIGPROF."""
import multiprocessing
import os
import signal
import subprocess
import sys
import time


def work(n):
    total = 0
    for i in range(50000):
        total = (total * 31 + i * n) % 1000003
    return total


def crash(_):
    os.kill(os.getpid(), signal.SIGKILL)


def pools(method):
    context = multiprocessing.get_context(method)
    with context.Pool(4) as pool:
        print(sum(pool.map(work, range(60))))
    queue = context.Queue()
    process = context.Process(target=queue.put, args=("from a child",))
    process.start()
    print(queue.get())
    process.join()
    process = context.Process(target=crash, args=(1,))
    process.start()
    process.join()
    print(process.exitcode)


def subprocesses():
    for i in range(100):
        if subprocess.run(["sh", "-c", f"exit {i}"]).returncode != i:
            print("wrong", i)
    print(subprocess.check_output("seq 1000 | tail -1", shell=True))
    print(subprocess.run(["cat"], input=b"x" * 100000, capture_output=True).stdout.count(b"x"))
    print(subprocess.run(["sh", "-c", "ulimit -n"], preexec_fn=lambda: os.setpgid(0, 0), close_fds=True).returncode)
    try:
        subprocess.run(["sleep", "5"], timeout=0.2)
    except subprocess.TimeoutExpired:
        print("timed out")


def timer():
    ticks = []
    signal.signal(signal.SIGPROF, lambda *_: ticks.append(1))
    signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
    end = time.process_time() + 0.6
    while time.process_time() < end:
        work(1)
    signal.setitimer(signal.ITIMER_PROF, 0)
    print("ticks:", "right" if 20 <= len(ticks) <= 120 else len(ticks))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    work(1)
    os.kill(os.getpid(), signal.SIGPROF)


if __name__ == "__main__":
    work(1)
    how = sys.argv[1]
    if how == "subprocess":
        subprocesses()
    elif how == "timer":
        timer()
    else:
        pools(how)
    sys.exit(3)
