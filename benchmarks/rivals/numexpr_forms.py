"""Elementwise formulas by numexpr."""

from __future__ import annotations

from typing import Any

import numexpr as ne
import numpy as np

from .record import Call, Data, Table, on_numpy

TABLE = Table("numexpr", on_numpy)

Array = Any


@TABLE.form("S3_comp", "ne")
def product(y: Array, z: Array) -> Array:
    return ne.evaluate("y*z")


@TABLE.maker("S3_comp", "ne_out", given=True)
def product_out(data: Data) -> Call:
    y, z, out = data.arrays["y"], data.arrays["z"], data.empty("n")
    return lambda: ne.evaluate("y*z", {"y": y, "z": z}, out=out)


@TABLE.form("S2_dense", "ne_icj", axes=(0, 2, 1))
def squared(w: Array, A: Array, X: Array) -> Array:
    t, a = (2 * w[:, None] * (A @ X))[:, :, None], A[:, None, :]
    return ne.evaluate("t*a", {"t": t, "a": a})


@TABLE.form("L1_grad", "ne")
def logistic(X: Array, y: Array, w: Array) -> Array:
    z = X @ w
    return ne.evaluate("-y/(1+exp(y*z))", {"y": y, "z": z}) @ X


@TABLE.form("L2w_grad", "ne")
def masked(O: Array, T: Array, U: Array, V: Array) -> Array:
    R = U @ V.T
    ne.evaluate("2*O*(R-T)", {"O": O, "R": R, "T": T}, out=R)
    return R @ V


@TABLE.maker("L2w_grad", "ne_out", given=True)
def masked_out(data: Data) -> Call:
    O, T, U, V = (data.arrays[name] for name in "OTUV")
    R, G = np.empty_like(T), np.empty_like(U)

    def call() -> Array:
        np.matmul(U, V.T, out=R)
        ne.evaluate("2*O*(R-T)", {"O": O, "R": R, "T": T}, out=R)
        return np.matmul(R, V, out=G)

    return call


@TABLE.form("Q1_hess", "ne")
def quadratic(A: Array) -> Array:
    return ne.evaluate("A+B", {"A": A, "B": A.T})


@TABLE.form("K_had3_reduce", "ne")
def rowwise(A: Array, B: Array, C: Array) -> Array:
    return ne.evaluate("sum(A*B*C, axis=1)", {"A": A, "B": B, "C": C})


@TABLE.form("K_H_elim", "ne")
def elided(A: Array, B: Array) -> Array:
    return ne.evaluate("a*b", {"a": A[:, :, None], "b": B[:, None, :]})
