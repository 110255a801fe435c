"""An expression with one thing changed: what a slip of the pen would have made of it.

`transposed` swaps one occurrence of a square matrix, `without` drops one factor of a
product, `terms` lists what a sum adds up. Each change is made in one place of the
shared expression and only when it is asked for, so that trying some is cheap.

>>> from indexcalc.expr import tensor
>>> from indexcalc.matrix import contract
>>> A, x = tensor("A", ("n", "n")), tensor("x", ("n",))
>>> [change.said for change in transposed(contract(A, contract(A, x)))]
['A', 'A']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeGuard

from ..errors import BudgetError
from ..expansion import expand
from ..expr import einsum, linear, scale, swapped
from ..functions import power
from ..index_text import index_text
from ..nodes import Call, Einsum, Node, Sum, Tensor, is_symmetric, toposort
from ..simplify import fuse
from ..substitute import rebuilt

MOST_CHANGES, MOST_TERMS = 40, 24


@dataclass(frozen=True, slots=True)
class Change:
    """The changed expression, and the factor that was changed in it."""

    node: Node
    factor: Node

    @property
    def said(self) -> str:
        """The factor as it is written."""
        return name_of(self.factor)


def name_of(node: Node) -> str:
    """A factor's name, or its formula in index notation."""
    if isinstance(node, Tensor) and node.name:
        return node.name
    if isinstance(node, Call) and all(isinstance(arg, Tensor) for arg in node.args):
        if node.function == "power":
            return str(index_text(node))
        if node.function == "rnorm":
            return f"1/norm2({node.args[0].key[1]})"
        return f"{node.function}({', '.join(arg.key[1] for arg in node.args)})"
    return str(index_text(node))


def transposed(root: Node) -> Iterator[Change]:
    """Every way to transpose one square factor of one product or one term."""
    yield from islice(_each_operand(root, _swapped), MOST_CHANGES)
    if isinstance(root, (Tensor, Call)) and _is_square(root):
        yield Change(swapped(root), root)


def without(root: Node) -> Iterator[Change]:
    """Every way to drop one factor of one product: 1 in its place, or δ."""
    drops = (_each_operand(root, drop) for drop in (_to_ones, _to_delta, _to_base))
    return islice(chain.from_iterable(drops), MOST_CHANGES)


def shortened(root: Node) -> list[Change]:
    """Every way to drop a matrix at an end of a product, so that its shape changes: v
    for A v, where the canonical form is one product."""
    fused = fuse(root)
    whole, c = fused.terms[0] if _is_multiple(fused) else (fused, 1)
    if not isinstance(whole, Einsum):
        return []
    found: list[Change] = []
    for k, (factor, legs) in enumerate(whole.operands):
        if len(legs) != 2 or legs[0] == legs[1] or len(found) >= MOST_CHANGES:
            continue
        rest = [row for j, row in enumerate(whole.operands) if j != k]
        for end, inner in (legs, legs[::-1]):
            lone = not any(end in other for _, other in rest)
            if lone and any(end in axis for axis in whole.out):
                out = [[inner if i == end else i for i in axis] for axis in whole.out]
                dims = {i: n for i, n in enumerate(whole.dims) if i != end}
                found.append(Change(scale(c, einsum(rest, out, dims)), factor))
    return found


def _is_multiple(node: Node) -> TypeGuard[Sum]:
    return isinstance(node, Sum) and len(node.terms) == 1


Swap = Callable[[Einsum | Sum, int], Node | None]


def _each_operand(root: Node, change: Swap) -> Iterator[Change]:
    order = toposort(root)
    for node in order:
        if not isinstance(node, (Einsum, Sum)):
            continue
        rows = node.operands if isinstance(node, Einsum) else node.terms
        for k, (factor, _) in enumerate(rows):
            new = change(node, k)
            if new is not None:
                yield Change(_replaced(order, node, new), factor)


def _replaced(order: list[Node], old: Node, new: Node) -> Node:
    """The last node of the order, with one node under it replaced."""
    done: dict[Node, Node] = {}
    touched = {old}
    for node in order:
        if node is old:
            done[node] = new
        elif touched.intersection(_below(node)):
            touched.add(node)
            done[node] = rebuilt(node, done)
        else:
            done[node] = node
    return done[order[-1]]


def _below(node: Node) -> list[Node]:
    match node:
        case Tensor():
            return []
        case Einsum():
            return [e for e, _ in node.operands]
        case Sum():
            return [e for e, _ in node.terms]
        case Call():
            return list(node.args)


def _is_square(node: Node) -> bool:
    square = len(node.shape) == 2 and node.shape[0] == node.shape[1]
    return square and not is_symmetric(node)


def _swapped(node: Einsum | Sum, k: int) -> Node | None:
    if isinstance(node, Sum):
        rows = list(node.terms)
        term, c = rows[k]
        if not _is_square(term) or isinstance(term, Einsum):
            return None
        rows[k] = swapped(term), c
        return linear(rows, node.shape)
    operands = list(node.operands)
    factor, legs = operands[k]
    if not _is_square(factor):
        return None
    operands[k] = factor, legs[::-1]
    return einsum(operands, node.out, dict(enumerate(node.dims)))


def _to_ones(node: Einsum | Sum, k: int) -> Node | None:
    """The product without a factor that leaves no index alone."""
    if isinstance(node, Sum):
        return None
    operands = [row for j, row in enumerate(node.operands) if j != k]
    return einsum(operands, node.out, dict(enumerate(node.dims)))


def _to_delta(node: Einsum | Sum, k: int) -> Node | None:
    """The product with δ for a square factor."""
    if isinstance(node, Sum):
        return None
    factor, legs = node.operands[k]
    if len(factor.shape) != 2 or factor.shape[0] != factor.shape[1]:
        return None
    delta = einsum([], [0, 0], {0: factor.shape[0]})
    operands = list(node.operands)
    operands[k] = delta, legs
    return einsum(operands, node.out, dict(enumerate(node.dims)))


def _to_base(node: Einsum | Sum, k: int) -> Node | None:
    """The product with one power of a factor less."""
    if isinstance(node, Sum):
        return None
    factor, legs = node.operands[k]
    if not (isinstance(factor, Call) and factor.function == "power"):
        return None
    exponent = factor.params[0]
    if not isinstance(exponent, int) or exponent < 2:
        return None
    operands = list(node.operands)
    operands[k] = power(factor.args[0], exponent - 1), legs
    return einsum(operands, node.out, dict(enumerate(node.dims)))


# -- terms -----------------------------------------------------------------------------


def terms(root: Node) -> list[Node]:
    """What is added up, coefficients included: as the canonical form has it, and
    multiplied out where that is short."""
    found = dict.fromkeys(_parts(fuse(root)))
    with suppress(BudgetError):
        found |= dict.fromkeys(_parts(expand(root, MOST_TERMS)))
    return list(found)[:MOST_TERMS]


def _parts(node: Node) -> Iterator[Node]:
    if not isinstance(node, Sum):
        yield node
        return
    for e, c in node.terms:
        yield scale(c, e)
