"""Random expressions over the whole language, against two independent references.

A sample here; `python -m tests.trust.random --count 10000` for more. A failure says
seed and number of the case: `generate(seed, number)` gives it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.agreement import HAS_JAX, agreement
from tests.jet_operations import JETS
from tests.operations import CONSTANTS, OPERATIONS
from tests.random_complex import complex_case, complex_failures
from tests.random_expressions import LABELS, RARE, Case, coverage_table, generate
from tests.references import Answer, by_jets

SEED, COUNT = 0, 300
#: Of so many cases one is also held to JAX, which takes longest to compile.
JAX_EVERY = 6
NEEDS_JAX = pytest.mark.skipif(not HAS_JAX, reason="JAX is not installed")


def _agrees(case: Case, order: int = 2, jax: bool = False) -> None:
    messages = agreement(case, order, jax and HAS_JAX).messages
    assert not messages, "\n".join([str(case), *messages])


@pytest.mark.parametrize("index", range(COUNT))
def test_agrees(index: int) -> None:
    """Value, first derivatives and Hessian blocks, to 1e-9 · (1 + max |reference|)."""
    _agrees(generate(SEED, index), jax=index % JAX_EVERY == 0)


@pytest.mark.parametrize("index", range(80))
def test_agrees_on_the_whole_language(index: int) -> None:
    """Functions of a matrix, more structures, matrices between vec and vech too."""
    _agrees(generate(2, index, whole=True), jax=index % (2 * JAX_EVERY) == 0)


THIRD = [2, 4, 5, 13, 18, 25, 28, 31]


@pytest.mark.parametrize("index", THIRD)
def test_third_derivatives(index: int) -> None:
    """Every block of them, where variables are small."""
    _agrees(generate(SEED, index), order=3)


@pytest.mark.parametrize("index", range(40))
def test_agrees_on_complex_variables(index: int) -> None:
    """Both Wirtinger derivatives, of the first and the second order."""
    case = complex_case(4, index)
    jax = HAS_JAX and index % 8 == 0
    messages = complex_failures(case, jax)
    assert not messages, "\n".join([str(case), *messages])


def test_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    """Every operator, function and constant is met by three cases or more."""
    counts: Counter[str] = Counter()
    for index in range(COUNT):
        counts.update(generate(SEED, index).labels)
    with capsys.disabled():
        print(f"\n{COUNT} random expressions met\n{coverage_table(counts)}")
    assert not [label for label in LABELS if counts[label] < 3]


def test_whole_coverage() -> None:
    """And those that are rare, by one or more, where the whole language is asked."""
    counts: Counter[str] = Counter()
    for index in range(COUNT):
        counts.update(generate(2, index, whole=True).labels)
    assert not [label for label in (*LABELS, *RARE) if not counts[label]]


def test_both_references_know_every_operation() -> None:
    """What one defines, the other does."""
    assert set(OPERATIONS) - set(CONSTANTS) <= set(JETS)


@pytest.mark.parametrize("index", [0, 3])
def test_a_wrong_answer_is_noticed(index: int) -> None:
    """A reference that is off by 1e-6 does not agree."""
    case = generate(SEED, index)

    def off(space: Any, values: Any) -> Any:
        value = case.reference(space, values)
        one = space.apply("number", [], value="1.000001")
        return space.apply("multiply", [one, value])

    assert agreement(replace(case, reference=off), 1, jax=False).messages


@NEEDS_JAX
@pytest.mark.parametrize("index", range(0, COUNT, 30))
def test_oracle_forward_is_reverse(index: int) -> None:
    """JAX's two accumulations agree on the reference, and are finite."""
    from tests.oracle import by_jax

    case = generate(SEED, index)
    ways = (
        by_jax(case.reference, case.values, 1, forward=forward)[1]
        for forward in (False, True)
    )
    reverse, forward = ways
    bound = 1e-11 * (1 + np.abs(reverse).max(initial=0.0))
    assert np.isfinite(reverse).all()
    assert np.abs(forward - reverse).max(initial=0.0) <= bound


def test_the_same_case_every_time() -> None:
    """A seed and a number fix text, shapes and arrays."""
    for index in range(20):
        first, again = generate(7, index), generate(7, index)
        assert (first.text, first.shapes) == (again.text, again.shapes)
        for name, array in first.values.items():
            assert np.array_equal(array, again.values[name])


# -- conventions at kinks --------------------------------------------------------------

KINKS = {
    "abs": ([-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    "relu": ([-1.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
    "sign": ([-1.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "heaviside": ([-1.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "norm1": ([-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    "norm2": ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
}


def _by_jax(*args: Any) -> Answer:
    from tests.oracle import by_jax

    return by_jax(*args)


REFERENCES = [by_jets, pytest.param(_by_jax, marks=NEEDS_JAX)]


@pytest.mark.parametrize("by", REFERENCES)
@pytest.mark.parametrize("name", KINKS)
def test_references_at_kinks(name: str, by: Callable[..., Answer]) -> None:
    """Derivatives at a kink are the language's, the second is 0."""
    point, slopes = KINKS[name]

    def reference(space: Any, values: Any) -> Any:
        return space.apply("sum", [space.apply(name, [space.load(values["x"])])])

    _, first, second = by(reference, {"x": np.array(point)}, 2)
    assert first.tolist() == slopes
    assert not second.any()


@pytest.mark.parametrize("by", REFERENCES)
@pytest.mark.parametrize("name", ["min", "max"])
def test_references_split_a_tie(name: str, by: Callable[..., Answer]) -> None:
    """Each of two equal arguments gets half."""

    def reference(space: Any, values: Any) -> Any:
        return space.apply(name, [space.load(values[letter]) for letter in "ab"])

    values = {"a": np.array(2.0), "b": np.array(2.0)}
    _, first, second = by(reference, values, 2)
    assert first.tolist() == [0.5, 0.5]
    assert not second.any()
