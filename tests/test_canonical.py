"""One object for every relabelling and reordering, another for all else."""

from __future__ import annotations

import gc
import weakref
from random import Random
from typing import Any

import numpy as np

from indexcalc.expr import add, constant, einsum, linear, scale, tensor, zero
from indexcalc.functions import call
from indexcalc.matrix import basis, eye, ones, transpose
from indexcalc.nodes import Node
from indexcalc.sizes import Size, dim, plus, times
from tests.random_nodes import LEAVES, SIZES, leaf_tensors
from tests.test_labelling import brute_form, node_of, relabelled, small_graph
from tests.trust import canonical

N, M = dim("n"), dim("m")
A, B = tensor("A", (N, N)), tensor("B", (N, N))
S = tensor("S", (N, N), "symmetric")
X = tensor("x", (N,))

Spec = tuple[list[tuple[Node, tuple[int, ...]]], list[tuple[int, ...]], dict[int, Size]]


def random_spec(rng: Random) -> Spec:
    """Up to five operands, few of them different, any legs and any result."""
    leaves = leaf_tensors()
    names = rng.sample(sorted(LEAVES), 3)
    dims: dict[int, Size] = {}
    rows = []
    for _ in range(rng.randint(0, 5)):
        node = leaves[rng.choice(names)]
        legs = []
        for size in node.shape:
            there = [i for i, known in dims.items() if known == size]
            fresh = not there or rng.random() < 0.4
            i = len(dims) if fresh else rng.choice(there)
            dims[i] = size
            legs.append(i)
        rows.append((node, tuple(legs)))
    for _ in range(rng.choice((0, 0, 1, 2))):
        dims[len(dims)] = rng.choice(SIZES)
    groups = rng.choice((0, 1, 2, 3)) if dims else 0
    out = [
        tuple(rng.choice(list(dims)) for _ in range(rng.choice((0, 1, 1, 1, 2))))
        for _ in range(groups)
    ]
    return rows, out, dims


def shuffled(spec: Spec, rng: Random) -> Spec:
    """The same contraction, written otherwise."""
    rows, out, dims = spec
    names = dict(zip(dims, rng.sample(range(100), len(dims)), strict=True))
    moved = []
    for node, legs in rows:
        new = tuple(names[i] for i in legs)
        symmetric = getattr(node, "structure", "") == "symmetric"
        moved.append((node, new[::-1] if symmetric and rng.random() < 0.5 else new))
    rng.shuffle(moved)
    order = list(dims)
    rng.shuffle(order)
    return (
        moved,
        [tuple(names[i] for i in group) for group in out],
        {names[i]: dims[i] for i in order},
    )


def test_a_thousand_relabellings() -> None:
    """Any naming of indices and order of operands gives the identical object."""
    rng = Random(0)
    for _ in range(1_000):
        spec = random_spec(rng)
        assert einsum(*shuffled(spec, rng)) is einsum(*spec), spec


def test_mutations_differ() -> None:
    """One leg moved gives another object, unless brute force finds an isomorphism."""
    rng = Random(1)
    different = 0
    for _ in range(500):
        rows, out = small_graph(rng)
        o = rng.randrange(len(rows))
        name, legs = rows[o]
        k = rng.randrange(len(legs))
        other = list(rows)
        other[o] = (name, (*legs[:k], rng.randrange(4), *legs[k + 1 :]))
        used = {i for _, wires in other for i in wires}
        if not used.issuperset(out):
            continue
        moved, shown = relabelled(other, out, rng)
        equal = brute_form(rows, out) == brute_form(other, out)
        assert (node_of(rows, out) is node_of(moved, shown)) == equal
        different += not equal
    assert different > 200


def test_structure_is_in_the_name() -> None:
    """Same name, other shape, structure or size: another node."""
    kinds: list[Node] = [
        tensor("A", (N, N)),
        tensor("A", (N, M)),
        tensor("A", (N, N), "symmetric"),
        tensor("A", (N, N), "skew"),
        tensor("A", (N, 3)),
        tensor("A", (N * N,)),
        tensor("A ", (N, N)),
        constant(np.zeros((2, 2)), "A"),
        constant(np.zeros((2, 2), np.float32), "A"),
        constant(np.zeros((2, 2), np.int64), "A"),
        constant(np.zeros((4,)), "A"),
        constant(np.zeros((2, 2)), "B"),
    ]
    assert len(set(kinds)) == len(kinds)


def test_the_order_of_bytes_is_no_difference() -> None:
    """Arrays of equal entries are one constant, however they lie in memory."""
    array = np.arange(6.0).reshape(2, 3)
    turned = array.astype(array.dtype.newbyteorder())
    assert constant(turned, "A") is constant(array, "A")
    assert constant(np.asfortranarray(array), "A") is constant(array, "A")


def test_equal_sizes_are_one_size() -> None:
    """n·(m + 1) is n·m + n, whatever the way it was written."""
    one = tensor("x", (times(N, plus(M, 1)),))
    two = tensor("x", (plus(N, times(M, N)),))
    three = tensor("x", ("n*m+n",))
    assert one is two is three


def test_symmetric_operands() -> None:
    """S = Sᵀ wherever it stands; A is not its transpose."""
    assert transpose(S) is S
    assert transpose(A) is not A
    quadratic = einsum([(X, (0,)), (S, (0, 1)), (A, (1, 2))], [2])
    assert quadratic is einsum([(S, (5, 4)), (A, (5, 6)), (X, (4,))], [6])
    inverse = call("inv", [S])
    assert transpose(inverse) is inverse
    assert transpose(call("inv", [A])) is not call("inv", [A])


def test_views_cost_nothing() -> None:
    """Views of views are one view, and undo each other."""
    assert transpose(transpose(A)) is A
    diag = einsum([(X, (0,))], [0, 0])
    assert einsum([(diag, (0, 0))], [0]) is X
    assert einsum([(eye(N), (0, 1)), (A, (1, 2))], [0, 2]) is A
    assert einsum([(ones(N), (0,)), (X, (0,))], [0]) is X
    grouped = einsum([(A, (0, 1))], [(1, 0)])
    assert einsum([(grouped, (3,))], [3]) is grouped


def test_indices_of_size_one_connect_nothing() -> None:
    """Legs of size 1 may share an index or not."""
    u = tensor("u", (1, N))
    one = einsum([(u, (0, 1)), (u, (0, 2))], [1, 2])
    two = einsum([(u, (0, 1)), (u, (3, 2))], [1, 2])
    assert one is two
    nested = einsum([(einsum([(u, (0, 1)), (u, (0, 1))], [1]), (1,))], [0, 1], {0: 1})
    assert nested is einsum([(u, (0, 1)), (u, (0, 1))], [(), 1])


def test_an_axis_of_size_one_on_a_contraction() -> None:
    """However the axis of size 1 is written, the contraction is the same object."""
    product = einsum([(A, (0, 1)), (B, (1, 2))], [(0, 2)])
    one = einsum([(product, (0,))], [1, 0], {1: 1})
    two = einsum([(product, (0,))], [(), 0])
    three = einsum([(A, (0, 1)), (B, (1, 2))], [(), (0, 2)])
    assert one is two is three


def test_sums_do_not_care_for_order() -> None:
    """Like terms merge, zeros vanish, coefficients are exact."""
    terms: list[tuple[Node, Any]] = [(A, 2), (B, -1), (transpose(A), 0.5), (A, 0.1)]
    one = linear(terms, A.shape)
    assert linear(terms[::-1], A.shape) is one
    assert linear([(A, 0.1), (A, 0.2), (A, -0.3)], A.shape) is zero(A.shape)
    assert add(A, scale(-1, A)) is zero(A.shape)
    assert scale(0.5, scale(2, A)) is A


def test_nodes_are_freed() -> None:
    """The table is weak: nothing keeps a node that nobody holds."""
    node = einsum([(tensor("gone", (N,)), (0,)), (basis(1, N), (0,))], [])
    watch = weakref.ref(node)
    del node
    gc.collect()
    assert watch() is None


def test_recipes_of_whole_expressions() -> None:
    """Sums, functions, nested products and symmetric graphs, built twice, and mutants
    that plain NumPy tells apart; `python -m tests.trust.canonical` has thousands."""
    counts, wrong = canonical.check(80, 7)
    assert not wrong
    assert counts["renamed"] == counts["mutated"] == 80
