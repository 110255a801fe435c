"""Functions in the ways people write them, and what they are in exact arithmetic.

A form is a text in NumPy's words. With symbols it makes an expression; with numbers of
mpmath, which have hundreds of digits and no largest exponent, it is computed as it is
written, and its derivatives are quotients of differences: the reference.

>>> form = Form("np.log(1 + np.exp(x))")
>>> float(form.exactly({"x": [1000.0]}).value)
1000.0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np

import indexcalc as ic
from indexcalc.functions import call

#: Digits that survive 1 − σ(1000), and a step whose square is below rounding of floats.
DIGITS, STEP = 560, 40


def _each(function: Any) -> Any:
    return np.vectorize(function, otypes=[object])


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def _softplus(x: Any) -> Any:
    return mpmath.log(1 + mpmath.exp(x))


_EXACT = {
    **{n: getattr(mpmath, n) for n in ("exp", "log", "sqrt", "sinh", "cosh", "tanh")},
    "log1p": lambda x: mpmath.log(1 + x),
    "expm1": lambda x: mpmath.exp(x) - 1,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
}


def _logaddexp(a: Any, b: Any) -> Any:
    return _each(lambda u, v: mpmath.log(mpmath.exp(u) + mpmath.exp(v)))(a, b)


#: NumPy's words for arrays of mpmath's numbers, and for symbols.
EXACT = SimpleNamespace(
    **{n: _each(f) for n, f in _EXACT.items()}, logaddexp=_logaddexp
)


def _named(name: str) -> Any:
    return lambda e: ic.Expression(call(name, [e.written]), scope=e.scope)


SYMBOLS = SimpleNamespace(
    **{n: getattr(np, n) for n in _EXACT if hasattr(np, n)},
    logaddexp=np.logaddexp,
    sigmoid=_named("sigmoid"),
    softplus=_named("softplus"),
)


@dataclass(frozen=True, slots=True)
class Exact:
    """A scalar's value, gradient and Hessian in floats."""

    value: float
    gradient: np.ndarray[Any, Any]
    hessian: np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """A text of x (a vector) or of Z and Y (matrices); the sum of its entries, weighted
    by 1, 2, 3, …, is differentiated by x or Z."""

    text: str

    @property
    def names(self) -> tuple[str, ...]:
        """The variables, the one of differentiation first."""
        if "Z" not in self.text:
            return ("x",)
        return ("Z", "Y") if "Y" in self.text else ("Z",)

    def expression(self) -> ic.Expression:
        """The weighted sum as an expression."""
        held = {n: ic.tensor(n, (2, 3)) for n in "ZY"}
        held["x"] = ic.tensor("x", (8,))
        e = eval(self.text, {"np": SYMBOLS, **held})
        return _weighted(e)

    def exactly(self, values: Mapping[str, Any]) -> Exact:
        """The same computed as it is written, with many digits."""
        with mpmath.workdps(DIGITS):
            return self._exactly(values)

    def _exactly(self, values: Mapping[str, Any]) -> Exact:
        exact = _each(lambda v: mpmath.mpf(float(v)))
        given = {n: exact(np.asarray(values[n])) for n in self.names}
        h = mpmath.mpf(10) ** -STEP
        if self.names == ("x",):
            return _entry_by_entry(self.text, given["x"], h)
        first, size = "Z", given["Z"].size

        def at(*steps: tuple[int, Any]) -> Any:
            moved = given[first].copy()
            for k, step in steps:
                moved.flat[k] += step
            return _weighted(eval(self.text, {"np": EXACT, **given, first: moved}))

        def slope(k: int, *more: tuple[int, Any]) -> Any:
            return (at((k, h), *more) - at((k, -h), *more)) / (2 * h)

        shape = given[first].shape
        slopes = np.array([float(slope(k)) for k in range(size)])
        bends = np.zeros((size, size))
        for k in range(size):
            for m in range(k + 1):
                bend = (slope(k, (m, h)) - slope(k, (m, -h))) / (2 * h)
                bends[k, m] = bends[m, k] = float(bend)
        return Exact(float(at()), slopes.reshape(shape), bends.reshape(shape + shape))


def _entry_by_entry(text: str, x: Any, h: Any) -> Exact:
    below, here, above = (eval(text, {"np": EXACT, "x": x + d}) for d in (-h, 0, h))
    weights = np.arange(1.0, x.size + 1)
    slope = weights * ((above - below) / (2 * h)).astype(float)
    bend = weights * ((above - 2 * here + below) / h**2).astype(float)
    return Exact(float((weights * here).sum()), slope, np.diag(bend))


def _weighted(e: Any) -> Any:
    shape = tuple(int(n) for n in getattr(e, "shape", ()))
    size = int(np.prod(shape, dtype=int))
    if not shape:
        return e
    return (e * np.arange(1.0, size + 1).reshape(shape)).sum()


#: What the forms are computed at: a vector, and pairs of matrices.
VECTORS = [
    np.array([1000.0, -1000.0, 0.0, 1e-300, 3.0, -40.0, 710.0, -1e-9]),
]
_Z = np.array([[0.5, -1.2, 0.3], [1.1, 0.0, -0.7]])
_Y = np.array([[0.1, 0.2, 0.7], [0.25, 0.5, 0.25]])
MATRICES = [
    {"Z": _Z, "Y": _Y},
    {"Z": _Z + np.array([[1000.0], [-1000.0]]), "Y": _Y},
    {"Z": _Z * np.array([[1000.0], [1.0]]), "Y": _Y},
]

ENTRYWISE = [
    Form(text)
    for text in [
        "np.log(1 + np.exp(x))",
        "np.log(np.exp(x) + 1)",
        "np.log1p(np.exp(x))",
        "np.softplus(x)",
        "np.logaddexp(x, 0 * x)",
        "x + np.log(1 + np.exp(-x))",
        "-np.log(1 / (1 + np.exp(x)))",
        "-np.log(np.sigmoid(-x))",
        "1 / (1 + np.exp(-x))",
        "np.exp(x) / (1 + np.exp(x))",
        "np.exp(x) / (np.exp(x) + 1)",
        "np.sigmoid(x)",
        "(1 + np.exp(-x)) ** -1",
        "1 - 1 / (1 + np.exp(x))",
        "np.exp(-np.log(1 + np.exp(-x)))",
        "0.5 * (1 + np.tanh(0.5 * x))",
        "np.tanh(x)",
        "(np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))",
        "(np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)",
        "(1 - np.exp(-2 * x)) / (1 + np.exp(-2 * x))",
        "2 * np.sigmoid(2 * x) - 1",
        "2 / (1 + np.exp(-2 * x)) - 1",
        "np.sinh(x) / np.cosh(x)",
        "np.log(np.cosh(x))",
        "np.log((np.exp(x) + np.exp(-x)) / 2)",
        "np.log(np.exp(x) + np.exp(-x))",
        "1 / np.cosh(x)",
        "2 / (np.exp(x) + np.exp(-x))",
        "1 / (np.exp(x) + np.exp(-x))",
        "np.cosh(x) ** -2",
        "1 - np.tanh(x) ** 2",
        "np.log(1 - 1 / (1 + np.exp(-x)))",
        "np.log(1 - np.sigmoid(x))",
        "np.log(np.sigmoid(x))",
        "np.sigmoid(x) * (1 - np.sigmoid(x))",
        "np.exp(x) / (1 + np.exp(x)) ** 2",
        "np.exp(-x) / (1 + np.exp(-x)) ** 2",
        "x / (1 + np.exp(-x))",
        "x * np.tanh(np.log(1 + np.exp(x)))",
        "np.log(3 * np.exp(2 * x))",
        "np.log(np.exp(x) ** 3 / (1 + np.exp(x)))",
        "np.log(2 + np.exp(x) + np.exp(-3 * x))",
    ]
]

OVER_ROWS = [
    Form(text)
    for text in [
        "np.exp(Z) / np.exp(Z).sum(1, keepdims=True)",
        "np.exp(Z) / np.exp(Z).sum(0)",
        "(np.exp(Z).T / np.exp(Z).sum(1)).T",
        "np.exp(2 * Z) / np.exp(2 * Z).sum(1, keepdims=True)",
        "np.exp(Z - np.log(np.exp(Z).sum(1, keepdims=True)))",
        "np.log(np.exp(Z).sum(1))",
        "np.log(np.exp(Z).sum(0))",
        "np.log(np.exp(Z).sum())",
        "np.log(np.exp(Z).sum(1) / 3)",
        "np.log(np.exp(Z).sum(1) ** 2)",
        "np.log(1 + np.exp(Z).sum(1))",
        "np.log(np.exp(Z) / np.exp(Z).sum(1, keepdims=True))",
        "-(Y * np.log(np.exp(Z) / np.exp(Z).sum(1, keepdims=True))).sum()",
        "-(Y * (Z - np.log(np.exp(Z).sum(1, keepdims=True)))).sum()",
        "((np.exp(Z) / np.exp(Z).sum(1, keepdims=True)) * Y).sum()",
        "np.sqrt(np.exp(Z) / np.exp(Z).sum(1, keepdims=True))",
        "np.log(Y * np.exp(Z))",
        "np.log((Y * np.exp(Z)).sum(1))",
        "np.exp(Z) * Y / (np.exp(Z) * Y).sum(1, keepdims=True)",
        "np.logaddexp(Z, Y)",
        "np.log(np.exp(Z) + np.exp(Y))",
        "np.log(np.exp(Z) + np.exp(Y) + 1)",
        "np.exp(Z) / (np.exp(Z) + np.exp(Y))",
        "1 / (1 + np.exp(Y - Z))",
        "Y * np.log(1 / (1 + np.exp(-Z))) + (1 - Y) * np.log(1 - 1 / (1 + np.exp(-Z)))",
        "np.log(np.cosh(Z - Y))",
    ]
]


def cases(forms: Sequence[Form]) -> list[tuple[Form, dict[str, Any]]]:
    """Every form with every input it takes."""
    found: list[tuple[Form, dict[str, Any]]] = []
    for form in forms:
        inputs = MATRICES if "Z" in form.names else [{"x": v} for v in VECTORS]
        found += [(form, {n: row[n] for n in form.names}) for row in inputs]
    return found
