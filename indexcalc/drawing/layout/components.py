"""The connected components of a network, as graphs of boxes and indices.

A vertex is a box, a dot, the middle of a wire between two boxes (or two dots, two
ends), or a free end; so that boxes and indices alternate along every path. An edge is a
wire, or half of one, from its first place towards its second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from ...diagrams.model import Box, End, Network, Picture, Place
from ..faces import compact, face_of
from ..placed import Side

VertexKind: TypeAlias = Literal["box", "dot", "mid", "end"]

#: The side of every end, by its number.
Sides: TypeAlias = Mapping[int, Side]


@dataclass(frozen=True, slots=True)
class Vertex:
    """`number` is that of the box, dot, wire or end in its list; `port` that of the
    index in a grouped end."""

    kind: VertexKind
    number: int
    port: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """A wire from place to place; `ports` are those of the boxes it meets, else −1."""

    tail: int
    head: int
    wire: int
    ports: tuple[int, int]

    def other(self, vertex: int) -> int:
        """The vertex at the other side."""
        return self.head if vertex == self.tail else self.tail

    def port_at(self, vertex: int) -> int:
        """The port at the box that is one of the two vertices."""
        return self.ports[0] if vertex == self.tail else self.ports[1]


@dataclass(frozen=True)
class Component:
    """A connected component. `drops` are the wires from a port on the bottom of a box
    straight down to an end."""

    network: Network
    sides: Sides
    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    drops: tuple[int, ...] = ()

    @cached_property
    def at(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the edges at every vertex, in order; a loop twice."""
        found: list[list[int]] = [[] for _ in self.vertices]
        for e, edge in enumerate(self.edges):
            found[edge.tail].append(e)
            found[edge.head].append(e)
        return tuple(map(tuple, found))

    @cached_property
    def place(self) -> dict[tuple[str, int, int], int]:
        """The number of a vertex by its kind, number and port."""
        return {(v.kind, v.number, v.port): n for n, v in enumerate(self.vertices)}

    def box(self, vertex: int) -> Box:
        """The box at a vertex."""
        return self.network.boxes[self.vertices[vertex].number]

    def of_kind(self, kind: VertexKind) -> list[int]:
        """The vertices of a kind, in order."""
        return [n for n, v in enumerate(self.vertices) if v.kind == kind]

    def ends_on(self, *sides: Side) -> list[int]:
        """The ends on these sides, in the order of the picture."""
        found = [n for n in self.of_kind("end") if self.side(n) in sides]
        return sorted(found, key=lambda n: self.end_key(n))

    def side(self, vertex: int) -> Side:
        """The side of an end."""
        return self.sides[self.vertices[vertex].number]

    @cached_property
    def _rank(self) -> dict[int, int]:
        return {number: n for n, number in enumerate(self.sides)}

    def end_key(self, vertex: int) -> tuple[int, int]:
        """The place of an end in the order in which the sides are told."""
        return (self._rank[self.vertices[vertex].number], self.vertices[vertex].port)

    def is_vector(self, vertex: int) -> bool:
        """Whether it is a box of one leg that is drawn as a circle."""
        return self.vertices[vertex].kind == "box" and (
            face_of(self.box(vertex)).form == "vector"
        )

    def reads(self, vertex: int) -> tuple[int, int]:
        """Where a vertex stands in the order in which the product is written."""
        v = self.vertices[vertex]
        if v.kind == "box":
            return (v.number, 0)
        near = [self.edges[e].other(vertex) for e in self.at[vertex]]
        boxes = [self.vertices[n] for n in near if self.vertices[n].kind == "box"]
        return (min((b.number for b in boxes), default=len(self.network.boxes)), 1)


def bottom_ports(box: Box) -> frozenset[int]:
    """The ports of a frame that leave downwards: those of variables."""
    if not box.contents or compact(box):
        return frozenset()
    content = box.contents[0]
    below = {k for k in range(box.passing) if _goes_down(content, k)}
    own = range(box.passing, len(box.ports)) if box.kind == "loop" else ()
    return frozenset(below.union(own))


def _goes_down(content: Picture, number: int) -> bool:
    """Whether an end of a picture is a variable's, or comes from the bottom of a frame
    in every term."""
    if content.ends[number].role == "variable":
        return True
    return bool(content.terms) and all(
        _at_a_bottom(network, number) for _, network in content.terms
    )


def _at_a_bottom(network: Network, number: int) -> bool:
    for wire in network.wires:
        for end, place in (wire.places, wire.places[::-1]):
            if end == ("end", number, 0) and place[0] == "box":
                return place[2] in bottom_ports(network.boxes[place[1]])
    return False


def components(network: Network, ends: Sequence[End], sides: Sides) -> list[Component]:
    """The components of a network in the order of its boxes, dots and wires."""
    root: dict[Place, Place] = {}
    for place in _places(network):
        root[place] = place
    for wire in network.wires:
        first, second = (_root(root, _node(place)) for place in wire.places)
        root[max(first, second, key=_order)] = min(first, second, key=_order)
    members: dict[Place, list[Place]] = {}
    for place in root:
        members.setdefault(_root(root, place), []).append(place)
    wires: dict[Place, list[int]] = {}
    for w, wire in enumerate(network.wires):
        wires.setdefault(_root(root, _node(wire.places[0])), []).append(w)
    return [
        _component(network, sides, members[key], wires.get(key, [])) for key in members
    ]


_KINDS: dict[str, int] = {"box": 0, "dot": 1, "end": 2}


def _order(place: Place) -> tuple[int, int, int]:
    return (_KINDS[place[0]], place[1], place[2])


def _node(place: Place) -> Place:
    """A place without the port of a box."""
    return place if place[0] == "end" else (place[0], place[1], 0)


def _places(network: Network) -> list[Place]:
    """Every box, dot and end that a wire meets."""
    found: list[Place] = [("box", b, 0) for b in range(len(network.boxes))]
    found += [("dot", d, 0) for d in range(len(network.dots))]
    ends = {p for wire in network.wires for p in wire.places if p[0] == "end"}
    return found + sorted(ends, key=_order)


def _root(root: dict[Place, Place], place: Place) -> Place:
    while root[place] != place:
        root[place] = root[root[place]]
        place = root[place]
    return place


def _component(
    network: Network, sides: Sides, members: Sequence[Place], wires: Sequence[int]
) -> Component:
    drops = [w for w in wires if _is_drop(network, w, sides)]
    fallen = {place for w in drops for place in network.wires[w].places}
    kept = [m for m in members if m[0] != "end" or m not in fallen]
    vertices = [Vertex(*member) for member in kept]
    place = {member: n for n, member in enumerate(kept)}
    edges: list[Edge] = []
    for w in wires:
        if w in drops:
            continue
        a, b = network.wires[w].places
        tail, head = place[_node(a)], place[_node(b)]
        ports = (_port(a), _port(b))
        if frozenset((a[0], b[0])) in _ADJACENT:
            edges.append(Edge(tail, head, w, ports))
            continue
        vertices.append(Vertex("mid", w))
        mid = len(vertices) - 1
        edges += [
            Edge(tail, mid, w, (ports[0], -1)),
            Edge(mid, head, w, (-1, ports[1])),
        ]
    return Component(network, sides, tuple(vertices), tuple(edges), tuple(drops))


#: What a wire joins without a vertex in its middle.
_ADJACENT = frozenset(map(frozenset, (("box", "dot"), ("box", "end"), ("dot", "end"))))


def _port(place: Place) -> int:
    return place[2] if place[0] == "box" else -1


def _is_drop(network: Network, wire: int, sides: Sides) -> bool:
    """Whether a wire goes from a port on the bottom of a box to an end below."""
    a, b = network.wires[wire].places
    box, end = (a, b) if a[0] == "box" else (b, a)
    return (
        box[0] == "box"
        and end[0] == "end"
        and sides[end[1]] == "bottom"
        and box[2] in bottom_ports(network.boxes[box[1]])
    )
