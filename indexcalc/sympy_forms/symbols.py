"""Sizes between SymPy and us, and the names of symbols.

A size is a polynomial in size names with positive coefficients; in SymPy it is the same
polynomial in non-negative integer symbols.

>>> n = sympy.Symbol("n")
>>> size_of(n * (n + 1))
Dim('n+n*n')
>>> size_symbol(size_of(2 * n + 1), {})
2*n + 1
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from numbers import Number
from typing import Any

import sympy

from ..errors import UnsupportedError
from ..sizes import Dim, Monomial, Size, polynomial

#: What SymPy's own functions take without reading any text.
_OBJECTS = (sympy.Basic, sympy.MatrixBase, sympy.NDimArray, Number)


def require_sympy(given: object) -> None:
    """Raises `UnsupportedError` for what is no object of SymPy and no number: SymPy
    reads texts, in lists and tuples too, by evaluating them.

    >>> require_sympy(("x", "y"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    indexcalc.errors.UnsupportedError: a tuple is not an object of SymPy (...)
    """
    if not isinstance(given, _OBJECTS):
        raise UnsupportedError(
            f"a {type(given).__name__} is not an object of SymPy",
            hint="ic.parse reads text",
        )


def bound(name: str, number: int = 0) -> Any:
    """The variable of a function that is written, the same one every time: SymPy's own
    choice is random, and what is written would differ from run to run.

    >>> bound("d") == bound("d")
    True
    """
    return sympy.Dummy(name, dummy_index=number)


def size_of(given: Any) -> Size:
    """The size that a SymPy expression denotes.

    Raises `UnsupportedError` for what is not a polynomial with positive coefficients.
    """
    expanded = sympy.expand(given)
    terms: list[tuple[Monomial, Fraction]] = []
    for term in sympy.Add.make_args(expanded):
        coefficient, rest = term.as_coeff_Mul(rational=True)
        names = _monomial(rest)
        if names is None or not coefficient.is_Rational or coefficient < 0:
            raise UnsupportedError(
                f"{given} is not a size",
                hint="sizes are numbers, symbols, and their sums and products",
            )
        terms.append((names, Fraction(int(coefficient.p), int(coefficient.q))))
    return polynomial(terms)


def _monomial(term: Any) -> Monomial | None:
    """The names in a product of powers of symbols, each as often as its exponent."""
    names: list[str] = []
    for factor in sympy.Mul.make_args(term):
        base, exponent = factor.as_base_exp()
        if factor == 1:
            continue
        if not isinstance(base, sympy.Symbol) or not exponent.is_Integer:
            return None
        if exponent < 0:
            return None
        names += [checked_name(base.name)] * int(exponent)
    return tuple(sorted(names))


def size_symbol(size: Size, symbols: Mapping[str, Any]) -> Any:
    """The SymPy expression of a size; `symbols` may give the symbol of a name."""
    if not isinstance(size, Dim):
        return sympy.Integer(size)
    return sympy.Add(
        *(
            sympy.Mul(
                sympy.Rational(c.numerator, c.denominator),
                *(_size_name(name, symbols) for name in names),
            )
            for names, c in size.terms
        )
    )


def _size_name(name: str, symbols: Mapping[str, Any]) -> Any:
    if name in symbols:
        return symbols[name]
    return sympy.Symbol(name, integer=True, nonnegative=True)


def fits(offset: Size, length: Size, total: Size) -> bool:
    """Whether offset + length ≤ total for all values of the names, as far as the
    coefficients show it."""
    left: dict[Monomial, int | Fraction] = {}
    for sign, size in ((1, total), (-1, offset), (-1, length)):
        for names, c in size.terms if isinstance(size, Dim) else (((), size),):
            left[names] = left.get(names, 0) + sign * c
    return all(c >= 0 for c in left.values())


def checked_name(name: object) -> str:
    """A SymPy name as one of ours. Raises `UnsupportedError` where it is none."""
    text = str(name)
    if not text.isidentifier():
        raise UnsupportedError(
            f"{text!r} is not a name here", hint="letters, digits and underscores"
        )
    return text
