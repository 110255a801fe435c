"""Nodes: interned, walked in one order, replaced; and classes of numbers."""

from __future__ import annotations

import gc
import weakref
from random import Random

import pytest

from indexcalc import nodes
from indexcalc.errors import ShapeError
from indexcalc.expr import (
    add,
    call_node,
    constant,
    einsum,
    linear,
    number,
    scale,
    tensor,
    zero,
)
from indexcalc.functions import call, ones, power, product
from indexcalc.matrix import basis, diagonal_matrix, embed, stacked, vec
from indexcalc.network import bundle, is_bundle
from indexcalc.nodes import (
    Call,
    Node,
    Tensor,
    children,
    declared,
    is_symmetric,
    one_pass,
    toposort,
    variables,
)
from indexcalc.sizes import dim, plus, times
from indexcalc.substitute import replace, replace_sizes
from indexcalc.unions import Unions
from tests.random_nodes import draw

N, M = dim("n"), dim("m")
A, X, Y = tensor("A", (N, N)), tensor("x", (N,)), tensor("y", (N,))
S = tensor("S", (N, N), "symmetric")


# -- one object ------------------------------------------------------------------------


def test_what_tells_nodes_apart() -> None:
    """Name, shape, structure; function, parameters, order of arguments; legs."""
    different = [
        X,
        tensor("z", (N,)),
        tensor("x", (M,)),
        tensor("x", (3,)),
        tensor("x", (N, N)),
        tensor("x", (N, N), "symmetric"),
        constant([1.0, 2.0]),
        constant([1, 2]),
        constant([1.0, 2.0], "x"),
        add(X, Y),
        linear([(X, 1), (Y, 2)], (N,)),
        linear([(X, 1), (Y, 2.5)], (N,)),
        linear([(X, 1), (Y, 2.5j)], (N,)),
        zero((N,)),
        zero((M,)),
        zero(()),
        call("exp", [X]),
        call("sin", [X]),
        call("max", [X, Y]),
        call("max", [Y, X]),
        power(X, 2),
        power(X, 3),
        power(X, -2),
        basis(0, N),
        basis(1, N),
        basis(1, M),
        embed(N, N, times(2, N)),
        embed(0, N, times(2, N)),
        call_node("kernel", [X], (N,), ("2",)),
        call_node("kernel", [X], (N,), (2,)),
        call_node("kernel", [X], (N,), (N,)),
        call_node("kernel", [X], (N,), ("n",)),
        call_node("kernel", [X], (N,), (True, 1)),
        call_node("kernel", [X], (N,), ()),
        einsum([(A, [0, 1]), (X, [1])], [0]),
        einsum([(A, [1, 0]), (X, [1])], [0]),
        einsum([(A, [0, 1]), (X, [0]), (X, [1])], []),
        diagonal_matrix(X),
        vec(A),
        vec(A, "C"),
        ones((N,)),
        ones((M,)),
        ones((N, N)),
        einsum([], [], {0: N}),
        number(1),
        number(2),
    ]
    assert len({node.digest for node in different}) == len(different)
    assert len(set(different)) == len(different)
    assert len({node.key for node in different}) == len(different)


def test_people_s_order_comes_first() -> None:
    """Leaves before calls before products before sums, each by name."""
    nodes = [add(X, Y), product(X, Y), call("exp", [X]), call("abs", [X]), Y, X]
    ordered = sorted(nodes, key=lambda node: node.key)
    assert ordered == [X, Y, call("abs", [X]), call("exp", [X]), nodes[1], nodes[0]]


def test_nodes_go_when_nobody_has_them() -> None:
    """The table is weak, and no node holds one above it."""
    leaf = tensor("rare", (N,))
    node = call("exp", [add(leaf, X)])
    watched = weakref.ref(node)
    with one_pass():
        del node
        assert watched() is None
    assert call("exp", [add(leaf, X)]).fused is False


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was(enabled: bool) -> None:
    """After a pass, and after one that breaks off."""
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with one_pass():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
        with pytest.raises(ZeroDivisionError), one_pass():
            _ = 1 // 0
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_a_pass_keeps_few_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of long expressions, each caller's its own; outside of a pass there are none."""
    monkeypatch.setattr(nodes, "LONG_ORDER", 3)
    roots = [call("exp", [add(X, tensor(f"t{k}", (N,)))]) for k in range(6)]
    expected = [toposort(root) for root in roots]
    assert nodes._pass.orders is None
    with one_pass():
        for _ in range(2):
            for root, order in zip(roots, expected, strict=True):
                found = toposort(root)
                assert found == order
                found.clear()
        kept = nodes._pass.orders
        assert kept is not None
        assert list(kept) == roots[-nodes.MOST_ORDERS :]
        with one_pass():
            assert nodes._pass.orders is kept
        assert toposort(roots[5], known={roots[5].args[0]}) == [roots[5]]
        assert len(toposort(*roots)) == 19
    assert nodes._pass.orders is None


def test_symmetry_is_of_leaves_and_calls() -> None:
    """Other nodes do not say it."""
    assert is_symmetric(S)
    assert is_symmetric(call("exp", [S]))
    assert not is_symmetric(add(S, S))
    assert not is_symmetric(product(S, S))
    assert not is_symmetric(A)


# -- traversal -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(0, 120, 3))
def test_children_come_first_and_once(seed: int) -> None:
    """A topological order, whatever the roots; the same one again."""
    roots = draw(seed).node, draw(seed + 1).node, draw(seed).node
    order = toposort(*roots)
    place = {node: k for k, node in enumerate(order)}
    assert len(place) == len(order)
    assert set(roots) <= set(order)
    for node in order:
        assert all(place[child] < place[node] for child in children(node))
    assert order == toposort(*roots)
    below = set(toposort(roots[0]))
    rest = toposort(roots[1], known=below)
    assert set(rest) == {n for n in toposort(roots[1], known=below) if n not in below}
    assert not set(rest) & below
    assert roots[1] in below or rest[-1] is roots[1]


def test_the_order_is_that_of_writing() -> None:
    """First roots first, and first children."""
    f = call("max", [call("exp", [X]), call("sin", [Y])])
    assert toposort(f) == [X, call("exp", [X]), Y, call("sin", [Y]), f]
    assert toposort(Y, X, Y) == [Y, X]
    assert toposort(f, known={call("exp", [X])}) == [Y, call("sin", [Y]), f]
    assert toposort(f, known={f}) == []
    assert toposort() == []
    twice = call("max", [X, X])
    assert list(children(twice)) == [X, X]
    assert list(children(X)) == []
    assert list(children(add(X, Y))) == [X, Y]


def test_variables_are_listed_by_name() -> None:
    """Constants are none; two of one name are refused."""
    node = einsum([(A, [0, 1]), (Y, [1]), (X, [0]), (constant([1.0]), [2])], [])
    assert variables(node) == {"A": A, "x": X, "y": Y}
    assert list(variables(Y, A, X)) == ["A", "x", "y"]
    with pytest.raises(ShapeError, match="stands for two tensors, n×n and n×n symm"):
        variables(A, tensor("A", (N, N), "symmetric"))
    assert declared(A) == "n×n"
    assert declared(S) == "n×n symmetric"


# -- grouping δ ------------------------------------------------------------------------


def test_what_is_a_bundle() -> None:
    """((i, j, …), i, j, …), of two or more."""
    assert is_bundle(bundle([N, M]))
    assert is_bundle(bundle([N, M, N]))
    assert bundle([N, M]).shape == (times(N, M), N, M)
    dims = {0: N, 1: M}
    assert not is_bundle(einsum([], [(0, 1), 0], dims))
    assert not is_bundle(einsum([], [0, 0, 0], dims))
    assert not is_bundle(einsum([], [(0, 1), 1, 0], dims))
    assert not is_bundle(einsum([], [0, (0, 1), 1], dims))
    assert not is_bundle(einsum([], [(0, 1), 0, 1, 1], dims))
    assert not is_bundle(einsum([(X, [0])], [(0, 1), 0, 1], dims))
    assert not is_bundle(X)
    assert not is_bundle(add(X, Y))


# -- replacing -------------------------------------------------------------------------


def test_replacing_is_building_with_others() -> None:
    """The same expression of other leaves."""

    def built(a: Node, x: Node) -> Node:
        ax = einsum([(a, [0, 1]), (x, [1])], [0])
        return add(power(ax, 2), scale(3, call("max", [x, call("exp", [ax])])))

    B = tensor("B", (N, N))
    assert replace(built(A, X), {A: B, X: Y}) is built(B, Y)
    assert replace(built(A, X), {X: add(X, Y)}) is built(A, add(X, Y))
    assert replace(built(A, X), {A: A}) is built(A, X)
    assert replace(built(A, X), {}) is built(A, X)
    ax = einsum([(A, [0, 1]), (X, [1])], [0])
    assert replace(built(A, X), {ax: Y}) is not built(A, X)
    assert replace(X, {X: Y}) is Y
    assert replace(A, {X: Y}) is A
    with pytest.raises(ShapeError, match=r"A is n×n and cannot be replaced by .* n$"):
        replace(built(A, X), {A: X})
    with pytest.raises(ShapeError, match="a node is n and cannot be replaced"):
        replace(add(X, Y), {add(X, Y): A})


def test_replacing_keeps_kernels_and_users() -> None:
    """Calls that the table does not know, and those that users name."""
    kernel = call_node("kernel", [X], (N, M), (3,))
    moved = replace(kernel, {X: Y})
    assert isinstance(moved, Call)
    assert (moved.function, moved.args, moved.params) == ("kernel", (Y,), (3,))
    assert moved.shape == (N, M)
    f = call("unknown", [X], ("f", (1,)))
    assert replace(f, {X: Y}) is call("unknown", [Y], ("f", (1,)))
    assert replace(basis(1, N), {X: Y}) is basis(1, N)


def test_replacing_sizes() -> None:
    """In leaves, in products, in parameters of constants; constants stay."""
    W = tensor("W", (N, plus(N, M)))
    assert replace_sizes(W, {"n": 3}) is tensor("W", (3, plus(M, 3)))
    assert replace_sizes(S, {"n": M}) is tensor("S", (M, M), "symmetric")
    both = stacked([X, tensor("w", (M,))], 0)
    there = stacked([tensor("x", (4,)), tensor("w", (M,))], 0)
    assert replace_sizes(both, {"n": 4}) is there
    assert replace_sizes(basis(1, N), {"n": M}) is basis(1, M)
    assert replace_sizes(embed(N, M, plus(N, M)), {"n": 2}) is embed(2, M, plus(M, 2))
    assert replace_sizes(ones((N, M)), {"n": M}) is ones((M, M))
    assert replace_sizes(zero((N,)), {"n": M}) is zero((M,))
    fixed = constant([1.0, 2.0], "c")
    assert replace_sizes(fixed, {"n": M}) is fixed
    assert replace_sizes(add(X, Y), {}) is add(X, Y)
    assert replace_sizes(call("exp", [X]), {"n": M}) is call("exp", [tensor("x", (M,))])
    assert isinstance(replace_sizes(X, {"m": 3}), Tensor)
    assert replace_sizes(X, {"m": 3}) is X


# -- classes ---------------------------------------------------------------------------


def test_classes_go_by_their_least_number() -> None:
    """Against a dictionary of sets."""
    rng = Random(3)
    for _ in range(50):
        count = rng.randint(1, 12)
        unions, sets = Unions(count), {i: {i} for i in range(count)}
        for _ in range(rng.randint(0, 15)):
            i, j = rng.randrange(count), rng.randrange(count)
            unions.join(i, j)
            joined = sets[i] | sets[j]
            sets |= dict.fromkeys(joined, joined)
        assert unions.all() == [min(sets[i]) for i in range(count)]
        assert [unions.find(i) for i in range(count)] == unions.all()
