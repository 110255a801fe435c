"""Expressions that are small to say and hard to work on: symmetric, deep, wide, steep.

`MONSTERS` names them; each is built from variables of size n by one small function. The
graphs have an index at every vertex and a matrix on every edge (`wired`), or a tensor
at every vertex and an index along every edge (`knotted`): the same tensor everywhere,
so that nothing but the wiring tells the operands apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from random import Random

import numpy as np

import indexcalc as ic
from indexcalc import expr
from indexcalc.nodes import Node

Edge = tuple[int, int]
Step = Callable[[ic.Expression], ic.Expression]


@dataclass(frozen=True, slots=True)
class Monster:
    """How an expression is built, the variable to differentiate by, and whether it is
    tried in the short run too."""

    build: Callable[[], ic.Expression]
    by: str = "x"
    quick: bool = False


# -- graphs ----------------------------------------------------------------------------


def cycle(n: int, start: int = 0) -> list[Edge]:
    """A cycle of n edges."""
    return [(start + i, start + (i + 1) % n) for i in range(n)]


def cycles(count: int, n: int) -> list[Edge]:
    """Disjoint cycles of one length."""
    return [edge for k in range(count) for edge in cycle(n, k * n)]


def complete(n: int) -> list[Edge]:
    """Every pair of n vertices."""
    return list(combinations(range(n), 2))


def bipartite(m: int, n: int) -> list[Edge]:
    """Every pair of m and n vertices."""
    return [(i, m + j) for i in range(m) for j in range(n)]


def cube(n: int) -> list[Edge]:
    """The n-dimensional cube."""
    return [(i, i ^ 1 << b) for i in range(2**n) for b in range(n) if i < i ^ 1 << b]


def petersen(n: int = 5, step: int = 2, start: int = 0) -> list[Edge]:
    """The generalised Petersen graph of 2n vertices."""
    rim = [(i, (i + 1) % n) for i in range(n)]
    inner = [(n + i, n + (i + step) % n) for i in range(n)]
    spokes = [(i, n + i) for i in range(n)]
    return [(start + a, start + b) for a, b in rim + inner + spokes]


def related(points: Sequence[object], near: Callable[..., bool]) -> list[Edge]:
    """The graph of a symmetric relation."""
    return [
        (a, b)
        for a, b in combinations(range(len(points)), 2)
        if near(points[a], points[b])
    ]


def rook(n: int) -> list[Edge]:
    """Squares of a board in one row or column: strongly regular."""
    squares = list(product(range(n), repeat=2))
    return related(squares, lambda a, b: (a[0] == b[0]) != (a[1] == b[1]))


def shrikhande() -> list[Edge]:
    """Strongly regular as the 4×4 rook's graph is, and another."""
    steps = {(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)}
    torus = list(product(range(4), repeat=2))

    def near(a: Edge, b: Edge) -> bool:
        return ((b[0] - a[0]) % 4, (b[1] - a[1]) % 4) in steps

    return related(torus, near)


def paley(p: int) -> list[Edge]:
    """Numbers modulo p that differ by a square: strongly regular."""
    squares = {k * k % p for k in range(1, p)}
    return related(range(p), lambda a, b: (a - b) % p in squares)


def latin(n: int) -> list[Edge]:
    """Cells of a cyclic Latin square in one row, column or symbol."""
    cells = [(i, j, (i + j) % n) for i, j in product(range(n), repeat=2)]
    return related(cells, lambda a, b: any(map(int.__eq__, a, b)))


def plane(q: int) -> list[Edge]:
    """Points and lines of the projective plane over a prime field."""
    points = [(1, a, b) for a, b in product(range(q), repeat=2)]
    points += [(0, 1, a) for a in range(q)] + [(0, 0, 1)]
    return [
        (i, len(points) + j)
        for (i, p), (j, line) in product(enumerate(points), repeat=2)
        if sum(map(int.__mul__, p, line)) % q == 0
    ]


def hadamard(k: int) -> list[Edge]:
    """The graph of Sylvester's Hadamard matrix of order 2^k: rows and columns twice."""
    n = 2**k
    edges = []
    for i, j in product(range(n), repeat=2):
        odd = (i & j).bit_count() % 2
        edges += [(i, 2 * n + j + n * odd), (n + i, 2 * n + j + n * (1 - odd))]
    return edges


def cai_fuerer_immerman(base: Sequence[Edge], twist: bool = False) -> list[Edge]:
    """The graph of Cai, Fürer and Immerman over a base graph, plain or twisted once:
    no refinement of bounded dimension tells the two apart."""
    number: dict[object, int] = {}

    def vertex(*name: object) -> int:
        return number.setdefault(name, len(number))

    around: dict[int, list[int]] = {}
    for k, (a, b) in enumerate(base):
        around.setdefault(a, []).append(k)
        around.setdefault(b, []).append(k)
    edges = []
    for v, ends in around.items():
        for even in product((0, 1), repeat=len(ends)):
            if sum(even) % 2 == 0:
                middle = vertex("middle", v, even)
                edges += [
                    (middle, vertex(v, k, side))
                    for k, side in zip(ends, even, strict=True)
                ]
    for k, (a, b) in enumerate(base):
        cross = int(twist and k == 0)
        edges += [(vertex(a, k, s), vertex(b, k, s ^ cross)) for s in (0, 1)]
    return edges


def regular(degree: int, count: int, seed: int) -> list[Edge]:
    """A random regular multigraph."""
    ends = [v for v in range(count) for _ in range(degree)]
    Random(seed).shuffle(ends)
    return list(zip(ends[::2], ends[1::2], strict=True))


def edge_tensor(symmetric: bool) -> Node:
    """The matrix on every edge."""
    return expr.tensor("x", ("n", "n"), "symmetric" if symmetric else "")


def wired(edges: Sequence[Edge], symmetric: bool = True) -> ic.Expression:
    """An index at every vertex, one matrix x on every edge, all summed."""
    x = edge_tensor(symmetric)
    return ic.Expression(expr.einsum([(x, edge) for edge in edges], []))


def knotted(edges: Sequence[Edge]) -> ic.Expression:
    """A tensor x at every vertex, an index along every edge, all summed."""
    ends: dict[int, list[int]] = {}
    for k, edge in enumerate(edges):
        for v in edge:
            ends.setdefault(v, []).append(k)
    rows = [
        (expr.tensor("x", ["n"] * len(legs)), legs) for _, legs in sorted(ends.items())
    ]
    return ic.Expression(expr.einsum(rows, []))


# -- towers, chains and crowds ---------------------------------------------------------


def vector(name: str = "x") -> ic.Expression:
    """A vector of size n."""
    return ic.Expression(expr.tensor(name, ("n",)))


def matrix(name: str = "x") -> ic.Expression:
    """An n×n matrix."""
    return ic.Expression(expr.tensor(name, ("n", "n")))


def repeated(step: Step, count: int, start: ic.Expression) -> ic.Expression:
    """step(step(… start))."""
    for _ in range(count):
        start = step(start)
    return start


def summed(parts: Sequence[ic.Expression]) -> ic.Expression:
    """One sum of many terms."""
    first = parts[0].written
    return ic.Expression(expr.linear([(p.written, 1) for p in parts], first.shape))


def crowd(count: int, name: str = "x") -> list[ic.Expression]:
    """Many different vectors; the first is called as it is differentiated by."""
    return [vector(f"{name}{k or ''}") for k in range(count)]


def multiplied(parts: Sequence[ic.Expression], out: Sequence[int]) -> ic.Expression:
    """One product of vectors, all on one index."""
    return ic.Expression(expr.einsum([(p.written, [0]) for p in parts], out))


def outer(count: int) -> ic.Expression:
    """The sum of all entries of x⊗x⊗…⊗x over so many different indices."""
    x = vector().written
    return ic.Expression(expr.einsum([(x, [k]) for k in range(count)], []))


def product_of(parts: Sequence[ic.Expression]) -> ic.Expression:
    """A matrix product, from the left."""
    whole = parts[0]
    for part in parts[1:]:
        whole = whole @ part
    return whole


def long_index_product(count: int) -> ic.Expression:
    """tr(x₀x₁x₂…) as one flat contraction."""
    rows = [(matrix(f"x{k or ''}").written, (k, (k + 1) % count)) for k in range(count)]
    return ic.Expression(expr.einsum(rows, []))


def _scalars() -> tuple[ic.Expression, ...]:
    return tuple(ic.Expression(expr.tensor(name, ())) for name in "xbc")


def _halves(count: int) -> ic.Expression:
    """A balanced tree of products of sums: (x+a)∘(x+b)∘… in pairs of pairs."""
    level = [vector() + part for part in crowd(count, "y")]
    while len(level) > 1:
        level = [a * b for a, b in zip(level[::2], level[1::2], strict=True)]
    return level[0]


GRAPHS: dict[str, tuple[Callable[[], list[Edge]], bool]] = {
    "cycle 64": (lambda: cycle(64), True),
    "16 cycles of 4": (lambda: cycles(16, 4), True),
    "2 cycles of 32": (lambda: cycles(2, 32), False),
    "21 triangles": (lambda: cycles(21, 3), False),
    "K6": (lambda: complete(6), True),
    "K12": (lambda: complete(12), True),
    "K64": (lambda: complete(64), False),
    "K8,8": (lambda: bipartite(8, 8), False),
    "K32,32": (lambda: bipartite(32, 32), False),
    "cube 64": (lambda: cube(6), True),
    "Petersen": (petersen, True),
    "Petersen 64": (lambda: petersen(32, 7), False),
    "6 Petersens": (
        lambda: [e for k in range(6) for e in petersen(5, 2, 10 * k)],
        False,
    ),
    "Shrikhande": (shrikhande, True),
    "rook 8×8": (lambda: rook(8), False),
    "Latin 8": (lambda: latin(8), False),
    "Paley 61": (lambda: paley(61), False),
    "plane of 7": (lambda: plane(7), False),
    "Hadamard 16": (lambda: hadamard(4), False),
    "CFI K4": (lambda: cai_fuerer_immerman(complete(4)), False),
    "CFI Petersen": (lambda: cai_fuerer_immerman(petersen()), False),
    "CFI twisted": (lambda: cai_fuerer_immerman(petersen(), twist=True), False),
    "cubic 64": (lambda: regular(3, 64, 5), False),
}

STEPS: dict[str, tuple[int, Step, Callable[[], ic.Expression], bool]] = {
    "((x²)²)²…": (60, lambda y: y**2, vector, True),
    "y∘y": (60, lambda y: y * y, vector, True),
    "y@y": (60, lambda y: y @ y, matrix, True),
    "y∘y + x": (40, lambda y: y * y + vector(), vector, True),
    "y + y@A": (60, lambda y: y + y @ matrix("A"), vector, False),
    "(yA)∘(yB)": (40, lambda y: (y @ matrix("A")) * (y @ matrix("B")), vector, False),
    "sin y + cos y": (40, lambda y: np.sin(y) + np.cos(y), vector, True),
    "(y+x)@(y+A)": (40, lambda y: (y + matrix()) @ (y + matrix("A")), matrix, False),
    "kron(y, y)": (40, lambda y: np.kron(y, y), vector, False),
    "1/(1+y∘y)": (40, lambda y: 1 / (1 + y * y), vector, False),
    "inv(y + A)": (200, lambda y: np.linalg.inv(y + matrix("A")), matrix, False),
    "y/‖y‖": (1_000, lambda y: y / np.linalg.norm(y), vector, False),
    "sin 10⁴": (10_000, np.sin, vector, True),
    "sin 10⁵": (100_000, np.sin, vector, False),
    "A@… 10⁴": (10_000, lambda y: matrix("A") @ y, vector, False),
    "y@A 10⁴": (10_000, lambda y: y @ matrix("A"), matrix, False),
    "tanh(Ay) 10⁴": (10_000, lambda y: np.tanh(matrix("A") @ y), vector, False),
    "y + sin y 10⁴": (10_000, lambda y: y + np.sin(y), vector, False),
    "y∘x 10⁴": (10_000, lambda y: y * vector(), vector, False),
    "½y + x 10⁴": (10_000, lambda y: 0.5 * y + vector(), vector, False),
    "yᵀ∘A 10⁴": (10_000, lambda y: y.T * matrix("A") + y, matrix, False),
    "where 10⁴": (10_000, lambda y: np.where(y > 0, y, vector()), vector, False),
    "√(1+y²) 10⁴": (10_000, lambda y: np.sqrt(1 + y**2), vector, False),
}

WIDE: dict[str, Monster] = {
    "(x+A)^30": Monster(lambda: product_of([matrix() + matrix("A")] * 30)),
    "(x+A)^15 ∘": Monster(lambda: (vector() + vector("A")) ** 15, quick=True),
    "(x+b+c)^20": Monster(lambda: sum(_scalars()) ** 20, quick=True),
    "(x+b+c)^60": Monster(lambda: sum(_scalars()) ** 60),
    "∏(x+yₖ) 64": Monster(lambda: _halves(64)),
    "x⊗…⊗x 64": Monster(lambda: outer(64), quick=True),
    "x⊗…⊗x 10⁴": Monster(lambda: outer(10_000)),
    "Σ xₖ 10⁵": Monster(lambda: summed(crowd(100_000))),
    "Σ sin xₖ 10⁵": Monster(lambda: summed([np.sin(v) for v in crowd(100_000)])),
    "Σ (x+k)² 10³": Monster(lambda: summed([(vector() + k) ** 2 for k in range(1000)])),
    "Σ x^k 10⁵": Monster(lambda: summed([vector() ** k for k in range(1, 100_001)])),
    "Σ xₖ·xₖ 2·10⁴": Monster(lambda: summed([v @ v for v in crowd(20_000)])),
    "∏ xₖ 10⁵": Monster(lambda: multiplied(crowd(100_000), [0])),
    "∏ x 10⁵": Monster(lambda: multiplied(crowd(1) * 100_000, [0])),
    "Σ∏ xₖ 10³": Monster(lambda: multiplied(crowd(1_000), [])),
    "x₀x₁x₂… 2000": Monster(
        lambda: product_of([matrix(f"x{k or ''}") for k in range(2_000)])
    ),
    "tr x₀x₁… 2000": Monster(lambda: long_index_product(2_000)),
    "concatenate 1000": Monster(
        lambda: np.concatenate([ic.tensor(f"x{k or ''}", 2) for k in range(1_000)])
    ),
}


def _all() -> dict[str, Monster]:
    found = {}
    for name, (edges, quick) in GRAPHS.items():
        found[name] = Monster(lambda edges=edges: wired(edges()), quick=quick)
    for name in ("cycle 64", "K6", "Petersen", "rook 8×8", "cube 64"):
        edges = GRAPHS[name][0]
        found[f"{name} →"] = Monster(lambda edges=edges: wired(edges(), False))
    for name in ("K6", "cube 64", "K12", "Petersen 64", "CFI Petersen"):
        edges = GRAPHS[name][0]
        found[f"{name} ⬤"] = Monster(lambda edges=edges: knotted(edges()))
    for name, (count, step, start, quick) in STEPS.items():
        found[name] = Monster(
            lambda c=count, s=step, b=start: repeated(s, c, b()), quick=quick
        )
    return found | WIDE


#: Every monster by its name.
MONSTERS: dict[str, Monster] = _all()
