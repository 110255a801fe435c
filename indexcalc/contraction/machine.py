"""What a product of two arrays costs on a machine: flops, bytes and calls in seconds.

A matrix product takes the longer of its flops at the GEMM rate and its bytes at the
copy rate; narrow matrices run below the rate, batched ones on one core with a price a
matrix. A product that sums nothing moves bytes. An operand that BLAS cannot read where
it lies is copied first. Every step has the price of a call.

>>> square = {0: 1000, 1: 1000, 2: 1000}
>>> cost = product((0, 1), (1, 2), {0, 2}, square, TYPICAL)
>>> cost.labels, cost.flops, cost.copied, 0.01 < cost.seconds < 0.03
((0, 2), 2000000000, 0, True)

The batch r of ijr,jr->ir comes last, so both operands are copied:

>>> product((0, 1, 2), (1, 2), {0, 2}, square, TYPICAL).copied
1001000000
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

import numpy as np

from .products import Groups, Labels, Layouts, Sizes, entries, groups

#: Lengths at which a matrix product runs at half its rate: outer and inner ones.
OUTER, INNER = 8, 4

#: Below these flops a matrix product stays on one core.
THREADED = 1e6


@dataclass(frozen=True, slots=True)
class Machine:
    """Rates in float64. `gemm` flop/s of all `cores`; bytes/s of copies `cached` (up to
    `cache` bytes), in `memory`, and into `fresh` pages; seconds a `call` and a `matrix`
    of a batched product."""

    gemm: float
    cached: float
    memory: float
    fresh: float
    call: float
    matrix: float
    cores: int
    cache: int

    def bandwidth(self, size: float) -> float:
        """Bytes a second where `size` bytes are moved at once."""
        return self.cached if size <= self.cache else self.memory

    def writing(self, size: float) -> float:
        """Seconds for the pages of a new array of `size` bytes, beyond its copy."""
        return 0.0 if size <= self.cache else size / self.fresh - size / self.memory


#: A small server: two cores, OpenBLAS.
TYPICAL = Machine(
    gemm=110e9,
    cached=100e9,
    memory=35e9,
    fresh=9e9,
    call=1.5e-6,
    matrix=0.1e-6,
    cores=2,
    cache=24 << 20,
)


class Product(NamedTuple):
    """One product: the labels of its result in their order, its flops, the entries it
    reads and writes, those that are copied before, and the seconds of all that. The
    result may as well lie in one of the other `layouts`, or in any where there are none
    named."""

    labels: Labels
    flops: int
    moved: int
    copied: int
    seconds: float
    layouts: Layouts


def seconds(
    flops: float, bytes_: float, calls: float, machine: Machine, itemsize: int = 8
) -> float:
    """The longer of arithmetic and traffic, and the price of the calls.

    >>> seconds(110e9, 0, 0, TYPICAL), seconds(0, 0, 2, TYPICAL)
    (1.0, 3e-06)
    """
    rate = machine.gemm * 8 / itemsize
    return max(flops / rate, bytes_ / machine.bandwidth(bytes_)) + calls * machine.call


def product(
    left: Labels,
    right: Labels,
    keep: Collection[int],
    sizes: Sizes,
    machine: Machine = TYPICAL,
    itemsize: int = 8,
    layouts: tuple[Layouts, Layouts] | None = None,
) -> Product:
    """The cost of the product of two arrays that lie in the order of their labels (C
    order), or in one of their `layouts` whichever suits (any, where none is named);
    summed over the shared labels that are not in `keep`. What takes longer than a float
    can say takes for ever."""
    parts = groups(left, right, keep)
    try:
        return _timed(left, right, parts, sizes, machine, itemsize, layouts)
    except OverflowError:
        a, b, size = (entries(g, sizes) for g in (left, right, parts.result))
        flops = 2 * a * entries(parts.columns, sizes)
        return Product(parts.result, flops, a + b + size, 0, inf, ())


def _timed(
    left: Labels,
    right: Labels,
    parts: Groups,
    sizes: Sizes,
    machine: Machine,
    itemsize: int,
    layouts: tuple[Layouts, Layouts] | None,
) -> Product:
    """The cost where the machine's times are numbers that a float holds."""
    a, b = entries(left, sizes), entries(right, sizes)
    if not any(sizes[i] > 1 for i in parts.bound):
        return _entrywise(left, right, parts, (a, b), sizes, machine, itemsize)
    flops = 2 * a * entries(parts.columns, sizes)
    size = entries(parts.result, sizes)
    first, second = layouts or ((left,), (right,))
    leading = left if not second or (a >= b and first) else right
    bound = tuple(i for i in leading if i in parts.bound)
    ready = (
        _ready(first, parts.batch, parts.rows, bound, sizes),
        _ready(second, parts.batch, bound, parts.columns, sizes),
    )
    copied = (0 if ready[0] else a) + (0 if ready[1] else b)
    moved = a + b + size
    time_ = _matmul(parts, moved * itemsize, sizes, machine, itemsize)
    bytes_ = copied * itemsize
    time_ += 4 * bytes_ / machine.bandwidth(bytes_) + ready.count(False) * machine.call
    time_ += machine.writing(bytes_) + machine.writing(size * itemsize)
    turned = parts.batch + parts.columns + parts.rows
    ways = (parts.result, turned)
    return Product(parts.result, flops, moved, copied, time_ + machine.call, ways)


def _entrywise(
    left: Labels,
    right: Labels,
    parts: Groups,
    counts: tuple[int, int],
    sizes: Sizes,
    machine: Machine,
    itemsize: int,
) -> Product:
    """A product that sums nothing, laid out as its larger operand."""
    order = left + right if counts[0] >= counts[1] else right + left
    kept = parts.result
    labels = tuple(i for i in dict.fromkeys(order) if i in kept)
    size = entries(labels, sizes)
    moved = sum(counts) + size
    bytes_ = moved * itemsize
    time_ = bytes_ / machine.bandwidth(bytes_) + machine.writing(size * itemsize)
    return Product(labels, size, moved, 0, time_ + machine.call, ())


def _matmul(
    parts: Groups, bytes_: int, sizes: Sizes, machine: Machine, itemsize: int
) -> float:
    """Seconds of a matrix product of operands that BLAS can read."""
    m, n, k = (entries(g, sizes) for g in (parts.rows, parts.columns, parts.bound))
    batch = entries(parts.batch, sizes)
    flops = 2 * batch * m * n * k
    rate = machine.gemm * 8 / itemsize
    if batch > 1 or flops < THREADED:
        rate /= machine.cores
    if min(m, n) > 1:
        rate *= m / (m + OUTER) * n / (n + OUTER) * k / (k + INNER)
    price = batch * machine.matrix if batch > 1 else 0.0
    arithmetic = flops / rate if flops else 0.0
    return max(arithmetic, bytes_ / machine.bandwidth(bytes_)) + price


def readable(
    labels: Labels, batch: Labels, first: Labels, second: Labels, sizes: Sizes
) -> bool:
    """Whether an array is a stack of matrices first × second for BLAS as it lies: each
    group together and in order, and the last axis in one of them.

    >>> two = dict.fromkeys(range(4), 2)
    >>> [readable(labels, (2,), (0,), (1,), two) for labels in ((2, 0, 1), (0, 1, 2))]
    [True, False]
    """
    order = tuple(i for i in labels if sizes[i] > 1)
    groups_ = [tuple(i for i in g if sizes[i] > 1) for g in (first, second)]
    present = [g for g in groups_ if g]
    if not present or not order:
        return True
    if not all(_together(order, group) for group in present):
        return False
    return order[-1] not in batch


def _ready(
    layouts: Layouts, batch: Labels, first: Labels, second: Labels, sizes: Sizes
) -> bool:
    """Whether one of the layouts is readable, or any will do."""
    return not layouts or any(
        readable(labels, batch, first, second, sizes) for labels in layouts
    )


def _together(order: Labels, group: Labels) -> bool:
    start = order.index(group[0])
    return order[start : start + len(group)] == group


# -- measuring -------------------------------------------------------------------------


def measure() -> Machine:
    """The machine this runs on: a calibration of well under a second, on request only.
    The size of the cache and the number of cores are those of `TYPICAL`."""
    square, small = np.ones((512, 512)), np.ones((2, 2))
    near, far = np.ones(1 << 17), np.ones(1 << 22)
    near_out, far_out = np.empty_like(near), np.zeros_like(far)
    stack = np.ones((2000, 2, 2))
    call = _best(lambda: small @ small, 200)
    return replace(
        TYPICAL,
        gemm=2 * 512**3 / _best(lambda: square @ square, 8),
        cached=2 * near.nbytes / _best(lambda: np.copyto(near_out, near), 50),
        memory=2 * far.nbytes / _best(lambda: np.copyto(far_out, far), 3),
        fresh=far.nbytes / _best(lambda: np.empty_like(far).fill(1.0), 3),
        call=call,
        matrix=_best(lambda: stack @ stack, 10) / len(stack),
    )


def _best(job: Callable[[], object], times: int) -> float:
    """The shortest of some runs, in seconds."""
    took = []
    for _ in range(times + 1):
        start = time.perf_counter()
        job()
        took.append(time.perf_counter() - start)
    return max(min(took[1:]), 1e-9)
