"""Derivatives the engine had no part in: complex step, central differences, JAX.

Every oracle takes a NumPy function, its arrays by name and the name of the variable,
and answers with the axes of the value first and the axes of the variable after them.

>>> import numpy as np
>>> complex_step(lambda np, x: x * x, {"x": np.array([1.0, 3.0])}, "x").tolist()
[[2.0, 0.0], [0.0, 6.0]]
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

import numpy as np
import pytest

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]


def call(function: Function, arrays: Mapping[str, Any], modules: Any = np) -> Any:
    """`function` called with the arrays it names.

    `modules` answers for the parameter `np`; its attribute `nn`, where it has one, for
    the parameter `nn`.
    """
    known = {"np": modules, "nn": getattr(modules, "nn", None), **arrays}
    return function(*(known[name] for name in inspect.signature(function).parameters))


def complex_step(function: Function, arrays: Mapping[str, Array], name: str) -> Array:
    """∂f/∂x by Im f(x + ih)/h, right to the last digit where f is holomorphic."""
    step = 1e-30
    base = np.asarray(arrays[name], dtype=complex)
    columns = []
    for at in np.ndindex(base.shape):
        moved = base.copy()
        moved[at] += 1j * step
        columns.append(np.imag(call(function, {**arrays, name: moved})) / step)
    return _gather(columns, call(function, arrays), base)


def central_difference(
    function: Function, arrays: Mapping[str, Array], name: str, step: float = 1.0
) -> Array:
    """∂f/∂x by (f(x + h) − f(x − h))/2h, exact for every h where f is quadratic."""
    base = np.asarray(arrays[name], dtype=float)
    columns = []
    for at in np.ndindex(base.shape):
        ends = []
        for sign in (1, -1):
            moved = base.copy()
            moved[at] += sign * step
            ends.append(np.asarray(call(function, {**arrays, name: moved})))
        columns.append((ends[0] - ends[1]) / (2 * step))
    return _gather(columns, call(function, arrays), base)


def parameters(structure: str, point: Array) -> list[Array]:
    """∂X/∂x_k for the free parameters x_k of a matrix with a structure: orthogonal to
    each other, with entries 0, 1 and −1; for an orthogonal matrix tangents at it."""
    i, j = np.indices(point.shape)
    match structure:
        case "symmetric" | "pd":
            groups = np.maximum(i, j) * len(point) + np.minimum(i, j)
        case "skew" | "orthogonal":
            groups = np.where(i > j, i * len(point) + j, -1)
        case "toeplitz":
            groups = j - i + len(point)
        case "symmetric toeplitz":
            groups = abs(j - i)
        case "diagonal":
            groups = np.where(i == j, i, -1)
        case "lower":
            groups = np.where(i >= j, i * point.shape[1] + j, -1)
        case "upper":
            groups = np.where(i <= j, i * point.shape[1] + j, -1)
    kept = [1.0 * (groups == k) for k in np.unique(groups[groups >= 0])]
    if structure in ("skew", "orthogonal"):
        kept = [entry - entry.T for entry in kept]
    return [point @ entry for entry in kept] if structure == "orthogonal" else kept


def by_parameters(
    function: Function,
    arrays: Mapping[str, Array],
    name: str,
    structure: str,
    convention: str,
) -> Array:
    """∂f/∂X on a structure, from ∂f/∂x_k by complex steps along the free parameters.

    By "free_entries" each stands where its parameter does, with its sign there; else
    they make up the projection, Σ_k ∂f/∂x_k E_k/‖E_k‖².
    """
    step = 1e-30
    base = np.asarray(arrays[name], dtype=complex)
    total: Any = 0
    for turn in parameters(structure, arrays[name]):
        moved = {**arrays, name: base + 1j * step * turn}
        slope = np.imag(call(function, moved)) / step
        length = 1.0 if convention == "free_entries" else np.sum(turn * turn)
        total = total + np.multiply.outer(slope, turn / length)
    return np.asarray(total)


def _gather(columns: list[Any], value: Any, base: Array) -> Array:
    """The columns, one an entry of the variable, as one array: value axes first."""
    shape = np.shape(value)
    flat = np.reshape(columns, (base.size, *shape))
    return np.moveaxis(flat, 0, -1).reshape(shape + base.shape)


def float64_jax() -> Any:
    """JAX in float64; skips the test that asks where there is no JAX."""
    # Every program runs once: compiling it is all the cost.
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")
    jax = pytest.importorskip("jax", reason="JAX is the reference here")
    jax.config.update("jax_enable_x64", True)
    return jax


def jax_derivative(
    function: Function, arrays: Mapping[str, Array], *names: str
) -> Array:
    """The value (no names), the Jacobian (one) or the second derivative by JAX."""
    jax = float64_jax()
    modules = _Modules(jax)

    def at(values: Mapping[str, Any]) -> Any:
        return call(function, values, modules)

    derived = at
    for name in names:
        derived = _jacobian(jax, derived, name)
    whole = {name: jax.numpy.asarray(array) for name, array in arrays.items()}
    return np.asarray(derived(whole))


def _jacobian(jax: Any, function: Function, name: str) -> Function:
    """One more derivative, by forward mode, of a function of a mapping."""

    def derived(values: Mapping[str, Any]) -> Any:
        return jax.jacfwd(lambda x: function({**values, name: x}))(values[name])

    return derived


class _Modules:
    """`jax.numpy` with `jax.nn` beside it, under the names the tables use."""

    def __init__(self, jax: Any) -> None:
        self.nn = jax.nn
        self._numpy = jax.numpy

    def __getattr__(self, name: str) -> Any:
        return getattr(self._numpy, name)


def close(found: Any, wanted: Any, tolerance: float = 1e-9) -> None:
    """Assert one shape, and a largest error under tolerance·(1 + max|wanted|)."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.shape == wanted.shape
    if wanted.size:
        error = np.max(np.abs(found - wanted))
        assert error <= tolerance * (1 + np.max(np.abs(wanted)))


def draw(rng: np.random.Generator, shape: tuple[int, ...], kind: str = "") -> Array:
    """A random array of a kind: positive, symmetric, invertible, a mask, one-hot, …"""
    plain = rng.standard_normal(shape)
    match kind:
        case "":
            return plain
        case "skew":
            return plain - plain.T
        case "diagonal":
            return np.diag(np.diag(plain))
        case "lower":
            return np.tril(plain) + 2 * np.eye(*shape)
        case "upper":
            return np.triu(plain) + 2 * np.eye(*shape)
        case "toeplitz":
            i, j = np.indices(shape)
            return plain.ravel()[j - i + shape[0]]
        case "symmetric toeplitz":
            i, j = np.indices(shape)
            return plain.ravel()[abs(j - i)]
        case "orthogonal":
            return np.linalg.qr(plain)[0]
        case "pos" | "positive":
            return np.abs(plain) + 0.5
        case "sym" | "symmetric":
            return _symmetrised(plain)
        case "spd" | "pd":
            return plain @ plain.T / 2 + np.eye(shape[0])
        case "inv":
            return plain / 2 + 2 * np.eye(shape[0])
        case "small":
            return 0.1 * plain
        case "prob":
            return rng.uniform(0.2, 0.8, shape)
        case "mask" | "binary":
            return (plain > 0).astype(float)
        case "sign":
            return np.where(plain > 0, 1.0, -1.0)
        case "onehot":
            return np.eye(shape[1])[rng.integers(0, shape[1], shape[0])]
    raise ValueError(f"no way to draw {kind!r}")


def _symmetrised(array: Array) -> Array:
    """The mean of an array over every order of its axes."""
    turned = [array.transpose(order) for order in permutations(range(array.ndim))]
    return np.asarray(sum(turned) / len(turned))
