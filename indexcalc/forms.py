"""What form a node has: a coefficient times the rest, a diagonal, an identity.

Laws ask these questions. None looks at values, so an answer is certain where it is yes.

>>> from indexcalc.expr import einsum, scale, tensor
>>> x = tensor("x", ("n",))
>>> split_coefficient(scale(3, x)) == (3, x)
True
>>> is_diagonal(einsum([(x, [0])], [0, 0]))
True
"""

from __future__ import annotations

from .coefficients import Number
from .expr import einsum, swapped
from .functions import is_symmetric_matrix
from .nodes import Einsum, Node, Sum

Outcome = tuple[Number, Node]


def split_coefficient(node: Node) -> Outcome:
    """A node as coefficient × the rest."""
    if isinstance(node, Sum) and len(node.terms) == 1:
        return node.terms[0][1], node.terms[0][0]
    return 1, node


def split_scalars(node: Node) -> tuple[Number, list[Node], Node]:
    """A node as coefficient × scalars × the rest."""
    coefficient, rest = split_coefficient(node)
    if not isinstance(rest, Einsum):
        return coefficient, [], rest
    scalars = [e for e, legs in rest.operands if not legs]
    if not scalars:
        return coefficient, [], rest
    kept = [row for row in rest.operands if row[1]]
    used = {i for _, legs in kept for i in legs} | {i for a in rest.out for i in a}
    dims = {i: size for i, size in enumerate(rest.dims) if i in used}
    if len(used) != len(rest.dims):
        return coefficient, [], rest
    return coefficient, scalars, einsum(kept, rest.out, dims)


def is_identity(node: Node) -> bool:
    """Whether a node is δ_ij."""
    return isinstance(node, Einsum) and not node.operands and node.out == ((0,), (0,))


def is_diagonal(node: Node) -> bool:
    """Diag(v) for some v, or a batch of them, written as a repeated output index."""
    return (
        isinstance(node, Einsum)
        and len(node.out) > 1
        and len(node.out[-1]) == 1
        and node.out[-1] == node.out[-2]
    )


def better_side(node: Node) -> Node | None:
    """The transpose, where it is the canonical one of the two: the shorter, then the
    one that comes first."""
    if is_symmetric_matrix(node):
        return None
    turned = swapped(node)
    here, there = _weight(node), _weight(turned)
    return turned if there < here else None


def _weight(node: Node) -> tuple[bool, bool, tuple[int, str, bytes]]:
    core = split_scalars(node)[2]
    return isinstance(node, Einsum), isinstance(core, Einsum), node.key


def square_factors(node: Node) -> list[Node] | None:
    """The factors of a product of two or more square matrices of one size, in order and
    transposed where they stand so; a factor may be a product of others, as XXᵀ is. None
    for anything else."""
    path = _path(node)
    if path is None or not isinstance(node, Einsum):
        return None
    n = node.shape[0]
    blocks: list[list[tuple[Node, int, int]]] = [[]]
    for e, a, b in path:
        blocks[-1].append((e, a, b))
        if node.dims[b] == n:
            blocks.append([])
    factors = [
        einsum([(e, (a, b)) for e, a, b in block], [block[0][1], block[-1][2]])
        for block in blocks
        if block
    ]
    return factors if len(factors) > 1 else None


def _path(node: Node) -> list[tuple[Node, int, int]] | None:
    """The matrices of a product of square result from left to right, each with the
    indices it goes between."""
    if not isinstance(node, Einsum) or len(node.operands) < 2 or len(node.out) != 2:
        return None
    single = all(len(axis) == 1 for axis in node.out)
    if not single or len(node.dims) != len(node.operands) + 1:
        return None
    if node.shape[0] != node.shape[1] or node.out[0] == node.out[1]:
        return None
    rest = [(e, legs) for e, legs in node.operands if len(legs) == 2]
    here, end = node.out[0][0], node.out[1][0]
    path: list[tuple[Node, int, int]] = []
    while rest and here != end:
        found = [row for row in rest if here in row[1] and row[1][0] != row[1][1]]
        if len(found) != 1:
            return None
        e, (a, b) = found[0]
        rest.remove(found[0])
        there = b if a == here else a
        path.append((e if a == here else swapped(e), here, there))
        here = there
    return path if here == end and len(path) == len(node.operands) else None
