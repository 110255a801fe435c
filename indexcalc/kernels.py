"""The function table in NumPy: how each function of `functions` is computed.

Kernels work on arrays whose leading axes are batch axes. They are stable where the
naive formula is not (lse, softmax, softplus, sigmoid, logdet), keep float32, and leave
NumPy's warnings alone where an argument is outside a function's domain.

>>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(6).tolist()
[0.0, 0.693147, 1000.0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations, permutations, product
from math import erf as scalar_erf
from typing import Any

import numpy as np

from .defined import value as defined_value
from .errors import EvaluationError
from .kernels_solving import KERNELS as SOLVING
from .kernels_solving import inverse
from .kernels_sparse import KERNELS as SPARSE
from .kernels_spectral import KERNELS as SPECTRAL
from .kernels_symmetric import KERNELS as SYMMETRIC
from .pairwise import Array

Kernel = Callable[..., Array]


def sigmoid(x: Array) -> Array:
    """1/(1 + exp(−x)) without overflow."""
    if np.iscomplexobj(x):
        return 1 / (1 + np.exp(-x))
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, x.dtype.type(1), small) / (1 + small)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)) without overflow."""
    if np.iscomplexobj(x):
        return np.log1p(np.exp(x))
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def lse(x: Array) -> Array:
    """log Σ exp along the last axis, shifted by the maximum; −∞ on an empty axis."""
    if x.shape[-1] == 0:
        return np.full(x.shape[:-1], -np.inf, x.dtype)
    top = x.real.max(-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    return np.log(np.exp(x - top).sum(-1)) + top[..., 0]


def softmax(x: Array) -> Array:
    """exp(x)/Σexp(x) along the last axis, shifted by the maximum."""
    if x.shape[-1] == 0:
        return x
    weights = np.exp(x - x.real.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def power(x: Array, p: Any) -> Array:
    """x^p with a constant p, by the cheapest routine."""
    if p == 2:
        return np.square(x)
    if p == -1:
        return np.reciprocal(x)
    exponent = float(p) if not isinstance(p, complex) else p
    if exponent == 0.5:
        return np.sqrt(x)
    if exponent == -0.5:
        return np.reciprocal(np.sqrt(x))
    if exponent == 3:
        return x * x * x
    return np.power(x, exponent)


def erf(x: Array) -> Array:
    """The error function: SciPy's where it is installed, else the standard
    library's."""
    if np.iscomplexobj(x):
        return _scipy_special("erf of complex numbers").erf(x)
    try:
        from scipy.special import erf as fast
    except ImportError:
        return np.vectorize(scalar_erf, otypes=[x.dtype])(x)
    return np.asarray(fast(x))


def _scipy_special(what: str) -> Any:
    try:
        from scipy import special
    except ImportError:
        raise EvaluationError(
            f"{what} needs SciPy", hint="pip install 'indexcalc[scipy]'"
        ) from None
    return special


def heaviside(x: Array) -> Array:
    """1 where x > 0, else 0; NaN passes through."""
    return np.where(np.isnan(x), x, (_ordered("heaviside", x) > 0).astype(x.dtype))


def _ordered(name: str, x: Array) -> Array:
    if np.iscomplexobj(x):
        raise EvaluationError(f"{name} of a complex number has no derivative")
    return x


def relu(x: Array) -> Array:
    """max(x, 0)."""
    return np.maximum(_ordered("relu", x), 0)


def logdet(x: Array) -> Array:
    """log |det|."""
    return np.asarray(np.linalg.slogdet(_ordered("logdet", x))[1])


def logofdet(x: Array) -> Array:
    """log det, NaN where the determinant is negative."""
    sign, size = np.linalg.slogdet(x)
    return np.asarray(np.log(sign) + size)


def cofactors(x: Array, k: int) -> Array:
    """The k-th derivative of det, of shape (n, n) × k: signed minors, at any rank.

    With X = U S Vᵀ, the k-th derivative is that of a diagonal matrix turned by U and V;
    there its entries are signs of permutations times products of the other diagonal
    entries (Jacobi's formula for minors).
    """
    u, s, vt = np.linalg.svd(x)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    core = np.zeros(x.shape[:-2] + x.shape[-2:] * k, x.dtype)
    for rows in combinations(range(x.shape[-1]), k):
        others = [j for j in range(x.shape[-1]) if j not in rows]
        minor = sign * s[..., others].prod(-1)
        for left, right in product(permutations(rows), repeat=2):
            place = [i for pair in zip(left, right, strict=True) for i in pair]
            core[(slice(None),) * (x.ndim - 2) + tuple(place)] = (
                _parity(left, right) * minor
            )
    for axis in range(k):
        core = _turned(core, u.conj(), vt.conj(), 2 * axis, 2 * k)
    return core


def _parity(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    order = [left.index(i) for i in right]
    inversions = sum(a > b for n, a in enumerate(order) for b in order[n + 1 :])
    return -1 if inversions % 2 else 1


def _turned(core: Array, u: Array, vt: Array, axis: int, order: int) -> Array:
    """One pair of axes taken from the singular basis back to the original one."""
    batch = core.ndim - order
    core = np.moveaxis(core, (batch + axis, batch + axis + 1), (-2, -1))
    middle = (1,) * (order - 2)
    left = u.reshape(*u.shape[:-2], *middle, *u.shape[-2:])
    right = vt.reshape(*vt.shape[:-2], *middle, *vt.shape[-2:])
    core = np.matmul(np.matmul(left, core), right)
    return np.moveaxis(core, (-2, -1), (batch + axis, batch + axis + 1))


def norm2(x: Array, order: int) -> Array:
    """√Σx² over the last `order` axes, scaled against overflow."""
    axes = tuple(range(-order, 0))
    if np.iscomplexobj(x):
        return np.sqrt((x * x).sum(axes))
    if x.size == 0:
        return np.sqrt(np.square(x).sum(axes))
    top = np.abs(x).max(axes, keepdims=True)
    safe = np.where((top == 0) | ~np.isfinite(top), 1, top)
    return np.sqrt(np.square(x / safe).sum(axes)) * safe.reshape(
        x.shape[: x.ndim - order]
    )


def rnorm(x: Array, order: int) -> Array:
    """1/√Σx², and 0 where that sum is 0."""
    length = norm2(x, order)
    return np.where(length == 0, 0, 1 / np.where(length == 0, 1, length))


def _real_pair(pick: Kernel, name: str) -> Kernel:
    def kernel(a: Array, b: Array) -> Array:
        return pick(_ordered(name, a), _ordered(name, b))

    return kernel


def _where(condition: Array, a: Array, b: Array) -> Array:
    return np.where(condition != 0, a, b)


def _absolute(x: Array) -> Array:
    return np.abs(_ordered("abs", x))


def _sign(x: Array) -> Array:
    return np.sign(_ordered("sign", x))


def _defined(*given: Any) -> Array:
    """A function with a formula, on its arguments and its three parameters."""
    return defined_value(list(given[:-3]), given[-3:], KERNELS)


KERNELS: dict[str, Kernel] = {
    "defined": _defined,
    "kept": lambda x: x,
    **{
        name: getattr(np, name)
        for name in ["exp", "expm1", "log", "log1p", "sin", "cos", "tan"]
    },
    **{name: getattr(np, name) for name in ["sinh", "cosh", "tanh", "cbrt"]},
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "conj": np.conj,
    "where": _where,
    "atan2": np.arctan2,
    "pow": np.power,
    "power": power,
    "abs": _absolute,
    "sign": _sign,
    "relu": relu,
    "heaviside": heaviside,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "erf": erf,
    "max": _real_pair(np.maximum, "max"),
    "min": _real_pair(np.minimum, "min"),
    "inv": inverse,
    "det": np.linalg.det,
    "logdet": logdet,
    "logofdet": logofdet,
    "cofactors": cofactors,
    "lse": lse,
    "softmax": softmax,
    "norm2": norm2,
    "rnorm": rnorm,
    **SPECTRAL,
    **SPARSE,
    **SOLVING,
    **SYMMETRIC,
}


def apply(
    name: str,
    args: list[Array],
    params: tuple[Any, ...],
    functions: Mapping[str, Callable[..., Any]],
) -> Array:
    """One function on arrays; an unknown one is looked up in `functions`.

    The derivative of an unknown f of one argument is looked up as "f'", of several as
    "f_1,0". Raises `EvaluationError` where it is not given.
    """
    if name != "unknown":
        kernel = KERNELS[name]
        try:
            return np.asarray(kernel(*args, *params))
        except TypeError:
            kinds = ", ".join(str(arg.dtype) for arg in args)
            raise EvaluationError(f"{name} is not defined for {kinds}") from None
        except IndexError:
            raise no_entry(*params) from None
        except OverflowError:
            raise EvaluationError(f"a parameter of {name} is too large") from None
        except np.linalg.LinAlgError as error:
            raise EvaluationError(f"{name} has no value here: {error}") from None
    label = unknown_label(*params)
    if label not in functions:
        raise EvaluationError(
            f"the unknown function {label} has no values",
            hint=f"pass functions={{{label!r}: …}}",
        )
    if not callable(functions[label]):
        raise EvaluationError(f"what is given for {label} is not a function")
    return np.asarray(functions[label](*args))


def no_entry(*places: object) -> EvaluationError:
    """The error that an axis is too short."""
    listed = " ".join(map(str, places))
    return EvaluationError(
        f"there is no entry {listed} on an axis of that size".replace("  ", " "),
        hint="indices count from 0",
    )


def unknown_label(name: str, orders: tuple[int, ...], *program: object) -> str:
    """How the derivative of a function that a user named is said: f, f', f''; f_1,0
    for several arguments."""
    if len(orders) == 1:
        return name + "'" * orders[0]
    return name if not any(orders) else f"{name}_{','.join(map(str, orders))}"


def constant(
    name: str, params: tuple[Any, ...], shape: tuple[int, ...], dtype: Any
) -> Array:
    """A constant of symbolic size, once its size is known."""
    return CONSTANTS[name](shape, dtype, *params)


def _basis(shape: tuple[int, ...], dtype: Any, i: int) -> Array:
    if i >= shape[0]:
        raise EvaluationError(
            f"there is no entry {i} on an axis of size {shape[0]}",
            hint="indices count from 0",
        )
    array = np.zeros(shape, dtype)
    array[i] = 1
    return array


def _embed(shape: tuple[int, ...], dtype: Any, offset: int) -> Array:
    array = np.zeros(shape, dtype)
    np.fill_diagonal(array[offset:], 1)
    return array


def _diagonals(shape: tuple[int, ...], dtype: Any) -> Array:
    """D_ijd = [j − i + m = d]."""
    m, n = shape[:2]
    array = np.zeros(shape, dtype)
    i, j = np.ogrid[:m, :n]
    array[i, j, j - i + m] = 1
    return array


def _diagonal_lengths(shape: tuple[int, ...], dtype: Any) -> Array:
    """How many entries the diagonal through (i, j) has."""
    m, n = shape
    i, j = np.ogrid[:m, :n]
    return np.asarray(np.minimum(i, j) - np.maximum(i - m, j - n), dtype)


def _convolution(shape: tuple[int, ...], dtype: Any) -> Array:
    """C_kij = [k = i + j]."""
    k, i, j = np.ogrid[: shape[0], : shape[1], : shape[2]]
    return np.asarray(k == i + j, dtype)


def _vech_place(axis: int) -> Callable[..., Array]:
    """Row k is the row (axis 1) or column (axis 0) of entry k of vech, one-hot."""

    def kernel(shape: tuple[int, ...], dtype: Any) -> Array:
        n = shape[1]
        return np.eye(n, dtype=dtype)[np.triu_indices(n)[axis]]

    return kernel


CONSTANTS: dict[str, Callable[..., Array]] = {
    "basis": _basis,
    "embed": _embed,
    "tril": lambda shape, dtype: np.tri(*shape, dtype=dtype),
    "diagonals": _diagonals,
    "diagonallengths": _diagonal_lengths,
    "vechrows": _vech_place(1),
    "vechcolumns": _vech_place(0),
    "convolution": _convolution,
}
