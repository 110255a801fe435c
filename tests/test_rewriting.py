"""Rewriting into fewer functions changes no value, and brings equal things together."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.comparison.evidence import evidence, sample
from indexcalc.comparison.rewriting import RULES, rewritten
from indexcalc.comparison.signs import not_negative
from indexcalc.evaluate import evaluate
from indexcalc.expr import number, scale
from indexcalc.nodes import Call, Node, toposort

SHAPES = {
    "A": "n n",
    "B": "n n",
    "X": "n p",
    "x": "n",
    "y": "n",
    "s": "",
    "t": "",
    "a": "n : positive",
    "b": "n : positive",
    "u": " : positive",
}
FUNCTIONS = {"tan½": lambda x: np.tan(x / 2)}

#: One expression at least for every rule of the table.
EXPRESSIONS = [
    *("exp(2*x - y/3)", "exp(s*log(a))", "exp(logdet(A))", "exp(ones(n)*log(u))"),
    *("sigmoid(x)", "softplus(X)", "sinh(x)", "cosh(2*x)", "tanh(x - y)"),
    *("softmax(x + y)", "lse(x .+ s)", "a.^x", "a.^(x .+ 2)"),
    *("log(a.*b)", "log(a./b)", "log(3*a)", "log(a.^3)", "log(x.^2)", "log(exp(x))"),
    *("log(1 .+ exp(-x))", "log(sum(exp(x))*u)", "log(abs(det(A)))", "log(det(A*A'))"),
    *("logdet(A*B)", "logdet(2*A)", "logdet(inv(A))", "logdet(A'*B)", "logdet(-A)"),
    *("sin(x)", "cos(x + 2*y)", "sin(3*x - y/2)", "tan(x)", "cos(-x)", "sin(0*x)"),
    *("abs(a)", "abs(-2*x)", "abs(x.*y)", "abs(s*A*x)", "abs(x.^3)", "sign(a)"),
    *("sqrt(x.^2)", "sqrt(4*a)", "sqrt(2*a)", "sqrt(a.*b)", "sqrt(a.*x)", "abs(x).^2"),
    *("norm2(x)", "norm2(X)^3", "x/norm2(x)", "relu(a)", "max(x, x + a)"),
    *("min(a, -b)", "max(x, y)"),
]


def node_of(text: str) -> Node:
    return ic.parse(text, SHAPES).written


def value(node: Node, *like: Node, seed: int = 0) -> np.ndarray:
    values, sizes = sample(node, *like, seed=seed)
    with np.errstate(all="ignore"):
        return evaluate(node, values, sizes, FUNCTIONS)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_rewriting_changes_no_value(text: str) -> None:
    node = node_of(text)
    new, _ = rewritten(node)
    for seed in range(2):
        before, after = value(node, new, seed=seed), value(new, node, seed=seed)
        fine = np.isfinite(before)
        np.testing.assert_allclose(after[fine], before[fine], rtol=1e-9, atol=1e-9)
    assert np.isfinite(value(node, new)).all()


def test_every_rule_is_tried() -> None:
    """By an expression above, or here through NumPy, which spells more functions."""
    a, x = ic.tensor("a", "n : positive"), ic.tensor("x", "n")
    more = [np.expm1(x), np.log1p(a), np.cbrt(a)]
    nodes = [node_of(text) for text in EXPRESSIONS] + [e.written for e in more]
    gradient = ic.parse("norm2(x)", x="n").diff("x").written
    for node in [e.written for e in more] + [gradient]:
        new, _ = rewritten(node)
        np.testing.assert_allclose(value(new, node), value(node, new), rtol=1e-9)
    met = {
        below.function
        for node in [*nodes, gradient]
        for below in toposort(node)
        if isinstance(below, Call)
    }
    assert set(RULES) <= met


def test_what_is_gone_is_gone() -> None:
    """Functions that are said by others do not survive."""
    for text in ["tanh(x)", "softmax(x)", "lse(x)", "sigmoid(x)", "norm2(x)", "sin(x)"]:
        left = toposort(rewritten(node_of(text))[0])
        names = {node.function for node in left if isinstance(node, Call)}
        assert names <= {"exp", "log", "power", "unknown"}


def test_facts_are_told() -> None:
    (_, facts) = rewritten(node_of("log(det(A))"))
    assert [fact.fact for fact in facts] == ["is positive"]
    found = evidence(node_of("log(det(A))"), node_of("logdet(A)"))
    assert (found.equal, found.assumptions) == (True, ("det(A) is positive",))
    assert rewritten(node_of("log(a.*b)"))[1] == ()


def test_a_log_of_unknown_sign_stays_whole() -> None:
    """log(xy) is not log x + log y where both may be negative."""
    node = node_of("log(x.*y)")
    assert evidence(node, node_of("log(x) + log(y)")).equal is None
    assert evidence(node_of("sqrt(x.*y)"), node_of("sqrt(x).*sqrt(y)")).equal is None
    assert evidence(node_of("sqrt(x.^2)"), node_of("x")).equal is False


def test_complex_coefficients_are_left_alone() -> None:
    """(ix)² is negative, so that its root is not |ix|."""
    x = ic.tensor("x", "n").written
    squared = ic.Expression(scale(1j, x)) ** 2
    root = np.sqrt(squared).written
    assert rewritten(root) == (root, ())


def test_what_cannot_be_negative() -> None:
    yes = [
        "exp(x)",
        "x'*x",
        "a.*b",
        "x.^2 + a",
        "abs(x)",
        "sqrt(x)",
        "3*a",
        "softmax(x)",
    ]
    no = ["x", "-a", "a - b", "x.*y", "x.^3", "log(a)", "x'*y", "sign(a)"]
    assert all(not_negative(node_of(text)) for text in yes)
    assert not any(not_negative(node_of(text)) for text in no)
    assert not_negative(number(2))


def test_a_sign_is_one_only_where_it_is_almost_everywhere() -> None:
    """What is zero on an open set has no sign, though it is never negative."""
    x, y = ic.tensor("x", 3), ic.tensor("y", "3 : positive")
    one, relu = ic.ones(3), ic.numpy.relu
    zero = (np.sin(x) ** 2 + np.cos(x) ** 2 - 1) ** 2
    flat = [relu(x), np.heaviside(x, 0), np.maximum(x, 0), abs(x) + x, zero, x - x]
    assert not any(ic.equal(np.sign(e), one) for e in flat)
    assert ic.equal(np.sign(x - x) * x, x) is False
    assert all(ic.equal(np.sign(e), one) for e in (y, x**2 + y, abs(x), np.exp(x)))
