"""Structured variables: both conventions against differences along free parameters, and
the constants, laws and half-vectors they are made with."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import matrix as m
from indexcalc.binding import STRUCTURE_FACTS, STRUCTURE_TESTS
from indexcalc.derivative import gradient, hessian, jacobian, jacobian_by_vech
from indexcalc.errors import (
    EvaluationError,
    IndexCalcError,
    ShapeError,
    UnsupportedError,
)
from indexcalc.evaluate import evaluate
from indexcalc.expr import STRUCTURES, add, linear, scale, tensor
from indexcalc.nodes import Node, Tensor
from indexcalc.sizes import dim
from indexcalc.structure import (
    CONVENTIONS,
    RULES,
    UNCONSTRAINED,
    projected,
    vech_variable,
)
from indexcalc.structure_matrices import (
    duplication,
    vech,
)
from tests.numeric_derivatives import (
    Array,
    by_parameters,
    close,
    draw,
    float64_jax,
    parameters,
)

M, N = dim("m"), dim("n")
FREE, PROJECTED = CONVENTIONS[::-1]
CASES = [
    (structure, convention)
    for structure in RULES
    for convention in CONVENTIONS
    if (structure, convention) != ("orthogonal", FREE)
]
RECTANGULAR = ["lower", "upper", "toeplitz"]


def variable(structure: str, shape: tuple[Any, Any] = (N, N)) -> Tensor:
    return tensor("X", shape, structure)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


# -- derivatives -----------------------------------------------------------------------


def cubic(x: Node, a: Node, b: Node) -> Node:
    """tr(A X B X X) + Σ sin X: no symmetry in it, and off every structure."""
    product = m.contract(m.contract(a, x), m.contract(b, m.contract(x, x)))
    return add(m.trace(product), m.total(m.elementwise("sin", x)))


def cubic_value(X: Array, A: Array, B: Array) -> Any:
    return np.trace(A @ X @ B @ X @ X) + np.sin(X).sum()


def square_arrays(structure: str) -> dict[str, Array]:
    draws = rng()
    square = {"A": draws.normal(size=(3, 3)), "B": draws.normal(size=(3, 3))}
    return {"X": draw(draws, (3, 3), structure), **square}


A, B = tensor("A", (N, N)), tensor("B", (N, N))


@pytest.mark.parametrize(("structure", "convention"), CASES)
def test_gradient(structure: str, convention: str) -> None:
    x, arrays = variable(structure), square_arrays(structure)
    found = evaluate(gradient(cubic(x, A, B), x, convention), arrays)
    close(found, by_parameters(cubic_value, arrays, "X", structure, convention))


@pytest.mark.parametrize(("structure", "convention"), CASES)
def test_jacobian_of_a_matrix(structure: str, convention: str) -> None:
    """The value's axes stay before the variable's."""
    x, arrays = variable(structure), square_arrays(structure)
    node = m.contract(m.contract(x, A), x)
    found = evaluate(jacobian(node, x, convention), arrays)

    def value(X: Array, A: Array) -> Any:
        return X @ A @ X

    close(found, by_parameters(value, arrays, "X", structure, convention))


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("shape", [(2, 4), (4, 2)])
@pytest.mark.parametrize("structure", RECTANGULAR)
def test_rectangular(structure: str, shape: tuple[int, int], convention: str) -> None:
    x, a = variable(structure, (M, N)), tensor("A", (M, N))
    draws = rng()
    arrays = {"X": draw(draws, shape, structure), "A": draws.normal(size=shape)}
    node = m.total(m.times(m.times(x, x), a))
    found = evaluate(gradient(node, x, convention), arrays)
    wanted = by_parameters(
        lambda X, A: np.sum(A * X * X), arrays, "X", structure, convention
    )
    close(found, wanted)


def second_differences(
    value: Callable[..., Any], arrays: dict[str, Array], structure: str
) -> Array:
    """∂²f/∂x_k∂x_l: central differences of complex steps along the parameters."""
    base, turns = arrays["X"], parameters(structure, arrays["X"])

    def slopes(at: Array) -> Array:
        moved = [value(**{**arrays, "X": at + 1e-30j * turn}) for turn in turns]
        return np.imag(moved) / 1e-30

    h = 1e-5
    rows = [(slopes(base + h * t) - slopes(base - h * t)) / (2 * h) for t in turns]
    return np.asarray(rows)


LINEAR = [case for case in CASES if case[0] != "orthogonal"]


@pytest.mark.parametrize(("structure", "convention"), LINEAR)
def test_hessian(structure: str, convention: str) -> None:
    """Both slots follow the convention."""
    x, arrays = variable(structure), square_arrays(structure)
    found = evaluate(hessian(cubic(x, A, B), x, x, convention), arrays)
    second = second_differences(cubic_value, arrays, structure)
    turns = parameters(structure, arrays["X"])
    if convention == PROJECTED:
        turns = [turn / np.sum(turn * turn) for turn in turns]
    wanted = np.einsum("kl,kij,lab->ijab", second, turns, turns)
    close(found, wanted, 1e-7)


def test_mixed_hessian() -> None:
    """By a structured and a plain variable, in either order."""
    x, arrays = variable("symmetric"), square_arrays("symmetric")
    node = cubic(x, A, B)
    one = evaluate(hessian(node, x, A), arrays)
    two = evaluate(hessian(node, A, x), arrays)
    close(one, two.transpose(2, 3, 0, 1))
    close(one, one.transpose(1, 0, 2, 3))


def test_riemannian_hessian() -> None:
    """Symmetric, tangent in both slots, and the second derivative along geodesics."""
    x, arrays = variable("orthogonal"), square_arrays("orthogonal")
    q = arrays["X"]
    form = evaluate(hessian(cubic(x, A, B), x, x), arrays)
    close(form, form.transpose(2, 3, 0, 1))
    normal = q @ (arrays["A"] + arrays["A"].T)
    close(np.einsum("ijkl,ij->kl", form, normal), np.zeros((3, 3)))

    def along(turn: Array, t: float) -> Any:
        curve = q @ (np.eye(3) + t * turn + t * t / 2 * turn @ turn)
        return cubic_value(**{**arrays, "X": curve})

    turn = arrays["B"] - arrays["B"].T
    h = 1e-4
    second = (along(turn, h) - 2 * along(turn, 0) + along(turn, -h)) / h**2
    found = np.einsum("ijkl,ij,kl", form, q @ turn, q @ turn)
    assert np.isclose(found, second, rtol=1e-5)


@pytest.mark.parametrize(("structure", "convention"), CASES)
def test_against_jax(structure: str, convention: str) -> None:
    """The rules on JAX's derivative with all entries independent."""
    jax = float64_jax()
    jnp, arrays = jax.numpy, square_arrays(structure)

    def value(X: Any) -> Any:
        A, B = arrays["A"], arrays["B"]
        return jnp.trace(A @ X @ B @ X @ X) + jnp.sin(X).sum()

    g, x = np.asarray(jax.grad(value)(arrays["X"])), arrays["X"]
    if structure == "orthogonal":
        wanted = g - x @ (x.T @ g + g.T @ x) / 2
    else:
        turns = parameters(structure, x)
        free = convention == FREE
        wanted = sum(np.sum(g * t) * t / (1 if free else np.sum(t * t)) for t in turns)
    found = evaluate(
        gradient(cubic(variable(structure), A, B), variable(structure), convention),
        arrays,
    )
    close(found, wanted)


@pytest.mark.parametrize("structure", [s for s in RULES if s != "orthogonal"])
def test_projection_is_one(structure: str) -> None:
    """P P = P, and the two conventions agree along the structure."""
    g, x = tensor("G", (N, N)), variable(structure)
    once = projected(g, x)
    arrays = {"G": rng().normal(size=(4, 4))}
    close(evaluate(projected(once, x), arrays), evaluate(once, arrays))
    assert STRUCTURE_TESTS[structure](evaluate(once, arrays))
    assert STRUCTURE_TESTS[structure](evaluate(projected(g, x, FREE), arrays))


def test_what_is_refused() -> None:
    q = variable("orthogonal")
    with pytest.raises(UnsupportedError, match="X is declared orthogonal"):
        gradient(m.trace(q), q, FREE)
    with pytest.raises(UnsupportedError, match="'free' is not a convention"):
        gradient(m.trace(q), q, "free")
    with pytest.raises(UnsupportedError, match="not a convention"):
        jacobian(A, A, "other")


def test_every_structure_has_its_rules() -> None:
    assert set(RULES) | UNCONSTRAINED == {*STRUCTURES, ""}
    assert set(RULES) <= set(STRUCTURE_TESTS) == set(STRUCTURE_FACTS)
    assert all(set(rules) == set(CONVENTIONS) for rules in RULES.values())


def test_no_tensor_of_order_four() -> None:
    """A projection on Toeplitz matrices costs n³, not n⁴."""
    x = variable("toeplitz")
    node = gradient(m.trace(m.contract(A, x)), x)
    arrays = {"A": rng().normal(size=(60, 60)), "X": np.eye(60)}
    tracemalloc.start()
    evaluate(node, arrays, None, None, [x])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 60**4 / 4


# -- vech ------------------------------------------------------------------------------


def unvech(parts: Array, structure: str) -> Array:
    """The matrix with these entries of vech."""
    n = int((np.sqrt(8 * len(parts) + 1) - 1) / 2)
    full = np.zeros((n, n), parts.dtype)
    columns, rows = np.triu_indices(n)
    full[rows, columns] = parts
    if structure != "lower":
        full[columns, rows] = parts
    return full


def vech_slopes(value: Callable[[Array], Any], at: Array, structure: str) -> Array:
    """∂f/∂vech by complex steps, value axes first."""
    columns, rows = np.triu_indices(len(at))
    parts = at[rows, columns].astype(complex)
    moved = [parts + 1e-30j * np.eye(len(parts))[k] for k in range(len(parts))]
    slopes = [np.imag(value(unvech(part, structure))) / 1e-30 for part in moved]
    return np.moveaxis(np.asarray(slopes), 0, -1)


@pytest.mark.parametrize("structure", ["symmetric", "pd", "lower"])
def test_by_vech(structure: str) -> None:
    x, arrays = variable(structure), square_arrays(structure)
    a, b = arrays["A"], arrays["B"]
    found = evaluate(jacobian_by_vech(cubic(x, A, B), x), arrays)
    wanted = vech_slopes(lambda X: cubic_value(X, a, b), arrays["X"], structure)
    close(found, wanted)
    node = m.contract(m.contract(x, A), x)
    found = evaluate(jacobian_by_vech(node, x), arrays)
    close(found, vech_slopes(lambda X: X @ a @ X, arrays["X"], structure))


def test_by_vech_is_the_duplication_of_vec() -> None:
    """∂f/∂vech(S) = Dᵀ vec(G), and again for the Hessian: Dᵀ H D."""
    x, arrays = variable("symmetric"), square_arrays("symmetric")
    node = cubic(x, A, B)
    plain = tensor("X", (N, N))
    g = gradient(cubic(plain, A, B), plain)
    chained = m.contract(m.transpose(duplication(N)), m.vec(g))
    once = jacobian_by_vech(node, x)
    close(evaluate(once, arrays), evaluate(chained, arrays))
    d = evaluate(duplication(3), {})
    raw = evaluate(jacobian(g, plain), arrays)
    second = raw.transpose(1, 0, 3, 2).reshape(9, 9)
    close(evaluate(jacobian_by_vech(once, x), arrays), d.T @ second @ d)


def test_vech_is_recognised() -> None:
    s, low = variable("symmetric"), variable("lower")
    assert vech_variable(vech(s)) is s
    assert vech_variable(vech(low)) is low
    assert vech_variable(vech(A)) is A
    for other in (s, m.vec(s), m.trace(s), scale(2, vech(s)), vech(m.contract(A, A))):
        assert vech_variable(other) is None
    with pytest.raises(UnsupportedError, match=r"vech\(A\) does not determine A"):
        jacobian_by_vech(m.trace(A), A)
    with pytest.raises(UnsupportedError, match="declared skew"):
        jacobian_by_vech(m.trace(A), variable("skew"))
    with pytest.raises(ShapeError, match="square"):
        vech(tensor("C", (M, N)))


# -- arrays ----------------------------------------------------------------------------


@pytest.mark.parametrize("structure", [*RULES, "positive"])
def test_arrays_are_checked(structure: str) -> None:
    x = variable(structure)
    good = draw(rng(), (3, 3), structure)
    assert evaluate(m.trace(x), {"X": good}) == pytest.approx(np.trace(good))
    bad = good + np.array([[0, 1e-2, 0], [-2e-2, 0, 0], [0, 0, 0]]) - (good > 9)
    if structure == "positive":
        bad = -good
    with pytest.raises(EvaluationError, match=f"declared {structure}, and its array"):
        evaluate(m.trace(x), {"X": bad})


def test_orthogonal_within_a_tolerance() -> None:
    q = variable("orthogonal")
    rotation = draw(rng(), (3, 3), "orthogonal")
    evaluate(m.trace(q), {"X": rotation + 1e-6})
    with pytest.raises(EvaluationError, match="1e-05"):
        evaluate(m.trace(q), {"X": rotation + 1e-4})


def test_symmetric_toeplitz_is_declared_in_text() -> None:
    x = ic.tensor("T", "n n :  symmetric   toeplitz")
    assert x == x.T
    with pytest.raises(IndexCalcError, match="square"):
        ic.tensor("T", "m n : symmetric toeplitz")
    terms = [(x.node, 1), (m.transpose(x.node), -1)]
    assert linear(terms, x.shape) is m.zeros(N, N)
