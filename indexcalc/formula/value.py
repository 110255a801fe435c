"""What a formula of matrix notation denotes: the node it stands for.

Every word has one builder, so a formula that was found by reduction can be compared
with what it was found for, and nothing wrong is ever printed.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf, product, transposed
>>> x = leaf(tensor("x", ("n",)))
>>> value(product([transposed(x), x])).shape
()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import expr, functions, matrix
from ..nodes import Node
from ..sizes import Size
from . import Formula, fold


def value(f: Formula) -> Node:
    """The node a formula stands for; a row and its column are one node."""
    return fold(f, _value)


def _value(f: Formula, args: list[Node]) -> Node:
    if f.node is not None:
        return f.node
    return BUILDERS[f.op](f, args)


def _product(f: Formula, args: Sequence[Node]) -> Node:
    scalars = [a for a in args if not a.shape]
    chain = [(a, g) for a, g in zip(args, f.args, strict=True) if a.shape]
    result, order, row = None, 0, False
    for a, g in chain:
        if result is None:
            result, order, row = a, g.order, g.row
        elif order == 0:
            result, order, row = matrix.times(result, a), g.order, g.row
        else:
            dyad = order == 1 and not row and g.order == 1
            result = matrix.contract(result, a, 0 if dyad else 1)
            order = len(result.shape)
            row = order == 1 and (row if g.order == 2 else False)
    for s in scalars:
        result = s if result is None else matrix.times(s, result)
    return expr.scale(f.value, result if result is not None else expr.number(1))


def _sum(f: Formula, args: Sequence[Node]) -> Node:
    return expr.linear([(a, 1) for a in args], args[0].shape)


def _call(f: Formula, args: Sequence[Node]) -> Node:
    name, *params = f.value
    return functions.call(name, args, tuple(params))


def _colon(f: Formula, args: Sequence[Node]) -> Node:
    return matrix.contract(args[0], args[1], f.value)


def _kron(f: Formula, args: Sequence[Node]) -> Node:
    """A ⊗ B; a vector beside a matrix, or a row beside a column, is a matrix."""
    sides = [_as_matrix(g, a) for g, a in zip(f.args, args, strict=True)]
    if f.order == 1:
        sides = list(args)
    return matrix.kron(*sides)


def _as_matrix(f: Formula, node: Node) -> Node:
    if f.order != 1:
        return node
    out: list[list[int]] = [[], [0]] if f.row else [[0], []]
    return expr.einsum([(node, [0])], out)


def _commutation(m: Size, n: Size) -> Node:
    """vec(Aᵀ) = K vec(A): one where the transposed entry stands."""
    return expr.einsum([], [(0, 1), (1, 0)], {0: m, 1: n})


def _block(f: Formula, args: Sequence[Node]) -> Node:
    width = f.value
    rows = [args[k : k + width] for k in range(0, len(args), width)]
    if f.order == 2:
        return matrix.block(rows)
    return matrix.stacked([part for (part,) in rows], 0)


def _einsum(f: Formula, args: Sequence[Node]) -> Node:
    legs, out, dims = f.value
    return expr.einsum(list(zip(args, legs, strict=True)), out, dict(dims))


BUILDERS: dict[str, Callable[[Formula, list[Node]], Node]] = {
    "number": lambda f, a: expr.number(f.value),
    "size": lambda f, a: expr.size_node(f.value),
    "ones": lambda f, a: matrix.ones(f.value),
    "eye": lambda f, a: matrix.eye(f.value),
    "zeros": lambda f, a: expr.zero(f.shape),
    "copy": lambda f, a: matrix.copy_tensor(*f.value),
    "product": _product,
    "sum": _sum,
    "hadamard": lambda f, a: functions.product(*a),
    "transpose": lambda f, a: a[0] if len(a[0].shape) < 2 else expr.swapped(a[0]),
    "inv": lambda f, a: matrix.inv(a[0]),
    "mpower": lambda f, a: matrix.matrix_power(a[0], f.value),
    "power": lambda f, a: functions.power(a[0], f.value),
    "epower": lambda f, a: functions.power(a[0], f.value),
    "pow": lambda f, a: matrix.power(a[0], a[1]),
    "call": _call,
    "titled": lambda f, a: functions.call(f.value[0], a, f.value[1]),
    "Diag": lambda f, a: matrix.diagonal_matrix(a[0]),
    "diag": lambda f, a: matrix.diagonal(a[0]),
    "tr": lambda f, a: matrix.trace(a[0]),
    "total": lambda f, a: matrix.total(a[0]),
    "norm2": lambda f, a: matrix.norm2(a[0]),
    "normsq": lambda f, a: matrix.normsq(a[0]),
    "adj": lambda f, a: matrix.adj(a[0]),
    "vec": lambda f, a: matrix.vec(a[0]),
    "kron": _kron,
    "commutation": lambda f, a: _commutation(*f.value),
    "face": lambda f, a: matrix.face_splitting(a[0], a[1]),
    "khatri": lambda f, a: matrix.khatri_rao(a[0], a[1]),
    "block": _block,
    "colon": _colon,
    "dot": lambda f, a: matrix.contract(a[0], a[1]),
    "outer": lambda f, a: matrix.outer(a[0], a[1]),
    "permuted": lambda f, a: matrix.transpose(a[0], f.value),
    "einsum": _einsum,
}
