"""Blocks and stacked vectors: what a sum of embedded parts says as [A, B; C, D].

A block matrix is a sum of parts, each put at an offset among zeros by `embed` matrices.
Where the offsets of every axis tile it exactly, the sum is that block matrix; a single
`embed` is the identity between two blocks of zeros.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import stacked
>>> a, b = tensor("a", ("m",)), tensor("b", ("n",))
>>> grid = tiled(stacked([a, b], 0))
>>> [[part is not None for part in row] for row in grid.parts]
[[True], [True]]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .. import expr
from ..formula import Formula, eye, ones, untransposed, word, zeros
from ..nodes import Call, Einsum, Node, Sum
from ..sizes import Size, plus, size_text

Interval = tuple[Size, Size]


@dataclass(frozen=True, slots=True)
class Grid:
    """The parts of a block matrix, row by row, with the sizes of rows and columns; None
    where a block is zero."""

    rows: tuple[Size, ...]
    columns: tuple[Size, ...]
    parts: tuple[tuple[Node | None, ...], ...]


def tiled(node: Node) -> Grid | None:
    """The blocks of a vector or matrix, or None where it has none."""
    if len(node.shape) not in (1, 2):
        return None
    found = [_placed(e, c) for e, c in _terms(node)]
    if not found or any(place is None for place in found):
        return None
    placed = [place for place in found if place is not None]
    axes = [_tiling(n, [p[0][k] for p in placed]) for k, n in enumerate(node.shape)]
    if any(axis is None for axis in axes):
        return None
    cuts = [axis for axis in axes if axis is not None]
    if len(placed) < 2 and all(len(axis) == 1 for axis in cuts):
        return None
    return _grid(cuts, placed)


def _terms(node: Node) -> Iterable[tuple[Node, object]]:
    return node.terms if isinstance(node, Sum) else [(node, 1)]


Placed = tuple[list[Interval], Node]


def _placed(node: Node, coefficient: object) -> Placed | None:
    """Where a term lies on each axis, and what lies there."""
    if not isinstance(node, Einsum) or any(len(axis) != 1 for axis in node.out):
        return None
    out = [axis[0] for axis in node.out]
    if len(set(out)) != len(out):
        return None
    rows = list(node.operands)
    places: list[Interval] = []
    for k, i in enumerate(out):
        own = [row for row in rows if row[1][:1] == (i,) and _is_embed(row[0])]
        uses = sum(i in legs for _, legs in rows)
        if len(own) != 1 or uses != 1:
            places.append((0, node.shape[k]))
            continue
        (call, legs) = own[0]
        rows.remove(own[0])
        out[k] = legs[1]
        places.append((call.params[0], call.shape[1]))  # type: ignore[union-attr]
    if len(rows) == len(node.operands):
        return None
    gone = {axis[0] for axis in node.out} - set(out)
    kept = {i: n for i, n in enumerate(node.dims) if i not in gone}
    return places, expr.scale(coefficient, expr.einsum(rows, out, kept))


def _is_embed(node: Node) -> bool:
    return isinstance(node, Call) and node.function == "embed"


def _tiling(total: Size, intervals: Sequence[Interval]) -> list[Interval] | None:
    """The intervals in order, if they lie end to end, with gaps, from 0 to the size."""
    waiting = {interval[0]: interval for interval in intervals}
    if any(waiting[offset] != (offset, size) for offset, size in intervals):
        return None
    offset: Size = 0
    tiles = []
    while offset in waiting:
        interval = waiting.pop(offset)
        tiles.append(interval)
        if interval[1] == 0:
            return None
        offset = plus(offset, interval[1])
    return tiles if offset == total and not waiting else None


def _grid(cuts: Sequence[Sequence[Interval]], placed: Sequence[Placed]) -> Grid | None:
    known: dict[tuple[Size, ...], Node] = {}
    for places, part in placed:
        key = tuple(offset for offset, _ in places)
        known[key] = part if key not in known else expr.add(known[key], part)
    columns = cuts[1] if len(cuts) == 2 else [(0, 1)]
    parts = tuple(
        tuple(known.get((r, c) if len(cuts) == 2 else (r,)) for c, _ in columns)
        for r, _ in cuts[0]
    )
    rows = tuple(n for _, n in cuts[0])
    return Grid(rows, tuple(n for _, n in columns), parts)


def block(grid: Grid, parts: Sequence[Sequence[Formula | None]], order: int) -> Formula:
    """The block matrix, or stacked vector, of formulas; zeros where no part is."""
    args = [
        _column(part) if part is not None else zeros((m, n) if order == 2 else (m,))
        for m, row in zip(grid.rows, parts, strict=True)
        for n, part in zip(grid.columns, row, strict=True)
    ]
    shape = (plus(*grid.rows), plus(*grid.columns))[:order]
    width = len(grid.columns)
    if width == 1 and (rows := _rows_of(args)) is not None:
        width, args = rows
    return word("block", *args, shape=shape, value=width)


def _column(f: Formula) -> Formula:
    """A matrix of one column as that column."""
    lone = f.op == "product" and len(f.args) == 2 and f.value == 1 and f.order == 2
    if lone and f.args[0].order == 1 and untransposed(f.args[1]) == ones(1):
        return f.args[0]
    return f


def _rows_of(args: Sequence[Formula]) -> tuple[int, list[Formula]] | None:
    """The blocks of rows that are blocks themselves, all of as many columns."""
    single = all(f.op == "block" and len(f.args) == f.value for f in args)
    if not single or len({f.value for f in args}) != 1:
        return None
    return args[0].value, [g for f in args for g in f.args]


def embedding(node: Call) -> Formula | None:
    """`embed` as the identity between blocks of zeros, where the sizes say how many
    rows are left below it."""
    total, n = node.shape
    offset = node.params[0]
    below = _difference(total, plus(offset, n))
    if below is None:
        return None
    parts = [(offset, zeros((offset, n))), (n, eye(n)), (below, zeros((below, n)))]
    args = [part for size, part in parts if size != 0]
    return word("block", *args, shape=node.shape, value=1)


def _difference(total: Size, part: Size) -> Size | None:
    """total − part, where both are numbers or a sum of sizes ends it."""
    if isinstance(total, int) and isinstance(part, int):
        return total - part
    if total == part:
        return 0
    for size in _summands(total):
        if plus(part, size) == total:
            return size
    return None


def _summands(size: Size) -> list[Size]:
    from ..sizes import parse_size

    return [parse_size(text) for text in size_text(size).split("+")]
