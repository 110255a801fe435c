"""What a case is: an expression, its inputs, the sizes it is measured at, its floor.

The floor is what no program can beat on this machine: the larger of the floating point
operations at the rate of a matrix product and the bytes that must move at the rate of a
copy. `bytes` counts every input read once and the result written once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

import indexcalc as ic

Sizes = Mapping[str, int]
Arrays = dict[str, Any]
Random = np.random.Generator

ITEM = 8


@dataclass(frozen=True)
class Floor:
    """The operations and the bytes that a case cannot do without."""

    flops: float
    bytes: float


@dataclass(frozen=True)
class Case:
    """One thing to compute.

    `build` makes the expression with symbolic sizes, `inputs` the arrays it needs.
    A `structured` case asks for cores, whose deltas stay unbuilt; `dense` then names
    the case with the same derivative written out. `spec` is the einsum it is, if it is
    one, over the inputs named in `operands`.
    """

    name: str
    computes: str
    build: Callable[[], ic.Expression]
    inputs: Callable[[Random, Sizes], Arrays]
    floor: Callable[[Sizes], Floor]
    sizes: tuple[Sizes, ...]
    structured: bool = False
    dense: str = ""
    spec: str = ""
    operands: tuple[str, ...] = ()

    @property
    def tiny(self) -> Sizes:
        """Distinct small sizes, for comparisons with slow references."""
        return {name: 4 + k for k, name in enumerate(self.sizes[0])}

    def arrays(self, sizes: Sizes, seed: int = 0) -> Arrays:
        """The inputs at these sizes, the same at every call."""
        return self.inputs(np.random.default_rng(seed), sizes)


def sized(names: str, *rows: tuple[int, ...]) -> tuple[Sizes, ...]:
    """The sizes of a case, a row each.

    >>> sized("n p", (100, 50))
    ({'n': 100, 'p': 50},)
    """
    return tuple(dict(zip(names.split(), row, strict=True)) for row in rows)


def normal(**shapes: str) -> Callable[[Random, Sizes], Arrays]:
    """Inputs of standard normal entries, each shape named by its sizes.

    >>> draw = normal(X="n p")
    >>> draw(np.random.default_rng(0), {"n": 2, "p": 3})["X"].shape
    (2, 3)
    """

    def draw(random: Random, sizes: Sizes) -> Arrays:
        return {
            name: random.standard_normal(_lengths(shape, sizes))
            for name, shape in shapes.items()
        }

    return draw


def _lengths(shape: str, sizes: Sizes) -> list[int]:
    return [int(s) if s.isdigit() else sizes[s] for s in shape.split()]


def moved(*shapes: tuple[int, ...]) -> float:
    """The bytes of arrays of these shapes."""
    return float(ITEM * sum(prod(shape) for shape in shapes))


def label(sizes: Sizes) -> str:
    """How sizes are printed.

    >>> label({"n": 100, "p": 50})
    'n=100,p=50'
    """
    return ",".join(f"{name}={value}" for name, value in sizes.items())
