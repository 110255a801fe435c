"""Complex variables: what is complex, conjugates, moduli, real and imaginary parts.

A variable declared `complex` may be conjugated; conj is taken inward until it stands at
such variables only: every function of the table commutes with it, being real on the
real axis. A variable declared `real` or `positive` is its own conjugate. Of any other
variable the conjugate is refused, since its arrays may be complex or not.

>>> from indexcalc.expr import tensor
>>> z, x = tensor("z", ("n",), "complex"), tensor("x", ("n",), "real")
>>> conjugate(call("exp", [z])) is call("exp", [conjugate(z)])
True
>>> conjugate(x) is x
True
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from .errors import EvaluationError, UnsupportedError
from .expr import constant, einsum, linear, swapped
from .functions import USERS, Function, call, power, product, register
from .nodes import Call, Einsum, Node, Sum, Tensor, children, toposort

#: What a variable is declared whose arrays are real.
REAL = frozenset({"real", "positive"})

_HALF = Fraction(1, 2)


# -- what is complex -------------------------------------------------------------------

_known: WeakKeyDictionary[Node, bool] = WeakKeyDictionary()


def is_complex(root: Node) -> bool:
    """Whether a variable declared complex, a complex array or a complex coefficient
    stands under a node. Each node is asked once."""
    stack = [root]
    while stack:
        node = stack[-1]
        below = [child for child in children(node) if child not in _known]
        if below:
            stack += below
            continue
        stack.pop()
        if node not in _known:
            _known[node] = _own(node) or any(_known[e] for e in children(node))
    return _known[root]


def _own(node: Node) -> bool:
    match node:
        case Tensor():
            array = node.array
            barred = array is not None and np.iscomplexobj(array)
            return barred or node.structure == "complex"
        case Sum():
            return any(isinstance(c, complex) for _, c in node.terms)
        case Call():
            return any(isinstance(p, complex) for p in node.params)
        case Einsum():
            return False


# -- conjugates ------------------------------------------------------------------------


def conjugate(root: Node) -> Node:
    """The conjugate, taken inward as far as it goes.

    Raises `UnsupportedError` for a variable declared neither real nor complex.
    """
    done: dict[Node, Node] = {}
    for node in toposort(root):
        done[node] = _conjugated(node, done)
    return done[root]


def _conjugated(node: Node, done: dict[Node, Node]) -> Node:
    match node:
        case Tensor():
            return _conjugated_leaf(node)
        case Einsum():
            rows = [(done[e], legs) for e, legs in node.operands]
            return einsum(rows, node.out, dict(enumerate(node.dims)))
        case Sum():
            terms = [(done[e], _barred(c)) for e, c in node.terms]
            return linear(terms, node.shape)
        case Call():
            if node.function == "conj":
                return node.args[0]
            if not node.args:
                return node
            if node.function in USERS:
                return call("conj", [node])
            params = tuple(map(_barred, node.params))
            return call(node.function, [done[arg] for arg in node.args], params)


def _conjugated_leaf(node: Tensor) -> Node:
    if node.array is not None:
        barred = np.conj(node.array)
        return constant(barred, node.name) if np.iscomplexobj(barred) else node
    if node.structure == "complex":
        return call("conj", [node])
    if node.structure in REAL:
        return node
    raise UnsupportedError(
        f"the conjugate of {node.name}, which is declared neither real nor complex",
        hint=f'declare it, as in {node.name}="n : complex" or "n : real"',
    )


def _barred(value: Any) -> Any:
    return value.conjugate() if isinstance(value, complex) else value


def real_part(a: Node) -> Node:
    """Re z = (z + z̄)/2."""
    return linear([(a, _HALF), (conjugate(a), _HALF)], a.shape)


def imaginary_part(a: Node) -> Node:
    """Im z = (z − z̄)/2i."""
    return linear([(a, complex(0, -0.5)), (conjugate(a), 0.5j)], a.shape)


def squared_modulus(a: Node) -> Node:
    """|z|² = z̄ z, entry by entry."""
    return product(conjugate(a), a)


def modulus(a: Node) -> Node:
    """|z| = √(z̄ z), entry by entry; its derivative at 0 is not a number."""
    return power(squared_modulus(a), _HALF)


def adjoint(a: Node) -> Node:
    """Zᴴ: the conjugate with its last two axes exchanged."""
    return swapped(conjugate(a))


def _not_holomorphic(f: Call) -> Node:
    raise UnsupportedError(
        "conj has no derivative in the complex sense",
        hint="wirtinger(f, z) gives the derivatives by z and by conj(z)",
    )


register(
    Function(
        "conj",
        (_not_holomorphic,),
        lambda params: (((),), ()),
        keeps_symmetry=True,
        elementwise=True,
    )
)


#: Functions of real numbers that have no derivative in the complex sense.
REAL_ONLY = frozenset(
    {
        *(
            "abs",
            "sign",
            "relu",
            "heaviside",
            "max",
            "min",
            "logdet",
            "pinv",
            "cholesky",
        ),
        *("eigvalsh", "eigmax", "svdvals", "norm_nuclear", "polar", "cbrt", "atan2"),
    }
)


def require_holomorphic(roots: Sequence[Node], given: Container[str]) -> None:
    """Raises `EvaluationError` where a function of `REAL_ONLY` gets complex numbers, if
    the variables of these names have complex arrays."""
    if not given:
        return
    held: dict[Node, bool] = {}
    for node in toposort(*roots):
        inside = any(held[e] for e in children(node))
        if isinstance(node, Tensor):
            array = node.array
            inside = node.name in given or (
                array is not None and array.dtype.kind == "c"
            )
        if isinstance(node, Call) and node.function in ("real", "imag"):
            inside = False
        if inside and isinstance(node, Call) and node.function in REAL_ONLY:
            raise EvaluationError(
                f"{node.function} of a complex number has no derivative",
                hint="take real(…) or imag(…) of its argument",
            )
        held[node] = inside
