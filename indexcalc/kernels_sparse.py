"""Products with convolution tensors and embeddings, without their zeros.

What `sparse_products` puts into a program: every kernel acts along the last axis, the
axes before it are batch axes.

>>> convolved(np.array([1.0, 2.0]), np.array([1.0, 0.0, 3.0])).tolist()
[1.0, 2.0, 3.0, 6.0]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .pairwise import Array


def convolved(x: Array, y: Array) -> Array:
    """c_k = Σ_{i+j=k} x_i y_j."""
    if x.shape[-1] > y.shape[-1]:
        x, y = y, x
    if x.ndim == 1 and x.size:
        return np.convolve(x, y)
    m, n = x.shape[-1], y.shape[-1]
    shape = (*x.shape[:-1], max(m + n - 1, 0))
    total = np.zeros(shape, np.result_type(x, y))
    for i in range(m):
        total[..., i : i + n] += x[..., i, None] * y
    return total


def correlated(g: Array, x: Array) -> Array:
    """c_j = Σ_i g_{i+j} x_i, for every j that g has room for."""
    m = x.shape[-1]
    n = g.shape[-1] - m + 1
    if g.ndim == 1 and m and n > 0:
        return np.convolve(g, x[::-1], "valid")
    total = np.zeros((*g.shape[:-1], n), np.result_type(g, x))
    for i in range(m):
        total += g[..., i : i + n] * x[..., i, None]
    return total


def toeplitz(x: Array, n: int) -> Array:
    """T_kj = x_{k−j} with n columns, 0 where there is no such entry."""
    m = x.shape[-1]
    result = np.zeros((*x.shape[:-1], max(m + n - 1, 0), n), x.dtype)
    *lead, down, along = result.strides
    view = np.lib.stride_tricks.as_strided(
        result, (*x.shape, n), (*lead, down, down + along)
    )
    view[...] = x[..., None]
    return result


def hankel(g: Array, n: int) -> Array:
    """T_ij = g_{i+j} with n columns."""
    return np.lib.stride_tricks.sliding_window_view(g, n, -1)


def placed(x: Array, offset: int, total: int) -> Array:
    """A vector at an offset among zeros, `total` entries in all."""
    result = np.zeros((*x.shape[:-1], total), x.dtype)
    result[..., offset : offset + x.shape[-1]] = x
    return result


def window(x: Array, offset: int, length: int) -> Array:
    """`length` entries of a vector from an offset on."""
    return x[..., offset : offset + length]


def entry(x: Array, i: int) -> Array:
    """Entry i of a vector."""
    return x[..., i]


def strided(x: Array, first: int, step: int, count: int) -> Array:
    """`count` entries of a vector, from one on in steps."""
    stop = first + step * count
    return x[..., first : stop if stop >= 0 else None : step]


def respaced(x: Array, first: int, step: int, total: int) -> Array:
    """The entries of a vector from a place on in steps, among `total` zeros."""
    stop = first + step * x.shape[-1]
    result = np.zeros((*x.shape[:-1], total), x.dtype)
    result[..., first : stop if stop >= 0 else None : step] = x
    return result


def taken(x: Array, *places: int) -> Array:
    """The entries of a vector at places."""
    return x[..., list(places)]


def scattered(x: Array, total: int, *places: int) -> Array:
    """The entries of a vector added at places among `total` zeros."""
    result = np.zeros((total, *x.shape[:-1]), x.dtype)
    np.add.at(result, list(places), np.moveaxis(x, -1, 0))
    return np.moveaxis(result, 0, -1)


def cumulated(x: Array) -> Array:
    """y_i = Σ_{j≤i} x_j."""
    return x.cumsum(-1)


def cumulated_back(x: Array) -> Array:
    """y_j = Σ_{i≥j} x_i."""
    return x[..., ::-1].cumsum(-1)[..., ::-1]


def lower_part(x: Array) -> Array:
    """A matrix with zeros above its diagonal."""
    return np.tril(x)


KERNELS: dict[str, Callable[..., Any]] = {
    "strided": strided,
    "respaced": respaced,
    "taken": taken,
    "scattered": scattered,
    "cumulated": cumulated,
    "cumulated_back": cumulated_back,
    "lower_part": lower_part,
    "convolved": convolved,
    "correlated": correlated,
    "toeplitz": toeplitz,
    "hankel": hankel,
    "placed": placed,
    "window": window,
    "entry": entry,
}
