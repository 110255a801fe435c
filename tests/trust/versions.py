"""The same bytes under eight hash seeds, other flags, other Pythons.

    python -m tests.trust.versions [--python PATH ...] [--seeds N]

compares every section of `tests.sections` with what this Python prints under seed 0:
under more hash seeds, built backwards, after much other work, with -O and -OO, in other
locales and terminals, with more BLAS threads, and by other interpreters.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Way:
    """One way to run the script."""

    title: str
    python: tuple[str, ...] = (sys.executable,)
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


SURROUNDINGS = (
    Way("built backwards", flags=("--backwards",)),
    Way("after other work", flags=("--after-work",)),
    Way("backwards, after work", flags=("--backwards", "--after-work")),
    Way("-O", (sys.executable, "-O")),
    Way("-OO", (sys.executable, "-OO")),
    Way("locale C, 40 columns", environment={"LC_ALL": "C", "COLUMNS": "40"}),
    Way("no colour, dumb", environment={"NO_COLOR": "1", "TERM": "dumb"}),
    Way("UTF-8 mode off", environment={"PYTHONUTF8": "0", "LANG": "tr_TR.ISO-8859-9"}),
    Way("four BLAS threads", environment={"OPENBLAS_NUM_THREADS": "4"}),
)


def printed(way: Way) -> dict[str, str]:
    """The sections that a way prints."""
    environment = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    environment |= {"PYTHONPATH": str(ROOT), **way.environment}
    done = subprocess.run(
        [*way.python, "-m", "tests.sections", *way.flags],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        return {"it ran": done.stderr.decode("utf-8", "replace")[-2_000:]}
    found: dict[str, str] = json.loads(done.stdout)
    return found


def ways(seeds: int, pythons: Sequence[str]) -> list[Way]:
    """What is compared."""
    found = [
        Way(f"hash seed {seed}", environment={"PYTHONHASHSEED": str(seed)})
        for seed in (1, 42, 7, 1234, 99_999, 2**31, 2**32 - 1, 3, 5, 8, 13)[: seeds - 1]
    ]
    found += SURROUNDINGS
    return found + [Way(path, (path,)) for path in pythons]


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a line for each way; 1 where one differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.versions")
    parser.add_argument("--python", nargs="+", default=[], metavar="PATH")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="two seeds, backwards")
    asked = parser.parse_args(argv)
    first = printed(Way("here"))
    print(f"{len(first)} sections, {sys.version.split()[0]}", flush=True)
    listed = ways(asked.seeds, asked.python)
    if asked.quick:
        listed = [listed[0], SURROUNDINGS[2]]
    bad = len(first) < 100
    for way in listed:
        begun = time.perf_counter()
        other = printed(way)
        differ = sorted(k for k in first | other if first.get(k) != other.get(k))
        bad |= bool(differ)
        told = f"{len(differ)} differ: {', '.join(differ[:5])}" if differ else "same"
        print(f"{way.title:32}{told}   {time.perf_counter() - begun:.0f} s", flush=True)
        if "it ran" in other:
            print(other["it ran"])
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
