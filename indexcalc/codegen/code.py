"""Pieces of code that know how tightly they bind; products and sums of them.

>>> total([Code("a"), Code("-b", PRODUCT, "", "b"), Code("c * d", PRODUCT)]).text
'a - b + c * d'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..coefficients import Number
from ..einsum_spelling import literal, real_text
from .words import Expr, reciprocal

#: From the loosest to the tightest. A matrix product is kept apart from an entrywise
#: one, so that the two are never mixed without parentheses.
SUM, PRODUCT, MATMUL, POWER, ATOM = range(5)


@dataclass(frozen=True, slots=True)
class Code:
    """The text of an expression, how tightly it binds, and what kind of value it is
    where a language has several; `negated` is what a minus sign stands before."""

    text: str
    level: int = ATOM
    kind: str = ""
    negated: str = ""

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds less tightly than `level`."""
        return self.text if self.level >= level else f"({self.text})"


def product(
    code: Callable[[Expr], Code],
    e: Expr,
    coefficient: Number,
    mul: str,
    div: str,
    *,
    scalar: Callable[[Expr], bool] = lambda e: e.number,
    say: Callable[[Number], Any] = literal,
) -> Code:
    """coefficient · Π factors: numbers first, then arrays, divisors last; scalars are
    joined by ` * ` and ` / ` in every language."""
    sign = ""
    above: list[tuple[str, bool]] = []
    below: list[tuple[str, bool]] = []
    for factor in e.args:
        under = reciprocal(factor)
        if under is None:
            found = code(factor)
            first = not above and found.level == PRODUCT and not found.negated
            above.append((found.at(PRODUCT if first else POWER), scalar(factor)))
        else:
            below.append((code(under).at(POWER), scalar(factor)))
    if not isinstance(coefficient, complex) and coefficient < 0:
        sign, coefficient = "-", -coefficient
    if isinstance(coefficient, Fraction) and "/" in real_text(coefficient):
        below.insert(0, (str(coefficient.denominator), True))
        coefficient = coefficient.numerator
    if coefficient != 1 or not above:
        above.insert(0, (say(coefficient).text, True))
    text, plain = above[0]
    for piece, number in above[1:]:
        text += (" * " if number or plain else mul) + piece
        plain = plain and number
    for piece, number in below:
        text += (" / " if number else div) + piece
        plain = plain and number
    negated = text if sign else ""
    if sign and len(above) == 1 and not below and len(e.args) == 1:
        negated = code(e.args[0]).at(PRODUCT)
    return Code(sign + text, PRODUCT, "", negated)


def total(terms: Sequence[Code]) -> Code:
    """The sum, minus signs taken into the operators and not first."""
    lead = next((k for k, term in enumerate(terms) if not term.negated), 0)
    text = terms[lead].at(PRODUCT)
    for term in (*terms[:lead], *terms[lead + 1 :]):
        text += f" - {term.negated}" if term.negated else f" + {term.at(PRODUCT)}"
    return Code(text, SUM)
