"""Parts of a contraction: opened into it, taken out of it, and the order it has.

A product inside a product may be opened (its operands become the outer one's) or stay a
value of its own. `fuse` opens everything; for a plan a part that is needed twice is
better kept.

>>> from indexcalc.expr import einsum, tensor
>>> A, B, x = tensor("A", (2, 3)), tensor("B", (3, 4)), tensor("x", (4,))
>>> product = einsum([(A, [0, 1]), (B, [1, 2])], [0, 2])
>>> outer = einsum([(product, [0, 1]), (x, [1])], [0])
>>> len(outer.operands), len(flattened(outer).operands)
(2, 3)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from math import prod

from ..expr import call_node, einsum, linear, settle
from ..functions import TABLE, USERS, call
from ..network import Network, inline, is_bundle, join_bundles
from ..nodes import Call, Einsum, Node, Operand, Sum, Tensor
from ..sizes import Size
from .orders import quick

#: How many operands a product may have after others are opened into it.
OPERAND_LIMIT = 64

Lengths = Callable[[Size], int]


def opened(node: Node, places: Iterable[int]) -> Node:
    """The contraction with the products at these places opened into it."""
    if not isinstance(node, Einsum):
        return node
    chosen = [o for o in places if isinstance(node.operands[o][0], Einsum)]
    if not chosen:
        return node
    net = Network()
    net.dims = dict(enumerate(node.dims))
    net.out = [list(axis) for axis in node.out]
    net.operands = [(e, list(legs)) for e, legs in node.operands]
    inline(net, chosen)
    join_bundles(net)
    return settle(net)


def flattened(node: Node, kept: Collection[Node] = ()) -> Node:
    """The contraction with all products but the kept ones opened, the smallest first,
    up to the limit."""
    while isinstance(node, Einsum):
        total = len(node.operands)
        chosen = []
        inner = [
            (len(e.operands), o)
            for o, (e, _) in enumerate(node.operands)
            if isinstance(e, Einsum) and e not in kept and not is_bundle(e)
        ]
        for size, o in sorted(inner):
            if total + size - 1 <= OPERAND_LIMIT:
                total += size - 1
                chosen.append(o)
        if not chosen:
            return node
        node = opened(node, chosen)
    return node


def uncarried(node: Einsum) -> dict[int, Size]:
    """The sizes of the indices that no operand carries."""
    carried = {i for _, legs in node.operands for i in legs}
    return {i: size for i, size in enumerate(node.dims) if i not in carried}


def labels_of(rows: Iterable[Operand]) -> set[int]:
    """The indices on some operands."""
    return {i for _, legs in rows for i in legs}


def shown(node: Einsum) -> set[int]:
    """The indices of the result."""
    return {i for axis in node.out for i in axis}


def interface(node: Einsum, places: Collection[int]) -> list[int]:
    """The indices of the operands at these places that the rest needs."""
    inside = labels_of(node.operands[o] for o in places)
    rest = labels_of(row for o, row in enumerate(node.operands) if o not in places)
    return sorted(inside & (rest | shown(node)))


def without(node: Einsum, places: Collection[int]) -> list[Operand]:
    """The operands but those at these places."""
    return [row for o, row in enumerate(node.operands) if o not in places]


def merges(node: Einsum, length: Lengths) -> list[frozenset[int]]:
    """The groups of operands that are contracted on the way, in a good order."""
    inputs = tuple(tuple(dict.fromkeys(legs)) for _, legs in node.operands)
    carried = labels_of(node.operands)
    out = tuple(dict.fromkeys(i for axis in node.out for i in axis if i in carried))
    sizes = tuple((i, length(node.dims[i])) for i in sorted(carried))
    groups = [frozenset([o]) for o in range(len(inputs))]
    found = []
    for step in quick(inputs, out, sizes):
        taken = [groups.pop(k) for k in sorted(step, reverse=True)][::-1]
        joined = taken[0]
        for other in taken[1:]:
            joined |= other
            found.append(joined)
        groups.append(joined)
    return found


def volume(node: Node, length: Lengths) -> int:
    """How many entries a value has."""
    return prod(length(size) for size in node.shape)


def rebuilt(node: Node, children: Sequence[Node]) -> Node:
    """The node over other children of the same shapes; kernels of plans included."""
    match node:
        case Tensor():
            return node
        case Einsum():
            rows = [
                (e, legs) for e, (_, legs) in zip(children, node.operands, strict=True)
            ]
            return einsum(rows, node.out, dict(enumerate(node.dims)))
        case Sum():
            terms = [(e, c) for e, (_, c) in zip(children, node.terms, strict=True)]
            return linear(terms, node.shape)
        case Call() if not children:
            return node
        case Call() if node.function in TABLE or node.function in USERS:
            return call(node.function, children, node.params)
        case Call():
            return call_node(node.function, children, node.shape, node.params)
