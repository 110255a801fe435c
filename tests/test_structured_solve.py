"""Systems with structured maps: recognised, solved as NumPy does, or refused."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import forward
from indexcalc.errors import BudgetError, EvaluationError, ShapeError, UnsupportedError
from indexcalc.evaluate import evaluate
from indexcalc.nodes import variables
from indexcalc.structured import Structured, evaluate_structured
from tests.random_nodes import VALUES, arrays, draw, leaf_tensors

SIZES = {"n": 6, "p": 4, "m": 9, "k": 2, "t": 3, "N": 20}
RNG = np.random.default_rng(7)


@dataclass(frozen=True)
class Case:
    """A derivative, its arrays' shapes, and what it must be recognised as. `singular`
    ones are solved with damping only."""

    kind: str
    text: str
    by: str
    shapes: Mapping[str, str]
    order: int = 1
    symmetric: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    singular: bool = False

    def values(self, dtype: Any = float) -> dict[str, np.ndarray[Any, Any]]:
        """Random arrays."""
        rng = np.random.default_rng(3)
        found = {}
        for name, text in self.shapes.items():
            shape = [SIZES.get(s) or int(s) for s in text.split()]
            array = rng.normal(size=shape)
            if name in self.symmetric:
                array = array @ array.T + np.eye(len(array))
            if name in self.positive:
                array = np.abs(array) + 0.1
            found[name] = array.astype(dtype)
        return found

    def derivative(self) -> Any:
        """The Jacobian or Hessian."""
        f = ic.parse(self.text, **self.shapes)
        return f.diff(self.by) if self.order == 1 else f.hessian(self.by)


FACTORS = {"T": "m p", "U": "m k", "V": "p k"}
SANDWICH = {"A": "n n", "X": "n p", "B": "p p"}
LOGISTIC = "sum(log(exp(-y.*(X*w))+vector(1)))"

CASES = {
    "x∘y∘z": Case("diagonal", "x.*y.*z", "x", dict.fromkeys("xyz", "n")),
    "2x": Case("identity multiple", "2*x", "x", {"x": "n"}),
    "Xᵀ": Case("permuted identity multiple", "X'", "X", {"X": "n n"}),
    "factorisation": Case("block diagonal", "sum((T-U*V').^2)", "U", FACTORS, order=2),
    "factorisation by norm": Case(
        "low rank + block diagonal", "norm2(T-U*V')", "U", FACTORS, order=2
    ),
    "masked factorisation": Case(
        "block diagonal",
        "sum(O.*(T-U*V').^2)",
        "U",
        {"O": "m p", **FACTORS},
        order=2,
        positive=("O",),
    ),
    "softmax": Case(
        "low rank + diagonal", "softmax(x)", "x", {"x": "n"}, singular=True
    ),
    "softmax in full": Case(
        "low rank + diagonal", "exp(x)/sum(exp(x))", "x", {"x": "n"}, singular=True
    ),
    "norm": Case(
        "low rank + diagonal", "norm2(x)", "x", {"x": "n"}, order=2, singular=True
    ),
    "diagonal and outer": Case(
        "low rank + diagonal", "x.^3+y*(y'*x)", "x", {"x": "N", "y": "N"}
    ),
    "outer": Case(
        "outer product", "y*(z'*x)", "x", dict.fromkeys("xyz", "n"), singular=True
    ),
    "few samples": Case(
        "low rank", LOGISTIC, "w", {"X": "t N", "w": "N", "y": "t"}, 2, singular=True
    ),
    "many samples": Case("dense", LOGISTIC, "w", {"X": "m n", "w": "n", "y": "m"}, 2),
    "AXB": Case("Kronecker", "A*X*B", "X", SANDWICH),
    "AXB symmetric": Case("Kronecker", "A*X*B", "X", SANDWICH, symmetric=("A", "B")),
    "AX+XB": Case("Kronecker sum", "A*X+X*B", "X", SANDWICH),
    "AX+XB symmetric": Case(
        "Kronecker sum", "A*X+X*B", "X", SANDWICH, symmetric=("A", "B")
    ),
    "AXB+X": Case("Kronecker sum", "A*X*B+X", "X", SANDWICH, symmetric=("A", "B")),
    "AXB+X unsymmetric": Case("Kronecker sum", "A*X*B+X", "X", SANDWICH),
    "log det": Case("permuted Kronecker", "logdet(X)", "X", {"X": "n n"}, 2, ("X",)),
    "xᵀAx": Case("dense", "x'*A*x", "x", {"A": "n n", "x": "n"}, 2, ("A",)),
}


def structured(case: Case, dtype: Any = float) -> Structured:
    """The case's derivative on its arrays."""
    return case.derivative().evaluate(case.values(dtype), structured=True)


def matrix_of(kept: Structured) -> np.ndarray[Any, Any]:
    """The dense matrix."""
    return kept.toarray().reshape(kept.matrix_shape)


@pytest.mark.parametrize("name", CASES)
def test_recognised_and_solved(name: str) -> None:
    """The kind, and the solutions for a vector, a flat vector, columns and damping."""
    case = CASES[name]
    kept = structured(case)
    assert kept.kind == case.kind
    expected = np.asarray(case.derivative().evaluate(case.values()))
    np.testing.assert_allclose(kept.toarray(), expected, atol=1e-12)
    matrix = matrix_of(kept)
    for damping in (0.7,) if case.singular else (0.0, 0.7):
        damped = matrix + damping * np.eye(len(matrix))
        b = RNG.normal(size=(len(matrix), 3))
        expected = np.linalg.solve(damped, b)
        close = {"rtol": 1e-6, "atol": 1e-8 * np.linalg.cond(damped)}
        np.testing.assert_allclose(kept.solve(b, damping), expected, **close)
        first = b[:, 0].reshape(kept.value_shape)
        found = kept.solve(first, damping)
        assert found.shape == kept.variable_shape
        np.testing.assert_allclose(found.ravel(), expected[:, 0], **close)
        np.testing.assert_allclose(kept.solve(b[:, 0], damping), found.ravel())


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.singular])
def test_singular_systems_are_refused(name: str) -> None:
    """No solution is better than a wrong one, also where b is in the range."""
    kept = structured(CASES[name])
    b = RNG.normal(size=kept.variable_shape)
    for right in (b, kept.matvec(b)):
        with pytest.raises(EvaluationError, match="singular"):
            kept.solve(right)


def test_singular_blocks_and_factors_are_refused() -> None:
    """A zero on a diagonal, a singular block, a singular Kronecker factor."""
    x = np.array([1.0, 0.0, 2.0])
    diagonal = ic.parse("x.*y", x="n", y="n").diff("y").evaluate(x=x, y=x, structured=1)
    with pytest.raises(EvaluationError, match="1 of 3 diagonal entries"):
        diagonal.solve(x)
    e = ic.parse("A*X*B", **SANDWICH).diff("X")
    values = CASES["AXB"].values()
    values["A"][0] = values["A"][1]
    with pytest.raises(EvaluationError, match="singular"):
        e.evaluate(values, structured=True).solve(np.ones((6, 4)))
    case = CASES["masked factorisation"]
    values = case.values()
    values["O"][0] = 0
    with pytest.raises(EvaluationError, match="singular"):
        case.derivative().evaluate(values, structured=True).solve(np.ones((9, 2)))
    sum_ = ic.parse("A*X-X*B", **SANDWICH).diff("X")
    values = CASES["AX+XB"].values() | {"A": np.eye(6), "B": np.eye(4)}
    with pytest.raises(EvaluationError, match="eigenvalues cancel"):
        sum_.evaluate(values, structured=True).solve(np.ones((6, 4)))


@pytest.mark.parametrize("name", ["many samples", "factorisation", "AXB symmetric"])
def test_conjugate_gradients(name: str) -> None:
    """Positive definite maps by products alone."""
    kept = structured(CASES[name])
    b = RNG.normal(size=kept.value_shape)
    expected = np.linalg.solve(matrix_of(kept), b.ravel())
    found = kept.solve(b, method="cg", rtol=1e-12)
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6, atol=1e-8)


def test_axes_that_are_cut_across() -> None:
    """vec(X) of p×n beside X of n×p: nothing to compare, so it is solved densely."""
    e = ic.parse("X'", X="n p").diff("X")
    kept = e.evaluate(X=np.ones((2, 3)), structured=True)
    assert kept.kind == "dense"
    b = RNG.normal(size=(3, 2))
    np.testing.assert_allclose(kept.solve(b), b.T)
    expected = np.linalg.solve(matrix_of(kept) + 5 * np.eye(6), b.ravel())
    np.testing.assert_allclose(kept.solve(b, 5.0).ravel(), expected)
    zero = kept - kept
    with pytest.raises(EvaluationError, match="singular"):
        zero.solve(b)


def test_conjugate_gradients_refuse() -> None:
    """What is not positive definite, and a method of another name."""
    kept = structured(CASES["log det"])
    with pytest.raises(EvaluationError, match="positive definite"):
        kept.solve(RNG.normal(size=kept.value_shape), method="cg")
    with pytest.raises(UnsupportedError, match="'direct' or 'cg'"):
        kept.solve(np.ones(kept.value_shape), method="lu")  # type: ignore[arg-type]


def test_errors() -> None:
    """Maps that are not square, vectors that do not fit, entries not finite."""
    wide = ic.parse("A*x", A="m n", x="n").diff("x")
    kept = wide.evaluate(A=np.ones((2, 3)), x=np.ones(3), structured=True)
    with pytest.raises(ShapeError, match="not square"):
        kept.solve(np.ones(2))
    kept = structured(CASES["x∘y∘z"])
    with pytest.raises(ShapeError, match="right-hand side"):
        kept.solve(np.ones(5))
    with pytest.raises(EvaluationError, match="finite"):
        kept.solve(np.full(6, np.nan))
    dense = structured(CASES["xᵀAx"]) * np.inf
    with pytest.raises(EvaluationError, match="finite"):
        dense.solve(np.ones(6))


def test_a_dense_matrix_that_is_too_large_is_refused() -> None:
    """With the way out."""
    n = 30_000
    values = {"A": np.ones((n, 1)), "B": np.ones((n, 1)), "x": np.ones(n)}
    f = ic.parse("A*(B'*x) + B*(A'*x) + C*x", A="n 1", B="n 1", x="n", C="n n")
    kept = f.diff("x").evaluate(
        values | {"C": np.broadcast_to(1.0, (n, n))}, structured=True
    )
    assert kept.kind == "dense"
    with pytest.raises(BudgetError, match="cg"):
        kept.solve(np.ones(n))


@pytest.mark.parametrize("dtype", [np.float32, complex])
def test_dtypes(dtype: Any) -> None:
    """float32 stays float32; complex systems are solved as they are."""
    for name in ("x∘y∘z", "factorisation", "AXB", "diagonal and outer"):
        case = CASES[name]
        values = case.values(dtype)
        if dtype is complex:
            values = {k: v * np.exp(1j * np.abs(v)) for k, v in values.items()}
        kept = case.derivative().evaluate(values, structured=True)
        b = RNG.normal(size=kept.value_shape).astype(dtype)
        found = kept.solve(b)
        assert found.dtype == kept.dtype == dtype
        close = 1e-3 if dtype is np.float32 else 1e-8
        expected = np.linalg.solve(matrix_of(kept), b.ravel())
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found.ravel(), expected, atol=close * scale)


def test_random_derivatives() -> None:
    """Every square Jacobian of a random expression: solved as NumPy does, or refused
    for a reason that its condition number shows."""
    leaves = leaf_tensors()
    kinds: dict[str, int] = {}
    refused = 0
    for seed in range(400):
        drawn = draw(seed)
        env = arrays(seed)
        for name in variables(drawn.node):
            if env[name].shape != drawn.sizes or env[name].size > 40:
                continue
            slope = forward(drawn.node, leaves[name])
            rows = len(drawn.node.shape)
            scope = list(leaves.values())
            kept = evaluate_structured(slope, rows, env, VALUES, None, scope)
            matrix = np.reshape(
                evaluate(slope, env, VALUES, None, scope), kept.matrix_shape
            )
            kinds[kept.kind] = kinds.get(kept.kind, 0) + 1
            refused += not solved_or_singular(kept, matrix)
    assert sum(kinds.values()) > 150
    assert refused < sum(kinds.values()) - 40
    assert {"diagonal", "zero", "dense"} <= set(kinds)


def solved_or_singular(kept: Structured, matrix: np.ndarray[Any, Any]) -> bool:
    """True where the system was solved, False where it was refused rightly."""
    b = RNG.normal(size=kept.value_shape)
    condition = np.linalg.cond(matrix) if matrix.size else 1.0
    try:
        found = kept.solve(b)
    except EvaluationError:
        assert not condition < 1e9, (kept.kind, condition)
        return False
    np.testing.assert_allclose(matrix @ found.ravel(), b.ravel(), atol=1e-6)
    return True


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy alone solves the same systems, and sees the same singular ones."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    for name in ("many samples", "AXB", "AX+XB", "xᵀAx"):
        kept = structured(CASES[name])
        b = RNG.normal(size=kept.value_shape)
        expected = np.linalg.solve(matrix_of(kept), b.ravel())
        np.testing.assert_allclose(kept.solve(b).ravel(), expected, rtol=1e-6)
    kept = structured(CASES["xᵀAx"])
    double = np.ones((6, 6))
    e = CASES["xᵀAx"].derivative()
    with pytest.raises(EvaluationError, match="singular"):
        e.evaluate(A=double, x=np.ones(6), structured=True).solve(np.ones(6))
    with pytest.raises(EvaluationError, match="needs SciPy"):
        kept.to_sparse()
