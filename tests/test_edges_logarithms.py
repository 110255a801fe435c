"""Logarithms and quotients taken apart have the values of what was written.

Random products, sums and powers of exponentials, determinants and numbers of both
signs: wherever NumPy running the text finds a finite value, so does the program that
was made of stable functions, and the same.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import indexcalc as ic

SIGNED = [
    "np.log(1 + b*np.exp(a))",
    "np.log(1 + b*np.exp(x)).sum()",
    "np.log(3 + b*a*np.exp(a)**2)",
    "np.log((b*np.exp(a))**2)",
    "np.log(b*np.exp(a)*c)",
    "np.log(1 + b**2*np.exp(a))",
    "np.log(b*(y*np.exp(x)).sum())",
    "np.log(b*c*(y*np.exp(x)).sum())",
    "np.log(1 + (y*np.exp(x)).sum())",
    "np.exp(a)/(b*np.exp(a) + b*np.exp(c))",
    "np.exp(a)*(1 + b*np.exp(c))**-1",
    "np.exp(a)*((y*np.exp(x)).sum())**-3",
    "(y*np.exp(x))/(y*np.exp(x)).sum()",
    "np.log(b**3*np.exp(a)*c)",
    "np.log(det(A)*b*np.exp(a))",
    "np.log(det(A)*det(B)*np.exp(a))",
    "np.log(1 + det(A)*np.exp(a))",
    "np.log(det(A)**2 + np.exp(a))",
    "np.log(det(A)*(y*np.exp(x)).sum())",
    "np.sqrt(b*np.exp(a)*c)",
    "np.log(np.exp(x).sum()**3*b)",
    "np.log(np.exp(x).sum()*(x*y).sum()*(b*np.exp(y)).sum())",
]
SHAPES = {"a": (), "b": (), "c": (), "x": (3,), "y": (3,), "A": (2, 2), "B": (2, 2)}
NAMES = list(SHAPES)


def _arrays(rng: np.random.Generator) -> dict[str, Any]:
    return {n: rng.normal(size=s) for n, s in SHAPES.items()}


def _written(text: str, values: dict[str, Any]) -> Any:
    """The text as NumPy computes it."""
    with np.errstate(all="ignore"):
        return eval(text, {"np": np, "det": np.linalg.det, **values})


def _expression(text: str) -> Any:
    held = {n: ic.tensor(n, s) for n, s in SHAPES.items()}
    return eval(text, {"np": np, "det": np.linalg.det, **held})


def _judged(text: str, values: dict[str, Any], compiled: bool = False) -> bool:
    """Whether there was a finite value to compare."""
    expected = _written(text, values)
    e = _expression(text)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = [e.evaluate(values)]
        if compiled:
            for style in ("fast", "plain"):
                f = e.compile(style=style)
                found.append(f({n: values[n] for n in f.names}))
    finite = np.isfinite(expected)
    for value in found:
        agrees = np.isclose(value, expected, rtol=1e-8, atol=1e-10) | ~finite
        assert agrees.all(), (text, values, value, expected)
    return bool(finite.all())


@pytest.mark.parametrize("text", SIGNED)
def test_factors_of_both_signs(text: str) -> None:
    rng = np.random.default_rng(7)
    assert sum(_judged(text, _arrays(rng), k < 2) for k in range(12)) > 1


ATOMS = ["a", "b", "c", "(2 * b)", "np.exp(a)", "np.exp(b)", "np.exp(-c)", "det(A)"]
SUMS = ["np.exp(x).sum()", "(y*np.exp(x)).sum()", "(x*y).sum()", "np.abs(b)"]


def _drawn(rng: np.random.Generator, depth: int) -> str:
    """A random scalar text."""
    if depth == 0:
        return str(rng.choice([*ATOMS, *SUMS, "np.cosh(c)", "np.abs(det(B))"]))
    left, right = _drawn(rng, depth - 1), _drawn(rng, depth - 1)
    forms = [
        f"({left} * {right})",
        f"({left} + {right})",
        f"({left} / {right})",
        f"({left}) ** {rng.choice(['2', '3', '-1', '-2', '0.5'])}",
        f"(1 + {left} * {right})",
    ]
    return str(rng.choice(forms))


def test_random_logarithms() -> None:
    rng = np.random.default_rng(11)
    finite = 0
    for _ in range(150):
        inner = _drawn(rng, int(rng.integers(1, 4)))
        outer = str(rng.choice(["np.log({})", "np.sqrt({})", "np.exp(a) / {}"]))
        text = outer.format(inner)
        finite += sum(_judged(text, _arrays(rng)) for _ in range(4))
    assert finite > 200


def test_positive_factors_are_still_taken_apart() -> None:
    """At ±1000 where a factor is declared positive, or is weighed by numbers."""
    e = ic.parse("log(1 + p*exp(a))", p=": positive", a="")
    assert e.evaluate(p=2.0, a=1000.0) == pytest.approx(1000 + np.log(2.0))
    text = "(y*np.exp(x))/(y*np.exp(x)).sum()"
    values = {"x": np.array([1000.0, 999.0, -1000.0]), "y": np.array([1.0, -2.0, 3.0])}
    shares = np.exp(values["x"] - 1000) * values["y"]
    found = _expression(text).evaluate(values)
    np.testing.assert_allclose(found, shares / shares.sum(), rtol=1e-12)


def test_products_are_not_spread_over_all_indices() -> None:
    """The log of a chain of matrices costs no more than the chain, that of a power of a
    sum no more than the sum; beyond the range of floats in the latter."""
    names = "ABCD"
    chain = ic.parse(
        "log(tr(exp(A)*exp(B)*exp(C)*exp(D)))", dict.fromkeys(names, "n n")
    )
    n = 60
    assert chain.diff("A").plan(n=n).peak < 20 * 8 * n**2
    arrays = {name: np.full((n, n), 0.5) for name in names}
    assert chain.evaluate(arrays) == pytest.approx(2 + 4 * np.log(n))
    power = ic.parse("log(sum(exp(x))^3)", x="n")
    assert power.plan(n=1000).peak < 100_000
    assert power.evaluate(x=np.array([900.0])) == pytest.approx(2700)


@pytest.mark.parametrize(
    "text",
    ["b*((q*b)^2)^0.5", "b*((q*c)^-2)^0.5", "b*((q*b*sum(y.*exp(x)))^-2)^0.5"],
)
def test_roots_of_squares_in_words(text: str) -> None:
    """√q² is |q|, beside other factors too."""
    shapes = {"q": "", "b": "", "c": "", "x": "n", "y": "n"}
    held = {n: s for n, s in shapes.items() if n in text.replace("exp", "")}
    e = ic.parse(text, **held)
    again = ic.parse(str(e.matrix()), **held)
    given = {"q": -2.0, "b": 1.5, "c": 1.0, "x": np.zeros(2), "y": np.ones(2)}
    values = {n: given[n] for n in held}
    assert again.evaluate(values) == pytest.approx(e.evaluate(values))
