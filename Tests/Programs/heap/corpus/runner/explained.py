# SPDX-License-Identifier: Apache-2.0
"""Where an oracle differs from the truth, and why. README.md says more on each reason."""

import fnmatch

OBSERVED = "weakly observed"
TAGGED = "tagged pointer"
STALE = "stale cache"
MAPPED = "mapped memory"
KERNEL = "kernel"
XCTEST = "XCTest's own cycles"
UNJOINED = "unjoined thread"
DEAD = "dead thread's stack"
FREED = "libc was emptied"
INTERIOR = "interior: possible"
THREAD = "thread's vector: possible"

# (oracle, pattern of cases, the reason's name)
REASONS = [
    ("lsan", "observed.*", OBSERVED),
    ("lsan", "tagged.*", TAGGED),
    ("lsan", "coders.*", TAGGED),
    ("lsan", "registries.*", TAGGED),
    ("lsan", "tasks.continuation_unscrubbed", STALE),
    ("*", "sharing.weak_observed", OBSERVED),
    ("lsan", "loader.*_map", MAPPED),
    ("lsan", "tests.xctest", XCTEST),
    ("lsan", "threads.result", UNJOINED),
    ("*", "loader.epoll", KERNEL),
    ("memcheck", "containers.views", INTERIOR),
    ("roots", "blocks.thread*", DEAD),
    ("roots", "graphs.on_dead_stack", DEAD),
    ("roots", "graphs.in_dead_tls", DEAD),
    ("roots", "objects.thread_argument", DEAD),
    ("memcheck", "loader.libc", FREED),
    ("memcheck", "roots.inside", INTERIOR),
    ("memcheck", "roots.tree", INTERIOR),
    ("memcheck", "threads.*", THREAD),
    ("memcheck", "pointers.member", INTERIOR),
    ("memcheck", "pointers.exception*", INTERIOR),
    ("memcheck", "pointers.thread*", THREAD),
    ("memcheck", "pointers.async", THREAD),
]

# What an oracle cannot run, and why.
IMPOSSIBLE = {("memcheck", "blocks.pvalloc"): "memcheck stops programs that call pvalloc"}


def why(oracle, case):
    """The name of the reason for which `oracle` differs on `case`, or None."""
    for name, pattern, reason in REASONS:
        if fnmatch.fnmatch(oracle, name) and fnmatch.fnmatch(case, pattern):
            return reason
    return None


def fits(reason, opinion):
    """Whether what the oracle says is what the reason can explain: possible leaks are never definite ones."""
    return opinion.text.startswith("0/0/") if reason in (INTERIOR, THREAD) else True
