"""Which array operation a contraction of one or two operands is.

A product of matrices where there is one, broadcasting where nothing is summed, a sum of
an entrywise product where everything is; a labelled contraction for the rest.

>>> from .words import name
>>> X, y = name("X", (5, 3)), name("y", (5,))
>>> found = pair((X, (0, 1)), (y, (0,)), (1,), {0: 5, 1: 3}, stacks=True)
>>> found.op, found.args[0].op
('matmul', 'transpose')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ..pairwise import Labels
from ..sizes import Size
from .words import (
    Expr,
    contraction,
    diagonal,
    expand,
    matmul,
    reduce,
    times,
    trace,
    transpose,
)

Row: TypeAlias = tuple[Expr, Labels]
Sizes: TypeAlias = Mapping[int, Size]

#: Products of more axes than this are said with labels, not by broadcasting.
BROADCAST = 3


def contracted(rows: Sequence[Row], out: Labels, sizes: Sizes, *, stacks: bool) -> Expr:
    """The product of the rows, summed over what is not in `out`; `stacks` says whether
    matrix products run over leading axes in parallel."""
    match len(rows):
        case 1:
            return single(*rows[0], out, sizes)
        case 2:
            return pair(rows[0], rows[1], out, sizes, stacks=stacks)
        case _:
            return _labelled(rows, out, sizes)


def _labelled(rows: Sequence[Row], out: Labels, sizes: Sizes) -> Expr:
    return contraction([e for e, _ in rows], [i for _, i in rows], out, sizes)


def single(e: Expr, labels: Labels, out: Labels, sizes: Sizes) -> Expr:
    """One operand: diagonals read, axes summed, then ordered."""
    if len(set(labels)) < len(labels):
        if labels == (labels[0],) * 2:
            return diagonal(e) if out else trace(e)
        return _labelled([(e, labels)], out, sizes)
    gone = [k for k, i in enumerate(labels) if i not in out]
    left = [i for i in labels if i in out]
    return turned(reduce(e, gone), [left.index(i) for i in out])


def turned(e: Expr, order: Sequence[int]) -> Expr:
    """A transpose, taken into the product that it is of."""
    order = tuple(order)
    if order == tuple(range(len(order))):
        return e
    if e.op == "matmul" and all(len(arg.shape) == 2 for arg in e.args):
        a, b = e.args
        return matmul(turned(b, (1, 0)), turned(a, (1, 0)))
    if e.op in ("times", "sum") and order == (1, 0):
        args = tuple(map(_flipped, e.args))
        return Expr(e.op, args, e.data, (e.shape[1], e.shape[0]))
    if e.op == "contraction":
        rows, out = e.data
        shown = tuple(out[k] for k in order)
        shape = tuple(e.shape[k] for k in order)
        return Expr("contraction", e.args, (rows, shown), shape)
    return transpose(e, order)


def _flipped(e: Expr) -> Expr:
    """A factor of an entrywise product of matrices, or a term of a sum, transposed."""
    if len(e.shape) < 2:
        return e if not e.shape else expand(e, (True, False))
    if e.op == "expand":
        inner, (carried, whole) = e.args[0], e.data
        return expand(inner, carried[::-1], whole=whole)
    return turned(e, (1, 0))


def pair(a: Row, b: Row, out: Labels, sizes: Sizes, *, stacks: bool) -> Expr:
    """Two operands."""
    a, b = _distinct(a, out, b[1], sizes), _distinct(b, out, a[1], sizes)
    bound = [i for i in a[1] if i in b[1] and i not in out]
    if not bound:
        return _broadcast(a, b, out, sizes)
    if out and out[0] in b[1] and out[0] not in a[1]:
        a, b = b, a
    for form in (_matrices, _stacked if stacks else _refused, _summed):
        found = form(a, b, out, bound)
        if found is not None:
            return found
    return _labelled([a, b], out, sizes)


def _distinct(row: Row, out: Labels, other: Labels, sizes: Sizes) -> Row:
    """An operand whose labels are distinct and all needed."""
    e, labels = row
    kept = tuple(i for i in dict.fromkeys(labels) if i in out or i in other)
    return (e, labels) if kept == labels else (single(e, labels, kept, sizes), kept)


# -- products without a sum ------------------------------------------------------------


def _broadcast(a: Row, b: Row, out: Labels, sizes: Sizes) -> Expr:
    if len(out) > BROADCAST and not {a[1], b[1]} & {out, ()}:
        return _labelled([a, b], out, sizes)
    ordered = sorted([a, b], key=lambda row: len(row[1]))
    return times([aligned(e, labels, out) for e, labels in ordered])


def aligned(e: Expr, labels: Labels, out: Labels) -> Expr:
    """An operand with its axes in the order of `out`, of length 1 where it has none."""
    order = [labels.index(i) for i in out if i in labels]
    return expand(turned(e, order), [i in labels for i in out])


# -- products with a sum ---------------------------------------------------------------


def _refused(a: Row, b: Row, out: Labels, bound: list[int]) -> None:
    return None


def _matrices(a: Row, b: Row, out: Labels, bound: list[int]) -> Expr | None:
    """A product of vectors and matrices: one index summed, none in parallel."""
    if len(bound) != 1 or len(a[1]) > 2 or len(b[1]) > 2:
        return None
    rows = [i for i in a[1] if i not in bound]
    columns = [i for i in b[1] if i not in bound]
    if tuple(rows + columns) != out or set(rows) & set(columns):
        return None
    left = turned(a[0], [a[1].index(i) for i in (*rows, *bound)])
    right = turned(b[0], [b[1].index(i) for i in (*bound, *columns)])
    if not rows and columns:
        return matmul(turned(b[0], [b[1].index(i) for i in (*columns, *bound)]), a[0])
    return matmul(left, right)


def _stacked(a: Row, b: Row, out: Labels, bound: list[int]) -> Expr | None:
    """Matrix products over leading axes, where no axis has to move."""
    if len(bound) != 1:
        return None
    batch = tuple(i for i in a[1] if i in b[1] and i in out)
    rows = tuple(i for i in a[1] if i not in b[1])
    columns = tuple(i for i in b[1] if i not in a[1])
    k = bound[0]
    if a[1] != (*batch, *rows, k) or out != (*batch, *rows, *columns):
        return None
    whole = not batch and len(columns) <= 1 and b[1] == (k, *columns)
    stack = len(rows) == len(columns) == 1 and b[1] == (*batch, k, *columns)
    return matmul(a[0], b[0]) if whole or stack else None


def _summed(a: Row, b: Row, out: Labels, bound: list[int]) -> Expr | None:
    """The sum of an entrywise product, where both have the same few axes."""
    if set(a[1]) != set(b[1]) or len(a[1]) > 2:
        return None
    kept = tuple(i for i in a[1] if i in out)
    if kept != out:
        return None
    other = turned(b[0], [b[1].index(i) for i in a[1]])
    gone = [k for k, i in enumerate(a[1]) if i not in out]
    return reduce(times([a[0], other]), gone)
