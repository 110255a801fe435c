"""Results with their deltas unbuilt agree with the dense ones, and stay small."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from indexcalc.derivative import forward, jacobian
from indexcalc.errors import ShapeError
from indexcalc.evaluate import evaluate
from indexcalc.expr import add, einsum, scale, tensor
from indexcalc.matrix import contract, diagonal_matrix, ones, times
from indexcalc.nodes import Node, variables
from indexcalc.sizes import dim
from indexcalc.structured import Structured, evaluate_structured
from tests.random_nodes import VALUES, arrays, draw, leaf_tensors

N, P = dim("n"), dim("p")
X, Y, Z = (tensor(name, (N,)) for name in "xyz")
LEAVES = leaf_tensors()
SCIPY = find_spec("scipy") is not None


def both(node: Node, seed: int, rows: int) -> tuple[Structured, np.ndarray[Any, Any]]:
    """The structured and the dense value of a random node."""
    env, scope = arrays(seed), list(LEAVES.values())
    kept = evaluate_structured(node, rows, env, VALUES, None, scope)
    return kept, evaluate(node, env, VALUES, None, scope)


def check(kept: Structured, dense: np.ndarray[Any, Any], rows: int) -> None:
    """Every question a structured result answers."""
    rng = np.random.default_rng(0)
    assert kept.shape == dense.shape
    assert kept.dtype == dense.dtype
    assert np.allclose(kept.toarray(), dense)
    assert np.allclose(np.asarray(kept), dense)
    value, variable = dense.shape[:rows], dense.shape[rows:]
    matrix = dense.reshape(kept.matrix_shape)
    right, left = rng.normal(size=variable), rng.normal(size=value)
    assert np.allclose(kept.matvec(right).ravel(), matrix @ right.ravel())
    assert np.allclose(kept.rmatvec(left).ravel(), left.ravel() @ matrix)
    assert np.shape(kept.matvec(right)) == value or not variable
    assert np.allclose(kept.matvec(right.ravel()).ravel(), matrix @ right.ravel())
    if value == variable:
        assert np.allclose(kept.diagonal().ravel(), np.diagonal(matrix))
        assert kept.diagonal().shape == value
    check_algebra(kept, matrix)
    for at in list(np.ndindex(dense.shape))[:: max(1, dense.size // 7)]:
        assert np.isclose(kept[at], dense[at])
    if dense.size:
        last = (-1,) * dense.ndim
        assert np.isclose(kept[last], dense[last])


def check_algebra(kept: Structured, matrix: np.ndarray[Any, Any]) -> None:
    """Columns, transposes, sums, multiples, products, traces, sparse, given buffers."""
    rng = np.random.default_rng(1)
    height, width = matrix.shape
    right, left = rng.normal(size=(width, 2)), rng.normal(size=(height, 3))
    same(kept.matmat(right), matrix @ right)
    same(kept.rmatmat(left), matrix.T @ left)
    same(kept.T.matmat(left), matrix.T @ left)
    same(flat(2 * kept - kept.T.T / 4), 1.75 * matrix)
    same(flat(kept @ kept.T), matrix @ matrix.T)
    same(flat(kept.H @ kept), matrix.conj().T @ matrix)
    if SCIPY:
        same(kept.to_sparse().toarray(), matrix)
    out = np.full(kept.shape, np.nan, kept.dtype)
    assert kept.toarray(out=out) is out
    same(out.reshape(matrix.shape), matrix)
    if kept.shape[: kept.rows] == kept.shape[kept.rows :]:
        same(kept.trace(), np.trace(matrix))
    if kept.shape:
        same(kept[-1], out[-1])
        same(kept[..., -1:], out[..., -1:])
        same(kept[0, ...], out[0])


def flat(kept: Structured) -> np.ndarray[Any, Any]:
    """The dense matrix."""
    return kept.toarray().reshape(kept.matrix_shape)


def same(found: Any, expected: Any) -> None:
    """Equal up to rounding."""
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_random_nodes() -> None:
    """Every split of the axes into value and variable."""
    for seed in range(150):
        drawn = draw(seed)
        for rows in range(len(drawn.node.shape) + 1):
            check(*both(drawn.node, seed, rows), rows)


def test_random_derivatives() -> None:
    """Jacobians, with the deltas that differentiation makes."""
    done = 0
    for seed in range(150):
        drawn = draw(seed)
        for name in list(variables(drawn.node))[:2]:
            if np.prod([*drawn.sizes, arrays(seed)[name].size]) > 3_000:
                continue
            slope = forward(drawn.node, LEAVES[name])
            rows = len(drawn.node.shape)
            check(*both(slope, seed, rows), rows)
            done += 1
    assert done > 100


def test_linear_operator() -> None:
    """SciPy's protocol: matvec, rmatvec as the adjoint, matmat."""
    pytest.importorskip("scipy")
    rng = np.random.default_rng(1)
    for dtype in (float, complex):
        a = rng.normal(size=(3, 3)).astype(dtype)
        if dtype is complex:
            a = a + 1j * rng.normal(size=(3, 3))
        matrix = tensor("A", (N, N))
        node = add(
            times(matrix, matrix), diagonal_matrix(einsum([(matrix, (0, 0))], [0]))
        )
        operator = evaluate_structured(node, 1, {"A": a}).aslinearoperator()
        dense = evaluate(node, {"A": a})
        v = rng.normal(size=3)
        assert operator.shape == (3, 3)
        assert np.allclose(operator.matvec(v), dense @ v)
        assert np.allclose(operator.rmatvec(v), dense.conj().T @ v)
        assert np.allclose(operator @ np.eye(3), dense)


def test_diagonal_jacobian_is_a_vector() -> None:
    """∂(x∘y∘z)/∂x costs n numbers, also for a large n."""
    n = 200_000
    env = {name: np.full(n, 2.0) for name in "xyz"}
    slope = jacobian(times(times(X, Y), Z), X)
    kept = evaluate_structured(slope, 1, env, None, None, [X, Y, Z])
    assert kept.shape == (n, n)
    assert kept.nbytes <= 8 * n
    assert kept.matvec(env["x"])[5] == 8 == kept.rmatvec(env["x"])[5]
    assert kept.diagonal()[7] == kept[7, 7] == 4
    assert kept[7, 8] == 0


def test_h_x_is_a_matrix() -> None:
    """∂((X∘A)1)/∂A = H X costs n p numbers."""
    n, p = 1_000, 50
    matrix, other = tensor("X", (N, P)), tensor("A", (N, P))
    slope = jacobian(contract(times(matrix, other), ones(P)), other)
    x = np.random.default_rng(0).normal(size=(n, p))
    kept = evaluate_structured(slope, 1, {"X": x}, None, None, [other])
    assert kept.shape == (n, n, p)
    assert kept.nbytes <= 8 * n * p
    direction = np.random.default_rng(1).normal(size=(n, p))
    assert np.allclose(kept.matvec(direction), (x * direction).sum(1))
    assert np.allclose(kept.rmatvec(np.ones(n)), x)


def test_errors() -> None:
    """Vectors that do not fit, diagonals that are not there, entries outside."""
    kept = evaluate_structured(tensor("B", (N, P)), 1, {"B": np.ones((2, 3))})
    with pytest.raises(ShapeError):
        kept.matvec(np.ones(2))
    with pytest.raises(ShapeError):
        kept.rmatvec(np.ones(3))
    with pytest.raises(ShapeError):
        kept.diagonal()
    with pytest.raises(IndexError):
        kept[2, 0]
    assert kept[0].tolist() == [1, 1, 1]
    assert "2×3" in repr(kept)


def test_inputs_are_read_only_views() -> None:
    """A core that is an input is not copied, and cannot be changed by way of the
    result; what comes out dense is nobody else's."""
    x = np.ones(3)
    kept = evaluate_structured(diagonal_matrix(X), 1, {"x": x})
    assert np.shares_memory(kept.cores[0], x)
    with pytest.raises(ValueError, match="read-only"):
        kept.cores[0][0] = 9
    whole = kept.toarray()
    whole[0, 0] = 9
    assert x[0] == 1
    alone = evaluate_structured(X, 1, {"x": x}).toarray()
    assert not np.shares_memory(alone, x)
    again = evaluate_structured(scale(2, diagonal_matrix(X)), 1, {"x": x})
    assert any(np.shares_memory(array, x) for array, _ in again.parts[0].factors)
    assert again[0, 0] == 2


def test_zero_and_scalars() -> None:
    """A sum without terms, and a value without axes."""
    zero = evaluate_structured(einsum([(Y, (0,))], [0, 0]), 2, {"y": np.zeros(0)})
    assert zero.toarray().shape == (0, 0)
    none = jacobian(Y, X)
    kept = evaluate_structured(none, 1, {"x": np.ones(2)}, None, None, [X])
    assert kept.toarray().tolist() == [[0, 0], [0, 0]]
    assert kept.matvec(np.ones(2)).tolist() == [0, 0]
    one = evaluate_structured(contract(X, X), 0, {"x": np.ones(2)})
    assert one[()] == 2
    assert one.matvec(np.float64(3)) == 6
