"""Matrix functions, eigenvalues and factors in NumPy and SciPy.

The k-th derivative of f at A along E₁ … E_k is the upper right block of f at the
block-triangular matrix whose diagonal blocks are A (R. Mathias, 1996): for k = 1,
f([[A, E], [0, A]]). Roots and polar factors differentiate their defining equations
instead, which keeps them regular. What has no derivative at a point, such as the
eigenvectors of a repeated eigenvalue, is an `EvaluationError`, never a number.

>>> block_triangular(np.eye(1), [np.full((1, 1), 5.0)]).tolist()
[[1.0, 5.0], [0.0, 1.0]]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, combinations_with_replacement, permutations
from math import prod
from typing import Any

import numpy as np

from .errors import EvaluationError
from .pairwise import Array

Derivative = Callable[[Array, Sequence[Array]], Array]
Subset = tuple[int, ...]

#: Eigenvalues closer than this, in units of the rounding of the largest, coincide.
COINCIDE = 64


def _scipy_linalg(what: str) -> Any:
    try:
        from scipy import linalg
    except ImportError:
        raise EvaluationError(
            f"{what} needs SciPy", hint="pip install 'indexcalc[scipy]'"
        ) from None
    return linalg


def _rounding(x: Array) -> float:
    return float(np.finfo(x.dtype).eps)


def _stacked(core: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function of one matrix made one of stacks of them."""

    def kernel(x: Array) -> Array:
        flat = x.reshape(prod(x.shape[:-2]), *x.shape[-2:])
        parts = [core(matrix) for matrix in flat]
        if not parts:
            return np.zeros_like(x)
        whole = np.stack(parts).reshape(*x.shape[:-2], *parts[0].shape)
        return _like(x, whole)

    return kernel


def _like(x: Array, value: Array) -> Array:
    """A value in the dtype of an argument; a principal value of a real one is real."""
    real = np.iscomplexobj(value) and not np.iscomplexobj(x)
    return (value.real if real else value).astype(x.dtype)


# -- matrix functions ------------------------------------------------------------------


def block_triangular(a: Array, directions: Sequence[Array]) -> Array:
    """The matrix whose f has D^k f(A)[E₁, …, E_k] as its upper right block."""
    x = a
    for k, e in enumerate(directions):
        side = np.kron(np.eye(2**k, dtype=a.dtype), e)
        x = np.block([[x, side], [np.zeros_like(x), x]])
    return x


def _by_blocks(name: str) -> Derivative:
    """Directions are scaled to 1: beside entries of 1e16 a matrix is lost."""

    def derivative(a: Array, directions: Sequence[Array]) -> Array:
        n = a.shape[-1]
        if n == 0:
            return a
        f = getattr(_scipy_linalg(name), name)
        sizes = [np.abs(e).max() or a.dtype.type(1) for e in directions]
        scaled = [e / size for e, size in zip(directions, sizes, strict=True)]
        found = np.asarray(f(block_triangular(a, scaled)))[:n, -n:]
        for size in sizes:
            found = found * size
        return found

    return derivative


def _logarithm(a: Array, directions: Sequence[Array]) -> Array:
    _require_principal("logm", a, least=COINCIDE * _rounding(a))
    return _by_blocks("logm")(a, directions)


def _require_principal(name: str, a: Array, least: float) -> None:
    """Raises where an eigenvalue lies on the cut of the principal branch, (−∞, 0]."""
    found = np.linalg.eigvals(a) if a.size else np.ones(1)
    if not np.isfinite(found).all():
        raise EvaluationError(f"{name} of a matrix that is not finite")
    scale = max(np.abs(found).max(), np.finfo(found.real.dtype).tiny)
    noise = COINCIDE * len(found) * _rounding(a) * scale
    cut = (np.abs(found.imag) <= noise) & (found.real < -noise)
    if cut.any() or (np.abs(found) <= least * scale).any():
        bad = "a negative" if cut.any() else "a zero"
        raise EvaluationError(
            f"{name} of a matrix with {bad} eigenvalue has no principal value here",
            hint="its eigenvalues must keep off the negative real axis and 0",
        )


def _root(a: Array, directions: Sequence[Array]) -> Array:
    """√A from SciPy; its derivatives by Leibniz' rule on √A √A = A, order by order."""
    _require_principal("sqrtm", a, least=COINCIDE * _rounding(a) if directions else -1)
    linalg = _scipy_linalg("sqrtm")
    root = _finite("sqrtm", np.asarray(linalg.sqrtm(a)) if a.size else a)
    _require_root(a, root)
    known: dict[Subset, Array] = {(): root}
    for subset in _subsets(len(directions)):
        right = np.zeros_like(root)
        if len(subset) == 1:
            right = right + directions[subset[0]]
        for part, rest in _halves(subset):
            right = right - known[part] @ known[rest]
        known[subset] = linalg.solve_sylvester(root, root, right)
    return known[tuple(range(len(directions)))]


def _require_root(a: Array, root: Array) -> None:
    residual = np.abs(root @ root - a).max(initial=0)
    if residual > COINCIDE * _rounding(a) ** 0.5 * np.abs(a).max(initial=0):
        raise EvaluationError("sqrtm of a singular matrix that has no square root")


def _finite(name: str, x: Array) -> Array:
    if not np.isfinite(x).all():
        raise EvaluationError(f"{name} of this matrix is not finite")
    return x


def _subsets(count: int) -> list[Subset]:
    """The nonempty subsets of range(count), small ones first."""
    return [s for k in range(1, count + 1) for s in combinations(range(count), k)]


def _halves(subset: Subset) -> list[tuple[Subset, Subset]]:
    """The ways to part a set in two, neither part empty, in order."""
    found = []
    for k in range(1, len(subset)):
        for part in combinations(subset, k):
            found.append((part, tuple(i for i in subset if i not in part)))
    return found


def _polar(a: Array, directions: Sequence[Array]) -> Array:
    """U Vᵀ of A = U S Vᵀ: A (AᵀA)^(−1/2), on the side where AᵀA is regular."""
    if a.shape[0] < a.shape[1]:
        return _polar(a.T, [e.T for e in directions]).T
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    if (s <= COINCIDE * _rounding(a) * s.max(initial=0)).any():
        raise EvaluationError(
            "the nuclear norm has no derivative where a singular value is 0",
            hint="give a matrix of full rank",
        )
    if not directions:
        return np.asarray(u @ vt)
    return _polar_derivative(a, directions, s, vt)


def _polar_derivative(
    a: Array, directions: Sequence[Array], s: Array, vt: Array
) -> Array:
    """Leibniz' rule on H H = AᵀA, H R = I and P = A R."""
    v = vt.T
    root, inverse = (v * s) @ vt, (v / s) @ vt
    roots: dict[Subset, Array] = {(): root}
    inverses: dict[Subset, Array] = {(): inverse}
    factors: dict[Subset, Array] = {}
    for subset in _subsets(len(directions)):
        right = _gram_derivative(a, directions, subset)
        for part, rest in _halves(subset):
            right = right - roots[part] @ roots[rest]
        turned = vt @ right @ v / (s[:, None] + s)
        roots[subset] = v @ turned @ vt
        total = roots[subset] @ inverse
        for part, rest in _halves(subset):
            total = total + roots[part] @ inverses[rest]
        inverses[subset] = -inverse @ total
        factors[subset] = a @ inverses[subset] + sum(
            directions[i] @ inverses[tuple(j for j in subset if j != i)] for i in subset
        )
    return factors[tuple(range(len(directions)))]


def _gram_derivative(a: Array, directions: Sequence[Array], subset: Subset) -> Array:
    """The derivative of AᵀA along the directions of a subset."""
    if len(subset) > 2:
        return np.zeros((a.shape[1],) * 2, a.dtype)
    first = directions[subset[0]]
    product = (a if len(subset) == 1 else directions[subset[1]]).T @ first
    return product + product.T


DERIVATIVES: dict[str, Derivative] = {
    **{name: _by_blocks(name) for name in ("expm", "sinm", "cosm")},
    "logm": _logarithm,
    "sqrtm": _root,
    "polar": _polar,
}


def _value(name: str) -> Callable[[Array], Array]:
    return _stacked(lambda x: DERIVATIVES[name](x, []))


def frechet(a: Array, *given: Any) -> Array:
    """D^k f(A) along the directions given, and along every e_k e_lᵀ for open pairs."""
    *directions, name, _, open_ = given
    batch = a.shape[:-2]
    result = np.zeros(batch + a.shape[-2:] * (1 + open_), a.dtype)
    for at in np.ndindex(*batch):
        chosen = [e[at] for e in directions]
        _fill(result[at], DERIVATIVES[name], a[at], chosen, open_)
    return result


def _fill(
    result: Array, f: Derivative, a: Array, directions: list[Array], open_: int
) -> None:
    """Every order of the open pairs gives the same value."""
    places = list(np.ndindex(*a.shape))
    for pairs in combinations_with_replacement(places, open_):
        units = []
        for pair in pairs:
            unit = np.zeros_like(a)
            unit[pair] = 1
            units.append(unit)
        value = _like(a, f(a, [*directions, *units]))
        for order in set(permutations(pairs)):
            flat = [i for pair in order for i in pair]
            result[(slice(None), slice(None), *flat)] = value


# -- eigenvalues -----------------------------------------------------------------------


def symmetric_part(name: str, a: Array) -> Array:
    """(A + Aᵀ)/2 of a real matrix."""
    if np.iscomplexobj(a):
        raise EvaluationError(
            f"{name} of a complex matrix has no complex derivative",
            hint="it is a function of real symmetric matrices",
        )
    return _finite(name, (a + np.swapaxes(a, -1, -2)) / 2)


def eigvalsh(a: Array) -> Array:
    """The eigenvalues of the symmetric part, ascending."""
    return np.linalg.eigvalsh(symmetric_part("eigvalsh", a))


def eigenvectors(a: Array) -> Array:
    """The eigenvectors as columns, the first entry of largest magnitude positive.

    Raises `EvaluationError` where eigenvalues coincide.
    """
    values, vectors = np.linalg.eigh(symmetric_part("eigenvectors", a))
    _require_distinct(values)
    return _oriented(vectors)


def _require_distinct(values: Array) -> None:
    if values.shape[-1] < 2 or not values.size:
        return
    noise = COINCIDE * _rounding(values) * np.abs(values).max(-1, keepdims=True)
    if (np.diff(values) <= noise).any():
        raise EvaluationError(
            "two eigenvalues coincide, and there neither eigenvectors nor the "
            "derivatives of single eigenvalues exist",
            hint="functions of all eigenvalues, such as tr and det, are smooth there",
        )


def _oriented(vectors: Array) -> Array:
    """Columns turned so that their largest entry is positive; near ties count alike."""
    if not vectors.size:
        return vectors
    size = np.abs(vectors)
    top = size.max(-2, keepdims=True)
    first = np.argmax(size >= top * (1 - 1e-3), axis=-2)
    chosen = np.take_along_axis(vectors, first[..., None, :], -2)
    return vectors * np.where(chosen < 0, -1, 1).astype(vectors.dtype)


def gaps(values: Array) -> Array:
    """1/(λ_j − λ_i) off the diagonal, 0 on it."""
    _require_distinct(np.sort(values, -1))
    difference = values[..., None, :] - values[..., :, None]
    eye = np.eye(values.shape[-1], dtype=bool)
    safe = np.where(eye, 1, difference)
    return np.where(eye, 0, 1 / safe).astype(values.dtype)


def eigmax(a: Array) -> Array:
    """The largest eigenvalue of the symmetric part."""
    if a.shape[-1] == 0:
        raise EvaluationError("a matrix of size 0 has no largest eigenvalue")
    return eigvalsh(a)[..., -1]


def _top(a: Array) -> tuple[Array, Array]:
    """Eigenvalues and oriented eigenvectors, the largest eigenvalue simple."""
    values, vectors = np.linalg.eigh(symmetric_part("eigmax", a))
    noise = COINCIDE * _rounding(values) * np.abs(values).max(-1, initial=0)
    if values.shape[-1] > 1 and (values[..., -1] - values[..., -2] <= noise).any():
        raise EvaluationError(
            "the largest eigenvalue is repeated, and there it has no derivative"
        )
    return values, _oriented(vectors)


def eigmax_vector(a: Array) -> Array:
    """The unit eigenvector of the largest eigenvalue, which must be simple."""
    return _top(a)[1][..., -1]


def eigmax_resolvent(a: Array) -> Array:
    """(λI − S)⁺ for the largest eigenvalue λ, which must be simple."""
    values, vectors = _top(a)
    weights = np.zeros_like(values)
    weights[..., :-1] = 1 / (values[..., -1:] - values[..., :-1])
    return (vectors * weights[..., None, :]) @ np.swapaxes(vectors, -1, -2)


# -- factors ---------------------------------------------------------------------------


def cholesky(a: Array) -> Array:
    """The lower factor L of the symmetric part, S = L Lᵀ.

    Raises `EvaluationError` where it is not positive definite.
    """
    try:
        return np.linalg.cholesky(symmetric_part("cholesky", a))
    except np.linalg.LinAlgError:
        raise EvaluationError(
            "cholesky of a matrix that is not positive definite"
        ) from None


def pinv(a: Array) -> Array:
    """The pseudoinverse; plainly transposed throughout, so of real matrices only."""
    if np.iscomplexobj(a):
        raise EvaluationError("pinv of a complex matrix has no complex derivative")
    if not a.size:
        return np.swapaxes(a, -1, -2)
    return np.linalg.pinv(_finite("pinv", a))


def svdvals(a: Array) -> Array:
    """The singular values of a matrix with no more columns than rows, descending."""
    if np.iscomplexobj(a):
        raise EvaluationError("singular values have no complex derivative")
    if a.shape[-2] < a.shape[-1]:
        raise EvaluationError(
            f"svdvals of a {a.shape[-2]}×{a.shape[-1]} matrix, which has more columns "
            "than rows",
            hint="take those of its transpose",
        )
    if not a.size:
        return np.zeros((*a.shape[:-2], a.shape[-1]), a.dtype)
    return np.linalg.svd(_finite("svdvals", a), compute_uv=False)


def norm_nuclear(a: Array) -> Array:
    """The sum of the singular values."""
    if np.iscomplexobj(a):
        raise EvaluationError("a nuclear norm has no complex derivative")
    if not a.size:
        return np.zeros(a.shape[:-2], a.dtype)
    return np.linalg.svd(_finite("norm_nuclear", a), compute_uv=False).sum(-1)


KERNELS: dict[str, Callable[..., Array]] = {
    **{name: _value(name) for name in DERIVATIVES},
    "frechet": frechet,
    "eigvalsh": eigvalsh,
    "eigenvectors": eigenvectors,
    "gaps": gaps,
    "eigmax": eigmax,
    "eigmax_vector": eigmax_vector,
    "eigmax_resolvent": eigmax_resolvent,
    "cholesky": cholesky,
    "pinv": pinv,
    "svdvals": svdvals,
    "norm_nuclear": norm_nuclear,
}
