"""Labelled contractions said without labels: for libraries that have no einsum.

Diagonals are read pair by pair; a sum over one index is a stacked matrix product, over
several of two arrays without a common axis a `tensordot`, and the rest a broadcast
product that is summed.

>>> from .words import contraction, name
>>> A, B = name("A", (2, 3, 4)), name("B", (4, 3))
>>> unlabelled(contraction([A, B], [(0, 1, 2), (2, 1)], (0,), {0: 2, 1: 3, 2: 4})).op
'tensordot'
"""

from __future__ import annotations

from ..pairwise import Labels
from ..sizes import Size
from .products import Row, aligned, turned
from .words import Expr, expand, matmul, reduce, times


def unlabelled(e: Expr, *, stacks: bool = True) -> Expr:
    """A contraction of one or two operands in other operations; `stacks` says whether
    matrix products run over leading axes."""
    rows, out = e.data
    operands = [
        _distinct(arg, labels) for arg, labels in zip(e.args, rows, strict=True)
    ]
    if len(operands) == 1:
        arg, labels = operands[0]
        return _arranged(arg, labels, out)
    a, b = operands
    bound = [i for i in a[1] if i in b[1] and i not in out]
    batch = [i for i in a[1] if i in b[1] and i in out]
    if bound and not batch:
        return _tensordot(a, b, bound, out)
    if stacks and len(bound) == 1:
        found = _stacked(a, b, bound[0], batch, out)
        if found is not None:
            return found
    whole = (*out, *bound)
    return reduce(
        times([aligned(*a, whole), aligned(*b, whole)]),
        range(len(out), len(whole)),
    )


def _distinct(e: Expr, labels: Labels) -> Row:
    """Repeated labels read as diagonals, one pair at a time."""
    while len(set(labels)) < len(labels):
        i = next(i for i in labels if labels.count(i) > 1)
        k = labels.index(i)
        j = labels.index(i, k + 1)
        rest = [n for n in range(len(labels)) if n not in (k, j)]
        e = turned(e, [*rest, k, j])
        shape = (*e.shape[:-2], e.shape[-1])
        e = Expr("diagonal", (e,), (), shape)
        labels = (*(labels[n] for n in rest), i)
    return e, labels


def _arranged(e: Expr, labels: Labels, out: Labels) -> Expr:
    e = reduce(e, [k for k, i in enumerate(labels) if i not in out])
    left = [i for i in labels if i in out]
    return turned(e, [left.index(i) for i in out])


def _tensordot(a: Row, b: Row, bound: list[int], out: Labels) -> Expr:
    (x, left), (y, right) = a, b
    axes = tuple(tuple(labels.index(i) for i in bound) for labels in (left, right))
    labels = [i for i in (*left, *right) if i not in bound]
    sizes: dict[int, Size] = dict(zip((*left, *right), x.shape + y.shape, strict=True))
    shape = tuple(sizes[i] for i in labels)
    found = Expr("tensordot", (x, y), axes, shape)
    return _arranged(found, tuple(labels), out)


def _stacked(a: Row, b: Row, bound: int, batch: list[int], out: Labels) -> Expr | None:
    rows = [i for i in a[1] if i not in b[1]]
    columns = [i for i in b[1] if i not in a[1]]
    if len(rows) > 1 or len(columns) > 1:
        return None
    x = turned(a[0], [a[1].index(i) for i in (*batch, *rows, bound)])
    y = turned(b[0], [b[1].index(i) for i in (*batch, bound, *columns)])
    lead = [True] * len(batch)
    x = x if rows else expand(x, [*lead, False, True])
    y = y if columns else expand(y, [*lead, True, False])
    found = matmul(x, y)
    gone = [len(batch)] * (not rows) + [len(batch) + 1] * (not columns)
    return _arranged(reduce(found, gone), (*batch, *rows, *columns), out)
