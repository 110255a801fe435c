"""What a SymPy subexpression stands for: a node whose first axes are named indices.

A scalar such as A[i, j] is a node with two named axes, a matrix one with two axes of
its own; x[i]*A has both. Named axes of equal name are the same index, as in a product
of indexed factors, and ride along as batch axes in everything else.

>>> from indexcalc.expr import tensor
>>> x, y = Value(tensor("x", ["n"]), ("i",)), Value(tensor("y", ["n"]), ("j",))
>>> join([(x, []), (y, [])], []).indices
('i', 'j')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ShapeError
from ..expr import einsum, linear, number
from ..nodes import Node
from ..sizes import Shape, Size, shape_text

_FIRST = 1 << 20


@dataclass(frozen=True, slots=True)
class Value:
    """A node, and the names of its first axes."""

    node: Node
    indices: tuple[Any, ...] = ()

    @property
    def own(self) -> Shape:
        """The sizes of the axes that have no name."""
        return self.node.shape[len(self.indices) :]

    @property
    def legs(self) -> range:
        """An index for every axis of its own."""
        return range(len(self.own))

    def sizes(self) -> dict[Any, Size]:
        """The sizes of the named indices."""
        return dict(zip(self.indices, self.node.shape, strict=False))


def constant(coefficient: object) -> Value:
    """A number."""
    return Value(number(coefficient))


def join(
    parts: Sequence[tuple[Value, Sequence[int]]],
    out: Iterable[int | Sequence[int]],
    dims: Mapping[int, Size] | None = None,
    *,
    summed: Iterable[Any] = (),
    first: Mapping[Any, Size] | None = None,
) -> Value:
    """The contraction of values: named indices join by name, own axes by their legs.

    `summed` are the named indices that do not survive; `first` are named indices, with
    sizes, that come first whether a part has them or not.
    """
    names = dict(first or {})
    for value, _ in parts:
        names |= value.sizes()
    leg = {name: _FIRST + k for k, name in enumerate(names)}
    operands = [
        (value.node, [*(leg[name] for name in value.indices), *legs])
        for value, legs in parts
    ]
    sizes = {leg[name]: size for name, size in names.items()}
    gone = set(summed)
    kept = [name for name in names if name not in gone]
    shown: list[Any] = [leg[name] for name in kept]
    node = einsum(operands, shown + list(out), {**sizes, **dict(dims or {})})
    return Value(node, tuple(kept))


def spread(value: Value, names: Mapping[Any, Size], own: Shape) -> Value:
    """The value with named indices in this order, and a scalar written into every
    entry of a shape."""
    legs = range(len(own))
    return join(
        [(value, legs if value.own else ())], legs, dict(enumerate(own)), first=names
    )


def alike(
    values: Sequence[Value], what: str
) -> tuple[list[Node], tuple[Any, ...], Shape]:
    """Nodes of one shape, scalars among arrays spread, with the indices they share and
    the shape of their own axes, of which the nodes have those that are not of size 1.

    Raises `ShapeError` where two have different axes of their own.
    """
    names: dict[Any, Size] = {}
    for value in values:
        names |= value.sizes()
    shapes = list(dict.fromkeys(value.own for value in values if value.own))
    if len(shapes) > 1:
        texts = " and ".join(map(shape_text, shapes))
        raise ShapeError(f"shapes {texts} in {what}")
    own = shapes[0] if shapes else ()
    wide = tuple(size for size in own if size != 1)
    narrow = [regrouped(value, wide) if value.own else value for value in values]
    nodes = [spread(value, names, wide).node for value in narrow]
    return nodes, tuple(names), own


def elementwise(
    build: Callable[..., Node], values: Sequence[Value], what: str
) -> Value:
    """A function of nodes of one shape, entry by entry."""
    nodes, names, own = alike(values, what)
    return regrouped(Value(build(*nodes), names), own)


def combine(terms: Sequence[tuple[Value, object]], what: str = "a sum") -> Value:
    """The linear combination of values."""
    nodes, names, own = alike([value for value, _ in terms], what)
    pairs = zip(nodes, (c for _, c in terms), strict=True)
    return regrouped(Value(linear(pairs, nodes[0].shape), names), own)


def scaled(coefficient: object, value: Value) -> Value:
    """coefficient · value."""
    return Value(linear([(value.node, coefficient)], value.node.shape), value.indices)


def product(values: Sequence[Value], what: str) -> Value:
    """Scalars times at most one array.

    Raises `ShapeError` where two factors are arrays.
    """
    result = values[0]
    for value in values[1:]:
        if result.own and value.own:
            raise ShapeError(
                f"a product of {shape_text(result.own)} and {shape_text(value.own)} in "
                f"{what}",
                hint="write MatMul, HadamardProduct or ArrayTensorProduct",
            )
        legs = range(len(result.own or value.own))
        sides = [(v, legs if v.own else ()) for v in (result, value)]
        result = join(sides, legs)
    return result


def scalar(value: Value) -> Value | None:
    """The value as a scalar, where all its own axes are of size 1; else None."""
    if any(size != 1 for size in value.own):
        return None
    return join([(value, value.legs)], []) if value.own else value


def named(value: Value, names: Sequence[Any]) -> Value:
    """The value's own axes given names, after those that have one."""
    return Value(value.node, (*value.indices, *names))


def unnamed(value: Value, names: Sequence[Any]) -> Value:
    """The value with these indices as its first own axes, in this order."""
    rest = tuple(name for name in value.indices if name not in names)
    axes = range(len(value.node.shape))
    leg = dict(zip(value.indices, axes, strict=False))
    order = [leg[name] for name in (*rest, *names)]
    return Value(einsum([(value.node, axes)], [*order, *axes[len(leg) :]]), rest)


def regrouped(value: Value, shape: Shape) -> Value:
    """The same axes, those of size 1 dropped and put in so that the shape is `shape`.

    Raises `ShapeError` where the other axes differ.
    """
    if value.own == shape:
        return value
    wide = [k for k, size in enumerate(value.own) if size != 1]
    if [value.own[k] for k in wide] != [size for size in shape if size != 1]:
        raise ShapeError(
            f"{shape_text(value.own)} where {shape_text(shape)} is declared"
        )
    legs = iter(wide)
    out: list[Any] = [() if size == 1 else next(legs) for size in shape]
    return join([(value, value.legs)], out)
