"""What floats take for equal, told apart with many digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import indexcalc as ic
from indexcalc.comparison import digits
from indexcalc.comparison.digits import Gap, functions, gap
from indexcalc.comparison.evidence import evidence, sample
from indexcalc.errors import EvaluationError
from indexcalc.functions import TABLE, call
from indexcalc.kernels import KERNELS
from indexcalc.nodes import Node

SHAPES = {"x": "n", "y": "n", "A": "n n", "S": "n n : pd", "a": "", "b": ""}
CONTEXT = mpmath.MPContext()


def node(text: str) -> Node:
    """A node on the variables of this file."""
    return ic.parse(text, SHAPES).node


@pytest.mark.parametrize("name", functions(CONTEXT))
def test_functions_mean_what_floats_mean_by_them(name: str) -> None:
    """Every function by entry, within its domain, at both signs where it has them."""
    function, positive = functions(CONTEXT)[name], name in ("log", "pow", "acosh")
    count = {"where": 3, "power": 1}.get(name, len(TABLE[name].partials))
    points = np.random.default_rng(5).uniform(-0.9, 0.9, (count, 40))
    points = abs(points) + (name == "acosh") if positive else points
    params = (3,) if name == "power" else ()
    expected = KERNELS[name](*points, *params)
    found = [float(function(*map(CONTEXT.mpf, p), *params)) for p in points.T]
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lse(A*x)", "log(sum(exp(A*x)))"),
        ("norm2(x)", "sqrt(x'*x)"),
        ("x/norm2(x)", "x/sqrt(x'*x)"),
        ("logdet(S)", "log(det(S))"),
        ("inv(A)*x", "adj(A)*x/det(A)"),
        ("erf(a)", "-erf(-a)"),
        ("sum(x.^0.3)", "sum(exp(0.3*log(x)))"),
        ("max(x, y)", "relu(x - y) + y"),
        ("2/sqrt(pi)", "1.1283791670955126"),
        ("atan2(a, b)", "2*atan(a/(sqrt(a*a + b*b) + b))"),
    ],
)
def test_equal_functions_have_equal_digits(one: str, other: str) -> None:
    a, b = node(one), node(other)
    told = []
    for seed in range(4):
        values, sizes = sample(a, b, seed=seed)
        try:
            told.append(gap(a, b, values, sizes))
        except EvaluationError:
            assert "adj" in other
    assert Gap.APART not in told
    assert Gap.NONE in told or "adj" in other


@pytest.mark.parametrize(
    ("text", "by", "answer"),
    [
        ("sum(erf(x))", "x", "2/sqrt(pi)*exp(-x.^2)"),
        ("log(1 + exp(a))", "a", "1/(1 + exp(-a))"),
        ("sum(atan(x))", "x", "1 ./ (1 .+ x.^2)"),
        ("lse(A*x)", "x", "A'*softmax(A*x)"),
    ],
)
@pytest.mark.parametrize("factor", [1.00000001, 0.999999999])
def test_a_share_of_a_billionth_is_no_rounding(
    text: str, by: str, answer: str, factor: float
) -> None:
    assert ic.check(text, by, answer, shapes=SHAPES).right
    wrong = f"{factor}*({answer})"
    assert not ic.check(text, by, wrong, shapes=SHAPES).right


def test_what_rests_on_digits_says_so() -> None:
    a, b = node("exp(a*log(2))"), node("exp(0.6931471805599453*a)")
    found = evidence(a, b)
    assert (found.equal, found.method) == (None, "digits")
    assert "no difference over 1e-10 at 4 random points" in found.detail
    found = evidence(a, node("exp(0.69314718*a)"))
    assert (found.equal, found.method) == (False, "digits")
    assert found.witness is not None


def test_nothing_is_said_of_what_is_not_there() -> None:
    x = call("expm", [node("A")])
    values, sizes = sample(x)
    with pytest.raises(EvaluationError, match="no digits of expm"):
        gap(x, x, values, sizes)
    log = node("log(a)")
    assert gap(log, log, {"a": np.array(-1.0)}, {}) is Gap.UNKNOWN
    z = ic.parse("z", z=" : complex").node
    with pytest.raises(EvaluationError, match="real numbers"):
        gap(z, z, {"z": np.array(1j)}, {})


def test_a_difference_that_more_digits_do_not_confirm_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """sin²+cos²−1, blown up until it is all rounding."""
    rest = node("(sin(a)*sin(a) + cos(a)*cos(a) - 1)*10^45")
    zero = node("0*a")
    at = {"a": np.array(0.3)}
    assert gap(zero, rest, at, {}) is Gap.UNKNOWN
    monkeypatch.setattr(digits, "MORE", digits.DIGITS)
    assert gap(zero, rest, at, {}) is Gap.APART
