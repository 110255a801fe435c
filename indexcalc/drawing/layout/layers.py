"""Layers from left to right: every wire runs from a layer to a later one.

Boxes stand in even layers and indices in odd ones, so that a dot never stands beside a
box. Layers are those of the longest path, short strands centred against long ones. A
wire that crosses a layer has an item of its own there, so every piece of wire lies
between neighbouring layers.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from .components import Component
from .orientation import Oriented

ItemKind: TypeAlias = Literal["box", "dot", "wire", "end", "turn"]


@dataclass(frozen=True, slots=True)
class Item:
    """What takes room in a layer: a box, a dot with what hangs from it, a passing wire,
    an end at the left or right, or the turn of a wire that goes down to its end."""

    kind: ItemKind
    vertex: int
    layer: int


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of the wire of an edge, between items of neighbouring layers."""

    left: int
    right: int
    edge: int


@dataclass(frozen=True)
class Layered:
    """Items in layers; `chains` are the items along every edge from left to right, and
    `caps` the pairs of items that a wire joins by turning back, with the side that it
    turns at."""

    oriented: Oriented
    items: tuple[Item, ...]
    links: tuple[Link, ...]
    chains: dict[int, tuple[int, ...]]
    caps: tuple[tuple[int, int, int], ...]
    layers: int

    @property
    def component(self) -> Component:
        return self.oriented.component

    @cached_property
    def near(self) -> tuple[tuple[tuple[int, int, bool], ...], ...]:
        """For every item its neighbours: (item, edge, whether to the right)."""
        found: list[list[tuple[int, int, bool]]] = [[] for _ in self.items]
        for link in self.links:
            found[link.left].append((link.right, link.edge, True))
            found[link.right].append((link.left, link.edge, False))
        return tuple(map(tuple, found))

    @cached_property
    def standing(self) -> tuple[tuple[int, ...], ...]:
        """The items of every layer."""
        found: list[list[int]] = [[] for _ in range(self.layers)]
        for n, item in enumerate(self.items):
            found[item.layer].append(n)
        return tuple(map(tuple, found))

    def leads_on(self, edge: int) -> bool:
        """Whether an edge does not run straight to an end of the picture."""
        arrow = self.oriented.arrows[edge]
        return arrow is None or self.component.vertices[arrow[1]].kind != "end"

    def through(self, item: int) -> int | None:
        """The edge along which a box of several wires to the right is read on: the only
        one that runs to no end, where one wire comes in."""
        right = [edge for _, edge, rightwards in self.near[item] if rightwards]
        on = [edge for edge in right if self.leads_on(edge)]
        alone = len(self.near[item]) - len(right) == 1 == len(on) < len(right)
        return on[0] if alone and self.items[item].kind == "box" else None

    def main(self, item: int) -> bool:
        """Whether an item belongs to the spine."""
        return self.items[item].vertex in self.oriented.spine


def layered(oriented: Oriented) -> Layered:
    """The items of a component in their layers."""
    depth = _depths(oriented)
    return _with_items(oriented, _compacted(depth))


# -- depths ----------------------------------------------------------------------------


def _arrows(oriented: Oriented) -> list[tuple[int, int]]:
    return [arrow for arrow in oriented.arrows if arrow]


def _neighbours(
    arrows: list[tuple[int, int]], count: int
) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for u, v in arrows:
        after[u].append(v)
        before[v].append(u)
    return before, after


def _topological(before: list[list[int]], after: list[list[int]]) -> list[int]:
    waiting = [len(vs) for vs in before]
    order = [v for v, count in enumerate(waiting) if not count]
    for v in order:
        for w in after[v]:
            waiting[w] -= 1
            if not waiting[w]:
                order.append(w)
    return order


def _depths(oriented: Oriented) -> dict[int, int]:
    """The layer of every vertex that does not hang."""
    component, reading = oriented.component, oriented.reading
    before, after = _neighbours(_arrows(oriented), len(component.vertices))
    order = [v for v in _topological(before, after) if v not in reading.hanging]
    parity = {v: _parity(component, v) for v in order}
    first = set(component.ends_on("left"))
    early: dict[int, int] = {}
    for v in order:
        least = max((early[u] + 1 for u in before[v]), default=0)
        early[v] = 0 if v in first else _fit(least, parity[v])
    late = _latest(order, after, parity, early)
    depth = _balanced(order, before, after, early, late, parity)
    _centre(component, depth, before, after)
    ends = [v for v in component.ends_on("right") if v in depth]
    last = max((d for v, d in depth.items() if v not in ends), default=0) + 1
    return {v: last if v in ends else d for v, d in depth.items()}


def _parity(component: Component, vertex: int) -> int | None:
    """0 for what stands in even layers, 1 in odd ones, None in any."""
    match component.vertices[vertex].kind:
        case "box":
            return 0
        case "dot":
            return 1
        case "mid":
            near = [component.edges[e].other(vertex) for e in component.at[vertex]]
            kinds = {component.vertices[v].kind for v in near}
            return 1 if "box" in kinds else 0 if "dot" in kinds else None
        case "end":
            return None


def _fit(layer: int, parity: int | None, step: int = 1) -> int:
    """The next layer of a parity."""
    return layer if parity is None or layer % 2 == parity else layer + step


def _latest(
    order: list[int],
    after: list[list[int]],
    parity: Mapping[int, int | None],
    early: Mapping[int, int],
) -> dict[int, int]:
    """The last layer every vertex may have; what ends the drawing stays early."""
    late: dict[int, int] = {}
    for v in reversed(order):
        most = min((late[w] - 1 for w in after[v]), default=early[v])
        late[v] = max(early[v], _fit(most, parity[v], -1))
    return late


def _balanced(
    order: list[int],
    before: list[list[int]],
    after: list[list[int]],
    early: Mapping[int, int],
    late: Mapping[int, int],
    parity: Mapping[int, int | None],
) -> dict[int, int]:
    """Layers between the earliest and the latest, evenly spread along each strand."""
    wish: dict[int, float] = {v: float(early[v]) for v in order}
    loose = [v for v in order if early[v] < late[v] and before[v] and after[v]]
    for _ in range(20):
        for v in loose:
            middle = max(wish[u] for u in before[v]) + min(wish[w] for w in after[v])
            wish[v] = min(max(middle / 2, early[v]), late[v])
    depth: dict[int, int] = {}
    for v in order:
        least = max((depth[u] + 1 for u in before[v]), default=early[v])
        near = _fit(max(least, int(wish[v] + 0.5)), parity[v])
        over = near > least + 1 and near - 1 - wish[v] >= 0 and parity[v] is not None
        near = near - 2 if over and near - 2 >= least else near
        depth[v] = near if near <= max(late[v], least) else _fit(least, parity[v])
    return depth


def _centre(
    component: Component,
    depth: dict[int, int],
    before: list[list[int]],
    after: list[list[int]],
) -> None:
    """Moves a box alone on its strand to the middle of it, beside dots that have at
    most one wire to each side."""
    forked = {
        depth[v]
        for v in component.of_kind("dot")
        if v in depth and max(len(before[v]), len(after[v])) > 1
    }
    for v in component.of_kind("box"):
        if v in depth and len(before[v]) == len(after[v]) == 1:
            both = depth[before[v][0]] + depth[after[v][0]]
            if both % 2 == 0 and both // 2 not in forked:
                depth[v] = both // 2


def _compacted(depth: Mapping[int, int]) -> dict[int, int]:
    """Layers from 0 on, with none empty at the start."""
    first = min(depth.values())
    return {v: d - first for v, d in depth.items()}


# -- items -----------------------------------------------------------------------------


def _with_items(oriented: Oriented, depth: Mapping[int, int]) -> Layered:
    component = oriented.component
    items: list[Item] = []
    links: list[Link] = []
    own: dict[int, int] = {}
    halves: dict[int, list[int]] = {}
    split = _split(oriented, depth)
    for v in sorted(depth):
        if v not in split:
            own[v] = len(items)
            items.append(Item(_item_kind(component, v), v, depth[v]))
    chains: dict[int, tuple[int, ...]] = {}
    for e, arrow in enumerate(oriented.arrows):
        if arrow is None:
            continue
        chain: list[int] = []
        for vertex in (arrow[0], None, arrow[1]):
            if vertex is None:
                between = range(depth[arrow[0]] + 1, depth[arrow[1]])
                chain += range(len(items), len(items) + len(between))
                items += [Item("wire", -1, layer) for layer in between]
            elif vertex in own:
                chain.append(own[vertex])
            else:
                halves.setdefault(vertex, []).append(len(items))
                chain.append(len(items))
                items.append(Item("wire", vertex, depth[vertex]))
        chains[e] = tuple(chain)
        links += [Link(a, b, e) for a, b in itertools.pairwise(chain)]
    caps = tuple((h[0], h[1], split[v]) for v, h in halves.items())
    layers = max(depth.values()) + 1
    return Layered(oriented, tuple(items), tuple(links), chains, caps, layers)


def _split(oriented: Oriented, depth: Mapping[int, int]) -> dict[int, int]:
    """The middles of wires that turn back: 1 where both halves come from the left, −1
    where both leave to the right."""
    balance: dict[int, list[int]] = {}
    for arrow in _arrows(oriented):
        balance.setdefault(arrow[0], []).append(-1)
        balance.setdefault(arrow[1], []).append(1)
    return {
        v: signs[0]
        for v, signs in balance.items()
        if oriented.component.vertices[v].kind == "mid"
        and len(signs) == 2
        and signs[0] == signs[1]
        and v in depth
    }


def _item_kind(component: Component, vertex: int) -> ItemKind:
    match component.vertices[vertex].kind:
        case "box":
            return "box"
        case "dot":
            return "dot"
        case "mid":
            return "wire"
        case "end":
            return "end" if component.side(vertex) in ("left", "right") else "turn"
