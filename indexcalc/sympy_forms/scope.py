"""What a reader knows at one place: indices with their ranges, bound variables, names.

>>> scope = Scope().with_index("i", Range(3, sympy.S.Zero))
>>> scope.ranges["i"].size
3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from ..errors import ShapeError, UnsupportedError
from ..expr import tensor
from ..nodes import Tensor
from ..sizes import Shape, Size, shape_text
from .symbols import checked_name, size_of
from .values import Value, regrouped


@dataclass(frozen=True, slots=True)
class Range:
    """An index runs over `size` integers from `lower`."""

    size: Size
    lower: Any


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The ranges of indices, and the values of variables that a Lambda binds."""

    ranges: Mapping[Any, Range] = field(default_factory=dict)
    bound: Mapping[Any, Value] = field(default_factory=dict)

    def with_index(self, index: Any, range_: Range) -> Scope:
        """The scope in which an index runs over a range."""
        bound = {x: value for x, value in self.bound.items() if x != index}
        return Scope({**self.ranges, index: range_}, bound)

    def with_bound(self, values: Mapping[Any, Value]) -> Scope:
        """The scope in which variables stand for values."""
        ranges = {i: known for i, known in self.ranges.items() if i not in values}
        return Scope(ranges, {**self.bound, **values})

    def range_of(self, index: Any) -> Range:
        """The range of an index. Raises `UnsupportedError` where none is known."""
        known = self.ranges.get(index)
        if known is not None:
            return known
        if isinstance(index, sympy.Idx) and index.upper is not None:
            return range_between(index, index.lower, index.upper)
        raise UnsupportedError(
            f"the range of the index {index} is not known",
            hint="make it an Idx with a range, or sum over it",
        )


def range_between(index: Any, lower: Any, upper: Any) -> Range:
    """The range from `lower` to `upper`, both included.

    Raises `UnsupportedError` where the number of integers in it is not a size.
    """
    try:
        return Range(size_of(upper - lower + 1), sympy.expand(lower))
    except UnsupportedError:
        raise UnsupportedError(
            f"the index {index} runs from {lower} to {upper}, which is no range of "
            "a whole axis",
            hint="sum from 0 to n - 1",
        ) from None


@dataclass(slots=True)
class Names:
    """The variables and sizes of one expression.

    `declared` are the leaves that the caller gave shapes for, `sizes` the names that
    occur in a shape, `symbols` the SymPy symbol that a name stands for.
    """

    declared: Mapping[str, Tensor]
    sizes: frozenset[str]
    symbols: dict[str, Any] = field(default_factory=dict)

    def claim(self, symbol: Any) -> str:
        """The name of a symbol. Raises `UnsupportedError` where another symbol, of
        other assumptions, has it."""
        name = checked_name(symbol.name)
        known = self.symbols.setdefault(name, symbol)
        if known != symbol:
            raise UnsupportedError(
                f"two different symbols are called {name}", hint="rename one"
            )
        return name

    def claim_function(self, function: Any) -> str:
        """The name of an unknown function."""
        return checked_name(function.__name__)

    def leaf(self, label: Any, shape: Shape, structure: str = "") -> Value:
        """The variable of a name as a value of this shape, unless it is declared with
        other axes of size 1."""
        name = checked_name(label)
        known = self.declared.get(name)
        if known is None:
            known = tensor(name, shape, structure)
        try:
            return regrouped(Value(known), shape)
        except ShapeError:
            raise ShapeError(
                f"{name} is {shape_text(shape)} in the expression, and "
                f"{shape_text(known.shape)} as declared"
            ) from None

    def matrix(self, label: Any, rows: Size, columns: Size) -> Value:
        """The variable of a `MatrixSymbol`: a column is a vector, and 1×1 a scalar,
        unless it is declared with those axes."""
        kept = (rows, columns) if columns != 1 else () if rows == 1 else (rows,)
        return regrouped(self.leaf_as(label, kept, (rows, columns)), (rows, columns))

    def leaf_as(self, label: Any, shape: Shape, declared: Shape) -> Value:
        """The variable in the shape it is declared with, or else in `shape`."""
        known = self.declared.get(checked_name(label))
        return self.leaf(label, shape if known is None else declared)
