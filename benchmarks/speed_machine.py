"""What this machine can do, measured in the run that uses it: the ceilings of floors.

>>> machine = Machine(gemm=1e11, copies=((1e6, 1e11), (1e9, 4e10)), reads=())
>>> machine.floor(Floor(1e8, 0)), machine.floor(Floor(0, 1e9))
(0.001, 0.025)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from os import sched_getaffinity
from typing import Any

import numpy as np

from .cases_base import Floor
from .rivals.reading import read

#: Bytes moved by the copies that bandwidth is measured at.
VOLUMES = (2**16, 2**18, 2**20, 2**22, 2**23, 2**24, 2**25, 2**26, 2**28)

#: Seconds that a ceiling is looked for, at least.
LEAST = 0.05

Rates = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Machine:
    """Flops a second of a matrix product; bytes a second of copies and of reading, by
    the bytes touched."""

    gemm: float
    copies: Rates
    reads: Rates

    def floor(self, floor: Floor) -> float:
        """Seconds that no program can do without."""
        return max(floor.flops / self.gemm, self.moving(floor.bytes))

    def compute_bound(self, floor: Floor) -> bool:
        """Whether the operations take longer than the bytes."""
        return floor.flops / self.gemm >= self.moving(floor.bytes)

    def moving(self, volume: float) -> float:
        """Seconds to move that many bytes."""
        return volume / interpolated(self.copies, volume) if volume else 0.0

    def reading(self, volume: float) -> float:
        """Seconds to read that many bytes of a result."""
        return volume / interpolated(self.reads, volume) if volume else 0.0


def interpolated(rates: Rates, volume: float) -> float:
    """The rate at a volume, between the two that were measured."""
    volumes, values = zip(*rates, strict=True)
    return float(np.interp(np.log(volume), np.log(volumes), values))


def measured(rounds: int = 9, largest: int = VOLUMES[-1]) -> Machine:
    """The ceilings: the best of several rounds, in well under five seconds."""
    volumes = [v for v in VOLUMES if v <= largest]
    n = 1500 if largest == VOLUMES[-1] else 400
    A = np.random.default_rng(0).standard_normal((n, n))
    out = np.empty_like(A)
    gemm = 2 * n**3 / best(lambda: np.matmul(A, A, out=out), rounds)
    return Machine(
        gemm,
        tuple((float(v), v / best(copying(v), rounds)) for v in volumes),
        tuple(
            (float(v), v / best(partial(read, np.ones(v // 8)), rounds))
            for v in volumes
        ),
    )


def copying(volume: int) -> Callable[[], Any]:
    """Copies half of the volume to the other half, on all cores where that pays."""
    entries = volume // 16
    a, b = np.ones(entries), np.ones(entries)
    cores = len(sched_getaffinity(0))
    if cores == 1 or volume < 2**22:
        return partial(np.copyto, b, a)
    pool = ThreadPoolExecutor(cores)
    cuts: Sequence[int] = np.linspace(0, entries, cores + 1, dtype=int).tolist()
    pieces = [slice(*cut) for cut in pairwise(cuts)]

    def copy() -> None:
        list(pool.map(lambda piece: np.copyto(b[piece], a[piece]), pieces))

    return copy


def best(call: Callable[[], Any], rounds: int) -> float:
    """The shortest time of a call in seconds: of that many, and of all that fit in
    `LEAST` seconds."""
    call()
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < rounds or time.perf_counter() - begun < LEAST:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
