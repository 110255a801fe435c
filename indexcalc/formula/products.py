"""Products of formulas: numbers and scalars in front, identities dropped, equal factors
as powers, each sum with the sign that reads better.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.tree import eye, leaf
>>> A = leaf(tensor("A", ("n", "n")))
>>> product([A, eye("n"), A]).op
'mpower'
"""

from __future__ import annotations

from collections.abc import Iterable

from ..coefficients import Number, multiply
from ..sizes import Shape
from .signs import falls, flipped, one_flipped, upright
from .transposes import column, transposed
from .tree import (
    Formula,
    chain_shape,
    chained,
    is_real,
    number,
    ones,
    parts,
    split,
    word,
    zeros,
)


def product(factors: Iterable[Formula]) -> Formula:
    """The matrix product of the factors in order; scalars and numbers go in front."""
    coefficient: Number = 1
    scalars: list[Formula] = []
    chain: list[Formula] = []
    for f in factors:
        c, lone, rest = parts(f)
        coefficient = multiply(coefficient, c)
        scalars += lone
        if rest and not f.order:
            scalars.append(chained(1, [], rest))
        elif f.op == "zeros":
            return _nothing([*chain, f])
        else:
            chain += rest
    if not chain and len(scalars) == 1 and scalars[0].op == "product":
        chain, scalars = list(scalars[0].args), []
    lone, chain = _gathered_scalars(scalars), _tidied(chain)
    sign, chain = upright(chain)
    coefficient = multiply(coefficient, sign)
    if is_real(coefficient) and coefficient < 0:
        turned = one_flipped([*lone, *chain])
        if turned is not None:
            lone, chain = turned[: len(lone)], turned[len(lone) :]
            coefficient = multiply(coefficient, -1)
    return chained(coefficient, lone, chain)


def scaled(c: Number, f: Formula) -> Formula:
    """c · f."""
    return f if c == 1 else product([number(c), f])


def _nothing(chain: list[Formula]) -> Formula:
    return zeros(chain_shape(chain)[0])


def _gathered_scalars(scalars: list[Formula]) -> list[Formula]:
    """Equal scalar factors become powers, xᵀx beside ‖x‖ its square; short ones
    first."""
    counts: dict[Formula, Number] = {}
    raised = [_base(s) for s in scalars]
    norms = {base.args[0]: base for base, _ in raised if base.op == "norm2"}
    for base, exponent in raised:
        x = _squared(base) if norms else None
        if x is not None and x in norms:
            base, exponent = norms[x], multiply(2, exponent)
        counts[base] = counts.get(base, 0) + exponent
    found = [power(base, p) for base, p in counts.items() if p != 0]
    return sorted(found, key=lambda s: (s.op == "power" and s.value < 0, s.length))


def _squared(s: Formula) -> Formula | None:
    """The x of xᵀx."""
    if s.op != "product" or len(s.args) != 2:
        return None
    left, right = s.args
    return right if left == transposed(right) else None


def _base(s: Formula) -> tuple[Formula, Number]:
    if s.op == "power" and not s.order:
        base, p = _base(s.args[0])
        even = isinstance(p, int) and p % 2 == 0
        sizes = even and not isinstance(s.value, int) and base.op != "norm2"
        return (s.args[0], s.value) if sizes else (base, multiply(p, s.value))
    if s.op == "normsq":
        return word("norm2", s.args[0]), 2
    return s, 1


def _tidied(chain: list[Formula]) -> list[Formula]:
    """The chain without identities, and equal neighbours as a power."""
    kept = [f for f in chain if f.op != "eye"]
    if not kept:
        return chain[:1]
    result: list[Formula] = []
    for f in kept:
        base, k = _matrix_base(f)
        before, count = _matrix_base(result[-1]) if result else (None, 0)
        if (
            f.order == 2
            and before == base
            and f.shape[0] == f.shape[1]
            and k * count > 0
        ):
            result[-1] = matrix_power(base, k + count)
        else:
            result.append(f)
    return result


def _matrix_base(f: Formula) -> tuple[Formula, int]:
    return (f.args[0], f.value) if f.op == "mpower" else (f, 1)


def matrix_power(base: Formula, k: int) -> Formula:
    """A^k."""
    if base.op == "mpower":
        return matrix_power(base.args[0], base.value * k)
    return base if k == 1 else Formula("mpower", (base,), k, base.shape)


def power(s: Formula, p: Number) -> Formula:
    """A power of a scalar."""
    if p == 1:
        return s
    if s.op == "power" and isinstance(p, int):
        return power(s.args[0], multiply(s.value, p))
    if s.op == "normsq":
        return power(word("norm2", s.args[0]), multiply(2, p))
    if s.op == "norm2" and p == 2:
        return square_norm(s.args[0])
    return Formula("power", (s,), p)


def evened(f: Formula) -> Formula:
    """±f, for an even function of it: Ax − b for b − Ax."""
    c, body = split(f)
    if body is None or isinstance(c, complex):
        return f
    turned = flipped(body) if body.op == "sum" and falls(body) else None
    return scaled(-c if c < 0 else c, turned or body)


def outer_product(u: Formula, v: Formula) -> Formula:
    """u vᵀ of columns."""
    return product([column(u), transposed(column(v))])


def all_ones(shape: Shape) -> Formula:
    """The matrix of ones, 𝟏𝟏ᵀ."""
    return product([ones(shape[0]), transposed(ones(shape[1]))])


def square_norm(f: Formula) -> Formula:
    """‖f‖², for a vector by its name as xᵀx."""
    if f.order == 1 and f.op == "leaf":
        return product([transposed(f), f])
    return word("normsq", evened(f))


def norm(f: Formula) -> Formula:
    """‖f‖."""
    return word("norm2", evened(f))
