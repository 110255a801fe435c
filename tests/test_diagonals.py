"""diag(J), tr(H), diag(JᵀJ), … as expressions: equal to those of J, and without J."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import diagonals
from indexcalc.derivative import forward
from indexcalc.errors import ShapeError
from indexcalc.evaluate import evaluate
from indexcalc.expr import tensor
from indexcalc.nodes import Node, variables
from tests.random_nodes import VALUES, arrays, draw, leaf_tensors
from tests.test_structured_cases import MODELS, SIZES, derivative, values_for

RNG = np.random.default_rng(5)


def check(node: Node, rows: int, value: Any, dense: np.ndarray[Any, Any]) -> None:
    """Every expression against the dense matrix; `value` evaluates a node."""
    left, right = dense.shape[:rows], dense.shape[rows:]
    matrix = dense.reshape(int(np.prod(left)), int(np.prod(right)))
    squares = np.abs(matrix) ** 2
    close = {"rtol": 1e-7, "atol": 1e-8 * max(1.0, squares.max(initial=0))}
    columns = value(diagonals.gram_diagonal(node, rows))
    np.testing.assert_allclose(columns, squares.sum(0).reshape(right), **close)
    lines = value(diagonals.outer_diagonal(node, rows))
    np.testing.assert_allclose(lines, squares.sum(1).reshape(left), **close)
    whole = value(diagonals.square_norm(node))
    np.testing.assert_allclose(whole, squares.sum(), **close)
    if node.shape[:rows] == node.shape[rows:]:
        expected = np.diagonal(matrix)
        found = value(diagonals.diagonal(node, rows))
        np.testing.assert_allclose(found, expected.reshape(left), **close)
        np.testing.assert_allclose(
            value(diagonals.trace(node, rows)), expected.sum(), **close
        )


def test_random_nodes() -> None:
    """Every split of the axes of a random expression, and of its Jacobians."""
    leaves = leaf_tensors()
    scope = list(leaves.values())
    done = 0
    for seed in range(120):
        drawn, env = draw(seed), arrays(seed)
        slopes = [
            forward(drawn.node, leaves[v]) for v in list(variables(drawn.node))[:1]
        ]
        for node in (drawn.node, *slopes):
            dense = evaluate(node, env, VALUES, None, scope)
            if dense.size > 2_000 or not np.all(np.isfinite(dense)):
                continue
            for rows in range(dense.ndim + 1):
                check(
                    node,
                    rows,
                    lambda e, env=env: evaluate(e, env, VALUES, None, scope),
                    dense,
                )
                done += 1
    assert done > 300


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    """Jacobians and Hessians of the usual models."""
    e = derivative(name)
    values = values_for(MODELS[name][3], SIZES)
    scope = list(e.scope.values())
    dense = np.asarray(e.evaluate(values))
    check(
        e.node,
        e.value_order,
        lambda node: evaluate(node, values, None, None, scope),
        dense,
    )


def test_column_norms() -> None:
    """The norms, and not their squares."""
    e = derivative("sandwich")
    values = values_for(MODELS["sandwich"][3], SIZES)
    matrix = np.asarray(e.evaluate(values)).reshape(7 * 3, 5 * 4)
    found = evaluate(diagonals.column_norms(e.node, 2), values)
    np.testing.assert_allclose(found.ravel(), np.linalg.norm(matrix, axis=0))


def test_complex_maps() -> None:
    """JᴴJ, not JᵀJ."""
    z, A = ic.tensor("z", "n : complex"), ic.tensor("A", "n n : complex")
    J = ((2 + 1j) * A @ (z * z) - 3j * z).diff(z)
    values = {
        k: RNG.normal(size=s) + 1j * RNG.normal(size=s)
        for k, s in {"z": 4, "A": (4, 4)}.items()
    }
    dense = np.asarray(J.evaluate(values))
    check(J.node, 1, lambda node: evaluate(node, values), dense)


def test_errors() -> None:
    """A diagonal needs equal shapes on both sides."""
    A = tensor("A", ("m", "n"))
    with pytest.raises(ShapeError, match="not defined"):
        diagonals.diagonal(ic.tensor("A", "m n").node, 1)
    with pytest.raises(ShapeError, match="not defined"):
        diagonals.trace(A, 0)


LARGE: dict[str, Mapping[str, int]] = {
    "logistic": {"m": 100, "n": 40_000},
    "log-sum-exp": {"m": 100, "n": 40_000},
    "softmax": {"n": 40_000},
    "factorisation": {"m": 10_000, "p": 100, "k": 5},
    "masked": {"m": 100, "p": 10_000, "k": 5},
    "sandwich": {"m": 200, "n": 200, "p": 200, "k": 200},
}


@pytest.mark.parametrize("name", LARGE)
def test_nothing_dense_is_formed(name: str) -> None:
    """Where J would take 10 GB, its diagonals take little more than the inputs."""
    e = derivative(name)
    values = values_for(MODELS[name][3], LARGE[name])
    values = {k: 0.01 * v for k, v in values.items()}
    given = sum(array.nbytes for array in values.values())
    rows = e.value_order
    nodes = [diagonals.gram_diagonal(e.node, rows), diagonals.square_norm(e.node)]
    if e.node.shape[:rows] == e.node.shape[rows:]:
        nodes += [diagonals.diagonal(e.node, rows), diagonals.trace(e.node, rows)]
    scope = list(e.scope.values())
    tracemalloc.start()
    for node in nodes:
        evaluate(node, values, None, None, scope)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * given + 20_000_000
