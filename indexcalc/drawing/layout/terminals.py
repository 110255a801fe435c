"""Where the reading of a component starts and ends, and what hangs from its dots.

A component with a left and a right end is read from one to the other; where one is
missing, to what lies farthest away; a closed one from vector to vector, from hub to
hub, or, where it is a ring, from one side of a cut wire round to the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from .components import Component, Vertex


@dataclass(frozen=True)
class Reading:
    """`hanging` says for vectors and ends below from which dot they hang; `cut` are the
    two halves of the wire where a ring was cut, the left one first."""

    component: Component
    sources: tuple[int, ...]
    sinks: tuple[int, ...]
    hanging: dict[int, int] = field(default_factory=dict)
    cut: tuple[int, int] | None = None


def readings(component: Component) -> list[Reading]:
    """The readings to choose from: one, or a closed component's two directions."""
    left, right = component.ends_on("left"), component.ends_on("right")
    below = component.ends_on("bottom", "top")
    if left and right:
        return [_with_hanging(component, left, right)]
    if left:
        return [_with_hanging(component, left, [_farthest(component, left)])]
    if right:
        return [_with_hanging(component, [_farthest(component, right)], right)]
    leading = [v for v in below if _leads_to(component, v)]
    if leading:
        first, second = _far_apart(component, leading)
        return [_with_hanging(component, [first], [second])]
    ring = _ring(component)
    if ring:
        return [ring]
    first, second = _poles(component)
    return [
        _with_hanging(component, [first], [second]),
        _with_hanging(component, [second], [first]),
    ]


def distances(component: Component, starts: Iterable[int]) -> dict[int, int]:
    """How many edges every vertex lies from the nearest start."""
    found = dict.fromkeys(starts, 0)
    queue = list(found)
    for vertex in queue:
        for e in component.at[vertex]:
            other = component.edges[e].other(vertex)
            if other not in found:
                found[other] = found[vertex] + 1
                queue.append(other)
    return found


def _hangers(component: Component) -> dict[int, int]:
    """The vectors on dots with three legs or more, and the dot of each."""
    found = {}
    for vertex in component.of_kind("box"):
        if component.is_vector(vertex) and len(component.at[vertex]) == 1:
            near = component.edges[component.at[vertex][0]].other(vertex)
            if component.vertices[near].kind == "dot" and len(component.at[near]) > 2:
                found[vertex] = near
    return found


def _with_hanging(
    component: Component, sources: list[int], sinks: list[int]
) -> Reading:
    poles = {*sources, *sinks}
    hanging = {v: d for v, d in _hangers(component).items() if v not in poles}
    for end in component.ends_on("bottom", "top"):
        near = component.edges[component.at[end][0]].other(end)
        if end not in poles and component.vertices[near].kind == "dot":
            hanging[end] = near
    return Reading(component, tuple(sources), tuple(sinks), hanging)


def _farthest(component: Component, starts: list[int]) -> int:
    """The vertex farthest from the starts that may be the other pole; where that is a
    dot with one vector, the vector."""
    far = distances(component, starts)
    hung = _hangers(component)
    allowed = [v for v in far if v not in starts and v not in hung]
    inside = [v for v in allowed if component.vertices[v].kind != "end"]
    wanted = [v for v in allowed if _may_end(component, v)] or inside or starts[:1]
    found = max(wanted, key=lambda v: (far[v], *_preference(component, v)))
    vectors = [v for v, dot in hung.items() if dot == found]
    return vectors[0] if len(vectors) == 1 and not _falls(component, found) else found


def _falls(component: Component, dot: int) -> bool:
    """Whether a dot has an end below."""
    near = [component.edges[e].other(dot) for e in component.at[dot]]
    return any(component.vertices[v].kind == "end" for v in near)


def _may_end(component: Component, vertex: int) -> bool:
    legs = len(component.at[vertex])
    match component.vertices[vertex].kind:
        case "box":
            return legs != 2 and component.box(vertex).kind != "wedge"
        case "end":
            return _leads_to(component, vertex)
        case _:
            return True


def _leads_to(component: Component, end: int) -> bool:
    """Whether an end below is where its index ends, and not one leg of a dot from
    which the reading goes on."""
    near = component.edges[component.at[end][0]].other(end)
    hung = _hangers(component)
    others = [component.edges[e].other(near) for e in component.at[near]]
    going_on = [v for v in others if v != end and v not in hung]
    dot = component.vertices[near].kind == "dot"
    below = component.side(end) in ("bottom", "top")
    return below and not (dot and len(going_on) > 1)


def _preference(component: Component, vertex: int) -> tuple[int, int]:
    """Between vertices that are equally far: ends, vectors, the first written."""
    kind = component.vertices[vertex].kind
    rank = {"end": 2, "box": 1}.get(kind, 0)
    return (rank, -vertex)


def _far_apart(component: Component, vertices: list[int]) -> tuple[int, int]:
    """Two of some vertices that lie far apart, with few legs, the first of them before
    the second; or the only one and what lies farthest from it."""
    if len(vertices) == 1:
        return vertices[0], _farthest(component, vertices)
    place = {v: n for n, v in enumerate(vertices)}
    starts = [vertices[0]]
    for _ in range(3):
        starts.append(_next_pole(component, starts[-1], place))
    first, second = sorted(starts[-2:], key=place.__getitem__)
    return first, second


def _next_pole(component: Component, start: int, place: dict[int, int]) -> int:
    """The farthest of some vertices, that with the fewest legs, the first of those."""
    far = distances(component, [start])
    others = [v for v in place if v != start]
    legs = component.at
    return min(others, key=lambda v: (-far[v], len(legs[v]), place[v]))


def _poles(component: Component) -> tuple[int, int]:
    """Where a closed component that is no ring starts and ends."""
    order = sorted(range(len(component.vertices)), key=component.reads)
    legs = [len(at) for at in component.at]
    boxes = [v for v in order if component.vertices[v].kind == "box"]
    dots = [v for v in order if component.vertices[v].kind == "dot"]
    choices: tuple[Collection[int], ...] = (
        [v for v in boxes if legs[v] == 1],
        [v for v in dots if legs[v] > 2],
        [v for v in order if _may_end(component, v)] if not dots else [],
        dots,
        order,
    )
    return _far_apart(component, list(next(filter(None, choices))))


def _ring(component: Component) -> Reading | None:
    """A closed chain of matrices, cut where the product is written to start."""
    if any(len(at) != 2 for at in component.at) or not component.of_kind("mid"):
        return None
    start = component.of_kind("box")[0] if component.of_kind("box") else -1
    if start < 0:
        return None
    forwards = _walk(component, start, 1)
    turned = sum(enters == 1 for _, enters in forwards)
    first = 0 if 2 * turned <= len(forwards) else 1
    edge = _edge_at(component, start, first)
    mid = component.edges[edge].other(start)
    if component.vertices[mid].kind != "mid":
        return None
    return _cut(component, mid, edge)


def _edge_at(component: Component, box: int, port: int) -> int:
    """The edge at a port of a box."""
    return next(e for e in component.at[box] if component.edges[e].port_at(box) == port)


def _walk(component: Component, start: int, port: int) -> list[tuple[int, int]]:
    """The boxes of a ring from one of them, left by a port, with where each is entered.

    A loop of one box is met once.
    """
    found = [(start, 1 - port)]
    edge = _edge_at(component, start, port)
    vertex = component.edges[edge].other(start)
    while vertex != start:
        edge = next(e for e in component.at[vertex] if e != edge)
        nearer = component.edges[edge]
        vertex = nearer.other(vertex)
        if vertex != start and component.vertices[vertex].kind == "box":
            found.append((vertex, nearer.port_at(vertex)))
    return found


def _cut(component: Component, mid: int, kept: int) -> Reading:
    """A ring cut at a wire: the half with the kept edge is the left one."""
    other = next(e for e in component.at[mid] if e != kept)
    copy = len(component.vertices)
    edge = component.edges[other]
    edge = replace(edge, tail=copy) if edge.tail == mid else replace(edge, head=copy)
    edges = list(component.edges)
    edges[other] = edge
    vertices = (*component.vertices, Vertex("mid", component.vertices[mid].number, 1))
    opened = replace(component, vertices=vertices, edges=tuple(edges))
    return Reading(opened, (mid,), (copy,), {}, (mid, copy))
