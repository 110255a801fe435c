"""The fastest tree over a handful of operands: all of them, layouts included.

For every set of operands the ways to compute it are kept, one for each order in which
its axes may lie; where an operand occurs twice all ways are kept, since a product that
occurs again costs nothing.

>>> from indexcalc.contraction.costs import priced
>>> from indexcalc.contraction.machine import TYPICAL
>>> rows = ((0, 1, 2), (1, 3), (2, 3))                          # ijk,jr,kr->ir
>>> values = priced(rows, dict.fromkeys(range(4), 100), TYPICAL, 8, None)
>>> fastest(rows, (0, 3), *values)
{6: (2, 4), 7: (1, 6)}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import fsum, inf
from typing import NamedTuple

from .costs import Pricing, Value
from .networks import Part
from .products import Labels, Layouts

#: Up to how many operands every tree is tried.
EXHAUSTIVE = 5

Pairs = tuple[tuple[Part, Part], ...]


class _Way(NamedTuple):
    """One way to compute a set of operands: seconds, value, the products made, and the
    seconds by form where operands repeat."""

    total: float
    value: Value
    pairs: Pairs
    paid: dict[int, float] | None


def fastest(
    inputs: Sequence[Labels],
    out: Labels,
    leaves: Sequence[Value],
    pricing: Pricing,
    bound: float = inf,
) -> dict[Part, tuple[Part, Part]]:
    """The tree of least seconds by the machine's model, of all there are. Trees that
    take longer than `bound`, the seconds of a known one, are left aside, unless that
    leaves none: a product's price depends a little on which operand comes first."""
    room_for_all = bound == inf
    bound *= 1 + 1e-9
    start: dict[int, float] | None = {} if pricing.repeats else None
    ways: dict[Part, list[_Way]] = {}
    for k, leaf in enumerate(leaves):
        ways[1 << k] = [_Way(0.0, leaf, (), start)]
    for part in range(1, 1 << len(leaves)):
        if part & (part - 1):
            keep = _needed(inputs, out, part)
            later = 0 if pricing.repeats else len(leaves) - part.bit_count()
            room = bound - later * pricing.machine.call
            made = _made(ways, part, keep, pricing, room)
            ways[part] = list(made) if pricing.repeats else _thinned(made)
    whole = ways[(1 << len(leaves)) - 1]
    if not whole and not room_for_all:
        return fastest(inputs, out, leaves, pricing)
    best = min(
        whole,
        key=lambda way: way.total + pricing.turning(way.value, out),
    )
    return {left | right: (left, right) for left, right in best.pairs}


def _needed(inputs: Sequence[Labels], out: Labels, part: Part) -> frozenset[int]:
    others = (labels for k, labels in enumerate(inputs) if not part >> k & 1)
    return frozenset(out).union(*others)


def _made(
    ways: dict[Part, list[_Way]],
    part: Part,
    keep: frozenset[int],
    pricing: Pricing,
    room: float,
) -> Iterator[_Way]:
    """All products of a way for one half of a set with a way for the other half that
    take no more than `room` seconds."""
    for left, right in _halves(part):
        for a, b in product(ways[left], ways[right]):
            if max(a.total, b.total) <= room:
                value = pricing.pair(a.value, b.value, keep)
                way = _joined(a, b, value, (left, right))
                if way.total <= room:
                    yield way


def _halves(part: Part) -> Iterator[tuple[Part, Part]]:
    """The ways to split a set in two."""
    low = part & -part
    rest = part ^ low
    subset = rest
    while subset:
        subset = (subset - 1) & rest
        yield subset | low, rest ^ subset


def _joined(a: _Way, b: _Way, value: Value, pair: tuple[Part, Part]) -> _Way:
    pairs = (*a.pairs, *b.pairs, pair)
    if a.paid is None or b.paid is None:
        return _Way(a.total + b.total + value.cost, value, pairs, None)
    paid = a.paid | b.paid | {value.form: value.cost}
    return _Way(fsum(paid.values()), value, pairs, paid)


def _thinned(ways: Iterator[_Way]) -> list[_Way]:
    """The fastest way for each layout."""
    best: dict[tuple[Labels, Layouts], _Way] = {}
    for way in ways:
        key = way.value.labels, way.value.layouts
        if key not in best or way.total < best[key].total:
            best[key] = way
    return list(best.values())
