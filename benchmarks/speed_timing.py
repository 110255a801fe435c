"""Medians of interleaved calls: every contender in every round, in changing order.

The garbage collector is off while a call is timed. Every timing includes reading the
result and giving its memory back, which is what a caller pays. Before a contender is
timed in a round it is called, untimed, for a little while: that brings back its caches,
and lets the threads of another library stop waiting for work.

>>> times = interleaved({"a": lambda: np.ones(3)}, rounds=2)
>>> sorted(times), len(times["a"])
(['a'], 2)
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np

from .rivals.reading import read

#: Seconds that one contender's calls of one round should take, and their number.
TARGET, MOST = 0.004, 200

#: Seconds of untimed calls before a round's timings.
WARM = 0.002

#: A contender this many times slower than the fastest is timed once, if it takes long.
HOPELESS, LONG = 12.0, 0.1

Call = Callable[[], Any]
Times = dict[str, list[float]]


@contextmanager
def collector_off() -> Iterator[None]:
    """Without garbage collection."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def timed(call: Call) -> float:
    """Seconds of one call, its result read and dropped."""
    start = time.perf_counter()
    read(call())
    return time.perf_counter() - start


def interleaved(calls: Mapping[str, Call], rounds: int) -> Times:
    """A median for every contender and round, in seconds."""
    with collector_off():
        first = {name: _first(call) for name, call in calls.items()}
        fastest = min(first.values(), default=0.0)
        left = [n for n, t in first.items() if t < max(HOPELESS * fastest, LONG)]
        times: Times = {name: [] for name in left}
        for number in range(rounds):
            for name in random.Random(number).sample(left, len(left)):
                times[name].append(_one_round(calls[name], first[name]))
    return times | {name: [t] for name, t in first.items() if name not in times}


def _first(call: Call) -> float:
    """The second call: the first compiles and allocates."""
    timed(call)
    return min(timed(call), timed(call))


def _one_round(call: Call, about: float) -> float:
    number = min(MOST, max(1, round(TARGET / about)))
    start = time.perf_counter()
    while time.perf_counter() - start < WARM:
        timed(call)
    return median(timed(call) for _ in range(number))


def ratio_interval(
    ratios: np.ndarray, draws: int = 2000, level: float = 0.95
) -> tuple[float, float, float]:
    """The geometric mean and a bootstrap interval, whole rounds drawn.

    `ratios` is one row for every case and size, one column for every round.

    >>> ratio_interval(np.array([[2.0, 2.0], [0.5, 0.5]]))
    (1.0, 1.0, 1.0)
    """
    logs = np.log(ratios)
    chosen = np.random.default_rng(0).integers(0, logs.shape[1], (draws, logs.shape[1]))
    means = [np.median(logs[:, rounds], axis=1).mean() for rounds in chosen]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    centre = np.median(logs, axis=1).mean()
    return float(np.exp(centre)), float(np.exp(low)), float(np.exp(high))
