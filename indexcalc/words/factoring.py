"""Sums written shorter: common factors of the terms taken out, in front or behind.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import added, leaf, product, transposed
>>> A, x = leaf(tensor("A", ("n", "n"))), leaf(tensor("x", ("n",)))
>>> whole = added([product([A, x]), product([transposed(A), x])], x.shape)
>>> factored(whole).op
'product'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ..coefficients import Number, content, divide
from ..formula import (
    Formula,
    added,
    brackets,
    diagonal_matrix,
    eye,
    hadamard,
    number,
    ones,
    parts,
    product,
    scaled,
    split,
    transposed,
)

TERM_LIMIT = 24
TRIED = 6
REMEMBERED = 4_096


@lru_cache(maxsize=REMEMBERED)
def factored(f: Formula, inside: bool = False) -> Formula:
    """A sum with its content and common factors out, where that is not longer.

    `inside` says that it will be an operand, where a sum needs brackets.
    """
    best = _content_out(f, inside)
    while (found := _best_grouping(best, inside)) is not None:
        best = found
    return _transposed_whole(best, inside)


def _cost(f: Formula, inside: bool) -> int:
    return f.length + (brackets(f) if inside else 0)


def _transposed_whole(f: Formula, inside: bool) -> Formula:
    """BᵀXᵀ + XᵀBᵀ as (XB + BX)ᵀ, where that is shorter."""
    c, body = split(f)
    if body is None or body.op != "sum" or body.order != 2:
        return f
    turned = added([transposed(g) for g in body.args], body.shape[::-1])
    whole = scaled(c, Formula("transpose", (turned,), None, body.shape))
    return whole if _cost(whole, inside) < _cost(f, inside) else f


#: The largest denominator that a fraction has and a rounded number has not.
MOST_PARTS = 10**6


def _is_long(c: Number) -> bool:
    """Whether a coefficient is a rounded number, whose digits are nobody's factor."""
    return isinstance(c, Fraction) and c.denominator > MOST_PARTS


def _content_out(f: Formula, inside: bool) -> Formula:
    """2Ax + 2b as 2(Ax + b)."""
    if f.op != "sum":
        return f
    coefficients = [split(g)[0] for g in f.args]
    if any(_is_long(c) for c in coefficients):
        return f
    common = content(coefficients)
    if common in (1, -1):
        return f
    body = added([scaled(divide(1, common), g) for g in f.args], f.shape)
    found = scaled(common, body)
    return found if _cost(found, inside) <= _cost(f, inside) + 1 else f


def _best_grouping(f: Formula, inside: bool) -> Formula | None:
    """The shortest sum that joins the terms with one common factor; None where every
    such sum is longer."""
    c, body = split(f)
    if body is None or body.op != "sum" or len(body.args) > TERM_LIMIT:
        return None
    best = None
    for joined, rest in _groupings(body):
        whole = scaled(c, added([joined, *rest], body.shape))
        if best is None or _cost(whole, inside) < _cost(best, inside):
            best = whole
    return (
        best if best is not None and _cost(best, inside) <= _cost(f, inside) else None
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a factor may be taken out: which factors a term has there, what is left
    without one, and how a factor and a sum are put together again."""

    factors: Callable[[Formula], list[Formula]]
    without: Callable[[Formula, Formula], Formula]
    joined: Callable[[Formula, Formula], Formula]
    repeats: bool = True


def _groupings(body: Formula) -> Iterator[tuple[Formula, list[Formula]]]:
    """Ways to take one factor out of all the terms that have it, those that save most
    first."""
    groups = _shared_factors(body)
    groups.sort(key=lambda group: -group[1].length * (len(group[2]) - 1))
    for place, factor, members in groups[:TRIED]:
        rest = [t for k, t in enumerate(body.args) if k not in members]
        yield _taken(place, [body.args[k] for k in members], factor), rest


def _shared_factors(body: Formula) -> list[tuple[Place, Formula, list[int]]]:
    """The factors that two or more terms have in the same place, and which terms."""
    found = []
    for place in PLACES:
        groups: dict[Formula, list[int]] = {}
        for k, term in enumerate(body.args):
            for factor in dict.fromkeys(place.factors(term)):
                groups.setdefault(factor, []).append(k)
        found += [(place, f, ks) for f, ks in groups.items() if len(ks) > 1]
    return found


def _taken(place: Place, terms: list[Formula], factor: Formula) -> Formula:
    """The terms with a factor, and whatever else they share there, taken out."""
    factors = [factor]
    inside = [place.without(term, factor) for term in terms]
    while place.repeats and (more := _shared(place, inside)) is not None:
        factors.append(more)
        inside = [place.without(term, more) for term in inside]
    whole = _total(inside)
    for taken in reversed(factors):
        whole = place.joined(taken, whole)
    return whole


def _shared(place: Place, terms: list[Formula]) -> Formula | None:
    """A factor that every term has."""
    first, *others = [place.factors(term) for term in terms]
    return next((f for f in first if all(f in fs for fs in others)), None)


def _total(inside: list[Formula]) -> Formula:
    """The sum of what is left; a number beside matrices stands on the identity."""
    square = next((g for g in inside if g.order), None)
    if square is None:
        return factored(added(inside, ()), True)
    if square.order == 1 and square.row:
        columns = added([transposed(g) for g in inside], square.shape)
        return transposed(factored(columns, True))
    terms = [g if g.order else product([g, eye(square.shape[0])]) for g in inside]
    return factored(added(terms, square.shape), True)


def _chain(term: Formula) -> list[Formula]:
    return parts(term)[2]


def _rest_of(term: Formula, chain: list[Formula]) -> Formula:
    c, lone, _ = parts(term)
    return product([number(c), *lone, *chain])


def _powers_apart(chain: list[Formula]) -> list[Formula]:
    """A chain with its powers written out."""
    return [g for f in chain for g in _apart(f, "mpower")]


def _last(term: Formula) -> list[Formula]:
    return _powers_apart(_chain(term))[-1:]


def _first(term: Formula) -> list[Formula]:
    return _powers_apart(_chain(term))[:1]


def _without_last(term: Formula, factor: Formula) -> Formula:
    left = _powers_apart(_chain(term))[:-1]
    if not left and factor.order == 2 and factor.op != "eye":
        left = [eye(factor.shape[0])]
    return _rest_of(term, left)


def _without_first(term: Formula, factor: Formula) -> Formula:
    right = _powers_apart(_chain(term))[1:]
    if not right and factor.order == 2 and factor.op != "eye":
        right = [eye(factor.shape[1])]
    return _rest_of(term, right)


def _entries(term: Formula) -> list[Formula]:
    """The factors of a Hadamard product, its small powers written out."""
    chain = _chain(term)
    if len(chain) != 1 or term.row or chain[0].op == "ones":
        return []
    (body,) = chain
    factors = body.args if body.op == "hadamard" else (body,)
    return [g for f in factors for g in _apart(f, "epower")]


def _apart(f: Formula, op: str) -> list[Formula]:
    """A small power as so many equal factors."""
    small = f.op == op and isinstance(f.value, int) and 1 < f.value < 9
    return [f.args[0]] * f.value if small else [f]


def _without_entry(term: Formula, factor: Formula) -> Formula:
    rest = _entries(term)
    rest.remove(factor)
    return _rest_of(term, [hadamard(rest, term.shape)])


def _scalars(term: Formula) -> list[Formula]:
    return [g for f in parts(term)[1] for g in _apart(f, "power")]


def _without_scalar(term: Formula, factor: Formula) -> Formula:
    c, _, chain = parts(term)
    rest = _scalars(term)
    rest.remove(factor)
    return product([number(c), *rest, *chain])


def _diagonals(term: Formula) -> list[Formula]:
    """A mark shared by all terms that are Diag(v)."""
    chain = _chain(term)
    square = term.shape[0] if term.order == 2 else 0
    if len(chain) == 1 and chain[0].op in ("Diag", "eye"):
        return [ones(square)]
    return []


def _without_diagonal(term: Formula, factor: Formula) -> Formula:
    (body,) = _chain(term)
    return _rest_of(term, [factor if body.op == "eye" else body.args[0]])


PLACES = (
    Place(_last, _without_last, lambda factor, rest: product([rest, factor])),
    Place(_first, _without_first, lambda factor, rest: product([factor, rest])),
    Place(
        _entries,
        _without_entry,
        lambda factor, rest: hadamard([rest, factor], factor.shape),
    ),
    Place(
        _diagonals,
        _without_diagonal,
        lambda factor, rest: diagonal_matrix(rest),
        repeats=False,
    ),
    Place(_scalars, _without_scalar, lambda factor, rest: product([factor, rest])),
)
