"""What is rewritten before a program is compiled, because of diagonals.

Multiplying out the sums that would otherwise write a diagonal into a dense array:

(Diag(s) − s sᵀ) v costs n² if the sum is formed first and n if it is multiplied out:
s∘v − s (sᵀv). Before a program is compiled, a product with such a sum among its
operands becomes the sum of the products, as long as there are few of them. And a
function of which only the diagonal is read, as in 1/A_ii, is applied to the diagonal
alone: it need not be defined elsewhere.

>>> from indexcalc.expr import einsum, linear, tensor
>>> s, v = tensor("s", ("n",)), tensor("v", ("n",))
>>> square = (s.shape[0],) * 2
>>> diagonal = einsum([(s, [0])], [0, 0])
>>> outer = einsum([(s, [0]), (s, [1])], [0, 1])
>>> jacobian = linear([(diagonal, 1), (outer, -1)], square)
>>> product = einsum([(jacobian, [0, 1]), (v, [1])], [0])
>>> [len(node.shape) for node in toposort(without_diagonals(product))]
[1, 1, 1, 1, 1]
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product as cartesian
from math import prod
from typing import TypeAlias

from .coefficients import Number, multiply
from .expr import einsum, linear
from .functions import call, is_elementwise
from .nodes import Call, Einsum, Node, Sum, toposort
from .simplify import Fusion, fused_in
from .substitute import rebuilt

#: How many products one contraction may be multiplied out into.
MOST_PRODUCTS = 16


def without_diagonals(
    root: Node, done: dict[Node, Node] | None = None, fusion: Fusion | None = None
) -> Node:
    """The expression with products multiplied out over sums that hold a diagonal;
    `done` and `fusion` keep what came of its parts for the next expression."""
    done = {} if done is None else done
    fusion = fusion or Fusion()
    for node in toposort(root, known=done):
        new = rebuilt(node, done)
        if isinstance(new, Einsum):
            new = multiplied_out(fusion, new, _choices(new))
        if isinstance(new, Einsum):
            new = _applied_on_diagonals(new)
        done[node] = new
    return done[root]


def without_sums(root: Node, chosen: Callable[[Sum], bool]) -> Node:
    """The expression with products multiplied out over the sums that are chosen, as
    long as there are few of them."""
    done: dict[Node, Node] = {}
    fusion = Fusion()
    for node in toposort(root):
        new = rebuilt(node, done)
        if isinstance(new, Einsum):
            new = multiplied_out(fusion, new, few_sums(new, chosen))
        done[node] = new
    return fused_in(fusion, done[root])


Reads: TypeAlias = list[tuple[int, Call, tuple[int, ...]]]


def _diagonal_reads(node: Einsum) -> Reads:
    """The operands that are an elementwise function with an index twice on it: their
    numbers, the functions and their legs."""
    return [
        (o, e, legs)
        for o, (e, legs) in enumerate(node.operands)
        if isinstance(e, Call)
        and len(set(legs)) != len(legs)
        and is_elementwise(e.function)
    ]


def _applied_on_diagonals(node: Einsum) -> Node:
    operands = list(node.operands)
    for o, f, legs in _diagonal_reads(node):
        kept = tuple(dict.fromkeys(legs))
        args = [einsum([(arg, legs)], kept) for arg in f.args]
        operands[o] = (call(f.function, args, f.params), kept)
    return einsum(operands, node.out, dict(enumerate(node.dims)))


def _is_diagonal(node: Node) -> bool:
    """Whether an index is repeated in a product's result."""
    if not isinstance(node, Einsum):
        return False
    flat = [i for axis in node.out for i in axis]
    return len(set(flat)) != len(flat)


def _choices(node: Einsum) -> list[int]:
    """The operands that are sums with a diagonal among few terms."""
    return few_sums(node, _has_diagonal) if len(node.operands) > 1 else []


def _has_diagonal(node: Sum) -> bool:
    return any(_is_diagonal(term) for term, _ in node.terms)


def few_sums(node: Einsum, chosen: Callable[[Sum], bool]) -> list[int]:
    """The operands that are chosen sums, if they have few terms between them."""
    found = [
        o for o, (e, _) in enumerate(node.operands) if isinstance(e, Sum) and chosen(e)
    ]
    counts = [_terms(node.operands[o][0]) for o in found]
    few = prod(len(terms) for terms in counts) <= MOST_PRODUCTS
    return found if few else []


def _terms(node: Node) -> tuple[tuple[Node, Number], ...]:
    return node.terms if isinstance(node, Sum) else ((node, 1),)


def multiplied_out(fusion: Fusion, node: Einsum, chosen: list[int]) -> Node:
    """A product over every choice of terms of the sums at those places; `fusion` is the
    run that fuses what comes of it."""
    if not chosen:
        return node
    dims = dict(enumerate(node.dims))
    terms: list[tuple[Node, Number]] = []
    for pick in cartesian(*(_terms(node.operands[o][0]) for o in chosen)):
        operands = list(node.operands)
        weight: Number = 1
        for o, (term, c) in zip(chosen, pick, strict=True):
            operands[o] = (term, operands[o][1])
            weight = multiply(weight, c)
        product = einsum(operands, node.out, dims)
        terms.append((fused_in(fusion, product), weight))
    return linear(terms, node.shape)
