"""The functions that are measured beside JAX are the same ones; nothing is timed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.autodiff import CASES, Case, by_jax, least, read


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_both_differentiate_one_function(case: Case) -> None:
    pytest.importorskip("jax")
    small = replace(case, sizes=dict(zip(case.sizes, (4, 3, 2, 5), strict=False)))
    arrays = small.arrays()
    ours = small.derivative().compile()
    held = small.derivative().compile(structured=True)
    theirs = np.asarray(by_jax(small, arrays)())
    assert np.allclose(ours(arrays), theirs, rtol=1e-10, atol=1e-10)
    assert np.allclose(held(arrays).toarray(), theirs, rtol=1e-10, atol=1e-10)


def test_results_are_read() -> None:
    """Every cache line of an array; the least of the calls."""
    assert read(np.ones((4, 4))) == 2.0
    calls: list[int] = []
    assert least(lambda: calls.append(1) or np.ones(8), calls=3) > 0
    assert len(calls) == 4
