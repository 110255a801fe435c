"""What blocks share: the nodes that carry no cut index, computed once for all of them.

A product with some operands that no range touches is ordered for its full sizes; the
pairs of that order that no range touches are computed once.

>>> from indexcalc.expr import einsum, tensor
>>> A, B, x = tensor("A", (9, 5)), tensor("B", (5, 7)), tensor("x", (7,))
>>> product = einsum([(A, [0, 1]), (B, [1, 2]), (x, [2])], [0])     # A (B x), A in rows
>>> [legs for _, legs in grouped(product, {product.out[0][0]}, None)]
[(0, 1), (1,)]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TypeAlias

from ..contraction import path
from ..expr import einsum, tensor
from ..network import is_bundle
from ..nodes import Call, Einsum, Node, Sum, Tensor, children, toposort
from ..sizes import Size
from ..substitute import replace

Legs: TypeAlias = tuple[int, ...]

#: An operand by its number, or a product of several; and its legs.
Group: TypeAlias = "tuple[int | Node, Legs]"


@dataclass(slots=True)
class Wholes:
    """The nodes that blocks need whole, and the names they go by in them."""

    names: dict[Node, str] = field(default_factory=dict)

    def name(self, node: Node) -> str:
        """A variable's own name; a new one for any other node."""
        if isinstance(node, Tensor) and node.array is None:
            return node.name
        return self.names.setdefault(node, f"#{len(self.names)}")

    def structure(self, node: Node) -> str:
        """What must stay known of a node: whether it may be conjugated."""
        leaves = (e for e in toposort(node) if isinstance(e, Tensor))
        return "complex" if any(e.structure == "complex" for e in leaves) else ""

    def stages(self, names: Sequence[str]) -> list[tuple[str, Node]]:
        """The named whole nodes and those they need in turn, each written with the
        earlier ones as variables; in an order in which they can be computed."""
        stages: list[tuple[str, Node]] = []
        new: dict[Node, Node] = {}
        for node in toposort(*self.names):
            if node in self.names:
                name = self.names[node]
                stages.append((name, replace(node, new)))
                new[node] = tensor(name, node.shape, self.structure(node))
        return _needed(stages, set(names))


def _needed(
    stages: Sequence[tuple[str, Node]], names: set[str]
) -> list[tuple[str, Node]]:
    kept = []
    for name, node in reversed(stages):
        if name in names:
            kept.append((name, node))
            names |= {e.name for e in toposort(node) if isinstance(e, Tensor)}
    return kept[::-1]


def is_given(node: Node) -> bool:
    """Whether a whole node goes into blocks as an array: variables, calls, and what
    sums over an index or is no larger than its factors; patterns stay what they are."""
    match node:
        case Tensor():
            return True
        case Call():
            return bool(node.args)
        case Einsum():
            return not _is_pattern(node) and (_sums(node) or _shrinks(node))
        case Sum():
            return len(node.terms) > 1 and not any(map(_is_pattern, children(node)))


def _is_pattern(node: Node) -> bool:
    """Whether a contraction's result repeats an index, or spreads along one."""
    if not isinstance(node, Einsum):
        return False
    shown = [i for axis in node.out for i in axis]
    carried = {i for _, legs in node.operands for i in legs}
    return len(set(shown)) != len(shown) or not carried >= set(shown)


def _sums(node: Einsum) -> bool:
    shown = {i for axis in node.out for i in axis}
    return any(i not in shown for _, legs in node.operands for i in legs)


def _shrinks(node: Einsum) -> bool:
    """Whether a product is no larger than its largest factor, and not a mere view."""
    sizes = [entries(e.shape) for e, _ in node.operands]
    return len(sizes) > 1 and entries(node.shape) <= max(sizes)


def entries(shape: Iterable[Size]) -> int:
    """How many entries an array of literal sizes has."""
    return prod(size for size in shape if isinstance(size, int))


def kept_apart(root: Node) -> list[Node]:
    """The nodes under a root down to those that are given, children first."""
    order: list[Node] = []
    stack: list[tuple[Node, bool]] = [(root, False)]
    seen: set[Node] = set()
    while stack:
        node, opened = stack.pop()
        if opened:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if not is_given(node):
                stack += [(child, False) for child in reversed(children(node))]
    return order


# -- products within a product ---------------------------------------------------------


def grouped(node: Einsum, cut: set[int], inner: int | None) -> list[Group]:
    """The operands of a contraction: those with a cut index each by its number, the
    others joined where the best order joins them before any that is cut. Operand
    `inner` is cut inside."""
    legs = [tuple(legs) for _, legs in node.operands]
    free = [o != inner and not cut & set(legs[o]) for o in range(len(legs))]
    groups: list[Group] = [
        (o, legs[o]) for o, is_free in enumerate(free) if not is_free
    ]
    trees: list[Tree] = [(o,) if free[o] else None for o in range(len(legs))]
    for taken in _order(node):
        picked = [trees.pop(k) for k in sorted(taken, reverse=True)][::-1]
        whole = None not in picked
        union = tuple(sorted(o for tree in picked for o in tree or ()))
        if whole and _product(node, union) is not None:
            trees.append(union)
            continue
        groups += (_group(node, tree) for tree in picked if tree)
        trees.append(None)
    groups += (_group(node, tree) for tree in trees if tree)
    return groups


#: Numbers of operands that are joined, all free of cut indices; None: some are cut.
Tree: TypeAlias = tuple[int, ...] | None


def _order(node: Einsum) -> tuple[tuple[int, ...], ...]:
    out = tuple(dict.fromkeys(i for axis in node.out for i in axis))
    inputs = tuple(tuple(dict.fromkeys(legs)) for _, legs in node.operands)
    used = sorted({i for legs in inputs for i in legs})
    carried = tuple(i for i in out if i in used)
    sizes = {i: entries([node.dims[i]]) for i in used}
    return path(inputs, carried, sizes, brief=True)


def _group(node: Einsum, tree: tuple[int, ...]) -> Group:
    """What stands for some operands that are joined, or for one."""
    product = _product(node, tree)
    return (tree[0], tuple(node.operands[tree[0]][1])) if product is None else product


def _product(node: Einsum, tree: tuple[int, ...]) -> Group | None:
    """The product of some operands, summed over what only they carry; None where it is
    larger than all of them, joins groups of axes or is an operand itself."""
    chosen = [node.operands[o] for o in tree]
    rest = [row for o, row in enumerate(node.operands) if o not in tree]
    needed = {i for _, legs in rest for i in legs}
    needed |= {i for axis in node.out for i in axis}
    mine = dict.fromkeys(i for _, legs in chosen for i in legs)
    out = tuple(i for i in mine if i in needed)
    if len(chosen) == 1 and len(out) == len(mine):
        return None
    if any(is_bundle(e) for e, _ in chosen):
        return None
    if entries(node.dims[i] for i in out) > sum(entries(e.shape) for e, _ in chosen):
        return None
    return einsum(chosen, out), out


def everywhere(root: Node) -> set[Size]:
    """The sizes that occur in an expression."""
    found: set[Size] = set()
    for node in toposort(root):
        found |= set(node.shape)
        if isinstance(node, Einsum):
            found |= set(node.dims)
    return found
