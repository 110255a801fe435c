"""Multiplying out: a product with a sum as the sum of the products, or part of it.

(T − UVᵀ)V costs an m×n array and its product; TV − U(VᵀV) neither. Of a long product
only the operands next to the sum may go inside, so that the rest is not repeated.

>>> from indexcalc.expr import einsum, linear, tensor
>>> A, B, x = (tensor(name, ("n", "n")) for name in "ABx")
>>> total = linear([(A, 1), (B, 1)], A.shape)
>>> product = einsum([(total, [0, 1]), (x, [1, 2])], [0, 2])
>>> [len(node.terms) for node in distributed(product, lambda size: 9)]
[2]
"""

from __future__ import annotations

from collections.abc import Iterator

from ..expr import einsum, linear
from ..nodes import Einsum, Node, Sum
from .parts import (
    Lengths,
    flattened,
    interface,
    labels_of,
    merges,
    uncarried,
    without,
)

MOST_TERMS = 16
MOST_NEIGHBOURS = 4


def distributed(node: Einsum, length: Lengths) -> Iterator[Node]:
    """The product with some operands inside one of its sums, in every useful way."""
    for o, (e, _) in enumerate(node.operands):
        if isinstance(e, Sum) and 1 < len(e.terms) <= MOST_TERMS:
            for inside in _insides(node, o, length):
                yield absorbed(node, o, inside)


def _insides(node: Einsum, o: int, length: Lengths) -> list[frozenset[int]]:
    """Which operands may go inside the sum at a place: those that the order of
    contraction gives it, its neighbours, and all."""
    along = [group for group in merges(node, length) if o in group]
    legs = set(node.operands[o][1])
    near = [
        frozenset({o, k})
        for k, (_, other) in enumerate(node.operands)
        if k != o and legs & set(other)
    ]
    everything = frozenset(range(len(node.operands)))
    found = [everything, *along[: 2 * MOST_NEIGHBOURS], *near[:MOST_NEIGHBOURS]]
    return [group for group in dict.fromkeys(found) if len(group) > 1]


def absorbed(node: Einsum, o: int, inside: frozenset[int]) -> Node:
    """The product with the operands `inside`, multiplied out over the sum at o."""
    total, legs = node.operands[o]
    assert isinstance(total, Sum)
    factors = [node.operands[k] for k in sorted(inside) if k != o]
    rest = without(node, inside)
    if not rest:
        terms = [
            (flattened(einsum([(e, legs), *factors], node.out, uncarried(node))), c)
            for e, c in total.terms
        ]
        return linear(terms, node.shape)
    axes = interface(node, inside)
    terms = [
        (flattened(einsum([(e, legs), *factors], axes)), c) for e, c in total.terms
    ]
    sizes = {i: node.dims[i] for i in labels_of([(total, legs), *factors])}
    inner = linear(terms, tuple(sizes[i] for i in axes))
    return einsum([(inner, axes), *rest], node.out, uncarried(node))
