"""Every long check in turn, each in a process of its own: the nightly run.

    python -m tests.trust                    some hours
    python -m tests.trust --quick            a few minutes
    python -m tests.trust --only random fuzz --seed 7

prints what every check prints, then one line for each. The exit status is 1 when one of
them found something.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A module, what a long and a quick run tell it, and whether it takes a seed."""

    module: str
    promise: str
    long: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    seeded: bool = True


CHECKS = (
    Check(
        "random",
        "values and derivatives agree with two references",
        ("--count", "10000"),
        ("--count", "200"),
    ),
    Check(
        "rules",
        "every rule keeps the value",
        ("--count", "3000"),
        ("--count", "100"),
    ),
    Check(
        "backends",
        "every backend computes the same",
        ("--count", "1000"),
        ("--count", "40"),
    ),
    Check(
        "mutation",
        "the tests notice mutants",
        ("--count", "100"),
        ("--count", "3"),
    ),
    Check(
        "canonical",
        "renamed alike, mutated different",
        ("--count", "1000"),
        ("--count", "100"),
    ),
    Check("versions", "the same bytes everywhere", (), ("--quick",), seeded=False),
    Check(
        "threads",
        "eight threads compute as one",
        ("--count", "10"),
        ("--count", "1"),
    ),
    Check("bounded", "monsters end in ten seconds", (), ("--quick",), seeded=False),
    Check(
        "memory",
        "plans stay within their memory",
        ("--count", "200"),
        ("--count", "10"),
    ),
    Check("edges", "honest outside the domain", (), ("--quick",), seeded=False),
    Check(
        "documents",
        "documents come back, mutated ones are refused",
        ("--count", "500"),
        ("--count", "20"),
    ),
    Check(
        "fuzz",
        "hostile input gives documented errors",
        ("--seconds", "600"),
        ("--seconds", "10"),
    ),
)


def run(check: Check, quick: bool, seed: int) -> tuple[int, float]:
    """The exit status of a check, and the seconds it took."""
    told = check.quick if quick else check.long
    seeds = ("--seed", str(seed)) if check.seeded else ()
    print(f"\n== {check.module}: {check.promise}", flush=True)
    begun = time.perf_counter()
    command = [sys.executable, "-m", f"tests.trust.{check.module}", *told, *seeds]
    return subprocess.run(command, check=False).returncode, time.perf_counter() - begun


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust")
    names = [check.module for check in CHECKS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    chosen = [check for check in CHECKS if check.module in asked.only]
    results = [(check, *run(check, asked.quick, asked.seed)) for check in chosen]
    print()
    for check, status, seconds in results:
        verdict = "ok" if status == 0 else f"failed ({status})"
        print(f"{check.module:12}{verdict:12}{seconds:8.0f} s   {check.promise}")
    return int(any(status for _, status, _ in results))


if __name__ == "__main__":
    sys.exit(main())
