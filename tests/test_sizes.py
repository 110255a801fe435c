"""Sizes: arithmetic against numbers, texts there and back, what is refused."""

from __future__ import annotations

import operator
from fractions import Fraction
from itertools import product
from random import Random

import pytest

from indexcalc import sizes
from indexcalc.errors import BudgetError, ShapeError
from indexcalc.sizes import (
    Dim,
    Size,
    as_size,
    dim,
    is_size,
    lengths,
    names_in,
    over,
    parse_shape,
    parse_size,
    plus,
    polynomial,
    replace,
    shape_text,
    size_text,
    times,
    triangle,
    value_of,
)

N, M, P = dim("n"), dim("m"), dim("p")
VALUES = [dict(zip("nmp", at, strict=True)) for at in product((0, 1, 2, 5), repeat=3)]


def drawn(rng: Random, depth: int = 3) -> tuple[Size, str]:
    """A random size and a text of it, with all its parentheses."""
    if not depth or rng.random() < 0.2:
        leaf: Size = rng.choice((0, 1, 2, 7, N, M, P))
        return leaf, size_text(leaf)
    (a, left), (b, right) = drawn(rng, depth - 1), drawn(rng, depth - 1)
    sign, made = rng.choice((("+", plus(a, b)), ("*", times(a, b))))
    return made, f"({left}{sign}{right})"


def number(text: str, values: dict[str, int]) -> int:
    """What a text of a size is worth."""
    return int(eval(text, dict(values)))


def test_arithmetic_is_that_of_numbers() -> None:
    """Sizes add and multiply as their values do, and their texts say them."""
    rng = Random(0)
    for _ in range(300):
        size, text = drawn(rng)
        assert parse_size(text) == size == parse_size(size_text(size))
        assert names_in(size) <= set("nmp")
        for values in VALUES[::7]:
            assert value_of(size, values) == number(text, values)
            assert lengths({dim(k): v for k, v in values.items()})(size) == value_of(
                size, values
            )


def test_equal_polynomials_are_equal_sizes() -> None:
    """Two sizes are equal just where their values are, at enough points."""
    rng = Random(1)
    many = [drawn(rng, 2)[0] for _ in range(120)]
    table = [tuple(value_of(size, at) for at in VALUES) for size in many]
    for one, first in zip(many, table, strict=True):
        for two, second in zip(many, table, strict=True):
            assert (one == two) == (first == second)
            assert one != two or hash(one) == hash(two)


def test_replacing_names() -> None:
    """A size with names replaced has the value at the replacements' values."""
    rng = Random(2)
    for _ in range(100):
        size, a, b = (drawn(rng, 2)[0] for _ in range(3))
        new = replace(size, {"n": a, "m": b})
        for values in VALUES[::5]:
            inner = values | {"n": value_of(a, values), "m": value_of(b, values)}
            assert value_of(new, values) == value_of(size, inner)
    assert replace(times(2, N), {"m": 3}) == times(2, N)
    assert replace(triangle(N), {"n": 4}) == 10
    assert replace(7, {"n": 4}) == 7


TEXTS: dict[str, Size] = {
    "0": plus(),
    "1": times(),
    "3": 3,
    "n": N,
    "2*n+1": plus(1, times(2, N)),
    "m+n": plus(N, M),
    "m*n": times(N, M),
    "m*n+p": plus(P, times(N, M)),
    "n*n": times(N, N),
    "(n+n*n)/2": triangle(N),
    "(m+m*m)/2": over(times(M, plus(M, 1)), 2),
}


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text: str) -> None:
    """How sizes are written, and read back."""
    size = TEXTS[text]
    assert size_text(size) == str(size) == text
    assert parse_size(text) == as_size(text) == size
    assert repr(size) == (text if isinstance(size, int) else f"Dim({text!r})")


def test_shapes_as_text() -> None:
    """A sum stands in parentheses where it is one of several, a quotient never."""
    assert shape_text(()) == "scalar"
    assert shape_text((plus(N, 1),)) == "n+1"
    assert shape_text((plus(N, 1), 3)) == "(n+1)×3"
    assert shape_text((triangle(N), N)) == "(n+n*n)/2×n"
    assert shape_text((times(N, M), M)) == "m*n×m"


def test_shapes_are_read() -> None:
    """From texts with blanks or commas, from sequences, from one size."""
    assert parse_shape("n, m*p") == parse_shape("n m*p") == (N, times(M, P))
    assert parse_shape(["n", 3, M]) == (N, 3, M)
    assert parse_shape(("2*n+1",)) == (plus(1, times(2, N)),)
    assert parse_shape(4) == (4,)
    assert parse_shape(N) == (N,)
    assert parse_shape("") == ()


def test_what_is_a_size() -> None:
    """Whole numbers that are not negative, and symbolic sizes."""
    assert all(map(is_size, (0, 1, 10**9, N, triangle(N))))
    assert not any(map(is_size, (True, False, -1, 1.0, "n", None, Fraction(2))))


def test_operators() -> None:
    """+ and * of sizes and numbers, on either side; of nothing else."""
    assert N + 1 == 1 + N == plus(N, 1)
    assert N * 2 == 2 * N == times(N, 2)
    assert N + M == M + N
    assert times(M, N) == N * M
    for other in (1.5, "m", -1, None):
        for sign in (operator.add, operator.mul):
            with pytest.raises(TypeError):
                sign(N, other)
            with pytest.raises(TypeError):
                sign(other, N)
    assert N != "n"
    assert (N == 3) is False


def test_polynomials() -> None:
    """Like terms are added, zeros dropped, a number is a number."""
    assert polynomial([(("n",), 1), (("n",), 2), ((), 1)]) == plus(times(3, N), 1)
    assert polynomial([(("n",), 1), (("n",), -1)]) == 0
    assert polynomial([]) == 0
    assert polynomial([((), Fraction(4, 2))]) == 2
    assert isinstance(polynomial([((), Fraction(4, 2))]), int)
    half = polynomial([(("n",), Fraction(1, 2)), (("n",), Fraction(1, 2))])
    assert half == N
    assert type(half.terms[0][1]) is int


def test_terms_are_sorted() -> None:
    """Whatever the order in which they came."""
    total = plus(times(N, M), P, 3, M)
    assert isinstance(total, Dim)
    assert total.terms == tuple(sorted(total.terms))
    for parts in ((3, P, M, times(M, N)), (M, times(N, M), 3, P)):
        again = plus(*parts)
        assert isinstance(again, Dim)
        assert again.terms == total.terms


def test_quotients() -> None:
    """Whole whatever the names stand for, or refused."""
    assert over(12, 4) == 3
    assert over(times(6, N), 3) == times(2, N)
    for n in range(6):
        assert value_of(triangle(N), {"n": n}) == triangle(n) == n * (n + 1) // 2
    product_of_three = times(N, plus(N, 1), plus(N, 2))
    assert value_of(over(product_of_three, 6), {"n": 4}) == 20
    both = times(triangle(N), triangle(M))
    assert value_of(both, {"n": 3, "m": 4}) == 60
    for size, divisor in ((N, 2), (7, 2), (times(N, N), 2), (times(N, M), 2)):
        with pytest.raises(ShapeError, match="is not always a whole number"):
            over(size, divisor)
    with pytest.raises(ShapeError, match="is not always"):
        over(times(N, plus(N, 1), plus(M, 1)), 4)


def test_a_quotient_of_too_many_names_is_refused() -> None:
    """A grid of at most a thousand points is tried."""
    nine, ten = (times(*(dim(f"a{k}") for k in range(count))) for count in (9, 10))
    assert over(times(2, nine), 2) == nine
    with pytest.raises(BudgetError, match="too many names"):
        over(times(2, ten), 2)


def test_values() -> None:
    """A product with an empty axis is empty whatever else it has."""
    assert value_of(times(N, M), {"n": 0}) == 0
    assert value_of(plus(times(N, M), 2), {"n": 0}) == 2
    with pytest.raises(ShapeError, match="the size m is not known") as caught:
        value_of(plus(N, M), {"n": 2})
    assert "sizes={'m': …}" in str(caught.value)
    with pytest.raises(ShapeError, match="the size m"):
        value_of(times(N, M), {"n": 2})
    assert type(value_of(triangle(N), {"n": 3})) is int


def test_lengths_of_compound_sizes() -> None:
    """A compound size may be known by itself."""
    length = lengths({plus(N, 1): 8, M: 3})
    assert [length(size) for size in (plus(N, 1), M, times(M, M), 5)] == [8, 3, 9, 5]
    assert lengths({N: 0})(N) == 0
    with pytest.raises(ShapeError, match="the size n"):
        length(N)


# -- limits ----------------------------------------------------------------------------


def wide(count: int, letter: str) -> Size:
    """A sum of different names."""
    return plus(*(dim(f"{letter}{k}") for k in range(count)))


def test_products_of_long_sums_are_refused() -> None:
    """A thousand terms are multiplied out, more are not."""
    size = times(wide(25, "a"), wide(40, "b"))
    assert isinstance(size, Dim)
    assert len(size.terms) == sizes.MAX_TERMS == 1_000
    with pytest.raises(BudgetError, match="1000 terms"):
        times(wide(7, "a"), wide(143, "b"))


def test_long_texts_are_refused() -> None:
    """By their characters, their digits, their parentheses."""
    longest = "n" + " " * (sizes._LIMIT - 1)
    assert parse_size(longest) == N
    with pytest.raises(ShapeError, match=f"{sizes._LIMIT + 1} characters"):
        parse_size(longest + " ")
    assert parse_size("9" * sizes._DIGITS) == 10**sizes._DIGITS - 1
    with pytest.raises(ShapeError, match="not a size"):
        parse_size("1" * (sizes._DIGITS + 1))
    assert parse_size("(" * 50 + "n" + ")" * 50) == N
    with pytest.raises(ShapeError, match="not a size"):
        parse_size("(" * 51 + "n" + ")" * 51)


# -- what is refused -------------------------------------------------------------------

#: A text that is no size, and where that is seen.
UNREADABLE = {
    "n+": 2,
    "+n": 0,
    "n n": 2,
    "(n": 0,
    "2+(n*m": 2,
    "n)": 1,
    "()": 1,
    "n-1": 1,
    "n**2": 2,
    "3/n": 1,
    "2*n/0": 3,
    "n/(m+1)": 1,
    "2n": 1,
    "²": 0,
    "n^2": 1,
    "*": 0,
    "/": 0,
    "1.5": 1,
    "٣": 0,
    "1" * 3_000: 0,
}


@pytest.mark.parametrize("text", UNREADABLE)
def test_texts_that_are_no_sizes(text: str) -> None:
    """Refused with the place."""
    with pytest.raises(ShapeError, match="is not a size") as caught:
        parse_size(text)
    assert (caught.value.text, caught.value.position) == (text, UNREADABLE[text])


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_no_size(text: str) -> None:
    """An empty text is refused as such."""
    with pytest.raises(ShapeError, match="empty"):
        parse_size(text)


def test_readable_texts() -> None:
    """Blanks anywhere, names with digits and marks, quotients with a rest of names."""
    assert parse_size(" 2 * ( n + 1 ) ") == plus(times(2, N), 2)
    assert parse_size("n1*α_2") == times(dim("n1"), dim("α_2"))
    assert parse_size("n*(n+1)/2*m") == times(triangle(N), M)
    assert parse_size("6*n/2/3") == N
    assert parse_size("2*3+4*5") == 26
    assert parse_size("2*(3+4)*5") == 70
    assert parse_size("(n)+(m)") == plus(N, M)
    assert parse_size("_") == dim("_")


def test_things_that_are_no_sizes() -> None:
    """Truths, negative numbers, fractions and floats are refused as sizes."""
    import numpy as np

    assert as_size(np.int64(4)) == 4
    assert type(as_size(np.int64(4))) is int
    assert as_size(0) == 0
    for wrong in (True, 1.5, None, -1, [3], np.int64(-2)):
        with pytest.raises(ShapeError, match="size"):
            as_size(wrong)
    with pytest.raises(ShapeError, match="negative, and this is -1"):
        as_size(-1)
    for name in ("", "2n", "n m", "n-1"):
        with pytest.raises(ShapeError, match="not a name for a size"):
            dim(name)
