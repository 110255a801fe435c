"""The second independent reference: derivatives by nilpotent numbers, in NumPy alone.

A jet of order k is a number with k units ε₁ … ε_k, each of square zero:

    f(x + ε₁u + ε₂v) = f(x) + ε₁ f′[u] + ε₂ f′[v] + ε₁ε₂ f″[u, v].

Its parts are arrays, one for every set of units, and exact but for rounding. Every unit
has an axis of its own, before the axes of the value: unit b has the length of all
variables laid in a row there, and length 1 in parts that it does not occur in, so that
NumPy's broadcasting pairs all directions with all others. A part that is not there is
zero. What is linear maps parts one by one, a product adds up over the ways to part a
set of units in two, and a function of entries is its Taylor polynomial in the nilpotent
rest. What has no formula is solved for: Newton's step with the derivative at the value
alone is exact in one order of units more each time.

Nothing here knows indexcalc, or JAX.

>>> x = variable(np.array([3.0]), 0, 1, 2)
>>> cube = multiplied(x, multiplied(x, x))
>>> [cube.part(units).item() for units in (0b00, 0b01, 0b11)]
[27.0, 27.0, 18.0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Linear = Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Jet:
    """The parts by sets of units, as bits; `order` units, `order` axes in front."""

    order: int
    parts: Mapping[int, Array]

    @property
    def value(self) -> Array:
        """The part without units, without their axes."""
        return self.parts[0].reshape(self.parts[0].shape[self.order :])

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of the value."""
        return self.parts[0].shape[self.order :]

    def part(self, units: int) -> Array:
        """One part; zero where it is not there."""
        return self.parts.get(units, np.zeros_like(self.parts[0]))

    @property
    def rest(self) -> Jet:
        """The nilpotent part."""
        zero = {0: np.zeros_like(self.parts[0])}
        return Jet(self.order, zero | {u: p for u, p in self.parts.items() if u})


def variable(array: Array, start: int, count: int, order: int) -> Jet:
    """The variable whose entries are number `start` and on of `count` in a row."""
    array = np.asarray(array)
    seed = np.zeros((count, *array.shape))
    for k, place in enumerate(np.ndindex(*array.shape)):
        seed[(start + k, *place)] = 1.0
    parts = {0: _without_units(array, order)}
    for unit in range(order):
        axes = [1] * order
        axes[unit] = count
        parts[1 << unit] = seed.reshape((*axes, *array.shape))
    return Jet(order, parts)


def constant(array: object, order: int) -> Jet:
    """A jet without units."""
    return Jet(order, {0: _without_units(np.asarray(array), order)})


def _without_units(array: Array, order: int) -> Array:
    return array.reshape((1,) * order + array.shape)


# -- arithmetic ------------------------------------------------------------------------


def linear(f: Linear, a: Jet) -> Jet:
    """f of every part; f is linear and leaves the axes of the units alone."""
    return Jet(a.order, {units: f(part) for units, part in a.parts.items()})


def plus(*jets: Jet) -> Jet:
    """The sum of jets of one shape."""
    total: dict[int, Array] = {}
    for jet in jets:
        for units, part in jet.parts.items():
            total[units] = total[units] + part if units in total else part
    return Jet(jets[0].order, total)


def scaled(factor: complex, a: Jet) -> Jet:
    """A number times a jet."""
    return linear(lambda part: factor * part, a)


def minus(a: Jet, b: Jet) -> Jet:
    """a − b."""
    return plus(a, scaled(-1, b))


def bilinear(f: Callable[[Array, Array], Array], a: Jet, b: Jet) -> Jet:
    """f of all pairs of parts that have no unit in common."""
    total: dict[int, Array] = {}
    for left, p in a.parts.items():
        for right, q in b.parts.items():
            if left & right:
                continue
            units, part = left | right, f(p, q)
            total[units] = total[units] + part if units in total else part
    return Jet(a.order, total)


def multiplied(a: Jet, b: Jet) -> Jet:
    """The product entry by entry; a scalar goes with anything."""
    a, b = spread(a, b.shape), spread(b, a.shape)
    return bilinear(np.multiply, a, b)


def spread(a: Jet, shape: Sequence[int]) -> Jet:
    """A scalar in every entry of a shape; anything else as it is."""
    if a.shape:
        return a

    def written(p: Array) -> Array:
        thin = p.reshape(p.shape + (1,) * len(shape))
        return np.broadcast_to(thin, (*p.shape, *shape))

    return linear(written, a)


def matmul(a: Jet, b: Jet) -> Jet:
    """The product of matrices."""
    return bilinear(np.matmul, a, b)


def transposed(a: Jet) -> Jet:
    """The last two axes exchanged."""
    return linear(lambda p: np.swapaxes(p, -1, -2), a)


# -- functions of entries --------------------------------------------------------------


def composed(derivatives: Sequence[Callable[[Array], Array]], a: Jet) -> Jet:
    """Σ f⁽ʲ⁾(value) restʲ/j!, from f and its derivatives."""
    rest, power = a.rest, constant(np.ones(a.shape), a.order)
    terms = []
    for j in range(a.order + 1):
        factor = constant(derivatives[j](a.value) / factorial(j), a.order)
        terms.append(multiplied(factor, power))
        power = multiplied(power, rest)
    return plus(*terms)


# -- what is solved for ----------------------------------------------------------------


def solved(
    start: Array, residual: Callable[[Jet], Jet], step: Linear, order: int
) -> Jet:
    """The jet x with `start` for its value and residual(x) = 0, where `step` is the
    inverse of the residual's derivative at the value."""
    x = constant(start, order)
    for _ in range(order):
        x = minus(x, linear(step, residual(x).rest))
    return x


def inverse(a: Jet) -> Jet:
    """A⁻¹, from A X = I."""
    if not a.shape[-1]:
        return a
    at = np.linalg.inv(a.value)
    return solved(at, lambda x: matmul(a, x), lambda p: at @ p, a.order)


def square_root(a: Jet) -> Jet:
    """The principal root X, from X X = A: X₀ D + D X₀ = residual, by columns."""
    n = a.shape[-1]
    if not n:
        return a
    at = _principal_root(a.value)
    eye = np.eye(n)
    system = np.kron(at, eye) + np.kron(eye, at.T)

    def step(p: Array) -> Array:
        rows = p.reshape((*p.shape[:-2], n * n, 1))
        return np.asarray(np.linalg.solve(system, rows)).reshape(p.shape)

    return solved(at, lambda x: minus(matmul(x, x), a), step, a.order)


def _principal_root(a: Array) -> Array:
    """By eigenvalues where A is symmetric; else by Newton's iteration, with the inverse
    of its own: eigenvectors may be lacking."""
    if np.array_equal(a, a.T) and not np.iscomplexobj(a):
        values, vectors = np.linalg.eigh(a)
        return (vectors * np.sqrt(values)) @ vectors.T
    root, back = a, np.eye(len(a))
    for _ in range(20):
        root, back = (
            (root + np.linalg.inv(back)) / 2,
            (back + np.linalg.inv(root)) / 2,
        )
    return root


def lower_factor(a: Jet) -> Jet:
    """L of S = L Lᵀ: with L₀⁻¹ R L₀⁻ᵀ = M, the step is L₀ (lower half of M)."""
    a = scaled(0.5, plus(a, transposed(a)))
    at = np.linalg.cholesky(a.value)
    back = np.linalg.inv(at)

    def step(p: Array) -> Array:
        turned = back @ p @ back.T
        return at @ (np.tril(turned) - 0.5 * turned * np.eye(len(at)))

    return solved(at, lambda x: minus(matmul(x, transposed(x)), a), step, a.order)


def eigenpair(a: Jet, which: int) -> tuple[Jet, Jet]:
    """Eigenvalue number `which` of a symmetric matrix, from below, and its unit vector,
    from S v = λ v and vᵀ v = 1."""
    n, order = a.shape[-1], a.order
    values, vectors = np.linalg.eigh(a.value)
    v, value = vectors[:, which], values[which]
    v = v * np.sign(v[np.argmax(np.abs(v))])
    bordered = np.zeros((n + 1, n + 1))
    bordered[:n, :n] = a.value - value * np.eye(n)
    bordered[:n, n], bordered[n, :n] = -v, v
    back = np.linalg.inv(bordered)

    def residual(x: Jet) -> Jet:
        vector = linear(lambda p: p[..., :n], x)
        number = linear(lambda p: p[..., n:], x)
        turned = bilinear(lambda s, p: (s @ p[..., None])[..., 0], a, vector)
        first = minus(turned, multiplied(number, vector))
        length = bilinear(lambda p, q: (p * q).sum(-1, keepdims=True), vector, vector)
        return _stacked(first, scaled(0.5, length))

    x = solved(np.append(v, value), residual, lambda p: p @ back.T, order)
    return linear(lambda p: p[..., n], x), linear(lambda p: p[..., :n], x)


def _stacked(a: Jet, b: Jet) -> Jet:
    """One vector after the other."""
    units = sorted({*a.parts, *b.parts})
    return Jet(a.order, {u: _together(a.part(u), b.part(u)) for u in units})


def _together(p: Array, q: Array) -> Array:
    lead = np.broadcast_shapes(p.shape[:-1], q.shape[:-1])
    rows = [np.broadcast_to(r, (*lead, r.shape[-1])) for r in (p, q)]
    return np.concatenate(rows, -1)
