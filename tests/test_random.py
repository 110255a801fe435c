"""Random expressions over the whole text language, against JAX.

Three hundred cases here; `python -m tests.random_expressions --count 2000` for more. A
failure says seed and number of the case: `generate(seed, number)` gives it back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("jax", reason="JAX is the reference here")

from tests.agreement import failures
from tests.oracle import OPERATIONS, derivatives, jnp
from tests.random_expressions import LABELS, coverage_table, generate

SEED, COUNT = 0, 300


@pytest.mark.parametrize("index", range(COUNT))
def test_agrees_with_jax(index: int) -> None:
    """Value, first derivatives and Hessian blocks, to 1e-9 · (1 + max |reference|)."""
    found = failures(generate(SEED, index))
    assert not found, "\n".join(found)


def test_coverage(capsys: pytest.CaptureFixture[str]) -> None:
    """Every operator, function and constant is met by three cases or more."""
    counts: Counter[str] = Counter()
    for index in range(COUNT):
        counts.update(generate(SEED, index).labels)
    with capsys.disabled():
        print(f"\n{COUNT} random expressions met\n{coverage_table(counts)}")
    assert not [label for label in LABELS if counts[label] < 3]


@pytest.mark.parametrize("index", [0, 3])
def test_a_wrong_answer_is_noticed(index: int) -> None:
    """A reference that is off by 1e-6 does not agree."""
    case = generate(SEED, index)
    other = replace(
        case, reference=lambda values: case.reference(values) * (1 + 1e-6) + 1e-6
    )
    assert failures(other)


@pytest.mark.parametrize("index", range(0, COUNT, 20))
def test_oracle_forward_is_reverse(index: int) -> None:
    """JAX's two accumulations agree on the reference, and are finite."""
    case = generate(SEED, index)
    ways = (
        derivatives(case.reference, case.values, second=False, forward=forward)
        for forward in (False, True)
    )
    reverse, forward = ways
    for name, expected in reverse.first.items():
        bound = 1e-11 * (1 + np.abs(expected).max(initial=0.0))
        assert np.isfinite(expected).all()
        assert np.abs(forward.first[name] - expected).max(initial=0.0) <= bound


def test_the_same_case_every_time() -> None:
    """A seed and a number fix text, shapes and arrays."""
    for index in range(20):
        first, again = generate(7, index), generate(7, index)
        assert (first.text, first.shapes) == (again.text, again.shapes)
        for name, array in first.values.items():
            assert np.array_equal(array, again.values[name])


KINKS = {
    "abs": ([-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    "relu": ([-1.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
    "sign": ([-1.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "heaviside": ([-1.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "norm1": ([-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    "norm2": ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
}


@pytest.mark.parametrize("name", KINKS)
def test_oracle_at_kinks(name: str) -> None:
    """The reference's derivatives at a kink are the language's, the second is 0."""
    point, slopes = KINKS[name]
    answer = derivatives(
        lambda values: jnp.sum(OPERATIONS[name](jnp, values["x"])),
        {"x": np.array(point)},
        second=True,
    )
    assert answer.first["x"].tolist() == slopes
    assert not answer.second["x", "x"].any()


@pytest.mark.parametrize("name", ["min", "max"])
def test_oracle_splits_a_tie(name: str) -> None:
    """Each of two equal arguments gets half."""
    answer = derivatives(
        lambda values: OPERATIONS[name](jnp, values["a"], values["b"]),
        {"a": np.array(2.0), "b": np.array(2.0)},
        second=True,
    )
    assert (answer.first["a"], answer.first["b"]) == (0.5, 0.5)
    assert not any(block.any() for block in answer.second.values())
