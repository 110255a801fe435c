"""One case at one size: every contender's error, then their times, interleaved."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from .cases_base import Case, Floor, Sizes, label
from .rivals.all_rivals import contenders, reference
from .rivals.reading import cores
from .rivals.record import Call, Data, Rival
from .speed_machine import Machine
from .speed_timing import Times, interleaved

OURS, OURS_GIVEN = "indexcalc", "indexcalc_out"

#: An answer that is off by more is not timed.
WRONG = 1e-2

#: Entries compared at a time, so that no difference of two large results is built.
SLAB = 1 << 22


@dataclass(frozen=True)
class Row:
    """What was found at one size: seconds for every contender and round, the relative
    error of each, why some did not run."""

    case: Case
    sizes: Sizes
    rivals: dict[str, Rival]
    times: Times
    errors: dict[str, float]
    failed: dict[str, str]
    floor: Floor
    result_bytes: float

    @property
    def label(self) -> str:
        """The sizes as printed."""
        return label(self.sizes)

    def time(self, name: str) -> float:
        """The median of a contender in seconds."""
        return median(self.times[name])

    def best(self, given: bool = False) -> str | None:
        """The fastest peer: of those that allocate, or of those that do not."""
        able = [
            name
            for name, rival in self.rivals.items()
            if name in self.times and rival.column != OURS and rival.counts
            if rival.given is given
        ]
        return min(able, key=self.time, default=None)

    def ratios(self, ours: str = OURS, given: bool = False) -> list[float] | None:
        """Our time over the best peer's, round by round."""
        best = self.best(given)
        if best is None or ours not in self.times:
            return None
        mine, theirs = self.times[ours], self.times[best]
        rounds = max(len(mine), len(theirs))
        mine = mine if len(mine) == rounds else [median(mine)] * rounds
        return [a / b for a, b in zip(mine, theirs, strict=True)]

    def floor_seconds(self, machine: Machine) -> float:
        """The floor, and reading the result."""
        return machine.floor(self.floor) + machine.reading(self.result_bytes)


def relative_error(found: Any, expected: Any, axes: tuple[int, ...] | None) -> float:
    """The largest difference over the largest entry; infinite for other shapes and NaN.

    >>> relative_error(np.array([[1.0, 2.0]]), np.array([[1.0], [4.0]]), (1, 0))
    0.5
    """
    found, expected = np.asarray(found), np.asarray(expected)
    if axes is not None:
        found = found.transpose(axes)
    if found.shape != expected.shape:
        return float("inf")
    worst, scale = 0.0, 0.0
    for k in slabs(expected):
        difference = float(np.max(np.abs(found[k] - expected[k]), initial=0))
        if np.isnan(difference):
            return float("inf")
        worst = max(worst, difference)
        scale = max(scale, float(np.max(np.abs(expected[k]), initial=0)))
    return worst / scale if scale else worst


def slabs(array: Any) -> Iterable[Any]:
    """Keys that cut an array into pieces of a bounded number of entries."""
    if array.ndim == 0:
        return [()]
    step = max(1, SLAB * len(array) // max(1, array.size))
    return (slice(k, k + step) for k in range(0, len(array), step))


def measure(case: Case, sizes: Sizes, rounds: int, **options: Any) -> Row:
    """Runs a case: errors first, then times; no times where `rounds` is 0."""
    dtype = options.pop("dtype", "float64")
    only = options.pop("only", None)
    arrays = {name: a.astype(dtype) for name, a in case.arrays(sizes).items()}
    data = Data(arrays, sizes, options.get("device", "cpu"))
    entered = {rival.name: rival for rival in contenders(case.name, **options)}
    if only is not None:
        entered = {n: r for n, r in entered.items() if only(r)}
    able = {n: r for n, r in entered.items() if r.suits(sizes)}
    expected = _expected(case, sizes)
    calls, errors, failed = _checked(able, data, expected)
    times = interleaved(calls, rounds) if rounds else {}
    scale = np.dtype(dtype).itemsize / 8
    floor = case.floor(sizes)
    return Row(
        case,
        sizes,
        able,
        times,
        errors,
        failed,
        Floor(floor.flops, floor.bytes * scale),
        float(expected.nbytes * scale),
    )


def _expected(case: Case, sizes: Sizes) -> Any:
    """The reference in float64."""
    rival = reference(case.name)
    found = rival.prepare(Data(case.arrays(sizes), sizes))()
    return found if rival.axes is None else np.transpose(found, rival.axes)


def _checked(
    rivals: dict[str, Rival], data: Data, expected: Any
) -> tuple[dict[str, Call], dict[str, float], dict[str, str]]:
    calls: dict[str, Call] = {}
    errors: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name, rival in rivals.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call = rival.prepare(data)
                error = relative_error(cores(call()), expected, rival.axes)
        except Exception as problem:  # a peer that fails is a finding, not our end
            failed[name] = f"{type(problem).__name__}: {problem}".splitlines()[0]
            continue
        errors[name] = error
        if error > WRONG:
            failed[name] = f"wrong by {error:.1e}"
            continue
        calls[name] = call
    return calls, errors, failed
