"""Pairs of operands that occur more than once, contracted before everything else.

In W(AX∘AX)1 the operands A and X occur twice, and so does their product: it costs
nothing the second time, which no cost of a single tree says. So the network in which
such pairs are already products is a candidate of its own.

>>> rows = ((0, 1), (1, 2), (2, 3), (1, 4), (4, 3))                      # W A X A X
>>> [stage.parts for stage in stages(rows, (0,), (0, 1, 2, 1, 2))]
[(1, 6, 24)]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from .networks import Part
from .products import Labels


@dataclass(frozen=True, slots=True)
class Stage:
    """A network part of whose products are done: the operands that are left, as sets of
    the original ones, with their labels, and the products made so far."""

    parts: tuple[Part, ...]
    inputs: tuple[Labels, ...]
    identities: tuple[int, ...]
    tree: dict[Part, tuple[Part, Part]]


def stages(
    inputs: Sequence[Labels], out: Labels, same: Sequence[int]
) -> Iterator[Stage]:
    """The networks after one, two, … rounds of contracting pairs that occur again."""
    own = tuple(tuple(dict.fromkeys(labels)) for labels in inputs)
    forms: dict[object, int] = {}
    identities = tuple(
        forms.setdefault((i, tuple(labels.index(j) for j in labels)), len(forms))
        for i, labels in zip(same, inputs, strict=True)
    )
    stage = Stage(tuple(1 << k for k in range(len(own))), own, identities, {})
    while True:
        pairs = _twins(stage, out)
        if not pairs:
            return
        stage = _contracted(stage, out, pairs)
        yield stage


def _twins(stage: Stage, out: Labels) -> list[tuple[int, int]]:
    """The disjoint pairs of one form that occurs most often, at least twice."""
    found: dict[object, dict[int, int]] = {}
    carried = _carried(stage, out)
    for i, j in _meeting(stage):
        known = found.setdefault(_form(stage, carried, i, j), {})
        if i not in known and j not in known:
            known |= {i: j, j: i}
    most = max(found.values(), key=len, default={})
    return [(i, j) for i, j in most.items() if i < j] if len(most) > 2 else []


def _meeting(stage: Stage) -> list[tuple[int, int]]:
    """The pairs that share a label, in order."""
    holders: dict[int, list[int]] = {}
    for k, labels in enumerate(stage.inputs):
        for i in dict.fromkeys(labels):
            holders.setdefault(i, []).append(k)
    return sorted({pair for held in holders.values() for pair in combinations(held, 2)})


def _carried(stage: Stage, out: Labels) -> Counter[int]:
    """How many operands, and the result, carry each label."""
    rows = (*stage.inputs, out)
    return Counter(i for labels in rows for i in dict.fromkeys(labels))


def _form(stage: Stage, carried: Counter[int], i: int, j: int) -> tuple[object, ...]:
    """What a pair computes, whatever its labels are called."""
    keep = _kept(stage, carried, i, j)
    return min(_one_form(stage, keep, i, j), _one_form(stage, keep, j, i))


def _one_form(stage: Stage, keep: set[int], i: int, j: int) -> tuple[object, ...]:
    labels = tuple(dict.fromkeys(stage.inputs[i] + stage.inputs[j]))
    places = tuple(labels.index(k) for k in stage.inputs[j])
    kept = tuple(k in keep for k in labels)
    return (stage.identities[i], stage.identities[j], places, kept)


def _kept(stage: Stage, carried: Counter[int], i: int, j: int) -> set[int]:
    """The labels of a pair that something else carries too."""
    own = Counter((*set(stage.inputs[i]), *set(stage.inputs[j])))
    return {label for label, count in own.items() if carried[label] > count}


def _contracted(stage: Stage, out: Labels, pairs: list[tuple[int, int]]) -> Stage:
    """The stage with these pairs replaced by their products."""
    tree = dict(stage.tree)
    rows = dict(
        enumerate(zip(stage.parts, stage.inputs, stage.identities, strict=True))
    )
    fresh, carried = max(stage.identities) + 1, _carried(stage, out)
    for i, j in pairs:
        keep = _kept(stage, carried, i, j)
        left, right = stage.parts[i], stage.parts[j]
        labels = tuple(dict.fromkeys(stage.inputs[i] + stage.inputs[j]))
        tree[left | right] = (left, right)
        rows[i] = (left | right, tuple(k for k in labels if k in keep), fresh)
        del rows[j]
    parts, inputs, identities = zip(*rows.values(), strict=True)
    return Stage(parts, inputs, identities, tree)
