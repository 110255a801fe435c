"""Entrywise products and powers of formulas.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.tree import leaf
>>> x = leaf(tensor("x", ("n",)))
>>> hadamard([x, x], x.shape).op
'epower'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..coefficients import Number, multiply
from ..sizes import Shape
from .products import all_ones, power, product
from .signs import is_all_ones, upright
from .tree import Formula, chained, is_real, number, ones, parts


def hadamard(factors: Sequence[Formula], shape: Shape) -> Formula:
    """The entrywise product; equal factors become powers, numbers come out."""
    coefficient: Number = 1
    scalars: list[Formula] = []
    counts: dict[Formula, Number] = {}
    for f in _flat(factors):
        if not f.order:
            scalars.append(f)
            continue
        c, lone, chain = parts(f)
        coefficient = multiply(coefficient, c)
        scalars += lone
        body = chained(1, [], chain)
        if not chain or body.op == "ones" or is_all_ones(body):
            continue
        base, exponent = (
            (body.args[0], body.value) if body.op == "epower" else (body, 1)
        )
        counts[base] = counts.get(base, 0) + exponent
    found = [entry_power(base, p) for base, p in counts.items() if p != 0]
    found.sort(key=_factor_order)
    sign, found = upright(found)
    coefficient = multiply(coefficient, sign)
    if not found:
        body = ones(shape[0]) if len(shape) == 1 else all_ones(shape)
    elif len(found) == 1:
        body = found[0]
    else:
        body = Formula("hadamard", tuple(found), None, shape)
    return product([number(coefficient), *scalars, body])


def _factor_order(f: Formula) -> tuple[bool, int]:
    """Names first, then functions, products and sums; what divides comes last."""
    base = f.args[0] if f.op == "epower" else f
    rank = {"leaf": 0, "transpose": 0, "product": 2, "sum": 3}.get(base.op, 1)
    return f.op == "epower" and is_real(f.value) and f.value < 0, rank


def _flat(factors: Iterable[Formula]) -> list[Formula]:
    found: list[Formula] = []
    for f in factors:
        c, lone, chain = parts(f)
        if len(chain) == 1 and chain[0].op == "hadamard":
            found += [chained(c, lone, []), *chain[0].args]
        else:
            found.append(f)
    return found


def entry_power(f: Formula, p: Number) -> Formula:
    """f^p entry by entry."""
    if p == 1:
        return f
    if not f.order:
        return power(f, p)
    if f.op == "epower" and isinstance(p, int):
        return entry_power(f.args[0], multiply(f.value, p))
    return Formula("epower", (f,), p, f.shape, f.row)
