"""What is known of an expression's sign: whether an entry may be negative, or zero.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import normsq
>>> x = tensor("x", ("n",))
>>> not_negative(normsq(x)), not_negative(x)
(True, False)
>>> hardly_zero(normsq(x))
True
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..coefficients import Number
from ..functions import KINKED
from ..nodes import Call, Einsum, Node, Sum, Tensor, toposort

_POSITIVE = frozenset({"exp", "sigmoid", "softplus", "softmax", "cosh", "norm2"})
_NOT_NEGATIVE = frozenset({"abs", "relu", "heaviside", "rnorm"})


def not_negative(root: Node) -> bool:
    """Whether every entry is known to be zero or more."""
    known: dict[Node, bool] = {}
    for node in toposort(root):
        known[node] = _not_negative(node, known)
    return known[root]


def _not_negative(node: Node, known: dict[Node, bool]) -> bool:
    match node:
        case Tensor():
            if node.array is None:
                return "positive" in node.structure
            real = not np.iscomplexobj(node.array)
            return real and bool((np.asarray(node.array) >= 0).all())
        case Sum():
            return all(known[e] and is_positive(c) for e, c in node.terms)
        case Einsum():
            return _even(node, known)
        case Call():
            if node.function == "power":
                exponent = node.params[0]
                even = isinstance(exponent, int) and exponent % 2 == 0
                broken = isinstance(exponent, Fraction)
                return even or broken or known[node.args[0]]
            if not node.args:
                return node.function in ("basis", "embed")
            return node.function in _POSITIVE | _NOT_NEGATIVE


#: Functions that may be constant on an open set where their argument is not, or of
#: which a sum may be.
_PIECEWISE = KINKED | {"unknown", "defined"}
_NEVER_ZERO = frozenset({"exp", "sigmoid", "softplus", "softmax", "cosh"})
_ZERO_WITH_ARGUMENT = frozenset({"abs", "sign", "norm2", "sinh", "tanh", "atan"})


def is_analytic(root: Node) -> bool:
    """Whether no function under a node has pieces, so that it is zero on no open set
    unless it is zero."""
    return not any(
        isinstance(node, Call) and node.function in _PIECEWISE
        for node in toposort(root)
    )


def hardly_zero(root: Node) -> bool:
    """Whether every entry is known to be other than zero but on a set of measure zero:
    variables, and what cannot cancel of them."""
    known: dict[Node, bool] = {}
    for node in toposort(root):
        known[node] = _hardly_zero(node, known)
    return known[root]


def _hardly_zero(node: Node, known: dict[Node, bool]) -> bool:
    match node:
        case Tensor():
            whole = node.structure in ("", "positive", "symmetric", "pd", "real")
            return whole if node.array is None else bool(np.all(node.array))
        case Sum():
            apart = len(node.terms) == 1 or not_negative(node)
            return apart and any(known[e] for e, _ in node.terms)
        case Einsum():
            return all(known[e] for e, _ in node.operands) and _only_adds(node)
        case Call():
            if node.function in _NEVER_ZERO:
                return True
            carried = node.function in _ZERO_WITH_ARGUMENT | {"power"}
            return carried and known[node.args[0]]


def _only_adds(node: Einsum) -> bool:
    """Whether every entry is a product, or a sum of products that are not negative."""
    flat = {i for axis in node.out for i in axis}
    plain = len(flat) == sum(map(len, node.out))
    return plain and (len(flat) == len(node.dims) or not_negative(node))


def is_positive(c: Number) -> bool:
    return not isinstance(c, complex) and c > 0


def _even(node: Einsum, known: dict[Node, bool]) -> bool:
    """Whether the operands that may be negative stand in equal pairs, entry by entry or
    sum by sum: x_i x_i, or (Ax)_i (Ax)_i with its inner index its own."""
    left: dict[tuple[Node, tuple[int, ...]], int] = {}
    for e, legs in node.operands:
        if not known[e]:
            left[e, legs] = left.get((e, legs), 0) + 1
    return all(count % 2 == 0 for count in left.values())
