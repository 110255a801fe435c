"""Random bare nodes, each with a value that the engine had no part in.

A `Drawn` holds a node and a naive recipe for its value: a contraction loops over the
full grid of its indices and adds every product where it belongs, so that δ, H, ones,
groups and missing or repeated indices need no thought. Recipes also run on complex
arrays, which gives derivatives by the complex step.

>>> drawn = draw(seed=3)
>>> drawn.value(arrays(3)).shape == drawn.sizes
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from random import Random
from typing import Any

import numpy as np

from indexcalc.expr import constant, einsum, linear, tensor
from indexcalc.functions import call, power
from indexcalc.nodes import Node, Tensor
from indexcalc.sizes import Size, dim, plus, value_of

Array = np.ndarray[Any, Any]
Environment = Mapping[str, Array]

#: The value of every size name; k shows that a symbolic size may well be 1.
VALUES = {"n": 3, "m": 2, "k": 1}
N, M, K = dim("n"), dim("m"), dim("k")
SIZES: tuple[Size, ...] = (N, N, N, M, M, K, 2, 3, 1)
GRID_LIMIT = 3_000
ENTRY_LIMIT = 150

LEAVES: dict[str, tuple[Size, ...]] = {
    "s": (),
    "x": (N,),
    "y": (N,),
    "z": (M,),
    "A": (N, N),
    "B": (N, M),
    "C": (M, N),
    "T": (N, M, N),
    "u": (1, N),
    "v": (K, M),
    "w": (2, 3),
    "g": (plus(N, 1),),
    "h": (N * M,),
    "S": (N, N),
}
STRUCTURES = {"S": "symmetric"}


@dataclass(frozen=True, eq=False)
class Drawn:
    """A node, and how its value follows from those of the parts it was built of."""

    node: Node
    rule: Callable[..., Array]
    parts: tuple[Drawn, ...] = ()
    label: str = ""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape in numbers."""
        return tuple(value_of(size, VALUES) for size in self.node.shape)

    def value(self, env: Environment, memo: dict[Drawn, Array] | None = None) -> Array:
        """The value on arrays, every part once."""
        known: dict[Drawn, Array] = {} if memo is None else memo
        if self not in known:
            parts = [part.value(env, known) for part in self.parts]
            known[self] = np.asarray(self.rule(env, *parts))
        return known[self]

    def labels(self) -> set[str]:
        """What kinds of node occur in it."""
        return {self.label}.union(*(part.labels() for part in self.parts))


def arrays(seed: int, names: Sequence[str] = tuple(LEAVES)) -> dict[str, Array]:
    """An array for every leaf; S is symmetric."""
    rng = np.random.default_rng(seed)
    found = {}
    for name in LEAVES:
        shape = tuple(value_of(size, VALUES) for size in LEAVES[name])
        array = rng.uniform(-1, 1, shape)
        found[name] = array + array.T if name in STRUCTURES else array
    return {name: found[name] for name in names}


# -- the naive interpreter -------------------------------------------------------------


def contraction(
    values: Sequence[Array],
    legs: Sequence[Sequence[int]],
    out: Sequence[Sequence[int]],
    dims: Mapping[int, int],
) -> Array:
    """Σ over everything of Π operands, each term added at its place in the result.

    >>> contraction([np.arange(2.0)], [[7]], [[7], [7]], {7: 2}).tolist()
    [[0.0, 0.0], [0.0, 1.0]]
    """
    names = list(dims)
    count = prod(dims.values())
    grid = np.indices([dims[i] for i in names]).reshape(len(names), count)
    at = dict(zip(names, grid, strict=True))
    terms = np.ones(count, np.result_type(float, *values))
    for value, wires in zip(values, legs, strict=True):
        terms = terms * value[tuple(at[i] for i in wires)]
    result = np.zeros([prod(dims[i] for i in group) for group in out], terms.dtype)
    places = []
    for group in out:
        place = np.zeros(count, int)
        for i in group:
            place = place * dims[i] + at[i]
        places.append(place)
    if not places:
        return np.asarray(terms.sum())
    np.add.at(result, tuple(places), terms)
    return result


def _real_sign(x: Array) -> Array:
    return np.sign(np.real(x))


def _softplus(x: Array) -> Array:
    return np.log(1 + np.exp(x))


def _softmax(x: Array) -> Array:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def _logdet(x: Array) -> Array:
    d = np.linalg.det(x)
    return np.log(d * _real_sign(d))


def cofactors(x: Array) -> Array:
    """The matrix of signed minors, one determinant an entry; batched."""
    n = x.shape[-1]
    result = np.zeros_like(x)
    for i, j in np.ndindex(n, n):
        minor = np.delete(np.delete(x, i, -2), j, -1)
        result[..., i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return result


#: Elementwise functions of one argument, on all reals; kinks are continued to complex
#: numbers along the branch of the real part.
UNARY: dict[str, Callable[[Array], Array]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": _softplus,
    "abs": lambda x: x * _real_sign(x),
    "relu": lambda x: x * (np.real(x) > 0),
    "sign": lambda x: _real_sign(x) + 0 * x,
}
BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "max": lambda a, b: np.where(np.real(a) > np.real(b), a, b),
    "min": lambda a, b: np.where(np.real(a) < np.real(b), a, b),
}
MATRIX: dict[str, Callable[[Array], Array]] = {
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logdet": _logdet,
    "cofactors": cofactors,
}
VECTOR: dict[str, Callable[[Array], Array]] = {
    "softmax": _softmax,
    "lse": lambda x: np.log(np.exp(x).sum(-1)),
    "norm2": lambda x: np.sqrt((x * x).sum(-1)),
    "rnorm": lambda x: 1 / np.sqrt((x * x).sum(-1)),
}
COEFFICIENTS: tuple[Any, ...] = (1, -1, 2, -3, Fraction(1, 2), Fraction(-2, 3), 0.25)


# -- drawing ---------------------------------------------------------------------------


def leaf(name: str) -> Drawn:
    """A variable of `LEAVES`."""
    node = tensor(name, LEAVES[name], STRUCTURES.get(name, ""))
    return Drawn(node, lambda env: env[name], (), "leaf")


def scale_down(drawn: Drawn) -> Drawn:
    """tanh of it: entries between −1 and 1."""
    node = call("tanh", [drawn.node])
    return Drawn(node, lambda env, a: np.tanh(a), (drawn,), "tanh")


class Builder:
    """A pool of drawn nodes that grows; later nodes share earlier ones."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.pool = [leaf(name) for name in LEAVES]
        self.pool.append(self._constant())

    def pick(self) -> Drawn:
        """A node of the pool, recent ones rather than old ones."""
        recent = self.pool[len(LEAVES) :]
        if len(recent) > 1 and self.random.random() < 0.55:
            return self.random.choice(recent)
        return self.random.choice(self.pool)

    def grow(self, steps: int) -> Drawn:
        """The last of `steps` new nodes."""
        kinds = [self.contraction] * 6 + [self.sum] * 3 + [self.unary] * 2
        kinds += [self.power, self.binary, self.matrix, self.vector]
        for _ in range(steps):
            self.pool.append(self.random.choice(kinds)())
        return self.pool[-1]

    def _constant(self) -> Drawn:
        array = np.array([[self.random.randint(-2, 2) for _ in range(3)]] * 2, float)
        return Drawn(constant(array, "c"), lambda env: array, (), "constant")

    def contraction(self) -> Drawn:
        """Up to three operands on wires that meet at random, any result."""
        dims: dict[int, Size] = {}
        parts, legs = [], []
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 2, 3))):
            part = self.pick()
            wires = [self._wire(dims, size) for size in part.node.shape]
            trial = {i: value_of(size, VALUES) for i, size in dims.items()}
            if prod(trial.values()) > GRID_LIMIT:
                break
            parts.append(part)
            legs.append(wires)
        used = {i for wires in legs for i in wires}
        dims = {i: size for i, size in dims.items() if i in used}
        if self.random.random() < 0.3:
            dims[max(dims, default=0) + 1] = self.random.choice(SIZES)
        out = self._out(dims)
        numbers = {i: value_of(size, VALUES) for i, size in dims.items()}
        rows = [(part.node, wires) for part, wires in zip(parts, legs, strict=True)]
        return Drawn(
            einsum(rows, [g[0] if len(g) == 1 else g for g in out], dims),
            lambda env, *values: contraction(values, legs, out, numbers),
            tuple(parts),
            "einsum",
        )

    def _wire(self, dims: dict[int, Size], size: Size) -> int:
        """An index of this size: one that is there, or a new one."""
        there = [i for i, known in dims.items() if known == size]
        if there and self.random.random() < 0.6:
            return self.random.choice(there)
        dims[len(dims)] = size
        return len(dims) - 1

    def _out(self, dims: Mapping[int, Size]) -> list[tuple[int, ...]]:
        """Groups of indices, with repetition, of a bounded number of entries."""
        out: list[tuple[int, ...]] = []
        entries = 1
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3))):
            width = self.random.choice((1, 1, 1, 1, 2, 2, 0)) if dims else 0
            group = tuple(self.random.choice(list(dims)) for _ in range(width))
            entries *= prod(value_of(dims[i], VALUES) for i in group)
            if entries > ENTRY_LIMIT:
                break
            out.append(group)
        return out

    def alike(self, drawn: Drawn) -> Drawn:
        """Another node of the pool of the same shape, else the same once more."""
        same = [d for d in self.pool if d.node.shape == drawn.node.shape]
        return self.random.choice(same or [drawn])

    def sum(self) -> Drawn:
        """A combination of two to four nodes of one shape."""
        first = self.pick()
        parts = [first] + [
            self.alike(first) for _ in range(self.random.choice((1, 1, 2, 3)))
        ]
        weights = [self.random.choice(COEFFICIENTS) for _ in parts]
        terms = [(part.node, c) for part, c in zip(parts, weights, strict=True)]

        def total(env: Environment, *values: Array) -> Array:
            return sum(
                (float(c) * v for c, v in zip(weights, values, strict=True)),
                np.zeros(first.sizes),
            )

        return Drawn(linear(terms, first.node.shape), total, tuple(parts), "sum")

    def unary(self) -> Drawn:
        """An elementwise function that is defined everywhere."""
        part, name = self.pick(), self.random.choice(sorted(UNARY))
        function = UNARY[name]
        node = call(name, [part.node])
        return Drawn(node, lambda env, a: function(a), (part,), name)

    def binary(self) -> Drawn:
        """max, min, or a choice."""
        a = self.pick()
        b = self.alike(a)
        name = self.random.choice([*sorted(BINARY), "where"])
        if name != "where":
            function = BINARY[name]
            node = call(name, [a.node, b.node])
            return Drawn(node, lambda env, p, q: function(p, q), (a, b), name)
        node = call("where", [call("heaviside", [a.node]), a.node, b.node])
        return Drawn(
            node, lambda env, p, q: np.where(np.real(p) > 0, p, q), (a, b), name
        )

    def power(self) -> Drawn:
        """A small power of the node, or a real power of 1 + its square."""
        part, p = self.pick(), self.random.choice((2, 3, -1, Fraction(1, 2), -2))
        if isinstance(p, int) and p > 0:
            node = power(part.node, p)
            return Drawn(node, lambda env, a: a**p, (part,), "power")
        one = self.ones(part.node.shape)
        square = linear([(one, 1), (power(part.node, 2), 1)], part.node.shape)
        return Drawn(
            power(square, p), lambda env, a: (1 + a * a) ** float(p), (part,), "power"
        )

    @staticmethod
    def ones(shape: Sequence[Size]) -> Node:
        """The tensor of ones."""
        return einsum([], range(len(shape)), dict(enumerate(shape)))

    def matrix(self) -> Drawn:
        """A function of a matrix kept invertible, 4 I + tanh(·); batched at times."""
        square = [d for d in self.pool if _is_square(d.node)]
        inner = scale_down(self.random.choice(square))
        name = self.random.choice(sorted(MATRIX))
        function = MATRIX[name]
        shape = inner.node.shape
        batch = list(range(len(shape) - 2))
        i = len(batch)
        eye = einsum([], [*batch, i, i], dict(enumerate(shape[:-1])))
        shifted = linear([(eye, 4), (inner.node, 1)], shape)
        params = (1,) if name == "cofactors" else ()
        return Drawn(
            call(name, [shifted], params),
            lambda env, a: function(4 * np.eye(a.shape[-1]) + a),
            (inner,),
            name,
        )

    def vector(self) -> Drawn:
        """A function of the last axis; norms are kept away from zero."""
        long = [d for d in self.pool if d.node.shape and 0 not in d.sizes]
        inner = scale_down(self.random.choice(long))
        name = self.random.choice(sorted(VECTOR))
        function = VECTOR[name]
        shape = inner.node.shape
        shifted = linear([(self.ones(shape), 2), (inner.node, 1)], shape)
        params = (1,) if name in ("norm2", "rnorm") else ()
        return Drawn(
            call(name, [shifted], params),
            lambda env, a: function(2 + a),
            (inner,),
            name,
        )


def _is_square(node: Node) -> bool:
    return len(node.shape) > 1 and node.shape[-1] == node.shape[-2]


def draw(seed: int, steps: int | None = None) -> Drawn:
    """The random node of a seed."""
    builder = Builder(seed)
    return builder.grow(steps or builder.random.randint(1, 9))


def leaf_tensors() -> dict[str, Tensor]:
    """Every leaf as a tensor, by name."""
    return {
        name: tensor(name, shape, STRUCTURES.get(name, ""))
        for name, shape in LEAVES.items()
    }


def complex_step(drawn: Drawn, env: Environment, name: str, direction: Array) -> Array:
    """The derivative along a direction of one leaf: Im f(x + ihd)/h."""
    step = 1e-30
    moved = {**env, name: env[name] + 1j * step * direction}
    return np.imag(drawn.value(moved)) / step
