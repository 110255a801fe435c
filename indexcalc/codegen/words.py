"""What a line of array code says, before any language spells it.

An `Expr` is one array operation on others, with the symbolic shape of its value. A
language spells each operation; none of them is particular to one language, and axes
count from 0 and are stored row by row wherever an order matters.

>>> A, x = name("A", (3, 4)), name("x", (4,))
>>> matmul(A, x).shape
(3,)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..coefficients import Number, multiply, plus
from ..functions import joined_powers
from ..nodes import Call
from ..pairwise import Array, Labels
from ..sizes import Shape, Size
from ..sizes import times as product_of_sizes


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """One operation: its name, its arguments, what else it takes, and its shape."""

    op: str
    args: tuple[Expr, ...] = ()
    data: tuple[Any, ...] = ()
    shape: Shape = ()

    @property
    def number(self) -> bool:
        """Whether the value is a plain number of the language, not an array."""
        if self.op in ("number", "size"):
            return True
        combined = self.op in ("times", "sum", "power")
        return combined and all(arg.number for arg in self.args)

    @property
    def atomic(self) -> bool:
        """Whether it costs nothing to say it twice."""
        return self.op in ("name", "number", "size")


# -- leaves ----------------------------------------------------------------------------


def name(text: str, shape: Shape = ()) -> Expr:
    """A variable of the program."""
    return Expr("name", (), (text,), shape)


def number(value: Number) -> Expr:
    """A known number."""
    return Expr("number", (), (value,))


def size(value: Size) -> Expr:
    """The number that a size stands for."""
    return number(value) if isinstance(value, int) else Expr("size", (), (value,))


def entries(array: Array) -> Expr:
    """A small constant, entry by entry."""
    return Expr("entries", (), (array,), array.shape)


def filled(node: Call) -> Expr:
    """A constant of symbolic size: a basis vector, a triangle of ones."""
    return Expr("filled", (), (node,), node.shape)


def eye(n: Size) -> Expr:
    """The identity matrix."""
    return Expr("eye", (), (), (n, n))


# -- arithmetic ------------------------------------------------------------------------


def times(factors: Sequence[Expr], coefficient: Number = 1) -> Expr:
    """coefficient · the entrywise product of factors that broadcast; flat, with known
    numbers taken into the coefficient."""
    kept: list[Expr] = []
    for factor in factors:
        if factor.op == "times":
            coefficient = multiply(coefficient, factor.data[0])
            kept += factor.args
        elif factor.op == "number":
            coefficient = multiply(coefficient, factor.data[0])
        else:
            kept.append(factor)
    kept = _joined([*_where(kept, True), *_where(kept, False)])
    if not kept:
        return number(coefficient)
    if coefficient == 1 and len(kept) == 1:
        return kept[0]
    return Expr("times", tuple(kept), (coefficient,), widest(kept))


def _where(factors: Sequence[Expr], number: bool) -> list[Expr]:
    return [e for e in factors if e.number == number]


def _joined(factors: Sequence[Expr]) -> list[Expr]:
    """Names sorted where there is nothing else, equal ones joined to a power."""
    if len({e.shape for e in factors}) == 1 and all(e.op == "name" for e in factors):
        factors = sorted(factors, key=lambda e: str(e.data[0]))
    counts = Counter(e.data[0] for e in factors if e.op == "name")
    joined: list[Expr] = []
    for e in factors:
        count = counts.pop(e.data[0], 0) if e.op == "name" else 1
        if count:
            joined.append(power(e, count))
    return joined


def combination(terms: Sequence[tuple[Expr, Number]], shape: Shape) -> Expr:
    """The sum of coefficient · term; the terms broadcast to the shape."""
    scaled = [times([term], coefficient) for term, coefficient in _collected(terms)]
    if len(scaled) == 1:
        return scaled[0]
    flat = [e for term in scaled for e in (term.args if term.op == "sum" else [term])]
    return Expr("sum", tuple(flat), (), shape)


def _collected(terms: Sequence[tuple[Expr, Number]]) -> list[tuple[Expr, Number]]:
    """Terms that are the same name joined, at the place of the first."""
    found: dict[object, tuple[Expr, Number]] = {}
    for e, coefficient in terms:
        key: object = e.data[0] if e.op == "name" else e
        before = found.get(key, (e, 0))[1]
        found[key] = (e, plus(before, coefficient))
    return list(found.values())


def power(base: Expr, exponent: Number) -> Expr:
    """base^exponent, entry by entry."""
    if exponent == 1:
        return base
    if base.op == "power":
        total = joined_powers(base.data[0], exponent)
        if total is not None:
            return power(base.args[0], total)
    return Expr("power", (base,), (exponent,), base.shape)


def call(
    node: Call, args: Sequence[Expr], batch: int, *, factors: bool = False
) -> Expr:
    """A function of the table; `batch` axes of the first argument stand before its
    core. Where a language keeps `factors`, a factorisation is a value of its own."""
    match node.function:
        case "power":
            return power(args[0], node.params[0])
        case "factorised":
            return _known("factored", args, node.shape) if factors else args[0]
        case "solved":
            return _solved(node, *args, factors=factors)
        case "inverted":
            name_ = "inverse_from" if factors else "inv"
            return _known(name_, args, node.shape)
        case "factor_logdet":
            name_ = "logdet_from" if factors else "logdet"
            return _known(name_, args, node.shape)
    return Expr("call", tuple(args), (node.function, node.params, batch), node.shape)


def _known(function: str, args: Sequence[Expr], shape: Shape) -> Expr:
    return Expr("call", tuple(args), (function, (), 0), shape)


def _solved(node: Call, x: Expr, right: Expr, *, factors: bool) -> Expr:
    """X⁻¹ b, or X⁻ᵀ b, along the first axis of b."""
    turned = bool(node.params[0])
    function = "solve"
    if factors:
        function = "solve_turned" if turned else "solve_from"
    elif turned:
        x = transpose(x, (1, 0))
    rest = right.shape[1:]
    if len(rest) < 2:
        return _known(function, (x, right), right.shape)
    flat = group(right, (1, len(rest)))
    found = _known(function, (x, flat), flat.shape)
    return split(found, ((right.shape[0],), rest))


def reciprocal(e: Expr) -> Expr | None:
    """1/e where that is the simpler of the two, else None."""
    if e.op == "expand":
        inner = reciprocal(e.args[0])
        return None if inner is None else expand(inner, e.data[0], whole=e.data[1])
    if e.op == "power" and _negative(e.data[0]):
        return power(e.args[0], -e.data[0])
    return None


def _negative(exponent: Number) -> bool:
    return isinstance(exponent, (int, float, Fraction)) and exponent < 0


def widest(factors: Sequence[Expr]) -> Shape:
    """The shape of a product of factors whose trailing axes correspond."""
    longest = max((e.shape for e in factors), key=len)
    shape = list(longest)
    for e in factors:
        for k, length in enumerate(reversed(e.shape), 1):
            if shape[-k] == 1:
                shape[-k] = length
    return tuple(shape)


# -- axes ------------------------------------------------------------------------------


def transpose(e: Expr, order: Sequence[int]) -> Expr:
    """Axis k of the value is axis order[k] of the argument."""
    if tuple(order) == tuple(range(len(e.shape))):
        return e
    if e.op == "transpose":
        return transpose(e.args[0], [e.data[0][k] for k in order])
    return Expr("transpose", (e,), (tuple(order),), tuple(e.shape[k] for k in order))


def expand(e: Expr, carried: Sequence[bool], *, whole: bool = False) -> Expr:
    """An axis of length 1 wherever nothing is carried; those that broadcasting makes
    may be left out of the code, unless the `whole` is wanted."""
    if all(carried):
        return e
    if e.op == "times" and e.data[0] != 1:
        return times([expand(times(e.args), carried, whole=whole)], e.data[0])
    lengths = iter(e.shape)
    shape = tuple(next(lengths) if here else 1 for here in carried)
    return Expr("expand", (e,), (tuple(carried), whole), shape)


def spread(e: Expr, shape: Shape) -> Expr:
    """The value broadcast to a shape with as many axes, or of a scalar."""
    return Expr("spread", (e,), (), shape)


def split(e: Expr, groups: Sequence[Sequence[Size]]) -> Expr:
    """Every axis read as several, the first of them the slowest."""
    lengths = tuple(tuple(group) for group in groups)
    return Expr("split", (e,), (lengths,), tuple(s for g in lengths for s in g))


def group(e: Expr, counts: Sequence[int]) -> Expr:
    """Neighbouring axes made one: `counts` of them each."""
    shape, start = [], 0
    for count in counts:
        shape.append(product_of_sizes(*e.shape[start : start + count]))
        start += count
    return Expr("group", (e,), (tuple(counts),), tuple(shape))


def reduce(e: Expr, axes: Sequence[int]) -> Expr:
    """The sum over some axes."""
    if not axes:
        return e
    shape = tuple(s for k, s in enumerate(e.shape) if k not in axes)
    return Expr("reduce", (e,), (tuple(axes),), shape)


# -- products --------------------------------------------------------------------------


def matmul(a: Expr, b: Expr) -> Expr:
    """The last axis of a against the first of b, or the one before the last; leading
    axes run in parallel."""
    if len(b.shape) == 1:
        return Expr("matmul", (a, b), (), a.shape[:-1])
    if len(a.shape) == 1:
        return Expr("matmul", (a, b), (), b.shape[1:])
    return Expr("matmul", (a, b), (), (*a.shape[:-1], b.shape[-1]))


def trace(e: Expr) -> Expr:
    """Σ e_ii."""
    return Expr("trace", (e,))


def diagonal(e: Expr) -> Expr:
    """The vector e_ii."""
    return Expr("diagonal", (e,), (), e.shape[:1])


def diag(e: Expr) -> Expr:
    """The diagonal matrix of a vector."""
    return Expr("diag", (e,), (), e.shape * 2)


def contraction(
    args: Sequence[Expr],
    rows: Sequence[Labels],
    out: Labels,
    sizes: Mapping[int, Size],
) -> Expr:
    """The product of the arguments over labelled axes, summed over what is not in
    `out`: whatever no operator says."""
    shape = tuple(sizes[i] for i in out)
    return Expr("contraction", tuple(args), (tuple(rows), out), shape)


def placed(e: Expr, labels: Labels, axes: Labels, sizes: Mapping[int, Size]) -> Expr:
    """Zeros, but e where the axes' labels agree with its own; a label of `axes` may
    occur several times, and one that e lacks repeats it."""
    shape = tuple(sizes[i] for i in axes)
    return Expr("placed", (e,), (labels, axes), shape)
