"""Named-index notation: `A[i, j] * x[j]`, `delta(i, j)`, `H(i, j, k)`.

An `Indexed` is a sum of products of indexed factors whose indices have names. Nothing
is summed until `to(i, …)` says which indices are free: all others are summed, term by
term, and an index may occur any number of times.

>>> i, j = indices("i j")
>>> str(i), is_index_key((i, j)), is_index_key((0, j)), is_index_key((0, 1))
('i', True, True, False)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .coefficients import Number, as_number, divide, multiply
from .errors import ShapeError, UnknownNameError
from .expr import einsum, linear
from .given import names_of
from .matrix import basis
from .nodes import Node
from .sizes import Size, shape_text, size_text


@dataclass(frozen=True, slots=True)
class Index:
    """A named index."""

    name: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Index({self.name!r})"


def indices(names: str) -> tuple[Index, ...]:
    """Several named indices from one text.

    >>> indices("i j")
    (Index('i'), Index('j'))
    """
    return tuple(Index(name) for name in names_of(names, "names"))


def is_index_key(key: object) -> bool:
    """Whether a subscript names indices, rather than asking for entries."""
    places = key if isinstance(key, tuple) else (key,)
    return any(isinstance(place, Index) for place in places)


Factor = tuple[Node, tuple[Index, ...]]


@dataclass(frozen=True, slots=True)
class Product:
    """coefficient × indexed factors × copy tensors, given by the indices they join."""

    coefficient: Number
    factors: tuple[Factor, ...]
    copies: tuple[tuple[Index, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Indexed:
    """A sum of products with named indices."""

    products: tuple[Product, ...]

    @classmethod
    def of(cls, node: Node, key: object) -> Indexed:
        """node[i, j, …]; integers in the key pick entries.

        Raises `ShapeError` where the number of indices is not the number of axes.
        """
        places = key if isinstance(key, tuple) else (key,)
        if len(places) != len(node.shape):
            raise ShapeError(
                f"{len(places)} indices on {shape_text(node.shape)}, which has "
                f"{len(node.shape)} axes"
            )
        legs: list[Index] = []
        picks: list[Factor] = []
        for position, place in enumerate(places):
            if isinstance(place, Index):
                legs.append(place)
                continue
            if isinstance(place, bool) or not hasattr(place, "__index__"):
                raise ShapeError(f"{place!r} is neither an index nor an entry")
            hidden = Index(f"#{id(node)}.{position}.{int(place)}")
            legs.append(hidden)
            picks.append((basis(int(place), node.shape[position]), (hidden,)))
        return cls((Product(1, ((node, tuple(legs)), *picks)),))

    def __mul__(self, other: object) -> Indexed:
        if isinstance(other, Indexed):
            return Indexed(
                tuple(_joined(p, q) for p in self.products for q in other.products)
            )
        node = _scalar_of(other)
        if node is not None:
            return self * Indexed((Product(1, ((node, ()),)),))
        return self._scaled(as_number(other))

    __rmul__ = __mul__

    def _scaled(self, c: Number) -> Indexed:
        return Indexed(
            tuple(
                Product(multiply(c, p.coefficient), p.factors, p.copies)
                for p in self.products
            )
        )

    def __truediv__(self, other: object) -> Indexed:
        return self._scaled(divide(1, as_number(other)))

    def __neg__(self) -> Indexed:
        return self._scaled(-1)

    def __add__(self, other: object) -> Indexed:
        if not isinstance(other, Indexed):
            raise ShapeError(
                "a sum in index notation needs indexed terms on both sides",
                hint="write the number as a copy tensor, or add after to(…)",
            )
        return Indexed(self.products + other.products)

    def __sub__(self, other: Any) -> Indexed:
        return self + -1 * other

    def node(self, free: tuple[Index, ...]) -> Node:
        """The node whose axes are the free indices; all others are summed.

        Raises `ShapeError` where an index has two sizes, or a free one has none.
        """
        sizes: dict[Index, Size] = {}
        for product in self.products:
            _learn_sizes(product, sizes)
        terms = [(_contracted(p, free, sizes), p.coefficient) for p in self.products]
        return linear(terms, terms[0][0].shape)


def _scalar_of(value: Any) -> Node | None:
    node = getattr(value, "written", None)
    if node is None:
        return None
    if node.shape:
        raise ShapeError(
            f"a factor of shape {shape_text(node.shape)} without indices",
            hint="write its indices in brackets",
        )
    return node


def _joined(p: Product, q: Product) -> Product:
    coefficient = multiply(p.coefficient, q.coefficient)
    return Product(coefficient, p.factors + q.factors, p.copies + q.copies)


def _learn_sizes(product: Product, sizes: dict[Index, Size]) -> None:
    for node, legs in product.factors:
        for index, size in zip(legs, node.shape, strict=True):
            known = sizes.setdefault(index, size)
            if known != size:
                raise ShapeError(
                    f"the index {index} has size {size_text(known)} and size "
                    f"{size_text(size)}"
                )


def _contracted(
    product: Product, free: tuple[Index, ...], sizes: dict[Index, Size]
) -> Node:
    """One product as a node; the copy tensors only join indices."""
    group: dict[Index, Index] = {}

    def find(index: Index) -> Index:
        while index in group:
            index = group[index]
        return index

    for joined in product.copies:
        for index in joined[1:]:
            a, b = find(joined[0]), find(index)
            if a != b:
                group[b] = a
    number: dict[Index, int] = {}
    known = {find(index): size for index, size in sizes.items()}

    def leg(index: Index) -> int:
        return number.setdefault(find(index), len(number))

    operands = [(node, [leg(i) for i in legs]) for node, legs in product.factors]
    for joined in product.copies:
        leg(joined[0])
    out = [leg(index) for index in free]
    for index in free:
        if find(index) not in known:
            raise UnknownNameError(
                f"the size of the free index {index} is not known",
                hint="it must stand on some factor",
            )
    unknown = [index for index in number if index not in known]
    if unknown:
        raise UnknownNameError(f"the size of the index {unknown[0]} is not known")
    dims = {k: known[index] for index, k in number.items()}
    return einsum(operands, out, dims)


def copies(*joined: Index) -> Indexed:
    """δ_ij, H_ijk and their kin: 1 where all the indices are equal, else 0."""
    return Indexed((Product(1, (), (joined,)),))
