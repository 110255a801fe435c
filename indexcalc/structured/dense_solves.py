"""Factorisations of arrays: one matrix, or a stack of blocks, each checked for rank.

A factorisation answers a function from right-hand sides, one a column, to solutions.
Positive definite matrices are tried by Cholesky. The condition number is estimated
by LAPACK where SciPy is there, and read from the inverse where it is not; a matrix that
is singular to working precision raises.

>>> solve = factorised(np.array([[2.0, 1.0], [0.0, 4.0]]))
>>> solve(np.array([[3.0], [4.0]])).ravel().tolist()
[1.0, 1.0]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from ..errors import BudgetError, EvaluationError
from ..pairwise import Array
from ..planning.budgets import keep_array_within

Solve: TypeAlias = Callable[[Array], Array]

#: How many entries a matrix that is solved densely may have.
MOST_ENTRIES = 2**27

#: How many arrays of its size a factorisation holds.
HELD = 4


class SingularError(EvaluationError):
    """A linear system without a unique solution, to working precision."""


def singular(why: str) -> SingularError:
    """The error for a singular system."""
    return SingularError(
        f"the linear system is singular: {why}", hint="damping=… makes it regular"
    )


def require_room(entries: int, what: str) -> None:
    """Raises `BudgetError` where an array would be too large to be factorised."""
    if entries > MOST_ENTRIES:
        raise BudgetError(
            f"{what} would have {entries} entries, and at most {MOST_ENTRIES} are "
            "factorised",
            hint="method='cg' needs products alone",
        )
    keep_array_within((HELD, entries), 8, what, "method='cg' needs products alone")


def factorised(matrix: Array) -> Solve:
    """Solutions with one matrix, by Cholesky or LU."""
    if not np.all(np.isfinite(matrix)):
        raise EvaluationError(
            "the matrix of the system has entries that are not finite"
        )
    try:
        from scipy import linalg
    except ImportError:
        return _by_inverse(matrix)
    if is_hermitian(matrix) and np.all(np.real(np.diagonal(matrix)) > 0):
        found = _cholesky(matrix, linalg)
        if found is not None:
            return found
    return _lu(matrix, linalg)


def is_hermitian(matrix: Array) -> bool:
    """Whether a matrix is its adjoint, up to a few roundings."""
    bound = 16 * np.finfo(matrix.dtype).eps * np.max(np.abs(matrix), initial=0)
    return bool(np.all(np.abs(matrix - np.conj(matrix).T) <= bound))


def _cholesky(matrix: Array, linalg: Any) -> Solve | None:
    """By Cholesky; None where the matrix is not positive definite."""
    try:
        factor = linalg.cho_factor(matrix, lower=True, check_finite=False)
    except linalg.LinAlgError:
        return None
    condition = linalg.get_lapack_funcs("pocon", (matrix,))
    rcond, _ = condition(factor[0], _norm(matrix), uplo="L")
    _require_rank(rcond, matrix)
    return lambda b: linalg.cho_solve(factor, b, check_finite=False)


def _lu(matrix: Array, linalg: Any) -> Solve:
    factorise, condition, back = linalg.get_lapack_funcs(
        ("getrf", "gecon", "getrs"), (matrix,)
    )
    lu, pivots, info = factorise(matrix)
    if info > 0:
        raise singular(f"pivot {info - 1} is zero")
    rcond, _ = condition(lu, _norm(matrix))
    _require_rank(rcond, matrix)

    def solve(b: Array) -> Array:
        if b.dtype.kind == "c" and lu.dtype.kind != "c":
            return solve(b.real) + 1j * solve(b.imag)
        return back(lu, pivots, b)[0]

    return solve


def _by_inverse(matrix: Array) -> Solve:
    inverses(matrix)
    return lambda b: np.linalg.solve(matrix, b)


def inverses(blocks: Array) -> Array:
    """The inverses of a stack of matrices, of full rank to working precision."""
    try:
        found = np.linalg.inv(blocks)
    except np.linalg.LinAlgError:
        raise singular("a pivot is zero") from None
    norms = _norm(blocks) * _norm(found)
    _require_rank(1 / np.max(norms, initial=1), blocks)
    return found


def factorised_blocks(blocks: Array) -> Solve:
    """Solutions with a stack of matrices: (…, n, k) from (…, n, k)."""
    if not np.all(np.isfinite(blocks)):
        raise EvaluationError("a block of the system has entries that are not finite")
    inverses(blocks)
    return lambda b: np.linalg.solve(blocks, b)


def _norm(blocks: Array) -> Any:
    """The largest sum of a column's moduli."""
    return np.abs(blocks).sum(axis=-2).max(axis=-1, initial=0)


def _require_rank(rcond: Any, matrix: Array) -> None:
    if not rcond > np.finfo(matrix.dtype).eps:
        raise singular(f"its reciprocal condition number is {float(rcond):.1g}")
