"""Linear systems through one factorisation: what a plan makes of inverses.

A factor is one array of n rows and n + 1 columns: LU of Xᵀ, so that the rows of an
array in C order need not be turned, and its pivots in the last column; a positive
definite matrix has its Cholesky factor there, and −1 as every pivot. Without SciPy it
is X itself, with −2, and each product is a solve of its own.

>>> X, b = np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([4.0, 8.0])
>>> factor = factorised(X, "")
>>> solved(factor, b, False), solved(factor, b, True)
(array([1., 2.]), array([2. , 1.5]))
>>> bool(np.allclose(inverted(factor), np.linalg.inv(X)))
True
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .errors import EvaluationError
from .pairwise import Array

CHOLESKY, WHOLE = -1, -2


@lru_cache(maxsize=64)
def _routine(name: str, kind: str) -> Any:
    """A routine of LAPACK for a dtype's character; None without SciPy."""
    try:
        from scipy.linalg import get_lapack_funcs
    except ImportError:
        return None
    return get_lapack_funcs((name,), dtype=np.dtype(kind))[0]


def _singular() -> EvaluationError:
    return EvaluationError("the matrix to be inverted is singular")


def factorised(x: Array, structure: str) -> Array:
    """The factor of a square matrix; `structure` is "pd" where a Cholesky factor is
    tried first. Raises `EvaluationError` for a singular matrix."""
    if x.dtype.char not in "fdFD":
        raise TypeError(f"no factorisation of {x.dtype}")
    n = len(x)
    packed = np.empty((n, n + 1), x.dtype, order="F")
    inner = packed[:, :n]
    inner[...] = x.T
    getrf = _routine("getrf", x.dtype.char)
    if getrf is None or n == 0:
        packed[:, n] = WHOLE
        return packed
    if structure == "pd" and np.isrealobj(x) and _cholesky(inner, x):
        packed[:, n] = CHOLESKY
        return packed
    _, pivots, info = getrf(inner, overwrite_a=True)
    if info > 0:
        raise _singular()
    packed[:, n] = pivots
    return packed


def _cholesky(inner: Array, x: Array) -> bool:
    """Factors in place where the matrix is exactly symmetric and positive definite,
    else leaves it."""
    if not np.array_equal(x, x.T):
        return False
    _, info = _routine("potrf", x.dtype.char)(inner, lower=True, overwrite_a=True)
    if info:
        inner[...] = x.T
    return not info


def _parts(factor: Array) -> tuple[Array, Array, int]:
    """The matrix of a factor, its pivots, and its kind, which is 0 for LU."""
    n = len(factor)
    first = int(factor[0, n].real) if n else WHOLE
    return factor[:, :n], factor[:, n].real.astype(np.int32), min(first, 0)


def solved(factor: Array, b: Array, turned: bool) -> Array:
    """X⁻¹ b along the first axis of b, or X⁻ᵀ b where it is turned."""
    n = len(factor)
    kind = np.result_type(factor, b)
    columns = b.reshape(n, -1) if n else b.reshape(0, 0)
    matrix, pivots, first = _parts(factor.astype(kind, copy=False))
    if first == WHOLE:
        found = _solved_whole(matrix if turned else matrix.T, columns)
    elif first == CHOLESKY:
        found, _ = _routine("potrs", kind.char)(matrix, columns, lower=True)
    else:
        getrs = _routine("getrs", kind.char)
        found, _ = getrs(matrix, pivots, columns, trans=0 if turned else 1)
    return np.asarray(found).reshape(b.shape)


def _solved_whole(x: Array, b: Array) -> Array:
    try:
        return np.linalg.solve(x, b)
    except np.linalg.LinAlgError:
        raise _singular() from None


def inverted(factor: Array) -> Array:
    """X⁻¹ whole."""
    matrix, pivots, first = _parts(factor)
    if first == WHOLE:
        return _solved_whole(matrix.T, np.eye(len(matrix), dtype=matrix.dtype))
    if first == CHOLESKY:
        half, _ = _routine("potri", matrix.dtype.char)(matrix, lower=True)
        return np.tril(half) + np.tril(half, -1).T
    length, _ = _routine("getri_lwork", matrix.dtype.char)(len(matrix))
    getri = _routine("getri", matrix.dtype.char)
    found, _ = getri(matrix, pivots, lwork=int(length.real))
    return np.asarray(found).T


def inverse(x: Array) -> Array:
    """X⁻¹ through LAPACK's inversion of the factors, which takes three quarters of what
    solving for the identity does; of stacks and other dtypes as NumPy does it.

    >>> inverse(np.array([[0.0, 2.0], [4.0, 1.0]])).tolist()
    [[-0.125, 0.25], [0.5, 0.0]]
    """
    if x.ndim == 2 and x.dtype.char in "fdFD" and len(x):
        return inverted(factorised(x, ""))
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise _singular() from None


def factor_logdet(factor: Array) -> Array:
    """log |det X| of a real matrix."""
    if np.iscomplexobj(factor):
        raise EvaluationError("logdet of a complex number has no derivative")
    matrix, _, first = _parts(factor)
    if first == WHOLE:
        return np.asarray(np.linalg.slogdet(matrix)[1])
    total = np.log(np.abs(np.diagonal(matrix))).sum()
    return np.asarray(2 * total if first == CHOLESKY else total)


KERNELS: dict[str, Callable[..., Any]] = {
    "factorised": factorised,
    "solved": solved,
    "inverted": inverted,
    "factor_logdet": factor_logdet,
}

#: The same as source, for programs that stand alone: LU of xᵀ, whose rows lie in the
#: order that LAPACK reads.
HELPERS = {
    "factored": """\
def {name}(x):
    lu, pivots = lu_factor(x.T, check_finite=False)
    if not lu.diagonal().all():
        raise np.linalg.LinAlgError("Singular matrix")
    return lu, pivots
""",
    "inverse_from": """\
def {name}(factors):
    getri, size = get_lapack_funcs(("getri", "getri_lwork"), factors[:1])
    work, _ = size(len(factors[0]))
    return getri(*factors, lwork=int(work.real))[0].T
""",
    "logdet_from": """\
def {name}(factors):
    return np.log(np.abs(factors[0].diagonal())).sum()
""",
}
