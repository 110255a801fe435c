"""Taking out common operands of a sum: A B + A C is A (B + C).

Terms are compared by what they do to the axes of the result: an operand is common where
it is the same node on the same axes, and what it is summed over with the rest of each
term becomes an axis of the sum of the rests.

>>> from indexcalc.expr import einsum, linear, tensor
>>> A, B, C = (tensor(name, ("n", "n")) for name in "ABC")
>>> terms = [(einsum([(A, [0, 1]), (e, [1, 2])], [0, 2]), 1) for e in (B, C)]
>>> {type(node).__name__ for node in factored(linear(terms, A.shape), lambda n: 9)}
{'Einsum'}
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from ..coefficients import Number
from ..expr import einsum, linear
from ..nodes import Einsum, Node, Operand, Sum, is_symmetric
from ..sizes import Size
from ..sparse_products import is_sparse
from .matching import Match
from .parts import Lengths, flattened, interface, merges, shown, uncarried

MOST_TERMS = 32
MOST_FACTORS = 8
MOST_PAIRS = 10
MOST_RESTS = 6

#: An operand and what its legs are: a number for an axis, a negative one for a bond.
Signature: TypeAlias = tuple[Node, tuple[int, ...]]
#: The axes of a result, and the sizes of their indices.
Frame: TypeAlias = tuple[tuple[tuple[int, ...], ...], tuple[Size, ...]]


@dataclass(frozen=True, slots=True)
class _Term:
    """A term whose result indices are numbered as the axes show them."""

    operands: tuple[Operand, ...]
    frame: Frame
    sizes: dict[int, Size]
    coefficient: Number


def factored(node: Sum, length: Lengths) -> Iterator[Node]:
    """The sum with common operands taken out, in every useful way: several out of two
    terms, one out of all terms that have it."""
    if len(node.terms) > MOST_TERMS:
        return
    terms = [_term(e, c) for e, c in node.terms]
    groups: dict[tuple[Frame, Signature], dict[int, int]] = {}
    for t, term in enumerate(terms):
        for o, row in enumerate(term.operands):
            key = (term.frame, _signature(row, term))
            groups.setdefault(key, {}).setdefault(t, o)
    shared = [group for group in groups.values() if len(group) > 1]
    shared.sort(key=len, reverse=True)
    yield from _pairwise(node, length)
    shared = [g for g in shared if not any(_places(terms[t], o) for t, o in g.items())]
    for group in shared[:MOST_FACTORS]:
        joined = _taken_out([(terms[t], o) for t, o in group.items()])
        if joined is not None:
            rest = [row for t, row in enumerate(node.terms) if t not in group]
            yield linear([*rest, (joined, 1)], node.shape)


def _places(term: _Term, o: int) -> bool:
    """Whether a term is an operand placed, or read, by sparse constants, which would be
    added as dense ones."""
    others = [e for k, (e, _) in enumerate(term.operands) if k != o]
    return bool(others) and all(map(is_sparse, others))


def _term(node: Node, coefficient: Number) -> _Term:
    if not isinstance(node, Einsum):
        legs = tuple(range(len(node.shape)))
        frame: Frame = tuple((i,) for i in legs), node.shape
        return _Term(((node, legs),), frame, dict(enumerate(node.shape)), coefficient)
    flat = [i for axis in node.out for i in axis]
    names = {i: k for k, i in enumerate(dict.fromkeys(flat))}
    count = len(names)
    for i in range(len(node.dims)):
        names.setdefault(i, len(names))
    sizes = {names[i]: size for i, size in enumerate(node.dims)}
    operands = tuple((e, tuple(names[i] for i in legs)) for e, legs in node.operands)
    axes = tuple(tuple(names[i] for i in axis) for axis in node.out)
    frame = axes, tuple(sizes[i] for i in range(count))
    return _Term(operands, frame, sizes, coefficient)


def _signature(row: Operand, term: _Term) -> Signature:
    node, legs = row
    axes = len(term.frame[1])
    names: dict[int, int] = {}
    if is_symmetric(node):
        legs = tuple(sorted(legs))
    ends = (i if i < axes else names.setdefault(i, -1 - len(names)) for i in legs)
    return node, tuple(ends)


def _taken_out(found: Sequence[tuple[_Term, int]]) -> Node | None:
    """The common operand times the sum of the rests; None where the rests do not meet
    it alike."""
    first, place = found[0]
    axes, sizes = first.frame
    node, ends = _signature(first.operands[place], first)
    rests = [_rest(term, o) for term, o in found]
    bonds = {bond for rest in rests for bond in rest.bonds}
    if any(set(rest.bonds) != bonds for rest in rests):
        return None
    carried = sorted({i for rest in rests for i in rest.shown})
    dims = dict(enumerate(sizes))
    terms = [(rest.node(carried, sorted(bonds), dims), rest.weight) for rest in rests]
    lengths = {**dims, **{i: s for i, s in zip(ends, node.shape, strict=True) if i < 0}}
    order = [*carried, *sorted(bonds)]
    inner = linear(terms, tuple(lengths[i] for i in order))
    names = {i: len(sizes) - i for i in ends if i < 0}
    legs = [names.get(i, i) for i in ends]
    rows = [(node, legs), (inner, [names.get(i, i) for i in order])]
    known = {*legs, *carried}
    spread = {i: s for i, s in dims.items() if i not in known}
    return flattened(einsum(rows, axes, spread))


@dataclass(frozen=True, slots=True)
class _Rest:
    """A term without one operand: `bonds` are the indices they share, by number."""

    operands: tuple[Operand, ...]
    bonds: dict[int, int]
    shown: frozenset[int]
    lone: dict[int, Size]
    weight: Number

    def node(
        self, carried: Sequence[int], bonds: Sequence[int], dims: dict[int, Size]
    ) -> Node:
        """The rest with these axes, spread over those that it does not carry."""
        out = [*carried, *(self.bonds[bond] for bond in bonds)]
        spread = {i: dims[i] for i in carried if i not in self.shown}
        return flattened(einsum(self.operands, out, {**spread, **self.lone}))


def _rest(term: _Term, place: int) -> _Rest:
    node, legs = term.operands[place]
    _, ends = _signature((node, legs), term)
    ordered = tuple(sorted(legs)) if is_symmetric(node) else legs
    others = tuple(row for o, row in enumerate(term.operands) if o != place)
    inside = {i for _, row in others for i in row}
    bonds = {
        end: i for end, i in zip(ends, ordered, strict=True) if end < 0 and i in inside
    }
    axes = len(term.frame[1])
    used = inside | set(legs)
    lone = {i: s for i, s in term.sizes.items() if i >= axes and i not in used}
    shown = frozenset(i for i in inside if i < axes)
    return _Rest(others, bonds, shown, lone, term.coefficient)


# -- several operands out of two terms -------------------------------------------------


def _pairwise(node: Sum, length: Lengths) -> Iterator[Node]:
    """Two terms of a sum as what they have in common times the sum of the rests."""
    products = [(e, c) for e, c in node.terms if isinstance(e, Einsum)]
    for (one, c), (two, d) in list(combinations(products, 2))[:MOST_PAIRS]:
        match = _matched(one, two)
        if match is None or len(match.pairs) < 2:
            continue
        others = [term for term in node.terms if term[0] not in (one, two)]
        for rest in _rests(match, length):
            joined = _joined(match, rest, (c, d))
            yield linear([*others, (joined, 1)], node.shape)


def _matched(one: Einsum, two: Einsum) -> Match | None:
    """The operands that two terms have alike, the axes of their results identified."""
    match = Match(one, two)
    for left, right in zip(one.out, two.out, strict=True):
        if len(left) != len(right):
            return None
        for i, j in zip(left, right, strict=True):
            if match.names.setdefault(i, j) != j or match.back.setdefault(j, i) != i:
                return None
    if any(one.dims[i] != two.dims[j] for i, j in match.names.items()):
        return None
    every = range(len(one.operands))
    match.grow(every, lambda legs: any(i in match.names for i in legs))
    return match


def _rests(match: Match, length: Lengths) -> list[frozenset[int]]:
    """What may stay in the sum: what is not common, and more that is contracted with
    it anyway."""
    own = frozenset(range(len(match.left.operands))) - set(match.pairs)
    groups = [g for g in merges(match.left, length) if own < g]
    groups.sort(key=lambda g: (-len(g), sorted(g)))
    whole = len(match.left.operands)
    found = dict.fromkeys([own, *(g for g in groups if len(g) < whole)])
    return list(found)[: MOST_RESTS + 1]


def _joined(match: Match, rest: frozenset[int], weights: tuple[Number, Number]) -> Node:
    """The operands outside the rest times the sum of the two rests."""
    one, two = match.left, match.right
    common = {u: v for u, v in match.pairs.items() if u not in rest}
    other = set(range(len(two.operands))) - set(common.values())
    needed = set(interface(one, rest)) | {match.back[i] for i in interface(two, other)}
    axes = sorted(needed)
    sizes = tuple(one.dims[i] for i in axes)
    terms = [
        (_alone(one, rest, axes), weights[0]),
        (_alone(two, other, [match.names[i] for i in axes]), weights[1]),
    ]
    rows = [one.operands[u] for u in sorted(common)]
    known = {i for _, legs in rows for i in legs} | needed
    spread = {i: one.dims[i] for i in shown(one) - known}
    return flattened(einsum([*rows, (linear(terms, sizes), axes)], one.out, spread))


def _alone(node: Einsum, places: Collection[int], axes: Sequence[int]) -> Node:
    """Some operands with these axes, spread over those that they do not carry, and the
    factors of indices that nothing carries."""
    rows = [node.operands[o] for o in sorted(places)]
    carried = {i for _, legs in rows for i in legs}
    spread = {i: node.dims[i] for i in axes if i not in carried}
    lone = {i: s for i, s in uncarried(node).items() if i not in shown(node)}
    return flattened(einsum(rows, axes, {**spread, **lone}))
