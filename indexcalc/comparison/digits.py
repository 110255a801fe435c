"""Nodes at sample points with many digits: what floats take for equal is told apart.

Computed with 50 digits nothing is lost to rounding, and 1.0000001 cos x is not cos x.
Numbers that were floats, such as 2/√π in the derivative of erf, have but sixteen. There
are the functions of the table that act entry by entry, powers, norms, log-sum-exp,
inverses and determinants; of the others nothing is said.

>>> from indexcalc.expr import scale, tensor
>>> from indexcalc.functions import call
>>> x = tensor("x", ())
>>> s = call("sigmoid", [x])
>>> gap(s, scale(1.0000001, s), {"x": np.array(0.5)}, {})
Gap.APART
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from fractions import Fraction
from functools import partial
from math import prod
from typing import Any

import numpy as np

from ..coefficients import Number
from ..errors import EvaluationError
from ..nodes import Call, Node, variables
from ..pairwise import Array, Labelled, Labels, contract
from .sampling import Sample

#: With how many digits values are computed, and again where they differ.
DIGITS, MORE = 50, 70
#: What counts as a difference, beside 1 and the largest entry.
BAR = 1e-10
HALF = Fraction(1, 2)
#: How many numbers a product may hold, for each takes long.
MOST = 20_000


class Gap(Enum):
    """What the digits of two values say."""

    NONE = "they agree"
    APART = "they differ"
    UNKNOWN = "they are not both defined, or not by functions that are here"

    def __repr__(self) -> str:
        return f"Gap.{self.name}"


def gap(a: Node, b: Node, values: Mapping[str, Array], sizes: Mapping[str, int]) -> Gap:
    """Whether two nodes differ at a point beyond what rounding could do."""
    once = _distance(a, b, values, sizes, DIGITS)
    if once is None or once <= BAR:
        return Gap.UNKNOWN if once is None else Gap.NONE
    again = _distance(a, b, values, sizes, MORE)
    steady = again is not None and abs(once - again) <= BAR * once
    return Gap.APART if steady else Gap.UNKNOWN


def _distance(
    a: Node,
    b: Node,
    values: Mapping[str, Array],
    sizes: Mapping[str, int],
    digits: int,
) -> Any:
    """The largest difference as a share of 1 + max |a|; None where there is none."""
    numbers = Digits(digits)
    known: dict[Node, Array] = {
        leaf: numbers.constant(values[name]) for name, leaf in variables(a, b).items()
    }
    at = Sample(numbers, sizes, known)
    left, right = (np.ravel(at.value(node)) for node in (a, b))
    isfinite = numbers.context.isfinite
    if not left.size or not all(map(isfinite, (*left, *right))):
        return None
    return max(abs(left - right)) / (1 + max(abs(left)))


class Digits:
    """Decimal numbers of so many digits; what is undefined at a point is NaN."""

    points = 1

    def __init__(self, digits: int) -> None:
        import mpmath  # loads much, and nearly all is told apart without it

        self.context = mpmath.MPContext()
        self.context.dps = digits
        self.functions = functions(self.context)

    def number(self, value: Any) -> Any:
        """An exact number with the digits that there are."""
        if isinstance(value, Fraction):
            return self.context.mpf(value.numerator) / value.denominator
        if isinstance(value, complex):
            raise EvaluationError("digits are of real numbers")
        return self.context.mpf(value)

    def constant(self, array: Array) -> Array:
        """See `Numbers.constant`."""
        if np.iscomplexobj(array):
            raise EvaluationError("digits are of real numbers")
        return _each(self.context.mpf, np.asarray(array, float)[None])

    def contract(self, operands: Sequence[Labelled], out: Labels) -> Array:
        """See `Numbers.contract`."""
        return contract(
            [(_each(self.context.mpf, x), i) for x, i in operands], out, MOST
        )

    def combine(self, terms: Sequence[tuple[Array, Number]], zero: Array) -> Array:
        """See `Numbers.combine`."""
        total = _each(self.context.mpf, zero)
        for array, c in terms:
            total = total + array * self.number(c)
        return total

    def call(self, f: Call, args: list[Array], shape: tuple[int, ...]) -> Array:
        """See `Numbers.call`."""
        if f.function in ("inv", "det", "logdet"):
            return self._of_matrices(f.function, args[0], shape)
        if f.function in ("norm2", "rnorm"):
            axes = tuple(range(-f.params[0], 0))
            power = -HALF if f.function == "rnorm" else HALF
            return _each(partial(self._root, power), np.square(args[0]).sum(axes))
        if f.function == "lse":
            return _each(self.context.log, _each(self.context.exp, args[0]).sum(-1))
        function = self.functions.get(f.function)
        if function is None or prod(shape) > MOST:
            raise EvaluationError(f"there are no digits of {f.function}")
        params = tuple(map(self.number, f.params))
        return _each(lambda *entries: self._real(function, *entries, *params), *args)

    def _real(self, function: Callable[..., Any], *entries: Any) -> Any:
        """A value, NaN where it is not real."""
        try:
            found = function(*entries)
        except (ValueError, ZeroDivisionError, OverflowError):
            return self.context.nan
        return found if isinstance(found, self.context.mpf) else self.context.nan

    def _root(self, power: Fraction, square: Any) -> Any:
        """A norm or its inverse from its square; what they are at 0 is a convention."""
        return square ** self.number(power) if square else self.context.nan

    def _of_matrices(self, name: str, x: Array, shape: tuple[int, ...]) -> Array:
        n = x.shape[-1]
        found = []
        for block in x.reshape(-1, n, n):
            matrix = self.context.matrix(block.tolist())
            try:
                if name == "inv":
                    found += list(matrix**-1)
                    continue
                value = self.context.det(matrix)
                found.append(value if name == "det" else self.context.log(abs(value)))
            except (ValueError, ZeroDivisionError):
                found += [self.context.nan] * (n * n if name == "inv" else 1)
        return np.array(found, object).reshape(1, *shape)


def _each(function: Callable[..., Any], *arrays: Array) -> Array:
    """A function of the entries of arrays of one shape, as an array of objects."""
    found: Array = np.empty(arrays[0].size, object)
    rows = zip(*(a.ravel().tolist() for a in arrays), strict=True)
    found[:] = [function(*row) for row in rows]
    return found.reshape(arrays[0].shape)


#: Functions that mpmath has by the same name.
OF_MPMATH = (
    *("exp", "expm1", "log", "log1p", "sin", "cos", "tan", "erf", "sign", "asin"),
    *("acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)


def functions(of: Any) -> dict[str, Callable[..., Any]]:
    """The functions of the table by entry, in a context of mpmath."""
    half = of.mpf(1) / 2

    def power(x: Any, p: Any) -> Any:
        return x ** int(p) if of.isint(p) else of.power(x, p)

    def extremum(turn: int) -> Callable[..., Any]:
        return lambda x, y: (x + y + turn * abs(x - y)) * half

    return {
        **{name: getattr(of, name) for name in OF_MPMATH},
        "cbrt": lambda x: of.sign(x) * of.cbrt(abs(x)),
        "abs": abs,
        "kept": lambda x: x,
        "relu": lambda x: x if x > 0 else of.zero,
        "heaviside": lambda x: of.one if x > 0 else of.zero,
        "sigmoid": lambda x: 1 / (1 + of.exp(-x)),
        "softplus": lambda x: of.log1p(of.exp(x)),
        "power": power,
        "pow": of.power,
        "max": extremum(1),
        "min": extremum(-1),
        "where": lambda c, x, y: x if c != 0 else y,
    }
