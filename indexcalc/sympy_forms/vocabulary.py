"""The SymPy symbols of our variables, sizes and indices.

A name has one symbol in everything that is written at once, or the one that the caller
gives for it.

>>> words = Vocabulary({}, frozenset({"i"}))
>>> words.size(dim("n")), words.index(3)
(n, j)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy.tensor.array.expressions.array_expressions import ArraySymbol

from ..errors import BudgetError, ShapeError, UnsupportedError
from ..nodes import Call, Einsum, Node, Tensor, toposort
from ..sizes import Size, dim, names_in
from .symbols import size_symbol

__all__ = ["Vocabulary", "dim", "vocabulary"]

_LETTERS = "ijklpqrstuvw"
LARGEST_CONSTANT = 10_000


@dataclass(slots=True)
class Vocabulary:
    """`given` are the caller's symbols by name; `taken` names no index may have."""

    given: Mapping[str, Any]
    taken: frozenset[str]
    _fresh: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._fresh = self._names()

    def _names(self) -> Iterator[str]:
        yield from (letter for letter in _LETTERS if letter not in self.taken)
        k = 1
        while True:
            if f"w{k}" not in self.taken:
                yield f"w{k}"
            k += 1

    def size(self, size: Size) -> Any:
        """A size."""
        return size_symbol(size, self.given)

    def index(self, size: Size, name: str | None = None) -> Any:
        """An index over a range, with a name that nothing else has."""
        return sympy.Idx(name or next(self._fresh), self.size(size))

    def scalar(self, node: Tensor) -> Any:
        """A scalar variable, or a constant."""
        if node.array is not None:
            return sympy.sympify(node.array[()].item(), strict=True)
        if node.name in self.given:
            return self.given[node.name]
        positive = {"positive": True} if node.structure == "positive" else {}
        return sympy.Symbol(node.name, **positive)

    def matrix(self, node: Tensor) -> Any:
        """A vector as a column, or a matrix."""
        if node.array is not None:
            return sympy.ImmutableDenseMatrix(
                *(*node.array.shape, 1)[:2], _entries(node)
            )
        shape = [self.size(size) for size in (*node.shape, 1)[:2]]
        symbol = self.given.get(node.name)
        if symbol is None:
            return sympy.MatrixSymbol(node.name, *shape)
        if tuple(symbol.shape) != tuple(shape):
            raise ShapeError(
                f"the symbol given for {node.name} is {symbol.shape}, not {shape}"
            )
        return symbol

    def array(self, node: Tensor) -> Any:
        """A tensor of three axes or more."""
        if node.array is not None:
            return sympy.ImmutableDenseNDimArray(_entries(node), node.array.shape)
        if node.name in self.given:
            return self.given[node.name]
        return ArraySymbol(node.name, tuple(self.size(s) for s in node.shape))

    def base(self, node: Tensor) -> Any:
        """What indices stand on."""
        if node.array is not None:
            return self.array(node)
        if node.name in self.given:
            return self.given[node.name]
        shape = tuple(self.size(size) for size in node.shape)
        return sympy.IndexedBase(node.name, shape=shape)


def _entries(node: Tensor) -> list[Any]:
    """The entries of a constant, whole numbers as integers."""
    if node.array is None or node.array.size > LARGEST_CONSTANT:
        raise BudgetError(
            f"a constant of more than {LARGEST_CONSTANT} entries",
            hint="make it a variable",
        )
    return [_entry(value) for value in node.array.ravel().tolist()]


def _entry(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return sympy.Integer(int(value))
    return sympy.sympify(value, strict=True)


def vocabulary(
    root: Node, given: Mapping[str, Any], names: Sequence[str] = ()
) -> Vocabulary:
    """The vocabulary for writing one node whose free indices have these names.

    Raises `UnsupportedError` where one of them is the name of something else.
    """
    taken = set(given) | _names_in(root)
    clash = sorted(taken & set(names)) or [n for n in names if names.count(n) > 1]
    if clash:
        raise UnsupportedError(
            f"the index {clash[0]} has the name of something else in the expression",
            hint="name the axes otherwise",
        )
    return Vocabulary(given, frozenset(taken | set(names)))


def _names_in(root: Node) -> set[str]:
    """The names of variables, sizes and functions."""
    taken: set[str] = set()
    for node in toposort(root):
        sizes: tuple[Size, ...] = node.shape
        if isinstance(node, Einsum):
            sizes = node.dims
        taken.update(name for size in sizes for name in names_in(size))
        if isinstance(node, Tensor):
            taken.add(node.name)
        if isinstance(node, Call) and node.params and isinstance(node.params[0], str):
            taken.add(node.params[0])
    return taken
