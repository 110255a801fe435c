"""Functions of a whole matrix over an array namespace: series, iterations, eigenvalues.

Each is a finite number of products, inverses and sums, or NumPy's own decomposition, so
that JAX differentiates it as often as it likes. Matrices are small and tame: norms of
some units, spectra away from the negative axis, eigenvalues apart.

>>> expm(np, np.zeros((2, 2)))
array([[1., 0.],
       [0., 1.]])
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Array = Any

#: Terms of a power series, halvings before it, steps of Newton's iteration, roots
#: before a logarithm, and terms of its series.
TERMS, HALVINGS, STEPS, ROOTS, LOG_TERMS = 16, 4, 9, 3, 12


# -- functions with a power series -----------------------------------------------------


def expm(xp: Any, a: Array) -> Array:
    """Σ Aᵏ/k!, of A/2^s and squared s times."""
    small = a / 2.0**HALVINGS
    term = total = xp.eye(a.shape[0]) + 0 * a
    for k in range(1, TERMS):
        term = term @ small / k
        total = total + term
    for _ in range(HALVINGS):
        total = total @ total
    return total


def _sine_and_cosine(xp: Any, a: Array) -> tuple[Array, Array]:
    """Both by their series at A/2^s, doubled s times."""
    small = a / 2.0**HALVINGS
    term = xp.eye(a.shape[0]) + 0 * a
    sides = [0 * a, term]
    for k in range(1, TERMS):
        term = term @ small / k
        sign = 1.0 if k % 4 < 2 else -1.0
        sides[(k + 1) % 2] = sides[(k + 1) % 2] + sign * term
    sine, cosine = sides
    for _ in range(HALVINGS):
        sine, cosine = 2 * sine @ cosine, cosine @ cosine - sine @ sine
    return sine, cosine


# -- roots and logarithms --------------------------------------------------------------


def sqrtm(xp: Any, a: Array) -> Array:
    """The principal root, by the iteration of Denman and Beavers."""
    if not a.shape[0]:
        return a
    root, inverse = a, xp.eye(a.shape[0])
    for _ in range(STEPS):
        root, inverse = (
            (root + xp.linalg.inv(inverse)) / 2,
            (inverse + xp.linalg.inv(root)) / 2,
        )
    return root


def logm(xp: Any, a: Array) -> Array:
    """2^s log A^(1/2^s), by the series of the inverse hyperbolic tangent."""
    if not a.shape[0]:
        return a
    for _ in range(ROOTS):
        a = sqrtm(xp, a)
    eye = xp.eye(a.shape[0])
    z = (a - eye) @ xp.linalg.inv(a + eye)
    square, power, total = z @ z, z, 0 * z
    for k in range(LOG_TERMS):
        total = total + power / (2 * k + 1)
        power = power @ square
    return 2.0 ** (ROOTS + 1) * total


# -- factors ---------------------------------------------------------------------------


def polar(xp: Any, a: Array) -> Array:
    """A (AᵀA)^(−1/2), on the smaller side."""
    if not a.size:
        return a
    if a.shape[0] < a.shape[1]:
        return xp.transpose(polar(xp, xp.transpose(a)))
    return a @ xp.linalg.inv(sqrtm(xp, xp.transpose(a) @ a))


def pinv(xp: Any, a: Array) -> Array:
    """(AᵀA)⁻¹Aᵀ or Aᵀ(AAᵀ)⁻¹."""
    turned = xp.transpose(a)
    if not a.size:
        return turned
    if a.shape[0] < a.shape[1]:
        return turned @ xp.linalg.inv(a @ turned)
    return xp.linalg.inv(turned @ a) @ turned


def cholesky(xp: Any, a: Array) -> Array:
    """The lower factor of the symmetric part, column by column."""
    n = a.shape[0]
    rest, columns = (a + xp.transpose(a)) / 2, []
    for j in range(n):
        below = np.arange(n) >= j
        column = xp.where(below, rest[:, j], 0.0) / xp.sqrt(rest[j, j])
        rest = rest - column[:, None] * column[None, :]
        columns.append(column)
    return xp.stack(columns, axis=1) if n else a


# -- eigenvalues -----------------------------------------------------------------------


def _symmetric(xp: Any, a: Array) -> Array:
    return (a + xp.transpose(a)) / 2


def eigvalsh(xp: Any, a: Array) -> Array:
    """Eigenvalues of the symmetric part, ascending."""
    if not a.shape[0]:
        return xp.zeros(0)
    return xp.linalg.eigvalsh(_symmetric(xp, a))


def eigenvectors(xp: Any, a: Array) -> Array:
    """Columns whose entry of largest magnitude is positive."""
    if not a.shape[0]:
        return a
    vectors = xp.linalg.eigh(_symmetric(xp, a))[1]
    largest = xp.argmax(xp.abs(vectors), axis=0)
    return vectors * xp.sign(vectors[largest, np.arange(a.shape[0])])


def svdvals(xp: Any, a: Array) -> Array:
    """Descending; of no more columns than rows."""
    return xp.sqrt(eigvalsh(xp, xp.transpose(a) @ a)[::-1])


def _of_both_sides(xp: Any, a: Array) -> Array:
    tall = a.shape[0] >= a.shape[1]
    return svdvals(xp, a if tall else xp.transpose(a))


# -- derivatives along a direction -----------------------------------------------------


def _along(f: Callable[..., Array], xp: Any, a: Array, e: Array) -> Array:
    """D f(A)[E], the corner of f of a block triangle."""
    n = a.shape[0]
    rows = [xp.concatenate([a, e], axis=1), xp.concatenate([0 * a, a], axis=1)]
    return f(xp, xp.concatenate(rows, axis=0))[:n, n:]


def sinm(xp: Any, a: Array) -> Array:
    """The sine of a matrix."""
    return _sine_and_cosine(xp, a)[0]


def cosm(xp: Any, a: Array) -> Array:
    """The cosine of a matrix."""
    return _sine_and_cosine(xp, a)[1]


PRIMARY: dict[str, Callable[[Any, Array], Array]] = {
    "expm": expm,
    "sinm": sinm,
    "cosm": cosm,
    "sqrtm": sqrtm,
    "logm": logm,
}

MATRIX_OPERATIONS: dict[str, Callable[..., Array]] = {
    **PRIMARY,
    **{f"frechet_{name}": partial(_along, f) for name, f in PRIMARY.items()},
    "polar": polar,
    "pinv": pinv,
    "cholesky": cholesky,
    "eigvalsh": eigvalsh,
    "eigenvectors": eigenvectors,
    "eigmax": lambda xp, a: eigvalsh(xp, a)[-1],
    "eigmin": lambda xp, a: eigvalsh(xp, a)[0],
    "eigmax_vector": lambda xp, a: eigenvectors(xp, a)[:, -1],
    "svdvals": svdvals,
    "norm_spectral": lambda xp, a: _of_both_sides(xp, a)[0],
    "norm_nuclear": lambda xp, a: xp.sum(_of_both_sides(xp, a)),
}
