"""Matrices and vectors written in blocks, [A, B; C, D].

Scalars are 1×1, columns n×1 and rows 1×n. A single column of scalars and columns is a
column again, a single row of scalars and rows a row.

>>> sizes = Sizes()
>>> block_rule(sizes, [[Type((2,))], [Type(())]]).type
Type(shape=(3,), stands='column')
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice

from .. import expr, matrix
from ..nodes import Node, Tensor
from ..sizes import Size, plus
from .types import COLUMN, EITHER, ROW, Disagreement, Meaning, Sizes, Type

Grid = Sequence[Sequence[Type]]


def block_rule(sizes: Sizes, grid: Grid) -> Meaning:
    """The matrix, column or row that blocks make.

    Raises `Disagreement` where heights in a row or widths of the rows differ.
    """
    heights = [_height(sizes, row) for row in grid]
    widths = [plus(*(_extent(a)[1] for a in row)) for row in grid]
    for width in widths[1:]:
        if not sizes.same(widths[0], width):
            raise Disagreement(
                f"rows of blocks must be equally wide, and {sizes.said((widths[0],))} "
                f"meets {sizes.said((width,))}"
            )
    counts = [len(row) for row in grid]
    places = [a for row in grid for a in row]

    def build(*nodes: Node) -> Node:
        numbers = _numbers(nodes)
        if numbers is not None:
            each = iter(numbers)
            return expr.constant([[*islice(each, n)] for n in counts])
        entries = iter(map(_matrix, nodes, places))
        return matrix.block([[next(entries) for _ in range(count)] for count in counts])

    return _stacked(grid, plus(*heights), widths[0], build)


def _numbers(nodes: Sequence[Node]) -> list[float] | None:
    """The entries of a matrix of numbers that floats say exactly, else None."""
    values = [matrix.literal_number(node) for node in nodes]
    found: list[float] = []
    for value in values:
        exact = Fraction(value) if isinstance(value, (int, Fraction)) else None
        if exact is None or abs(exact) > 2**53 or Fraction(float(exact)) != exact:
            return None
        found.append(float(exact))
    return found


def _stacked(grid: Grid, height: Size, width: Size, build: object) -> Meaning:
    places = [a for row in grid for a in row]
    assert callable(build)
    if len(places) == 1:
        return Meaning(places[0], lambda x: x)
    if max(map(len, grid)) == 1 and all(_is_thin(a, COLUMN) for a in places):
        return Meaning(Type((height,)), lambda *x: _dropped(build(*x), 1))
    if len(grid) == 1 and all(_is_thin(a, ROW) for a in places):
        return Meaning(Type((width,), ROW), lambda *x: _dropped(build(*x), 0))
    return Meaning(Type((height, width)), build)


def _is_thin(type_: Type, stands: str) -> bool:
    return type_.order == 0 or (type_.order == 1 and type_.stands in (stands, EITHER))


def _extent(type_: Type) -> tuple[Size, Size]:
    match type_.order:
        case 0:
            return 1, 1
        case 1 if type_.stands == COLUMN:
            return type_.shape[0], 1
        case 1:
            return 1, type_.shape[0]
        case 2:
            return type_.shape[0], type_.shape[1]
        case order:
            raise Disagreement(
                f"a block is a matrix at most, and this has {order} axes"
            )


def _height(sizes: Sizes, row: Sequence[Type]) -> Size:
    height = _extent(row[0])[0]
    for block in row[1:]:
        other = _extent(block)[0]
        if not sizes.same(height, other):
            raise Disagreement(
                f"blocks in a row must be equally high, and {sizes.said((height,))} "
                f"meets {sizes.said((other,))}"
            )
    return height


def _matrix(node: Node, type_: Type) -> Node:
    """A block with two axes, a row lying down."""
    if len(node.shape) == 1 and type_.stands != COLUMN:
        return expr.einsum([(node, [0])], [[], 0])
    legs = list(range(len(node.shape)))
    return expr.einsum([(node, legs)], [*legs, *([[]] * (2 - len(legs)))])


def _dropped(node: Node, axis: int) -> Node:
    """A matrix less an axis of size 1."""
    if isinstance(node, Tensor) and node.array is not None:
        return expr.constant(node.array.reshape(-1))
    return expr.einsum([(node, [0, 1])], [1 - axis])
