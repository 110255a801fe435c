"""The worked problems by hand in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from .record import Call, Data, Table, on_numpy

TABLE = Table("NumPy", on_numpy)

Array = Any


# -- S1: δ_ij X_ik ---------------------------------------------------------------------


@TABLE.form("S1_dense", "np")
def s1_zeros(X: Array) -> Array:
    n, p = X.shape
    J = np.zeros((n, n, p), X.dtype)
    np.einsum("iik->ik", J)[...] = X
    return J


@TABLE.form("S1_dense", "np_bcast_delta")
def s1_broadcast(X: Array) -> Array:
    return np.eye(len(X), dtype=X.dtype)[:, :, None] * X[:, None, :]


@TABLE.maker("S1_dense", "np_fill", given=True)
def s1_filled(data: Data) -> Call:
    X = data.arrays["X"]
    J = data.empty("n", "n", "p")
    diagonal = np.einsum("iik->ik", J)

    def call() -> Array:
        J.fill(0)
        diagonal[...] = X
        return J

    return call


@TABLE.form("S1_comp", "np")
def s1_copy(X: Array) -> Array:
    return X.copy()


@TABLE.form("S1_comp", "np_view", counts=False)
def s1_view(X: Array) -> Array:
    return X


@TABLE.maker("S1_comp", "np_copyto", given=True)
def s1_copied(data: Data) -> Call:
    X, out = data.arrays["X"], data.empty("n", "p")

    def call() -> Array:
        np.copyto(out, X)
        return out

    return call


# -- S2: 2 w_i (AX)_ic A_ij ------------------------------------------------------------


def s2_factor(w: Array, A: Array, X: Array) -> Array:
    """2 Diag(w) A X."""
    T = A @ X
    T *= 2 * w[:, None]
    return T


def s2_columns(w: Array, A: Array, X: Array) -> Array:
    """The same by three products with a vector, as rows (c, i)."""
    T = np.empty((3, len(w)), A.dtype)
    for c, column in enumerate(np.ascontiguousarray(X.T)):
        np.dot(A, column, out=T[c])
    T *= 2 * w
    return T


@TABLE.form("S2_dense", "np_icj", axes=(0, 2, 1))
def s2_by_rows(w: Array, A: Array, X: Array) -> Array:
    return s2_factor(w, A, X)[:, :, None] * A[:, None, :]


@TABLE.form("S2_dense", "np_cij", axes=(1, 2, 0))
def s2_by_columns(w: Array, A: Array, X: Array) -> Array:
    return s2_columns(w, A, X)[:, :, None] * A


@TABLE.maker("S2_dense", "np_icj_out", axes=(0, 2, 1), given=True)
def s2_by_rows_out(data: Data) -> Call:
    w, A, X = (data.arrays[name] for name in "wAX")
    J = data.empty("k", 3, "n")

    def call() -> Array:
        T = s2_factor(w, A, X)
        return np.multiply(T[:, :, None], A[:, None, :], out=J)

    return call


@TABLE.maker("S2_dense", "np_cij_out", axes=(1, 2, 0), given=True)
def s2_by_columns_out(data: Data) -> Call:
    w, A, X = (data.arrays[name] for name in "wAX")
    J = data.empty(3, "k", "n")

    def call() -> Array:
        return np.multiply(s2_columns(w, A, X)[:, :, None], A, out=J)

    return call


TABLE.add("S2_comp", "np_gemm", s2_factor)
TABLE.add("S2_comp", "np_3gemv", s2_columns, axes=(1, 0))


@TABLE.form("S2_comp", "np_XT_AT", axes=(1, 0))
def s2_transposed(w: Array, A: Array, X: Array) -> Array:
    T = np.ascontiguousarray(X.T) @ A.T
    T *= 2 * w
    return T


# -- S3: δ_ij y_i z_i ------------------------------------------------------------------


@TABLE.form("S3_dense", "np")
def s3_zeros(y: Array, z: Array) -> Array:
    n = len(y)
    J = np.zeros((n, n), y.dtype)
    np.multiply(y, z, out=J.reshape(-1)[:: n + 1])
    return J


@TABLE.form("S3_dense", "np_diag")
def s3_diag(y: Array, z: Array) -> Array:
    return np.diag(y * z)


@TABLE.maker("S3_dense", "np_fill", given=True)
def s3_filled(data: Data) -> Call:
    y, z = data.arrays["y"], data.arrays["z"]
    J = data.empty("n", "n")
    diagonal = J.reshape(-1)[:: len(y) + 1]

    def call() -> Array:
        J.fill(0)
        np.multiply(y, z, out=diagonal)
        return J

    return call


@TABLE.form("S3_comp", "np")
def s3_product(y: Array, z: Array) -> Array:
    return y * z


@TABLE.maker("S3_comp", "np_out", given=True)
def s3_product_out(data: Data) -> Call:
    y, z, out = data.arrays["y"], data.arrays["z"], data.empty("n")
    return lambda: np.multiply(y, z, out=out)


# -- S4, S5: A(B(xC∘D)∘E)F -------------------------------------------------------------


@TABLE.form("S4", "np_BtE")
def s4_left(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    M = B.T @ (A[:, None] * E)
    M *= D
    return M @ (C * F)


@TABLE.form("S4", "np_BAtE")
def s4_scaled(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    M = (A[:, None] * B).T @ E
    M *= D
    return M @ (C * F)


@TABLE.form("S4", "np_EDt")
def s4_right(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    M = E @ (D * (C * F)).T
    M *= B
    return A @ M


@TABLE.maker("S4", "np_EDt_workspace", given=True)
def s4_workspace(data: Data) -> Call:
    A, B, C, D, E, F = (data.arrays[name] for name in "ABCDEF")
    scaled, M = data.empty("b", "e"), data.empty("a", "b")
    out = data.empty("b")

    def call() -> Array:
        np.multiply(D, C * F, out=scaled)
        np.matmul(E, scaled.T, out=M)
        np.multiply(M, B, out=M)
        return np.dot(A, M, out=out)

    return call


@TABLE.form("S5", "np")
def s5_right(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    M = E @ (D * (C * F)).T
    M *= B
    return A @ M


@TABLE.form("S5", "np_scaled_E")
def s5_scaled(A: Array, B: Array, C: Array, D: Array, E: Array, F: Array) -> Array:
    M = (E * (C * F)) @ D.T
    M *= B
    return A @ M


@TABLE.maker("S5", "np_workspace", given=True)
def s5_workspace(data: Data) -> Call:
    A, B, C, D, E, F = (data.arrays[name] for name in "ABCDEF")
    scaled, M = data.empty("b", "e"), data.empty("a", "b")
    out = data.empty("q", "b")

    def call() -> Array:
        np.multiply(D, C * F, out=scaled)
        np.matmul(E, scaled.T, out=M)
        np.multiply(M, B, out=M)
        return np.matmul(A, M, out=out)

    return call
