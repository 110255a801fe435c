"""Functions of a whole matrix on jets: series, equations, eigenpairs.

>>> from tests.jets import variable
>>> a = variable(np.array([[2.0]]), 0, 1, 1)
>>> MATRIX_JETS["logm"](a).part(1).round(9).tolist()
[[[0.5]]]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.jets import (
    Jet,
    composed,
    constant,
    eigenpair,
    inverse,
    linear,
    lower_factor,
    matmul,
    minus,
    plus,
    scaled,
    square_root,
    transposed,
)

#: Terms of a power series at matrices of norm 10 at most; of the logarithm after roots.
TERMS, LOG_TERMS, ROOTS = 48, 60, 4

ROOT = [
    np.sqrt,
    lambda x: 0.5 * x**-0.5,
    lambda x: -0.25 * x**-1.5,
    lambda x: 0.375 * x**-2.5,
]


def _eye(a: Jet) -> Jet:
    return constant(np.eye(a.shape[-1]), a.order)


def _series(first: int, every: int, a: Jet) -> Jet:
    """Σ ± Aᵏ/k! over k = first, first + every, …; signs alternate for every 2."""
    term, total = _eye(a), constant(np.zeros(a.shape), a.order)
    for k in range(TERMS):
        if k % every == first:
            sign = -1.0 if every == 2 and k // 2 % 2 else 1.0
            total = plus(total, scaled(sign, term))
        term = scaled(1 / (k + 1), matmul(term, a))
    return total


def _logarithm(a: Jet) -> Jet:
    """2^s log(I + Z), I + Z the root taken s times, by Mercator's series."""
    if not a.shape[-1]:
        return a
    for _ in range(ROOTS):
        a = square_root(a)
    z = minus(a, _eye(a))
    power, total = z, constant(np.zeros(a.shape), a.order)
    for k in range(1, LOG_TERMS):
        total = plus(total, scaled((-1.0) ** (k + 1) / k, power))
        power = matmul(power, z)
    return scaled(2.0**ROOTS, total)


def _along(f: Callable[[Jet], Jet], a: Jet, e: Jet) -> Jet:
    """D f(A)[E]: of the block triangle of A and E."""
    n = a.shape[-1]
    corners = np.eye(2 * n)
    left, right = corners[:, :n], corners[:, n:]
    whole = plus(
        linear(lambda p: left @ p @ left.T + right @ p @ right.T, a),
        linear(lambda p: left @ p @ right.T, e),
    )
    return linear(lambda p: left.T @ p @ right, f(whole))


# -- factors ---------------------------------------------------------------------------


def _tall(f: Callable[[Jet], Jet], back: Callable[[Jet], Jet]) -> Callable[[Jet], Jet]:
    """f of a matrix with no more columns than rows, else of its transpose."""

    def of(a: Jet) -> Jet:
        if a.shape[-2] < a.shape[-1]:
            return back(f(transposed(a)))
        return f(a)

    return of


def _gram(a: Jet) -> Jet:
    return matmul(transposed(a), a)


def _polar(a: Jet) -> Jet:
    if 0 in a.shape:
        return a
    return matmul(a, inverse(square_root(_gram(a))))


def _pinv(a: Jet) -> Jet:
    return matmul(inverse(_gram(a)), transposed(a))


# -- eigenvalues -----------------------------------------------------------------------


def _symmetric(a: Jet) -> Jet:
    return scaled(0.5, plus(a, transposed(a)))


def _gathered(jets: list[Jet], like: Jet, axes: int) -> Jet:
    """Scalars (no axes) as a vector, vectors (one axis) as columns."""
    if not jets:
        return constant(np.zeros((0,) * (axes + 1)), like.order)
    n = len(jets)
    shape = (1,) * axes + (n,)
    units = [np.eye(n)[k].reshape(shape) for k in range(n)]
    return plus(
        *(
            linear(lambda p, e=unit: p[..., None] * e, jet)
            for jet, unit in zip(jets, units, strict=True)
        )
    )


def _eigenvalues(a: Jet) -> Jet:
    a = _symmetric(a)
    return _gathered([eigenpair(a, k)[0] for k in range(a.shape[-1])], a, 0)


def _eigenvectors(a: Jet) -> Jet:
    a = _symmetric(a)
    return _gathered([eigenpair(a, k)[1] for k in range(a.shape[-1])], a, 1)


def _singular(a: Jet) -> list[Jet]:
    """Descending."""
    gram = _gram(a)
    last = gram.shape[-1] - 1
    return [composed(ROOT, eigenpair(gram, last - k)[0]) for k in range(last + 1)]


def _same(a: Jet) -> Jet:
    return a


PRIMARY: dict[str, Callable[[Jet], Jet]] = {
    "expm": partial(_series, 0, 1),
    "sinm": partial(_series, 1, 2),
    "cosm": partial(_series, 0, 2),
    "sqrtm": square_root,
    "logm": _logarithm,
}

MATRIX_JETS: dict[str, Callable[..., Jet]] = {
    **PRIMARY,
    **{f"frechet_{name}": partial(_along, f) for name, f in PRIMARY.items()},
    "polar": _tall(_polar, transposed),
    "pinv": _tall(_pinv, transposed),
    "cholesky": lower_factor,
    "eigvalsh": _eigenvalues,
    "eigenvectors": _eigenvectors,
    "eigmax": lambda a: eigenpair(_symmetric(a), a.shape[-1] - 1)[0],
    "eigmin": lambda a: eigenpair(_symmetric(a), 0)[0],
    "eigmax_vector": lambda a: eigenpair(_symmetric(a), a.shape[-1] - 1)[1],
    "svdvals": lambda a: _gathered(_singular(a), a, 0),
    "norm_spectral": _tall(lambda a: _singular(a)[0], _same),
    "norm_nuclear": _tall(lambda a: plus(*_singular(a)), _same),
}
