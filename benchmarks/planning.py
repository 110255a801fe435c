"""Contraction orders against cotengra's: flops, the model's seconds, time to plan.

Run `python -m benchmarks.planning`. Thirty fixed networks of up to 40 tensors, and with
`--large` some of 100 tensors for the extra `[planner]`. For each: how many tensors, the
milliseconds of cold planning, the flops of our order over those of the best order that
cotengra finds in a second, and the same ratio of the seconds the machine model gives.
`--quick` plans without cotengra. A full run fails where planning is over its bar of
200 ms, or our flops are over cotengra's by more than a tenth in the median.

>>> len(NETWORKS), max(len(make().inputs) for make in NETWORKS.values())
(30, 40)
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from random import Random
from typing import Any

from indexcalc.contraction import costs, paths
from indexcalc.contraction.networks import Path
from indexcalc.contraction.products import Labels

#: Milliseconds that cold planning may take.
BAR = 200.0

#: What our flops may be in multiples of cotengra's, in the median.
WORSE = 1.1

#: Seconds that cotengra is given, once plain and once with its reconfiguration.
PEER_SECONDS = 1.0


@dataclass(frozen=True)
class Network:
    """A contraction: the labels of its operands and result, and their sizes."""

    inputs: tuple[Labels, ...]
    out: Labels
    sizes: dict[int, int]


Make = Callable[[], Network]


def spelled(text: str, **sizes: int) -> Network:
    """The network of an einsum spec, with the sizes of its letters."""
    left, out = text.split("->")
    inputs = tuple(tuple(ord(c) for c in part) for part in left.split(","))
    lengths = {ord(c): n for c, n in sizes.items()}
    return Network(inputs, tuple(ord(c) for c in out), lengths)


def graph(
    edges: Iterable[tuple[int, ...]],
    sizes: Sequence[int],
    seed: int,
    out: Sequence[int] = (),
) -> Network:
    """One tensor a vertex, one label an edge (or hyperedge), its size drawn from
    `sizes`; `out` are the positions of the edges that stay open."""
    rng = Random(seed)
    wires = list(edges)
    vertices = sorted({v for wire in wires for v in wire})
    inputs = [
        tuple(k for k, wire in enumerate(wires) if vertex in wire)
        for vertex in vertices
    ]
    lengths = {k: rng.choice(sizes) for k in range(len(wires))}
    return Network(tuple(inputs), tuple(out), lengths)


# -- the thirty ------------------------------------------------------------------------


def chain(length: int, sizes: Sequence[int], seed: int) -> Network:
    """A product of matrices of many sizes."""
    rng = Random(seed)
    inputs = tuple((k, k + 1) for k in range(length))
    lengths = {k: rng.choice(sizes) for k in range(length + 1)}
    return Network(inputs, (0, length), lengths)


def tree(count: int, sizes: Sequence[int], seed: int) -> Network:
    """A random tree of tensors, each of them with an open label one time in three."""
    rng = Random(seed)
    edges: list[tuple[int, ...]] = [
        (rng.randrange(max(0, v - 4), v), v) for v in range(1, count)
    ]
    legs = [(v,) for v in range(0, count, 8)]
    opens = range(len(edges), len(edges) + len(legs))
    return graph(edges + legs, sizes, seed, opens)


def ring(count: int, sizes: Sequence[int], seed: int, legs: int = 0) -> Network:
    """A closed chain, a trace, with some open legs."""
    edges: list[tuple[int, ...]] = [(v, (v + 1) % count) for v in range(count)]
    edges += [(v * (count // legs),) for v in range(legs)]
    return graph(edges, sizes, seed, range(count, count + legs))


def ladder(length: int, bond: Sequence[int], seed: int) -> Network:
    """Two matrix product states against each other: two rails and the rungs."""
    rails: list[tuple[int, ...]] = [
        (2 * k + side, 2 * k + 2 + side) for k in range(length - 1) for side in (0, 1)
    ]
    rungs: list[tuple[int, ...]] = [(2 * k, 2 * k + 1) for k in range(length)]
    return graph(rails + rungs, bond, seed)


def sandwich(length: int, bond: Sequence[int], seed: int) -> Network:
    """⟨ψ|O|ψ⟩: two matrix product states and an operator between them."""
    rows = lattice_edges(3, length)
    return graph(rows, bond, seed)


def lattice_edges(rows: int, columns: int) -> list[tuple[int, ...]]:
    """The edges of a rectangular lattice."""
    cells = list(product(range(rows), range(columns)))
    at = {cell: k for k, cell in enumerate(cells)}
    right = [(at[i, j], at[i, j + 1]) for i, j in cells if j + 1 < columns]
    down = [(at[i, j], at[i + 1, j]) for i, j in cells if i + 1 < rows]
    return [*right, *down]


def lattice(
    rows: int, columns: int, bond: Sequence[int], seed: int, legs: int = 0
) -> Network:
    """A projected entangled pair state with its physical labels fixed."""
    edges = lattice_edges(rows, columns)
    opens: list[tuple[int, ...]] = [(v,) for v in range(legs)]
    extra = range(len(edges), len(edges) + legs)
    return graph(edges + opens, bond, seed, extra)


def regular(count: int, degree: int, sizes: Sequence[int], seed: int) -> Network:
    """A random regular graph."""
    import networkx as nx

    edges = sorted(
        tuple(sorted(e)) for e in nx.random_regular_graph(degree, count, seed).edges
    )
    return graph(edges, sizes, seed)


def hyper(count: int, wires: int, sizes: Sequence[int], seed: int) -> Network:
    """Random hyperedges of two to four ends over a spanning chain; three stay open."""
    rng = Random(seed)
    edges = [
        tuple(rng.sample(range(count), rng.choice((2, 2, 3, 4)))) for _ in range(wires)
    ]
    edges += [(v, v + 1) for v in range(count - 1)]
    return graph(edges, sizes, seed, range(3))


def circuit(lines: int, depth: int, seed: int) -> Network:
    """Gates on two lines each, a brick wall with open ends fixed by vectors."""
    rng = Random(seed)
    front = list(range(lines))
    inputs: list[Labels] = [(k,) for k in front]
    fresh = lines
    for layer in range(depth):
        for k in range(layer % 2, lines - 1, 2):
            if rng.random() < 0.15:
                continue
            inputs.append((front[k], front[k + 1], fresh, fresh + 1))
            front[k : k + 2] = [fresh, fresh + 1]
            fresh += 2
    inputs += [(k,) for k in front]
    return Network(tuple(inputs), (), dict.fromkeys(range(fresh), 4))


def layers_jacobian(depth: int, seed: int) -> Network:
    """∂y/∂x of W_d D_d … W_1 D_1 x: the D are diagonals, so their labels are shared."""
    rng = Random(seed)
    widths = [rng.choice((20, 50, 100, 200)) for _ in range(depth + 1)]
    inputs: list[Labels] = []
    for k in range(depth):
        inputs += [(k, k + 1), (k + 1,)]
    return Network(tuple(inputs), (0, depth), dict(enumerate(widths)))


def batched_gradient(depth: int, seed: int) -> Network:
    """Σ_b of the outer product of a forward and a backward chain, activations diagonal:
    the gradient by the middle matrix of a deep linear network over a batch."""
    rng = Random(seed)
    batch, middle = 1000, depth // 2
    lengths = {k: rng.choice((10, 50, 100, 300)) for k in range(depth + 1)} | {
        batch: 64
    }
    inputs: list[Labels] = [(batch, 0)]
    for k in range(depth):
        if k != middle:
            inputs += [(k, k + 1)]
        inputs += [(batch, k + 1)]
    return Network(tuple(inputs), (middle, middle + 1), lengths)


def mps_gradient(length: int, bond: int) -> Network:
    """The gradient of ⟨ψ|ψ⟩ by the middle core of a matrix product state."""
    inputs: list[Labels] = []
    lengths: dict[int, int] = {}
    for k in range(length):
        up, down, leg = 3 * k, 3 * k + 1, 3 * k + 2
        lengths |= {up: min(bond, 2 ** (k + 1)), down: min(bond, 2 ** (k + 1)), leg: 4}
        left = (up - 3,) if k else ()
        below = (down - 3,) if k else ()
        right = ((up,), (down,)) if k + 1 < length else ((), ())
        if k != length // 2:
            inputs.append((*left, leg, *right[0]))
        inputs.append((*below, leg, *right[1]))
    middle = length // 2
    out = (3 * middle - 3, 3 * middle + 2, 3 * middle)
    return Network(tuple(inputs), out, lengths)


TUCKER = "abcd,ai,bj,ck,dl,ijkm,mn,np->lp"
CP = "ir,jr,kr,lr,is,js,ks,ls,r,s,ijkl,lt->ts"
ATTENTION = "bqd,dhe,bkf,fhe,bhqk,bkg,ghv,hvo,bqo,bhqr,brx->dhx"
HADAMARD = "ij,ij,jk,jl,j,lm,mk,kn,in,no->ikl"

NETWORKS: dict[str, Make] = {
    "chain 8": partial(chain, 8, (5, 30, 100, 300), 1),
    "chain 20": partial(chain, 20, (1, 5, 30, 100, 300), 2),
    "chain 40": partial(chain, 40, (5, 30, 100, 300), 3),
    "tree 20": partial(tree, 20, (2, 5, 10, 30), 4),
    "tree 40": partial(tree, 40, (2, 3, 5, 10), 5),
    "ring 12": partial(ring, 12, (5, 10, 40), 6, 3),
    "ring 32": partial(ring, 32, (2, 4, 8, 16), 7, 4),
    "ladder 2x10": partial(ladder, 10, (4, 8, 16, 32), 8),
    "ladder 2x20": partial(ladder, 20, (4, 8, 16, 32), 9),
    "sandwich 3x8": partial(sandwich, 8, (4, 8, 16), 10),
    "sandwich 3x13": partial(sandwich, 13, (4, 8, 16), 11),
    "lattice 4x4": partial(lattice, 4, 4, (4, 6), 12),
    "lattice 5x5": partial(lattice, 5, 5, (3, 4, 5), 13),
    "lattice 6x6": partial(lattice, 6, 6, (4,), 14),
    "lattice 4x10": partial(lattice, 4, 10, (2, 4, 6), 15),
    "lattice 4x5, 3 legs": partial(lattice, 4, 5, (3, 5), 16, 3),
    "3-regular 16": partial(regular, 16, 3, (4, 8, 12), 17),
    "3-regular 28": partial(regular, 28, 3, (4, 8), 18),
    "3-regular 40": partial(regular, 40, 3, (3, 4), 19),
    "4-regular 24": partial(regular, 24, 4, (2, 4), 20),
    "hyper 14": partial(hyper, 14, 8, (4, 8, 16), 21),
    "hyper 26": partial(hyper, 26, 14, (2, 4, 8), 22),
    "hyper 40": partial(hyper, 40, 20, (2, 4), 23),
    "circuit 6x8": partial(circuit, 6, 8, 24),
    "layers, Jacobian 20": partial(layers_jacobian, 20, 25),
    "layers, batch gradient": partial(batched_gradient, 12, 26),
    "states, gradient": partial(mps_gradient, 18, 32),
    "Tucker, derivative": partial(
        spelled, TUCKER, a=20, b=30, c=40, d=25, i=8, j=9, k=7, l=6, m=50, n=5, p=60
    ),
    "CP, derivative": partial(
        spelled, CP, i=40, j=50, k=30, l=20, r=12, s=12, t=70
    ),
    "attention, derivative": partial(
        spelled, ATTENTION, b=8, q=64, k=64, r=64, d=128, f=128, g=128, h=8, e=16,
        v=16, o=128, x=32,
    ),
}  # fmt: skip

LARGE: dict[str, Make] = {
    "chain 100": partial(chain, 100, (5, 30, 100, 300), 31),
    "3-regular 100": partial(regular, 100, 3, (2, 3), 32),
    "lattice 10x10": partial(lattice, 10, 10, (2, 3), 33),
    "hyper 100": partial(hyper, 100, 40, (2, 3), 34),
    "ladder 2x50": partial(ladder, 50, (4, 8, 16, 32), 35),
    "sandwich 3x33": partial(sandwich, 33, (4, 8, 16), 36),
}


# -- measuring -------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One network: cold planning in milliseconds, the flops of our order by flops and
    of our order by seconds, and the model's seconds of the latter; the peer's too."""

    name: str
    tensors: int
    milliseconds: float
    fewest: int
    chosen: int
    took: float
    peer: int
    peer_took: float


def cold(network: Network, minimize: paths.Aim) -> tuple[float, Path]:
    """Milliseconds of this process for a path that is not known yet, the least of
    three, and the path."""
    took = []
    for _ in range(3):
        paths.forget()
        start = time.process_time()
        found = paths.path(*vars(network).values(), minimize=minimize)
        took.append(1e3 * (time.process_time() - start))
    return min(took), found


def peer_paths(network: Network, seconds: float) -> list[Path]:
    """The orders that cotengra finds in the time given: its random greedy and its
    partitions, as they are and reconfigured."""
    import cotengra

    inputs = [tuple(chr(192 + i) for i in labels) for labels in network.inputs]
    out = tuple(chr(192 + i) for i in network.out)
    sizes = {chr(192 + i): n for i, n in network.sizes.items()}
    found = []
    for options in ({}, {"reconf_opts": {}}):
        search: Any = cotengra.HyperOptimizer(
            minimize="flops",
            max_time=seconds,
            max_repeats=1_000_000,
            parallel=False,
            **options,
        )
        found.append(search.search(inputs, out, sizes).get_path())
    return found


def row(name: str, network: Network, seconds: float) -> Row:
    """One line of the table; without a peer where it is given no seconds."""
    data = network.inputs, network.out, network.sizes
    slow, fewest = cold(network, "flops")
    slower, chosen = cold(network, "seconds")
    peers = peer_paths(network, seconds) if seconds else [fewest]
    return Row(
        name,
        len(network.inputs),
        max(slow, slower),
        costs.flops(*data, fewest),
        costs.flops(*data, chosen),
        costs.path_seconds(*data, chosen),
        min(costs.flops(*data, peer) for peer in peers),
        min(costs.path_seconds(*data, peer) for peer in peers),
    )


def line(row: Row) -> str:
    """A line of the table."""
    return (
        f"{row.name:24s} {row.tensors:4d} {row.milliseconds:8.1f} {row.peer:12.3e} "
        f"{row.fewest / row.peer:8.3f} {row.chosen / row.peer:8.3f} "
        f"{row.took / row.peer_took:8.3f}"
    )


def table(networks: Mapping[str, Make], seconds: float) -> list[Row]:
    """Plans all networks and prints what came of it."""
    print(f"{'network':24s} {'n':>4s} {'ms cold':>8s} {'peer flops':>12s} ", end="")
    print(f"{'flops':>8s} {'chosen':>8s} {'seconds':>8s}")
    rows = []
    for name, make in networks.items():
        rows.append(row(name, make(), seconds))
        print(line(rows[-1]), flush=True)
    ratios = [row.fewest / row.peer for row in rows]
    times = [row.milliseconds for row in rows]
    print(
        f"flops over the peer's: median {statistics.median(ratios):.3f}, worst "
        f"{max(ratios):.3f}; cold: median {statistics.median(times):.1f} ms, worst "
        f"{max(times):.1f} ms"
    )
    return rows


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="without the peer")
    parser.add_argument("--large", action="store_true", help="100 tensors, 20 seconds")
    given = parser.parse_args()
    paths.path(*vars(NETWORKS["chain 8"]()).values())
    seconds = 0.0 if given.quick else PEER_SECONDS
    rows = table(NETWORKS, seconds)
    if given.large:
        table(LARGE, 20 * seconds)
    if statistics.median(row.fewest / row.peer for row in rows) > WORSE:
        raise SystemExit(f"the median of flops is over {WORSE:g} times cotengra's")
    over = [row.name for row in rows if row.milliseconds > BAR]
    if over and not given.quick:
        raise SystemExit(f"planning takes over {BAR:g} ms: {', '.join(over)}")


if __name__ == "__main__":
    main()
