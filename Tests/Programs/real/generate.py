# SPDX-License-Identifier: Apache-2.0
# Input for programs under test, always the same: `generate.py c` writes a C file that takes a compiler a few seconds,
# `generate.py git` a stream for `git fast-import` that takes `git repack` one.
import random
import sys

SOURCE = """
struct s{i} {{ int a[{size}]; double d; }};
int fn{i}(int x, struct s{i} *p) {{
    int t = {i};
    for (int i = 0; i < x; i++) {{
        t += p->a[i % {size}] * {factor};
        if (t & {bit}) t ^= x * {i};
        switch (t % 9) {{
        case 0: t += 3; break;
        case 1: t *= x; break;
        case 4: p->d += t; break;
        case 7: memset(p, 0, sizeof *p); break;
        default: t--;
        }}
    }}
    return t{call};
}}
"""


def c_file(functions=500):
    print("#include <string.h>")
    for i in range(functions):
        call = f" + fn{i - 1}(x - 1, (void *)p)" if i else ""
        print(SOURCE.format(i=i, size=i % 7 + 3, factor=i * 31 % 97, bit=1 << i % 12, call=call))


def git_stream(commits=100, files=25, words=1500):
    random.seed(5)
    vocabulary = [f"word{i * 7919 % 10007:x}" for i in range(3000)]
    tree = {k: [random.choice(vocabulary) for _ in range(words)] for k in range(files)}
    mark = 0
    for commit in range(commits):
        changed = []
        for k, text in tree.items():
            if commit and random.random() < 0.5:
                continue
            for _ in range(40):
                text[random.randrange(words)] = random.choice(vocabulary)
            data = "\n".join(" ".join(text[j : j + 6]) for j in range(0, words, 6))
            mark += 1
            print(f"blob\nmark :{mark}\ndata {len(data)}\n{data}")
            changed.append((k, mark))
        message = f"commit {commit}"
        print(f"commit refs/heads/main\ncommitter A <a@b> {1700000000 + commit} +0000\ndata {len(message)}\n{message}")
        for k, m in changed:
            print(f"M 100644 :{m} file{k}.txt")


{"c": c_file, "git": git_stream}[sys.argv[1]]()
