"""Contractions with hyperindices by hand in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from .numpy_fitting import blocks
from .record import Call, Data, Table, on_numpy

TABLE = Table("NumPy", on_numpy)

Array = Any


# -- ij,ij,jk,jl,j->ikl ----------------------------------------------------------------


@TABLE.form("K_hyper", "np")
def hyper(A: Array, B: Array, C: Array, D: Array, v: Array) -> Array:
    j, k = C.shape
    pairs = ((v[:, None] * C)[:, :, None] * D[:, None, :]).reshape(j, -1)
    return ((A * B) @ pairs).reshape(-1, k, D.shape[1])


@TABLE.maker("K_hyper", "np_workspace", given=True)
def hyper_out(data: Data) -> Call:
    A, B, C, D, v = (data.arrays[name] for name in "ABCDv")
    left, pairs = data.empty("i", "j"), data.empty("j", "k", "l")
    out = data.empty("i", "k", "l")

    def call() -> Array:
        np.multiply(A, B, out=left)
        np.multiply((v[:, None] * C)[:, :, None], D[:, None, :], out=pairs)
        flat = pairs.reshape(len(pairs), -1)
        np.matmul(left, flat, out=out.reshape(len(out), -1))
        return out

    return call


# -- ijk,jr,kr->ir and ijk,ir,kr->jr ---------------------------------------------------


def khatri_rao(B: Array, C: Array) -> Array:
    """Its rows are the pairs of rows of B and C."""
    return (B[:, None, :] * C).reshape(-1, B.shape[1])


@TABLE.form("K_mttkrp", "np_khatri_rao")
def mttkrp(T: Array, B: Array, C: Array) -> Array:
    return T.reshape(len(T), -1) @ khatri_rao(B, C)


@TABLE.form("K_mttkrp", "np_last_first")
def mttkrp_last(T: Array, B: Array, C: Array) -> Array:
    return np.einsum("ijr,jr->ir", T @ C, B)


@TABLE.form("K_mttkrp", "np_batched_j")
def mttkrp_batched(T: Array, B: Array, C: Array) -> Array:
    parts = T.swapaxes(0, 1) @ (B[:, None, :] * C)
    return parts.sum(axis=0)


@TABLE.form("K_mttkrp", "np_loop_j")
def mttkrp_loop(T: Array, B: Array, C: Array) -> Array:
    total = np.zeros((len(T), C.shape[1]), T.dtype)
    for j in range(T.shape[1]):
        total += T[:, j] @ (B[j] * C)
    return total


@TABLE.form("K_mttkrp_mid", "np_last_first")
def mid_last(T: Array, A: Array, C: Array) -> Array:
    i, j, k = T.shape
    return np.einsum("ijr,ir->jr", (T.reshape(-1, k) @ C).reshape(i, j, -1), A)


@TABLE.form("K_mttkrp_mid", "np_loop_i")
def mid_loop(T: Array, A: Array, C: Array) -> Array:
    total = np.zeros((T.shape[1], C.shape[1]), T.dtype)
    for part, row in zip(T, A, strict=True):
        total += part @ (row * C)
    return total


@TABLE.form("K_mttkrp_mid", "np_first_first")
def mid_first(T: Array, A: Array, C: Array) -> Array:
    i, j, k = T.shape
    left = (A.T @ T.reshape(i, -1)).reshape(-1, j, k)
    return np.matvec(left, np.ascontiguousarray(C.T)).T


@TABLE.form("K_mttkrp_mid", "np_blocked")
def mid_blocked(T: Array, A: Array, C: Array) -> Array:
    i, j, k = T.shape
    total = np.zeros((j, C.shape[1]), T.dtype)
    for rows in blocks(i, j * C.shape[1]):
        part = T[rows].reshape(-1, k) @ C
        total += np.einsum("ijr,ir->jr", part.reshape(-1, j, C.shape[1]), A[rows])
    return total


# -- ijk,ia,jb,kc->abc -----------------------------------------------------------------


@TABLE.form("K_tucker", "np_A_first")
def tucker_first(T: Array, A: Array, B: Array, C: Array) -> Array:
    i, j, k = T.shape
    t = (A.T @ T.reshape(i, -1)).reshape(-1, j, k)
    return B.T @ (t.reshape(-1, k) @ C).reshape(-1, j, C.shape[1])


@TABLE.form("K_tucker", "np_A_B_C")
def tucker_in_order(T: Array, A: Array, B: Array, C: Array) -> Array:
    i, j, k = T.shape
    return (B.T @ (A.T @ T.reshape(i, -1)).reshape(-1, j, k)) @ C


@TABLE.form("K_tucker", "np_C_first")
def tucker_last(T: Array, A: Array, B: Array, C: Array) -> Array:
    i, j, k = T.shape
    t = (T.reshape(-1, k) @ C).reshape(i, -1)
    return B.T @ (A.T @ t).reshape(-1, j, C.shape[1])


# -- batches ---------------------------------------------------------------------------


@TABLE.form("K_hadmat", "np")
def batched(A: Array, B: Array) -> Array:
    return A @ B


@TABLE.maker("K_hadmat", "np_out", given=True)
def batched_out(data: Data) -> Call:
    A, B, out = data.arrays["A"], data.arrays["B"], data.empty("b", "i", "k")
    return lambda: np.matmul(A, B, out=out)


@TABLE.form("K_batch_inner_last", "np_transposed", axes=(1, 2, 0))
def inner_transposed(A: Array, B: Array) -> Array:
    return A.transpose(2, 0, 1) @ B.transpose(2, 0, 1)


@TABLE.form("K_batch_inner_last", "np_copy_first", axes=(1, 2, 0))
def inner_copied(A: Array, B: Array) -> Array:
    left, right = (np.ascontiguousarray(t.transpose(2, 0, 1)) for t in (A, B))
    return left @ right


@TABLE.form("K_batch_inner_last", "np_copy_as_rows", axes=(1, 2, 0))
def inner_as_rows(A: Array, B: Array) -> Array:
    left, right = (t.reshape(-1, t.shape[2]).T.copy() for t in (A, B))
    (i, j, b), k = A.shape, B.shape[1]
    return left.reshape(b, i, j) @ right.reshape(b, j, k)


@TABLE.form("K_batch_inner_last", "np_loop_i")
def inner_loop(A: Array, B: Array) -> Array:
    out = np.empty((len(A), *B.shape[1:]), A.dtype)
    for left, row in zip(A, out, strict=True):
        np.einsum("jb,jkb->kb", left, B, out=row)
    return out


# -- two and three matrices ------------------------------------------------------------


@TABLE.form("K_trace3", "np_einsum_dot")
def trace_einsum(A: Array, B: Array, C: Array) -> Array:
    return np.einsum("ik,ki->", A @ B, C)


@TABLE.form("K_trace3", "np_vdot")
def trace_dot(A: Array, B: Array, C: Array) -> Array:
    return np.dot((B.T @ A.T).ravel(), C.ravel())


@TABLE.form("K_trace3", "np_vecdot")
def trace_vecdot(A: Array, B: Array, C: Array) -> Array:
    return np.vecdot(B.T @ A.T, C).sum()


@TABLE.form("K_mat_had", "np")
def masked_product(A: Array, B: Array, C: Array) -> Array:
    R = A @ B
    R *= C
    return R


@TABLE.maker("K_mat_had", "np_out", given=True)
def masked_product_out(data: Data) -> Call:
    A, B, C = (data.arrays[name] for name in "ABC")
    out = data.empty("i", "k")

    def call() -> Array:
        np.matmul(A, B, out=out)
        return np.multiply(out, C, out=out)

    return call


# -- bi,bj,bk,bl->ijkl -----------------------------------------------------------------


@TABLE.form("K_moment4", "np_syrk")
def moments(X: Array) -> Array:
    b, n = X.shape
    pairs = (X[:, :, None] * X[:, None, :]).reshape(b, n * n)
    return (pairs.T @ pairs).reshape(n, n, n, n)


@TABLE.form("K_moment4", "np_gemm")
def moments_gemm(X: Array) -> Array:
    b, n = X.shape
    pairs = (X[:, :, None] * X[:, None, :]).reshape(b, n * n)
    return (pairs.T @ pairs.copy()).reshape(n, n, n, n)


@TABLE.form("K_moment4", "np_symhalf")
def moments_half(X: Array) -> Array:
    n = X.shape[1]
    i, j = np.triu_indices(n)
    half = X[:, i] * X[:, j]
    small = half.T @ half
    place = np.empty((n, n), int)
    place[i, j] = place[j, i] = np.arange(len(i))
    columns = small.take(place.ravel(), axis=1)
    return columns.take(place.ravel(), axis=0).reshape(n, n, n, n)


# -- ij,ij,ij->i -----------------------------------------------------------------------


@TABLE.form("K_had3_reduce", "np_einsum")
def rowwise_einsum(A: Array, B: Array, C: Array) -> Array:
    return np.einsum("ij,ij,ij->i", A, B, C)


@TABLE.form("K_had3_reduce", "np_vecdot")
def rowwise(A: Array, B: Array, C: Array) -> Array:
    return np.vecdot(A * B, C)


@TABLE.form("K_had3_reduce", "np_blocked")
def rowwise_blocked(A: Array, B: Array, C: Array) -> Array:
    first = next(blocks(*A.shape))
    out, part = np.empty(len(A), A.dtype), np.empty_like(A[first])
    for rows in blocks(*A.shape):
        product = np.multiply(A[rows], B[rows], out=part[: rows.stop - rows.start])
        np.vecdot(product, C[rows], out=out[rows])
    return out


# -- H_ijk A_jl B_km -------------------------------------------------------------------


@TABLE.form("K_H_elim", "np_elided")
def elided(A: Array, B: Array) -> Array:
    return A[:, :, None] * B[:, None, :]


@TABLE.form("K_H_elim", "np_einsum_elided")
def elided_einsum(A: Array, B: Array) -> Array:
    return np.einsum("il,im->ilm", A, B)


@TABLE.maker("K_H_elim", "np_out", given=True)
def elided_out(data: Data) -> Call:
    A, B, out = data.arrays["A"], data.arrays["B"], data.empty("n", "l", "l")
    return lambda: np.multiply(A[:, :, None], B[:, None, :], out=out)


@TABLE.form("K_H_elim", "np_H_built", suits=lambda sizes: sizes["n"] <= 160)
def built(A: Array, B: Array) -> Array:
    n = len(A)
    H = np.zeros((n, n, n), A.dtype)
    H.reshape(-1)[:: n * n + n + 1] = 1
    return np.einsum("ijk,jl,km->ilm", H, A, B, optimize=True)
