"""Exact coefficients: integers and fractions first, floats and complex where they must
be.

A Python float becomes the fraction its shortest decimal names, which converts back to
the same float, so that 0.5·2 is 1 and 0.1 prints as 1/10. Fractions that grow past
`MAX_BITS` fall back to floats, where a float holds them.

>>> as_number(0.5), as_number(2.0), multiply(Fraction(1, 3), 3)
(Fraction(1, 2), 2, 1)
"""

from __future__ import annotations

import cmath
import math
import sys
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from .errors import BudgetError, EvaluationError

Number: TypeAlias = int | Fraction | float | complex

MAX_BITS = 1024
MAX_INTEGER_BITS = 8192


def as_number(value: object) -> Number:
    """The exact number a Python or NumPy scalar stands for.

    Raises `EvaluationError` for what is not a finite number.
    """
    if type(value) is int:
        return _bounded(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int)):
        return _bounded(int(value))
    if isinstance(value, Fraction):
        return _reduced(value)
    if isinstance(value, float):
        return _from_float(value)
    if isinstance(value, complex):
        return _from_complex(value)
    raise EvaluationError(f"{value!r} is not a number")


def _from_float(value: float) -> Number:
    if not math.isfinite(value):
        raise EvaluationError(
            f"{value} cannot be a coefficient", hint="pass it as a variable's value"
        )
    return _reduced(Fraction(repr(value)))


def _from_complex(value: complex) -> Number:
    if not cmath.isfinite(value):
        raise EvaluationError(f"{value} cannot be a coefficient")
    if value.imag == 0:
        return _from_float(value.real)
    # Adding 0 takes the sign from a zero, so that equal numbers have one key.
    return complex(value.real + 0.0, value.imag)


def _reduced(value: Fraction) -> Number:
    if value.denominator == 1:
        return _bounded(value.numerator)
    if value.numerator.bit_length() + value.denominator.bit_length() <= MAX_BITS:
        return value
    try:
        near = float(value)
    except OverflowError:
        near = 0.0
    if abs(near) >= sys.float_info.min:
        return near
    # No float holds it with all its digits, and 0 least of all.
    return Fraction(_bounded(value.numerator), _bounded(value.denominator))


def multiply(a: Number, b: Number) -> Number:
    """The product, reduced."""
    if a == 1:
        return b
    if b == 1:
        return a
    try:
        found = as_number(a * b)
    except OverflowError:
        raise _beyond_floats("large") from None
    if found == 0 and a != 0 and b != 0:
        raise _beyond_floats("small")
    return found


def _bounded(value: int) -> int:
    """The value itself, unless it is too long to compute with."""
    if value.bit_length() > MAX_INTEGER_BITS:
        raise BudgetError(
            f"a number of more than {MAX_INTEGER_BITS} bits",
            hint="scale the expression",
        )
    return value


def plus(a: Number, b: Number) -> Number:
    """The sum, reduced."""
    try:
        return as_number(a + b)
    except OverflowError:
        raise _beyond_floats("large") from None


def _beyond_floats(what: str) -> EvaluationError:
    return EvaluationError(
        f"a number too {what} for floats meets one that has no exact form",
        hint="scale the expression",
    )


def divide(a: Number, b: Number) -> Number:
    """The exact quotient. Raises `EvaluationError` for a zero divisor."""
    if b == 0:
        raise EvaluationError("division by the number zero")
    if isinstance(a, (int, Fraction)) and isinstance(b, (int, Fraction)):
        return _reduced(Fraction(a) / b)
    try:
        found = as_number(complex(a) / complex(b))
    except OverflowError:
        raise _beyond_floats("large") from None
    except ZeroDivisionError:
        raise _beyond_floats("small") from None
    if found == 0 and a != 0:
        raise _beyond_floats("small")
    return found


def power(base: Number, exponent: Number) -> Number | None:
    """base^exponent if it is exact and small, else None."""
    if not isinstance(exponent, int) or isinstance(base, (float, complex)):
        return None
    if base == 0 and exponent < 0:
        raise EvaluationError("zero to a negative power")
    bits = (
        Fraction(base).numerator.bit_length() + Fraction(base).denominator.bit_length()
    )
    if abs(exponent) * bits > 4 * MAX_BITS:
        return None
    return as_number(Fraction(base) ** exponent)


def number_key(value: Number) -> str:
    """A text that tells equal numbers from different ones.

    >>> number_key(Fraction(2, 4)), number_key(0.1)
    ('0x1/0x2', '0x1.999999999999ap-4')
    """
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, complex):
        return f"{value.real.hex()},{value.imag.hex()}"
    if isinstance(value, int):
        return hex(value)
    return f"{hex(value.numerator)}/{hex(value.denominator)}"


def content(values: list[Number]) -> Number:
    """What all coefficients share: the gcd with the sign of the first; 1 if inexact.

    >>> content([-2, 4])
    -2
    """
    if not values or not all(isinstance(v, (int, Fraction)) for v in values):
        return 1
    exact = [Fraction(v) for v in values if isinstance(v, (int, Fraction))]
    common = Fraction(
        math.gcd(*(v.numerator for v in exact)),
        math.lcm(*(v.denominator for v in exact)),
    )
    return as_number(-common if exact[0] < 0 else common)


def number_text(value: Number) -> str:
    """How a number is written: `2`, `1/2`, `0.1`, `1e-09`.

    >>> number_text(Fraction(1, 2)), number_text(Fraction(1, 10))
    ('1/2', '0.1')
    """
    if isinstance(value, Fraction):
        if value.denominator < 10:
            return str(value)
        decimal = repr(float(value))
        return decimal if Fraction(decimal) == value else str(value)
    return str(value)
