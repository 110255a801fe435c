"""Nodes may be built, simplified and evaluated from several threads at once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import pytest

from indexcalc.derivative import jacobian
from indexcalc.evaluate import evaluate
from indexcalc.nodes import Node, Tensor
from indexcalc.simplify import fuse
from tests.random_nodes import VALUES, arrays, draw, leaf_tensors

THREADS = 8
T = TypeVar("T")


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def at_once(job: Callable[[int], T]) -> list[T]:
    """The results of one job on all threads, which start together."""
    barrier = threading.Barrier(THREADS)

    def start(k: int) -> T:
        barrier.wait()
        return job(k)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


def test_the_same_objects() -> None:
    """Each thread builds every node; there is one of each."""
    seeds = range(9_000, 9_060)

    def build(k: int) -> list[Node]:
        order = [*seeds[k * 7 :], *seeds[: k * 7]]
        built = {seed: draw(seed, 5).node for seed in order}
        return [built[seed] for seed in seeds]

    for nodes in zip(*at_once(build), strict=True):
        assert all(node is nodes[0] for node in nodes)


def test_one_node_many_times() -> None:
    """The tightest race: the same new leaf, built and dropped again and again."""

    def build(k: int) -> list[Node]:
        from indexcalc.expr import einsum, scale, tensor

        made = []
        for round_ in range(300):
            leaf: Tensor = tensor(f"race{round_}", ("n", "n"))
            made.append(scale(2, einsum([(leaf, (0, 1)), (leaf, (1, 2))], [0, 2])))
            einsum([(leaf, (1, 0))], [0, 1])
        return made

    for nodes in zip(*at_once(build), strict=True):
        assert len({id(node) for node in nodes}) == 1


def test_the_same_answers() -> None:
    """Fused derivatives are one object, values are right on every thread."""
    leaves = leaf_tensors()
    seeds = range(12)
    want = [draw(seed).value(arrays(seed)) for seed in seeds]

    def solve(k: int) -> list[Node]:
        slopes = []
        for seed in seeds:
            node, env = draw(seed).node, arrays(seed)
            got = evaluate(node, env, VALUES, None, list(leaves.values()))
            assert np.allclose(got, want[seed])
            slopes.append(fuse(jacobian(node, leaves["x"])))
        return slopes

    for nodes in zip(*at_once(solve), strict=True):
        assert all(node is nodes[0] for node in nodes)
