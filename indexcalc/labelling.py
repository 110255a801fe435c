"""Canonical order of the operands of a contraction; knows no expressions.

A contraction is a coloured hypergraph: operands are coloured hyperedges with ordered
legs (or, where the operand is symmetric, unordered ones), indices are coloured
vertices. Two contractions that differ only by the names of indices and the order of
operands get the same canonical form. The method is colour refinement, then
individualisation on ties with pruning by the automorphisms met on the way, component
by component. Work is capped: beyond the cap the order is deterministic but may depend
on the order given, so that two equal graphs may be told apart, and two different ones
never confused.

>>> chain = Contraction(["A", "A"], [(0, 1), (1, 2)], [(0,), (), (1,)])
>>> turned = Contraction(["A", "A"], [(1, 2), (0, 1)], [(0,), (), (1,)])
>>> operand_order(chain)[0], operand_order(turned)[0]
([1, 0], [0, 1])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

WORK_CAP = 300_000


@dataclass(slots=True)
class Contraction:
    """What is labelled: a colour and legs for every operand, a colour for every index.

    Colours of one kind must be comparable with each other. `unordered` holds the
    operands whose legs may be exchanged.
    """

    operand_colours: Sequence[Any]
    legs: Sequence[tuple[int, ...]]
    index_colours: Sequence[Any]
    unordered: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Search:
    """One component under search: the best leaf so far and the work that is left."""

    graph: Contraction
    work: int
    best: tuple[Any, ...] | None = None
    best_order: list[int] = field(default_factory=list)
    best_numbers: dict[int, int] = field(default_factory=dict)
    automorphisms: list[dict[int, int]] = field(default_factory=list)


Colouring = tuple[list[int], list[int]]


def operand_order(graph: Contraction) -> tuple[list[int], list[Any]]:
    """The canonical order of the operands, and a sort key of every index.

    Operands and indices that remain tied are exchangeable by an automorphism.
    """
    operands, indices = _refine(graph)[0]
    place: list[tuple[int, int]] = [(0, 0)] * len(operands)
    number: list[tuple[int, int]] = [(0, 0)] * len(indices)
    searches = [
        (members, wires, _settle(graph, operands, indices, members, wires))
        for members, wires in _tied_components(graph, operands, indices)
    ]
    searches.sort(key=lambda item: item[2].best or ())
    for rank, (members, wires, search) in enumerate(searches):
        for position, local in enumerate(search.best_order):
            place[members[local]] = (rank, position)
        for local, position in search.best_numbers.items():
            number[wires[local]] = (rank, position)
    order = sorted(range(len(operands)), key=lambda o: (operands[o], place[o]))
    return order, list(zip(indices, number, strict=True))


def _ranks(keys: Sequence[Any]) -> list[int]:
    rank = {key: i for i, key in enumerate(sorted(set(keys)))}
    return [rank[key] for key in keys]


def _refine(graph: Contraction) -> tuple[Colouring, int]:
    """The coarsest stable refinement of the colours, and the work it took."""
    operands, indices = _ranks(graph.operand_colours), _ranks(graph.index_colours)
    classes, work = -1, 0
    while True:
        seen = len(set(operands)) + len(set(indices))
        if seen == classes or seen == len(operands) + len(indices):
            return (operands, indices), work
        classes = seen
        work += len(operands) + len(indices)
        operands = _ranks(_operand_keys(graph, operands, indices))
        indices = _ranks(_index_keys(graph, operands, indices))


def _operand_keys(
    graph: Contraction, operands: list[int], indices: list[int]
) -> list[tuple[int, list[int]]] | list[Any]:
    keys = []
    for o, legs in enumerate(graph.legs):
        around = [indices[i] for i in legs]
        if o in graph.unordered:
            around.sort()
        keys.append((operands[o], *around))
    return keys


def _index_keys(
    graph: Contraction, operands: list[int], indices: list[int]
) -> list[Any]:
    around: list[list[tuple[int, int]]] = [[] for _ in indices]
    for o, legs in enumerate(graph.legs):
        ordered = o not in graph.unordered
        for place, i in enumerate(legs):
            around[i].append((operands[o], place if ordered else 0))
    return [
        (colour, tuple(sorted(near)))
        for colour, near in zip(indices, around, strict=True)
    ]


def _tied_components(
    graph: Contraction, operands: list[int], indices: list[int]
) -> list[tuple[list[int], list[int]]]:
    """Groups of tied operands that hang together by tied indices."""
    operand_count, index_count = Counter(operands), Counter(indices)
    pool = [o for o, colour in enumerate(operands) if operand_count[colour] > 1]
    by_index: dict[int, list[int]] = {}
    for o in pool:
        for i in graph.legs[o]:
            if index_count[indices[i]] > 1:
                by_index.setdefault(i, []).append(o)
    return [
        (component, sorted({i for o in component for i in graph.legs[o]}))
        for component in _connected(graph, pool, by_index)
    ]


def _connected(
    graph: Contraction, pool: Sequence[int], by_index: dict[int, list[int]]
) -> list[list[int]]:
    components: list[list[int]] = []
    done: set[int] = set()
    for start in pool:
        if start in done:
            continue
        component, stack = [], [start]
        done.add(start)
        while stack:
            o = stack.pop()
            component.append(o)
            near = dict.fromkeys(p for i in graph.legs[o] for p in by_index.get(i, ()))
            fresh = [p for p in near if p not in done]
            done.update(fresh)
            stack.extend(fresh)
        components.append(sorted(component))
    return components


def _settle(
    graph: Contraction,
    operands: list[int],
    indices: list[int],
    members: list[int],
    wires: list[int],
) -> _Search:
    """The best order inside one component, all else being fixed."""
    local = {i: position for position, i in enumerate(wires)}
    part = Contraction(
        [operands[o] for o in members],
        [tuple(local[i] for i in graph.legs[o]) for o in members],
        [indices[i] for i in wires],
        frozenset(p for p, o in enumerate(members) if o in graph.unordered),
    )
    search = _Search(part, WORK_CAP)
    _explore(search)
    return search


def _explore(search: _Search) -> None:
    """Depth first through the individualisations."""
    first = (list(search.graph.operand_colours), list(search.graph.index_colours))
    stack: list[tuple[Colouring, tuple[int, ...]]] = [(first, ())]
    tried: dict[tuple[int, ...], list[int]] = {}
    while stack:
        parent, prefix = stack.pop()
        if search.work <= 0 and search.best is not None:
            return
        if _redundant(search, prefix, tried):
            continue
        colouring = _individualise(search, parent, prefix[-1]) if prefix else parent
        cell = _smallest_cell(colouring[0])
        if cell:
            stack.extend((colouring, (*prefix, o)) for o in reversed(cell))
        else:
            _leaf(search, colouring)


def _redundant(
    search: _Search, prefix: tuple[int, ...], tried: dict[tuple[int, ...], list[int]]
) -> bool:
    """Whether an automorphism that fixes the path maps a tried choice onto this one."""
    if not prefix:
        return False
    path, chosen = prefix[:-1], prefix[-1]
    before = tried.setdefault(path, [])
    fixing = [a for a in search.automorphisms if all(a[o] == o for o in path)]
    orbit, frontier = {chosen}, [chosen]
    while frontier and before:
        o = frontier.pop()
        images = {a[o] for a in fixing} - orbit
        orbit |= images
        frontier.extend(images)
    if not orbit.isdisjoint(before):
        return True
    before.append(chosen)
    return False


def _smallest_cell(colours: list[int]) -> list[int]:
    cells: dict[int, list[int]] = {}
    for o, colour in enumerate(colours):
        cells.setdefault(colour, []).append(o)
    open_ = [(len(cell), colour) for colour, cell in cells.items() if len(cell) > 1]
    return cells[min(open_)[1]] if open_ else []


def _individualise(search: _Search, colouring: Colouring, chosen: int) -> Colouring:
    graph = search.graph
    operands = [2 * colour + 1 for colour in colouring[0]]
    operands[chosen] -= 1
    part = Contraction(operands, graph.legs, colouring[1], graph.unordered)
    refined, work = _refine(part)
    search.work -= work + len(operands)
    return refined


def _leaf(search: _Search, colouring: Colouring) -> None:
    graph = search.graph
    order = sorted(range(len(graph.legs)), key=colouring[0].__getitem__)
    number: dict[int, int] = {}
    rows = []
    for o in order:
        legs = graph.legs[o]
        if o in graph.unordered:
            legs = tuple(sorted(legs, key=colouring[1].__getitem__))
        named = [
            (graph.index_colours[i], number.setdefault(i, len(number))) for i in legs
        ]
        rows.append((graph.operand_colours[o], named))
    certificate = tuple(rows)
    if search.best is None or certificate < search.best:
        search.best, search.best_order, search.best_numbers = certificate, order, number
    elif certificate == search.best:
        there = dict(zip(search.best_order, order, strict=True))
        search.automorphisms += [there, {b: a for a, b in there.items()}]
