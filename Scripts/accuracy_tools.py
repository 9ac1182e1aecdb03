# SPDX-License-Identifier: Apache-2.0
"""The profilers that Scripts/bench-accuracy compares: how each records a program, and what it says of it, in one form."""
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import time

GPERFTOOLS = "/usr/lib/x86_64-linux-gnu/libprofiler.so.0"
KERNEL_TICK_NS = round(time.clock_getres(6) * 1e9)  # CLOCK_MONOTONIC_COARSE advances once a tick
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def base_name(function):
    """A function's name without types, parameters and offsets."""
    if function.startswith("["):
        return function
    return function.split("(")[0].split("<")[0].split("::")[-1].split("+")[0].split(" ")[-1]


class Profile:
    """What a profiler says: CPU time in seconds by call chain and by thread, and in how many samples."""

    def __init__(self):
        self.stacks = []  # (set of the names in a chain, seconds, samples)
        self.threads = {}  # tid: seconds
        self.samples = 0
        self.truth = {}  # what the program said of itself
        self.weights = None  # all weights, those of threads, and the threads' clocks, seconds: Potter's alone

    def add(self, names, seconds, samples):
        self.stacks.append((frozenset(names), seconds, samples))

    def through(self, function):
        """Seconds of the stacks with this function in them."""
        return sum(seconds for names, seconds, _ in self.stacks if function in names)

    def samples_through(self, functions):
        return sum(samples for names, _, samples in self.stacks if names & set(functions))

    def total(self):
        """Seconds that the profiler gives to functions; what it only knows of by clocks (`[exit]`, ...) is none."""
        return sum(seconds for names, seconds, _ in self.stacks if not (len(names) == 1 and next(iter(names)) in NOT_SAMPLED))


NOT_SAMPLED = {"[unattributed]", "[startup]", "[arming]", "[exit]"}


def truth_of(text):
    return {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if len(line.split()) == 2}


def weights_of(recording):
    """All weights of a recording, those of its threads, and what the threads' CPU clocks said, in seconds."""
    with sqlite3.connect(f"file:{recording}?mode=ro", uri=True) as file:
        sums = [file.execute(query).fetchone()[0] / 1e9 for query in [
            "SELECT sum(weight_ns) FROM aggregate", "SELECT sum(weight_ns) FROM aggregate WHERE thread IS NOT NULL",
            "SELECT sum(cpu_ns) FROM thread"]]
    file.close()
    return sums


class Tool:
    def __init__(self, name, folder):
        self.name, self.folder = name, folder

    def run(self, command, environment=None):
        result = subprocess.run(command, capture_output=True, text=True, cwd=self.folder,
                                env={**os.environ, **(environment or {})})
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: status {result.returncode}: {result.stderr.strip()}")
        return result.stdout


class Potter(Tool):
    def __init__(self, folder, potter, engine):
        super().__init__(f"potter {engine}", folder)
        self.potter, self.engine = potter, engine

    def record(self, program, rate, prefix):
        path = self.folder / "bench.potter"
        output, folded = self.folder / "report.json", self.folder / "report.folded"
        command = [self.potter, "record", "-q", "-F", str(rate), "--engine", self.engine, "-o", str(path), "--", *program]
        profile = Profile()
        profile.truth = truth_of(self.run(prefix + command))
        self.run([self.potter, "report", "-i", str(path), f"--json={output}", f"--folded={folded}"])
        profile.weights = weights_of(path)
        document = json.loads(output.read_text())
        profile.samples = document["samples"]
        for line in folded.read_text().splitlines():
            chain, weight = line.rsplit(" ", 1)
            # A sample of engine perf stands for one period, one of engine timer for one tick of the kernel's at least.
            header = document["header"]
            period = header["period_ns"] if self.engine != "timer" else max(header["tick_ns"], KERNEL_TICK_NS)
            profile.add({base_name(name) for name in chain.split(";")}, int(weight) / 1e9, int(weight) / period)
        for thread in document["threads"]:
            # All that the samples of a thread stand for, in the kernel, too.
            sampled = thread["user_ns"] + thread["kernel_ns"] + thread["page_fault_ns"]
            profile.threads[thread["tid"]] = sampled / 1e9
        for old in self.folder.glob("bench.potter*"):
            old.unlink()
        return profile


class Perf(Tool):
    def __init__(self, folder, kind):
        super().__init__(f"perf {kind}", folder)
        self.kind = kind

    def record(self, program, rate, prefix):
        data = self.folder / "perf.data"
        event = "cpu-clock:u" if prefix else "cpu-clock"
        graph = "fp" if self.kind == "fp" else "dwarf,8192"
        command = ["perf", "record", "-q", "-e", event, "-F", str(rate), "--call-graph", graph, "-o", str(data), "--"]
        profile = Profile()
        profile.truth = truth_of(self.run(prefix + command + program))
        text = self.run(["perf", "script", "-f", "-i", str(data), "-F", "tid,period,ip,sym", "--no-inline"])
        for sample in text.split("\n\n"):
            lines = sample.strip("\n").splitlines()
            if len(lines) < 1 or len(lines[0].split()) < 2:
                continue
            tid, period = (int(word) for word in lines[0].split()[:2])
            names = {base_name(line.strip().split(" ", 1)[1]) for line in lines[1:] if " " in line.strip()}
            profile.add(names or {"[unknown]"}, period / 1e9, 1)
            profile.threads[tid] = profile.threads.get(tid, 0) + period / 1e9
            profile.samples += 1
        data.unlink()
        return profile


class Gperftools(Tool):
    def __init__(self, folder):
        super().__init__("gperftools", folder)

    def record(self, program, rate, prefix):
        data = self.folder / "gperftools.prof"
        environment = {"LD_PRELOAD": GPERFTOOLS, "CPUPROFILE": str(data), "CPUPROFILE_FREQUENCY": str(rate)}
        profile = Profile()
        # The variables are for the program alone.
        profile.truth = truth_of(self.run(prefix + ["env", *(f"{k}={v}" for k, v in environment.items()), *program]))
        period = struct.unpack("<5Q", data.read_bytes()[:40])[3] / 1e6  # header: 0, 3, 0, period in us, 0
        for line in self.run(["google-pprof", "--collapsed", program[0], str(data)]).splitlines():
            chain, count = line.rsplit(" ", 1)
            profile.add({base_name(name) for name in chain.split(";")}, int(count) * period, int(count))
            profile.samples += int(count)
        data.unlink()
        return profile


def has_sigtrap(potter, folder):
    """Whether this kernel has what engine sigtrap needs; it exists to be compared with."""
    recording = pathlib.Path(folder) / "probe.potter"
    command = [potter, "record", "-q", "--engine", "sigtrap", "-o", str(recording), "--", "true"]
    has = subprocess.run(command, capture_output=True).returncode == 0
    recording.unlink(missing_ok=True)
    return has


def all_tools(folder, potter):
    """Those that are installed. A copy of potter-prof lies where every user may run it."""
    folder = pathlib.Path(folder)
    for name in ["potter-prof", "libPotterPreload.so"]:
        shutil.copy(pathlib.Path(potter).parent / name, folder / name)
    potter = str(folder / "potter-prof")
    tools = [Potter(folder, potter, engine) for engine in ["perf", "timer"]]
    if has_sigtrap(potter, folder):
        tools.append(Potter(folder, potter, "sigtrap"))
    if shutil.which("perf"):
        tools += [Perf(folder, "fp"), Perf(folder, "dwarf")]
    if os.path.exists(GPERFTOOLS) and shutil.which("google-pprof"):
        tools.append(Gperftools(folder))
    return tools
