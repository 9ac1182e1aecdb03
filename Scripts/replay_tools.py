# SPDX-License-Identifier: Apache-2.0
"""What Scripts/bench-unwind and Scripts/bench-handler share: the recorder with a measuring part linked in, the programs
that are recorded with it, and the figures that come out. Docs/Cost.md explains both."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = REPOSITORY / "Tests" / "Programs"
SOURCES = PROGRAMS / "replay"
SHIMS = REPOSITORY / "CShims"
INCLUDES = [f"-I{SHIMS}/{path}" for path in ["CPotterRecorder", "CPotterRecorder/include", "CPotterWire/include"]]
WRAPPED = ["pp_unwind_stacks", "pp_sampler_install", "pp_recorder_finish"]  # measure.c says why
COMPILERS = {
    ".c": ["gcc", "-O2", "-g", "-fomit-frame-pointer", "-pthread"],
    ".cc": ["g++", "-O2", "-g"],
    ".rs": ["rustc", "-O"],
    ".swift": ["swiftc", "-O", "-parse-as-library"],
}


def run(command, timeout=600, **environment):
    """Runs a command; what it wrote to stdout. An error with what it said, if its status is not 0."""
    try:
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout,
                                env={**os.environ, **environment})
    except FileNotFoundError as error:
        raise RuntimeError(f"{command[0]} is not there; Scripts/setup unwind installs what is missing") from error
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"{' '.join(map(str, command))}: took more than {timeout} s") from error
    if result.returncode != 0:
        said = (result.stderr + result.stdout).strip()[-2000:]
        raise RuntimeError(f"{' '.join(map(str, command))}: status {result.returncode}: {said}")
    return result.stdout


def quantile(values, share):
    """The value that `share` of the values do not exceed; values must not be empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def number(least):
    """For argparse: whole numbers from `least` on."""
    def parse(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text}: give a whole number, {least} or more")
        return int(text)
    return parse


def exit_with(main):
    """Runs a bench; what cannot be measured is one line, and status 2."""
    try:
        sys.exit(main())
    except (RuntimeError, OSError) as error:
        print(f"{pathlib.Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(2)


def load():
    return f"{os.getloadavg()[0]:.1f}"


class Bench:
    """A folder with everything built in it. `potter`: the built potter-prof, beside which its object files lie."""

    def __init__(self, potter, folder):
        self.potter, self.folder = pathlib.Path(potter).resolve(), pathlib.Path(folder)
        self.library = self.folder / "libPotterPreload.so"
        self.build_library()

    def objects(self, target):
        """The product's object files of a C target."""
        sources = sorted((SHIMS / target).glob("*.c"))
        found = [self.potter.parent / f"{target}.build" / f"{source.name}.o" for source in sources]
        missing = [str(path) for path in found if not path.exists()]
        if missing:
            raise RuntimeError(f"{missing[0]} is not there; build all of the package first: `swift build`")
        return found

    def build_library(self):
        """The product's object files and measure.c, as libPotterPreload.so."""
        clang = shutil.which("clang") or "/opt/swift/usr/bin/clang"
        flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-fPIC", "-fvisibility=hidden", "-fno-stack-protector",
                 "-ftls-model=initial-exec", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
                 "-Wno-nullability-completeness"]
        run([clang, *flags, *INCLUDES, "-c", SOURCES / "measure.c", "-o", self.folder / "measure.o"])
        run([clang, "-shared", "-o", self.library, *self.objects("CPotterRecorder"), *self.objects("CPotterPreload"),
             self.folder / "measure.o", *(f"-Wl,--wrap={name}" for name in WRAPPED)])

    def build_replay(self):
        """The program that replays, with the product's unwinder in it."""
        output = self.folder / "replay"
        unwinder = [path for path in self.objects("CPotterRecorder") if path.name.startswith("unwind")]
        run(["gcc", "-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-D_Nonnull=", "-D_Nullable=", *INCLUDES,
             *(SOURCES / name for name in ["replay.c", "memory.c", "oracle.c"]), *unwinder, "-o", output,
             "-lunwind-x86_64", "-lunwind"])
        return output

    def compile(self, source):
        """One of the programs in Tests/Programs/replay."""
        output = self.folder / source.replace(".", "-")
        run([*COMPILERS[pathlib.Path(source).suffix], SOURCES / source, "-o", output])
        return output

    def record(self, name, command, rate, engine="auto", stacks=0, calls=200000):
        """Records a command with the measuring library; the path of the corpus that it wrote."""
        corpus, recording = self.folder / f"{name}.corpus", self.folder / f"{name}.potter"
        run([self.potter, "record", "-q", "--no-inherit", "-F", rate, "--engine", engine,
             "--preload-library", self.library, "-o", recording, "--", *command],
            POTTER_MEASURE=str(corpus), POTTER_MEASURE_CALLS=str(calls), POTTER_MEASURE_STACKS=str(stacks))
        for path in self.folder.glob(f"{name}.potter*"):
            path.unlink()
        if not corpus.exists():
            raise RuntimeError(f"{name}: the recorder did not start in {command[0]}; see `{self.potter.name} doctor`")
        return corpus
