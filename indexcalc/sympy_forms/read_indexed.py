"""Index notation out of SymPy: entries, sums over indices, δ, ε, and derivatives.

An index of an entry is a number, or an index plus a constant, which is a slice. A sum
runs over a range whose length is a size; where it is shorter than the axis it meets,
a 0/1 matrix (`embed`) stands between them. KroneckerDelta(r, m*i + k) says that r
counts the pairs (i, k), which is how a grouped axis is written.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.array.expressions.array_expressions import ArrayElement

from .. import derivative, matrix
from ..errors import ShapeError, UnsupportedError
from ..expr import einsum, tensor
from ..functions import unknown
from ..nodes import Node, Tensor, toposort
from ..sizes import Shape, Size, size_text, times
from ..substitute import replace
from .read_scalars import scalar_arguments
from .reader import Answers, Reader, unsupported
from .scope import Range, Scope, range_between
from .symbols import fits, size_of
from .values import Value, elementwise, join

# -- entries ---------------------------------------------------------------------------


def is_index(symbol: Any, scope: Scope) -> bool:
    """Whether a symbol is an index here."""
    return isinstance(symbol, sympy.Idx) or symbol in scope.ranges


def affine(expr: Any, scope: Scope) -> tuple[dict[Any, Any], Any]:
    """An index expression as coefficients of indices, and a constant."""
    coefficients: dict[Any, Any] = {}
    rest = sympy.S.Zero
    for term in sympy.Add.make_args(sympy.expand(expr)):
        factors = sympy.Mul.make_args(term)
        found = [f for f in factors if is_index(f, scope)]
        if len(found) > 1:
            raise unsupported(expr, "it is not a linear index")
        if found:
            others = term / found[0]
            coefficients[found[0]] = coefficients.get(found[0], 0) + others
        else:
            rest += term
    return coefficients, rest


def entry(array: Value, places: Any, scope: Scope, expr: Any) -> Value:
    """array[places]: every axis picked or named."""
    if len(places) != len(array.own):
        raise unsupported(expr, f"{len(places)} indices stand on {len(array.own)} axes")
    parts: list[tuple[Value, list[int]]] = []
    for axis, (place, size) in enumerate(zip(places, array.own, strict=True)):
        parts.append((_selector(place, size, scope, expr), [axis]))
    return join([(array, array.legs), *parts], [])


def _selector(place: Any, size: Size, scope: Scope, expr: Any) -> Value:
    """What one index of an entry contracts its axis with."""
    coefficients, offset = affine(place, scope)
    if not coefficients:
        return Value(_picked(offset, size, expr))
    if len(coefficients) > 1 or next(iter(coefficients.values())) != 1:
        raise unsupported(expr, f"{place} is not an index plus a constant")
    (index,) = coefficients
    known = scope.range_of(index)
    start = _start(known.lower + offset, expr)
    if (start, known.size) == (0, size):
        return Value(matrix.eye(size), (index,))
    if not fits(start, known.size, size):
        raise ShapeError(
            f"in {expr} the index {place} reaches {size_text(known.size)} entries from "
            f"{size_text(start)} on, and the axis has {size_text(size)}",
            hint="indices count from 0",
        )
    slice_ = matrix.embed(start, known.size, size)
    return Value(matrix.transpose(slice_), (index,))


def _picked(place: Any, size: Size, expr: Any) -> Node:
    if not place.is_Integer:
        raise unsupported(expr, f"{place} is neither a number nor an index in range")
    return matrix.basis(int(place), size)


def _start(place: Any, expr: Any) -> Size:
    try:
        return size_of(place)
    except UnsupportedError:
        raise ShapeError(
            f"in {expr} an index begins at {place}", hint="indices count from 0"
        ) from None


def matrix_element(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """A[i, j] of a matrix expression."""
    array = yield expr.parent, scope
    return entry(array, expr.indices, scope, expr)


def array_element(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """T[i, j, k] of an array expression."""
    array = yield expr.name, scope
    return entry(array, expr.indices, scope, expr)


def indexed(reader: Reader, expr: Any, scope: Scope) -> Value | Answers:
    """A[i, j] of an `IndexedBase`, or of an explicit array."""
    base = expr.base
    if not isinstance(base, sympy.IndexedBase):
        return _indexed_array(expr, scope)
    name = str(base.label)
    known = reader.names.declared.get(name)
    if known is not None:
        shape: Shape = known.shape
    elif base.shape is not None:
        shape = tuple(size_of(size) for size in base.shape)
    else:
        shape = tuple(_size_from(place, scope, expr) for place in expr.indices)
    return entry(reader.names.leaf(name, shape), expr.indices, scope, expr)


def _size_from(place: Any, scope: Scope, expr: Any) -> Size:
    """The size of an axis that is told by the range of its index alone."""
    if not is_index(place, scope):
        raise unsupported(
            expr, "its shape is not known", "give IndexedBase a shape, or shapes={…}"
        )
    known = scope.range_of(place)
    if known.lower != 0:
        raise unsupported(expr, "its shape is not known", "give IndexedBase a shape")
    return known.size


def _indexed_array(expr: Any, scope: Scope) -> Answers:
    array = yield expr.args[0], scope
    return entry(array, expr.indices, scope, expr)


# -- sums and deltas -------------------------------------------------------------------


def sum_(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """Σ over indices with ranges; an index that nothing carries counts its range."""
    inner = scope
    limits: list[tuple[Any, Range]] = []
    for index, *bounds in expr.limits:
        if len(bounds) != 2:
            raise unsupported(expr, f"the index {index} has no range")
        for bound in bounds:
            if any(is_index(symbol, scope) for symbol in _symbols(bound, expr)):
                raise unsupported(expr, "a bound depends on an index")
        limits.append((index, range_between(index, *bounds)))
        inner = inner.with_index(*limits[-1])
    value = yield expr.function, inner
    dims: dict[int, Size] = {}
    for index, known in limits:
        if index not in value.indices:
            dims[len(value.own) + len(dims)] = known.size
    return join(
        [(value, value.legs)], value.legs, dims, summed=[index for index, _ in limits]
    )


def _symbols(bound: Any, expr: Any) -> set[Any]:
    others = {index for index, *_ in expr.limits}
    inner = bound.free_symbols & others
    if inner:
        raise unsupported(expr, "a bound depends on an index")
    found: set[Any] = bound.free_symbols
    return found


def kronecker_delta(reader: Reader, expr: Any, scope: Scope) -> Value:
    """δ of two indices, an index and a number, or an index and a count of pairs."""
    sides = [affine(side, scope) for side in expr.args[:2]]
    sides.sort(key=lambda side: len(side[0]))
    (one, lower), (other, offset) = sides
    if not other:
        raise unsupported(expr, "no side is an index in range")
    if len(other) > 1 or next(iter(other.values())) != 1:
        return _counted(expr, sides, scope)
    (j,) = other
    range_j = scope.range_of(j)
    start_j = range_j.lower + offset
    if not one:
        return Value(_picked(lower - start_j, range_j.size, expr), (j,))
    (i,) = one
    if one[i] != 1:
        raise unsupported(expr, "it is not a linear index")
    range_i = scope.range_of(i)
    shift = sympy.expand(start_j - range_i.lower - lower)
    return _shifted(expr, (i, range_i.size), (j, range_j.size), shift)


def _shifted(expr: Any, i: tuple[Any, Size], j: tuple[Any, Size], shift: Any) -> Value:
    """1 where i = j + shift; one of the two ranges must lie in the other."""
    if shift == 0 and i[1] == j[1]:
        return Value(matrix.eye(i[1]), (i[0], j[0]))
    for one, other, offset in ((i, j, shift), (j, i, -shift)):
        try:
            start = size_of(offset)
        except UnsupportedError:
            continue
        if fits(start, other[1], one[1]):
            return Value(matrix.embed(start, other[1], one[1]), (one[0], other[0]))
    raise unsupported(expr, "the ranges of its indices do not lie in each other")


def _counted(expr: Any, sides: list[Any], scope: Scope) -> Value:
    """KroneckerDelta(r, m*i + k): the axis r groups the axes i and k."""
    (one, lower), (other, offset) = sides
    if len(one) != 1 or lower != 0 or offset != 0:
        raise unsupported(expr, "it is not a linear index")
    (r,) = one
    strides = {i: size_of(c) for i, c in other.items()}
    sizes = {i: scope.range_of(i).size for i in strides}
    order: list[Any] = []
    width: Size = 1
    while len(order) < len(strides):
        fitting = [i for i in strides if i not in order and strides[i] == width]
        if not fitting:
            raise unsupported(expr, "its coefficients are not the sizes of its indices")
        i = max(fitting, key=lambda i: (sizes[i] == 1, str(i)))
        order.insert(0, i)
        width = times(width, sizes[i])
    if scope.range_of(r).size != width or one[r] != 1:
        raise unsupported(expr, "its coefficients are not the sizes of its indices")
    places = range(len(order))
    dims = {k: sizes[i] for k, i in enumerate(order)}
    return Value(einsum([], [tuple(places), *places], dims), (r, *order))


def levi_civita(reader: Reader, expr: Any, scope: Scope) -> Value:
    """ε of as many indices as its size."""
    count = len(expr.args)
    return entry(Value(matrix.levicivita(count)), expr.args, scope, expr)


# -- derivatives -----------------------------------------------------------------------


def derivative_(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """An unevaluated derivative by variables, with SymPy's axes: the variable's first.

    Of an unknown function by its arguments it is that function's derivative.
    """
    orders = {variable: int(count) for variable, count in expr.variable_count}
    inner = expr.expr
    if isinstance(inner, AppliedUndef):
        own = list(inner.args)
        if len(set(own)) == len(own) and set(orders) <= set(own):
            return (yield from _raised(reader, inner, orders, own, scope))
    if scope.bound:
        raise unsupported(expr, "a derivative stands inside a Lambda")
    value = yield inner, scope
    for variable, count in expr.variable_count:
        for _ in range(int(count)):
            value = yield from _differentiated(value, variable, scope, expr)
    return value


def _differentiated(value: Value, variable: Any, scope: Scope, expr: Any) -> Answers:
    """∂value/∂variable, the variable's own axes before the value's."""
    leaf = yield variable, scope
    tensors = [node for node in _leaves(leaf.node) if node.array is None]
    if len(tensors) != 1 or leaf.indices:
        raise unsupported(expr, f"{variable} is not a variable")
    jacobian = derivative.jacobian(value.node, tensors[0])
    count = len(value.node.shape)
    selected = Value(jacobian, tuple(range(count)))
    turned = _by_entry(selected, leaf, tensors[0])
    names = len(value.indices)
    legs = range(len(turned.own))
    result = einsum(
        [(turned.node, range(len(turned.node.shape)))],
        [*range(names), *(count + k for k in legs), *range(names, count)],
    )
    return Value(result, value.indices)


def _leaves(node: Node) -> list[Tensor]:
    return [n for n in toposort(node) if isinstance(n, Tensor)]


def _by_entry(jacobian: Value, leaf: Value, variable: Tensor) -> Value:
    """The derivative by a leaf, which is the variable regrouped or one entry of it:
    the jacobian contracted with ∂leaf/∂variable."""
    if leaf.node is variable:
        return jacobian
    inner = derivative.jacobian(leaf.node, variable)
    own = len(leaf.node.shape)
    legs = list(range(own + len(variable.shape)))
    return join([(jacobian, legs[own:]), (Value(inner), legs)], legs[:own])


def subs(reader: Reader, expr: Any, scope: Scope) -> Answers:
    """An unevaluated substitution: a derivative of an unknown function at a point, or
    scalars in place of symbols."""
    inner, variables, points = expr.args
    points_at = dict(zip(variables, points, strict=True))
    if isinstance(inner, sympy.Derivative) and isinstance(inner.expr, AppliedUndef):
        orders = {v: int(count) for v, count in inner.variable_count}
        own = list(inner.expr.args)
        if len(set(own)) == len(own) and set(orders) <= set(own):
            at = [points_at.get(x, x) for x in own]
            return (yield from _raised(reader, inner.expr, orders, at, scope))
    new: dict[Node, Node] = {}
    value = yield inner, scope
    for variable, point in points_at.items():
        at_point = yield point, scope
        if at_point.node.shape or not isinstance(variable, sympy.Symbol):
            raise unsupported(expr, "only scalars can be substituted")
        new[tensor(variable.name, ())] = at_point.node
    return Value(replace(value.node, new), value.indices)


def _raised(
    reader: Reader, inner: Any, orders: dict[Any, int], points: list[Any], scope: Scope
) -> Answers:
    values = []
    for point in points:
        values.append((yield point, scope))
    name = reader.names.claim_function(inner.func)
    counts = [orders.get(x, 0) for x in inner.args]
    parts = scalar_arguments(inner, values)
    return elementwise(lambda *nodes: unknown(name, nodes, counts), parts, name)


RULES: dict[type, Any] = {
    MatrixElement: matrix_element,
    ArrayElement: array_element,
    sympy.Indexed: indexed,
    sympy.Sum: sum_,
    sympy.KroneckerDelta: kronecker_delta,
    sympy.LeviCivita: levi_civita,
    sympy.Derivative: derivative_,
    sympy.Subs: subs,
}
