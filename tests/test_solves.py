"""Inverses as solutions: the kernels, and what the choices make of products."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import kernels, kernels_solving
from indexcalc.errors import EvaluationError
from indexcalc.kernels_solving import factor_logdet, factorised, inverted, solved
from indexcalc.nodes import Call, Node, toposort
from indexcalc.planning.choices import chosen
from indexcalc.planning.costs import Ledger
from indexcalc.sizes import value_of
from tests.planned_values import lengths, values_of

TOLERANCE = {"f": 2e-4, "F": 2e-4, "d": 1e-10, "D": 1e-10}


@pytest.fixture(autouse=True)
def _kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kernel in kernels_solving.KERNELS.items():
        monkeypatch.setitem(kernels.KERNELS, name, kernel)


@pytest.fixture(params=["scipy", "numpy"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kernels with SciPy's factorisations, and as if there were none."""
    if request.param == "scipy":
        pytest.importorskip("scipy")
    else:
        monkeypatch.setattr(kernels_solving, "_routine", lambda name, kind: None)
    return str(request.param)


def _matrix(kind: str, n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, n)) + n * np.eye(n)
    if kind in "FD":
        x = x + 1j * rng.standard_normal((n, n))
    return x.astype(kind)


@pytest.mark.parametrize("kind", "fdFD")
@pytest.mark.parametrize("n", [0, 1, 2, 7])
@pytest.mark.parametrize("order", "CF")
def test_kernels_solve(library: str, kind: str, n: int, order: str) -> None:
    """X⁻¹b, X⁻ᵀb and X⁻¹ against NumPy; dtype and shape stay."""
    x = np.array(_matrix(kind, n), order=order)
    factor = factorised(x, "")
    for shape in [(n,), (n, 3), (n, 2, 2)]:
        b = np.random.default_rng(1).standard_normal(shape).astype(kind)
        for turned, matrix in [(False, x), (True, x.T)]:
            found = solved(factor, b, turned)
            assert found.shape == shape
            assert found.dtype == np.dtype(kind)
            product = np.tensordot(matrix, found, 1)
            assert np.allclose(product, b, atol=TOLERANCE[kind])
    assert np.allclose(inverted(factor) @ x, np.eye(n), atol=TOLERANCE[kind])


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (6, 6), (3, 4, 4)])
def test_the_inverse_itself(library: str, shape: tuple[int, ...]) -> None:
    """What NumPy gives, of stacks too; a singular one is refused."""
    x = np.random.default_rng(4).standard_normal(shape) + 2 * np.eye(shape[-1])
    assert np.allclose(kernels_solving.inverse(x), np.linalg.inv(x), atol=1e-10)
    for zero in [np.zeros((2, 2)), np.zeros((3, 2, 2))]:
        with pytest.raises(EvaluationError, match="singular"):
            kernels_solving.inverse(zero)


@pytest.mark.parametrize("kind", "fd")
def test_log_of_the_determinant(library: str, kind: str) -> None:
    """log |det X| from the factors, whatever the sign of det X."""
    for x in [_matrix(kind, 5), _matrix(kind, 5)[::-1].copy()]:
        expected = np.linalg.slogdet(x)[1]
        found = factor_logdet(factorised(x, ""))
        assert np.allclose(found, expected, atol=TOLERANCE[kind])
    with pytest.raises(EvaluationError, match="complex"):
        factor_logdet(factorised(_matrix("D", 3), ""))


@pytest.mark.parametrize("structure", ["", "pd"])
def test_a_singular_matrix_is_refused(library: str, structure: str) -> None:
    """The error is the one of the inverse."""
    x = np.array([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(EvaluationError, match="the matrix to be inverted is singular"):
        solved(factorised(x, structure), np.ones(2), False)
    with pytest.raises(EvaluationError, match="the matrix to be inverted is singular"):
        kernels_solving.inverse(x)


def _symmetric(shift: float) -> np.ndarray:
    a = np.random.default_rng(3).standard_normal((6, 6))
    return a + a.T + shift * np.eye(6)


@pytest.mark.parametrize(
    ("x", "is_cholesky"),
    [
        (_symmetric(12.0), True),
        (_symmetric(0.0), False),
        (_symmetric(12.0) + np.triu(np.full((6, 6), 1e-7), 1), False),
    ],
)
def test_cholesky_only_where_it_is_exact(x: np.ndarray, is_cholesky: bool) -> None:
    """Declared positive definite, but indefinite or not quite symmetric: LU."""
    pytest.importorskip("scipy")
    factor = factorised(x, "pd")
    assert (factor[0, -1] == kernels_solving.CHOLESKY) == is_cholesky
    b = np.arange(12.0).reshape(6, 2)
    assert np.allclose(x @ solved(factor, b, False), b, atol=1e-10)
    assert np.allclose(x.T @ solved(factor, b, True), b, atol=1e-10)
    assert np.allclose(x @ inverted(factor), np.eye(6), atol=1e-10)
    assert np.allclose(factor_logdet(factor), np.linalg.slogdet(x)[1], atol=1e-10)


# -- what is made of products ----------------------------------------------------------


def _functions(nodes: list[Node]) -> list[str]:
    found = [e.function for e in toposort(*nodes) if isinstance(e, Call)]
    return sorted(found)


def _problem(structure: str = "") -> dict[str, list[ic.Expression]]:
    X = ic.tensor("X", f"n n : {structure}" if structure else "n n")
    a, b = ic.tensors("a b", "n")
    A, V = ic.tensors("A V", "n n")
    inverse = np.linalg.inv(X)
    form, logdet = a @ inverse @ b, np.linalg.slogdet(X)[1]
    gradient = form.diff("X")
    return {
        "gradient": [gradient],
        "product with a vector": [(gradient * V).sum().diff("X")],
        "all three": [form, gradient, (gradient * V).sum().diff("X")],
        "logdet": [logdet, logdet.diff("X")],
        "inverse": [inverse],
        "trace": [ic.einsum("ij,ji->", inverse, A)],
        "narrow": [inverse @ ic.tensor("B", "n p")],
        "mixed": [inverse, inverse @ b],
        "chain": [inverse @ A @ inverse @ b],
        "scalar power": [(a @ inverse @ b) ** 3],
    }


SOLVED = {
    "gradient": ["factorised", "solved", "solved"],
    "product with a vector": ["factorised"] + ["solved"] * 4,
    "logdet": ["factor_logdet", "factorised", "inverted"],
    "inverse": ["inv"],
    "trace": ["inv"],
    "narrow": ["factorised", "solved"],
    "chain": ["factorised", "solved", "solved"],
}


@pytest.mark.parametrize("name", SOLVED)
def test_one_factorisation_serves_all(name: str) -> None:
    """Which kernels the planned program calls at n = 300."""
    pytest.importorskip("scipy")
    nodes = [e.node for e in _problem()[name]]
    arranged = chosen(nodes, lengths({"n": 300, "p": 4}))
    assert _functions(arranged) == SOLVED[name]


@pytest.mark.parametrize("structure", ["", "symmetric", "pd"])
@pytest.mark.parametrize("name", _problem())
def test_values_stay(name: str, structure: str) -> None:
    """Chosen for a large n, run at a small one, against plain evaluation."""
    nodes = [e.node for e in _problem(structure)[name]]
    small = {"n": 5, "p": 3}
    rng = np.random.default_rng(5)
    arrays = {"A": (5, 5), "B": (5, 3), "V": (5, 5), "a": (5,), "b": (5,)}
    values = {key: rng.standard_normal(shape) for key, shape in arrays.items()}
    x = rng.standard_normal((5, 5)) + 3 * np.eye(5)
    values["X"] = x @ x.T if structure else x
    arranged = chosen(nodes, lengths({"n": 300, "p": 4}))
    for old, new in zip(nodes, values_of(arranged, values, small), strict=True):
        expected = ic.Expression(old).evaluate(values, sizes=small)
        assert np.allclose(new, expected, rtol=1e-9, atol=1e-9 * abs(expected).max())


def test_a_singular_matrix_is_refused_by_the_plan() -> None:
    """An inverse that became a solution raises what the inverse raised."""
    nodes = [e.node for e in _problem()["gradient"]]
    arranged = chosen(nodes, lengths({"n": 300}))
    values = {"X": np.ones((2, 2)), "a": np.ones(2), "b": np.ones(2)}
    with pytest.raises(EvaluationError, match="singular"):
        values_of(arranged, values, {"n": 2})


def test_without_scipy_inverses_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to share a factorisation with."""
    monkeypatch.setattr("indexcalc.planning.solves.find_spec", lambda name: None)
    nodes = [e.node for e in _problem()["gradient"]]
    assert "solved" not in _functions(chosen(nodes, lengths({"n": 301})))


def test_the_gradient_of_an_inverse_costs_one_factorisation() -> None:
    """Flops of −X⁻ᵀabᵀX⁻ᵀ: 2n³/3, and a few n²."""
    pytest.importorskip("scipy")
    nodes = [e.node for e in _problem()["gradient"]]
    size = lengths({"n": 600})
    flops = Ledger(size).flops(chosen(nodes, size))
    assert flops < 1.1 * 2 / 3 * 600**3


def test_sizes_that_cannot_be_told_leave_the_inverse() -> None:
    """n + 1 must be known for a factor; of k = 2m only the product is."""
    X = ic.tensor("X", "m*q m*q")
    b = ic.tensor("b", "m*q")
    node = (np.linalg.inv(X) @ b).node

    def size(given: object) -> int:
        if str(given) == "m*q":
            return 300
        return value_of(given, {})  # type: ignore[arg-type]

    assert _functions(chosen([node], size)) == ["inv"]
