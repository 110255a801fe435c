"""The grid of blocks a result is computed in, one block an expression of its own.

Every axis of the result may be cut into equal ranges, axes of equal counts alike, so
that a repeated index meets itself or nothing; so may an index that the result sums
over, and then the parts are added.

>>> from indexcalc.expr import einsum, tensor
>>> root = einsum([(tensor("x", (600,)), [0])], [0, 0])
>>> plan = Plan(root, np.dtype(float), (Axis(600, 1, 200), Axis(600, 1, 200)), None)
>>> plan.cells, [block.cell for block in plan.blocks()]          # the others are zero
((3, 3), [(0, 0), (1, 1), (2, 2)])
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from ..nodes import Node, variables
from .ranges import Places, Range, Wanted, everything
from .restrict import Part, Source, restricted, vanishes
from .wholes import Wholes, entries

Cell: TypeAlias = tuple[int, ...]
Form: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """How an axis of `count` units of `unit` entries is cut: `step` units at a time."""

    count: int
    unit: int
    step: int

    @property
    def cells(self) -> int:
        """The number of ranges."""
        return -(-self.count // self.step)

    def place(self, cell: int) -> tuple[int, int]:
        """Start and count of a range, in units."""
        start = cell * self.step
        return start, min(self.step, self.count - start)

    def entries(self, cell: int) -> slice:
        """The entries of a range."""
        start, count = self.place(cell)
        return slice(start * self.unit, (start + count) * self.unit)


@dataclass(frozen=True, slots=True)
class Block:
    """One task: the range of the result, the cell of the cut sum, its form."""

    cell: Cell
    term: int
    region: tuple[slice, ...]
    form: Form
    places: Places
    part: Part


@dataclass(slots=True, eq=False)
class Plan:
    """A grid: `axes` of the result, None where uncut; `summed` the cut index of the
    sum, its parts to be added; `peak` the bytes of the largest block."""

    root: Node
    dtype: np.dtype[Any]
    axes: tuple[Axis | None, ...]
    summed: Axis | None
    wholes: Wholes = field(default_factory=Wholes)
    parts: dict[Form, Part] = field(default_factory=dict)
    peak: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(entries([n]) for n in self.root.shape)

    @property
    def cells(self) -> Cell:
        """How many ranges every axis has."""
        return tuple(axis.cells if axis else 1 for axis in self.axes)

    @property
    def terms(self) -> int:
        """How many ranges the cut sum has."""
        return self.summed.cells if self.summed else 1

    @property
    def lengths(self) -> tuple[int, ...]:
        """The shape of a block that is not at the end of an axis."""
        ranges = (axis.entries(0) if axis else None for axis in self.axes)
        return tuple(
            r.stop if r is not None else n
            for r, n in zip(ranges, self.shape, strict=True)
        )

    @property
    def count(self) -> int:
        """How many blocks, parts of sums counted, are not zero."""
        return sum(1 for _ in self.blocks())

    @property
    def origin_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the variables, and of what is computed before the blocks."""
        named = {name: leaf.shape for name, leaf in variables(self.root).items()}
        named |= {name: node.shape for node, name in self.wholes.names.items()}
        return {
            name: tuple(entries([n]) for n in shape) for name, shape in named.items()
        }

    def region(self, cell: Cell) -> tuple[slice, ...]:
        """The entries of the result that a block holds."""
        return tuple(
            axis.entries(c) if axis else slice(0, n)
            for axis, c, n in zip(self.axes, cell, self.shape, strict=True)
        )

    def form(self, cell: Cell, term: int = 0) -> Form:
        """For every axis the first one with the same range; whether the term is the
        first of its sum. Blocks of one form have one expression."""
        marks = [
            (axis.count, c) if axis else (0, k)
            for k, (axis, c) in enumerate(zip(self.axes, cell, strict=True))
        ]
        return (*map(marks.index, marks), int(term == 0))

    def part(self, form: Form) -> Part:
        """The expression of the blocks of a form."""
        if form not in self.parts:
            *firsts, first = form
            cuts = tuple(
                Range(f"x{k}", (axis.count, "x"), axis.unit) if axis else None
                for axis, k in zip(self.axes, firsts, strict=True)
            )
            wanted = Wanted(cuts, _summed_range(self.summed), bool(first))
            if wanted.whole:
                self.parts[form] = whole_part(self.root)
            else:
                self.parts[form] = restricted(self.root, wanted, self.wholes)
        return self.parts[form]

    def places(self, cell: Cell, term: int = 0) -> Places:
        """Where the ranges of a block lie."""
        found: Places = {}
        for k, (axis, c) in enumerate(zip(self.axes, cell, strict=True)):
            if axis:
                found[f"x{k}"] = axis.place(c)
        if self.summed:
            found["s"] = self.summed.place(term)
        return found

    def blocks(self) -> Iterator[Block]:
        """The blocks that are not zero, in order, the terms of one after another."""
        if 0 in self.shape:
            return
        for cell in product(*map(range, self.cells)):
            for term in range(self.terms):
                form = self.form(cell, term)
                part = self.part(form)
                if not vanishes(part):
                    region, places = self.region(cell), self.places(cell, term)
                    yield Block(cell, term, region, form, places, part)


def _summed_range(axis: Axis | None) -> Range | None:
    return Range("s", (axis.count, "s"), 1) if axis else None


def whole_part(root: Node) -> Part:
    """The one block of a grid that cuts nothing: the expression itself."""
    sources = tuple(
        Source(name, name, everything(leaf.order).cuts)
        for name, leaf in variables(root).items()
    )
    return Part(root, sources)
