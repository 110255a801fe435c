"""Random networks of matrices and vectors, and what becomes of them on paper and back.

`series_parallel` draws a contraction that matrix notation can say, by undoing the
reductions: it doubles edges, splits them, hangs matrices and vectors on vertices. Its
operands are variables, sums, elementwise functions, inverses or smaller networks.
`graph` draws any multigraph; `has_form` says by its treewidth, and nothing of the
engine, whether it is series–parallel.

    python -m tests.random_networks --count 5000

says that many networks, as many random texts and their gradients, in every style, reads
them back, and prints what differs, what was refused and how long a form took.

>>> has_form(Network(expr.number(1), {}, edges=((0, 1), (1, 2), (0, 2))))
True
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import networkx as nx
from networkx.algorithms.approximation import treewidth_min_degree

import indexcalc as ic
from indexcalc import expr, matrix
from indexcalc.comparison.evidence import compare
from indexcalc.expansion import same
from indexcalc.nodes import Node, Tensor
from indexcalc.sizes import Size, as_size

SIZES = ("n", "n", "n", "m", "m", "p", "p", "3", "1")
MATRICES = "ABCDFGJKLMNPQRSTUVWXYZ"
VECTORS = "abcdghkquvwxyzrst"
SCALARS = "αβγλμ"
AWKWARD = ("H", "I", "E", "A1", "X_2", "theta", "Ω", "diag1", "e", "tr2")
ENTRYWISE = ("exp", "sin", "tanh", "sigmoid", "square")
STYLES = ("plain", "paper", "latex")
LOST = {"different", "unread", "crashed"}


@dataclass(frozen=True)
class Network:
    """A node, the shapes of its variables, and the edges and open ends of its graph."""

    node: Node
    shapes: Mapping[str, str]
    edges: tuple[tuple[int, int], ...] = ()
    open: tuple[int, ...] = ()


@dataclass
class Drawing:
    """A network in the making: its vertices have sizes, its variables names."""

    rng: Random
    sizes: tuple[str, ...] = SIZES
    plain: bool = False
    dims: list[str] = field(default_factory=list)
    leaves: dict[str, Tensor] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.rng.random() < share

    def vertex(self, size: str = "") -> int:
        """A new vertex."""
        self.dims.append(size or self.rng.choice(self.sizes))
        return len(self.dims) - 1

    def size(self, i: int) -> Size:
        """The size of a vertex."""
        return as_size(self.dims[i])

    def variable(self, shape: tuple[Size, ...]) -> Tensor:
        """A variable of a shape, now and then one that is there already."""
        known = [leaf for leaf in self.leaves.values() if leaf.shape == shape]
        if known and self.chance(0.2):
            return self.rng.choice(known)
        made = expr.tensor(self._name(len(shape)), shape)
        self.leaves[made.name] = made
        return made

    def _name(self, order: int) -> str:
        pool = (SCALARS, VECTORS, MATRICES)[order]
        awkward = [] if self.plain else [n for n in AWKWARD if n not in self.leaves]
        if awkward and self.chance(0.04):
            return self.rng.choice(awkward)
        free = [name for name in pool if name not in self.leaves]
        return free[0] if free else f"{pool[0]}_{len(self.leaves)}"

    def operand(self, shape: tuple[Size, ...], depth: int = 0) -> Node:
        """A variable, or something that needs more than products."""
        if self.plain or depth > 1 or self.chance(0.7):
            return self.variable(shape)
        build = self.rng.choice(
            [self._sum, self._entrywise, self._inverse, self._inner]
        )
        return build(shape, depth + 1)

    def _sum(self, shape: tuple[Size, ...], depth: int) -> Node:
        terms = [self.operand(shape, depth) for _ in range(self.rng.choice([2, 2, 3]))]
        weights = [self.rng.choice([1, 1, -1, 2, -3]) for _ in terms]
        return expr.linear(list(zip(terms, weights, strict=True)), shape)

    def _entrywise(self, shape: tuple[Size, ...], depth: int) -> Node:
        name = self.rng.choice(ENTRYWISE)
        return matrix.elementwise(name, self.operand(shape, depth))

    def _inverse(self, shape: tuple[Size, ...], depth: int) -> Node:
        if len(shape) == 2 and shape[0] == shape[1]:
            return matrix.inv(self.operand(shape, depth))
        return self._entrywise(shape, depth)

    def _inner(self, shape: tuple[Size, ...], depth: int) -> Node:
        """A product of two parts: A B, A x or aᵀ x."""
        inner = as_size(self.rng.choice(self.sizes))
        left = self.operand((*shape[:1], inner), depth)
        right = self.operand((inner, *shape[1:]), depth)
        return matrix.contract(left, right)


def series_parallel(rng: Random, count: int, plain: bool = False) -> Network:
    """A network of about `count` operands that matrix notation can say; `plain` ones
    have variables as operands and no size 1."""
    drawing = Drawing(rng, SIZES[:-2] if plain else SIZES, plain)
    edges, out = _opened(drawing)
    weights: list[int] = []
    while len(edges) + len(weights) < count:
        _grow(drawing, edges, weights)
    rows = [_wired(drawing, edge) for edge in edges]
    rows += [(drawing.operand((drawing.size(i),)), (i,)) for i in weights]
    if drawing.chance(0.15):
        rows.append((drawing.operand(()), ()))
    if drawing.chance(0.15):
        i = rng.randrange(len(drawing.dims))
        rows.append((drawing.operand((drawing.size(i),) * 2), (i, i)))
    return _network(drawing, rows, edges, out)


def _opened(drawing: Drawing) -> tuple[list[tuple[int, int]], list[int]]:
    """The first edges and the open ends: a scalar, a vector, a matrix, a diagonal."""
    i = drawing.vertex()
    match drawing.rng.choice(["scalar", "vector", "matrix", "matrix", "diagonal"]):
        case "matrix":
            j = drawing.vertex()
            return [(i, j)], [i, j]
        case "vector":
            return [], [i]
        case "diagonal":
            return [], [i, i]
        case _:
            return [], []


def _grow(drawing: Drawing, edges: list[tuple[int, int]], weights: list[int]) -> None:
    """One more operand: a double, a split edge, a pendant edge or a vector."""
    rng = drawing.rng
    way = rng.random()
    if way < 0.25 and edges:
        edges.append(rng.choice(edges))
    elif way < 0.55 and edges:
        k, middle = rng.randrange(len(edges)), drawing.vertex()
        i, j = edges[k]
        edges[k] = (i, middle)
        edges.append((middle, j))
    elif way < 0.75:
        i = rng.randrange(len(drawing.dims))
        edges.append((i, drawing.vertex()))
    else:
        weights.append(rng.randrange(len(drawing.dims)))


Row = tuple[Node, tuple[int, ...]]


def _wired(drawing: Drawing, edge: tuple[int, int]) -> Row:
    """A matrix on an edge, in one direction or the other."""
    i, j = edge if drawing.chance(0.5) else edge[::-1]
    return drawing.operand((drawing.size(i), drawing.size(j))), (i, j)


def _network(
    drawing: Drawing, rows: list[Row], edges: list[tuple[int, int]], out: list[int]
) -> Network:
    dims = {i: drawing.size(i) for i in range(len(drawing.dims))}
    node = expr.einsum(rows, out, dims)
    return Network(node, _declared(drawing), tuple(edges), tuple(out))


def _declared(drawing: Drawing) -> dict[str, str]:
    return {
        name: " ".join(str(size) for size in leaf.shape)
        for name, leaf in drawing.leaves.items()
    }


def graph(rng: Random, vertices: int, count: int) -> Network:
    """Any connected or unconnected multigraph, of variables of symbolic size."""
    drawing = Drawing(rng, SIZES[:-2], True)
    for _ in range(vertices):
        drawing.vertex()
    edges = []
    for _ in range(count):
        i, j = rng.sample(range(vertices), 2)
        edges.append((i, j))
    rows = [_wired(drawing, edge) for edge in edges]
    out = rng.sample(range(vertices), rng.choice([0, 1, 2, 2]))
    return _network(drawing, rows, edges, out)


def has_form(network: Network) -> bool:
    """Whether the multigraph, with an edge between the open ends, is series–parallel:
    its treewidth is at most 2. Eliminating a vertex of least degree decides that."""
    drawn = nx.Graph(network.edges)
    if len(set(network.open)) == 2:
        drawn.add_edge(*network.open)
    return len(drawn) == 0 or treewidth_min_degree(drawn)[0] <= 2


# -- there and back --------------------------------------------------------------------


@dataclass(frozen=True)
class Trip:
    """What became of a node in a style: "equal", "undecided", "different", "unread",
    "refused" or "crashed"; its text, or the reason."""

    style: str
    verdict: str
    text: str


def trips(drawn: Network) -> tuple[list[Trip], float]:
    """The node said once, read back in every style and compared, and the seconds that
    saying it took.

    >>> [trip.verdict for trip in trips(series_parallel(Random(0), 5))[0]]
    ['equal', 'equal', 'equal']
    """
    began = time.perf_counter()
    try:
        said = ic.Expression(drawn.node).matrix()
    except ic.UnsupportedError as reason:
        took = time.perf_counter() - began
        return [Trip("every", "refused", reason.message)], took
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        return [Trip("every", "crashed", found)], time.perf_counter() - began
    took = time.perf_counter() - began
    return [_trip(drawn, said, style) for style in STYLES], took


def _trip(drawn: Network, said: Any, style: str) -> Trip:
    text = ""
    try:
        text = getattr(said, style)
        back = read(text, drawn.shapes, style).written
    except ic.UnsupportedError as reason:
        return Trip(style, "unread" if text else "refused", f"{text}\n{reason}")
    except ic.IndexCalcError as error:
        return Trip(style, "unread", f"{text}\n{error}")
    try:
        return Trip(style, _verdict(back, drawn.node), text)
    except Exception as error:
        return Trip(style, "crashed", f"{text}\n{type(error).__name__}: {error}")


def read(text: str, shapes: Mapping[str, str], style: str) -> ic.Expression:
    """An expression from its text in a style."""
    if style == "latex":
        return ic.parse_latex(text, shapes)
    return ic.parse(text, shapes, paper=style == "paper")


def _verdict(back: Node, node: Node) -> str:
    if back.shape != node.shape:
        return "different"
    equal = True if same(back, node) is True else compare(back, node)
    return {True: "equal", False: "different", None: "undecided"}[equal]


# -- the long run ----------------------------------------------------------------------


def networks(seed: int, count: int) -> Iterator[Network]:
    """That many series–parallel networks of 1 to 12 operands."""
    for k in range(count):
        rng = Random(f"{seed} {k}")
        yield series_parallel(rng, rng.randrange(1, 13), plain=rng.random() < 0.3)


def texts(seed: int, count: int) -> Iterator[Network]:
    """Random expressions of the text language."""
    from tests.random_expressions import generate

    for k in range(count):
        case = generate(seed, k)
        yield Network(ic.parse(case.text, case.shapes).written, case.shapes)


def gradients(seed: int, count: int) -> Iterator[Network]:
    """Derivatives of series–parallel networks by one of their variables; of the sum of
    their entries where the derivative would have more than two axes."""
    for k in range(count):
        rng = Random(f"gradient {seed} {k}")
        drawn = series_parallel(rng, rng.randrange(1, 7))
        e = ic.Expression(drawn.node)
        if e.variables:
            by = rng.choice([*e.variables.values()])
            value = e if e.ndim + by.ndim < 3 else ic.Expression(matrix.total(e.node))
            yield Network(value.diff(by).written, drawn.shapes)


def jacobians(seed: int, count: int) -> Iterator[Network]:
    """Derivatives of series–parallel networks, unfolded to matrices over vec."""
    for k in range(count):
        rng = Random(f"jacobian {seed} {k}")
        drawn = series_parallel(rng, rng.randrange(1, 6))
        e = ic.Expression(drawn.node)
        if e.variables:
            by = rng.choice([*e.variables.values()])
            yield Network(e.diff(by).unfolded().written, drawn.shapes)


KINDS: dict[str, Callable[[int, int], Iterator[Network]]] = {
    "networks": networks,
    "gradients": gradients,
    "jacobians": jacobians,
    "texts": texts,
}


def _report(kind: str, seed: int, count: int) -> bool:
    """Every trip of a kind; what went wrong is printed as it comes."""
    counts: Counter[tuple[str, str]] = Counter()
    times: list[float] = []
    for drawn in KINDS[kind](seed, count):
        found, seconds = trips(drawn)
        times.append(seconds)
        for trip in found:
            counts[trip.style, trip.verdict] += 1
            if strays(kind, trip):
                print(f"{trip.verdict} {trip.style}: {trip.text}  {drawn.shapes}")
                print(f"    {ic.Expression(drawn.node)}", flush=True)
    said = ", ".join(f"{s} {v} {n}" for (s, v), n in sorted(counts.items()))
    print(f"{kind}: {said}; {_spread(times)}", flush=True)
    return not any(verdict in LOST for _, verdict in counts)


def strays(kind: str, trip: Trip) -> bool:
    """Whether a trip ended where it must not: series–parallel networks have a form,
    though LaTeX may lack a letter for it."""
    formless = trip.verdict == "refused" and trip.style == "every"
    return trip.verdict in LOST or (kind == "networks" and formless)


def _spread(times: list[float]) -> str:
    ordered = sorted(times)
    marks = {"median": 0.5, "90 %": 0.9, "99 %": 0.99, "most": 1.0}
    said = (
        f"{name} {1e3 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]:.1f}"
        for name, share in marks.items()
    )
    return f"ms a form: {', '.join(said)}"


def _split(seed: int, count: int) -> bool:
    """Random graphs: as many as treewidth says have a form, and no others."""
    counts: Counter[tuple[bool, bool]] = Counter()
    for drawn in graphs(seed, count):
        found = ic.Expression(drawn.node).why_no_matrix_form() is None
        counts[has_form(drawn), found] += 1
        if has_form(drawn) != found:
            print(f"form {found}: {ic.Expression(drawn.node)}", flush=True)
    print(f"graphs by (series–parallel, said): {dict(counts)}")
    return not counts[True, False] and not counts[False, True]


def graphs(seed: int, count: int) -> Iterator[Network]:
    """That many random multigraphs of 3 to 7 vertices."""
    for k in range(count):
        rng = Random(f"graph {seed} {k}")
        vertices = rng.randrange(3, 8)
        yield graph(rng, vertices, rng.randrange(vertices, 3 * vertices))


def main() -> int:
    """The long run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    good = [_report(kind, options.seed, options.count) for kind in KINDS]
    good.append(_split(options.seed, options.count))
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
