"""Coefficients: exact arithmetic, and where it stops being exact."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.coefficients import (
    MAX_BITS,
    MAX_INTEGER_BITS,
    Number,
    as_number,
    content,
    divide,
    multiply,
    number_key,
    number_text,
    plus,
    power,
)
from indexcalc.errors import BudgetError, EvaluationError, UnsupportedError

HALF, TENTH = Fraction(1, 2), Fraction(1, 10)
EXACT: list[Number] = [0, 1, -1, 2, -3, HALF, -TENTH, Fraction(7, 3), 10**30]
INEXACT: list[Number] = [1j, 2 - 1j, 0.5 + 0.5j]
PAIRS = list(product(INEXACT, [*EXACT[1:], *INEXACT]))


def same(got: Number | None, want: Number | None) -> bool:
    """Equal, and of one type."""
    return type(got) is type(want) and got == want


# -- what a scalar stands for ----------------------------------------------------------

READ: list[tuple[Any, Number]] = [
    (3, 3),
    (True, 1),
    (0.5, HALF),
    (0.1, TENTH),
    (2.0, 2),
    (-0.0, 0),
    (1e-9, Fraction(1, 10**9)),
    (1 / 3, Fraction("0.3333333333333333")),
    (Fraction(4, 2), 2),
    (Fraction(2, 4), HALF),
    (np.float64(0.1), TENTH),
    (np.float32(0.5), HALF),
    (np.int8(-3), -3),
    (np.bool_(True), 1),
    (np.complex128(2), 2),
    (2 + 0j, 2),
    (0.5 + 0j, HALF),
    (1j, 1j),
    (2.5 - 1j, 2.5 - 1j),
    (1e300, 10**300),
]


@pytest.mark.parametrize(("value", "number"), READ, ids=repr)
def test_scalars_are_read(value: Any, number: Number) -> None:
    """As the exact number that is written."""
    assert same(as_number(value), number)


@pytest.mark.parametrize("value", READ, ids=repr)
def test_reading_again_changes_nothing(value: tuple[Any, Number]) -> None:
    """A number stands for itself."""
    assert same(as_number(value[1]), value[1])


def test_a_zero_real_part_has_no_sign() -> None:
    """Equal complex numbers have one key."""
    assert number_key(as_number(complex(-0.0, 1))) == number_key(as_number(1j))
    assert math.copysign(1, complex(as_number(complex(-0.0, 2))).real) == 1


@pytest.mark.parametrize(
    "wrong", [math.nan, math.inf, -math.inf, complex(0, math.inf), "2", None, [1]]
)
def test_what_is_no_number(wrong: object) -> None:
    """Refused."""
    with pytest.raises(EvaluationError, match=r"cannot be a coefficient|not a number"):
        as_number(wrong)


def test_long_fractions_become_floats() -> None:
    """Up to a thousand bits of numerator and denominator together are kept."""
    longest = Fraction(2 ** (MAX_BITS // 2 - 1) + 1, 2 ** (MAX_BITS // 2 - 1))
    assert longest.numerator.bit_length() * 2 == MAX_BITS
    assert same(as_number(longest), longest)
    over = Fraction(2 ** (MAX_BITS // 2) + 1, 2 ** (MAX_BITS // 2 - 1))
    assert same(as_number(over), float(over))
    assert same(multiply(longest, HALF), float(longest / 2))
    assert same(plus(longest, Fraction(1, 3)), float(longest + Fraction(1, 3)))
    beyond_floats = Fraction(10**400, 3)
    assert same(as_number(beyond_floats), beyond_floats)


def test_no_number_is_lost_for_being_small() -> None:
    """What no float holds with all its digits stays a fraction, and comes back whole;
    where a float is due, it is refused."""
    for small in (Fraction(1, 10**400), Fraction(2, 3**700), Fraction("1e-315")):
        assert same(as_number(small), small)
        assert multiply(small, 1 / small) == 1
    rounded = as_number(Fraction(2**1100 + 1, 2**1101))
    with pytest.raises(EvaluationError, match="too small"):
        multiply(rounded, Fraction(1, 10**400))
    for far in (10**400, Fraction(10**400, 3), Fraction(1, 10**400)):
        with pytest.raises(EvaluationError, match="for floats"):
            divide(rounded, far)
    with pytest.raises(BudgetError):
        as_number(Fraction(1, 2**MAX_INTEGER_BITS))
    x: Any = ic.tensor("x", 1)
    assert x * 1e-200 * 1e-200 * 10**400 == x
    assert (x * 1e-200 * 1e-200).diff(x) != 0 * ic.eye(1)
    with pytest.raises(EvaluationError, match="too small"):
        (x * 1e-200 * 1e-200).evaluate(x=[1e300])
    with pytest.raises(UnsupportedError, match="too small"):
        (x * 1e-200 * 1e-200).code()


def test_long_integers_are_refused() -> None:
    """Up to eight thousand bits are kept."""
    longest = 2**MAX_INTEGER_BITS - 1
    assert as_number(longest) == longest
    for made in (
        lambda: as_number(longest + 1),
        lambda: as_number(Fraction(longest + 1)),
        lambda: plus(longest, 1),
        lambda: multiply(longest, 2),
        lambda: divide(longest * HALF, Fraction(1, 4)),
    ):
        with pytest.raises(BudgetError, match="8192 bits"):
            made()
    with pytest.raises(BudgetError):
        as_number(True * (longest + 1))


# -- arithmetic ------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), list(product(EXACT, EXACT)), ids=str)
def test_exact_arithmetic(a: Number, b: Number) -> None:
    """That of fractions, whole ones as integers."""
    exact = Fraction(a), Fraction(b)  # type: ignore[arg-type]
    assert same(multiply(a, b), as_number(exact[0] * exact[1]))
    assert same(plus(a, b), as_number(exact[0] + exact[1]))
    if b:
        assert same(divide(a, b), as_number(exact[0] / exact[1]))
    else:
        with pytest.raises(EvaluationError, match="division by the number zero"):
            divide(a, b)


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=str)
def test_complex_arithmetic(a: Number, b: Number) -> None:
    """That of complex numbers; a real quotient is a real number."""
    assert multiply(a, b) == multiply(b, a) == a * b
    assert plus(a, b) == plus(b, a) == a + b
    assert divide(a, b) == pytest.approx(complex(a) / complex(b))
    assert same(divide(a, a), 1)
    assert divide(b, a) == pytest.approx(complex(b) / complex(a))


@pytest.mark.parametrize(
    ("base", "exponent"), list(product(EXACT, range(-3, 4))), ids=str
)
def test_powers(base: Any, exponent: int) -> None:
    """Exact; zero has no negative ones."""
    if base == 0 and exponent < 0:
        with pytest.raises(EvaluationError, match="zero to a negative power"):
            power(base, exponent)
    else:
        assert same(power(base, exponent), as_number(Fraction(base) ** exponent))


def test_powers_that_are_not_taken() -> None:
    """Fractional ones, those of inexact numbers, and long ones."""
    assert power(4, HALF) is None
    assert power(1j, 2) is None
    assert power(0.5, 2) is None
    # 2 is 2 bits over 1 bit: 3 of 4096.
    assert power(2, 1365) == 2**1365
    assert power(2, 1366) is None
    assert power(2, -1366) is None
    assert power(HALF, 1365) == HALF**1365
    assert power(0, 4 * MAX_BITS) == 0
    assert power(0, 4 * MAX_BITS + 1) is None


# -- keys, contents and texts ----------------------------------------------------------


def test_keys_tell_numbers_apart() -> None:
    """One key for each number."""
    many = [*EXACT, *INEXACT, 0.25, 1e-300, 0.1, 2 + 1j, 1 + 2j, -1j]
    keys = [number_key(value) for value in many]
    assert len(set(keys)) == len(many)
    assert number_key(255) == "0xff"
    assert number_key(Fraction(-3, 16)) == "-0x3/0x10"
    assert number_key(1 + 2j) == f"{(1.0).hex()},{(2.0).hex()}"


@pytest.mark.parametrize(
    ("values", "shared"),
    [
        ([], 1),
        ([-2, 4], -2),
        ([6, 9], 3),
        ([HALF, Fraction(3, 4)], Fraction(1, 4)),
        ([Fraction(-2, 3), Fraction(4, 9)], Fraction(-2, 9)),
        ([5], 5),
        ([2, 0.5], 1),
        ([4, 2j], 1),
    ],
    ids=str,
)
def test_what_coefficients_share(values: list[Number], shared: Number) -> None:
    """The greatest common divisor, with the sign of the first."""
    assert same(content(values), shared)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"),
        (HALF, "1/2"),
        (Fraction(7, 9), "7/9"),
        (TENTH, "0.1"),
        (Fraction(5, 8), "5/8"),
        (Fraction(1, 16), "0.0625"),
        (Fraction(1, 11), "1/11"),
        (Fraction(1, 10**9), "1e-09"),
        (1j, "1j"),
        (0.25, "0.25"),
    ],
    ids=str,
)
def test_texts(value: Number, text: str) -> None:
    """Short decimals as such, other fractions as quotients."""
    assert number_text(value) == text
