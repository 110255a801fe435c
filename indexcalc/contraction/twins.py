"""Pairs of operands that occur more than once, contracted before everything else.

In W(AX∘AX)1 the operands A and X occur twice, and so does their product: it costs
nothing the second time, which no cost of a single tree says. So the network in which
such pairs are already products is a candidate of its own.

>>> rows = ((0, 1), (1, 2), (2, 3), (1, 4), (4, 3))                      # W A X A X
>>> [stage.parts for stage in stages(rows, (0,), (0, 1, 2, 1, 2))]
[(1, 6, 24)]
"""

from __future__ import annotations

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
    found: dict[object, list[tuple[int, int]]] = {}
    for i, j in combinations(range(len(stage.parts)), 2):
        if set(stage.inputs[i]) & set(stage.inputs[j]):
            known = found.setdefault(_form(stage, out, i, j), [])
            if not any({i, j} & set(pair) for pair in known):
                known.append((i, j))
    most = max(found.values(), key=len, default=[])
    return most if len(most) > 1 else []


def _form(stage: Stage, out: Labels, i: int, j: int) -> tuple[object, ...]:
    """What a pair computes, whatever its labels are called."""
    keep = _kept(stage, out, i, j)
    return min(_one_form(stage, keep, i, j), _one_form(stage, keep, j, i))


def _one_form(stage: Stage, keep: set[int], i: int, j: int) -> tuple[object, ...]:
    labels = tuple(dict.fromkeys(stage.inputs[i] + stage.inputs[j]))
    places = tuple(labels.index(k) for k in stage.inputs[j])
    kept = tuple(k in keep for k in labels)
    return (stage.identities[i], stage.identities[j], places, kept)


def _kept(stage: Stage, out: Labels, i: int, j: int) -> set[int]:
    others = (row for k, row in enumerate(stage.inputs) if k not in (i, j))
    return set(out).union(*others)


def _contracted(stage: Stage, out: Labels, pairs: list[tuple[int, int]]) -> Stage:
    """The stage with these pairs replaced by their products."""
    tree = dict(stage.tree)
    rows = dict(
        enumerate(zip(stage.parts, stage.inputs, stage.identities, strict=True))
    )
    fresh = max(stage.identities) + 1
    for i, j in pairs:
        keep = _kept(stage, out, i, j)
        left, right = stage.parts[i], stage.parts[j]
        labels = tuple(dict.fromkeys(stage.inputs[i] + stage.inputs[j]))
        tree[left | right] = (left, right)
        rows[i] = (left | right, tuple(k for k in labels if k in keep), fresh)
        del rows[j]
    parts, inputs, identities = zip(*rows.values(), strict=True)
    return Stage(parts, inputs, identities, tree)
