"""diag(J), tr(H), diag(JᵀJ), … as expressions that never hold J.

The diagonal of a contraction is the contraction with the wires of value and variable
joined: diag(Xᵀ Diag(d) X) is d_b X_bi X_bi, which no n×n matrix stands behind. Sums are
taken term by term, elementwise functions are applied to the diagonals of their
arguments, and products are multiplied out over the sums that only hold outer products
and diagonals, so that what is contracted afterwards stays as small as it can.

>>> from indexcalc.expr import tensor
>>> from indexcalc.nodes import toposort
>>> X, d = tensor("X", ("m", "n")), tensor("d", ("m",))
>>> gram = einsum([(X, [0, 1]), (d, [0]), (X, [0, 2])], [1, 2])     # Xᵀ Diag(d) X
>>> [len(node.shape) for node in toposort(diagonal(gram, 1))]
[1, 2, 2, 1]
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from .coefficients import Number, multiply
from .complexes import conjugate, is_complex
from .distribute import few_sums, multiplied_out, without_diagonals
from .errors import ShapeError
from .expr import einsum, linear
from .functions import call, is_elementwise, power
from .nodes import Call, Einsum, Legs, Node, Sum, Term
from .simplify import Fusion, fuse, fused_in
from .sizes import shape_text

#: Squares of a sum of at most so many terms are multiplied out.
MOST_TERMS = 64

#: How many products all contractions under one node may be multiplied out into.
MOST_MADE = 200

#: A node whose axes are joined where they carry one index.
Reading: TypeAlias = tuple[Node, Legs]


# -- diagonals of maps -----------------------------------------------------------------


def diagonal(node: Node, rows: int) -> Node:
    """diag(J): the entries J[i, i], in the variable's shape.

    `rows` is the number of value axes. Raises `ShapeError` unless the map is square:
    value and variable of one shape.
    """
    legs = _square_legs(node, rows)
    return _read_terms(node, legs, tuple(range(rows)))


def trace(node: Node, rows: int) -> Node:
    """tr(J) = Σ_i J[i, i], of a square map; see `diagonal`."""
    legs = _square_legs(node, rows)
    return _read_terms(node, legs, ())


def gram_diagonal(node: Node, rows: int) -> Node:
    """diag(JᴴJ): the squared norm of every column, in the variable's shape."""
    shown = tuple(range(rows, len(node.shape)))
    return _squares(node, shown)


def outer_diagonal(node: Node, rows: int) -> Node:
    """diag(JJᴴ): the squared norm of every row, in the value's shape."""
    return _squares(node, tuple(range(rows)))


def square_norm(node: Node) -> Node:
    """‖J‖²_F = tr(JᴴJ), a scalar."""
    return _squares(node, ())


def column_norms(node: Node, rows: int) -> Node:
    """The norm of every column of J, in the variable's shape. Squares that were
    multiplied out may cancel to a little below 0: then it is 0."""
    squares = call("relu", [gram_diagonal(node, rows)])
    return fuse(power(squares, Fraction(1, 2)))


def _square_legs(node: Node, rows: int) -> Legs:
    value, variable = node.shape[:rows], node.shape[rows:]
    if value != variable:
        raise ShapeError(
            f"a diagonal of the map from {shape_text(variable)} to "
            f"{shape_text(value)} is not defined",
            hint="value and variable have one shape",
        )
    return (*range(rows), *range(rows))


def _squares(node: Node, shown: Legs) -> Node:
    """Σ |J|² over the axes that are not shown: a sum over pairs of J's terms."""
    legs = tuple(range(len(node.shape)))
    shape = tuple(node.shape[k] for k in shown)
    parts = terms(node)
    if len(parts) > MOST_TERMS:
        parts = [(node, 1)]
    bars = [conjugate(e) if is_complex(e) else e for e, _ in parts]
    fusion = Fusion()
    found: list[Term] = []
    for i, (a, c) in enumerate(parts):
        for j in range(i + 1):
            b, d = bars[j], _conjugate(parts[j][1])
            pair = einsum([(a, legs), (b, legs)], shown)
            found.append((fused_in(fusion, pair), multiply(c, d)))
            if j < i:
                pair = einsum([(bars[i], legs), (parts[j][0], legs)], shown)
                weight = multiply(_conjugate(c), parts[j][1])
                found.append((fused_in(fusion, pair), weight))
    return fused_in(fusion, linear(found, shape))


def _conjugate(number: Number) -> Number:
    return number.conjugate() if isinstance(number, complex) else number


# -- reading with joined axes ----------------------------------------------------------


def _read_terms(node: Node, legs: Legs, out: Legs) -> Node:
    shape = tuple(node.shape[legs.index(i)] for i in out)
    found = [(_read(e, legs, out), c) for e, c in terms(node)]
    return fuse(linear(found, shape))


def _read(root: Node, legs: Legs, out: Legs) -> Node:
    """The contraction of one node, with the joins pushed into what it is made of."""
    done: dict[Reading, Node] = {}
    first = _reading(root, legs)
    stack = [first]
    while stack:
        reading = stack[-1]
        below = [r for r in _readings_under(reading) if r not in done]
        if below:
            stack += below
            continue
        stack.pop()
        if reading not in done:
            done[reading] = _rebuilt(reading, done)
    kept = tuple(dict.fromkeys(legs))
    return einsum([(done[first], kept)], out)


def _reading(node: Node, legs: Legs) -> Reading:
    """With the indices numbered in order of appearance."""
    names: dict[int, int] = {}
    return node, tuple(names.setdefault(i, len(names)) for i in legs)


def _joins(legs: Legs) -> bool:
    return len(set(legs)) < len(legs)


def _opened(reading: Reading) -> Einsum | Sum | Node:
    """A product with the wires joined and its nested products opened, as terms."""
    node, legs = reading
    if not isinstance(node, Einsum):
        return node
    kept = tuple(dict.fromkeys(legs))
    return fuse(einsum([(node, legs)], kept))


def _readings_under(reading: Reading) -> list[Reading]:
    """The readings that this one is made of."""
    node, legs = reading
    if not _joins(legs):
        return []
    match node:
        case Sum():
            return [_reading(e, legs) for e, _ in node.terms]
        case Call() if is_elementwise(node.function):
            return [_reading(e, legs) for e in node.args]
        case Einsum():
            opened = _opened(reading)
            rows = opened.operands if isinstance(opened, Einsum) else ()
            return [_reading(e, row) for e, row in rows if _joins(row)]
        case _:
            return []


def _rebuilt(reading: Reading, done: dict[Reading, Node]) -> Node:
    """The node read with distinct axes: one for every index, in order."""
    node, legs = reading
    kept = tuple(dict.fromkeys(legs))
    if not _joins(legs):
        return node
    match node:
        case Sum():
            shape = tuple(node.shape[legs.index(i)] for i in kept)
            parts = [(done[_reading(e, legs)], c) for e, c in node.terms]
            return linear(parts, shape)
        case Call() if is_elementwise(node.function):
            args = [done[_reading(e, legs)] for e in node.args]
            return call(node.function, args, node.params)
        case Einsum():
            return _rewired(_opened(reading), done)
        case _:
            return einsum([(node, legs)], kept)


def _rewired(node: Node, done: dict[Reading, Node]) -> Node:
    """A product whose operands are read with their joined axes taken together."""
    if not isinstance(node, Einsum):
        return node
    rows = [
        (done[_reading(e, legs)], tuple(dict.fromkeys(legs)))
        if _joins(legs)
        else (e, legs)
        for e, legs in node.operands
    ]
    return einsum(rows, node.out, dict(enumerate(node.dims)))


# -- terms -----------------------------------------------------------------------------


def terms(node: Node) -> list[Term]:
    """The terms of a sum, however nested, with products multiplied out over the sums
    that hold outer products or diagonals among few terms.

    >>> from indexcalc.expr import tensor
    >>> s = tensor("s", ("n",))
    >>> outer = einsum([(s, [0]), (s, [1])], [0, 1])
    >>> both = linear([(outer, 1), (einsum([(s, [0])], [0, 0]), 1)], outer.shape)
    >>> len(terms(einsum([(both, [0, 1]), (s, [1])], [0, 1])))
    2
    """
    found: dict[Node, list[Number]] = {}
    done: dict[Node, Node] = {}
    fusion, made = Fusion(), 0
    stack: list[Term] = [(fused_in(fusion, node), 1)]
    while stack:
        e, c = stack.pop()
        if isinstance(e, Einsum) and made < MOST_MADE:
            e = without_diagonals(e, done, fusion)
            if isinstance(e, Einsum):
                e = multiplied_out(fusion, e, few_sums(e, _has_loose))
            made += len(e.terms) if isinstance(e, Sum) else 0
        if isinstance(e, Sum):
            stack += [(inner, multiply(c, d)) for inner, d in reversed(e.terms)]
        else:
            found.setdefault(e, []).append(c)
    total = linear([(e, c) for e, cs in found.items() for c in cs], node.shape)
    if isinstance(total, Sum):
        return list(total.terms)
    return [(total, 1)]


def _has_loose(node: Sum) -> bool:
    return any(is_loose(term) for term, _ in node.terms)


def is_loose(node: Node) -> bool:
    """Whether a product holds less than it fills: an index repeated in its result, one
    that no operand carries, or operands that no index connects."""
    if not isinstance(node, Einsum):
        return False
    shown = [i for axis in node.out for i in axis]
    if len(set(shown)) < len(shown):
        return True
    groups: list[set[int]] = [{i} for i in shown]
    for _, legs in node.operands:
        touched = [g for g in groups if g & set(legs)]
        groups = [g for g in groups if not g & set(legs)]
        groups.append(set(legs).union(*touched))
    return sum(bool(g & set(shown)) for g in groups) > 1
