"""A style of spelling formulas: a record of how one notation says each word.

>>> plain_number(3, True), Said("x", ATOM).text
('3', 'x')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from ..coefficients import Number
from ..errors import UnsupportedError
from .tree import Formula

SUM, COLON, PRODUCT, JOINED, POSTFIX, ATOM = range(6)


class Said(NamedTuple):
    """A spelling and how tightly it holds together."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Style:
    """How one notation spells the words that notations spell differently.

    `words` has a rule for each op: from the formula and the spellings of its arguments
    to a spelling. `joined` writes factors side by side; `joint` is how tightly.
    """

    words: dict[str, Callable[[Style, Formula, list[Said]], Said]]
    joint: int
    joined: Callable[[Sequence[str]], str]
    number: Callable[[Number, bool], str]
    over: Callable[[Style, str, list[Said]], Said]
    bracketed: Callable[[str], str]
    signs: dict[str, str]
    spreads: bool = False
    divides: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    reserved: frozenset[str] = frozenset()
    may_be_bare: bool = False
    bare: bool = False

    def within(self, said: Said, level: int) -> str:
        """The spelling as an operand of an operator of that level."""
        return said.text if said.level >= level else self.bracketed(said.text)


def plain_number(c: Number, factor: bool) -> str:
    """A number; a long decimal fraction as a decimal."""
    if isinstance(c, Fraction):
        return _decimal(c) or f"{c.numerator}/{c.denominator}"
    if isinstance(c, complex):
        raise UnsupportedError("complex numbers have no spelling in the text language")
    return str(c)


def is_decimal(c: Fraction) -> bool:
    return _decimal(c) is not None


def _decimal(c: Fraction) -> str | None:
    """A fraction over a large power of ten, digit by digit."""
    n, twos, fives = c.denominator, 0, 0
    while n % 2 == 0:
        n, twos = n // 2, twos + 1
    while n % 5 == 0:
        n, fives = n // 5, fives + 1
    if n != 1 or c.denominator < 1000:
        return None
    places = max(twos, fives)
    digits = str(abs(c.numerator) * 10**places // c.denominator).rjust(places + 1, "0")
    sign = "-" if c < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def paper_number(c: Number, factor: bool) -> str:
    """As in the plain style; a fraction in front of a factor in parentheses."""
    text = plain_number(c, factor)
    return f"({text})" if factor and "/" in text else text
