"""Multiplying out: a product with a sum as the sum of the products, or part of it.

(T − UVᵀ)V costs an m×n array and its product; TV − U(VᵀV) neither. Of a long product
only the operands next to the sum may go inside, so that the rest is not repeated.

>>> from indexcalc.expr import einsum, linear, tensor
>>> T, U, V = (tensor(name, ("n", "n")) for name in "TUV")
>>> gram = einsum([(U, [0, 2]), (V, [1, 2])], [0, 1])
>>> error = linear([(T, 1), (gram, -1)], T.shape)
>>> product = einsum([(error, [0, 1]), (V, [1, 2])], [0, 2])
>>> [len(node.terms) for node in distributed(product, lambda size: 9)]
[2]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..expr import einsum, linear
from ..nodes import Einsum, Node, Sum, children, toposort
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
        if isinstance(e, Sum) and 1 < len(e.terms) <= MOST_TERMS and _saves(e):
            for inside in _insides(node, o, length):
                yield absorbed(node, o, inside)


def narrows(node: Einsum) -> bool:
    """Whether it sums over axes of one sum, or reads a diagonal of it."""
    if len(node.operands) != 1:
        return False
    ((e, legs),) = node.operands
    shown = {i for axis in node.out for i in axis}
    return isinstance(e, Sum) and (len(set(legs)) < len(legs) or not shown >= set(legs))


def _saves(total: Sum) -> bool:
    """Whether a term is a δ, or a product that need not be formed if the sum is
    multiplied out: u(A − xyᵀ).

    Of (X − Y)w nothing is saved but the difference, and the digits that cancel in it
    would be lost.
    """
    return any(isinstance(e, Einsum) and _is_formed(e) for e, _ in total.terms)


def _is_formed(e: Einsum) -> bool:
    out = [i for axis in e.out for i in axis]
    if len(set(out)) < len(out):
        return True
    summed = labels_of(e.operands) - set(out)
    whole = any(set(out) <= set(legs) for _, legs in e.operands)
    return len(e.operands) > 1 and (bool(summed) or not whole)


def together(roots: Sequence[Node]) -> Iterator[dict[Node, Node]]:
    """Sums that only products have, and more than one, multiplied out in all of them.

    In one of them alone it would gain nothing: the others still need the sum.
    """
    users: dict[Node, list[Node]] = defaultdict(list)
    order = toposort(*roots)
    for node in order:
        for child in dict.fromkeys(children(node)):
            users[child].append(node)
    for total in order:
        if not isinstance(total, Sum) or total in roots:
            continue
        if 1 < len(total.terms) <= MOST_TERMS and _saves(total):
            found = {user: _multiplied_out(user, total) for user in users[total]}
            new = {user: made for user, made in found.items() if made is not None}
            if 1 < len(new) == len(found):
                yield new


def _multiplied_out(user: Node, total: Node) -> Node | None:
    """A product with one of its operands, a sum, multiplied out whole."""
    if not isinstance(user, Einsum):
        return None
    places = [o for o, (e, _) in enumerate(user.operands) if e is total]
    everything = frozenset(range(len(user.operands)))
    return absorbed(user, places[0], everything) if len(places) == 1 else None


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
    found = [*along[: 2 * MOST_NEIGHBOURS], *near[:MOST_NEIGHBOURS]]
    return [
        everything,
        *(g for g in dict.fromkeys(found) if len(g) > 1 and g != everything),
    ]


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
