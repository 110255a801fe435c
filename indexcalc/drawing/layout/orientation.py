"""Which way every wire of a component runs: from the left to the right.

Between the two poles the vertices stand at the potentials of an electric network, so
that each has wires to both sides and none runs back; what hangs on a cut vertex is read
from there to what lies farthest away in it, in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx
import numpy as np

from .components import Component
from .terminals import Reading, readings

_LEFT, _RIGHT = -1, -2


@dataclass(frozen=True)
class Oriented:
    """A reading with its wires directed: (from, to) for every edge, None for those that
    hang; `spine` are the vertices between the poles."""

    reading: Reading
    arrows: tuple[tuple[int, int] | None, ...]
    spine: frozenset[int]

    @property
    def component(self) -> Component:
        return self.reading.component


def oriented(component: Component) -> Oriented:
    """The best reading of a component, directed: that with the fewest boxes whose first
    index is at the right."""
    return min(map(_directed, readings(component)), key=_turned)


def _turned(o: Oriented) -> int:
    """How many matrices are read from their second index to their first."""
    component = o.component
    count = 0
    for e, arrow in enumerate(o.arrows):
        if arrow is None:
            continue
        tail, head = arrow
        for vertex, port in ((tail, 0), (head, 1)):
            if component.vertices[vertex].kind == "box":
                legs = len(component.box(vertex).ports)
                count += legs == 2 and component.edges[e].port_at(vertex) == port
    return count


def _directed(reading: Reading) -> Oriented:
    component = reading.component
    graph = nx.Graph()
    kept = [v for v in range(len(component.vertices)) if v not in reading.hanging]
    graph.add_nodes_from(kept)
    for edge in component.edges:
        if edge.tail in graph and edge.head in graph and edge.tail != edge.head:
            graph.add_edge(edge.tail, edge.head)
    rank: dict[tuple[int, int], bool] = {}
    spine: frozenset[int] = frozenset()
    todo = [(graph, reading.sources, reading.sinks)]
    while todo:
        part, sources, sinks = todo.pop()
        inner, potential = _between(component, part, sources, sinks)
        spine = spine or frozenset(inner)
        for u, v in part.subgraph(inner).edges:
            rank[u, v] = (potential[u], u) < (potential[v], v)
            rank[v, u] = not rank[u, v]
        todo += _hanging_parts(component, part, inner)
    arrows = [_arrow(edge.tail, edge.head, rank) for edge in component.edges]
    return Oriented(reading, tuple(arrows), spine)


def _arrow(
    tail: int, head: int, rank: dict[tuple[int, int], bool]
) -> tuple[int, int] | None:
    if (tail, head) not in rank:
        return None
    return (tail, head) if rank[tail, head] else (head, tail)


def _between(
    component: Component,
    graph: nx.Graph,
    sources: Iterable[int],
    sinks: Iterable[int],
) -> tuple[list[int], dict[int, float]]:
    """The vertices on simple paths between the poles, with their potentials."""
    closed = graph.copy()
    closed.add_edges_from((_LEFT, v) for v in sources)
    closed.add_edges_from((_RIGHT, v) for v in sinks)
    closed.add_edge(_LEFT, _RIGHT)
    block = next(
        b for b in nx.biconnected_components(closed) if _LEFT in b and _RIGHT in b
    )
    closed.remove_edge(_LEFT, _RIGHT)
    inner = sorted(v for v in block if v >= 0)
    return inner, _potentials(component, closed, inner)


def _potentials(
    component: Component, graph: nx.Graph, inner: list[int]
) -> dict[int, float]:
    """The potentials of a network of equal resistors. Hubs are drawn a little to the
    order of the product, so that no two neighbours stand at the same one."""
    place = {v: n for n, v in enumerate(inner)}
    known = {*place, _LEFT, _RIGHT}
    matrix = np.zeros((len(inner), len(inner)))
    given = np.zeros(len(inner))
    for u, v in graph.edges:
        if u not in known or v not in known:
            continue
        for a, b in ((u, v), (v, u)):
            if a >= 0:
                matrix[place[a], place[a]] += 1
                if b >= 0:
                    matrix[place[a], place[b]] -= 1
                given[place[a]] += b == _RIGHT
    hubs = [v for v in inner if len(graph[v]) > 2]
    for rank, v in enumerate(sorted(hubs, key=component.reads)):
        matrix[place[v], place[v]] += _PULL
        given[place[v]] += _PULL * (rank + 1) / (len(hubs) + 1)
    values = np.linalg.solve(matrix, given)
    return {v: round(float(values[place[v]]), 9) for v in inner}


#: How strongly a hub is drawn to its place in the product.
_PULL = 1e-4


def _hanging_parts(
    component: Component, graph: nx.Graph, inner: list[int]
) -> list[tuple[nx.Graph, tuple[int, ...], tuple[int, ...]]]:
    """What is left beside the spine, each part with the vertex where it hangs."""
    rest = graph.copy()
    rest.remove_nodes_from(inner)
    kept = set(inner)
    found: list[tuple[nx.Graph, tuple[int, ...], tuple[int, ...]]] = []
    for part in sorted(nx.connected_components(rest), key=min):
        root = min(w for v in part for w in graph[v] if w in kept)
        piece = graph.subgraph([*part, root]).copy()
        found.append((piece, (root,), (_end_of(component, piece, root),)))
    return found


def _end_of(component: Component, part: nx.Graph, root: int) -> int:
    """Where the reading of a hanging part ends."""
    far = nx.single_source_shortest_path_length(part, root)
    two = [v for v in far if v != root and _passable(component, part, v)]
    wanted = two or [v for v in far if v != root]
    return max(wanted, key=lambda v: (far[v], -v))


def _passable(component: Component, part: nx.Graph, vertex: int) -> bool:
    return component.vertices[vertex].kind != "box" or len(part[vertex]) != 2
