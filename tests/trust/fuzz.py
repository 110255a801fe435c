"""Hostile texts through every way in: nothing but the documented errors.

    python -m tests.trust.fuzz                       ten minutes each
    python -m tests.trust.fuzz --seconds 60 --only parse latex
    python -m tests.trust.fuzz --count 1000 --seed 7

Where atheris is installed the run is guided by coverage, unless a count is given;
elsewhere texts are drawn with a seed, the same at every run of as many. The exit status
is 1 where anything is found, and the text that did it is printed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from random import Random

from tests.trust.fuzz_entries import ENTRIES, Entry
from tests.trust.fuzz_judge import judged
from tests.trust.fuzz_mutations import fresh

#: Beyond this a text ends in a MemoryError, which is a fault, and not the machine.
MOST_MEMORY = 3 << 30


@dataclass
class Tally:
    """What came of the texts of one entry."""

    results: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str]] = field(default_factory=list)
    slowest: float = 0.0
    slowest_text: str = ""
    printing: float = 0.0
    printing_text: str = ""


def texts(entry: Entry, name: str, seed: int) -> Iterator[str]:
    """The seeds of an entry and then mutations without end."""
    rng = Random(zlib.crc32(f"{name} {seed}".encode()))
    seeds = entry.seeds()
    yield from seeds
    while True:
        yield fresh(seeds, entry.tokens, rng)


def tallied(name: str, wanted: int | None, seconds: float, seed: int) -> Tally:
    """`wanted` texts through an entry, or as many as take `seconds`."""
    entry, found = ENTRIES[name], Tally()
    found.results.clear()
    until = time.monotonic() + seconds
    for k, text in zip(count(), texts(entry, name, seed), strict=False):
        if k == wanted or (wanted is None and time.monotonic() > until):
            break
        outcome = judged(entry.read, text, placed=entry.placed)
        found.results[outcome.result] += 1
        if outcome.seconds > found.slowest and k:
            found.slowest, found.slowest_text = outcome.seconds, text
        if outcome.printing > found.printing:
            found.printing, found.printing_text = outcome.printing, text
        if outcome.fault:
            found.faults.append((outcome.fault, text))
    return found


def told(name: str, found: Tally) -> str:
    """One line of the table, then the faults."""
    total = sum(found.results.values())
    most = ", ".join(f"{n} {kind}" for kind, n in found.results.most_common())
    line = (
        f"{name:13}{total:8} texts  slowest {found.slowest:6.3f} s, printing "
        f"{found.printing:6.3f} s  {len(found.faults)} faults   {most}"
    )
    faults = [f"  {fault}\n    {text[:400]!r}" for fault, text in found.faults[:20]]
    return "\n".join([line, *faults])


def _guided(name: str, seconds: float, seed: int) -> int:
    """One entry with coverage, in a process of its own; how many faults it met."""
    told = [sys.executable, "-m", "tests.trust.fuzz_guided"]
    run = subprocess.run(
        [*told, name, str(int(seconds)), str(seed or 1)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    lines = [*run.stdout.splitlines(), *run.stderr.splitlines()]
    faults = [line for line in lines if line.startswith("FAULT")]
    done = [line for line in lines if line.startswith(("Done", "stat::peak"))]
    print(f"{name:13}{len(faults)} faults   {'; '.join(done) or lines[-3:]}")
    print(*faults, sep="\n", end="\n" if faults else "", flush=True)
    return len(faults) + (run.returncode != 0)


def main(argv: Sequence[str] | None = None) -> int:
    """Fuzzes what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust.fuzz")
    parser.add_argument("--only", nargs="+", choices=list(ENTRIES), default=[*ENTRIES])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unguided", action="store_true")
    parser.add_argument("--slowest", action="store_true", help="show the slowest texts")
    asked = parser.parse_args(argv)
    plain = asked.unguided or asked.count is not None or find_spec("atheris") is None
    if plain:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    failed = 0
    for name in asked.only:
        if not plain:
            failed += _guided(name, asked.seconds, asked.seed)
            continue
        found = tallied(name, asked.count, asked.seconds, asked.seed)
        failed += bool(found.faults)
        print(told(name, found), flush=True)
        if asked.slowest:
            print(f"  read {found.slowest_text[:300]!r} ({len(found.slowest_text)})")
            print(f"  print {found.printing_text[:300]!r} ({len(found.printing_text)})")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
