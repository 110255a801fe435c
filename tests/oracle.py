"""The independent reference: every operation of the text language in JAX float64.

Nothing here knows indexcalc. `OPERATIONS` maps the name of an operation to its
definition over an array namespace `xp` (NumPy while a tree is built, JAX for the
reference), and `derivatives` differentiates a reference with JAX.

The conventions at kinks are built into the definitions, so that JAX's first *and*
second derivatives follow them: `abs`, `relu` and the norms have derivative 0 at the
kink, `min` and `max` split a tie half and half, `heaviside(0)` is 0, `sign(0)` is 0.
The determinant is the sum over permutations and the adjugate is made of minors, so
both are right at a singular matrix too.

>>> OPERATIONS["product"](np, np.eye(2), np.array([3.0, 4.0]))
array([3., 4.])
>>> reference = lambda values: jnp.sum(values["x"] ** 2)
>>> answer = derivatives(reference, {"x": np.array([1.0, 2.0])}, second=True)
>>> answer.first["x"], answer.second["x", "x"].tolist()
(array([2., 4.]), [[2.0, 0.0], [0.0, 2.0]])
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Small programs run once each: compiling is all the cost, so it is kept cheap.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    " --xla_cpu_multi_thread_eigen=false",
)

import numpy as np
import pytest

pytest.importorskip("jax", reason="JAX is the reference here")

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Array = Any
Reference = Callable[[Mapping[str, Array]], Array]


# -- elementwise -----------------------------------------------------------------------


def _erf(xp: Any, x: Array) -> Array:
    if xp is np:
        return np.vectorize(math.erf, otypes=[float])(x)
    return jax.scipy.special.erf(x)


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

# What a declared structure makes of an array of independent entries; the reference goes
# through it, so that its derivatives are the symmetrised ones.
STRUCTURES: dict[str, Callable[[Any, Array], Array]] = {
    "symmetric": lambda xp, a: 0.5 * (a + xp.transpose(a)),
    "pd": lambda xp, a: 0.5 * (a + xp.transpose(a)),
    "skew": lambda xp, a: 0.5 * (a - xp.transpose(a)),
    "diagonal": lambda xp, a: a * xp.eye(a.shape[0]),
    "positive": lambda xp, a: a,
}

# The same function for an engine that is given f and its derivatives by name.
UNKNOWN: dict[str, Callable[[Array], Array]] = {
    "f": lambda x: np.sin(x) + 0.5 * x * x,
    "f'": lambda x: np.cos(x) + x,
    "f''": lambda x: 1.0 - np.sin(x),
    "f'''": lambda x: -np.cos(x),
    "f''''": np.sin,
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


OPERATIONS: dict[str, Callable[..., Array]] = {
    **ELEMENTWISE,
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
    "number": lambda xp, value: xp.asarray(float(value)),
    "fill": lambda xp, value, shape: xp.full(shape, float(value)),
    "copy_tensor": _copy_tensor,
    "levicivita": _levicivita,
    "basis": _basis,
}


# -- derivatives -----------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """A value, its first derivatives by name, its Hessian blocks by two names.

    Axes: the value's first, then the variable's (for a block: x's, then y's).
    """

    value: np.ndarray
    first: dict[str, np.ndarray]
    second: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)


def derivatives(
    reference: Reference,
    values: Mapping[str, np.ndarray],
    *,
    second: bool,
    forward: bool = False,
) -> Answer:
    """What JAX says: value, derivative by every variable, and, if asked, Hessian.

    All variables are laid out in one flat vector, so one compilation answers all.
    `forward` chooses forward accumulation for the first derivative. `second` asks for
    the Hessian blocks of an expression with exactly one entry.
    """
    flat = np.concatenate([np.ravel(v) for v in values.values()] or [np.zeros(0)])
    shape = jax.eval_shape(reference, dict(values)).shape
    count, entries = flat.size, math.prod(shape)
    if count == 0 or entries == 0:
        value = np.asarray(reference(values)).reshape(shape)
        return _split(
            values, value, np.zeros((entries, count)), np.zeros((count, count)), second
        )

    def flattened(vector: Array) -> Array:
        return jnp.reshape(reference(_unflatten(vector, values)), (entries,))

    def scalar(vector: Array) -> Array:
        return flattened(vector)[0]

    def everything(vector: Array) -> tuple[Array, ...]:
        if second:
            rows = jax.grad(scalar)(vector)[None, :]
            return flattened(vector), rows, jax.jacfwd(jax.grad(scalar))(vector)
        tall = entries > count or forward
        jacobian = jax.jacfwd if tall else jax.jacrev
        return flattened(vector), jacobian(flattened)(vector)

    value, rows, *blocks = (np.asarray(a) for a in jax.jit(everything)(flat))
    hessian = blocks[0] if blocks else np.zeros((0, 0))
    return _split(values, value.reshape(shape), rows, hessian, second)


def _unflatten(vector: Array, values: Mapping[str, np.ndarray]) -> dict[str, Array]:
    parts, start = {}, 0
    for name, value in values.items():
        parts[name] = vector[start : start + value.size].reshape(value.shape)
        start += value.size
    return parts


def _split(
    values: Mapping[str, np.ndarray],
    value: np.ndarray,
    rows: np.ndarray,
    hessian: np.ndarray,
    second: bool,
) -> Answer:
    place, start = {}, 0
    for name, array in values.items():
        place[name] = slice(start, start + array.size)
        start += array.size
    first = {
        x: rows[:, place[x]].reshape(value.shape + values[x].shape) for x in values
    }
    blocks = {
        (x, y): hessian[place[x], place[y]].reshape(values[x].shape + values[y].shape)
        for x, y in itertools.product(values, values)
        if second
    }
    return Answer(value, first, blocks)
