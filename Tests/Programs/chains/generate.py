# SPDX-License-Identifier: Apache-2.0
"""usage: generate.py LANGUAGE SEED DIRECTORY

Writes a program with planted call chains (chain.py) to DIRECTORY, and what is true of them to DIRECTORY/truth.json.
LANGUAGE is c, c++, rust or swift. The program's arguments: CPU seconds for each chain.
"""
import json
import pathlib
import random
import sys

import c_program
import cxx_program
import rust_program
import swift_program

LANGUAGES = {"c": c_program, "c++": cxx_program, "rust": rust_program, "swift": swift_program}


def main(language, seed, directory):
    program, files = LANGUAGES[language].generate(random.Random(f"{language} {seed}"))
    place = pathlib.Path(directory)
    place.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (place / name).write_text(text)
    (place / "truth.json").write_text(json.dumps(program.truth()))


main(*sys.argv[1:4])
