"""NumPy's broadcasting on nodes: a literal axis of size 1 stretches, a symbolic never.

An axis of size 1 is a group of no indices, so stretching it is wiring: the operand
leaves the index of that axis alone. `as_node` reads arrays and numbers, and recognises
ones, zeros and identities, which then are wiring too and cost nothing in a contraction.

>>> from indexcalc.expr import tensor
>>> x, A = tensor("x", ("n", 1)), tensor("A", ("m", "n", 3))
>>> multiply(A, x).shape == A.shape
True
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from . import expr, matrix
from .coefficients import Number
from .errors import ShapeError, UnsupportedError
from .functions import call, raised
from .functions import power as constant_power
from .legible import quoted, whole
from .nodes import Base, Einsum, Node, Operand, Sum, Tensor
from .sizes import Dim, Shape, Size, shape_text, size_text, times

SCALARS = (bool, int, float, complex, Fraction, np.number, np.bool_)


# -- values ----------------------------------------------------------------------------


def is_known(value: object) -> bool:
    """Whether a value is a node, a size, a number, or an array or list of such."""
    if isinstance(value, (list, tuple)):
        return all(is_known(part) for part in value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufc"
    return isinstance(value, (Base, Dim, *SCALARS))


def as_node(value: object) -> Node:
    """The node of an array, a number, a size, or a nested list of these and of nodes.

    Arrays of ones, zeros and identities, and multiples of them, become wiring.

    >>> as_node(np.eye(3)) is matrix.eye(3)
    True

    Raises `UnsupportedError` for anything else.
    """
    if isinstance(value, Base):
        return value  # type: ignore[return-value]
    if isinstance(value, Dim):
        return expr.size_node(value)
    if isinstance(value, SCALARS):
        return _scalar(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return _array(value)
    if isinstance(value, (list, tuple)) and is_known(value):
        return _nested(value)
    raise UnsupportedError(
        f"a {type(value).__name__} is not numeric",
        hint="pass numbers, arrays or symbols",
    )


def _scalar(value: Any) -> Node:
    if isinstance(value, (int, Fraction)) or np.isfinite(value):
        return expr.number(value)
    return expr.constant(value)


def _array(array: np.ndarray[Any, Any]) -> Node:
    """The node of an array; unsigned integers become signed ones."""
    if array.ndim == 0:
        return _scalar(array[()])
    if array.dtype.kind == "u":
        array = array.astype(np.float64)
    if not array.size:
        return expr.zero(array.shape)
    first, last = array.flat[0], array.flat[-1]
    if first == last and math.isfinite(abs(first)):
        if bool((array == first).all()):
            return expr.scale(first, matrix.ones(*array.shape))
        if _is_diagonal(array) and bool((array.diagonal() == first).all()):
            return expr.scale(first, matrix.eye(len(array)))
    return expr.constant(array)


def _is_diagonal(array: np.ndarray[Any, Any]) -> bool:
    square = array.ndim == 2 and array.shape[0] == array.shape[1]
    return square and np.count_nonzero(array) == np.count_nonzero(array.diagonal())


def _nested(rows: Sequence[object]) -> Node:
    if not _holds_nodes(rows):
        return as_node(_rectangular(rows))
    nodes = [as_node(part) for part in rows]
    if len({node.shape for node in nodes}) > 1:
        shapes = " and ".join(dict.fromkeys(shape_text(n.shape) for n in nodes))
        raise ShapeError(f"rows of shapes {shapes} do not make one array")
    return stack(nodes, 0)


def _rectangular(rows: Sequence[object]) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(rows)
    except ValueError:
        raise ShapeError(
            "rows of different lengths do not make one array",
            hint="every list in it needs as many entries as its neighbours",
        ) from None


def _holds_nodes(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_nodes, value))
    return isinstance(value, (Base, Dim, Fraction))


def stack(nodes: Sequence[Node], axis: int) -> Node:
    """Nodes of one shape beside each other, along a new axis."""
    parts = [inserted(node, [axis]) for node in nodes]
    if all(not node.shape for node in nodes) and len(parts) > 1:
        return _vector(nodes)
    return matrix.stacked(parts, axis)


def _vector(scalars: Sequence[Node]) -> Node:
    """Scalars as a vector, Σ_k s_k e_k; numbers among them make one constant."""
    literals = [matrix.literal_number(node) for node in scalars]
    if all(value is not None for value in literals):
        return as_node(np.array([_plain(value) for value in literals]))
    n = len(scalars)
    terms = [
        (expr.einsum([(s, ()), (matrix.basis(k, n), [0])], [0]), 1)
        for k, s in enumerate(scalars)
    ]
    return expr.linear(terms, (n,))


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Fraction) else value


# -- axes ------------------------------------------------------------------------------


def axis_of(axis: object, order: int) -> int:
    """An axis counted from the front. Raises `ShapeError` where there is none."""
    try:
        k = operator.index(axis)  # type: ignore[arg-type]
    except TypeError:
        raise ShapeError(
            f"{quoted(axis)} is not an axis", hint="give an integer"
        ) from None
    if not -order <= k < order:
        raise ShapeError(f"there is no axis {whole(k)} among {order} axes")
    return k % order


def axes_of(axis: object, order: int) -> tuple[int, ...]:
    """Axes counted from the front: all for None, one for an integer.

    >>> axes_of((-1, 0), 3), axes_of(None, 2)
    ((2, 0), (0, 1))
    """
    if axis is None:
        return tuple(range(order))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(axis_of(a, order) for a in given)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"the axes {axis} name one axis twice")
    return axes


def inserted(node: Node, places: Sequence[int]) -> Node:
    """New axes of size 1 at these places of the result, counted from the front."""
    order = len(node.shape) + len(places)
    legs = iter(range(len(node.shape)))
    out: list[Any] = [() if k in places else next(legs) for k in range(order)]
    return expr.einsum([(node, range(len(node.shape)))], out)


def dropped(node: Node, axes: Sequence[int]) -> Node:
    """Axes of size 1 left out."""
    legs = range(len(node.shape))
    return expr.einsum([(node, legs)], [k for k in legs if k not in axes])


def moved(node: Node, source: Sequence[int], target: Sequence[int]) -> Node:
    """The axes `source` taken to the places `target`, the others in their order."""
    if len(source) != len(target):
        raise ShapeError(f"{len(source)} axes cannot be moved to {len(target)} places")
    order = [k for k in range(len(node.shape)) if k not in source]
    for place, axis in sorted(zip(target, source, strict=True)):
        order.insert(place, axis)
    return matrix.transpose(node, order)


def last(node: Node, axes: Sequence[int]) -> Node:
    """These axes taken to the end, in the order given."""
    order = len(node.shape)
    return moved(node, axes, range(order - len(axes), order))


def literal(size: Size, what: str) -> int:
    """A literal size. Raises `UnsupportedError` for a symbolic one."""
    if isinstance(size, int):
        return size
    raise UnsupportedError(
        f"{what} needs an axis of literal size, and this one is {size_text(size)}",
        hint="declare the size as a number",
    )


# -- broadcasting ----------------------------------------------------------------------


def common_size(sizes: Sequence[Size]) -> Size | None:
    """The size that axes broadcast to; None where they do not."""
    wide = {size for size in sizes if size != 1}
    return None if len(wide) > 1 else wide.pop() if wide else 1


def common_shape(shapes: Sequence[Shape], what: str = "one array") -> Shape:
    """The shape that shapes broadcast to, aligned at their last axes.

    >>> from indexcalc.sizes import dim
    >>> shape_text(common_shape([(3, 1), (dim("n"),)]))
    '3×n'

    Raises `ShapeError` naming the shapes.
    """
    order = max(map(len, shapes), default=0)
    columns = [
        [shape[k] for shape in shapes if k >= -len(shape)] for k in range(-order, 0)
    ]
    found = [common_size(column) for column in columns]
    if None in found:
        texts = " and ".join(dict.fromkeys(map(shape_text, shapes)))
        raise ShapeError(
            f"shapes {texts} do not broadcast in {what}",
            hint="axes align at the right, and only a literal 1 stretches",
        )
    return tuple(size for size in found if size is not None)


def aligned(node: Node, order: int, spare: int) -> tuple[Operand, int]:
    """A node with its legs on the last of `order` indices; an axis of size 1 gets a
    fresh index from `spare` on. Answers with the next spare index."""
    legs = []
    for k, size in enumerate(node.shape, order - len(node.shape)):
        legs.append(spare if size == 1 else k)
        spare += size == 1
    return (node, tuple(legs)), spare


def wired(
    nodes: Sequence[Node], what: str = "one array"
) -> tuple[list[Operand], Shape]:
    """Nodes on the indices 0, 1, … of their common shape, and that shape."""
    shape = common_shape([node.shape for node in nodes], what)
    spare = len(shape)
    operands = []
    for node in nodes:
        operand, spare = aligned(node, len(shape), spare)
        operands.append(operand)
    return operands, shape


def spread_to(node: Node, shape: Shape, what: str = "one array") -> Node:
    """A node broadcast to a shape. Raises `ShapeError` where that cannot be."""
    if node.shape == shape:
        return node
    if common_shape([node.shape, shape], what) != shape:
        raise ShapeError(
            f"{shape_text(node.shape)} does not broadcast to {shape_text(shape)}"
        )
    operand, _ = aligned(node, len(shape), len(shape))
    return expr.einsum([operand], range(len(shape)), dict(enumerate(shape)))


def alike(nodes: Sequence[Node], what: str = "one array") -> list[Node]:
    """Nodes broadcast to their common shape."""
    shape = common_shape([node.shape for node in nodes], what)
    return [spread_to(node, shape) for node in nodes]


# -- arithmetic ------------------------------------------------------------------------


def combine(*terms: tuple[Node, object]) -> Node:
    """The linear combination of (node, coefficient), broadcast."""
    shape = terms[0][0].shape
    if all(node.shape == shape for node, _ in terms):
        return expr.linear(terms, shape)
    nodes = alike([node for node, _ in terms], "a sum")
    pairs = [(node, c) for node, (_, c) in zip(nodes, terms, strict=True)]
    return expr.linear(pairs, nodes[0].shape)


def add(a: Node, b: Node) -> Node:
    """a + b."""
    return combine((a, 1), (b, 1))


def subtract(a: Node, b: Node) -> Node:
    """a − b."""
    return combine((a, 1), (b, -1))


def multiply(*nodes: Node) -> Node:
    """The product entry by entry."""
    if len(nodes) == 2:
        for number, other in (nodes, nodes[::-1]):
            value = matrix.literal_number(number)
            if value is not None:
                return expr.scale(value, other)
    operands, shape = wired(nodes, "a product")
    return expr.einsum(operands, range(len(shape)), dict(enumerate(shape)))


def divide(a: Node, b: Node) -> Node:
    """a / b entry by entry."""
    return multiply(a, constant_power(b, -1))


def elementwise(name: str, *nodes: Node) -> Node:
    """A function of the table entry by entry, its arguments broadcast."""
    return matrix.elementwise(name, *alike(nodes, name))


def one_minus(node: Node) -> Node:
    """1 − a."""
    return combine((matrix.ones(*node.shape), 1), (node, -1))


def power(base: Node, exponent: Node) -> Node:
    """base^exponent entry by entry.

    An exponent of one number, or an array of few natural numbers, is taken exactly, so
    that zero and negative bases are right in the derivative too.
    """
    uniform = uniform_value(exponent)
    if uniform is not None:
        shape = common_shape([base.shape, exponent.shape], "a power")
        return raised(spread_to(base, shape), uniform)
    if isinstance(exponent, Tensor) and exponent.array is not None:
        naturals = _naturals(exponent.array)
        if naturals:
            return _by_naturals(base, exponent.array, naturals)
    return call("pow", alike([base, exponent], "a power"))


def uniform_value(node: Node) -> Number | None:
    """The number that fills every entry of a node, where it is plain to see."""
    coefficient: Number = 1
    if isinstance(node, Sum):
        if not node.terms:
            return 0
        if len(node.terms) > 1:
            return None
        node, coefficient = node.terms[0]
    if not isinstance(node, Einsum) or node.operands:
        return None
    flat = [i for axis in node.out for i in axis]
    bare = len(set(flat)) == len(flat) == len(node.dims)
    return coefficient if bare else None


_FEW = 12


def _naturals(array: np.ndarray[Any, Any]) -> list[int]:
    """The few natural numbers that an array is made of; none where it is not."""
    if array.dtype.kind not in "bif":
        return []
    values = np.unique(array)
    natural = bool(((values >= 0) & (values == np.round(values)) & (values < 64)).all())
    return [int(v) for v in values] if natural and len(values) <= _FEW else []


def _by_naturals(
    base: Node, exponents: np.ndarray[Any, Any], values: list[int]
) -> Node:
    """Σ_p (exponent = p) base^p."""
    parts = [
        multiply(constant_power(base, p), as_node((exponents == p).astype(float)))
        for p in values
    ]
    return combine(*((part, 1) for part in parts))


def count_of(shape: Shape, axes: Sequence[int]) -> Node:
    """How many entries lie along some axes, as a scalar."""
    return expr.size_node(times(*(shape[k] for k in axes)))
