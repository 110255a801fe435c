"""Printed JAX functions compute what evaluation computes, and can be transformed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from indexcalc import matrix as m
from indexcalc.derivative import gradient
from indexcalc.nodes import Node, variables
from tests import random_nodes
from tests.einsum_cases import CASES, S, X, a, c, layer, logistic, nested
from tests.test_codegen import agree, printed, run
from tests.test_einsum_text import values_of

jax = pytest.importorskip("jax", reason="JAX is not installed")


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else x64():
        yield


def x64() -> Any:
    """Double precision, where it has a context of its own."""
    from jax.experimental import enable_x64

    return enable_x64()


@pytest.mark.parametrize("name", CASES)
def test_jax_computes_what_evaluation_computes(name: str) -> None:
    agree(CASES[name], values_of(CASES[name]), "jax", jax.numpy.asarray)


@pytest.mark.parametrize("seed", range(100, 115))
def test_random_nodes(seed: int) -> None:
    node = random_nodes.draw(seed).node
    arrays = random_nodes.arrays(seed, list(variables(node)))
    agree(node, arrays, "jax", jax.numpy.asarray, random_nodes.VALUES, rtol=1e-9)


COMPILED = [
    "row sums by A: H X",
    "layer by Z",
    "logistic Hessian",
    "vec by X",
    "blocks",
]
COMPILED += ["row softmax Jacobian", "matrix norm Hessian", "determinant Hessian"]


@pytest.mark.parametrize("name", COMPILED)
def test_under_jit(name: str) -> None:
    node, arrays = CASES[name], values_of(CASES[name])
    text = printed(node, "jax")
    if text.sizes:
        return
    inputs = [arrays[v] for v in variables(node)]
    function = text.run()
    found = jax.jit(function)(*inputs)
    np.testing.assert_allclose(found, run(text, node, arrays), rtol=1e-9, atol=1e-12)


SCALARS: dict[str, tuple[Node, str]] = {
    "logistic": (logistic(), "c"),
    "layer": (m.total(layer()), "Z"),
    "nested": (m.contract(a, nested()), "u"),
    "log-determinant": (m.logdet(S), "S"),
    "log-sum-exp": (m.lse(m.contract(X, c)), "c"),
    "relu": (m.total(m.elementwise("relu", m.contract(X, c))), "X"),
    "norm": (m.norm2(X), "X"),
}


@pytest.mark.parametrize("name", SCALARS)
def test_the_derivative_of_the_text_is_the_text_of_the_derivative(name: str) -> None:
    node, variable = SCALARS[name]
    names = list(variables(node))
    arrays = values_of(node)
    value = printed(node, "jax").run()
    differentiated = jax.grad(value, names.index(variable))
    expected = differentiated(*(arrays[v] for v in names))
    derivative = gradient(node, variables(node)[variable])
    found = run(printed(derivative, "jax"), derivative, arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_under_vmap() -> None:
    node = gradient(logistic(), c)
    text = printed(node, "jax")
    arrays = values_of(node)
    points = np.stack([arrays["c"] * k for k in range(4)])
    axes = [0 if v == "c" else None for v in variables(node)]
    inputs = [points if v == "c" else arrays[v] for v in variables(node)]
    found = jax.vmap(text.run(), axes)(*inputs)
    for k, point in enumerate(points):
        expected = run(text, node, arrays | {"c": point})
        np.testing.assert_allclose(found[k], expected, rtol=1e-12)


def test_written_diagonals_under_vmap() -> None:
    node = CASES["row sums by A: H X"]
    stack = np.random.default_rng(0).normal(size=(3, 4, 3))
    text = printed(node, "jax")
    found = jax.vmap(text.run())(stack)
    for k in range(3):
        np.testing.assert_array_equal(found[k], run(text, node, {"X": stack[k]}))


def test_float32_stays_float32() -> None:
    for name in COMPILED:
        node, arrays = CASES[name], values_of(CASES[name], np.float32)
        if arrays:
            found = run(printed(node, "jax"), node, arrays, jax.numpy.asarray)
            assert found.dtype == np.float32, name
