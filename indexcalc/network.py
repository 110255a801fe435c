"""Networks: contractions being put together, before they become a node.

Opening a nested Einsum inside a network joins its axes to the wires they hang on. That
is union-find on indices, and it is all there is to contracting Kronecker deltas and
fusing copy tensors. `canonical` gives a finished network its canonical labelling and
interns it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .coefficients import Number
from .labelling import Contraction, operand_order, orbits
from .nodes import (
    Einsum,
    Node,
    Operand,
    digest_of,
    intern_node,
    interned,
    is_symmetric,
    shape_key,
    size_key,
)
from .sizes import Shape, Size, times

#: A product of more factors is looked up as it stands before it is labelled.
FEW = 8


class Network:
    """A contraction being put together: operands, out and dims with arbitrary
    indices."""

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
    if is_symmetric(node) and net.out == plain[::-1]:
        plain.reverse()
    if plain != net.out or len(used) != len(legs):
        return None
    if any(size != 1 for i, size in net.dims.items() if i not in used):
        return None
    return node


def inline(net: Network, chosen: Iterable[int]) -> None:
    """Replaces the chosen products by what they hold, in place: union-find on indices.

    Where a grouped axis meets an axis that is not grouped alike, the wire between them
    stays whole, and a `bundle` joins it to the indices of the group.
    """
    positions = set(chosen)
    if positions:
        merge = _Merge(net, _whole_wires(net, positions))
        for o in sorted(positions):
            merge.open(o)
        merge.finish(positions)


def join_wires(net: Network, i: int, j: int) -> None:
    """δ_ij: index j becomes i wherever it stands."""
    if i == j:
        return
    net.operands = [
        (node, [i if leg == j else leg for leg in legs]) for node, legs in net.operands
    ]
    net.out = [[i if leg == j else leg for leg in axis] for axis in net.out]
    del net.dims[j]


def drop_operands(net: Network, *places: int) -> None:
    """Removes operands by their places, in place."""
    net.operands = [row for o, row in enumerate(net.operands) if o not in places]


def join_bundles(net: Network) -> None:
    """Opens the bundles whose wires can be split by now, in place."""
    count = -1
    while True:
        bundles = [o for o, (node, _) in enumerate(net.operands) if is_bundle(node)]
        if len(bundles) in (0, count):
            return
        count = len(bundles)
        inline(net, bundles)


def bundle(sizes: Sequence[Size]) -> Einsum:
    """The grouping δ: axes ((i, j, …), i, j, …), wiring alone."""
    net = Network()
    net.dims = dict(enumerate(sizes))
    net.out = [list(net.dims), *([i] for i in net.dims)]
    return canonical(net, (times(*sizes), *sizes))


def is_bundle(node: object) -> bool:
    """Whether a node is a grouping δ."""
    if not isinstance(node, Einsum) or node.operands or len(node.out) < 3:
        return False
    group = node.out[0]
    return len(group) > 1 and node.out[1:] == tuple((i,) for i in group)


def _whole_wires(net: Network, positions: set[int]) -> set[int]:
    """The wires with a grouped end that cannot be split for all their ends alike."""
    groups: dict[int, set[tuple[Size, ...] | None]] = {}
    for o, (node, legs) in enumerate(net.operands):
        for place, i in enumerate(legs):
            group = None
            if o in positions:
                group = tuple(node.dims[j] for j in node.out[place])
            known = group is not None and len(group) != 1
            groups.setdefault(i, set()).add(group if known else None)
    return {i for i, ends in groups.items() if len(ends) > 1}


class _Merge:
    """Union-find over the indices of a network while operands are opened."""

    __slots__ = ("bundled", "fresh", "net", "opened", "parent", "split", "whole")

    def __init__(self, net: Network, whole: set[int]) -> None:
        self.net = net
        self.whole = whole
        self.parent: dict[int, int] = {}
        self.split: dict[int, list[int]] = {}
        self.bundled: dict[tuple[int, tuple[Size, ...]], list[int]] = {}
        self.opened: list[tuple[Any, list[int]]] = []
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
        """Copies one product's indices in and joins its axes to the outer wires."""
        node, legs = self.net.operands[position]
        new = self._copied_dims(node)
        for axis, wire in zip(node.out, legs, strict=True):
            inner = [new[j] for j in axis]
            if len(inner) == 1:
                self.union(wire, inner[0])
            else:
                self._join_group(wire, inner, tuple(node.dims[j] for j in axis))
        for child, inner_legs in node.operands:
            self.opened.append((child, [new[j] for j in inner_legs]))

    def _join_group(self, wire: int, inner: list[int], sizes: tuple[Size, ...]) -> None:
        if wire in self.whole:
            known = self.bundled.setdefault((wire, sizes), inner)
        else:
            known = self.split.setdefault(wire, inner)
        for a, b in zip(known, inner, strict=True):
            self.union(a, b)

    def _copied_dims(self, node: Einsum | Network) -> dict[int, int]:
        """Fresh indices for those of a node that is opened."""
        old = node.dims if isinstance(node, Network) else range(len(node.dims))
        new = {j: self.fresh + k for k, j in enumerate(old)}
        self.fresh += len(new)
        for j, i in new.items():
            self.net.dims[i] = node.dims[j]
        return new

    def finish(self, positions: set[int]) -> None:
        """Writes the joined network back, with a bundle on every wire that stays
        whole."""
        net, find = self.net, self.find
        kept = [row for o, row in enumerate(net.operands) if o not in positions]
        bundles = [
            (bundle(sizes), [wire, *inner])
            for (wire, sizes), inner in self.bundled.items()
            if sizes
        ]
        net.operands = [
            (node, [find(i) for i in legs])
            for node, legs in kept + self.opened + bundles
        ]
        net.out = [
            [find(j) for i in axis for j in self.split.get(i, (i,))] for axis in net.out
        ]
        net.dims = {
            find(i): size for i, size in net.dims.items() if i not in self.split
        }


def canonical(net: Network, shape: Shape) -> Einsum:
    """Interns the network under its canonical labelling."""
    order = _order_by_keys(net)
    if order is not None:
        operands, out, dims = _arranged(net, order, {})
    elif (found := _as_it_stands(net)) is not None:
        return found
    else:
        operands, out, dims = _arranged(net, *_ordered(net))
    in_out = {i for axis in out for i in axis}
    view = len(operands) < 2 and all(i in in_out for _, legs in operands for i in legs)
    fields = {
        "operands": operands,
        "out": out,
        "dims": dims,
        "view": view,
        "shape": shape,
    }
    label = operands[0][0].key[1] if operands else ""
    return intern_node(Einsum, _digest(operands, out, dims), label, fields)


def _order_by_keys(net: Network) -> list[int] | None:
    """The canonical order where the operands are different nodes, none symmetric."""
    keys = [node.key for node, _ in net.operands]
    if len(set(keys)) < len(keys) or any(is_symmetric(e) for e, _ in net.operands):
        return None
    return sorted(range(len(keys)), key=keys.__getitem__)


def _as_it_stands(net: Network) -> Einsum | None:
    """The node of a network of many operands that is arranged canonically already."""
    if len(net.operands) <= FEW:
        return None
    known: Einsum | None
    known = interned(_digest(*_arranged(net, range(len(net.operands)), {})))
    return known


def _arranged(
    net: Network, order: Iterable[int], index_keys: Mapping[int, Any]
) -> tuple[tuple[Operand, ...], tuple[tuple[int, ...], ...], tuple[Size, ...]]:
    """Operands in an order, out and dims, the indices numbered as they are met."""
    number: dict[int, int] = {}
    operands: list[Operand] = []
    for o in order:
        node, legs = net.operands[o]
        if is_symmetric(node):
            big = len(net.dims)
            key = {i: (number.get(i, big), index_keys.get(i, ())) for i in legs}
            legs = sorted(legs, key=key.__getitem__)
        operands.append((node, tuple(number.setdefault(i, len(number)) for i in legs)))
    out = tuple(tuple(number.setdefault(i, len(number)) for i in a) for a in net.out)
    rest = [size for i, size in net.dims.items() if i not in number and size != 1]
    rest.sort(key=size_key)
    return tuple(operands), out, (*(net.dims[i] for i in number), *rest)


def _digest(
    operands: tuple[Operand, ...],
    out: tuple[tuple[int, ...], ...],
    dims: tuple[Size, ...],
) -> bytes:
    parts = tuple((node.digest, legs) for node, legs in operands)
    return digest_of("E", parts, out, shape_key(dims))


def alike(node: Einsum) -> list[int]:
    """For every operand of a product the first that is exchangeable with it: an
    automorphism that keeps the result maps one onto the other, leg for leg."""
    rows = [(child, list(legs)) for child, legs in node.operands]
    found = list(range(len(rows)))
    graph, groups, _ = _graph(rows, node.out, dict(enumerate(node.dims)))
    for same, first in zip(groups, orbits(graph), strict=True):
        for o in same:
            found[o] = groups[first][0]
    return found


def _ordered(net: Network) -> tuple[list[int], dict[int, Any]]:
    """The canonical order of operands some of which are equal or symmetric."""
    graph, groups, names = _graph(net.operands, net.out, net.dims)
    order, index_keys = operand_order(graph)
    ranked = [o for position in order for o in groups[position]]
    return ranked, dict(zip(names, index_keys, strict=True))


def _graph(
    rows: Sequence[tuple[Any, list[int]]],
    out: Iterable[Iterable[int]],
    dims: Mapping[int, Size],
) -> tuple[Contraction, list[list[int]], list[int]]:
    """What is labelled: operands that are equal on equal legs count as one. With it
    the operands in each, and the indices."""
    symmetric = [is_symmetric(node) for node, _ in rows]
    twins: dict[tuple[Any, tuple[int, ...]], list[int]] = {}
    for o, (node, legs) in enumerate(rows):
        seen = tuple(sorted(legs)) if symmetric[o] else tuple(legs)
        twins.setdefault((node.key, seen), []).append(o)
    places: dict[int, list[tuple[int, int]]] = {i: [] for i in dims}
    for axis, group in enumerate(out):
        for place, i in enumerate(group):
            places[i].append((axis, place))
    names = list(dims)
    local = {i: position for position, i in enumerate(names)}
    groups = list(twins.values())
    graph = Contraction(
        [(key, len(same)) for (key, _), same in twins.items()],
        [tuple(local[i] for i in rows[same[0]][1]) for same in groups],
        [(size_key(dims[i]), tuple(places[i])) for i in names],
        frozenset(p for p, same in enumerate(groups) if symmetric[same[0]]),
    )
    return graph, groups, names
