"""Nodes at sample points: many points at once, every shared node once.

A `Sample` holds values for the variables at a number of points, the leading axis of
every array, and computes nodes from them by the definitions: a contraction is a sum of
products, a sum a linear combination. What numbers are is left to a `Numbers`: here
floats, in `modular` the integers modulo primes. Sizes are small, so nothing is planned
beyond the order of contraction, and values are kept: a node that differs from an
earlier one in one place costs only the way from there to the root.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> values = {A: np.ones((1, 2, 3)), x: np.ones((1, 3))}
>>> Sample(Reals(1), {"m": 2, "n": 3}, values).value(contract(A, x)).tolist()
[[3.0, 3.0]]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol

import numpy as np

from .. import kernels
from ..coefficients import Number
from ..errors import BudgetError, EvaluationError
from ..evaluate import scalar, write_out
from ..nodes import Call, Einsum, Node, Sum, Tensor, toposort
from ..pairwise import Array, Labelled, Labels
from ..pairwise import contract as contract_floats
from ..plan import Pattern
from ..sizes import Dim, Size, names_in, value_of

#: How many numbers one value may hold, over all points.
ENTRY_LIMIT = 2_000_000
#: How many a product on the way to one may hold.
WAY_LIMIT = 10_000_000
#: A float beyond this, or a log-determinant below that, is rounding of a singular
#: matrix, or so near that nothing can be read off it.
LARGEST, SMALLEST_LOGDET = 1e11, -25.0


class Numbers(Protocol):
    """The numbers of a sample: `points` of them at a time, along the leading axis."""

    points: int

    def contract(self, operands: Sequence[Labelled], out: Labels) -> Array:
        """The product of the operands, summed over the labels that are not in `out`."""
        ...

    def combine(self, terms: Sequence[tuple[Array, Number]], zero: Array) -> Array:
        """The linear combination of arrays, added to zero."""
        ...

    def call(self, f: Call, args: list[Array], shape: tuple[int, ...]) -> Array:
        """A function of arrays; `shape` is the result's without the points."""
        ...

    def constant(self, array: Array) -> Array:
        """A constant's array, the same at every point."""
        ...


@dataclass
class Sample:
    """Values at sample points; `values` grows as nodes are asked for."""

    numbers: Numbers
    sizes: Mapping[str, int]
    values: dict[Node, Array] = field(default_factory=dict)

    def value(self, root: Node) -> Array:
        """The value of a node, its points first.

        Raises `BudgetError` beyond a number of entries, `EvaluationError` for a
        variable without a value.
        """
        if root not in self.values:
            with np.errstate(all="ignore"):
                for node in toposort(root):
                    if node not in self.values:
                        self.values[node] = self._computed(node)
        return self.values[root]

    def shape(self, node: Node) -> tuple[int, ...]:
        """The shape of a node in numbers."""
        return tuple(value_of(size, self.sizes) for size in node.shape)

    def _computed(self, node: Node) -> Array:
        shape = self.shape(node)
        within(self.numbers.points * prod(shape))
        match node:
            case Tensor():
                if node.array is None:
                    raise EvaluationError(f"the variable {node.name} has no value")
                return self.numbers.constant(node.array)
            case Sum():
                terms = [(self.values[e], c) for e, c in node.terms]
                zero = np.zeros((self.numbers.points, *shape), int)
                return self.numbers.combine(terms, zero)
            case Call():
                args = [self.values[arg] for arg in node.args]
                return (
                    self.numbers.call(node, args, shape) if args else self._fill(node)
                )
            case Einsum():
                return self._contraction(node)

    def _fill(self, node: Call) -> Array:
        params = tuple(
            value_of(p, self.sizes) if isinstance(p, Dim) else p for p in node.params
        )
        shape = self.shape(node)
        array = kernels.constant(node.function, params, shape, np.float64)
        return self.numbers.constant(array)

    def _contraction(self, node: Einsum) -> Array:
        sizes = [value_of(size, self.sizes) for size in node.dims]
        point = len(sizes)
        rows = [(self.values[e], (point, *legs)) for e, legs in node.operands]
        carried = {i for _, legs in node.operands for i in legs}
        shown = dict.fromkeys(i for axis in node.out for i in axis)
        core = (point, *(i for i in shown if i in carried))
        carried |= shown.keys()
        lone = prod(n for i, n in enumerate(sizes) if i not in carried)
        ones = np.ones(self.numbers.points, int)
        array = self.numbers.contract([(ones, (point,)), *rows], core)
        if lone != 1:
            array = self.numbers.combine([(array, lone)], np.zeros_like(array))
        axes = ((point,), *node.out)
        lengths = [*sizes, self.numbers.points]
        return write_out(array, Pattern(axes, core, tuple(lengths)), lengths)


def within(count: int) -> None:
    """Raises `BudgetError` for a value of too many entries."""
    if count > ENTRY_LIMIT:
        raise BudgetError(
            f"a sample value of {count} entries is over {ENTRY_LIMIT}",
            hint="declare sizes by name, so that small ones can be tried",
        )


# -- floats ----------------------------------------------------------------------------


class Reals:
    """float64; what is undefined at a point, or singular up to rounding, is NaN."""

    def __init__(
        self, points: int, functions: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self.points = points
        self.functions = functions or {}

    def contract(self, operands: Sequence[Labelled], out: Labels) -> Array:
        """See `Numbers.contract`."""
        return contract_floats(operands, out, WAY_LIMIT, brief=True)

    def combine(self, terms: Sequence[tuple[Array, Number]], zero: Array) -> Array:
        """See `Numbers.combine`."""
        total: Array = zero.astype(np.float64)
        for array, c in terms:
            total = total + array * scalar(c)
        return total

    def call(self, f: Call, args: list[Array], shape: tuple[int, ...]) -> Array:
        """See `Numbers.call`."""
        try:
            found = kernels.apply(f.function, args, f.params, self.functions)
        except EvaluationError:
            found = self._one_by_one(f, args, shape)
        off = np.abs(found) > LARGEST
        if f.function == "logdet":
            off |= found < SMALLEST_LOGDET
        return np.where(off, np.nan, found) if off.any() else found

    def _one_by_one(self, f: Call, args: list[Array], shape: tuple[int, ...]) -> Array:
        """Point by point, where the function is not defined at all of them."""
        found = np.full((self.points, *shape), np.nan)
        for k in range(self.points):
            part = [arg[k : k + 1] for arg in args]
            try:
                found[k] = kernels.apply(f.function, part, f.params, self.functions)[0]
            except EvaluationError:
                continue
        return found

    def constant(self, array: Array) -> Array:
        """See `Numbers.constant`."""
        whole = np.asarray(array)
        kind = complex if np.iscomplexobj(whole) else float
        return np.repeat(whole[None].astype(kind), self.points, 0)


# -- which sizes -----------------------------------------------------------------------


def size_names(*roots: Node) -> list[str]:
    """The names that the sizes under the roots are made of, sorted."""
    return sorted({name for size in _sizes(*roots) for name in names_in(size)})


def _sizes(*roots: Node) -> list[Size]:
    found: list[Size] = []
    for node in toposort(*roots):
        found += node.shape
        if isinstance(node, Einsum):
            found += node.dims
        if isinstance(node, Call):
            found += [p for p in node.params if isinstance(p, Dim)]
    return found


def small_sizes(names: Sequence[str], round_: int = 0) -> dict[str, int]:
    """A value from 2 to 4 for every size name. Rounds 0, 1, 2 give different ones,
    rounds 3, 4, 5 those of the names in reverse: each of two is once the larger.

    >>> small_sizes(["m", "n"]), small_sizes(["m", "n"], 4)
    ({'m': 2, 'n': 3}, {'n': 3, 'm': 4})
    """
    order = names[::-1] if round_ % 6 > 2 else names
    return {name: 2 + (k + round_) % 3 for k, name in enumerate(order)}
