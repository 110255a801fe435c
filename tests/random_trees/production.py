"""What a production is, and random subexpressions of a wanted type.

A `Production` wraps a typed subexpression in one construct of the language. The modules
`operators`, `functions` and `constants` register theirs in `PRODUCTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.random_trees.builder import TIMES, VALUE_LIMIT, Builder
from tests.random_trees.nodes import (
    PRODUCT,
    SCALAR,
    Node,
    Size,
    Type,
    column,
    matrix,
    row,
    size,
    tensor,
)

Build = Callable[[Builder, Node], Node]
Accepts = Callable[[Builder, Type], bool]


@dataclass(frozen=True)
class Production:
    """One construct: `build(b, u)` is a node with `u` in it, for types it accepts;
    `rare` ones are met only where the whole language is asked for."""

    label: str
    kinds: str
    build: Build
    accepts: Accepts = lambda b, t: True
    weight: float = 1.0
    rare: bool = False

    def takes(self, b: Builder, type_: Type) -> bool:
        """Whether a subexpression of this type can stand in the construct."""
        known = b.whole or not self.rare
        return known and type_.letter in self.kinds and self.accepts(b, type_)


# The elementwise functions, by what their arguments must be kept to: within a bound,
# anything but with a kink, positive.
BOUNDED = {
    **dict.fromkeys(("sin", "cos", "atan", "tanh", "sigmoid"), 6.0),
    **dict.fromkeys(("softplus", "erf", "square", "f", "D(f)"), 6.0),
    **dict.fromkeys(("exp", "sinh", "cosh"), 2.0),
    **dict.fromkeys(("asin", "acos"), 0.8),
    "tan": 1.2,
}
KINKED = ("abs", "sign", "relu", "heaviside")
POSITIVE = ("log", "sqrt")

PRODUCTIONS: list[Production] = []

# Labels of the productions that leave any type as it is, of those that leave a scalar a
# scalar, and of those that make one.
KEEPS_SCALAR = [
    *(f"{name}()" for name in (*BOUNDED, *KINKED, *POSITIVE, "recip", "max", "min")),
    *("+", "-", "prefix -"),
]
KEEPS_TYPE = [*KEEPS_SCALAR, "/", "* scalar", *TIMES, ".^ number", "./"]
TO_SCALAR = [
    *(f"{name}()" for name in ("sum", "mean", "norm1", "norm2", "normsq", "lse")),
    *("tr()", "frob()", ":", "* inner"),
]

# -- subexpressions of a wanted type ---------------------------------------------------


def expression(b: Builder, type_: Type, depth: int | None = None) -> Node:
    """A random subexpression of this type, shared with an earlier one at times."""
    depth = int(b.rng.integers(0, 3)) if depth is None else depth
    known = [n for n in b.built if n.type == type_]
    if known and b.chance(0.2):
        return b.pick(known)
    if depth == 0:
        return b.leaf(type_)
    if type_ != SCALAR and b.chance(0.3):
        return composite(b, type_, depth - 1)
    if type_ == SCALAR:
        return reduced(b, depth - 1)
    inner = expression(b, type_, depth - 1)
    same = [p for p in PRODUCTIONS if p.label in KEEPS_TYPE and p.takes(b, type_)]
    return b.bounded(b.pick(same).build(b, inner), 8.0)


def composite(b: Builder, type_: Type, depth: int) -> Node:
    """A product that has this type."""
    k = b.size(1)
    sizes = type_.sizes
    if type_.kind == "row":
        node = b.transpose(expression(b, column(sizes[0]), depth))
    elif type_.kind == "column":
        a, x = b.leaf(matrix(sizes[0], k)), expression(b, column(k), depth)
        node = b.infix("*", PRODUCT, type_, "product", a, x, "* matrix-vector")
    elif type_.kind == "matrix":
        left, right = matrix(sizes[0], k), matrix(k, sizes[1])
        pair = expression(b, left, depth), b.leaf(right)
        node = b.infix("*", PRODUCT, type_, "product", *pair, "* matrix-matrix")
    elif len(sizes) == 3 and b.chance(0.5):
        pair = b.leaf(tensor(*sizes[:2], k)), expression(b, matrix(k, sizes[2]), depth)
        node = b.infix("*", PRODUCT, type_, "product", *pair, "* tensor")
    else:
        pair = b.leaf(column(sizes[0])), expression(b, tensor(*sizes[1:]), depth)
        node = b.infix("⋆", PRODUCT, type_, "outer", *pair)
    return b.bounded(node, 8.0)


def reduced(b: Builder, depth: int) -> Node:
    """A scalar out of something larger, or of scalars."""
    if b.chance(0.3):
        scalars = [p for p in PRODUCTIONS if p.label in KEEPS_SCALAR]
        return b.bounded(b.pick(scalars).build(b, expression(b, SCALAR, depth)), 8.0)
    return b.bounded(scalarise(b, expression(b, some_type(b, "crmm"), depth)), 8.0)


def some_type(b: Builder, kinds: str) -> Type:
    """A random type of one of these kinds (in letters)."""
    letter = b.pick(kinds)
    if letter == "s":
        return SCALAR
    if letter in "cr":
        return (column if letter == "c" else row)(b.size())
    if letter == "m":
        m = b.size()
        return matrix(m, m if b.chance(0.4) else b.size())
    small = [s for s in b.pool if s.value(b.sizes) <= 3] or [size(2)]
    return tensor(*(b.pick(small) for _ in range(3)))


def scalarise(b: Builder, u: Node) -> Node:
    """A scalar made of `u`."""
    fits = [p for p in PRODUCTIONS if p.label in TO_SCALAR and p.takes(b, u.type)]
    return b.pick(fits).build(b, u)


def partner(b: Builder, type_: Type) -> Node:
    """A small companion of this type."""
    return b.bounded(expression(b, type_, int(b.rng.integers(0, 2))), 8.0)


def either_way(b: Builder, a: Node, c: Node) -> tuple[Node, Node]:
    """The two in random order."""
    return (a, c) if b.chance(0.5) else (c, a)


def small(b: Builder, *sizes: Size) -> bool:
    """Whether a value with these axes is small enough to carry on with."""
    return b.count(tensor(*sizes)) <= VALUE_LIMIT


def filled_type(b: Builder, t: Type) -> bool:
    """Whether there is at least one entry."""
    return b.count(t) > 0


def is_square(b: Builder, t: Type) -> bool:
    """Whether the type is a square matrix."""
    return t.square
