"""What stands before dx: a line that is linear in a vector as a matrix times it.

Bottom up, every part that holds dx is M dx for a column, gᵀdx for a scalar, Diag(M dx)
for a diagonal matrix: a∘(M dx) = Diag(a)M dx, Diag(M dx)b = Diag(b)M dx.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf
>>> from indexcalc.formula.paper import PAPER
>>> from indexcalc.formula.text import spelled
>>> from indexcalc.steps.formulas import entrywise
>>> x, y = tensor("x", ("n",)), leaf(tensor("y", ("n",)))
>>> dx = Formula("d", (leaf(x),), None, x.shape, False, x)
>>> spelled(coefficient(entrywise([y, dx], x.shape)), PAPER)
'Diag(y)'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..formula import (
    Formula,
    column,
    diagonal_matrix,
    eye,
    fold,
    number,
    ones,
    parts,
    product,
    transposed,
)
from .formulas import entrywise, plain_sum

COLUMN, SCALAR, DIAGONAL, LOST = "column", "scalar", "diagonal", "lost"


class Moving(NamedTuple):
    """A part that holds dx: its kind, and M or, of a scalar, g."""

    kind: str
    factor: Formula | None


NOTHING = Moving(LOST, None)


def coefficient(f: Formula) -> Formula | None:
    """M where f = M dx; None where the words of f do not show it."""
    found = fold(f, _moving)
    if found is None or found.kind != COLUMN or f.row:
        return None
    factor: Formula | None = found.factor
    return factor


def _moving(f: Formula, args: list[Moving | None]) -> Moving | None:
    """What a part is from what its arguments are; None for a constant."""
    if f.op == "d":
        return Moving(COLUMN, eye(f.shape[0]))
    if not any(args):
        return None
    if any(arg is not None and arg.kind == LOST for arg in args):
        return NOTHING
    rule = RULES.get(f.op)
    return rule(f, args) if rule else NOTHING


def _transpose(f: Formula, args: Sequence[Moving | None]) -> Moving:
    (inside,) = args
    return inside if inside is not None and f.order == 1 else NOTHING


def _sum(f: Formula, args: Sequence[Moving | None]) -> Moving:
    kinds = {arg.kind if arg else LOST for arg in args}
    if len(kinds) > 1 or LOST in kinds:
        return NOTHING
    factors = [arg.factor for arg in args if arg and arg.factor]
    return Moving(kinds.pop(), plain_sum(factors, factors[0].shape))


def _hadamard(f: Formula, args: Sequence[Moving | None]) -> Moving:
    k = _only(args)
    if k is None or f.order != 1:
        return NOTHING
    moving = args[k]
    assert moving is not None
    assert moving.factor is not None
    others = [column(g) for g in (*f.args[:k], *f.args[k + 1 :])]
    diagonal = diagonal_matrix(entrywise(others, f.shape))
    return Moving(COLUMN, product([diagonal, moving.factor]))


def _only(args: Sequence[Moving | None]) -> int | None:
    """The place of the one argument that moves."""
    places = [k for k, arg in enumerate(args) if arg]
    return places[0] if len(places) == 1 else None


def _diagonal_matrix(f: Formula, args: Sequence[Moving | None]) -> Moving:
    (inside,) = args
    if inside is None or inside.kind != COLUMN:
        return NOTHING
    return Moving(DIAGONAL, inside.factor)


def _total(f: Formula, args: Sequence[Moving | None]) -> Moving:
    (inside,) = args
    if inside is None or inside.kind != COLUMN or inside.factor is None:
        return NOTHING
    n = f.args[0].shape[0]
    return Moving(SCALAR, product([transposed(inside.factor), ones(n)]))


def _product(f: Formula, args: Sequence[Moving | None]) -> Moving:
    k = _only(args)
    if k is None:
        return NOTHING
    moving, part = args[k], f.args[k]
    assert moving is not None
    assert moving.factor is not None
    c, _, _ = parts(f)
    if moving.kind == SCALAR:
        others = [number(c), *f.args[:k], *f.args[k + 1 :]]
        return _beside_scalar(product(others), moving.factor)
    lone = [g for g in f.args if not g.order]
    left = [g for g in f.args[:k] if g.order]
    right = [g for g in f.args[k + 1 :] if g.order]
    front = product([number(c), *lone])
    if moving.kind == DIAGONAL:
        return _around_diagonal(front, left, moving.factor, right)
    if part.row:
        left, right = _turned(right), _turned(left)
    return _around_column(front, left, moving.factor, right)


def _turned(chain: Sequence[Formula]) -> list[Formula]:
    return [transposed(g) for g in chain[::-1]]


def _beside_scalar(rest: Formula, g: Formula) -> Moving:
    """(gᵀdx)·rest."""
    if not rest.order:
        return Moving(SCALAR, product([rest, g]))
    if rest.order == 1:
        return Moving(COLUMN, product([column(rest), transposed(g)]))
    return NOTHING


def _around_column(
    front: Formula, left: list[Formula], factor: Formula, right: list[Formula]
) -> Moving:
    """L (M dx) R, where R is nothing or closes to a number."""
    if right:
        closed = product(right)
        if closed.order:
            return NOTHING
        front = product([front, closed])
    whole = product([front, *left, factor])
    if left and product(left).row:
        return Moving(SCALAR, transposed(whole))
    return Moving(COLUMN, whole)


def _around_diagonal(
    front: Formula, left: list[Formula], factor: Formula, right: list[Formula]
) -> Moving:
    """L Diag(M dx) r = L Diag(r) M dx."""
    vector = product(right) if right else None
    if vector is None or vector.order != 1 or vector.row:
        return NOTHING
    return _around_column(front, [*left, diagonal_matrix(vector)], factor, [])


RULES: dict[str, Callable[[Formula, Sequence[Moving | None]], Moving]] = {
    "transpose": _transpose,
    "sum": _sum,
    "hadamard": _hadamard,
    "Diag": _diagonal_matrix,
    "total": _total,
    "product": _product,
}
