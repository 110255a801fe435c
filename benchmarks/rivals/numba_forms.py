"""Loops fused and run in parallel by Numba."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numba import prange

from .record import Call, Data, Table, on_numpy

TABLE = Table("numba", on_numpy)

Array = Any

_jit = nb.njit(parallel=True, fastmath={"reassoc", "contract", "arcp"}, cache=False)


# -- worked problems -------------------------------------------------------------------


@_jit
def _s1(X: Array, J: Array) -> None:
    n, p = X.shape
    for i in prange(n):
        J[i] = 0.0
        for k in range(p):
            J[i, i, k] = X[i, k]


@TABLE.form("S1_dense", "nb")
def s1(X: Array) -> Array:
    J = np.empty((len(X), *X.shape), X.dtype)
    _s1(X, J)
    return J


@TABLE.maker("S1_dense", "nb_out", given=True)
def s1_out(data: Data) -> Call:
    X, J = data.arrays["X"], data.empty("n", "n", "p")

    def call() -> Array:
        _s1(X, J)
        return J

    return call


@_jit
def _s2(w: Array, A: Array, X: Array, J: Array) -> None:
    k, n = A.shape
    for i in prange(k):
        for c in range(3):
            t = 0.0
            for m in range(n):
                t += A[i, m] * X[c, m]
            t *= 2 * w[i]
            for j in range(n):
                J[i, c, j] = t * A[i, j]


@TABLE.form("S2_dense", "nb_icj", axes=(0, 2, 1))
def s2(w: Array, A: Array, X: Array) -> Array:
    k, n = A.shape
    J = np.empty((k, 3, n), A.dtype)
    _s2(w, A, np.ascontiguousarray(X.T), J)
    return J


@TABLE.maker("S2_dense", "nb_icj_out", axes=(0, 2, 1), given=True)
def s2_out(data: Data) -> Call:
    w, A, X = (data.arrays[name] for name in "wAX")
    J = data.empty("k", 3, "n")

    def call() -> Array:
        _s2(w, A, np.ascontiguousarray(X.T), J)
        return J

    return call


@_jit
def _s3(y: Array, z: Array, J: Array) -> None:
    for i in prange(len(y)):
        J[i] = 0.0
        J[i, i] = y[i] * z[i]


@TABLE.form("S3_dense", "nb")
def s3(y: Array, z: Array) -> Array:
    J = np.empty((len(y), len(y)), y.dtype)
    _s3(y, z, J)
    return J


@TABLE.maker("S3_dense", "nb_out", given=True)
def s3_out(data: Data) -> Call:
    y, z, J = data.arrays["y"], data.arrays["z"], data.empty("n", "n")

    def call() -> Array:
        _s3(y, z, J)
        return J

    return call


@_jit
def _product(y: Array, z: Array, out: Array) -> None:
    for i in prange(len(y)):
        out[i] = y[i] * z[i]


@TABLE.form("S3_comp", "nb")
def s3_product(y: Array, z: Array) -> Array:
    out = np.empty_like(y)
    _product(y, z, out)
    return out


@TABLE.maker("S3_comp", "nb_out", given=True)
def s3_product_out(data: Data) -> Call:
    y, z, out = data.arrays["y"], data.arrays["z"], data.empty("n")

    def call() -> Array:
        _product(y, z, out)
        return out

    return call


# -- fitting ---------------------------------------------------------------------------


@_jit
def _l1(X: Array, y: Array, w: Array, parts: Array) -> None:
    m, n = X.shape
    step = -(-m // len(parts))
    for t in prange(len(parts)):
        total = np.zeros(n, X.dtype)
        for i in range(t * step, min(m, (t + 1) * step)):
            z = 0.0
            for j in range(n):
                z += X[i, j] * w[j]
            r = -y[i] / (1 + np.exp(y[i] * z))
            for j in range(n):
                total[j] += r * X[i, j]
        parts[t] = total


@TABLE.form("L1_grad", "nb_fused")
def l1(X: Array, y: Array, w: Array) -> Array:
    parts = np.empty((nb.get_num_threads(), len(w)), X.dtype)
    _l1(X, y, w, parts)
    return parts.sum(axis=0)


@_jit
def _l2w(O: Array, T: Array, U: Array, W: Array, G: Array) -> None:
    m, n = T.shape
    k = U.shape[1]
    for i in prange(m):
        row = np.empty(n, T.dtype)
        for j in range(n):
            row[j] = -T[i, j]
        for a in range(k):
            u = U[i, a]
            for j in range(n):
                row[j] += u * W[a, j]
        for j in range(n):
            row[j] *= 2 * O[i, j]
        for a in range(k):
            g = 0.0
            for j in range(n):
                g += row[j] * W[a, j]
            G[i, a] = g


@TABLE.form("L2w_grad", "nb_fused")
def l2w(O: Array, T: Array, U: Array, V: Array) -> Array:
    G = np.empty_like(U)
    _l2w(O, T, U, np.ascontiguousarray(V.T), G)
    return G


@TABLE.maker("L2w_grad", "nb_fused_out", given=True)
def l2w_out(data: Data) -> Call:
    O, T, U, V = (data.arrays[name] for name in "OTUV")
    G, W = np.empty_like(U), data.empty("k", "m")

    def call() -> Array:
        W[...] = V.T
        _l2w(O, T, U, W, G)
        return G

    return call


# -- quadratic form --------------------------------------------------------------------


@_jit
def _q1(A: Array, x: Array, g: Array, parts: Array) -> None:
    n = len(x)
    step = -(-n // len(parts))
    for t in prange(len(parts)):
        total = np.zeros(n, x.dtype)
        for i in range(t * step, min(n, (t + 1) * step)):
            r, u = 0.0, x[i]
            for j in range(n):
                r += A[i, j] * x[j]
                total[j] += u * A[i, j]
            g[i] = r
        parts[t] = total


@TABLE.form("Q1_grad", "nb_fused")
def q1(A: Array, x: Array) -> Array:
    g, parts = np.empty_like(x), np.empty((nb.get_num_threads(), len(x)), x.dtype)
    _q1(A, x, g, parts)
    for part in parts:
        g += part
    return g


@_jit
def _tiles(A: Array, H: Array, tile: int) -> None:
    n = len(A)
    for b in prange(-(-n // tile)):
        for start in range(0, n, tile):
            for i in range(b * tile, min(n, (b + 1) * tile)):
                for j in range(start, min(n, start + tile)):
                    H[i, j] = A[i, j] + A[j, i]


@TABLE.form("Q1_hess", "nb_tiled")
def q1_hessian(A: Array) -> Array:
    H = np.empty_like(A)
    _tiles(A, H, 32)
    return H


@TABLE.maker("Q1_hess", "nb_tiled_out", given=True)
def q1_hessian_out(data: Data) -> Call:
    A, H = data.arrays["A"], data.empty("n", "n")

    def call() -> Array:
        _tiles(A, H, 32)
        return H

    return call


# -- hyperindices ----------------------------------------------------------------------


@_jit
def _rowwise(A: Array, B: Array, C: Array, out: Array) -> None:
    for i in prange(len(A)):
        s = 0.0
        for j in range(A.shape[1]):
            s += A[i, j] * B[i, j] * C[i, j]
        out[i] = s


@TABLE.form("K_had3_reduce", "nb_fused")
def rowwise(A: Array, B: Array, C: Array) -> Array:
    out = np.empty(len(A), A.dtype)
    _rowwise(A, B, C, out)
    return out


@_jit
def _outer(A: Array, B: Array, out: Array) -> None:
    for i in prange(len(A)):
        for j in range(A.shape[1]):
            for k in range(B.shape[1]):
                out[i, j, k] = A[i, j] * B[i, k]


@TABLE.form("K_H_elim", "nb")
def elided(A: Array, B: Array) -> Array:
    out = np.empty((*A.shape, B.shape[1]), A.dtype)
    _outer(A, B, out)
    return out


@TABLE.maker("K_H_elim", "nb_out", given=True)
def elided_out(data: Data) -> Call:
    A, B, out = data.arrays["A"], data.arrays["B"], data.empty("n", "l", "l")

    def call() -> Array:
        _outer(A, B, out)
        return out

    return call


@_jit
def _inner_last(A: Array, B: Array, out: Array) -> None:
    i, j, b = A.shape
    k = B.shape[1]
    for p in prange(i):
        out[p] = 0.0
        for q in range(j):
            for r in range(k):
                for s in range(b):
                    out[p, r, s] += A[p, q, s] * B[q, r, s]


@TABLE.form("K_batch_inner_last", "nb_loops")
def inner_last(A: Array, B: Array) -> Array:
    out = np.empty((len(A), *B.shape[1:]), A.dtype)
    _inner_last(A, B, out)
    return out
