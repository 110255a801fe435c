"""Models that people fit, by hand in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .record import Call, Data, Table, on_numpy

TABLE = Table("NumPy", on_numpy)

Array = Any

#: What a block of rows may take, so that it stays in the cache of a core.
BLOCK = 1 << 20


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Ranges of rows of that width that fit in cache.

    >>> [b.stop for b in blocks(3, BLOCK // 16)]
    [2, 3]
    """
    step = max(1, BLOCK // (8 * width))
    return (slice(k, min(rows, k + step)) for k in range(0, rows, step))


# -- L1: logistic regression -----------------------------------------------------------


@TABLE.form("L1_grad", "np")
def l1_gradient(X: Array, y: Array, w: Array) -> Array:
    r = X @ w
    r *= y
    np.exp(r, out=r)
    r += 1
    np.divide(y, r, out=r)
    np.negative(r, out=r)
    return r @ X


@TABLE.form("L1_grad", "np_blocked")
def l1_gradient_blocked(X: Array, y: Array, w: Array) -> Array:
    total = np.zeros_like(w)
    for rows in blocks(*X.shape):
        total += l1_gradient(X[rows], y[rows], w)
    return total


@TABLE.form("L1_hess", "np")
def l1_hessian(X: Array, y: Array, w: Array) -> Array:
    e = np.exp(y * (X @ w))
    Z = X * (y * np.sqrt(e) / (1 + e))[:, None]
    return Z.T @ Z


@TABLE.maker("L1_hess", "np_workspace", given=True)
def l1_hessian_out(data: Data) -> Call:
    X, y, w = (data.arrays[name] for name in "Xyw")
    Z, H = np.empty_like(X), data.empty("n", "n")

    def call() -> Array:
        e = np.exp(y * (X @ w))
        np.multiply(X, (y * np.sqrt(e) / (1 + e))[:, None], out=Z)
        return np.matmul(Z.T, Z, out=H)

    return call


# -- L2: matrix factorisation ----------------------------------------------------------


@TABLE.form("L2_grad", "np")
def l2_gradient(T: Array, U: Array, V: Array) -> Array:
    G = U @ (V.T @ V)
    G -= T @ V
    G *= 2
    return G


@TABLE.form("L2_grad", "np_swapped", axes=(1, 0))
def l2_gradient_swapped(T: Array, U: Array, V: Array) -> Array:
    G = (V.T @ V) @ U.T
    G -= V.T @ T.T
    G *= 2
    return G


@TABLE.form("L2_grad", "np_residual")
def l2_gradient_residual(T: Array, U: Array, V: Array) -> Array:
    R = U @ V.T
    R -= T
    G = R @ V
    G *= 2
    return G


@TABLE.form("L2w_grad", "np_inplace")
def l2w_gradient(O: Array, T: Array, U: Array, V: Array) -> Array:
    R = U @ V.T
    R -= T
    R *= O
    G = R @ V
    G *= 2
    return G


def l2w_rows(O: Array, T: Array, U: Array, V: Array, R: Array, out: Array) -> Array:
    """Block by block, the residual kept in `R`."""
    for rows in blocks(*T.shape):
        part = R[: rows.stop - rows.start]
        np.matmul(U[rows], V.T, out=part)
        part -= T[rows]
        part *= O[rows]
        np.matmul(part, V, out=out[rows])
    out *= 2
    return out


@TABLE.form("L2w_grad", "np_blocked")
def l2w_gradient_blocked(O: Array, T: Array, U: Array, V: Array) -> Array:
    first = next(blocks(*T.shape))
    return l2w_rows(O, T, U, V, np.empty_like(T[first]), np.empty_like(U))


@TABLE.maker("L2w_grad", "np_blocked_workspace", given=True)
def l2w_gradient_out(data: Data) -> Call:
    O, T, U, V = (data.arrays[name] for name in "OTUV")
    R, out = np.empty_like(T[next(blocks(*T.shape))]), np.empty_like(U)
    return lambda: l2w_rows(O, T, U, V, R, out)


def on_diagonal(J: Array) -> Array:
    """The entries (i,a,i,b) of an array (i,a,j,b)."""
    return np.einsum("iaib->iab", J)


@TABLE.form("L2_hess", "np")
def l2_hessian(V: Array) -> Array:
    m, k = V.shape
    J = np.zeros((m, k, m, k), V.dtype)
    core = V.T @ V
    core *= 2
    on_diagonal(J)[...] = core
    return J


@TABLE.maker("L2_hess", "np_fill", given=True)
def l2_hessian_out(data: Data) -> Call:
    V = data.arrays["V"]
    J = data.empty("m", "k", "m", "k")
    diagonal = on_diagonal(J)

    def call() -> Array:
        core = V.T @ V
        core *= 2
        J.fill(0)
        diagonal[...] = core
        return J

    return call


@TABLE.form("L2_hess_comp", "np_syrk")
def l2_core(V: Array) -> Array:
    core = V.T @ V
    core *= 2
    return core


@TABLE.form("L2_hess_comp", "np_gemm")
def l2_core_gemm(V: Array) -> Array:
    return V.T @ (2 * V)


@TABLE.maker("L2_hess_comp", "np_out", given=True)
def l2_core_out(data: Data) -> Call:
    V, core = data.arrays["V"], data.empty("k", "k")

    def call() -> Array:
        np.matmul(V.T, V, out=core)
        return np.multiply(core, 2, out=core)

    return call


def l2w_core(O: Array, V: Array) -> Array:
    """2 Σ_j O_ij V_ja V_jb as one product."""
    m, k = V.shape
    pairs = ((2 * V)[:, :, None] * V[:, None, :]).reshape(m, k * k)
    return (O @ pairs).reshape(len(O), k, k)


def l2w_half(O: Array, V: Array, out: Array) -> Array:
    """The same with a ≤ b only, then mirrored."""
    k = V.shape[1]
    a, b = np.triu_indices(k)
    half = O @ ((2 * V[:, a]) * V[:, b])
    for column, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        out[:, i, j] = half[:, column]
        out[:, j, i] = half[:, column]
    return out


def l2w_half_gathered(O: Array, V: Array) -> Array:
    """The same, mirrored by one gather."""
    k = V.shape[1]
    a, b = np.triu_indices(k)
    place = np.empty((k, k), int)
    place[a, b] = place[b, a] = np.arange(len(a))
    half = O @ ((2 * V[:, a]) * V[:, b])
    return half.take(place.ravel(), axis=1).reshape(len(O), k, k)


TABLE.add("L2w_hess_comp", "np", l2w_core)
TABLE.add("L2w_hess_comp", "np_symhalf_take", l2w_half_gathered)


@TABLE.form("L2w_hess_comp", "np_symhalf")
def l2w_core_half(O: Array, V: Array) -> Array:
    k = V.shape[1]
    return l2w_half(O, V, np.empty((len(O), k, k), V.dtype))


@TABLE.form("L2w_hess_comp", "np_symhalf_abi", axes=(2, 0, 1))
def l2w_core_rows(O: Array, V: Array) -> Array:
    k = V.shape[1]
    a, b = np.triu_indices(k)
    half = ((2 * V[:, a]) * V[:, b]).T @ O.T
    core = np.empty((k, k, len(O)), V.dtype)
    core[a, b] = half
    core[b, a] = half
    return core


@TABLE.maker("L2w_hess_comp", "np_symhalf_out", given=True)
def l2w_core_out(data: Data) -> Call:
    O, V = data.arrays["O"], data.arrays["V"]
    out = data.empty("m", "k", "k")
    return lambda: l2w_half(O, V, out)


@TABLE.form("L2w_hess", "np")
def l2w_hessian(O: Array, V: Array) -> Array:
    m, k = V.shape
    J = np.zeros((m, k, m, k), V.dtype)
    on_diagonal(J)[...] = l2w_core(O, V)
    return J


@TABLE.form("L2w_hess", "np_symhalf")
def l2w_hessian_half(O: Array, V: Array) -> Array:
    m, k = V.shape
    J = np.zeros((m, k, m, k), V.dtype)
    l2w_half(O, V, on_diagonal(J))
    return J


@TABLE.maker("L2w_hess", "np_fill", given=True)
def l2w_hessian_out(data: Data) -> Call:
    O, V = data.arrays["O"], data.arrays["V"]
    J = data.empty("m", "k", "m", "k")
    diagonal = on_diagonal(J)

    def call() -> Array:
        J.fill(0)
        diagonal[...] = l2w_core(O, V)
        return J

    return call
