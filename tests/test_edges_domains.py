"""No value outside the domain of what was written: NumPy's warning, or an error.

Simplification may forget a domain, as exp(log x) = x does. What is evaluated keeps it:
entry by entry it is NaN where NumPy's value of the text as written is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import indexcalc as ic

SHAPES = {
    "x": "n",
    "y": "n",
    "b": "n",
    "A": "n n",
    "B": "n n",
    "P": "n n : pd",
    "s": "",
}
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
VALUES = {
    "x": np.array([-1.0, 2.0]),
    "y": np.array([0.0, 3.0]),
    "b": np.array([1.0, 2.0]),
    "A": SINGULAR,
    "B": np.eye(2),
    "P": np.array([[2.0, 1.0], [1.0, 3.0]]),
    "s": np.float64(-1.0),
}
HAS_JAX = find_spec("jax") is not None


def _parsed(text: str) -> ic.Expression:
    return ic.parse(text, **{k: v for k, v in SHAPES.items() if k in text})


def _given(text: str) -> dict[str, Any]:
    return {name: VALUES[name] for name in SHAPES if name in text}


def _ways(e: ic.Expression) -> list[Callable[..., Any]]:
    """Every way to compute a value with NumPy."""
    f, plain = e.compile(), e.compile(style="plain")
    return [
        lambda v: e.evaluate(v),
        lambda v: f({k: v[k] for k in f.names}),
        lambda v: plain({k: v[k] for k in plain.names}),
        lambda v: e.evaluate(v, structured=True).toarray(),
    ]


ENTRYWISE = [
    "exp(log(x))",
    "x./y.*y",
    "y./y",
    "(x./y)./(x./y)",
    "sqrt(x).^2",
    "x.^0.5.*x.^0.5",
    "(x.^0.5).^4",
    "x.^1.5.*x.^0.5",
    "x.^1.5.*x.^(-0.5)",
    "y.^(-1).*y.^2",
    "(x.*y).^(-1).*x.*y",
    "(b+log(x))-log(x)",
    "log(x)-(b+log(x))",
    "x.*(b+log(x))-x.*log(x)",
    "sign(y)./abs(y)",
    "exp(log(x)+log(x))",
]


def _written(text: str) -> Any:
    """The text as NumPy computes it, operator by operator."""
    for old, new in ((".*", "*"), ("./", "/"), (".^", "**")):
        text = text.replace(old, new)
    names = {n: getattr(np, n) for n in ("exp", "log", "sqrt", "sign", "abs")}
    with np.errstate(all="ignore"):
        return eval(text, names | VALUES)


@pytest.mark.parametrize("text", ENTRYWISE)
def test_entries_outside_the_domain(text: str) -> None:
    """Not finite where NumPy's value is not, with a warning, and equal elsewhere."""
    e, expected = _parsed(text), _written(text)
    assert not np.isfinite(expected).all()
    for compute in _ways(e):
        with pytest.warns(RuntimeWarning):
            found = compute(_given(text))
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(found), finite)
        np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-13)


@pytest.mark.skipif(not HAS_JAX, reason="JAX is not installed")
@pytest.mark.parametrize("text", ENTRYWISE[:6])
def test_entries_outside_the_domain_in_jax(text: str) -> None:
    f, expected = _parsed(text).compile("jax"), _written(text)
    given = _given(text)
    found = np.asarray(f({name: given[name] for name in f.names}))
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))


SINGULARS = [
    "inv(A)*A",
    "A*inv(A)",
    "inv(inv(A))",
    "inv(inv(A))*b",
    "inv(inv(A)*B)",
    "inv(A)*A*x",
    "x'*inv(A)*A*x",
    "tr(inv(A)*A)",
    "det(A)*det(inv(A))",
    "inv(A)*b",
]


@pytest.mark.parametrize("text", SINGULARS)
def test_singular_matrices(text: str) -> None:
    """What inverts a singular matrix is refused, though the inverse cancels."""
    e = _parsed(text)
    for compute in _ways(e):
        with pytest.raises(ic.EvaluationError, match=r"(?i)singular"):
            compute(_given(text))


INSIDE = [
    "log(exp(x))",
    "inv(P)*P",
    "exp(x)./exp(x)",
    "(x.^2).^(-1).*(1.+x.^2)",
    "sqrt(x.^2)",
    "1./(1.+exp(-x))",
    "exp(x)./(1.+exp(x))",
    "x./norm2(x)",
    "log(det(P))",
]


@pytest.mark.parametrize("text", INSIDE)
def test_no_warning_inside_the_domain(text: str) -> None:
    """What always holds is not asked, and large arguments do no harm."""
    e = _parsed(text)
    for compute in _ways(e):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isfinite(compute(_given(text))).all()


@pytest.mark.parametrize("text", ["log(exp(x))", "inv(P)*P", "exp(x)./exp(x)"])
def test_nothing_is_kept_that_always_holds(text: str) -> None:
    e = _parsed(text)
    assert e.evaluated is e.node


def test_the_simplified_form_stays() -> None:
    """Equality and what is printed know nothing of it."""
    e = _parsed("exp(log(x))")
    assert str(e) == "x_i"
    assert e == ic.parse("x", x="n")
    assert "log" in e.compile().source
    assert e.assumptions == ("x_i is positive",)


def test_derivatives_by_their_own_formula() -> None:
    """∂ log x is 1/x, which has a value at −1; ∂ exp(log x) is exp(log x)/x."""
    x = VALUES["x"]
    slope = _parsed("sum(log(x))").gradient("x")
    np.testing.assert_array_equal(slope.evaluate(x=x), 1 / x)
    with pytest.warns(RuntimeWarning):
        found = _parsed("sum(exp(log(x)))").gradient("x").evaluate(x=x)
    assert np.isnan(found[0])


EXPANDED = [
    "exp(log(x))",
    "sqrt(x).^2",
    "y./y",
    "x./y.*y",
    "(x+b)./y.*y",
    "log(x)-log(x)",
    "0*log(x)",
    "inv(A)*A",
    "inv(inv(A))",
    "det(A)/det(A)",
]


@pytest.mark.parametrize("text", EXPANDED)
def test_expanded_forms_know_the_domain(text: str) -> None:
    """The values of what is multiplied out are those of what was, entry by entry."""
    e, given = _parsed(text), _given(text)
    by = next(iter(given))
    pairs = [
        (e, e.expand()),
        (e.diff(by), e.expand().diff(by)),
        (e.diff(by), e.diff(by).expand()),
    ]
    for before, after in pairs:
        np.testing.assert_array_equal(_value(after, given), _value(before, given))
    assert np.isnan(_value(2 * e.expand() + 0, given)).any()


def _value(e: ic.Expression, given: dict[str, Any]) -> Any:
    """NaN where it is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return e.evaluate(given)
        except ic.EvaluationError:
            return np.nan


def test_expanded_forms_that_lose_nothing_are_as_they_are() -> None:
    e = ic.parse("(sqrt(a) + b)*(a + b)", a="", b="")
    assert e.expand().evaluated is e.expand().node
    assert e.expand().node is not e.node


@pytest.mark.parametrize("text", ["b/a-b/a", "0/a", "asin(a+2)-asin(a+2)"])
def test_derivatives_of_what_vanished(text: str) -> None:
    """b/a − b/a has no derivative at 0, for −b/a² has no value there."""
    e = ic.parse(text, **{n: "" for n in "ab" if n in text})
    given = {n: float(n == "b") for n in "ab" if n in text}
    with pytest.warns(RuntimeWarning):
        assert np.isnan(e.diff("a").evaluate(given))
    given["a"] = -1.5
    assert e.diff("a").evaluate(given) == 0
    for along in (e.jvp("a", 1), e.vjp("a", 1)):
        assert along.evaluate(given) == 0


@pytest.mark.parametrize(
    "text",
    ["log(s)^0", "(1/(s+1))^0", "logdet(A)-logdet(A)", "0*logdet(A)", "inv(A)^0"],
)
def test_what_vanished_has_no_value_where_it_had_none(text: str) -> None:
    e, given = _parsed(text), _given(text)
    assert np.isnan(_value(e, given)).all()
    fine = {"s": 2.0, "A": np.eye(2)}
    found = e.evaluate({name: fine[name] for name in given})
    assert np.isfinite(found).all()


def test_products_of_determinants() -> None:
    """log(det A · det B) has a value where both are negative, log(det A) has none."""
    A, B = ic.tensors("A B", "n n")
    turned = np.diag([-1.0, 1.0, 1.0])
    both = np.log(np.linalg.det(A) * np.linalg.det(B))
    assert both.evaluate(A=turned, B=2 * turned) == pytest.approx(np.log(8))
    square = np.log(np.linalg.det(A) ** 2)
    assert square.evaluate(A=2 * turned) == pytest.approx(np.log(64))
    with pytest.warns(RuntimeWarning, match="log"):
        assert np.isnan(np.log(np.linalg.det(A)).evaluate(A=turned))
    with pytest.warns(RuntimeWarning):
        assert np.isnan(both.evaluate(A=turned, B=np.eye(3)))


@pytest.mark.parametrize(
    "text", ["1./(1 .- x)", "y./(2 .- x)", "1./sqrt(4 .- x.^2)", "(1 .- x/2).^(-2)"]
)
def test_a_pole_is_of_one_entry(text: str) -> None:
    """1/(1 − x) is −1/(x − 1), which forgets nothing: no other entry is NaN."""
    e = ic.parse(text, x="n", y="n")
    values = {"x": np.array([0.5, 2.0, 1.0]), "y": np.array([3.0, 1.0, 2.0])}
    values = {name: values[name] for name in e.variables}
    form = text.replace("./", "/").replace(".^", "**").replace(".-", "-")
    with np.errstate(all="ignore"):
        expected = eval(form, {"sqrt": np.sqrt, **values})
        for way in _ways(e):
            found = way(values)
            assert np.allclose(np.abs(found), np.abs(expected), rtol=1e-14), text
    assert "sum" not in e.code()
