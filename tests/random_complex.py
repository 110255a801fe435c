"""Random expressions of complex variables, held to both Wirtinger derivatives.

The references differentiate by real and imaginary parts; ∂f/∂z = (∂f/∂x − i ∂f/∂y)/2
and ∂f/∂z̄ = (∂f/∂x + i ∂f/∂y)/2 follow, and of a scalar the second ones.

>>> case = complex_case(0, 1)
>>> complex_failures(case, jax=False)
[]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

import indexcalc as ic
from tests.agreement import Agreement
from tests.references import Reference, by_jets, places

Array = np.ndarray[Any, Any]
Rng = np.random.Generator

SHAPES = {
    "z": "n : complex",
    "w": "n : complex",
    "A": "n n : complex",
    "s": " : complex",
    "x": "n : real",
    "t": " : real",
}
LEAVES = {"scalar": "st", "vector": "zwx", "matrix": "A"}
ENTRYWISE = ("exp", "sin", "cos", "sinh", "cosh", "tanh", "atan")


@dataclass(frozen=True)
class Term:
    """A text, and the function of a space and of arrays that it denotes."""

    text: str
    reference: Reference


@dataclass(frozen=True)
class ComplexCase:
    """An expression of complex variables, with its arrays and its reference."""

    seed: int
    index: int
    text: str
    shapes: Mapping[str, str]
    values: Mapping[str, Array]
    reference: Reference

    def __str__(self) -> str:
        return f"complex seed {self.seed} case {self.index}: {self.text}"


# -- making them -----------------------------------------------------------------------


def _leaf(name: str) -> Term:
    return Term(name, lambda space, values: space.load(values[name]))


def _number(value: str) -> Term:
    return Term(value, lambda space, values: space.apply("number", [], value=value))


def _eye(n: int) -> Term:
    def reference(space: Any, values: Any) -> Any:
        return space.apply("copy_tensor", [], n=n, order=2)

    return Term("eye(n)", reference)


def _applied(text: str, operation: str, *terms: Term, **params: Any) -> Term:
    """A term whose holes are filled by others."""

    def reference(space: Any, values: Any) -> Any:
        parts = [term.reference(space, values) for term in terms]
        return space.apply(operation, parts, **params)

    return Term(text.format(*(term.text for term in terms)), reference)


def _tamed(a: Term, factor: str) -> Term:
    return _applied("{0}*({1})", "multiply", _number(factor), a)


def _shifted(a: Term, n: int) -> Term:
    """0.1 M + 3 I."""
    three = _applied("{0}*{1}", "multiply", _number("3"), _eye(n))
    return _applied("({0} + {1})", "add", _tamed(a, "0.1"), three)


@dataclass
class Maker:
    """Random terms of a kind, to a depth."""

    rng: Rng
    n: int

    def make(self, kind: str, depth: int) -> Term:
        """A term of a kind: scalar, vector or matrix."""
        if depth <= 0:
            return _leaf(str(self.rng.choice(list(LEAVES[kind]))))
        rules: list[Callable[[int], Term]] = [*self._alike(kind), *self._own(kind)]
        return rules[int(self.rng.integers(len(rules)))](depth - 1)

    def _alike(self, kind: str) -> list[Callable[[int], Term]]:
        """Rules that keep the kind."""

        def two(text: str, operation: str) -> Callable[[int], Term]:
            return lambda d: _applied(
                text, operation, self.make(kind, d), self.make(kind, d - 1)
            )

        def one(text: str, operation: str) -> Callable[[int], Term]:
            return lambda d: _applied(text, operation, self.make(kind, d))

        def entrywise(d: int) -> Term:
            name = str(self.rng.choice(ENTRYWISE))
            inner = _tamed(self.make(kind, d), "0.2")
            return _applied(name + "({0})", name, inner)

        def scaled(d: int) -> Term:
            return _applied(
                "({0})*({1})",
                "multiply",
                self.make("scalar", d - 1),
                self.make(kind, d),
            )

        parts = [
            one(f"{name}({{0}})", name) for name in ("conj", "conj", "real", "imag")
        ]
        return [two("({0} + {1})", "add"), two("({0}) .* ({1})", "multiply"), scaled,
                entrywise, *parts]  # fmt: skip

    def _own(self, kind: str) -> list[Callable[[int], Term]]:
        """Rules that lead to a kind from others."""
        make, n = self.make, self.n
        return {
            "scalar": [
                lambda d: _applied(
                    "({0})'*({1})", "product", make("vector", d), make("vector", d - 1)
                ),
                lambda d: _applied("tr({0})", "trace", make("matrix", d)),
                lambda d: _applied("sum({0})", "sum", make("vector", d)),
                lambda d: _applied("det({0})", "det", _shifted(make("matrix", d), n)),
            ],
            "vector": [
                lambda d: _applied(
                    "({0})*({1})", "product", make("matrix", d - 1), make("vector", d)
                ),
                lambda d: _applied("diag({0})", "diagonal", make("matrix", d)),
            ],
            "matrix": [
                lambda d: _applied("inv({0})", "inv", _shifted(make("matrix", d), n)),
                lambda d: _applied("({0})'", "transpose", make("matrix", d)),
                lambda d: _applied(
                    "outer({0}, {1})", "outer", make("vector", d), make("vector", d - 1)
                ),
                lambda d: _applied("Diag({0})", "diagonal_matrix", make("vector", d)),
                lambda d: _applied(
                    "expm({0})", "expm", _tamed(make("matrix", d - 1), "0.1")
                ),
                lambda d: _applied(
                    "({0})*({1})", "product", make("matrix", d - 1), make("matrix", d)
                ),
            ],
        }[kind]


def complex_case(seed: int, index: int) -> ComplexCase:
    """Case number `index` of a seed."""
    rng = np.random.default_rng([seed, index, 2])
    n = int(rng.integers(1, 4))
    kind = str(rng.choice(["scalar", "scalar", "scalar", "vector", "matrix"]))
    term = Maker(rng, n).make(kind, int(rng.integers(1, 5)))
    term = _applied("({0})*({1})", "multiply", _leaf("s"), term)
    used = set(re.findall(r"[a-zA-Z]\w*", term.text)) & set(SHAPES)
    values = {}
    for name in sorted({*used, "s"}):
        shape = (n,) * len(SHAPES[name].split(":")[0].split())
        values[name] = np.asarray(rng.uniform(-1, 1, shape))
        if "complex" in SHAPES[name]:
            values[name] = values[name] + 1j * rng.uniform(-1, 1, shape)
    shapes = {name: SHAPES[name] for name in values}
    return ComplexCase(seed, index, term.text, shapes, values, term.reference)


# -- comparing -------------------------------------------------------------------------


def complex_failures(case: ComplexCase, jax: bool) -> list[str]:
    """What differs from the references."""
    symbol = ic.parse(case.text, SHAPES)
    order = 2 if not symbol.shape and _few(case) else 1
    known = {"jets": by_jets(case.reference, case.values, order)}
    if jax:
        from tests.oracle import by_jax

        known["JAX"] = by_jax(case.reference, case.values, order)
    found = Agreement()
    n = max((a.shape[0] for a in case.values.values() if a.ndim), default=1)
    for what, e, slots in _derivatives(case, symbol, order):
        got = np.asarray(e.evaluate(case.values, sizes={"n": n}))
        for name, answer in known.items():
            wanted = _block(case, answer[len(slots)], slots)
            found.compare(name, len(slots), what, got, wanted)
    return found.messages


def _few(case: ComplexCase) -> bool:
    return sum(array.size for array in case.values.values()) <= 14


#: By which variables, and whether by their conjugates.
Slots = tuple[tuple[str, bool], ...]


def _derivatives(
    case: ComplexCase, symbol: ic.Expression, order: int
) -> Iterator[tuple[str, ic.Expression, Slots]]:
    """The expression and its derivatives by variables and by their conjugates."""
    yield "the value", symbol, ()
    first: dict[tuple[str, bool], ic.Expression] = {}
    for name in case.values:
        first |= _first(case, symbol, name)
    for slot, e in first.items():
        yield f"d/d{slot}", e, (slot,)
    if order < 2:
        return
    for (slot, e), name in product(first.items(), case.values):
        for other, block in _first(case, e, name).items():
            yield f"d2/d{slot}d{other}", block, (slot, other)


def _first(
    case: ComplexCase, e: ic.Expression, name: str
) -> dict[tuple[str, bool], ic.Expression]:
    if "complex" not in case.shapes[name]:
        return {(name, False): e.diff(name)}
    by_z, by_conjugate = ic.wirtinger(e, ic.tensor(name, case.shapes[name]))
    return {(name, False): by_z, (name, True): by_conjugate}


def _block(case: ComplexCase, tensor: Array, slots: Slots) -> Array:
    """The derivative by these, out of the one by real and imaginary parts."""
    lead = tensor.ndim - len(slots)
    where = places(case.values)
    for axis, (name, barred) in enumerate(slots, lead):
        part = np.moveaxis(tensor, axis, 0)[where[name]]
        if "complex" in case.shapes[name]:
            size = case.values[name].size
            turn = 1j if barred else -1j
            part = (part[:size] + turn * part[size:]) / 2
        tensor = np.moveaxis(part, 0, axis)
    shapes = [case.values[name].shape for name, _ in slots]
    return tensor.reshape((*tensor.shape[:lead], *(n for s in shapes for n in s)))
