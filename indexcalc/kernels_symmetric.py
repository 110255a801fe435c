"""Symmetric products at half the work.

>>> x, d = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0])
>>> gram(x, d).tolist()
[[-8.0, -10.0], [-10.0, -12.0]]
>>> unhalved(halves(x)).tolist() == (x[:, :, None] * x[:, None]).tolist()
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .pairwise import Array


def gram(x: Array, d: Array) -> Array:
    """Xᵀ Diag(d) X by the symmetric rank-k product of BLAS; rows of positive and of
    negative weight apart."""
    if np.iscomplexobj(x) or np.iscomplexobj(d) or np.isnan(d).any():
        return x.T @ (d[:, None] * x)
    if (d >= 0).all():
        z = np.sqrt(d)[:, None] * x
        return z.T @ z
    a, b = (np.sqrt(s[s > 0])[:, None] * x[s > 0] for s in (d, -d))
    return a.T @ a - b.T @ b


def halves(x: Array) -> Array:
    """The products x_i x_j of the last axis with i ≤ j, row by row of the triangle."""
    i, j = np.triu_indices(x.shape[-1])
    return x[..., i] * x[..., j]


def unhalved(h: Array, axis: int = -1) -> Array:
    """The symmetric matrices whose upper triangles an axis holds."""
    n = int(np.sqrt(2 * h.shape[axis]))
    place = np.zeros((n, n), np.intp)
    i, j = np.triu_indices(n)
    place[i, j] = place[j, i] = np.arange(len(i))
    return np.take(h, place, axis)


KERNELS: dict[str, Callable[..., Any]] = {
    "gram": gram,
    "halves": halves,
    "unhalved": unhalved,
}

#: The same as source, for programs that stand alone; `z` and `out` are arrays to
#: compute in.
HELPERS = {
    "gram": """\
def {name}(x, d, z=None, out=None):
    if np.iscomplexobj(x) or np.iscomplexobj(d) or np.isnan(d).any():
        return np.matmul(x.T, d[:, None] * x, out=out)
    if (d >= 0).all():
        z = np.multiply(np.sqrt(d)[:, None], x, out=z)
        return np.matmul(z.T, z, out=out)
    a, b = (np.sqrt(s[s > 0])[:, None] * x[s > 0] for s in (d, -d))
    return np.subtract(a.T @ a, b.T @ b, out=out)
""",
    "halves": """\
def {name}(x):
    i, j = np.triu_indices(x.shape[-1])
    return x[..., i] * x[..., j]
""",
    "unhalved": """\
def {name}(h, axis):
    n = int(np.sqrt(2 * h.shape[axis]))
    place = np.zeros((n, n), np.intp)
    i, j = np.triu_indices(n)
    place[i, j] = place[j, i] = np.arange(len(i))
    return np.take(h, place, axis)
""",
}
