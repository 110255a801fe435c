"""The operations of the text language on jets, defined apart from those for JAX.

Formulas differ from those of `operations` on purpose wherever there is a choice: the
determinant and the adjugate come from the characteristic polynomial, inverses, roots,
Cholesky factors and eigenpairs are solved for, elementwise functions are given with
their derivatives.

>>> from tests.jets import variable
>>> x = variable(np.array([0.0, 2.0]), 0, 2, 1)
>>> JETS["abs"](x).part(1).tolist()
[[0.0, 0.0], [0.0, 1.0]]
"""

from __future__ import annotations

from collections.abc import Callable
from math import erf, pi, prod, sqrt

import numpy as np

from tests.jet_functions import MATRIX_JETS
from tests.jets import (
    Array,
    Jet,
    bilinear,
    composed,
    constant,
    inverse,
    linear,
    matmul,
    minus,
    multiplied,
    plus,
    scaled,
    spread,
    transposed,
)

Derivatives = list[Callable[[Array], Array]]


# -- entry by entry --------------------------------------------------------------------


def _powers(p: float) -> Derivatives:
    """xᵖ and its derivatives; coefficients that vanish leave nothing, at 0 too."""

    def of(j: int) -> Callable[[Array], Array]:
        factor = prod(p - i for i in range(j))
        if factor == 0:
            return lambda x: 0 * x
        return lambda x: factor * x ** (p - j if p != j else 0)

    return [of(j) for j in range(4)]


def _zero(x: Array) -> Array:
    return 0 * x


def _erf(x: Array) -> Array:
    return np.vectorize(erf, otypes=[float])(x)


def _bell(x: Array) -> Array:
    return 2 / sqrt(pi) * np.exp(-(x**2))


def _logistic(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _slope(s: Array) -> Array:
    return s * (1 - s)


_SIGMOID: Derivatives = [
    _logistic,
    lambda x: _slope(_logistic(x)),
    lambda x: _slope(_logistic(x)) * (1 - 2 * _logistic(x)),
    lambda x: _slope(_logistic(x)) * (1 - 6 * _slope(_logistic(x))),
]

DERIVATIVES: dict[str, Derivatives] = {
    "exp": [np.exp] * 4,
    "log": [np.log, *(f for f in _powers(-1.0)[:3])],
    "log abs": [lambda x: np.log(abs(x)), *(f for f in _powers(-1.0)[:3])],
    "sin": [np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)],
    "cos": [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin],
    "tan": [
        np.tan,
        lambda x: np.cos(x) ** -2,
        lambda x: 2 * np.tan(x) / np.cos(x) ** 2,
        lambda x: (2 + 4 * np.sin(x) ** 2) / np.cos(x) ** 4,
    ],
    "asin": [
        np.arcsin,
        lambda x: (1 - x * x) ** -0.5,
        lambda x: x * (1 - x * x) ** -1.5,
        lambda x: (1 + 2 * x * x) * (1 - x * x) ** -2.5,
    ],
    "acos": [
        np.arccos,
        lambda x: -((1 - x * x) ** -0.5),
        lambda x: -x * (1 - x * x) ** -1.5,
        lambda x: -(1 + 2 * x * x) * (1 - x * x) ** -2.5,
    ],
    "atan": [
        np.arctan,
        lambda x: 1 / (1 + x * x),
        lambda x: -2 * x / (1 + x * x) ** 2,
        lambda x: (6 * x * x - 2) / (1 + x * x) ** 3,
    ],
    "sinh": [np.sinh, np.cosh, np.sinh, np.cosh],
    "cosh": [np.cosh, np.sinh, np.cosh, np.sinh],
    "tanh": [
        np.tanh,
        lambda x: 1 - np.tanh(x) ** 2,
        lambda x: -2 * np.tanh(x) * (1 - np.tanh(x) ** 2),
        lambda x: (1 - np.tanh(x) ** 2) * (6 * np.tanh(x) ** 2 - 2),
    ],
    "sqrt": _powers(0.5),
    "abs": [np.abs, np.sign, _zero, _zero],
    "sign": [np.sign, _zero, _zero, _zero],
    "relu": [lambda x: np.maximum(x, 0), lambda x: np.heaviside(x, 0), _zero, _zero],
    "heaviside": [lambda x: np.heaviside(x, 0), _zero, _zero, _zero],
    "sigmoid": _SIGMOID,
    "softplus": [lambda x: np.logaddexp(0, x), *_SIGMOID[:3]],
    "erf": [
        _erf,
        _bell,
        lambda x: -2 * x * _bell(x),
        lambda x: (4 * x * x - 2) * _bell(x),
    ],
    "recip": _powers(-1.0),
    "square": _powers(2.0),
    "f": [
        lambda x: np.sin(x) + x * x / 2,
        lambda x: np.cos(x) + x,
        lambda x: 1 - np.sin(x),
        lambda x: -np.cos(x),
    ],
    "D(f)": [
        lambda x: np.cos(x) + x,
        lambda x: 1 - np.sin(x),
        lambda x: -np.cos(x),
        np.sin,
    ],
}


def _entrywise(name: str) -> Callable[[Jet], Jet]:
    return lambda a: composed(DERIVATIVES[name], a)


def _maximum(a: Jet, b: Jet) -> Jet:
    """(a + b + |a − b|)/2."""
    a, b = spread(a, b.shape), spread(b, a.shape)
    return scaled(0.5, plus(a, b, composed(DERIVATIVES["abs"], minus(a, b))))


def _power(a: Jet, b: Jet) -> Jet:
    """exp(b log a), for positive a."""
    return EXP(multiplied(b, composed(DERIVATIVES["log"], a)))


def _constant_power(a: Jet, k: float) -> Jet:
    return composed(_powers(k), a)


EXP, RECIPROCAL = _entrywise("exp"), _entrywise("recip")


# -- sums ------------------------------------------------------------------------------


def reshaped(a: Jet, shape: tuple[int, ...]) -> Jet:
    """Other axes for the value, entries in order."""
    return linear(lambda p: p.reshape((*p.shape[: a.order], *shape)), a)


def total(a: Jet) -> Jet:
    """The sum of all entries."""
    axes = tuple(range(a.order, a.order + len(a.shape)))
    return linear(lambda p: p.sum(axes), a)


def _norm(a: Jet) -> Jet:
    """√Σ x²; where x is 0, a kink, so are all derivatives."""
    squares = total(multiplied(a, a))
    if not squares.value > 0:
        return constant(0.0, a.order)
    return composed(DERIVATIVES["sqrt"], squares)


def _softmax(a: Jet) -> Jet:
    return multiplied(RECIPROCAL(total(EXP(a))), EXP(a))


# -- products --------------------------------------------------------------------------


def contracted(a: Jet, b: Jet, count: int) -> Jet:
    """The last `count` axes of a with the first `count` of b."""
    split = len(a.shape) - count
    left, inner, right = a.shape[:split], b.shape[:count], b.shape[count:]
    rows = reshaped(a, (prod(left), prod(inner)))
    columns = reshaped(b, (prod(inner), prod(right)))
    return reshaped(matmul(rows, columns), (*left, *right))


def _with_axes(a: Jet, b: Jet, spec: str, shape: tuple[int, ...]) -> Jet:
    """A product by an einsum of the last axes, then reshaped."""
    return reshaped(bilinear(lambda p, q: np.einsum(spec, p, q), a, b), shape)


def _as_matrix(a: Jet, kind: str) -> Jet:
    if kind == "m":
        return a
    return reshaped(a, (1, prod(a.shape)) if kind == "r" else (prod(a.shape), 1))


def _kron(a: Jet, b: Jet, kinds: str) -> Jet:
    a, b = _as_matrix(a, kinds[0]), _as_matrix(b, kinds[1])
    shape = tuple(m * n for m, n in zip(a.shape, b.shape, strict=True))
    spec = "...ij,...kl->...ikjl"
    return _with_axes(a, b, spec, shape if kinds[2] == "m" else (prod(shape),))


def _face_splitting(a: Jet, b: Jet, kinds: str = "mmm") -> Jet:
    a, b = _as_matrix(a, kinds[0]), _as_matrix(b, kinds[1])
    shape = (a.shape[0], a.shape[1] * b.shape[1])
    spec = "...ij,...ik->...ijk"
    return _with_axes(a, b, spec, shape if kinds[2] == "m" else (prod(shape),))


def _khatri_rao(a: Jet, b: Jet) -> Jet:
    shape = (a.shape[0] * b.shape[0], a.shape[1])
    return _with_axes(a, b, "...ij,...kj->...ikj", shape)


def _einsum(*operands: Jet, spec: str) -> Jet:
    """Operand by operand, each index kept until the end; then summed, then spread."""
    inputs, out = spec.split("->")
    terms = inputs.split(",")
    letters = "".join(dict.fromkeys("".join(terms)))
    kept, known = "", constant(1.0, operands[0].order)
    for term, operand in zip(terms, operands, strict=True):
        now = kept + "".join(c for c in dict.fromkeys(term) if c not in kept)
        step = f"...{kept},...{term}->...{now}"
        known = bilinear(lambda p, q, s=step: np.einsum(s, p, q), known, operand)
        kept = now
    assert set(kept) == set(letters)
    once = "".join(dict.fromkeys(out))
    summed = linear(lambda p: np.einsum(f"...{kept}->...{once}", p), known)
    return linear(lambda p: _repeated(p, once, out), summed)


def _repeated(p: Array, once: str, out: str) -> Array:
    """Entries written where repeated output indices agree."""
    if once == out:
        return p
    lead = p.ndim - len(once)
    sizes = dict(zip(once, p.shape[lead:], strict=True))
    result = np.zeros((*p.shape[:lead], *(sizes[c] for c in out)), p.dtype)
    grid = dict(zip(once, np.indices(p.shape[lead:]), strict=True))
    result[(..., *(grid[c] for c in out))] = p
    return result


# -- square matrices -------------------------------------------------------------------


def _trace(a: Jet) -> Jet:
    return linear(lambda p: np.einsum("...ii->...", p), a)


def _eye(a: Jet) -> Jet:
    return constant(np.eye(a.shape[-1]), a.order)


def _characteristic(a: Jet) -> tuple[Jet, Jet]:
    """det and adj by Faddeev and LeVerrier: M ← A M + c I, c ← −tr(A M)/k."""
    n, order = a.shape[-1], a.order
    c, m = constant(1.0, order), constant(np.zeros(a.shape), order)
    for k in range(1, n + 1):
        m = plus(matmul(a, m), multiplied(c, _eye(a)))
        c = scaled(-1.0 / k, _trace(matmul(a, m)))
    return scaled((-1.0) ** n, c), scaled((-1.0) ** (n - 1), m)


def _matrix_power(a: Jet, k: int) -> Jet:
    factor, power = inverse(a) if k < 0 else a, _eye(a)
    for _ in range(abs(k)):
        power = matmul(power, factor)
    return power


# -- rearrangements --------------------------------------------------------------------


def _vech(a: Jet) -> Jet:
    """Column by column, from the diagonal down."""
    n = a.shape[0]
    places = [(i, j) for j in range(n) for i in range(j, n)]
    rows, columns = np.array(places, int).reshape(len(places), 2).T
    return linear(lambda p: p[..., rows, columns], a)


def _block(*jets: Jet, rows: tuple[int, ...], kinds: str) -> Jet:
    """The parts written into zeros, one after the other."""
    parts = [_as_matrix(a, kind) for a, kind in zip(jets, kinds, strict=False)]
    starts = [sum(rows[:i]) for i in range(len(rows))]
    width = sum(a.shape[1] for a in parts[: rows[0]])
    shape = (sum(parts[i].shape[0] for i in starts), width)
    placed, top = [], 0
    for start, count in zip(starts, rows, strict=True):
        left = 0
        for a in parts[start : start + count]:
            place = (slice(top, top + a.shape[0]), slice(left, left + a.shape[1]))
            placed.append(linear(lambda p, at=place: _written(p, shape, at), a))
            left += a.shape[1]
        top += parts[start].shape[0]
    whole = plus(*placed)
    return whole if kinds[-1] == "m" else reshaped(whole, (prod(shape),))


def _written(p: Array, shape: tuple[int, int], place: tuple[slice, slice]) -> Array:
    result = np.zeros((*p.shape[:-2], *shape), p.dtype)
    result[(..., *place)] = p
    return result


def _turned(a: Jet) -> Jet:
    return transposed(a) if len(a.shape) == 2 else a


def _permuted(a: Jet, axes: tuple[int, ...]) -> Jet:
    lead = range(a.order)
    return linear(lambda p: p.transpose(*lead, *(a.order + k for k in axes)), a)


def _adj(a: Jet) -> Jet:
    return _characteristic(a)[1] if a.shape[0] else a


JETS: dict[str, Callable[..., Jet]] = {
    **{name: _entrywise(name) for name in DERIVATIVES},
    **MATRIX_JETS,
    "g": lambda x, y: plus(
        multiplied(_entrywise("sin")(x), y), multiplied(x, multiplied(y, y))
    ),
    "max": _maximum,
    "min": lambda a, b: scaled(-1, _maximum(scaled(-1, a), scaled(-1, b))),
    "sum": total,
    "sum0": lambda a: linear(lambda p: p.sum(-2), a),
    "sum1": lambda a: linear(lambda p: p.sum(-1), a),
    "mean": lambda a: scaled(1 / prod(a.shape), total(a)),
    "norm1": lambda a: total(_entrywise("abs")(a)),
    "norm2": _norm,
    "normsq": lambda a: total(multiplied(a, a)),
    "lse": lambda a: _entrywise("log")(total(EXP(a))),
    "softmax": _softmax,
    "trace": _trace,
    "frobenius": lambda a, b: contracted(a, b, 2),
    "det": lambda a: _characteristic(a)[0],
    "logdet": lambda a: _entrywise("log abs")(_characteristic(a)[0]),
    "inv": inverse,
    "adj": _adj,
    "matrix_power": _matrix_power,
    "diagonal": lambda a: linear(lambda p: np.einsum("...ii->...i", p), a),
    "diagonal_matrix": lambda a: linear(lambda p: _repeated(p, "i", "ii"), a),
    "vec": lambda a: reshaped(transposed(a), (prod(a.shape),)),
    "vech": _vech,
    "transpose": _turned,
    "permute": _permuted,
    "add": lambda a, b: plus(spread(a, b.shape), spread(b, a.shape)),
    "subtract": lambda a, b: minus(spread(a, b.shape), spread(b, a.shape)),
    "negative": lambda a: scaled(-1, a),
    "multiply": multiplied,
    "divide": lambda a, b: multiplied(a, RECIPROCAL(b)),
    "power": _power,
    "constant_power": _constant_power,
    "product": lambda a, b: contracted(a, b, 1),
    "outer": lambda a, b: contracted(a, b, 0),
    "kron": _kron,
    "face_splitting": _face_splitting,
    "khatri_rao": _khatri_rao,
    "einsum": _einsum,
    "block": _block,
    "entry": lambda a: reshaped(a, ()),
    "conj": lambda a: linear(np.conj, a),
    "real": lambda a: linear(np.real, a),
    "imag": lambda a: linear(np.imag, a),
}


# -- structures ------------------------------------------------------------------------


def _diagonal_means(a: Jet) -> Jet:
    def means(p: Array) -> Array:
        result = np.zeros_like(p)
        n = p.shape[-1]
        for offset in range(1 - n, n):
            i, j = np.nonzero(np.eye(n, k=offset))
            result[..., i, j] = p[..., i, j].mean(-1, keepdims=True)
        return result

    return linear(means, a)


def _half(a: Jet, sign: float) -> Jet:
    return linear(lambda p: (p + sign * np.swapaxes(p, -1, -2)) / 2, a)


STRUCTURE_JETS: dict[str, Callable[[Jet], Jet]] = {
    "symmetric": lambda a: _half(a, 1),
    "pd": lambda a: _half(a, 1),
    "skew": lambda a: _half(a, -1),
    "diagonal": lambda a: linear(lambda p: p * np.eye(p.shape[-1]), a),
    "lower": lambda a: linear(np.tril, a),
    "upper": lambda a: linear(np.triu, a),
    "toeplitz": _diagonal_means,
    "symmetric toeplitz": lambda a: _half(_diagonal_means(a), 1),
    "orthogonal": MATRIX_JETS["polar"],
}
