"""NumPy on symbols: values against NumPy itself, derivatives against differences."""

from __future__ import annotations

from typing import Any

import indexcalc as ic
import numpy as np
import pytest
from indexcalc import ShapeError, UnsupportedError
from indexcalc.numpy_calls import apply_function, apply_ufunc, as_node, getitem
from tests.numpy_sources import SHAPES, SOURCES, arrays

ARRAYS = arrays()
STEP = 1e-6


def run(source: str, values: dict[str, Any]) -> Any:
    """The value of a source on arrays or symbols."""
    return eval(source, {"np": np, "nn": ic.numpy, **values})


def symbols() -> dict[str, Any]:
    return {name: ic.tensor(name, shape) for name, shape in SHAPES.items()}


def by_differences(source: str, name: str) -> np.ndarray[Any, Any]:
    """∂source/∂name by central differences: value axes first."""
    base = ARRAYS[name]
    shape = np.shape(run(source, ARRAYS))
    result = np.zeros((*shape, *base.shape))
    for at in np.ndindex(base.shape):
        ends = []
        for sign in (1, -1):
            moved = base.copy()
            moved[at] += sign * STEP
            end = run(source, {**ARRAYS, name: np.asarray(moved)})
            ends.append(np.asarray(end, dtype=float))
        result[(..., *at)] = (ends[0] - ends[1]) / (2 * STEP)
    return result


def needed(source: str) -> list[str]:
    """The arrays that a source names."""
    return [name for name in compile(source, "", "eval").co_names if name in SHAPES]


@pytest.mark.parametrize("source", SOURCES)
def test_value_and_derivatives(source: str) -> None:
    expression = run(source, symbols())
    expected = np.asarray(run(source, ARRAYS), dtype=float)
    names = [name for name in needed(source) if name in expression.scope_names]
    given = {name: ARRAYS[name] for name in names}
    assert expression.shape == expected.shape
    found = expression.evaluate(given)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    for name in names:
        slope = expression.diff(name).evaluate(given)
        reference = by_differences(source, name)
        np.testing.assert_allclose(slope, reference, rtol=2e-6, atol=2e-6)
