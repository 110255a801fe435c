"""Series–parallel reduction: a contraction of vectors and matrices as matrix notation.

The indices are vertices, matrices edges, vectors weights on vertices; at most two
vertices are open. Parallel edges are a Hadamard product, a bound vertex with two edges
is a matrix product with a diagonal in the middle, one with a single edge is a matrix
times a vector, one alone an inner product. What is left between the open vertices is
the result. It succeeds exactly where the graph, with an edge between the open ends, has
treewidth at most two.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> rows = [(leaf(A), (0, 1)), (leaf(x), (1,))]
>>> reduced(Graph(dict(enumerate(["m", "n"])), rows, (0,))).op
'product'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from ..errors import UnsupportedError
from ..formula import (
    Formula,
    column,
    diagonal,
    diagonal_matrix,
    hadamard,
    inner,
    number,
    outer_product,
    parts,
    product,
    shortest,
    size,
    total,
    trace,
    transposed,
)
from ..sizes import Size


class Graph:
    """What is left to reduce: weights on vertices, edges between them, scalars."""

    __slots__ = ("dims", "edges", "open", "scalars", "weights")

    def __init__(
        self,
        dims: Mapping[int, Size],
        rows: Iterable[tuple[Formula, tuple[int, ...]]],
        out: Iterable[int],
    ) -> None:
        self.dims = dict(dims)
        self.open = tuple(out)
        self.weights: dict[int, list[Formula]] = {i: [] for i in dims}
        self.edges: dict[int, dict[int, list[Formula]]] = {i: {} for i in dims}
        self.scalars: list[Formula] = []
        for f, legs in rows:
            self.hang(f, legs)

    def hang(self, f: Formula, legs: tuple[int, ...]) -> None:
        """Adds an operand on its indices."""
        match legs:
            case ():
                self.scalars.append(f)
            case (i,):
                self.weights[i].append(column(f))
            case (i, j) if i == j:
                self.weights[i].append(diagonal(f))
            case (i, j):
                self.edges[i].setdefault(j, []).append(f)
                self.edges[j].setdefault(i, []).append(transposed(f))
            case _:
                raise UnsupportedError(
                    f"an operand has {len(legs)} axes, and matrix notation has two"
                )

    def between(self, i: int, j: int) -> Formula:
        """The matrix from i to j: parallel edges are a Hadamard product."""
        return hadamard(self.edges[i][j], (self.dims[i], self.dims[j]))

    def weight(self, i: int) -> Formula:
        """The column on a vertex."""
        return hadamard(self.weights[i], (self.dims[i],))

    def drop(self, i: int) -> None:
        """Removes a vertex."""
        for j in self.edges.pop(i):
            del self.edges[j][i]
        del self.weights[i]


def reduced(graph: Graph) -> Formula:
    """The matrix notation of a graph with at most two open vertices.

    Raises `UnsupportedError`, with the reason, where there is none.
    """
    series_parallel(graph)
    bound = [i for i in graph.edges if i not in graph.open]
    if bound:
        raise UnsupportedError(
            f"{len(bound)} summed indices are joined in a way that is neither series "
            "nor parallel, so no order of matrix products and ∘ says it"
        )
    return product([*graph.scalars, between_open(graph)])


def series_parallel(graph: Graph) -> None:
    """Eliminates every bound vertex that has at most two edges, in place: that of the
    fewest edges first, then of the lightest weight."""
    queue = [_rank(graph, i) for i in graph.edges if i not in graph.open]
    heapify(queue)
    while queue:
        rank = heappop(queue)
        i = rank[-1]
        if i not in graph.edges or rank != _rank(graph, i):
            continue  # it was eliminated, or has another rank by now
        if len(graph.edges[i]) > 2:
            break
        neighbours = graph.edges[i].keys() - graph.open
        _eliminate(graph, i)
        for j in neighbours & graph.edges.keys():
            heappush(queue, _rank(graph, j))


def _rank(graph: Graph, i: int) -> tuple[int, int, int]:
    return (len(graph.edges[i]), sum(f.length for f in graph.weights[i]), i)


def _eliminate(graph: Graph, i: int) -> None:
    neighbours = list(graph.edges[i])
    if not neighbours:
        whole = inner(graph.weights[i], graph.dims[i]) if graph.weights[i] else None
        graph.scalars.append(size(graph.dims[i]) if whole is None else whole)
    elif len(neighbours) == 1:
        (j,) = neighbours
        if j not in graph.open and len(graph.edges[j]) == 1:
            _close(graph, j, i)
            return
        graph.weights[j].append(_pushed(graph, j, i))
    else:
        j, k = neighbours
        middle = [diagonal_matrix(graph.weight(i))] if graph.weights[i] else []
        through = product([graph.between(j, i), *middle, graph.between(i, k)])
        graph.drop(i)
        graph.hang(through, (j, k))
        return
    graph.drop(i)


def _pushed(graph: Graph, j: int, i: int) -> Formula:
    """The matrix from j to i times what hangs on i; (A∘B)𝟏 as diag(ABᵀ) if shorter."""
    whole = graph.between(j, i)
    found = product([whole, graph.weight(i)])
    c, lone, chain = parts(whole)
    if graph.weights[i] or len(chain) != 1 or chain[0].op != "hadamard":
        return found
    a, b, *more = chain[0].args
    if more:
        return found
    crossed = diagonal(product([a, transposed(b)]))
    shorter = product([number(c), *lone, crossed])
    return shorter if shorter.length < found.length else found


def _close(graph: Graph, i: int, j: int) -> None:
    """The last two vertices of a component that has no open end, as a scalar."""
    edges = graph.edges[i][j]
    left, right = graph.weights[i], graph.weights[j]
    if left or right:
        middle = graph.between(i, j)
        found = product([transposed(graph.weight(i)), middle, graph.weight(j)])
        graph.scalars.append(shortest(found))
    elif len(edges) == 1:
        graph.scalars.append(total(graph.between(i, j)))
    else:
        graph.scalars.append(_frobenius(graph, i, j))
    graph.drop(i)
    graph.drop(j)


def _frobenius(graph: Graph, i: int, j: int) -> Formula:
    """The sum of a Hadamard product of matrices: tr(AᵀB), ‖A‖², A:(B∘C)."""
    edges = graph.edges[i][j]
    whole = graph.between(i, j)
    c, lone, chain = parts(whole)
    if len(chain) != 1 or chain[0].op != "hadamard":
        return total(whole)
    factors = list(chain[0].args)
    if len(factors) > 2 or any(f.op == "epower" for f in factors):
        return total(whole)
    a, b = factors
    if a.op == "hadamard" or b.op == "hadamard" or len(edges) > 2:
        return total(whole)
    return product([number(c), *lone, trace(product([transposed(a), b]))])


def between_open(graph: Graph) -> Formula:
    """What stands between the open vertices when no bound one is left."""
    match graph.open:
        case ():
            return product([])
        case (i,):
            return graph.weight(i)
        case (i, j) if i == j:
            return diagonal_matrix(graph.weight(i))
        case (i, j):
            return _matrix_between(graph, i, j)
        case _:
            raise UnsupportedError(
                f"the result has {len(graph.open)} axes, and matrix notation has two"
            )


def _matrix_between(graph: Graph, i: int, j: int) -> Formula:
    left, right = graph.weights[i], graph.weights[j]
    u, v = graph.weight(i), graph.weight(j)
    if j not in graph.edges[i]:
        return outer_product(u, v)
    middle = graph.between(i, j)
    if not (left or right):
        return middle
    sides = [diagonal_matrix(u)] if left else []
    ends = [diagonal_matrix(v)] if right else []
    chained = product([*sides, middle, *ends])
    if not (left and right):
        return chained
    entrywise = hadamard([middle, outer_product(u, v)], middle.shape)
    return entrywise if entrywise.length < chained.length else chained
