"""Strands: the copy tensors of a product and what hangs on them, woven into a network.

A strand is a wire that is still a number. Copy tensors with two strands on them are
plain wires and are woven away; a strand that ends nowhere is an axis of size 1 and gets
a dot of its own, the ones vector of length 1.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", ("n",))
>>> strands = Strands.of_product(
...     einsum([(x, [0])], [0, 0]),
...     (End(("i",), ("n",)), End(("j",), ("n",))),
...     [("n",), ("n",)],
...     unfused=False,
... )
>>> strands.count, [wires for _, wires in strands.dots]
(3, [[0, 1, 2]])
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Self

from ..lowered import opened
from ..network import bundle
from ..nodes import Einsum, Node
from ..sizes import Size
from ..unions import Unions
from .model import Box, Dot, End, Network, Place, Wire


@dataclass(slots=True)
class Strands:
    """`dots` are copy tensors with their strands, `leaves` nodes with the strand on
    every axis, `outer` the strand at every end's place."""

    count: int
    dots: list[tuple[Size, list[int]]] = field(default_factory=list)
    leaves: list[tuple[Node, list[int]]] = field(default_factory=list)
    outer: dict[Place, int] = field(default_factory=dict)

    @classmethod
    def of_product(
        cls,
        node: Einsum,
        ends: Sequence[End],
        groups: Sequence[tuple[Size, ...]],
        unfused: bool,
        parts: Container[Node] = (),
    ) -> Self:
        """A contraction; `groups` are the sizes of the indices of its axes, and `parts`
        what stays one box. Where an end does not group what its axis does, a wedge
        stands between."""
        form = opened(node, nested=unfused, closed=parts)
        strands = cls(form.wires, list(form.dots), list(form.leaves))
        free = iter(range(form.free))
        for e, (end, sizes) in enumerate(zip(ends, groups, strict=True)):
            strands._fasten(e, end, [next(free) for _ in sizes], sizes)
        return strands

    @classmethod
    def of_box(cls, node: Node, ends: Sequence[End]) -> Self:
        """One node, its axes at the ends."""
        order = len(node.shape)
        joints = [(size, [k, order + k]) for k, size in enumerate(node.shape)]
        own = list(range(order, 2 * order))
        strands = cls(2 * order, joints, [(node, own)])
        for e, (end, size) in enumerate(zip(ends, node.shape, strict=True)):
            strands._fasten(e, end, [e], (size,))
        return strands

    def repeat(self, base_of: Callable[[Node], tuple[Node, int] | None]) -> None:
        """Entrywise powers opened, in place: where `base_of` a leaf is (base, count),
        that many bases stand on its copy tensors."""
        joint = {w: wires for _, wires in self.dots for w in wires}
        for place, (leaf, wires) in enumerate(list(self.leaves)):
            found = base_of(leaf)
            if found is None or any(wire not in joint for wire in wires):
                continue
            base, count = found
            self.leaves[place] = (base, wires)
            for _ in range(count - 1):
                copies = [self._fresh() for _ in wires]
                for wire, copy in zip(wires, copies, strict=True):
                    joint[wire].append(copy)
                self.leaves.append((base, copies))

    def _fasten(
        self, e: int, end: End, wires: list[int], sizes: tuple[Size, ...]
    ) -> None:
        outer = wires
        if len(end.names) < len(wires):
            outer = [self._fresh()]
            self.leaves.append((bundle(sizes), [*outer, *wires]))
        for k, wire in enumerate(outer):
            self.outer["end", e, k] = wire

    def _fresh(self) -> int:
        self.count += 1
        return self.count - 1

    def names(
        self, ends: Sequence[End], fresh: Iterator[str], unfused: bool
    ) -> list[str]:
        """The index on every strand: that of its end, or a fresh one; strands on one
        copy tensor share it, save in an unfused diagram those on δ alone."""
        classes = Unions(self.count)
        for _, wires in self.dots:
            if len(wires) == 2 or not unfused:
                for wire in wires[1:]:
                    classes.join(wires[0], wire)
        found = classes.all()
        names: dict[int, str] = {}
        for (_, e, k), wire in self.outer.items():
            names.setdefault(found[wire], ends[e].names[k])
        met = (wire for _, wires in self.leaves for wire in wires)
        for wire in chain(met, range(self.count)):
            if found[wire] not in names:
                names[found[wire]] = next(fresh)
        return [names[wire] for wire in found]


def woven(
    strands: Strands, names: Sequence[str], boxes: Sequence[Box], fresh: Iterator[str]
) -> Network:
    """The network of the strands: `names` are their indices, `boxes` the leaves as
    they are drawn."""
    held: list[list[Place]] = [[] for _ in range(strands.count)]
    sizes: list[Size] = [1] * strands.count
    for place, wire in strands.outer.items():
        held[wire].append(place)
    for b, (_, wires) in enumerate(strands.leaves):
        for k, wire in enumerate(wires):
            held[wire].append(("box", b, k))
            sizes[wire] = boxes[b].ports[k]
    legs: list[list[int]] = []
    for d, (size, wires) in enumerate(strands.dots):
        legs.append(list(wires))
        for wire in wires:
            held[wire].append(("dot", d, 0))
            sizes[wire] = size
    dims = [size for size, _ in strands.dots]
    for wire, places in enumerate(held):
        if len(places) == 1:
            places.append(("dot", len(legs), 0))
            legs.append([wire])
            dims.append(sizes[wire])
    _straighten(legs, held)
    return _numbered(legs, dims, held, sizes, names, boxes, fresh)


def _straighten(legs: list[list[int]], held: list[list[Place]]) -> None:
    """Two strands that meet in a copy tensor of their own become one, in place; one
    that closes on itself leaves a ring."""
    for d, wires in enumerate(legs):
        if len(wires) != 2:
            continue
        a, b = wires
        here: Place = ("dot", d, 0)
        if a == b:
            held[a], legs[d] = [], []
            continue
        held[a].remove(here)
        held[b].remove(here)
        held[a] += held[b]
        for kind, other, _ in held[b]:
            if kind == "dot":
                legs[other] = [a if wire == b else wire for wire in legs[other]]
        held[b] = []
        legs[d] = [-1]


def _numbered(
    legs: list[list[int]],
    dims: Sequence[Size],
    held: Sequence[list[Place]],
    sizes: Sequence[Size],
    names: Sequence[str],
    boxes: Sequence[Box],
    fresh: Iterator[str],
) -> Network:
    """The network of what is left: dots numbered anew."""
    kept = [d for d, wires in enumerate(legs) if wires != [-1]]
    number = {d: k for k, d in enumerate(kept)}
    wires = []
    for w, places in enumerate(held):
        if places:
            first, second = (_numbered_place(place, number) for place in places)
            wires.append(Wire((first, second), names[w], sizes[w]))
    dots = tuple(
        Dot(names[legs[d][0]] if legs[d] else next(fresh), dims[d]) for d in kept
    )
    return Network(tuple(boxes), dots, tuple(wires))


def _numbered_place(place: Place, number: Mapping[int, int]) -> Place:
    kind, k, _ = place
    return ("dot", number[k], 0) if kind == "dot" else place
