"""What is known of an expression's sign: whether an entry may be negative.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import normsq
>>> x = tensor("x", ("n",))
>>> not_negative(normsq(x)), not_negative(x)
(True, False)
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..coefficients import Number
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
