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

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any

from .errors import BudgetError
from .unions import Unions

#: How much one component is searched, and all of what one pass labels.
WORK_CAP, PASS_CAP = 300_000, 3_000_000


class _Meter(threading.local):
    """The work that is left to the pass that a thread is in; without end outside."""

    left: float = inf


_meter = _Meter()


@contextmanager
def metered() -> Iterator[None]:
    """One pass over an expression: a pass inside it shares its budget.

    Labelling raises `BudgetError` in it beyond `PASS_CAP`.
    """
    if _meter.left < inf:
        yield
        return
    _meter.left = PASS_CAP
    try:
        yield
    finally:
        _meter.left = inf


def _spend(work: int) -> None:
    _meter.left -= work
    if _meter.left < 0:
        raise BudgetError(
            "the products in this have too many equal factors for these to be put in "
            "order in time",
            hint="give equal factors different names and substitute afterwards, or "
            "take a part of the expression",
        )


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
    """One component under search: the best leaf so far, the work that is left, and
    whether it was cut short. An automorphism tells the operands that it moves, and
    where every index goes."""

    graph: Contraction
    work: int
    cut: bool = False
    best: tuple[Any, ...] | None = None
    best_order: list[int] = field(default_factory=list)
    best_numbers: dict[int, int] = field(default_factory=dict)
    automorphisms: list[tuple[dict[int, int], dict[int, int]]] = field(
        default_factory=list
    )
    classes: list[int] = field(default_factory=list)


Colouring = tuple[list[int], list[int]]


def operand_order(graph: Contraction) -> tuple[list[int], list[Any]]:
    """The canonical order of the operands, and a sort key of every index.

    Operands and indices that remain tied are exchangeable by an automorphism.
    """
    operands, indices = _told_apart(graph)
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


def orbits(graph: Contraction) -> list[int]:
    """For every operand the first one that an automorphism maps onto it, leg for leg.

    Those that the search met are counted; there may be more. Components of one form on
    the same fixed indices are exchanged: what stands outside of them is there once, and
    so carries their tied indices alike.

    >>> ring = Contraction("AAA", [(0, 1), (1, 2), (2, 0)], [(), (), ()])
    >>> orbits(ring)
    [0, 0, 0]
    >>> orbits(Contraction("xxx", [(0,), (1,), (2,)], [(), (), ()]))
    [0, 0, 0]
    """
    operands, indices = _told_apart(graph)
    found = list(range(len(operands)))
    models: dict[tuple[Any, ...], list[int]] = {}
    tied = Counter(indices)
    for members, wires in _tied_components(graph, operands, indices):
        search = _explored(_component(graph, operands, indices, members, wires))
        for local, first in enumerate(_arcs(search)):
            found[members[local]] = members[first]
        ordered = [members[o] for o in search.best_order]
        own = [k for k, i in enumerate(wires) if tied[indices[i]] > 1]
        number = {wires[k]: (search.best_numbers[k],) for k in own}
        form = tuple(
            (operands[o], *(number.get(i, i) for i in graph.legs[o])) for o in ordered
        )
        for o, first in zip(ordered, models.setdefault(form, ordered), strict=True):
            found[o] = found[first]
    return found


def _arcs(search: _Search) -> list[int]:
    """The orbits in one component; the same legs the other way round are told apart."""
    graph, classes = search.graph, search.classes
    ends = dict.fromkeys(enumerate(graph.legs))
    ends |= {(o, graph.legs[o][::-1]): None for o in graph.unordered}
    joined = Unions(len(ends))
    number = {end: k for k, end in enumerate(ends)}
    alike: dict[tuple[Any, ...], int] = {}
    for (o, legs), k in number.items():
        kind = [(classes[i], legs.index(i)) for i in legs]
        joined.join(alike.setdefault((graph.operand_colours[o], *kind), k), k)
        for moved, wires in search.automorphisms:
            image = (moved.get(o, o), tuple(wires[i] for i in legs))
            joined.join(k, number[image])
    return joined.all()[: len(graph.legs)]


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


def _told_apart(graph: Contraction) -> Colouring:
    """The refined colours of a whole product; the pass pays for that, and for two
    looks at every operand."""
    colouring, work = _refine(graph)
    _spend(work + 2 * len(graph.legs))
    return colouring


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
    """The best order inside one component, all else being fixed.

    A search that was cut short goes on from its best order until that stands: so what
    was labelled keeps its labels when it is labelled again.
    """
    part = _component(graph, operands, indices, members, wires)
    found = _explored(part)
    while found.cut:
        again = _explored(_rearranged(part, found.best_order))
        if again.best is None or found.best is None or again.best >= found.best:
            break
        again.best_order = [found.best_order[o] for o in again.best_order]
        found = again
    return found


def _component(
    graph: Contraction,
    operands: list[int],
    indices: list[int],
    members: list[int],
    wires: list[int],
) -> Contraction:
    """One component as a graph of its own, coloured as it was refined."""
    local = {i: position for position, i in enumerate(wires)}
    return Contraction(
        [operands[o] for o in members],
        [tuple(local[i] for i in graph.legs[o]) for o in members],
        [indices[i] for i in wires],
        frozenset(p for p, o in enumerate(members) if o in graph.unordered),
    )


def _rearranged(part: Contraction, order: Sequence[int]) -> Contraction:
    """The same graph, its operands numbered by an order."""
    return Contraction(
        [part.operand_colours[o] for o in order],
        [part.legs[o] for o in order],
        part.index_colours,
        frozenset(p for p, o in enumerate(order) if o in part.unordered),
    )


def _explored(part: Contraction) -> _Search:
    """Depth first through the individualisations."""
    search = _Search(part, WORK_CAP, classes=_exchangeable(part))
    first = (list(part.operand_colours), list(part.index_colours))
    stack: list[tuple[Colouring, tuple[int, ...]]] = [(first, ())]
    tried: dict[tuple[int, ...], _Tried] = {}
    while stack:
        parent, prefix = stack.pop()
        if prefix and _redundant(search, prefix, tried):
            continue
        if search.work <= 0 and search.best is not None:
            search.cut = True
            break
        colouring = _individualise(search, parent, prefix[-1]) if prefix else parent
        cell = _smallest_cell(colouring[0])
        if cell:
            chosen = _unlike(search, cell, prefix)
            stack.extend((colouring, (*prefix, o)) for o in reversed(chosen))
        else:
            _leaf(search, colouring)
    _spend(WORK_CAP - search.work)
    return search


@dataclass(slots=True)
class _Tried:
    """What was tried after a path: the choices, the orbits that the automorphisms
    fixing the path make, and how many of those were counted in."""

    choices: list[int] = field(default_factory=list)
    parent: dict[int, int] = field(default_factory=dict)
    known: int = 0

    def root(self, o: int) -> int:
        """One operand for all of an orbit."""
        while o in self.parent:
            o = self.parent[o]
        return o

    def learn(self, moved: dict[int, int]) -> None:
        """Joins what an automorphism maps on each other."""
        for o, image in moved.items():
            one, two = self.root(o), self.root(image)
            if one != two:
                self.parent[max(one, two)] = min(one, two)


def _redundant(
    search: _Search, prefix: tuple[int, ...], tried: dict[tuple[int, ...], _Tried]
) -> bool:
    """Whether an automorphism that fixes the path maps a tried choice onto this one."""
    path, chosen = prefix[:-1], prefix[-1]
    before = tried.setdefault(path, _Tried())
    for moved, _ in search.automorphisms[before.known :]:
        if moved.keys().isdisjoint(path):
            before.learn(moved)
    before.known = len(search.automorphisms)
    root = before.root(chosen)
    if any(before.root(o) == root for o in before.choices):
        return True
    before.choices.append(chosen)
    return False


# -- exchangeable indices --------------------------------------------------------------


def _exchangeable(part: Contraction) -> list[int]:
    """A class for every index: two in one class may be exchanged, all else staying.

    They have the same neighbours, or are neighbours and else have the same: as in
    complete graphs and complete bipartite ones.
    """
    rows: list[list[tuple[Any, ...]]] = [[] for _ in part.index_colours]
    for o, legs in enumerate(part.legs):
        ordered = o not in part.unordered
        for i in dict.fromkeys(legs):
            others = [-1 if leg == i else leg for leg in legs]
            if not ordered:
                others.sort()
            rows[i].append((part.operand_colours[o], ordered, *others))
    classes = list(range(len(rows)))
    known: dict[tuple[Any, ...], int] = {}
    for i, around in enumerate(rows):
        for key in _neighbourhoods(i, part.index_colours[i], around):
            classes[i] = min(classes[i], classes[known.setdefault(key, i)])
    return classes


def _neighbourhoods(
    i: int, colour: object, around: list[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """What stands round an index; then, for every colour of pairs, the same with the
    index itself among the neighbours of that colour."""
    found: list[tuple[Any, ...]] = [(colour, *sorted(around))]
    pairs = [row for row in around if len(row) == 4 and row[2:] != (-1, -1)]
    for kind in sorted({row[:2] for row in pairs}):
        own = [(*kind, -1, i), (*kind, i, -1)] if kind[1] else [(*kind, -1, i)]
        found.append((colour, kind, *sorted([*around, *own])))
    return found


def _unlike(search: _Search, cell: list[int], path: tuple[int, ...]) -> list[int]:
    """The operands of a cell, one of those that exchanging indices maps on each other
    while the path stays: indices of one class that are on its operands alike."""
    graph, classes = search.graph, search.classes
    met: dict[int, tuple[tuple[int, int], ...]] = {}
    for position, o in enumerate(path):
        for place, i in enumerate(graph.legs[o]):
            seen = (position, 0 if o in graph.unordered else place)
            met[i] = (*met.get(i, ()), seen)
    first: dict[tuple[Any, ...], int] = {}
    for o in cell:
        legs = graph.legs[o]
        ends = [(classes[i], met.get(i, ())) for i in legs]
        if o in graph.unordered:
            ends.sort()
        first.setdefault((*map(legs.index, legs), *ends), o)
    return list(first.values())


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
        there = zip(search.best_order, order, strict=True)
        at = {place: i for i, place in number.items()}
        wires = {i: at[place] for i, place in search.best_numbers.items()}
        moved = {o: image for o, image in there if o != image}
        search.automorphisms.append((moved, wires))
