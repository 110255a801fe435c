"""SciPy's sparse arrays from patterns, by arithmetic on the strides of labels.

Every combination of a part's shown labels is one entry; its row and its column are
sums of the labels times their strides. Nothing is searched for, nothing is dense.

>>> v = np.array([1.0, 2.0])
>>> delta = Part(((v, (0,)),), ((0,), (0,)), (2,))
>>> [array.tolist() for array in coordinates(delta, 1)]
[[0, 1], [0, 1], [1.0, 2.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ..errors import EvaluationError
from ..pairwise import Array, Labels
from .linear_map import LinearMap
from .parts import Part, flat

Format = Literal["csr", "csc", "coo", "bsr", "dia", "lil", "dok"]


def sparse_matrix(linear_map: LinearMap, format: Format) -> Any:
    """The matrix as a sparse array of SciPy's; raises `EvaluationError` without it."""
    try:
        from scipy import sparse
    except ImportError:
        raise EvaluationError(
            "a sparse matrix needs SciPy", hint="pip install 'indexcalc[scipy]'"
        ) from None
    shape = linear_map.matrix_shape
    found = [coordinates(part, linear_map.rows) for part in linear_map.parts]
    empty: Array = np.zeros(0, np.intp)
    rows = np.concatenate([empty, *(r for r, _, _ in found)])
    columns = np.concatenate([empty, *(c for _, c, _ in found)])
    values = np.concatenate([np.zeros(0, linear_map.dtype), *(v for *_, v in found)])
    values = values.astype(linear_map.dtype, copy=False)
    return sparse.coo_array((values, (rows, columns)), shape=shape).asformat(format)


def coordinates(part: Part, rows: int) -> tuple[Array, Array, Array]:
    """The rows, columns and values of a part's entries, in the order of rows."""
    left, right = flat(part.axes[:rows]), flat(part.axes[rows:])
    order = tuple(dict.fromkeys(left + right))
    lengths = [part.sizes[i] for i in order]
    core = part.core.transpose([part.carried.index(i) for i in order if i in part.held])
    missing = tuple(k for k, i in enumerate(order) if i not in part.held)
    values = np.broadcast_to(np.expand_dims(core, missing), lengths)
    return (
        _places(left, order, part.sizes).ravel(),
        _places(right, order, part.sizes).ravel(),
        values.ravel(),
    )


def _places(labels: Labels, order: Labels, sizes: Sequence[int]) -> Array:
    """The place along one side of every combination of labels."""
    strides = dict.fromkeys(order, 0)
    stride = 1
    for i in reversed(labels):
        strides[i] += stride
        stride *= sizes[i]
    dtype = np.int32 if stride < 2**31 else np.int64
    lengths = [sizes[i] for i in order]
    places: Array = np.zeros(lengths, dtype)
    for k, i in enumerate(order):
        shape = [1] * len(order)
        shape[k] = lengths[k]
        steps = np.arange(lengths[k], dtype=dtype) * strides[i]
        np.add(places, steps.reshape(shape), out=places)
    return places
