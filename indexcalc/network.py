"""Networks: contractions being put together, before they become a node.

Opening a nested Einsum inside a network joins its axes to the wires they hang on. That is
union-find on indices, and it is all there is to contracting Kronecker deltas and fusing
copy tensors. `canonical` gives a finished network its canonical labelling and interns it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .coefficients import Number
from .errors import InternalError
from .labelling import Contraction, operand_order
from .nodes import (
    Einsum,
    Node,
    Operand,
    digest_of,
    intern_node,
    is_symmetric,
    shape_key,
    size_key,
)
from .sizes import Shape, Size

class Network:
    """A contraction being put together: operands, out and dims with arbitrary indices."""

    __slots__ = ("coefficient", "dims", "operands", "out")

    def __init__(self) -> None:
        self.coefficient: Number = 1
        self.operands: list[tuple[Any, list[int]]] = []
        self.out: list[list[int]] = []
        self.dims: dict[int, Size] = {}


def identity_of(net: Network) -> Node | None:
    """The operand itself, where the contraction does nothing to it."""
    if len(net.operands) != 1:
        return None
    node, legs = net.operands[0]
    plain = [[i] if net.dims[i] != 1 else [] for i in legs]
    used = set(legs)
    if plain != net.out or len(used) != len(legs):
        return None
    if any(size != 1 for i, size in net.dims.items() if i not in used):
        return None
    return node


def inline(net: Network, chosen: Iterable[int]) -> int:
    """Replaces the chosen Einsum operands by what they hold, in place; union-find.

    A grouped axis is opened only where everything on that wire is opened alike; operands
    for which this fails stay. Returns how many were opened.
    """
    positions = set(chosen)
    if not positions:
        return 0
    positions -= _blocked(net, positions)
    merge = _Merge(net)
    for o in sorted(positions):
        merge.open(o)
    merge.finish(positions)
    return len(positions)


def _blocked(net: Network, positions: set[int]) -> set[int]:
    """The chosen operands that must stay closed, because a grouped wire cannot open."""
    blocked: set[int] = set()
    wires: dict[int, list[tuple[int, tuple[Size, ...] | None]]] = {}
    for o, (node, legs) in enumerate(net.operands):
        for place, i in enumerate(legs):
            group = None
            if o in positions and isinstance(node, (Einsum, Network)):
                group = tuple(node.dims[j] for j in node.out[place])
            wires.setdefault(i, []).append((o, group))
    grouped = {
        i: ends for i, ends in wires.items() if any(g and len(g) > 1 for _, g in ends)
    }
    changed = bool(grouped)
    while changed:
        changed = False
        for ends in grouped.values():
            groups = {None if o in blocked else g for o, g in ends}
            if len(groups) > 1:
                fresh = {o for o, g in ends if g and len(g) > 1} - blocked
                blocked |= fresh
                changed = changed or bool(fresh)
    return blocked


class _Merge:
    """Union-find over the indices of a network while operands are opened."""

    __slots__ = ("fresh", "net", "opened", "parent", "split")

    def __init__(self, net: Network) -> None:
        self.net = net
        self.parent: dict[int, int] = {}
        self.split: dict[int, list[int]] = {}
        self.opened: list[tuple[Node, list[int]]] = []
        self.fresh = 1 + max(net.dims, default=0)

    def find(self, i: int) -> int:
        while i in self.parent:
            i = self.parent[i]
        return i

    def union(self, i: int, j: int) -> None:
        i, j = self.find(i), self.find(j)
        if i != j:
            self.parent[max(i, j)] = min(i, j)

    def open(self, position: int) -> None:
        """Copies one Einsum's indices in and joins its axes to the outer wires."""
        node, legs = self.net.operands[position]
        if not isinstance(node, (Einsum, Network)):
            raise InternalError("only a product can be opened")
        new = self._copied_dims(node)
        for axis, wire in zip(node.out, legs, strict=True):
            inner = [new[j] for j in axis]
            if len(inner) == 1:
                self.union(wire, inner[0])
            elif wire in self.split:
                for a, b in zip(self.split[wire], inner, strict=True):
                    self.union(a, b)
            else:
                self.split[wire] = inner
        for child, inner_legs in node.operands:
            self.opened.append((child, [new[j] for j in inner_legs]))

    def _copied_dims(self, node: Einsum | Network) -> dict[int, int]:
        """Fresh indices for those of a node that is opened."""
        old = node.dims if isinstance(node, Network) else range(len(node.dims))
        new = {j: self.fresh + k for k, j in enumerate(old)}
        self.fresh += len(new)
        for j, i in new.items():
            self.net.dims[i] = node.dims[j]
        return new

    def finish(self, positions: set[int]) -> None:
        """Writes the joined network back, coefficients of opened Sums pulled out."""
        net, find = self.net, self.find
        kept = [row for o, row in enumerate(net.operands) if o not in positions]
        net.operands = [
            (node, [find(i) for i in legs]) for node, legs in kept + self.opened
        ]
        net.out = [
            [find(j) for i in axis for j in self.split.get(i, (i,))] for axis in net.out
        ]
        gone = set(self.split)
        dims: dict[int, Size] = {}
        for i, size in net.dims.items():
            if i in gone:
                continue
            dims[find(i)] = size
        net.dims = dims


def canonical(net: Network, shape: Shape) -> Einsum:
    """Interns the network under its canonical labelling."""
    order, index_keys = _ordered(net)
    number: dict[int, int] = {}
    operands: list[Operand] = []
    for o in order:
        node, legs = net.operands[o]
        if is_symmetric(node):
            big = len(net.dims)
            legs = sorted(legs, key=lambda i: (number.get(i, big), index_keys.get(i)))
        operands.append((node, tuple(number.setdefault(i, len(number)) for i in legs)))
    out = tuple(tuple(number.setdefault(i, len(number)) for i in a) for a in net.out)
    rest = [size for i, size in net.dims.items() if i not in number and size != 1]
    rest.sort(key=size_key)
    dims = tuple(net.dims[i] for i in number) + tuple(rest)
    parts = tuple((node.digest, legs) for node, legs in operands)
    digest = digest_of("E", parts, out, shape_key(dims))
    in_out = {i for axis in out for i in axis}
    view = len(operands) < 2 and all(i in in_out for _, legs in operands for i in legs)
    fields = {
        "operands": tuple(operands),
        "out": out,
        "dims": dims,
        "view": view,
        "shape": shape,
    }
    return intern_node(Einsum, digest, operands[0][0].key[1] if operands else "", fields)


def _ordered(net: Network) -> tuple[list[int], dict[int, Any]]:
    """The canonical order of the operands; twins are labelled once."""
    rows = net.operands
    symmetric = [is_symmetric(node) for node, _ in rows]
    keys = [node.key for node, _ in rows]
    if len(set(keys)) == len(keys) and not any(symmetric):
        return sorted(range(len(rows)), key=keys.__getitem__), {}
    twins: dict[tuple[Any, tuple[int, ...]], list[int]] = {}
    for o, (_, legs) in enumerate(rows):
        seen = tuple(sorted(legs)) if symmetric[o] else tuple(legs)
        twins.setdefault((keys[o], seen), []).append(o)
    places: dict[int, list[tuple[int, int]]] = {i: [] for i in net.dims}
    for axis, group in enumerate(net.out):
        for place, i in enumerate(group):
            places[i].append((axis, place))
    names = list(net.dims)
    local = {i: position for position, i in enumerate(names)}
    graph = Contraction(
        [(key, len(same)) for (key, _), same in twins.items()],
        [tuple(local[i] for i in rows[same[0]][1]) for same in twins.values()],
        [(size_key(net.dims[i]), tuple(places[i])) for i in names],
        frozenset(p for p, same in enumerate(twins.values()) if symmetric[same[0]]),
    )
    order, index_keys = operand_order(graph)
    groups = list(twins.values())
    ranked = [o for position in order for o in groups[position]]
    return ranked, dict(zip(names, index_keys, strict=True))
