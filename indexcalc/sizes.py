"""Sizes of axes: non-negative integers, names, and sums and products of sizes.

A literal size is a Python `int`; a symbolic one is a `Dim`, a polynomial in size names
with positive coefficients, kept sorted, so that equal sizes are equal objects. The
coefficients are integers, or fractions where the value is whole all the same, as in
n(n+1)/2, the number of entries of a triangle.

>>> size_text(times(plus(dim("n"), 1), dim("p")))
'n*p+p'
>>> plus(dim("n"), dim("n")) == times(2, dim("n"))
True
>>> size_text(triangle(dim("n"))), triangle(4)
('(n+n*n)/2', 10)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import lcm
from operator import index
from typing import Any, TypeGuard

from .errors import BudgetError, ShapeError
from .legible import quoted

Monomial = tuple[str, ...]
Coefficient = int | Fraction
Terms = tuple[tuple[Monomial, Coefficient], ...]

#: The most terms of a size, factors of one of them, and bits of a number in it.
MAX_TERMS, MAX_DEGREE, MAX_BITS = 1_000, 1_000, 8_192

#: The most names in all terms together, and steps to see whether a quotient is whole.
MAX_FACTORS, MAX_WORK = 5_000, 100_000


class Dim:
    """A symbolic size: `terms` are (names of a product, coefficient), sorted; `text` is
    how it is written. Immutable; equal sizes have equal texts."""

    __slots__ = ("_hash", "terms", "text")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.text = _polynomial_text(terms)
        self._hash = hash(self.text)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Dim) and self.text == other.text)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Dim({self.text!r})"

    def __add__(self, other: object) -> Size:
        return plus(self, other) if is_size(other) else NotImplemented

    def __mul__(self, other: object) -> Size:
        return times(self, other) if is_size(other) else NotImplemented

    __radd__ = __add__
    __rmul__ = __mul__


Size = int | Dim
Shape = tuple[Size, ...]


def is_size(value: object) -> TypeGuard[Size]:
    """Whether a value is a size: a `Dim`, or an integer that is not negative."""
    if isinstance(value, bool):
        return False
    return isinstance(value, Dim) or (isinstance(value, int) and value >= 0)


@lru_cache(maxsize=4096)
def dim(name: str) -> Dim:
    """The symbolic size called `name`.

    >>> dim("n")
    Dim('n')
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ShapeError(f"{quoted(name)} is not a name for a size", hint="use letters")
    if len(name) > _LONGEST:
        raise ShapeError(f"the name of a size has at most {_LONGEST} characters")
    return Dim((((_identifier(name),), 1),))


def _identifier(name: str) -> str:
    """The name as Python reads identifiers, so that two that look alike are one."""
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFKC", name)


def _terms(size: Size) -> Terms:
    if isinstance(size, Dim):
        return size.terms
    return (((), size),) if size else ()


def polynomial(terms: Iterable[tuple[Monomial, Coefficient]]) -> Size:
    """The size with these terms, like ones added.

    >>> polynomial([(("n",), 1), (("n",), 2)])
    Dim('3*n')
    """
    total: dict[Monomial, Coefficient] = {}
    for monomial, coefficient in terms:
        total[monomial] = total.get(monomial, 0) + coefficient
    kept = tuple(sorted((m, _reduced(c)) for m, c in total.items() if c))
    if not kept:
        return 0
    if len(kept) == 1 and kept[0][0] == ():
        return int(kept[0][1])
    if len(kept) > MAX_TERMS or sum(len(m) for m, _ in kept) > MAX_FACTORS:
        raise BudgetError(
            f"a size of more than {MAX_TERMS} terms or {MAX_FACTORS} names"
        )
    return Dim(kept)


def _reduced(coefficient: Coefficient) -> Coefficient:
    whole = coefficient.denominator == 1
    return int(coefficient) if whole else coefficient


def plus(*sizes: Size) -> Size:
    """The sum of sizes: the length of a concatenated axis."""
    if all(isinstance(size, int) for size in sizes):
        return sum(sizes)
    return polynomial(term for size in sizes for term in _terms(size))


def times(*sizes: Size) -> Size:
    """The product of sizes: the length of a grouped axis; 1 for none.

    Raises `BudgetError` for a size of too many terms, factors or digits.
    """
    total: Size = 1
    for size in sizes:
        if isinstance(total, int) and isinstance(size, int):
            total *= size
            if total.bit_length() > MAX_BITS:
                raise BudgetError(f"a size of more than {MAX_BITS} bits")
        elif total == 1:
            total = size
        elif size != 1:
            total = _product_of(total, size)
    return total


def _product_of(a: Size, b: Size) -> Size:
    """The product of two sizes, multiplied out."""
    if len(_terms(a)) * len(_terms(b)) > MAX_TERMS:
        raise BudgetError(f"a size of more than {MAX_TERMS} terms")
    if _degree(a) + _degree(b) > MAX_DEGREE:
        raise BudgetError(f"a size of more than {MAX_DEGREE} factors")
    result = polynomial(
        (tuple(sorted(m1 + m2)), c1 * c2)
        for (m1, c1), (m2, c2) in product(_terms(a), _terms(b))
    )
    if any(c.numerator.bit_length() > MAX_BITS for _, c in _terms(result)):
        raise BudgetError(f"a size of more than {MAX_BITS} bits")
    return result


def _degree(size: Size) -> int:
    """How many factors a term of a size has at most."""
    return max((len(monomial) for monomial, _ in _terms(size)), default=0)


def over(size: Size, divisor: int) -> Size:
    """size / divisor, where it is a whole number whatever the names stand for.

    >>> over(times(dim("n"), plus(dim("n"), 1)), 2) == triangle(dim("n"))
    True

    Raises `ShapeError` where it is not.
    """
    terms = tuple((m, _reduced(Fraction(c, divisor))) for m, c in _terms(size))
    if not _is_whole(terms):
        raise ShapeError(
            f"{size_text(size)} divided by {divisor} is not always a whole number"
        )
    return polynomial(terms)


def _is_whole(terms: Terms) -> bool:
    """Whether a polynomial has integer values only: it has them everywhere if it has
    them on a grid with one point more than its degree along each name."""
    names = sorted({name for m, _ in terms for name in m})
    weight = sum(1 + len(m) for m, _ in terms)
    if len(names) * weight > MAX_WORK:
        raise BudgetError("a quotient of sizes with too many names")
    grid = [range(1 + max(m.count(name) for m, _ in terms)) for name in names]
    count = 1
    for points in grid:
        count *= len(points)
        if count > MAX_TERMS or count * weight > MAX_WORK:
            raise BudgetError("a quotient of sizes with too many names")
    values = (dict(zip(names, point, strict=True)) for point in product(*grid))
    return all(_exact_value(terms, at).denominator == 1 for at in values)


def _exact_value(terms: Terms, values: Mapping[str, int]) -> Coefficient:
    total: Coefficient = 0
    for monomial, coefficient in terms:
        for name in monomial:
            coefficient *= values[name]
        total += coefficient
    return total


def triangle(n: Size) -> Size:
    """n(n+1)/2: the number of entries of a triangle with its diagonal."""
    return over(times(n, plus(n, 1)), 2)


def size_text(size: Size) -> str:
    """How a size is written: `3`, `n`, `n*p`, `2*n+1`.

    >>> size_text(plus(1, times(2, dim("n"))))
    '2*n+1'
    """
    return size.text if isinstance(size, Dim) else str(size)


def _polynomial_text(terms: Terms) -> str:
    common = lcm(*(c.denominator for _, c in terms))
    ordered = sorted(terms, key=lambda term: (not term[0], term[0]))
    text = "+".join(_monomial_text(m, int(c * common)) for m, c in ordered)
    return text if common == 1 else f"({text})/{common}"


def _monomial_text(monomial: Monomial, coefficient: int) -> str:
    factors = list(monomial)
    if coefficient != 1 or not factors:
        factors.insert(0, str(coefficient))
    return "*".join(factors)


def shape_text(shape: Iterable[Size]) -> str:
    """A shape as people write it: `n×p`, `3`, `scalar`.

    >>> shape_text((dim("n"), 3)), shape_text(())
    ('n×3', 'scalar')
    """
    parts = [size_text(size) for size in shape]
    if len(parts) > 1:
        parts = [f"({p})" if "+" in p and "/" not in p else p for p in parts]
    return "×".join(parts) or "scalar"


def names_in(size: Size) -> frozenset[str]:
    """The names a size is made of."""
    return frozenset(name for m, _ in _terms(size) for name in m)


def value_of(size: Size, values: Mapping[str, int]) -> int:
    """The integer a size stands for.

    >>> value_of(plus(dim("n"), 1), {"n": 4})
    5

    Raises `ShapeError` when a name has no value.
    """
    total: Coefficient = 0
    for monomial, coefficient in _terms(size):
        if any(values.get(name) == 0 for name in monomial):
            continue
        for name in monomial:
            if name not in values:
                raise ShapeError(
                    f"the size {name} is not known from the arrays given",
                    hint=f"pass sizes={{{name!r}: …}}",
                )
            coefficient *= values[name]
        total += coefficient
    return int(total)


def lengths(known: Mapping[Any, int]) -> Callable[[Size], int]:
    """The number that any size stands for, by those of names and of some compound
    sizes.

    >>> lengths({dim("n"): 4})(plus(dim("n"), 1))
    5
    """
    names = {str(size): n for size, n in known.items()}

    def length(size: Size) -> int:
        if isinstance(size, int):
            return size
        found = known.get(size)
        return value_of(size, names) if found is None else found

    return length


def replace(size: Size, values: Mapping[str, Size]) -> Size:
    """`size` with names replaced by other sizes."""
    if isinstance(size, int) or not any(name in values for name in names_in(size)):
        return size
    parts = [
        (times(*(values.get(name, dim(name)) for name in monomial)), c)
        for monomial, c in size.terms
    ]
    return polynomial((m, c * k) for part, c in parts for m, k in _terms(part))


def as_size(value: object) -> Size:
    """A size from an `int`, a name, a `Dim` or a text such as `"2*n+1"`.

    Raises `ShapeError` for anything else, truth values and floats too.
    """
    if isinstance(value, Dim):
        return value
    if isinstance(value, str):
        return parse_size(value)
    number = _whole(value)
    if number is None:
        hint = "give a number or a name"
        raise ShapeError(f"{quoted(value)} is not a size", hint=hint)
    if number < 0:
        raise ShapeError(f"a size cannot be negative, and this is {quoted(number)}")
    if number.bit_length() > MAX_BITS:
        raise ShapeError(f"a size of more than {MAX_BITS} bits is out of range")
    return number


def _whole(value: object) -> int | None:
    """The integer that a value is, if it is one; truth values are none."""
    if isinstance(value, bool):
        return None
    try:
        return int(index(value))  # type: ignore[arg-type]
    except Exception:
        return None


#: The most characters of a size, of a name in it and of a number, and the most
#: divisions and parentheses inside one another.
_LIMIT, _LONGEST, _DIGITS, _DIVISIONS, _DEPTH = 4_000, 1_000, 2_466, 16, 50

_WORD = re.compile(r"\s*(?:([0-9]+)|([^\W\d]\w*)|([+*/()])|(\S))")


def parse_size(text: str) -> Size:
    """Reads a size: integers, names, `+`, `*`, parentheses, and `/` by a number where
    that leaves no remainder.

    >>> parse_size("m*(n+1)"), parse_size("n*(n+1)/2")
    (Dim('m+m*n'), Dim('(n+n*n)/2'))

    Raises `ShapeError`, with the place, for what is no size, `BudgetError` for one of
    too many terms.
    """
    if text.isidentifier():
        return dim(text)
    if len(text) > _LIMIT:
        raise ShapeError(f"a size of {len(text)} characters is over {_LIMIT}")
    tokens = _tokens(text)
    if not tokens:
        raise ShapeError(
            "an empty size", text=text, position=0, hint="give a number or a name"
        )
    size, rest = _sum(tokens, 0, text, 0)
    if rest != len(tokens):
        raise _unreadable(text, tokens[rest][1])
    return size


def _unreadable(text: str, position: int) -> ShapeError:
    return ShapeError(
        f"{quoted(text)} is not a size",
        text=text,
        position=position,
        hint="numbers, names, + and *",
    )


def _tokens(text: str) -> list[tuple[str, int]]:
    tokens = []
    for word in _WORD.finditer(text):
        number, name, _, other = word.groups()
        start = word.start(word.lastindex or 0)
        unread = other or (name and not name.isidentifier())
        if unread or len(number or "") > _DIGITS or len(name or "") > _LONGEST:
            raise _unreadable(text, start)
        tokens.append((word[word.lastindex or 0], start))
    if sum(token == "/" for token, _ in tokens) > _DIVISIONS:
        raise BudgetError(f"a size of more than {_DIVISIONS} quotients")
    return tokens


def _sum(
    tokens: list[tuple[str, int]], i: int, text: str, depth: int
) -> tuple[Size, int]:
    term, i = _product(tokens, i, text, depth)
    terms = [term]
    while i < len(tokens) and tokens[i][0] == "+":
        term, i = _product(tokens, i + 1, text, depth)
        terms.append(term)
    return plus(*terms), i


def _product(
    tokens: list[tuple[str, int]], i: int, text: str, depth: int
) -> tuple[Size, int]:
    total, i = _atom(tokens, i, text, depth)
    while i < len(tokens) and tokens[i][0] in "*/":
        sign, position = tokens[i]
        factor, i = _atom(tokens, i + 1, text, depth)
        if sign == "*":
            total = times(total, factor)
        elif isinstance(factor, int) and factor:
            total = over(total, factor)
        else:
            raise _unreadable(text, position)
    return total, i


def _atom(
    tokens: list[tuple[str, int]], i: int, text: str, depth: int
) -> tuple[Size, int]:
    if i >= len(tokens) or depth > _DEPTH:
        raise _unreadable(text, len(text) if i >= len(tokens) else tokens[i][1])
    token, position = tokens[i]
    if token == "(":
        inner, i = _sum(tokens, i + 1, text, depth + 1)
        if i >= len(tokens) or tokens[i][0] != ")":
            raise _unreadable(text, position)
        return inner, i + 1
    if token.isdecimal():
        return int(token), i + 1
    if token in "+*/)":
        raise _unreadable(text, position)
    return dim(token), i + 1


def parse_shape(value: object) -> Shape:
    """A shape from `"n p"`, `"n×p"`, `3`, `("n", 3)`, `""` (a scalar).

    >>> parse_shape("n m*p"), parse_shape(3), parse_shape("")
    ((Dim('n'), Dim('m*p')), (3,), ())

    Raises `ShapeError` for anything else; sets, mappings and bytes are no shapes.
    """
    if not isinstance(value, (str, tuple, list)) and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str):
        words = value.replace(",", " ").replace("×", " ").split()
        return tuple(map(parse_size, words))
    if isinstance(value, (tuple, list)):
        return tuple(map(as_size, value))
    return (as_size(value),)
