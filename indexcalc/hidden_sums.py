"""Which sums index notation has to write out, for they could be read elsewhere.

An index that stands twice in a product is summed over that product. Σᵢ exp(xᵢ zᵢ)
without its sign would be read as exp(Σᵢ xᵢ zᵢ), and Σᵢ Aᵢᵢ² as (Σᵢ Aᵢᵢ)².

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.functions import call
>>> x, z = tensor("x", ("n",)), tensor("z", ("n",))
>>> within = call("exp", [einsum([(x, [0]), (z, [0])], [0])])
>>> hidden({}, einsum([(within, [0])], [])), hidden({}, einsum([(x, [0])], []))
({0}, set())
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from .functions import is_elementwise
from .nodes import Call, Einsum, Node, Sum, Tensor

Place: TypeAlias = tuple[Node, Sequence[int]]


def hidden(parts: Collection[Node], node: Einsum) -> set[int]:
    """The indices of a product that stand twice within one of its functions; `parts`
    are written as names."""
    return {
        i
        for child, legs in node.operands
        if not isinstance(child, Tensor)
        for i in set(legs)
        if _hides(parts, child, [k for k, leg in enumerate(legs) if leg == i])
    }


def _held(node: Einsum, labels: Iterable[int]) -> Iterator[Place]:
    """The operands that carry some indices of a product, and on which axes."""
    sought = set(labels)
    for child, legs in node.operands:
        if not sought.isdisjoint(legs):
            yield child, [k for k, leg in enumerate(legs) if leg in sought]


def _hides(parts: Collection[Node], node: Node, axes: Sequence[int]) -> bool:
    if node in parts:
        return False
    match node:
        case Call() if is_elementwise(node.function):
            return any(_stands(parts, arg, axes) > 1 for arg in node.args)
        case Sum():
            return any(_hides(parts, term, axes) for term, _ in node.terms)
        case Einsum():
            held = _held(node, _labels(node, axes))
            return any(_hides(parts, *place) for place in held)
        case Tensor() | Call():
            return False


def _stands(parts: Collection[Node], node: Node, axes: Sequence[int]) -> int:
    """How often at most one index, that of some axes, stands in a term of a node."""
    if node in parts:
        return len(axes)
    match node:
        case Call() if is_elementwise(node.function):
            return max(_stands(parts, arg, axes) for arg in node.args)
        case Sum():
            return max((_stands(parts, e, axes) for e, _ in node.terms), default=0)
        case Einsum():
            labels = _labels(node, axes)
            held = sum(_stands(parts, *place) for place in _held(node, labels))
            return held + _copied(node, axes)
        case Tensor() | Call():
            return len(axes)


def _labels(node: Einsum, axes: Sequence[int]) -> list[int]:
    return [i for axis in axes for i in node.out[axis]]


def _copied(node: Einsum, axes: Sequence[int]) -> int:
    """How often the index of some axes stands in the δ, H and ones of a product."""
    shown = [i for group in node.out for i in group]
    carried = {i for _, legs in node.operands for i in legs}
    joined = [i for i in _labels(node, axes) if shown.count(i) > 1 or i not in carried]
    return len(joined) + sum(not node.out[axis] for axis in axes)
