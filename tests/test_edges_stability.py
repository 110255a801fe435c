"""Stable at ±1000 and where determinants leave the range of floats, however written.

A sample of the forms; `python -m tests.trust.edges` runs all of them, by every way.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from tests.edge_forms import ENTRYWISE, OVER_ROWS, Form, cases

SAMPLE = [*cases(ENTRYWISE)[::4], *cases(OVER_ROWS)[1::9]]


def _close(found: Any, expected: Any) -> None:
    assert np.isfinite(found).all()
    scale = 1 + np.abs(expected).max(initial=0)
    assert np.abs(found - expected).max(initial=0) <= 1e-10 * scale


@pytest.mark.parametrize(
    ("form", "values"), SAMPLE, ids=[f"{k} {f.text}" for k, (f, _) in enumerate(SAMPLE)]
)
def test_value_gradient_and_hessian(form: Form, values: dict[str, Any]) -> None:
    """Against the text as it is written, in 560 digits."""
    e, exact = form.expression(), form.exactly(values)
    slope = e.gradient(form.names[0])
    bend = slope.diff(form.names[0])
    for derived, expected in (
        (e, exact.value),
        (slope, exact.gradient),
        (bend, exact.hessian),
    ):
        with np.errstate(all="ignore"):
            _close(derived.evaluate(values), expected)
            f = derived.compile()
            _close(f({name: values[name] for name in f.names}), expected)


def _log_dets() -> dict[str, ic.Expression]:
    S = ic.tensor("S", (60, 60))
    det, log = np.linalg.det, np.log
    return {
        "log det": log(det(S)),
        "log |det|": log(np.abs(det(S))),
        "half log det²": log(det(S) ** 2) / 2,
        "twice log √det": 2 * log(np.sqrt(det(S))),
        "-log det inv": -log(det(np.linalg.inv(S))),
        "half log det SS": log(det(S @ S)) / 2,
        "log 3 det": log(3 * det(S)) - np.log(3.0),
    }


@pytest.mark.parametrize("name", _log_dets())
@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_log_det_far_outside_of_floats(name: str, scale: float) -> None:
    """Determinants of 1e-480 and 1e480, and the gradient of their logarithm."""
    e = _log_dets()[name]
    rng = np.random.default_rng(0)
    half = rng.normal(size=(60, 60))
    whole = scale * (half @ half.T / 60 + np.eye(60))
    expected = np.linalg.slogdet(whole)[1]
    for compute in (lambda d: d.evaluate(S=whole), lambda d: d.compile()(S=whole)):
        _close(compute(e), expected)
        _close(scale * compute(e.gradient("S")), scale * np.linalg.inv(whole).T)


def test_no_overflow_warning() -> None:
    """The stable forms do not even pass through infinity."""
    x = ic.tensor("x", "n")
    values = np.array([1000.0, -1000.0, 0.0])
    e = (np.log(np.exp(x) + np.exp(-x))).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(e.gradient(x).evaluate(x=values), [1, -1, 0])


def test_what_is_not_stable_is_as_written() -> None:
    """A form is replaced only where it is made of exponentials or determinants."""
    x = ic.tensor("x", "n")
    e = np.log(2 * x)
    assert "log" in e.compile().source
    assert "softplus" not in e.compile().source


@pytest.mark.parametrize(
    "text",
    [
        "1/sigmoid(norm2(abs(x).*y))",
        "min(9, 1/sigmoid(norm2(x.*abs(y))))",
        "log(1 + exp(normsq(abs(x))))",
        "log(sum(exp(max(x, 0))))",
    ],
)
def test_a_stable_form_has_the_kinks_of_what_is_written(text: str) -> None:
    """|x|² is x², and its second derivative at 0 by the chain rule 2 sign(0)², 0."""
    x, y = np.array([0.0, 1.0, -2.0]), np.array([0.7, 0.0, 1.5])
    H = ic.parse(text, x="n", y="n").hessian("x")
    given = {name: {"x": x, "y": y}[name] for name in H.variables}
    written = ic.Expression(H.node).evaluate(given)
    found = H.evaluate(given)
    np.testing.assert_allclose(found, written, rtol=1e-12, atol=1e-14)
