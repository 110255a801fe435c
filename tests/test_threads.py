"""Nodes may be built, simplified and evaluated from several threads at once."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import jacobian
from indexcalc.evaluate import evaluate
from indexcalc.nodes import Node, Tensor
from indexcalc.simplify import fuse
from tests.random_nodes import VALUES, arrays, draw, leaf_tensors
from tests.trust.threads import TEXTS, THREADS, at_once, differing, values_of


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


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


# -- everything at once ----------------------------------------------------------------


def test_everything_at_once_is_the_same_as_in_turn() -> None:
    """Eight threads parse, differentiate, compile, evaluate, print and draw, each in an
    order of its own and some of them in the same: bit for bit what one thread does.

    `python -m tests.trust.threads` has more texts and more rounds.
    """
    jobs = [(text, "v", 0) for text in list(TEXTS)[1:3]]
    turned = [jobs[k % 2 :] + jobs[: k % 2] for k in range(THREADS)]
    assert differing(jobs, turned) == []


def test_one_compiled_function_on_many_shapes() -> None:
    """A function that eight threads call at once, on eight shapes that it has never
    seen, with the collector running: what it gives alone."""
    gradient = ic.parse("sum(exp(X*x).*y)", X="m n", x="n", y="m").diff("x")
    shared = gradient.compile()

    def call(k: int) -> list[bytes]:
        found = []
        for turn in range(6):
            values = values_of(gradient, 2 + (k + turn) % 8, 3 + (k * turn) % 5)
            found.append(shared(values).tobytes())
            gc.collect(0)
        return found

    racing = at_once(call)
    alone = gradient.compile()
    for k, found in enumerate(racing):
        for turn, got in enumerate(found):
            values = values_of(gradient, 2 + (k + turn) % 8, 3 + (k * turn) % 5)
            assert got == alone(values).tobytes(), (k, turn)


def test_results_stay_whole() -> None:
    """What a call gave is not written over by the calls of others."""
    product = ic.parse("A*B + exp(A)", A="n n", B="n n").compile()

    def call(k: int) -> bool:
        given = {"A": np.full((40, 40), k / 10), "B": np.full((40, 40), 1.0)}
        held = [product(given) for _ in range(10)]
        want = np.exp(k / 10) + 40 * (k / 10)
        return all(np.allclose(result, want) for result in held)

    assert all(at_once(call))


def test_collection_in_the_middle() -> None:
    """Nodes die on all threads while others look them up: no deadlock, no ghost."""
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:

        def churn(k: int) -> int:
            for turn in range(40):
                e = ic.parse(
                    f"tr(A*B{turn % 3}) + {turn}", A="n n", B0="n n", B1="n n", B2="n n"
                )
                e.diff("A")
            return k

        assert at_once(churn) == list(range(THREADS))
    finally:
        gc.set_threshold(*before)
