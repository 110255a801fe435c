"""Signs of formulas: in which order the terms of a sum stand, and which of ±f reads
better.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula.tree import Formula, chained, leaf
>>> a, x = (leaf(tensor(name, ("n",))) for name in "ax")
>>> falls(Formula("sum", (a, chained(-1, [], [x])), None, x.shape))
True
"""

from __future__ import annotations

from collections.abc import Sequence

from .tree import Formula, negated, negative, parts, split, untransposed

#: Where a multiple of 𝟏 or I stands in a sum: before every other term.
UNIT = -1_000


#: Words that a minus goes through.
FLIPPING = frozenset({"hadamard", "product", "transpose", "Diag", "diag", "tr", "vec"})

#: How many words a minus goes through, one within another, to find a sum.
DEEPEST = 50


def flipped(f: Formula, deepest: int = DEEPEST) -> Formula | None:
    """−f without a minus in front: b − Ax for Ax − b; None where that cannot be."""
    match f.op:
        case "sum" if any(map(negative, f.args)):
            return _negated_sum(f)
        case op if op in FLIPPING and deepest:
            args = one_flipped(f.args, deepest - 1)
            if args is None:
                return None
            return Formula(f.op, tuple(args), f.value, f.shape, f.row)
        case _:
            return None


def one_flipped(
    factors: Sequence[Formula], deepest: int = DEEPEST
) -> list[Formula] | None:
    """The factors with the sign of one of them turned, if one has a sum to turn."""
    k = _first_to_flip(factors, deepest)
    if k is None:
        return None
    turned = flipped(factors[k], deepest)
    return None if turned is None else [*factors[:k], turned, *factors[k + 1 :]]


def _first_to_flip(factors: Sequence[Formula], deepest: int = DEEPEST) -> int | None:
    """The place of the first factor that has a sum to turn, and is there once."""
    for k, f in enumerate(factors):
        if _flips(f, deepest):
            base = untransposed(f)
            if sum(untransposed(g) == base for g in factors) == 1:
                return k
    return None


def _flips(f: Formula, deepest: int = DEEPEST) -> bool:
    """Whether there is a `flipped` one."""
    if f.op == "sum":
        return any(map(negative, f.args))
    through = f.op in FLIPPING and deepest > 0
    return through and _first_to_flip(f.args, deepest - 1) is not None


def upright(factors: Sequence[Formula]) -> tuple[int, list[Formula]]:
    """The factors with each sum in its better sign, and the sign that this costs:
    (b − Ax)(Ax − b)ᵀ as −(Ax − b)(Ax − b)ᵀ."""
    sign, found = 1, []
    for f in factors:
        turned = flipped(f) if _sinks(f) else None
        sign = -sign if turned is not None else sign
        found.append(f if turned is None else turned)
    return sign, found


def _sinks(f: Formula) -> bool:
    """Whether the first sum that `flipped` would turn has its worse sign."""
    while f.op != "sum":
        if f.op not in FLIPPING:
            return False
        inner = next(filter(_flips, f.args), None)
        if inner is None:
            return False
        f = inner
    return falls(f)


def falls(f: Formula) -> bool:
    """Whether a sum begins better the other way: b − Ax for Ax − b, where 𝟏 or I counts
    if it is there, else the longest term, of equals the last by name."""
    marks = [(sum_order(g), _label(g)) for g in f.args]
    unit = [mark for mark in marks if mark[0][1] == UNIT]
    leading = unit[0] if unit else max(marks, key=lambda mark: (-mark[0][1], mark[1]))
    return leading[0][0] and not all(mark[0] for mark, _ in marks)


def _label(f: Formula) -> str:
    """The name that a formula begins with."""
    while f.args:
        f = f.args[0]
    return str(f.value)


def sum_order(f: Formula) -> tuple[bool, int, bool, str, bytes]:
    """Positive terms first, 𝟏 and I before the others, long ones before short ones,
    a matrix before its transpose, then by name."""
    _, body = split(f)
    if body is None or body.op == "size" or is_unit(body):
        return negative(f), UNIT, False, "", f.key
    turned = body.op == "transpose"
    return negative(f), -_degree(body), turned, _label(body), body.key


def is_unit(f: Formula) -> bool:
    """Whether a term is a multiple of 𝟏, I or 𝟏𝟏ᵀ."""
    _, lone, chain = parts(f)
    alone = len(chain) == 1 and chain[0].op in ("ones", "eye")
    return (alone and (not lone or chain[0].op == "eye")) or is_all_ones(f)


def is_all_ones(f: Formula) -> bool:
    """Whether a formula is 𝟏𝟏ᵀ."""
    if f.op != "product" or f.value != 1 or len(f.args) != 2 or f.order != 2:
        return False
    return f.args[0].op == "ones" and untransposed(f.args[1]).op == "ones"


def _degree(f: Formula) -> int:
    """How many factors a term has: longer products come first."""
    found, stack = 0, [f]
    while stack:
        g = stack.pop()
        if g.op in ("product", "hadamard"):
            stack += g.args
        else:
            found += 2 if g.op in ("mpower", "epower") and g.value == 2 else 1
    return found


def _negated_sum(f: Formula) -> Formula:
    args = sorted(map(negated, f.args), key=sum_order)
    return Formula("sum", tuple(args), None, f.shape, args[0].row)
