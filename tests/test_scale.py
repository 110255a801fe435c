"""Long chains, long sums and shared nodes: in time, and linear in size."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from indexcalc.derivative import jacobian
from indexcalc.evaluate import evaluate
from indexcalc.expr import add, linear, tensor
from indexcalc.functions import call, power
from indexcalc.index_text import index_text
from indexcalc.matrix import contract, divide, eye, kron, norm2, times, total
from indexcalc.nodes import Node, toposort, variables
from indexcalc.simplify import fuse
from indexcalc.sizes import dim

N = dim("n")
A, B = tensor("A", (N, N)), tensor("B", (N, N))
X = tensor("x", (N,))


@contextmanager
def untouched() -> Iterator[None]:
    """The block must leave the recursion limit as it is; it ends or meets it."""
    limit = sys.getrecursionlimit()
    yield
    assert sys.getrecursionlimit() == limit


def repeated(step: Callable[[Node], Node], count: int, start: Node = X) -> Node:
    """step(step(… start))."""
    node = start
    for _ in range(count):
        node = step(node)
    return node


POINT = {
    "x": np.array([0.1, 0.2, 0.3]),
    "A": np.diag([0.9, 0.8, 0.7]) + 0.01,
    "B": np.diag([0.3, 0.4, 0.5]) - 0.02,
}

CHAINS: dict[str, Callable[[int], Node]] = {
    "sin": lambda k: repeated(lambda y: call("sin", [y]), k),
    "A@…@A@x": lambda k: repeated(lambda y: contract(A, y), k),
    "(A@A@…)@x": lambda k: contract(repeated(lambda y: contract(y, A), k, A), X),
    "x∘x∘…": lambda k: repeated(lambda y: times(y, X), k),
    "x/‖x‖": lambda k: repeated(lambda y: divide(y, norm2(y)), k),
    "x + sin x": lambda k: repeated(lambda y: add(y, call("sin", [y])), k),
    "tanh(A x)": lambda k: repeated(lambda y: call("tanh", [contract(A, y)]), k),
    "0.5 x + x": lambda k: repeated(lambda y: linear([(y, 0.5), (X, 1)], (N,)), k),
}
LENGTH = {
    "A@…@A@x": 2_000,
    "(A@A@…)@x": 1_000,
    "x/‖x‖": 1_000,
    "x + sin x": 2_000,
    "tanh(A x)": 2_000,
}


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str) -> None:
    """Thousands of operations build, differentiate, evaluate and print in time."""
    count = LENGTH.get(name, 10_000)
    with untouched():
        node = CHAINS[name](count)
    with untouched():
        value_ = evaluate(node, {key: POINT[key] for key in variables(node)})
    assert value_.shape == (3,)
    assert not np.isnan(value_).any()
    with untouched():
        gradient = fuse(jacobian(total(node), X))
    with untouched():
        assert index_text(node).text
    assert len(toposort(gradient)) < 20 * count


BOMBS: dict[str, tuple[int, Callable[[Node], Node]]] = {
    "y∘y": (60, lambda y: times(y, y)),
    "y + y@A": (60, lambda y: add(y, contract(y, A))),
    "(y@A)∘(y@B)": (40, lambda y: times(contract(y, A), contract(y, B))),
    "y∘(A@y)": (60, lambda y: times(y, contract(A, y))),
    "(y + x)∘(y + x)": (60, lambda y: times(add(y, X), add(y, X))),
    "y Σ(y⊗y)": (40, lambda y: times(total(kron(y, y)), y)),
    "sin y + cos y": (40, lambda y: add(call("sin", [y]), call("cos", [y]))),
}


@pytest.mark.parametrize("name", BOMBS)
def test_shared_nodes_stay_shared(name: str) -> None:
    """What is exponential as a tree is linear here, the derivative too."""
    depth, step = BOMBS[name]
    node = repeated(step, depth)
    with untouched():
        gradient = fuse(jacobian(total(node), X))
        assert len(toposort(node)) < 5 * depth
        assert len(toposort(fuse(node))) < 20 * depth
        assert len(toposort(gradient)) < 40 * depth
        text = str(index_text(gradient))
    assert len(text) < 200_000
    with np.errstate(all="ignore"), untouched():
        given = {key: POINT[key] for key in variables(node)}
        assert evaluate(node, given).shape == (3,)


def test_matrix_squared_again_and_again() -> None:
    """((A²)²)²…, sixty times."""
    node = repeated(lambda y: contract(y, y), 60, A)
    assert len(toposort(fuse(node))) < 100


def long_sum(count: int) -> Node:
    """A nested sum of `count` terms, a thousand of them different."""
    node: Node = X
    for k in range(count - 1):
        node = add(node, power(X, 2 + k % 1_000))
    return node


def prefix_sums(count: int) -> Node:
    """A sum of all the partial sums of a sum."""
    part: Node = X
    node: Node = X
    for k in range(count // 2):
        part = add(part, power(X, 2 + k % 500))
        node = add(node, part)
    return node


def distinct_sum(count: int) -> Node:
    """A nested sum of different variables."""
    node: Node = X
    for k in range(count - 1):
        node = add(node, tensor(f"v{k}", (N,)))
    return node


@pytest.mark.parametrize(
    ("build", "count"), [(long_sum, 100_000), (prefix_sums, 20_000)]
)
def test_long_sums(build: Callable[[int], Node], count: int) -> None:
    """Built, fused, evaluated, differentiated and printed in time."""
    with untouched():
        node = build(count)
    with untouched():
        got = evaluate(node, {"x": POINT["x"]})
    with untouched():
        gradient = fuse(jacobian(total(node), X))
    with untouched():
        assert index_text(node).text
        assert index_text(gradient).text
    step = 1e-30j
    moved = evaluate(total(node), {"x": POINT["x"] + step * np.array([1, 0, 0])})
    slope = evaluate(gradient, {"x": POINT["x"]})[0]
    assert np.isclose(slope, np.imag(moved) / 1e-30)
    assert got.shape == (3,)


def test_many_variables() -> None:
    """Different leaves do not merge, and still fuse in linear time."""
    with untouched():
        node = fuse(distinct_sum(20_000))
    assert len(toposort(node)) == 20_001
    with untouched():
        assert jacobian(node, X) is eye(N)
