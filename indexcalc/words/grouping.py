"""Grouped axes in matrix notation: vec, ⊗, •, Khatri–Rao, commutation matrices.

An axis that groups indices is one vertex made of several. Bound indices are reduced
first; then every edge to a member of a group becomes an edge to the group: a row-wise
Kronecker product (•), a Kronecker product of two edges that run side by side, a vec for
an edge inside a group, with ones where a member has no edge. What is left is a graph
with at most two open vertices again.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf
>>> A, B = tensor("A", ("m", "n")), tensor("B", ("p", "q"))
>>> rows = [(leaf(A), (0, 1)), (leaf(B), (2, 3))]
>>> sizes = dict(enumerate((*A.shape, *B.shape)))
>>> grouped(sizes, rows, ((0, 2), (1, 3))).op
'kron'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from ..errors import UnsupportedError
from ..formula import (
    Formula,
    commutation,
    diagonal_matrix,
    eye,
    kron,
    ones,
    outer_product,
    product,
    transposed,
    vec,
    word,
)
from ..sizes import Size, times
from .reduction import Graph, reduced, series_parallel

Group = tuple[int, ...]


def grouped(
    dims: Mapping[int, Size],
    rows: Iterable[tuple[Formula, tuple[int, ...]]],
    out: Sequence[Group],
    wires: Sequence[tuple[int, Group]] = (),
) -> Formula:
    """The matrix notation of a contraction whose axes group indices.

    `wires` are indices inside that stand for groups of others.

    Raises `UnsupportedError`, with the reason, where there is none.
    """
    if len(out) > 2:
        raise UnsupportedError(
            f"the result has {len(out)} axes, and matrix notation has two"
        )
    rows = list(rows)
    out, wires = _opened(rows, out, wires)
    split = _Split(dims, rows, [*out, *(group for _, group in wires)])
    members = [i for group in split.groups for i in group]
    graph = Graph(split.dims, split.rows, [*members, *(wire for wire, _ in wires)])
    series_parallel(graph)
    merged, place = _merged(graph, split.groups, len(out))
    for k, (wire, _) in enumerate(wires):
        if wire not in place:
            raise UnsupportedError("an axis groups axes that are groups themselves")
        joined = eye(merged.dims[len(out) + k])
        merged.hang(joined, (place[wire], len(out) + k))
    return reduced(merged)


def _opened(
    rows: Sequence[tuple[Formula, tuple[int, ...]]],
    out: Sequence[Group],
    wires: Sequence[tuple[int, Group]],
) -> tuple[Sequence[Group], Sequence[tuple[int, Group]]]:
    """The axes, each with the members of a wire that stands in it and nowhere else."""
    carried = {i for _, legs in rows for i in legs}
    for wire, group in wires:
        inside = [wire in axis and len(axis) > 1 for axis in out]
        if wire in carried or sum(inside) != 1:
            continue
        out = [
            tuple(j for i in axis for j in (group if i == wire else (i,)))
            for axis in out
        ]
        wires = [other for other in wires if other[0] != wire]
    return out, wires


class _Split:
    """The indices made distinct: one that stands in two places of the result becomes
    two, joined by an identity."""

    def __init__(
        self,
        dims: Mapping[int, Size],
        rows: Iterable[tuple[Formula, tuple[int, ...]]],
        out: Sequence[Group],
    ) -> None:
        self.dims = dict(dims)
        self.rows = [(f, tuple(legs)) for f, legs in rows]
        found: dict[int, Group] = {}
        taken: dict[int, int] = {}
        for place in sorted(range(len(out)), key=lambda k: len(out[k]) > 1):
            members = []
            group = out[place]
            for i in group:
                if i in taken:
                    members.append(self._second(i, place, taken, out))
                else:
                    taken[i] = place
                    members.append(i)
            found[place] = tuple(members)
        self.groups = [found[place] for place in range(len(out))]

    def _second(
        self, i: int, place: int, taken: Mapping[int, int], out: Sequence[Group]
    ) -> int:
        """A second index for i; the matrices that lie in this group move to it."""
        fresh = 1 + max(self.dims)
        self.dims[fresh] = self.dims[i]
        here = self._moving(i, place, taken, out)
        self.rows = [
            (f, tuple(fresh if j == i and _inside(legs, i, here) else j for j in legs))
            for f, legs in self.rows
        ]
        self.rows.append((eye(self.dims[i]), (i, fresh)))
        return fresh

    @staticmethod
    def _moving(
        i: int, place: int, taken: Mapping[int, int], out: Sequence[Group]
    ) -> Sequence[int]:
        """The indices whose matrices with i go to the second of the two: those of its
        group, unless i stands alone in the first."""
        if len(out[taken[i]]) == 1:
            return ()
        return [j for j in out[place] if taken.get(j) == place]


def _inside(legs: tuple[int, ...], i: int, here: Sequence[int]) -> bool:
    return (
        len(legs) == 2 and legs[0] != legs[1] and any(j in here for j in legs if j != i)
    )


# -- from indices to groups ------------------------------------------------------------


def _merged(
    graph: Graph, groups: Sequence[Group], count: int
) -> tuple[Graph, dict[int, int]]:
    """The graph whose vertices are the groups, the first `count` of them open, and
    which of its vertices each other index is."""
    home = {i: g for g, group in enumerate(groups) for i in group}
    sizes = [times(*(graph.dims[i] for i in group)) for group in groups]
    bound = {i: -1 - k for k, i in enumerate(j for j in graph.edges if j not in home)}
    dims = {bound[i]: graph.dims[i] for i in bound}
    dims.update(enumerate(sizes))
    merged = Graph(dims, [], range(count))
    merged.scalars = graph.scalars
    for i, new in bound.items():
        merged.weights[new] = graph.weights[i]
        for j, k in ((j, bound[j]) for j in graph.edges[i] if j in bound and i < j):
            merged.hang(graph.between(i, j), (new, k))
    _absorb_weights(graph, home)
    for a, b in combinations(range(len(groups)), 2):
        for f in _between_groups(graph, groups[a], groups[b]):
            merged.hang(f, (a, b))
    for g, group in enumerate(groups):
        for i, new in bound.items():
            if any(j in graph.edges[i] for j in group):
                merged.hang(_to_group(graph, i, group), (new, g))
        for f in _group_weights(graph, group):
            merged.hang(f, (g,))
    alone = {group[0]: g for g, group in enumerate(groups) if len(group) == 1}
    return merged, bound | alone


def _absorb_weights(graph: Graph, home: Mapping[int, int]) -> None:
    """The weight of a member moves into its only edge out of the group, in place."""
    for i, group in home.items():
        ways = [j for j in graph.edges[i] if home.get(j) != group]
        if not graph.weights[i] or len(ways) != 1:
            continue
        (j,) = ways
        through = product([diagonal_matrix(graph.weight(i)), graph.between(i, j)])
        graph.weights[i] = []
        graph.edges[i][j], graph.edges[j][i] = [through], [transposed(through)]


def _group_weights(graph: Graph, group: Group) -> list[Formula]:
    """The columns on a group: vecs of the matrices inside it, ⊗ of its weights."""
    found = []
    if any(graph.weights[i] for i in group):
        columns = [graph.weight(i) for i in group]
        found.append(kron_of(columns))
    for a, i in enumerate(group):
        for b in range(a + 1, len(group)):
            if group[b] in graph.edges[i]:
                found.append(_vec_between(graph, group, a, b))
    return found


def _vec_between(graph: Graph, group: Group, a: int, b: int) -> Formula:
    """The vec of the matrix between two members, spread over the members around."""
    inside = vec(graph.between(group[b], group[a]))
    if b != a + 1:
        raise UnsupportedError(
            "a matrix joins two indices that vec puts in one axis with a third between"
        )
    before = [ones(graph.dims[i]) for i in group[:a]]
    after = [ones(graph.dims[i]) for i in group[b + 1 :]]
    return kron_of([*before, inside, *after])


def kron_of(factors: Sequence[Formula]) -> Formula:
    """The Kronecker product of several, from the left."""
    result = factors[0]
    for f in factors[1:]:
        result = kron(result, f)
    return result


def _bare(graph: Graph, i: int) -> Formula:
    """The column that stands for a member without an edge: its weight if it has none
    at all, which is thereby said, else ones."""
    found = graph.weight(i) if not graph.edges[i] else ones(graph.dims[i])
    if not graph.edges[i]:
        graph.weights[i] = []
    return found


def _to_group(graph: Graph, i: int, group: Group) -> Formula:
    """The matrix from a vertex to a group: row by row the ⊗ of those to its members."""
    known = [graph.between(i, j) if j in graph.edges[i] else None for j in group]
    sides = [
        transposed(_bare(graph, j)) if f is None else f
        for j, f in zip(group, known, strict=True)
    ]
    result = sides[0]
    for f in sides[1:]:
        rowwise = result.order == 2 and f.order == 2
        result = _face(result, f) if rowwise else kron(result, f)
    return result


def _face(a: Formula, b: Formula) -> Formula:
    shape = (a.shape[0], times(a.shape[1], b.shape[1]))
    return word("face", a, b, shape=shape)


def _between_groups(graph: Graph, rows: Group, columns: Group) -> list[Formula]:
    """The matrices between two groups; a Hadamard product where there are several."""
    joined = {
        (a, b): graph.between(i, j)
        for a, i in enumerate(rows)
        for b, j in enumerate(columns)
        if j in graph.edges[i]
    }
    if not joined:
        return []
    if len(rows) == 1 or len(columns) == 1:
        return [_single_to_group(graph, rows, columns)]
    if len(rows) != len(columns):
        raise UnsupportedError("groups of different numbers of indices are joined")
    found = []
    while joined:
        pairs = _matching(joined, len(rows))
        found.append(_matched(graph, rows, columns, pairs))
        for pair in pairs:
            joined.pop(pair, None)
    return found


def _single_to_group(graph: Graph, rows: Group, columns: Group) -> Formula:
    if len(rows) == 1:
        return _to_group(graph, rows[0], columns)
    return transposed(_to_group(graph, columns[0], rows))


def _matching(
    joined: Mapping[tuple[int, int], Formula], count: int
) -> list[tuple[int, int]]:
    """Which members are paired: side by side where an edge does so, else crossed."""
    straight = [(k, k) for k in range(count)]
    crossed = [(k, count - 1 - k) for k in range(count)]
    for pairs in (straight, crossed):
        if any(pair in joined for pair in pairs):
            return pairs
    raise UnsupportedError("groups of three indices are joined in another order")


def _matched(
    graph: Graph,
    rows: Group,
    columns: Group,
    pairs: Sequence[tuple[int, int]],
) -> Formula:
    """The Kronecker product of the paired edges; crossed, with a commutation matrix."""
    parts = []
    for a, b in pairs:
        i, j = rows[a], columns[b]
        known = graph.between(i, j) if j in graph.edges[i] else None
        parts.append(known or outer_product(_bare(graph, i), _bare(graph, j)))
    whole = kron_of(parts)
    if pairs[0] == (0, 0):
        return whole
    if len(pairs) != 2:
        raise UnsupportedError("groups of three indices are joined in another order")
    n, m = (graph.dims[j] for j in columns)
    return product([whole, commutation(m, n)])
