# SPDX-License-Identifier: Apache-2.0
"""Builds the programs of the leak corpus: each source in each variant, into its own folder."""

import concurrent.futures
import dataclasses
import pathlib
import subprocess
import sys

CORPUS = pathlib.Path(__file__).resolve().parent.parent
SUPPORT = [CORPUS / "support" / name for name in ("corpus.c", "threads.c")]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]


@dataclasses.dataclass(frozen=True)
class Variant:
    """One compiler with its options. `oracle` variants are built for that oracle alone."""

    name: str
    c: tuple
    cpp: tuple = ()
    oracle: str = ""


SWIFT = [Variant("onone", ("-Onone",)), Variant("o", ("-O",))]
NATIVE = [
    Variant("gcc-O0", ("gcc", "-O0"), ("g++", "-O0")),
    Variant("gcc-O2", ("gcc", "-O2"), ("g++", "-O2")),
    Variant("clang-O2", ("clang", "-O2"), ("clang++", "-O2")),
    Variant("gcc-lsan", ("gcc", "-O2", "-fsanitize=leak"), ("g++", "-O2", "-fsanitize=leak"), "lsan"),
]


@dataclasses.dataclass(frozen=True)
class Program:
    """A built program, or the bundle of the test package."""

    name: str
    language: str
    variant: Variant
    path: pathlib.Path
    arguments: tuple = ()  # of a bundle; empty for the others, which take CASE and N
    case: str = ""  # the only case of a bundle


class BuildError(Exception):
    """A compiler's message."""


def compile_or_raise(command, wrap):
    done = subprocess.run(wrap + [str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        text = f"{' '.join(map(str, command))}\n{done.stderr}{done.stdout}"
        raise BuildError(text[:4000])


def is_newer(path, sources):
    return path.exists() and all(path.stat().st_mtime > source.stat().st_mtime for source in sources)


def build_native(source, language, variant, folder, wrap):
    """One C or C++ program, with the support files; -g, and frames that a debugger can read."""
    program = folder / language / variant.name / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    others = [*(CORPUS / "support").glob("*.h"), *source.parent.glob("*.h"), *source.parent.glob("plugin.c")]
    if not is_newer(program, [source, *SUPPORT, *others]):
        common = ["-g", *WARNINGS, "-pthread"]
        objects = []
        for support in SUPPORT:
            objects.append(folder / language / variant.name / f"{source.stem}.{support.stem}.o")
            compile_or_raise([*variant.c, *common, "-c", support, "-o", objects[-1]], wrap)
        own = [*variant.c] if language == "c" else [*variant.cpp, "-std=c++20"]
        rpath = "-Wl,-rpath,$ORIGIN"
        compile_or_raise([*own, *common, source, *objects, rpath, "-ldl", "-o", program], wrap)
        if source.stem == "loader":
            plugin = program.parent / "plugin.so"
            compile_or_raise([*own, *common, "-shared", "-fPIC", source.parent / "plugin.c", "-o", plugin], wrap)
    return Program(source.stem, language, variant, program)


def build_swift(source, variant, folder, wrap):
    """One Swift program: Truth.swift, the source and its extension files, as one module."""
    program = folder / "swift" / variant.name / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    sources = [source, source.parent / "Truth.swift", *sorted(source.parent.glob(f"{source.stem}+*.swift"))]
    header = CORPUS / "support" / "corpus.h"
    if not is_newer(program, [*sources, *SUPPORT, header]):
        objects = []
        for support in SUPPORT:
            objects.append(program.parent / f"{source.stem}.{support.stem}.o")
            compile_or_raise(["clang", "-O2", "-g", *WARNINGS, "-c", support, "-o", objects[-1]], wrap)
        options = [*variant.c, "-g", "-warnings-as-errors", "-parse-as-library", "-module-name", source.stem]
        compile_or_raise(
            ["swiftc", *options, "-import-objc-header", header, *sources, *objects, "-o", program], wrap)
    return Program(source.stem, "swift", variant, program)


def build_tests(folder, wrap):
    """The package with an empty test of each library. Nothing is fetched."""
    scratch = folder / "tests"
    compile_or_raise(
        ["swift", "build", "--build-tests", "--package-path", CORPUS / "tests", "--scratch-path", scratch,
         "--disable-automatic-resolution", "-q"], wrap)
    bundle = scratch / "debug" / "EmptyPackageTests.xctest"
    return [
        Program("tests", "swift", SWIFT[0], bundle, (), "tests.xctest"),
        Program("tests", "swift", SWIFT[0], bundle, ("--testing-library", "swift-testing"), "tests.testing"),
    ]


def jobs_of(folder, wrap, wanted):
    """What is to be built: functions without arguments that return programs."""
    for variant in SWIFT:
        for source in sorted((CORPUS / "swift").glob("*.swift")):
            if source.stem != "Truth" and "+" not in source.stem and wanted(source.stem):
                yield lambda s=source, v=variant: [build_swift(s, v, folder, wrap)]
    for language, pattern in (("c", "*.c"), ("cpp", "*.cc")):
        for variant in NATIVE:
            for source in sorted((CORPUS / language).glob(pattern)):
                if source.stem != "plugin" and wanted(source.stem):
                    yield lambda s=source, l=language, v=variant: [build_native(s, l, v, folder, wrap)]
    if wanted("tests"):
        yield lambda: build_tests(folder, wrap)


def build(folder, parallel, wrap, wanted):
    """Returns all programs; prints what does not build, and counts it."""
    programs, failed = [], 0
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        for future in [pool.submit(job) for job in jobs_of(folder, wrap, wanted)]:
            try:
                programs += future.result()
            except BuildError as error:
                failed += 1
                print(f"run: does not build: {error}", file=sys.stderr)
    return programs, failed
