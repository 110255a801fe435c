"""Sums of formulas: like terms merged, positive terms first.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.tree import leaf
>>> x = leaf(tensor("x", ("n",)))
>>> added([x, x], x.shape).value
2
"""

from __future__ import annotations

from collections.abc import Iterable

from ..coefficients import Number, multiply
from ..expr import linear
from ..sizes import Shape
from .products import scaled
from .signs import sum_order
from .tree import Formula, number, split, zeros

Weights = dict[Formula | None, Number]


def added(terms: Iterable[Formula], shape: Shape) -> Formula:
    """The sum of formulas of one shape: like terms merged, positive terms first."""
    weights: Weights = {}
    for f in terms:
        for g in f.args if f.op == "sum" else (f,):
            if g.op == "zeros":
                continue
            c, body = split(g)
            weights[body] = weights.get(body, 0) + c
    weights = _numbers_joined(weights, shape)
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


def _numbers_joined(weights: Weights, shape: Shape) -> Weights:
    """Arrays of numbers among the terms as one array."""
    arrays = [body for body in weights if body is not None and body.op == "numbers"]
    if len(arrays) < 2:
        return weights
    rows = [
        [tuple(multiply(weights[f], x) for x in row) for row in f.value] for f in arrays
    ]
    total = tuple(
        tuple(sum(column) for column in zip(*lines, strict=True))
        for lines in zip(*rows, strict=True)
    )
    terms = [(f.node, weights[f]) for f in arrays if f.node is not None]
    joined = Formula("numbers", (), total, shape, False, linear(terms, shape))
    kept: Weights = {f: c for f, c in weights.items() if f not in arrays}
    return {**kept, joined: 1}
