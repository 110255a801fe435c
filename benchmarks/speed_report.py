"""What is printed of a run, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .rivals.all_rivals import COLUMNS
from .speed_machine import Machine
from .speed_measure import OURS, OURS_GIVEN, Row
from .speed_timing import ratio_interval

#: The bars: no case over the first, none over the second times the floor at the
#: largest size bound by operations, given buffers within the third of the floor where
#: bound by bytes, small calls within the fourth of NumPy by hand.
WORST, OVER_FLOOR, GIVEN_OVER_FLOOR, SMALL = 1.25, 2.0, 1.25, 20e-6

HEAD = (
    "case",
    "size",
    "floor",
    "read",
    "best peer",
    OURS,
    "ratio",
    "× floor",
    "given buffer",
    "out=",
    "ratio",
    "× floor",
    *COLUMNS,
)


def milliseconds(seconds: float) -> str:
    """Three digits.

    >>> milliseconds(0.0123456)
    '12.3'
    """
    return f"{1e3 * seconds:.3g}"


def machine_lines(machine: Machine) -> list[str]:
    """The ceilings of this run."""
    rates = ", ".join(f"{v / 1e6:.3g} MB {r / 1e9:.0f}" for v, r in machine.copies)
    reads = ", ".join(f"{v / 1e6:.3g} MB {r / 1e9:.0f}" for v, r in machine.reads)
    return [
        f"matrix product {machine.gemm / 1e9:.0f} GFLOP/s",
        f"copies, bytes moved and GB/s: {rates}",
        f"reading a result, GB/s: {reads}",
    ]


def detail(row: Row, machine: Machine | None) -> list[str]:
    """A line for every contender, the fastest first; absolute times only where the
    machine's ceilings are not those of the device."""
    title, floor = f"{row.case.name} {row.label}", 0.0
    if machine:
        floor = row.floor_seconds(machine)
        least = f"{milliseconds(floor)} ms ({_bound(row, machine)})"
        title += f": floor with reading {least}"
    lines = [title]
    for name in sorted(row.times, key=row.time):
        rival, seconds = row.rivals[name], row.time(name)
        buffer = "  given a buffer" if rival.given else ""
        over = f" {seconds / floor:8.2f} × floor" if machine else ""
        lines.append(
            f"  {milliseconds(seconds):>9} ms{over}"
            f"  error {row.errors[name]:7.1e}  {name} [{rival.column}]{buffer}"
        )
    return lines + [f"  {name}: {why}" for name, why in row.failed.items()]


def _bound(row: Row, machine: Machine) -> str:
    return "f" if machine.compute_bound(row.floor) else "b"


def table_row(row: Row, machine: Machine) -> list[str]:
    """The cells under `HEAD`; peers as ratios to the best that allocates."""
    floor = row.floor_seconds(machine)
    cells = [
        row.case.name,
        row.label,
        f"{milliseconds(machine.floor(row.floor))} {_bound(row, machine)}",
        milliseconds(machine.reading(row.result_bytes)),
    ]
    cells += _against(row, OURS, floor, given=False)
    cells += _against(row, OURS_GIVEN, floor, given=True)
    best = row.best()
    return cells + [_column(row, column, best) for column in COLUMNS]


def _against(row: Row, ours: str, floor: float, given: bool) -> list[str]:
    best, ratios = row.best(given), row.ratios(ours, given)
    peer = f"{milliseconds(row.time(best))} {best}" if best else ""
    if ours not in row.times:
        return [peer, "", "", ""]
    seconds = row.time(ours)
    ratio = f"{np.median(ratios):.3g}" if ratios else ""
    return [peer, milliseconds(seconds), ratio, f"{seconds / floor:.3g}"]


def _column(row: Row, column: str, best: str | None) -> str:
    names = [
        name
        for name, rival in row.rivals.items()
        if rival.column == column and name in row.times
        if rival.counts and not rival.given
    ]
    if not names or best is None:
        return ""
    return f"{min(map(row.time, names)) / row.time(best):.3g}"


def markdown(rows: Iterable[Sequence[str]]) -> list[str]:
    """The table as Markdown."""
    head = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    return head + [f"| {' | '.join(row)} |" for row in rows]


# -- the end ---------------------------------------------------------------------------


def summary(rows: Sequence[Row], machine: Machine) -> list[str]:
    """The geometric means with their intervals, and who is over which bar."""
    lines = [
        _mean_line("allocating", [row.ratios() for row in rows]),
        _mean_line("given a buffer", [row.ratios(OURS_GIVEN, True) for row in rows]),
    ]
    for title, found in (
        ("indexcalc did not run", _not_run(rows)),
        (f"over {WORST} × the best peer", _over(rows)),
        (f"over {OVER_FLOOR:g} × floor at the largest size", _slow(rows, machine)),
        (f"out= over {GIVEN_OVER_FLOOR} × floor", _slow_given(rows, machine)),
        ("smallest sizes and views beyond NumPy + 20 µs", _late(rows)),
    ):
        lines.append(f"{title}: {', '.join(found) or 'none'}")
    return lines


def _mean_line(title: str, found: Sequence[list[float] | None]) -> str:
    known = [ratios for ratios in found if ratios]
    if not known:
        return f"{title}: nothing to compare"
    rounds = max(len(ratios) for ratios in known)
    full = [r if len(r) == rounds else [float(np.median(r))] * rounds for r in known]
    mean, low, high = ratio_interval(np.array(full))
    return (
        f"{title}: geometric mean of indexcalc over the best peer {mean:.3f}"
        f" (95 % {low:.3f}–{high:.3f}), {len(known)} cases and sizes"
    )


def _not_run(rows: Sequence[Row]) -> list[str]:
    return [
        f"{row.case.name} {row.label} ({why})"
        for row in rows
        if (why := row.failed.get(OURS))
    ]


def _name(row: Row, figure: float) -> str:
    return f"{row.case.name} {row.label} {figure:.2f}"


def _over(rows: Sequence[Row]) -> list[str]:
    found = [(row, row.ratios()) for row in rows]
    medians = [(row, float(np.median(r))) for row, r in found if r]
    return [_name(row, ratio) for row, ratio in medians if ratio > WORST]


def _slow(rows: Sequence[Row], machine: Machine) -> list[str]:
    able = [row for row in rows if OURS in row.times and _largest(row, machine)]
    return [
        _name(row, over)
        for row in able
        if (over := row.time(OURS) / row.floor_seconds(machine)) > OVER_FLOOR
    ]


def _largest(row: Row, machine: Machine) -> bool:
    """Whether it is the largest size of a case that operations bound there."""
    return row.sizes == row.case.sizes[-1] and machine.compute_bound(row.floor)


def _slow_given(rows: Sequence[Row], machine: Machine) -> list[str]:
    able = [
        row
        for row in rows
        if OURS_GIVEN in row.times and not machine.compute_bound(row.floor)
    ]
    return [
        _name(row, over)
        for row in able
        if (over := row.time(OURS_GIVEN) / row.floor_seconds(machine))
        > GIVEN_OVER_FLOOR
    ]


def _late(rows: Sequence[Row]) -> list[str]:
    """Microseconds beyond NumPy by hand, where that should be a matter of calls."""
    found = []
    for row in rows:
        smallest = row.sizes == row.case.sizes[0]
        views = [n for n, r in row.rivals.items() if not r.counts and n in row.times]
        hand = [n for n, r in row.rivals.items() if r.column == "NumPy" and not r.given]
        against = views or [n for n in hand if n in row.times]
        if OURS not in row.times or not against or not (smallest or views):
            continue
        more = row.time(OURS) - min(map(row.time, against))
        if more > SMALL:
            found.append(f"{row.case.name} {row.label} +{1e6 * more:.0f} µs")
    return found


def as_json(rows: Sequence[Row], machine: Machine) -> dict[str, Any]:
    """Everything that was measured, in seconds."""
    return {
        "machine": {
            "gemm": machine.gemm,
            "copies": machine.copies,
            "reads": machine.reads,
        },
        "rows": [
            {
                "case": row.case.name,
                "sizes": dict(row.sizes),
                "floor": machine.floor(row.floor),
                "bound": _bound(row, machine),
                "read": machine.reading(row.result_bytes),
                "times": row.times,
                "errors": row.errors,
                "columns": {name: rival.column for name, rival in row.rivals.items()},
                "given": [name for name, rival in row.rivals.items() if rival.given],
                "failed": row.failed,
            }
            for row in rows
        ],
    }
