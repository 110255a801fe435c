"""The text of a compiled function is exactly what runs, alone, under any names."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from benchmarks.cases import CASES
from indexcalc.compiled import Compiled
from indexcalc.derivative import gradient
from indexcalc.expr import add, einsum, tensor
from indexcalc.functions import call
from indexcalc.nodes import Node
from tests.compiled_runs import close, hold, shrink

ROOT = Path(__file__).resolve().parent.parent


def alone(text: str, name: str = "f") -> Any:
    """The function that a text defines in an empty namespace."""
    scope: dict[str, Any] = {}
    exec(compile(text, "alone", "exec"), scope)
    return scope[name]


def imported(text: str) -> set[str]:
    """The packages that a text imports."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


ALLOWED = {"numpy", "scipy", "concurrent", "contextvars", "itertools"}


@pytest.mark.parametrize("style", ["fast", "plain"])
@pytest.mark.parametrize("name", CASES)
def test_the_text_runs_alone(
    name: str, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrink(monkeypatch)
    case = CASES[name]
    sizes = {s: 5 + k for k, s in enumerate(case.sizes[0])}
    arrays = case.arrays(sizes)
    function = case.build().compile(style=style)
    expected = function(arrays)
    text = function.source
    assert imported(text) <= ALLOWED
    assert "indexcalc" not in text
    found = alone(text)(*(arrays[name] for name in function.names))
    assert np.array_equal(np.asarray(found), expected)


def test_the_text_of_a_fast_function_refuses_other_sizes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shrink(monkeypatch)
    function = ic.parse("exp(x) ∘ y", x="n", y="n").compile()
    function(np.ones(50), np.ones(50))
    with pytest.raises(AssertionError):
        alone(function.source)(np.ones(60), np.ones(60))


def test_source_before_a_call_and_for_sizes() -> None:
    function = ic.parse("exp(X * c) ∘ y", X="n p", c="p", y="n").compile()
    assert function.source == function.source_for()
    small = function.source_for(n=3, p=2)
    large = function.source_for(n=10**6, p=10)
    assert "range(0, 1000000" in large or "shares(rows, 1000000" in large
    rng = np.random.default_rng(0)
    arrays = {"X": rng.normal(size=(3, 2)), "c": rng.normal(size=2), "y": np.ones(3)}
    expected = function(**arrays)
    close(alone(small)(arrays["X"], arrays["c"], arrays["y"]), expected)


def test_the_formula_is_in_the_docstring() -> None:
    text = ic.parse("x' * A * x", x="n", A="n n").gradient("x").compile().source
    function = ast.parse(text).body[-1]
    assert isinstance(function, ast.FunctionDef)
    assert ast.get_docstring(function)


# -- names -----------------------------------------------------------------------------

HOSTILE = [
    *("out", "space", "b", "np", "lambda", "x; import os", "t0", "f", "rows"),
    *("start", "stop", "first", "dtype", "pool", "shares", "fresh", "slice", "min"),
    *("sum", "map", "zip", "ThreadPoolExecutor", "contextvars", "range", "out0"),
    *("self", "values", "named", "args", "__class__", "__debug__", "None", "print"),
    *("α", "é", "x'", '"""', "\\", "\n", "a b", "1x", "_", "sigmoid", "softplus"),
    *("assert", "scope", "np.linalg", "x" * 300, "y" * 299 + "α"),
]


def joined(names: list[str]) -> Node:
    """tanh of products and sums of vectors of these names."""
    leaves = [tensor(name, ("n",)) for name in names]
    total: Node = leaves[0]
    for leaf in leaves[1:]:
        total = add(einsum([(total, [0]), (leaf, [0])], [0]), call("sigmoid", [leaf]))
    return call("tanh", [total])


@pytest.mark.parametrize("style", ["fast", "plain"])
def test_hostile_names(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=40) for name in HOSTILE}
    for cores, names in ((1, HOSTILE[:14]), (2, HOSTILE[14:28]), (2, HOSTILE[28:])):
        node = joined(names)
        function = hold([node], arrays, style=style, cores=cores, doc='a """ \\ "')
        text = function.source
        found = alone(text)(*(arrays[name] for name in function.names))
        close(found[0], function(arrays)[0])
        assert "import os" not in text.replace("x_import_os", "").replace(
            "x; import os", ""
        )
        assert imported(text) <= ALLOWED


@pytest.mark.parametrize("name", HOSTILE)
def test_one_hostile_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    leaf = tensor(name, ("n", "m"))
    other = tensor("A", ("n", "m"))
    product = einsum([(leaf, [0, 1]), (call("exp", [other]), [0, 1])], [0, 1])
    scalar = einsum([(call("softplus", [product]), [0, 1])], [])
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=(9, 7)), "A": rng.normal(size=(9, 7))}
    hold([scalar, gradient(scalar, leaf), product], arrays)


@pytest.mark.parametrize(
    "name", ["f", "g2", "exp", "np", "rows", "α", "lambda", "a b", "x"]
)
def test_names_of_functions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is no identifier is refused; any other is the function's."""
    shrink(monkeypatch)
    x = tensor("x", ("n",))
    nodes = [call("exp", [x])]
    if name in ("np", "lambda", "a b"):
        with pytest.raises(ic.IndexCalcError):
            Compiled(nodes, name=name)
        return
    arrays = {"x": np.linspace(0, 1, 50)}
    for style in ("fast", "plain"):
        function = Compiled(nodes, name=name, style=style)
        close(function(arrays), np.exp(arrays["x"]))
        close(alone(function.source, name)(arrays["x"]), np.exp(arrays["x"]))


# -- stable forms ----------------------------------------------------------------------

FORMS = {
    "log(1 + exp(x))": lambda x: np.logaddexp(0, x),
    "log(1 + exp(-x))": lambda x: np.logaddexp(0, -x),
    "exp(x) / (1 + exp(x))": lambda x: (
        np.where(x < 0, np.exp(x), 1) / (1 + np.exp(-abs(x)))
    ),
    "1 / (1 + exp(-x))": lambda x: (
        np.where(x < 0, np.exp(x), 1) / (1 + np.exp(-abs(x)))
    ),
}
POINTS = np.array([-1000.0, -750.0, -40.0, -1e-9, 0.0, 1e-9, 40.0, 750.0, 1000.0])


@pytest.mark.parametrize("style", ["fast", "plain"])
@pytest.mark.parametrize("text", FORMS)
def test_functions_that_overflow_when_written_out(
    text: str, style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values and derivatives at ±1000, without a warning."""
    shrink(monkeypatch)
    x = ic.tensor("x", "n")
    f = eval(text, {"log": np.log, "exp": np.exp, "x": x})
    with np.errstate(all="ignore"):
        expected = FORMS[text](POINTS)
    s = np.where(POINTS < 0, np.exp(np.minimum(POINTS, 0)), 1) / (
        1 + np.exp(-abs(POINTS))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(f.compile(style=style)(POINTS), expected, rtol=1e-12)
        slope = f.sum().gradient("x").compile(style=style)(POINTS)
    if text.startswith("log"):
        wanted = s if text == "log(1 + exp(x))" else s - 1
        np.testing.assert_allclose(slope, wanted, rtol=1e-9, atol=1e-15)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            bend = f.sum().hessian("x").compile(style=style)(POINTS)
        np.testing.assert_allclose(np.diag(bend), s * (1 - s), rtol=1e-6, atol=1e-15)
    else:
        np.testing.assert_allclose(slope, s * (1 - s), rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("style", ["fast", "plain"])
def test_log_sum_exp_and_softmax(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    x = ic.tensor("x", "n")
    f = ic.numpy.logsumexp(x)
    function = ic.compile([f, f.gradient("x"), f.hessian("x")], style=style)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, slope, bend = function(np.array([1000.0, 999.0, -1000.0, 1000.0]))
    p = np.array([1, np.exp(-1), 0, 1]) / (2 + np.exp(-1))
    np.testing.assert_allclose(value, 1000 + np.log(2 + np.exp(-1)), rtol=1e-14)
    np.testing.assert_allclose(slope, p, rtol=1e-12)
    np.testing.assert_allclose(
        bend, np.diag(p) - np.outer(p, p), rtol=1e-12, atol=1e-15
    )


def test_warnings_are_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What overflows or has no value warns as the same call of NumPy does."""
    shrink(monkeypatch)
    x = ic.tensor("x", "n")
    points = np.linspace(1, 2, 50)
    for e, bad, message in [(np.log(x), -1.0, "invalid"), (np.exp(x), 1e4, "overflow")]:
        array = points.copy()
        array[-1] = bad
        for style in ("fast", "plain"):
            with pytest.warns(RuntimeWarning, match=message):
                e.compile(style=style)(array)


def test_texts_do_not_depend_on_the_hash_seed() -> None:
    script = """
import sys
sys.path.append(sys.argv[1])
import pytest
from benchmarks.cases import CASES
from tests.compiled_runs import shrink
shrink(pytest.MonkeyPatch())
for name in ("L1_hess", "L2w_grad", "L3_grad", "S5", "K_moment4", "L2w_hess"):
    case = CASES[name]
    f = case.build().compile()
    f(case.arrays({s: 7 + 3 * k for k, s in enumerate(case.sizes[0])}))
    print(f.source)
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", script, str(ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert len(found.pop()) > 3000


def test_entries_are_read_where_they_are() -> None:
    """An entry beside an infinity is itself, not 0·∞."""
    x, A = ic.tensor("x", 5), ic.tensor("A", "m 3")
    arrays = {
        "x": np.array([1, np.inf, 2, 3, 4.0]),
        "A": np.array([[1, -np.inf, 2], [3, 4, 5.0]]),
    }
    cases = {
        x[0]: 1.0,
        A[:, 0]: [1.0, 3.0],
        np.max(A, axis=1): [2.0, 5.0],
        A[1, 0]: 3.0,
    }
    for e, expected in cases.items():
        np.testing.assert_array_equal(e.evaluate(arrays), expected)
        np.testing.assert_array_equal(e.compile()(arrays), expected)
    entry = ic.tensor("y", "n")[4]
    for run in (entry.evaluate, entry.compile()):
        with pytest.raises(ic.EvaluationError, match="no entry"):
            run(y=np.arange(3.0))


def test_the_log_of_a_negative_determinant_is_no_number() -> None:
    P = ic.tensor("P", "n n : pd")
    e = np.log(np.linalg.det(P))
    with np.errstate(invalid="ignore"):
        assert np.isnan(e.compile()(P=np.diag([1.0, -1.0, 2.0])))
        assert np.isnan(e.evaluate(P=np.diag([1.0, -1.0, 2.0])))


def test_forms_of_rows_stay_finite() -> None:
    """Softmax cross entropy written out, at ±1000."""
    X, W, Y = ic.tensor("X", "m n"), ic.tensor("W", "n k"), ic.tensor("Y", "m k")
    Z = X @ W
    loss = np.sum(np.log(np.sum(np.exp(Z), axis=1))) - np.sum(Y * Z)
    rng = np.random.default_rng(0)
    arrays = {
        "X": 1000 * rng.normal(size=(5, 4)),
        "W": rng.normal(size=(4, 3)),
        "Y": np.eye(3)[rng.integers(0, 3, 5)],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for e in (loss, loss.gradient("W"), loss.hessian("W")):
            assert np.isfinite(e.compile()(arrays)).all()
            assert np.isfinite(e.evaluate(arrays)).all()
