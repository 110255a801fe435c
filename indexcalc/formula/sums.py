"""Sums of formulas: like terms merged, positive terms first.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.tree import leaf
>>> x = leaf(tensor("x", ("n",)))
>>> added([x, x], x.shape).value
2
"""

from __future__ import annotations

from collections.abc import Iterable

from ..coefficients import Number
from ..sizes import Shape
from .products import scaled
from .signs import sum_order
from .tree import Formula, number, split, zeros


def added(terms: Iterable[Formula], shape: Shape) -> Formula:
    """The sum of formulas of one shape: like terms merged, positive terms first."""
    weights: dict[Formula | None, Number] = {}
    for f in terms:
        for g in f.args if f.op == "sum" else (f,):
            if g.op == "zeros":
                continue
            c, body = split(g)
            weights[body] = weights.get(body, 0) + c
    found = [
        number(c) if body is None else scaled(c, body)
        for body, c in weights.items()
        if c != 0
    ]
    if not found:
        return zeros(shape)
    if len(found) == 1:
        return found[0]
    found.sort(key=sum_order)
    return Formula("sum", tuple(found), None, shape, found[0].row)
