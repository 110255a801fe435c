"""Canonical labelling against brute force, on hard graphs, and beyond the cap."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from itertools import combinations, permutations, product
from random import Random

import pytest

from indexcalc import labelling
from indexcalc.expr import einsum, tensor
from indexcalc.nodes import Einsum, Node
from indexcalc.sizes import dim
from tests.trust.monsters import plane

N = dim("n")
Edge = tuple[int, ...]
Row = tuple[str, Edge]

ORDERS = {"A": 2, "S": 2, "x": 1, "T": 3}


def operand(name: str, prefix: str = "") -> Node:
    """A, x, T, or the symmetric S, with every axis of size n."""
    structure = "symmetric" if name == "S" else ""
    return tensor(prefix + name, [N] * ORDERS[name], structure)


def node_of(rows: Sequence[Row], out: Edge = (), prefix: str = "") -> Node:
    """The contraction of a coloured hypergraph."""
    used = {i for _, legs in rows for i in legs} | set(out)
    return einsum(
        [(operand(name, prefix), legs) for name, legs in rows],
        out,
        dict.fromkeys(used, N),
    )


def relabelled(rows: Sequence[Row], out: Edge, rng: Random) -> tuple[list[Row], Edge]:
    """Other names of the indices, another order of operands and of symmetric legs."""
    used = sorted({i for _, legs in rows for i in legs} | set(out))
    names = rng.sample(range(10 * len(used) + 10), len(used))
    new = dict(zip(used, names, strict=True))
    moved = [(name, tuple(new[i] for i in legs)) for name, legs in rows]
    moved = [
        (name, legs[::-1] if name == "S" and rng.random() < 0.5 else legs)
        for name, legs in moved
    ]
    rng.shuffle(moved)
    return moved, tuple(new[i] for i in out)


def brute_form(rows: Sequence[Row], out: Edge) -> tuple[object, ...]:
    """The least naming over all orders of operands and of symmetric legs."""
    forms = []
    flips = [(0, 1) if name == "S" else (0,) for name, _ in rows]
    for order in permutations(rows):
        if [name for name, _ in order] != sorted(name for name, _ in rows):
            continue
        for flipped in product(*(flips[rows.index(row)] for row in order)):
            number: dict[int, int] = {i: k for k, i in enumerate(dict.fromkeys(out))}
            form = []
            for (name, legs), flip in zip(order, flipped, strict=True):
                turned = legs[::-1] if flip else legs
                named = tuple(number.setdefault(i, len(number)) for i in turned)
                form.append((name, named))
            forms.append(tuple(form))
    first: dict[int, int] = {}
    shown = tuple(first.setdefault(i, len(first)) for i in out)
    return (shown, *min(forms))


def small_graph(rng: Random) -> tuple[list[Row], Edge]:
    """Two to four operands on at most four indices, few kinds, many ties."""
    kinds = rng.choice(("A", "AS", "Ax", "SS", "AT", "Sx", "ASx"))
    width = rng.randint(2, 4)
    rows = []
    for _ in range(rng.randint(2, 4)):
        name = rng.choice(kinds)
        rows.append((name, tuple(rng.randrange(width) for _ in range(ORDERS[name]))))
    used = sorted({i for _, legs in rows for i in legs})
    out = tuple(rng.choice(used) for _ in range(rng.choice((0, 0, 0, 1, 2))))
    return rows, out


def test_small_graphs_are_told_apart_exactly() -> None:
    """One node for each brute-force form, one form for each node."""
    rng = Random(0)
    node_by_form: dict[object, Node] = {}
    form_by_node: dict[Node, object] = {}
    for _ in range(1_500):
        rows, out = small_graph(rng)
        form, node = brute_form(rows, out), node_of(rows, out)
        assert node_by_form.setdefault(form, node) is node, (rows, out)
        assert form_by_node.setdefault(node, form) == form, (rows, out)
    assert len(node_by_form) > 500


def test_beyond_the_cap_nothing_wrong_is_merged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without any work allowed, a node still has one form, and building repeats."""
    monkeypatch.setattr(labelling, "WORK_CAP", 0)
    rng = Random(1)
    form_by_node: dict[Node, object] = {}
    for _ in range(800):
        rows, out = small_graph(rng)
        node = node_of(rows, out, "cap")
        assert node is node_of(rows, out, "cap")
        form = brute_form(rows, out)
        assert form_by_node.setdefault(node, form) == form, (rows, out)


def test_beyond_the_cap_what_was_labelled_keeps_its_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The incidence graph of the projective plane of order 5, forgotten in between."""
    monkeypatch.setattr(labelling, "WORK_CAP", 20_000)
    x = tensor("x", (N, N), "symmetric")
    edges = plane(5)
    for seed in range(3):
        Random(seed).shuffle(edges)
        node = einsum([(x, edge) for edge in edges], [])
        assert isinstance(node, Einsum)
        rows, digest = list(node.operands), node.digest
        del node
        gc.collect()
        assert einsum(rows, []).digest == digest


# -- hard graphs -----------------------------------------------------------------------


def cycle(n: int, start: int = 0) -> list[Edge]:
    """A cycle of n edges."""
    return [(start + i, start + (i + 1) % n) for i in range(n)]


def complete(n: int) -> list[Edge]:
    """Every pair of n vertices."""
    return list(combinations(range(n), 2))


def petersen() -> list[Edge]:
    """The Petersen graph."""
    outer = [(i, (i + 1) % 5) for i in range(5)]
    inner = [(5 + i, 5 + (i + 2) % 5) for i in range(5)]
    return outer + inner + [(i, i + 5) for i in range(5)]


def rook(n: int) -> list[Edge]:
    """The n×n rook's graph, strongly regular."""
    cells = list(product(range(n), repeat=2))
    return [
        (a[0] * n + a[1], b[0] * n + b[1])
        for a, b in combinations(cells, 2)
        if (a[0] == b[0]) != (a[1] == b[1])
    ]


def shrikhande() -> list[Edge]:
    """The other strongly regular graph with the parameters of the 4×4 rook's graph."""
    steps = {(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)}
    cells = list(product(range(4), repeat=2))
    return [
        (4 * a[0] + a[1], 4 * b[0] + b[1])
        for a, b in combinations(cells, 2)
        if ((b[0] - a[0]) % 4, (b[1] - a[1]) % 4) in steps
    ]


def hypercube(n: int) -> list[Edge]:
    """The n-dimensional cube."""
    return [(i, i ^ 1 << b) for i in range(2**n) for b in range(n) if i < i ^ 1 << b]


def both_ways(edges: list[Edge]) -> list[Edge]:
    """Every edge in both directions."""
    return [pair for a, b in edges for pair in ((a, b), (b, a))]


def random_triples(count: int, indices: int) -> list[Edge]:
    """Order-3 operands on random indices."""
    rng = Random(5)
    return [tuple(rng.sample(range(indices), 3)) for _ in range(count)]


def cubic_triples(count: int) -> list[Edge]:
    """Order-3 operands, every index on exactly two of them."""
    slots = [i for i in range(3 * count // 2) for _ in range(2)]
    Random(6).shuffle(slots)
    return [tuple(slots[3 * k : 3 * k + 3]) for k in range(count)]


HARD: dict[str, tuple[str, Callable[[], list[Edge]]]] = {
    "K6": ("S", lambda: complete(6)),
    "K6 directed": ("A", lambda: complete(6)),
    "K12": ("S", lambda: complete(12)),
    "K33": ("S", lambda: [(a, b) for a in range(3) for b in range(3, 6)]),
    "cycle of 64": ("S", lambda: cycle(64)),
    "cycle of 64 directed": ("A", lambda: cycle(64)),
    "two cycles of 32": ("S", lambda: cycle(32) + cycle(32, 32)),
    "Petersen": ("S", petersen),
    "Petersen both ways": ("A", lambda: both_ways(petersen())),
    "4×4 rook": ("S", lambda: rook(4)),
    "8×8 rook": ("S", lambda: rook(8)),
    "Shrikhande": ("S", shrikhande),
    "cube of 64": ("S", lambda: hypercube(6)),
    "40 triangles": ("A", lambda: [e for k in range(40) for e in cycle(3, 3 * k)]),
    "100 free edges": ("A", lambda: [(2 * i, 2 * i + 1) for i in range(100)]),
    "binary tree": ("A", lambda: [((i - 1) // 2, i) for i in range(1, 127)]),
    "160 of order 3": ("T", lambda: random_triples(160, 240)),
    "160 of order 3, cubic": ("T", lambda: cubic_triples(160)),
    "500 equal vectors": ("x", lambda: [(i,) for i in range(500)]),
}


@pytest.mark.parametrize("name", HARD)
def test_hard_graphs(name: str) -> None:
    """Relabelled, they are the same object; each labelling ends in time."""
    kind, edges = HARD[name]
    rows = [(kind, edge) for edge in edges()]
    node = node_of(rows)
    moved, out = relabelled(rows, (), Random(name))
    assert node_of(moved, out) is node


def test_lookalikes_differ() -> None:
    """Graphs that colour refinement alone cannot tell apart."""

    def named(edges: list[Edge]) -> Node:
        return node_of([("S", edge) for edge in edges])

    assert named(rook(4)) is not named(shrikhande())
    assert named(cycle(64)) is not named(cycle(32) + cycle(32, 32))
    assert named(cycle(6)) is not named(cycle(3) + cycle(3, 3))


def test_order_and_keys() -> None:
    """A path is ordered the same from either numbering."""
    colours, out = ["A", "A"], [(0,), (), (1,)]
    one = labelling.Contraction(colours, [(0, 1), (1, 2)], out)
    two = labelling.Contraction(colours, [(1, 2), (0, 1)], out)
    first, second = labelling.operand_order(one)[0], labelling.operand_order(two)[0]
    assert [one.legs[o] for o in first] == [two.legs[o] for o in second]
