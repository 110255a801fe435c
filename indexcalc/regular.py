"""Where every inverted matrix is regular: inverses and determinants of products split.

These rewritings hold only where the matrices are invertible, so `fuse` does not use
them; `same` does, for expressions that contain an inverse and are undefined elsewhere.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract, inv
>>> A, B = tensor("A", ("n", "n")), tensor("B", ("n", "n"))
>>> split(inv(contract(A, B))) is contract(inv(B), inv(A))
True
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from .expr import einsum, linear
from .forms import square_factors
from .functions import call
from .nodes import Call, Einsum, Node, toposort
from .substitute import rebuilt

RULES = frozenset({"inv", "det", "logdet", "cofactors"})


def has_inverse(*roots: Node) -> bool:
    """Whether an inverse occurs, so that singular matrices are out of the question."""
    return any(
        isinstance(node, Call) and node.function == "inv" for node in toposort(*roots)
    )


def split(root: Node) -> Node:
    """The expression with inv, det and logdet of products of square matrices split, and
    cofactors written as det X · X⁻ᵀ (Jacobi)."""
    done: dict[Node, Node] = {}
    for node in toposort(root):
        new = rebuilt(node, done)
        if isinstance(new, Call) and new.function in RULES:
            new = _split_call(new)
        done[node] = new
    return done[root]


def _split_call(node: Call) -> Node:
    arg = node.args[0]
    if len(arg.shape) != 2:
        return node
    if node.function == "cofactors":
        return _jacobi(arg, node.params[0])
    factors = chain(arg)
    if factors is None:
        return node
    parts = [call(node.function, [factor]) for factor in factors]
    if node.function == "logdet":
        return linear([(part, 1) for part in parts], ())
    if node.function == "det":
        return einsum([(part, ()) for part in parts], [])
    legs = range(len(parts))
    rows = [(part, (i, i + 1)) for part, i in zip(reversed(parts), legs, strict=True)]
    return einsum(rows, [0, len(parts)])


def chain(node: Node) -> list[Node] | None:
    """The factors of a product of square matrices of one size, in order, else None."""
    if not isinstance(node, Einsum) or len(set(node.dims)) != 1:
        return None
    return square_factors(node)


def _jacobi(matrix: Node, k: int) -> Node:
    """The k-th derivative of det X: det X Σ_σ sgn σ Π_m (X⁻¹)_{j_σ(m) i_m}."""
    inverse = _split_call(call("inv", [matrix]))  # type: ignore[arg-type]
    determinant = _split_call(call("det", [matrix]))  # type: ignore[arg-type]
    out = range(2 * k)
    terms = []
    for order in permutations(range(k)):
        sides = [(inverse, (2 * order[m] + 1, 2 * m)) for m in range(k)]
        product = einsum([(determinant, ()), *sides], out)
        terms.append((product, _sign(order)))
    return linear(terms, matrix.shape * k)


def _sign(order: Sequence[int]) -> int:
    inversions = sum(a > b for n, a in enumerate(order) for b in order[n + 1 :])
    return -1 if inversions % 2 else 1
