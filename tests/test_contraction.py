"""Orders of contraction: valid, exact where they claim to be, the same every time.

The oracles are NumPy's einsum and an enumeration of all orders that knows nothing of
how they are searched for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod
from random import Random

import numpy as np
import pytest

from indexcalc.contraction import TYPICAL, Machine, costs, measure, path, paths
from indexcalc.contraction.exact import FLOPS, Price, best_splits, splits_tree
from indexcalc.contraction.greedy import Heap, greedy_tree
from indexcalc.contraction.machine import product, seconds
from indexcalc.contraction.networks import Path, Web, tree_flops, tree_path
from indexcalc.contraction.products import Labels
from indexcalc.contraction.search import Smith, best_trees, model_price
from indexcalc.contraction.twins import stages
from indexcalc.pairwise import pair_product, without_repeats

Network = tuple[tuple[Labels, ...], Labels, dict[int, int]]


def network(rng: Random, count: int, labels: int, longest: int = 4) -> Network:
    """Random operands: labels of any number of ends, repeated ones, scalars, size 1."""
    sizes = {i: rng.randint(1, longest) for i in range(labels)}
    inputs = tuple(
        tuple(rng.randrange(labels) for _ in range(rng.randint(0, 3)))
        for _ in range(count)
    )
    carried = sorted({i for row in inputs for i in row})
    out = tuple(rng.sample(carried, rng.randint(0, min(3, len(carried)))))
    return inputs, out, {i: sizes[i] for i in carried}


def spec(text: str, **sizes: int) -> Network:
    """The network of an einsum spec."""
    left, out = text.split("->")
    rows = tuple(tuple(map(ord, part)) for part in left.split(","))
    return rows, tuple(map(ord, out)), {ord(c): n for c, n in sizes.items()}


def executed(arrays: Sequence[np.ndarray], data: Network, order: Path) -> np.ndarray:
    """The contraction, pair by pair along a path."""
    inputs, out, _ = data
    rows = [without_repeats(a, row) for a, row in zip(arrays, inputs, strict=True)]
    for i, j in order:
        a, b = rows[i], rows[j]
        rows = [row for k, row in enumerate(rows) if k not in (i, j)]
        alive = set(out).union(*(labels for _, labels in rows))
        rows.append(pair_product(a, b, alive))
    array, labels = rows[0]
    gone = tuple(k for k, i in enumerate(labels) if i not in out)
    kept = [i for i in labels if i in out]
    return array.sum(axis=gone).transpose([kept.index(i) for i in out])


def drawn(data: Network, seed: int) -> list[np.ndarray]:
    """Arrays for the operands."""
    inputs, _, sizes = data
    rng = np.random.default_rng(seed)
    return [rng.uniform(0.5, 1.5, [sizes[i] for i in row]) for row in inputs]


def orders(count: int) -> Iterator[Path]:
    """All sequences of pairs."""
    if count == 1:
        yield ()
    for pair in combinations(range(count), 2):
        for rest in orders(count - 1):
            yield (pair, *rest)


def counted(data: Network, order: Path) -> int:
    """Flops by their definition, with sets."""
    inputs, out, sizes = data
    rows, total = [set(row) for row in inputs], 0
    for i, j in order:
        a, b = rows[i], rows[j]
        rows = [row for k, row in enumerate(rows) if k not in (i, j)]
        keep = set(out).union(*rows)
        for one, other in ((a, b), (b, a)):
            if not one <= keep | other:
                total += prod(sizes[i] for i in one)
        a, b = a & (keep | b), b & (keep | a)
        summed = any(sizes[i] > 1 for i in (a | b) - keep)
        total += prod(sizes[i] for i in a | b) * (2 if summed else 1)
        rows.append((a | b) & keep)
    return total


@pytest.mark.parametrize("aim", ["seconds", "flops"])
@pytest.mark.parametrize("seed", range(40))
def test_a_path_contracts_to_the_einsum(seed: int, aim: paths.Aim) -> None:
    """Any network: every operand is taken once, and the value is einsum's."""
    rng = Random(seed)
    data = network(rng, rng.randint(1, 9), rng.randint(1, 8))
    order = path(*data, minimize=aim)
    assert len(order) == len(data[0]) - 1
    arrays = drawn(data, seed)
    operands = [x for a, row in zip(arrays, data[0], strict=True) for x in (a, row)]
    expected = np.einsum(*operands, data[1], optimize=False)
    np.testing.assert_allclose(executed(arrays, data, order), expected, rtol=1e-10)


@pytest.mark.parametrize("seed", range(30))
def test_no_order_of_five_is_better(seed: int) -> None:
    """Neither by flops nor by the model's seconds, equal operands included."""
    rng = Random(100 + seed)
    count = rng.randint(3, 5)
    data = network(rng, count, rng.randint(3, 6), 60)
    same = [rng.randrange(3) if seed % 2 else k for k in range(count)]
    every = list(orders(count))
    web = Web(*data)
    least = min(_without_sums(web, data, order) for order in every)
    found = path(*data, minimize="flops")
    assert _without_sums(web, data, found) <= least * (1 + 1e-9)
    taken = [costs.path_seconds(*data, order, same=same) for order in every]
    chosen = costs.path_seconds(*data, path(*data, same=same), same=same)
    assert chosen <= min(taken) * (1 + 1e-9)


def _without_sums(web: Web, data: Network, order: Path) -> int:
    """Flops of the pairs alone: sums over an operand's own labels have no order."""
    keep = {i for i in data[2] if i in data[1] or sum(i in r for r in data[0]) > 1}
    rows = tuple(tuple(i for i in row if i in keep) for row in data[0])
    return counted((rows, data[1], data[2]), order)


@pytest.mark.parametrize("seed", range(12))
def test_greedy_trees_and_windows_keep_the_network(seed: int) -> None:
    """Legs found step by step are those of the definition; a window made optimal
    leaves one product less than there are operands, and none dearer."""
    rng = Random(400 + seed)
    data = network(rng, 16, 18)
    web = Web(*data)
    heap = Heap(web, 1.0, 0.0, 0)
    for k, leaf in enumerate(web.leaves):
        heap.add(1 << k, leaf)
    parts = [1 << k for k in range(16)]
    while len(parts) > 1:
        left, right = (parts.pop(rng.randrange(len(parts))) for _ in range(2))
        labels = heap.take(left, right)
        assert labels == web.legs(left | right)
        heap.add(left | right, labels)
        parts.append(left | right)
    smith = Smith(web, FLOPS)
    tree = greedy_tree(web, 0.0, 2.0, seed)
    better = smith.reduced(tree, 6, 30)
    assert len(better) == len(tree) == 15
    assert tree_flops(web, better) < tree_flops(web, tree)
    assert smith.cost(better) == pytest.approx(tree_flops(web, better))


@pytest.mark.parametrize("price", [FLOPS, model_price(TYPICAL, 8)])
@pytest.mark.parametrize("seed", range(10))
def test_tables_of_subsets_price_as_single_products_do(seed: int, price: Price) -> None:
    """The cost of the best splits is that of their products, one by one."""
    rng = Random(500 + seed)
    data = network(rng, rng.randint(3, 9), 10, 300)
    web = Web(*data)
    splits = best_splits(web.leaves, web.out, web.sizes, price)
    tree = splits_tree(splits, [1 << k for k in range(len(web.leaves))])
    assert splits.cost == pytest.approx(Smith(web, price).cost(tree), rel=1e-9)


def test_twelve_are_exact_and_more_are_close() -> None:
    """Chains, whose optimum the classical recurrence over intervals knows."""
    for count in (8, 12, 20, 40):
        rng = Random(count)
        lengths = [rng.choice((3, 10, 40, 100)) for _ in range(count + 1)]
        data = (
            tuple((k, k + 1) for k in range(count)),
            (0, count),
            dict(enumerate(lengths)),
        )
        found = costs.flops(*data, path(*data, minimize="flops"))
        allowed = 1.0 if count <= 12 else 1.01
        assert found <= allowed * 2 * _chain(lengths)


def _chain(lengths: Sequence[int]) -> int:
    """Multiplications of the best order of a chain of matrices."""
    count = len(lengths) - 1
    best = {(k, k + 1): 0 for k in range(count)}
    for width in range(2, count + 1):
        for i in range(count - width + 1):
            j = i + width
            best[i, j] = min(
                best[i, k] + best[k, j] + lengths[i] * lengths[k] * lengths[j]
                for k in range(i + 1, j)
            )
    return best[0, count]


@pytest.mark.parametrize("seed", range(20))
def test_flops_are_what_the_definition_says(seed: int) -> None:
    """On random orders, best or not; and the search counts them alike."""
    rng = Random(200 + seed)
    count = rng.randint(2, 8)
    data = network(rng, count, 6)
    order = tuple(
        tuple(sorted(rng.sample(range(count - k), 2))) for k in range(count - 1)
    )
    assert costs.flops(*data, order) == counted(data, order)
    web = Web(*data)
    tree = best_trees(web, FLOPS)[0]
    found = tree_path(tree, count)
    assert tree_flops(web, tree) == pytest.approx(_without_sums(web, data, found))


def test_the_peak_is_what_is_alive() -> None:
    """A chain of three: the first product waits for nothing; inputs do not count."""
    data = spec("ab,bc,cd->ad", a=10, b=20, c=30, d=40)
    assert costs.peak(*data, ((0, 1), (0, 1))) == 10 * 30 + 10 * 40
    assert costs.largest(*data, ((0, 1), (0, 1))) == 400
    data = spec("ab,c->c", a=10, b=20, c=5)
    assert costs.peak(*data, ((0, 1),)) == 1 + 5


def test_seconds_prefer_what_blas_does_well() -> None:
    """Choices that flops alone do not make."""
    order = path(*spec("ijk,jr,kr->ir", i=200, j=200, k=200, r=32))
    assert order[0] == (1, 2), "the Khatri–Rao product, then one matrix product"
    order = path(*spec("ij,jk,k->i", i=900, j=900, k=900))
    assert order[0] == (1, 2)
    rows = ((0, 1), (1, 2), (2, 3), (1, 4), (4, 3))
    sizes = {0: 400, 1: 400, 2: 300, 3: 100, 4: 300}
    order = path(rows, (0,), sizes, same=(0, 1, 2, 1, 2))
    assert set(order[:2]) == {(1, 2)}, "AX twice: (1, 2), then (1, 2) of what is left"


def test_products_that_occur_again_are_free() -> None:
    """In a power, and where the copies come in another order."""
    rows = ((0, 1), (1, 2), (3, 2), (0, 3))
    sizes = dict.fromkeys(range(4), 500)
    order = ((0, 1), (0, 1), (0, 1))
    once = costs.path_seconds(rows, (0, 2), sizes, order, same=(0, 1, 1, 0))
    twice = costs.path_seconds(rows, (0, 2), sizes, order)
    assert once < 0.6 * twice
    (stage,) = stages(rows, (0, 2), (0, 1, 1, 0))
    assert stage.parts == (0b0011, 0b1100)
    assert stage.identities[0] == stage.identities[1]


def test_a_network_of_one_label_or_none() -> None:
    """Many vectors of one index; only scalars; no index in common."""
    for count in (13, 30):
        data = (((0,),) * count, (0,), {0: 7})
        assert len(path(*data)) == count - 1
    assert len(path(((), (), ()), (), {})) == 2
    order = path(
        tuple((k,) for k in range(14)), tuple(range(14)), dict.fromkeys(range(14), 2)
    )
    assert len(order) == 13
    assert path([(0, 1)], (0,), {0: 2, 1: 2}) == ()


def test_sizes_may_be_zero_or_enormous() -> None:
    """Paths are found; nothing divides by zero or overflows."""
    rows = tuple((k, k + 1) for k in range(6))
    for n in (0, 10**60):
        sizes = dict.fromkeys(range(7), n)
        assert len(path(rows, (0, 6), sizes, minimize="flops")) == 5
    assert len(path(rows, (0, 6), dict.fromkeys(range(7), 0))) == 5


def test_paths_do_not_depend_on_the_names_of_labels() -> None:
    """Only on where they occur."""
    rng = Random(5)
    inputs, out, sizes = network(rng, 16, 14)
    new = {i: 1000 - 7 * i for i in sizes}
    rows = tuple(tuple(new[i] for i in row) for row in inputs)
    kept = tuple(new[i] for i in out)
    again = path(rows, kept, {new[i]: n for i, n in sizes.items()})
    assert path(inputs, out, sizes) == again


SCRIPT = """
from random import Random
from tests.test_contraction import network
from indexcalc.contraction import path
for count in (4, 11, 24, 44):
    print(path(*network(Random(count), count, count + 2)))
"""


def test_paths_do_not_depend_on_the_hash_seed() -> None:
    """Three processes, one answer."""
    found = set()
    for seed in ("0", "1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        run = [sys.executable, "-c", SCRIPT]
        found.add(subprocess.run(run, env=env, capture_output=True, check=True).stdout)
    assert len(found) == 1


def test_cotengra_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large networks too are planned without the extra `[planner]`."""
    monkeypatch.setitem(sys.modules, "cotengrust", None)
    monkeypatch.setitem(sys.modules, "cotengra", None)
    paths.forget()
    data = network(Random(1), 45, 50)
    assert len(path(*data)) == 44
    paths.forget()


def test_the_planner_is_light() -> None:
    """Planning imports neither opt_einsum nor cotengra for small networks."""
    code = (
        "import sys; from indexcalc.contraction import path;"
        "path([(0,1),(1,2),(2,3)],(0,3),dict.fromkeys(range(4),5));"
        "print([m for m in ('opt_einsum', 'cotengra', 'cotengrust', 'scipy')"
        " if m in sys.modules])"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, check=True).stdout == b"[]\n"


# -- the machine -----------------------------------------------------------------------


def test_the_model_orders_products_as_machines_do() -> None:
    """Flops dominate large products, copies and calls small ones; float32 is faster."""
    big = dict.fromkeys(range(4), 1000)
    square = product((0, 1), (1, 2), {0, 2}, big)
    assert square.seconds == pytest.approx(2e9 / TYPICAL.gemm, rel=0.1)
    single = product((0, 1), (1, 2), {0, 2}, big, TYPICAL, 4)
    assert single.seconds < 0.6 * square.seconds
    vector = product((0, 1), (1,), {0}, big)
    assert vector.seconds < square.seconds / 50
    entrywise = product((0, 1), (0, 1), {0, 1}, big)
    assert (entrywise.flops, entrywise.copied) == (10**6, 0)
    batched = product((3, 0, 1), (3, 1, 2), {0, 2, 3}, {0: 4, 1: 4, 2: 4, 3: 1000})
    assert batched.seconds > 1000 * TYPICAL.matrix


def test_copies_are_made_where_blas_cannot_read() -> None:
    """A batch label that comes last, bound labels apart or in two orders."""
    sizes = dict.fromkeys(range(6), 8)
    assert product((5, 0, 1), (5, 1, 2), {0, 2, 5}, sizes).copied == 0
    assert product((0, 1, 5), (1, 2, 5), {0, 2, 5}, sizes).copied == 2 * 8**3
    assert product((0, 1, 2), (1, 2, 3), {0, 3}, sizes).copied == 0
    assert product((0, 1, 2), (2, 1, 3), {0, 3}, sizes).copied == 8**3
    assert product((1, 0, 2), (1, 2, 3), {0, 3}, sizes).copied == 8**3
    assert (
        product((1, 0, 2), (1, 2, 3), {0, 3}, sizes, layouts=((), ((1, 2, 3),))).copied
        == 0
    )


def test_seconds_are_a_roofline() -> None:
    """The longer of arithmetic and traffic."""
    assert seconds(TYPICAL.gemm, TYPICAL.memory / 2, 0, TYPICAL) == 1.0
    assert seconds(0, TYPICAL.memory, 0, TYPICAL) == 1.0
    assert seconds(TYPICAL.gemm, 0, 0, TYPICAL, itemsize=4) == 0.5


def test_a_machine_can_be_measured() -> None:
    """Every rate is a positive number; plans take another machine."""
    found = measure()
    assert isinstance(found, Machine)
    rates = (found.gemm, found.cached, found.memory, found.fresh)
    assert all(1e6 < rate < 1e15 for rate in rates)
    assert 0 < found.call < 1
    assert 0 < found.matrix < 1
    assert len(path(*spec("ij,jk,kl->il", i=9, j=9, k=9, l=9), machine=found)) == 2
    assert model_price(found, 8).flop > 0


@pytest.mark.parametrize(
    ("inputs", "out", "sizes"),
    [
        (((0, 1), (0, 2), (3, 0), (2, 4)), (3, 1, 4), (300, 100, 2, 300, 3)),
        (((0, 1), (2, 3), (1, 2), (3, 0)), (), (200, 200, 150, 100)),
        (((0, 1), (0, 2), (1, 3), (2, 3)), (3,), (150, 100, 100, 200)),
    ],
)
def test_a_known_tree_never_leaves_none(
    inputs: tuple[tuple[int, ...], ...], out: tuple[int, ...], sizes: tuple[int, ...]
) -> None:
    """Networks where the bound of a known tree is below the price of all others."""
    found = path(inputs, out, dict(enumerate(sizes)))
    assert len(found) == len(inputs) - 1
