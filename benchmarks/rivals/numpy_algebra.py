"""Quadratic forms, log det and inverses, by hand in NumPy and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg as sl

from .numpy_fitting import blocks
from .record import Call, Data, Table, on_numpy

TABLE = Table("NumPy", on_numpy)

Array = Any


# -- Q1: xᵀAx --------------------------------------------------------------------------


@TABLE.form("Q1_grad", "np")
def q1_gradient(A: Array, x: Array) -> Array:
    g = A @ x
    g += x @ A
    return g


@TABLE.form("Q1_grad", "np_blocked")
def q1_gradient_blocked(A: Array, x: Array) -> Array:
    g, total = np.empty_like(x), np.zeros_like(x)
    for rows in blocks(*A.shape):
        np.dot(A[rows], x, out=g[rows])
        total += x[rows] @ A[rows]
    g += total
    return g


@TABLE.form("Q1_hess", "np")
def q1_hessian(A: Array) -> Array:
    return A + A.T


def tiled(A: Array, H: Array, tile: int = 128) -> Array:
    """A + Aᵀ, tile by tile so that both stay in cache."""
    n = len(A)
    for i in range(0, n, tile):
        for j in range(i, n, tile):
            rows, columns = slice(i, i + tile), slice(j, j + tile)
            block = np.add(A[rows, columns], A[columns, rows].T, out=H[rows, columns])
            H[columns, rows] = block.T
    return H


@TABLE.form("Q1_hess", "np_tiled")
def q1_hessian_tiled(A: Array) -> Array:
    return tiled(A, np.empty_like(A))


@TABLE.maker("Q1_hess", "np_out", given=True)
def q1_hessian_out(data: Data) -> Call:
    A, H = data.arrays["A"], data.empty("n", "n")
    return lambda: np.add(A, A.T, out=H)


@TABLE.maker("Q1_hess", "np_tiled_out", given=True)
def q1_hessian_tiled_out(data: Data) -> Call:
    A, H = data.arrays["A"], data.empty("n", "n")
    return lambda: tiled(A, H)


# -- Q2: log |det X| -------------------------------------------------------------------


@TABLE.form("Q2_logdet_grad", "np_inv")
def q2_gradient(X: Array) -> Array:
    return np.linalg.inv(X).T


@TABLE.form("Q2_logdet_grad", "scipy_inv")
def q2_gradient_scipy(X: Array) -> Array:
    return sl.inv(X, check_finite=False).T


@TABLE.form("Q2_logdet_grad", "scipy_getri")
def q2_gradient_getri(X: Array) -> Array:
    getrf, getri, size = sl.get_lapack_funcs(("getrf", "getri", "getri_lwork"), (X,))
    lu, pivots, _ = getrf(np.array(X.T, order="F"), overwrite_a=True)
    work = int(1.01 * size(len(X))[0].real)
    inverse, _ = getri(lu, pivots, lwork=work, overwrite_lu=True)
    return inverse


@TABLE.form("Q2_logdet_hess", "np")
def q2_hessian(X: Array) -> Array:
    K = np.linalg.inv(X)
    return (-K.T)[:, None, None, :] * K[:, :, None]


@TABLE.form("Q2_logdet_hess", "np_iljk", axes=(0, 2, 3, 1))
def q2_hessian_outer(X: Array) -> Array:
    K = np.linalg.inv(X)
    return (-K.T)[:, :, None, None] * K


@TABLE.maker("Q2_logdet_hess", "np_iljk_out", axes=(0, 2, 3, 1), given=True)
def q2_hessian_outer_out(data: Data) -> Call:
    X, H = data.arrays["X"], data.empty("n", "n", "n", "n")

    def call() -> Array:
        K = np.linalg.inv(X)
        return np.multiply((-K.T)[:, :, None, None], K, out=H)

    return call


@TABLE.maker("Q2_logdet_hess", "np_out", given=True)
def q2_hessian_out(data: Data) -> Call:
    X, H = data.arrays["X"], data.empty("n", "n", "n", "n")

    def call() -> Array:
        K = np.linalg.inv(X)
        return np.multiply((-K.T)[:, None, None, :], K[:, :, None], out=H)

    return call


# -- Q3: aᵀX⁻¹b ------------------------------------------------------------------------


def factored(X: Array) -> tuple[Array, Array]:
    """SciPy's LU of Xᵀ, which is X in Fortran's order without a copy of the layout."""
    return sl.lu_factor(X.T.copy(order="F"), overwrite_a=True, check_finite=False)


def solved(lu: tuple[Array, Array], b: Array, transposed: bool = False) -> Array:
    """X⁻¹b, or X⁻ᵀb, from the LU of Xᵀ."""
    return sl.lu_solve(lu, b, trans=0 if transposed else 1, check_finite=False)


@TABLE.form("Q3_inv_grad", "np_lu")
def q3_gradient(X: Array, a: Array, b: Array) -> Array:
    lu = sl.lu_factor(X, check_finite=False)
    u = sl.lu_solve(lu, b, check_finite=False)
    v = sl.lu_solve(lu, a, trans=1, check_finite=False)
    return np.multiply.outer(-v, u)


@TABLE.form("Q3_inv_grad", "np_lu_transposed")
def q3_gradient_transposed(X: Array, a: Array, b: Array) -> Array:
    lu = factored(X)
    return np.multiply.outer(-solved(lu, a, transposed=True), solved(lu, b))


@TABLE.form("Q3_inv_grad", "np_solve_twice")
def q3_gradient_twice(X: Array, a: Array, b: Array) -> Array:
    return np.multiply.outer(-np.linalg.solve(X.T, a), np.linalg.solve(X, b))


def along(solve: Any, a: Array, b: Array, V: Array) -> Array:
    """X⁻ᵀVᵀX⁻ᵀabᵀX⁻ᵀ + X⁻ᵀabᵀX⁻ᵀVᵀX⁻ᵀ, of rank two."""
    u, v = solve(b, False), solve(a, True)
    left = np.stack([solve(v @ V, True), v], axis=1)
    right = np.stack([u, solve(V @ u, False)])
    return left @ right


@TABLE.form("Q3_inv_hvp", "np_lu")
def q3_along(X: Array, a: Array, b: Array, V: Array) -> Array:
    lu = sl.lu_factor(X, check_finite=False)

    def solve(c: Array, transposed: bool) -> Array:
        return sl.lu_solve(lu, c, trans=int(transposed), check_finite=False)

    return along(solve, a, b, V)


@TABLE.form("Q3_inv_hvp", "np_lu_transposed")
def q3_along_transposed(X: Array, a: Array, b: Array, V: Array) -> Array:
    lu = factored(X)
    return along(lambda c, transposed: solved(lu, c, transposed), a, b, V)
