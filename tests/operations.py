"""Every operation of the text language, defined over an array namespace.

Nothing here knows indexcalc. `OPERATIONS` maps the name of an operation to its
definition over `xp`: NumPy while a tree is built, JAX for the reference of `oracle`.
The second reference, `jets`, has definitions of its own.

The conventions at kinks are built into the definitions, so that an automatic
derivative follows them: `abs`, `relu` and the norms have derivative 0 at the kink,
`min` and `max` split a tie half and half, `heaviside(0)` is 0, `sign(0)` is 0. The
determinant is the sum over permutations and the adjugate is made of minors, so both are
right at a singular matrix too.

>>> OPERATIONS["product"](np, np.eye(2), np.array([3.0, 4.0]))
array([3., 4.])
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.matrix_operations import MATRIX_OPERATIONS, polar

Array = Any


# -- elementwise -----------------------------------------------------------------------


def _erf(xp: Any, x: Array) -> Array:
    if xp is np:
        return np.vectorize(math.erf, otypes=[float])(x)
    from jax.scipy.special import erf

    return erf(x)


def _maximum(xp: Any, a: Array, b: Array) -> Array:
    return xp.where(a > b, a, xp.where(a < b, b, 0.5 * (a + b)))


ELEMENTWISE: dict[str, Callable[[Any, Array], Array]] = {
    "exp": lambda xp, x: xp.exp(x),
    "log": lambda xp, x: xp.log(x),
    "sin": lambda xp, x: xp.sin(x),
    "cos": lambda xp, x: xp.cos(x),
    "tan": lambda xp, x: xp.sin(x) / xp.cos(x),
    "asin": lambda xp, x: xp.arcsin(x),
    "acos": lambda xp, x: xp.arccos(x),
    "atan": lambda xp, x: xp.arctan(x),
    "sinh": lambda xp, x: 0.5 * (xp.exp(x) - xp.exp(-x)),
    "cosh": lambda xp, x: 0.5 * (xp.exp(x) + xp.exp(-x)),
    "tanh": lambda xp, x: xp.tanh(x),
    "sqrt": lambda xp, x: xp.sqrt(x),
    "abs": lambda xp, x: xp.where(x > 0, x, xp.where(x < 0, -x, 0.0)),
    "sign": lambda xp, x: xp.where(x > 0, 1.0, xp.where(x < 0, -1.0, 0.0)),
    "relu": lambda xp, x: xp.where(x > 0, x, 0.0),
    "sigmoid": lambda xp, x: 1.0 / (1.0 + xp.exp(-x)),
    "softplus": lambda xp, x: xp.log1p(xp.exp(x)),
    "erf": _erf,
    "recip": lambda xp, x: 1.0 / x,
    "square": lambda xp, x: x * x,
    "heaviside": lambda xp, x: xp.where(x > 0, 1.0, 0.0),
    # The unknown function of the tests, and its derivative.
    "f": lambda xp, x: xp.sin(x) + 0.5 * x * x,
    "D(f)": lambda xp, x: xp.cos(x) + x,
}


def _on_diagonals(xp: Any, a: Array) -> Array:
    """Every entry the mean of its diagonal."""
    n = a.shape[0]
    which = np.subtract.outer(np.arange(n), np.arange(n))
    same = np.equal.outer(which, which).astype(float)
    means = same / same.sum((0, 1), keepdims=True) if n else same
    return xp.einsum("ij,ijkl->kl", a, xp.asarray(means))


def _symmetrised(xp: Any, a: Array) -> Array:
    return 0.5 * (a + xp.transpose(a))


# What a declared structure makes of an array of independent entries; the reference goes
# through it, so that its derivatives are the symmetrised ones. The polar factor
# retracts to the orthogonal matrices; its derivative at one of them is the tangent
# projection.
STRUCTURES: dict[str, Callable[[Any, Array], Array]] = {
    "symmetric": _symmetrised,
    "pd": _symmetrised,
    "skew": lambda xp, a: 0.5 * (a - xp.transpose(a)),
    "diagonal": lambda xp, a: a * xp.eye(a.shape[0]),
    "positive": lambda xp, a: a,
}
MORE_STRUCTURES: dict[str, Callable[[Any, Array], Array]] = {
    "lower": lambda xp, a: xp.tril(a),
    "upper": lambda xp, a: xp.triu(a),
    "toeplitz": _on_diagonals,
    "symmetric toeplitz": lambda xp, a: _symmetrised(xp, _on_diagonals(xp, a)),
    "orthogonal": polar,
    "real": lambda xp, a: a,
}

# The same function for an engine that is given f and its derivatives by name.
UNKNOWN: dict[str, Callable[[Array], Array]] = {
    "f": lambda x: np.sin(x) + 0.5 * x * x,
    "f'": lambda x: np.cos(x) + x,
    "f''": lambda x: 1.0 - np.sin(x),
    "f'''": lambda x: -np.cos(x),
    "f''''": np.sin,
}


# An unknown function of two arguments, with its derivatives by orders.
UNKNOWN_OF_TWO: dict[str, Callable[[Array, Array], Array]] = {
    "g": lambda x, y: np.sin(x) * y + x * y * y,
    "g_1,0": lambda x, y: np.cos(x) * y + y * y,
    "g_0,1": lambda x, y: np.sin(x) + 2 * x * y,
    "g_2,0": lambda x, y: -np.sin(x) * y,
    "g_1,1": lambda x, y: np.cos(x) + 2 * y,
    "g_0,2": lambda x, y: 2 * x + 0 * y,
    "g_3,0": lambda x, y: -np.cos(x) * y,
    "g_2,1": lambda x, y: -np.sin(x) + 0 * y,
    "g_1,2": lambda x, y: 2 + 0 * x + 0 * y,
    "g_0,3": lambda x, y: 0 * x + 0 * y,
}


# -- reductions ------------------------------------------------------------------------


def _norm2(xp: Any, x: Array) -> Array:
    squares = xp.sum(x * x)
    safe = xp.where(squares > 0, squares, 1.0)
    return xp.where(squares > 0, xp.sqrt(safe), 0.0)


def _lse(xp: Any, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x)))


# -- products --------------------------------------------------------------------------


def _kron(xp: Any, a: Array, b: Array, kinds: str) -> Array:
    a, b = _as_matrix(a, kinds[0]), _as_matrix(b, kinds[1])
    (m, n), (p, q) = a.shape, b.shape
    grid = a[:, None, :, None] * b[None, :, None, :]
    return _from_matrix(grid.reshape(m * p, n * q), kinds[2])


def _as_matrix(a: Array, kind: str) -> Array:
    if kind == "m":
        return a
    return a.reshape(1, a.size) if kind == "r" else a.reshape(a.size, 1)


def _from_matrix(a: Array, kind: str) -> Array:
    return a if kind == "m" else a.reshape(a.size)


def _face_splitting(xp: Any, a: Array, b: Array, kinds: str = "mmm") -> Array:
    a, b = _as_matrix(a, kinds[0]), _as_matrix(b, kinds[1])
    grid = a[:, :, None] * b[:, None, :]
    rows, m, n = grid.shape
    return _from_matrix(grid.reshape(rows, m * n), kinds[2])


def _khatri_rao(xp: Any, a: Array, b: Array) -> Array:
    grid = a[:, None, :] * b[None, :, :]
    m, n, columns = grid.shape
    return grid.reshape(m * n, columns)


def _einsum(xp: Any, *operands: Array, spec: str) -> Array:
    """Einsum whose output may repeat an index: each repeat is a δ written out."""
    inputs, out = spec.split("->")
    terms, arrays, letters = inputs.split(","), list(operands), ""
    sizes = {
        letter: size
        for term, array in zip(terms, arrays, strict=True)
        for letter, size in zip(term, array.shape, strict=True)
    }
    fresh = iter("ABCDEFGHIJ")
    for letter in out:
        if letter in letters:
            twin = next(fresh)
            terms.append(letter + twin)
            arrays.append(xp.eye(sizes[letter]))
            letter = twin
        letters += letter
    return xp.einsum(",".join(terms) + "->" + letters, *arrays)


# -- square matrices -------------------------------------------------------------------


def _permutations(n: int) -> tuple[np.ndarray, np.ndarray]:
    orders = list(itertools.permutations(range(n)))
    signs = [
        (-1.0) ** sum(p[i] > p[j] for i in range(n) for j in range(i + 1, n))
        for p in orders
    ]
    return np.array(orders, dtype=int).reshape(len(orders), n), np.array(signs)


def _det(xp: Any, a: Array) -> Array:
    """Σ over permutations of sign · Π a[i, p(i)], on the last two axes."""
    n = a.shape[-1]
    orders, signs = _permutations(n)
    product = xp.ones((*a.shape[:-2], len(signs)))
    for i in range(n):
        product = product * a[..., i, :][..., orders[:, i]]
    return xp.sum(product * signs, axis=-1)


def _adj(xp: Any, a: Array) -> Array:
    n = a.shape[0]
    if n == 0:
        return a
    others = [[k for k in range(n) if k != i] for i in range(n)]
    keep = np.array(others, dtype=int).reshape(n, n - 1)
    minors = a[keep[:, None, :, None], keep[None, :, None, :]]
    checker = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return xp.transpose(_det(xp, minors) * checker)


def _inv(xp: Any, a: Array) -> Array:
    return xp.linalg.inv(a) if a.shape[0] else a


def _logdet(xp: Any, a: Array) -> Array:
    return xp.linalg.slogdet(a)[1] if a.shape[0] else xp.zeros(())


def _matrix_power(xp: Any, a: Array, k: int) -> Array:
    factor = _inv(xp, a) if k < 0 else a
    power = xp.eye(a.shape[0])
    for _ in range(abs(k)):
        power = power @ factor
    return power


# -- rearrangements and constants ------------------------------------------------------


def _vech(xp: Any, a: Array) -> Array:
    """The columns of the lower triangle, one after the other."""
    columns, rows = np.triu_indices(a.shape[0])
    return a[rows, columns]


def _block(xp: Any, *parts: Array, rows: tuple[int, ...], kinds: str) -> Array:
    """`rows` says how many parts each block row has, `kinds` what each part is."""
    matrices = [
        _as_matrix(part, kind) for part, kind in zip(parts, kinds, strict=False)
    ]
    lines, start = [], 0
    for count in rows:
        lines.append(xp.concatenate(matrices[start : start + count], axis=1))
        start += count
    return _from_matrix(xp.concatenate(lines, axis=0), kinds[-1])


def _copy_tensor(xp: Any, n: int, order: int) -> Array:
    """1 where all indices are equal; of order 0 the number n."""
    array = np.zeros((n,) * order)
    array[(np.arange(n),) * order] = 1.0 if order else n
    return xp.asarray(array)


def _levicivita(xp: Any, n: int) -> Array:
    array = np.zeros((n,) * n)
    for order, sign in zip(*_permutations(n), strict=True):
        array[tuple(order)] = sign
    return xp.asarray(array)


def _basis(xp: Any, position: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    array = np.zeros(shape)
    array[position] = 1.0
    return xp.asarray(array)


def _lower_mask(xp: Any, m: int, n: int) -> Array:
    return xp.asarray(np.tri(m, n))


def _diagonals(xp: Any, m: int, n: int) -> Array:
    """1 where j − i + m is d."""
    array = np.zeros((m, n, m + n))
    for i, j in np.ndindex(m, n):
        array[i, j, j - i + m] = 1.0
    return xp.asarray(array)


def _diagonal_lengths(xp: Any, m: int, n: int) -> Array:
    array = np.zeros((m, n))
    for i, j in np.ndindex(m, n):
        array[i, j] = len(np.diagonal(array, j - i))
    return xp.asarray(array)


def _lower_places(n: int) -> list[tuple[int, int]]:
    return [(i, j) for j in range(n) for i in range(j, n)]


def _elimination(xp: Any, n: int) -> Array:
    """vech(A) = L vec(A)."""
    array = np.zeros((n * (n + 1) // 2, n * n))
    for k, (i, j) in enumerate(_lower_places(n)):
        array[k, j * n + i] = 1.0
    return xp.asarray(array)


def _duplication(xp: Any, n: int) -> Array:
    """vec(S) = D vech(S) of a symmetric S."""
    array = np.zeros((n * n, n * (n + 1) // 2))
    for k, (i, j) in enumerate(_lower_places(n)):
        array[j * n + i, k] = array[i * n + j, k] = 1.0
    return xp.asarray(array)


def _commutation(xp: Any, m: int, n: int) -> Array:
    """vec(Aᵀ) = K vec(A)."""
    array = np.zeros((m * n, m * n))
    for i, j in np.ndindex(m, n):
        array[i * n + j, j * m + i] = 1.0
    return xp.asarray(array)


CONSTANTS: dict[str, Callable[..., Array]] = {
    "number": lambda xp, value: xp.asarray(float(value)),
    "fill": lambda xp, value, shape: xp.full(shape, float(value)),
    "copy_tensor": _copy_tensor,
    "levicivita": _levicivita,
    "basis": _basis,
    "lower_mask": _lower_mask,
    "diagonals": _diagonals,
    "diagonal_lengths": _diagonal_lengths,
    "elimination": _elimination,
    "duplication": _duplication,
    "commutation": _commutation,
}

OPERATIONS: dict[str, Callable[..., Array]] = {
    **ELEMENTWISE,
    **MATRIX_OPERATIONS,
    **CONSTANTS,
    "g": lambda xp, x, y: xp.sin(x) * y + x * y * y,
    "max": _maximum,
    "min": lambda xp, a, b: -_maximum(xp, -a, -b),
    "sum": lambda xp, x: xp.sum(x),
    "sum0": lambda xp, x: xp.sum(x, axis=0),
    "sum1": lambda xp, x: xp.sum(x, axis=1),
    "mean": lambda xp, x: xp.sum(x) / x.size,
    "norm1": lambda xp, x: xp.sum(ELEMENTWISE["abs"](xp, x)),
    "norm2": _norm2,
    "normsq": lambda xp, x: xp.sum(x * x),
    "lse": _lse,
    "softmax": lambda xp, x: xp.exp(x) / xp.sum(xp.exp(x)),
    "trace": lambda xp, a: xp.sum(xp.diagonal(a)),
    "frobenius": lambda xp, a, b: xp.tensordot(a, b, 2),
    "det": _det,
    "logdet": _logdet,
    "inv": _inv,
    "adj": _adj,
    "matrix_power": _matrix_power,
    "diagonal": lambda xp, a: xp.diagonal(a),
    "diagonal_matrix": lambda xp, x: x[:, None] * xp.eye(x.shape[0]),
    "vec": lambda xp, a: xp.transpose(a).reshape(a.size),
    "vech": _vech,
    "transpose": lambda xp, a: xp.transpose(a),
    "permute": lambda xp, a, axes: xp.transpose(a, axes),
    "add": lambda xp, a, b: a + b,
    "subtract": lambda xp, a, b: a - b,
    "negative": lambda xp, a: -a,
    "multiply": lambda xp, a, b: a * b,
    "divide": lambda xp, a, b: a / b,
    "power": lambda xp, a, b: xp.power(a, b),
    "constant_power": lambda xp, a, k: a**k,
    "product": lambda xp, a, b: xp.tensordot(a, b, 1),
    "outer": lambda xp, a, b: xp.tensordot(a, b, 0),
    "kron": _kron,
    "face_splitting": _face_splitting,
    "khatri_rao": _khatri_rao,
    "einsum": _einsum,
    "block": _block,
    "entry": lambda xp, a: a.reshape(()),
    "conj": lambda xp, a: xp.conj(a),
    "real": lambda xp, a: xp.real(a),
    "imag": lambda xp, a: xp.imag(a),
}
