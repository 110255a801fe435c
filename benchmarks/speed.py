"""Derivatives as numbers: indexcalc beside every peer that is installed.

    python -m benchmarks.speed [--quick] [--case S1_dense,Q1_hess]
        [--size small|large|all] [--rounds N] [--json FILE] [--detail]
        [--device cpu|gpu] [--dtype float64,float32] [--backends numpy,jax,torch]
        [--columns indexcalc,NumPy] [--torch-compile] [--memory GIGABYTES]

For every case and size: the floor (the larger of flops at the rate of a matrix product
and bytes at the rate of a copy, both measured in this run), what reading the result
takes, the best peer and indexcalc, both allocating and into a given buffer, their
ratio, indexcalc over floor and reading, and every kind of peer as a ratio to the best.
Times are medians of interleaved rounds in milliseconds.

`--quick` checks errors only, at the smallest sizes unless `--size` says otherwise, and
exits with 1 where indexcalc fails, or it or a peer is off by more than 1e-9.
`--torch-compile` adds PyTorch's closed forms as its compiler makes them, which takes
seconds each.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .cases import CASES
from .cases_base import Case, Sizes
from .rivals.all_rivals import missing
from .rivals.record import Rival
from .speed_machine import measured
from .speed_measure import Row, measure
from .speed_report import (
    as_json,
    detail,
    machine_lines,
    markdown,
    summary,
    table_row,
)

#: The gigabytes that a run may take, unless said otherwise: most of the machine's.
MEMORY = 0.6 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30

#: The largest relative error that counts as equal, by precision.
TOLERANCE = {"float64": 1e-9, "float32": 2e-3}


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--quick", action="store_true", help="errors only")
    parser.add_argument("--case", default=",".join(CASES), help="names, with commas")
    parser.add_argument("--size", choices=("small", "large", "all"))
    parser.add_argument(
        "--columns", default="", help="only these, indexcalc among them"
    )
    parser.add_argument("--torch-compile", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--detail", action="store_true", help="every contender")
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--backends", default="")
    parser.add_argument("--memory", type=float, default=MEMORY, help="gigabytes")
    found = parser.parse_args(given)
    unknown = sorted(set(found.case.split(",")) - set(CASES))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    found.size = found.size or ("small" if found.quick else "all")
    return found


def chosen(case: Case, size: str) -> tuple[Sizes, ...]:
    """The sizes of a case that were asked for."""
    match size:
        case "small":
            return case.sizes[:1]
        case "large":
            return case.sizes[-1:]
        case _:
            return case.sizes


def measured_rows(
    options: argparse.Namespace, dtype: str, rounds: int
) -> Iterator[Row]:
    """Every case and size that was asked for."""
    default = "numpy" if options.device == "cpu" else "jax,torch"
    backends = tuple((options.backends or default).split(","))
    for name in options.case.split(","):
        for sizes in chosen(CASES[name], options.size):
            yield measure(
                CASES[name],
                sizes,
                rounds,
                dtype=dtype,
                device=options.device,
                backends=backends,
                inductor=options.torch_compile,
                only=_wanted(options.columns),
            )


def _wanted(columns: str) -> Callable[[Rival], bool] | None:
    names = columns.split(",")
    return (lambda rival: rival.column in names) if columns else None


def check(options: argparse.Namespace, dtype: str) -> int:
    """Prints every error; 1 where one is too large."""
    wrong = 0
    for row in measured_rows(options, dtype, rounds=0):
        worst = max(row.errors.values(), default=0.0)
        print(f"{row.case.name} {row.label}: largest relative error {worst:.1e}")
        for name, error in row.errors.items():
            if not error <= TOLERANCE[dtype]:
                wrong = 1
                print(f"  {name}: {error:.1e}")
        for name, why in row.failed.items():
            wrong |= row.rivals[name].column == "indexcalc"
            print(f"  {name} failed: {why}")
    return int(wrong)


def compare(options: argparse.Namespace, dtype: str) -> None:
    """Prints the table as it grows, and the summary."""
    machine, here = measured(), options.device == "cpu"
    print(f"{options.device}, {dtype}", *machine_lines(machine), sep="\n")
    rows, printed = [], 0
    for row in measured_rows(options, dtype, options.rounds):
        rows.append(row)
        if options.detail or not here:
            print(*detail(row, machine if here else None), sep="\n", flush=True)
            continue
        lines = markdown([table_row(r, machine) for r in rows])
        print(*lines[printed:], sep="\n", flush=True)
        printed = len(lines)
    if here:
        print(*summary(rows, machine), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(as_json(rows, machine)))


def bounded(gigabytes: float) -> None:
    """Makes what wants more memory fail with an error, which is then shown."""
    most = int(gigabytes * 2**30)
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def main(given: Sequence[str] | None = None) -> int:
    """The command."""
    options = arguments(given)
    bounded(options.memory)
    print(f"missing: {', '.join(missing()) or 'none'}")
    wrong = 0
    for dtype in options.dtype.split(","):
        if options.quick:
            wrong |= check(options, dtype)
        else:
            compare(options, dtype)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
