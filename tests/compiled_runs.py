"""Compiled functions run as fast code at tiny sizes, and held to evaluation.

`shrunk` makes every threshold of the fast writer so small that blocks, workspaces,
threads, symmetric products and kept results are met by arrays of a few entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from indexcalc import workspace
from indexcalc.codegen import blocks, numpy_fast_pieces, numpy_fast_steps
from indexcalc.compiled import Compiled
from indexcalc.evaluate import evaluate
from indexcalc.nodes import Node, Tensor
from indexcalc.planning import symmetric

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]

#: Modules whose thresholds are shrunk, and what these become.
MODULES = (blocks, numpy_fast_steps, numpy_fast_pieces, symmetric)
TINY: dict[str, float] = {
    "WORK": 1 << 5,
    "BLOCK_WORK": 1 << 4,
    "LARGE": 1 << 6,
    "BLOCK": 1 << 7,
    "SMALL_BLOCK": 1 << 6,
    "LONE_BLOCK": 1 << 7,
    "CALL": 0.0,
    "WAKING": 0.0,
    "HANDOVER": 0.0,
    "SHORT_ROW": 4,
    "LEAST_ROWS": 2,
    "LEAST_COLUMNS": 2,
    "FLOPS": 1e2,
}


def shrink(monkeypatch: pytest.MonkeyPatch, thick: int = 24) -> None:
    """Makes small arrays large; products are compute-bound from `thick` on."""
    for name, value in {**TINY, "THICK": thick}.items():
        holders = [module for module in MODULES if hasattr(module, name)]
        assert holders, name
        for module in holders:
            monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(workspace, "SMALL", 1 << 5)


def is_fast(function: Compiled) -> bool:
    """Whether blocks, a workspace or given arrays occur in what ran."""
    words = ("space(", "=None", "for start in")
    return any(word in function.source for word in words)


def close(found: Any, expected: Any, rtol: float = 1e-9) -> None:
    """Shape and dtype are the same, and no entry is off by more than `rtol` of the
    largest one."""
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    largest = np.abs(expected[finite]).max(initial=1e-6)
    error = np.abs(found[finite] - expected[finite]).max(initial=0.0)
    assert error <= rtol * largest, f"{error} is more than {rtol} of {largest}"


def hold(
    nodes: Sequence[Node],
    arrays: Arrays,
    sizes: Mapping[str, int] | None = None,
    scope: Sequence[Tensor] = (),
    rtol: float = 1e-9,
    **options: Any,
) -> Compiled:
    """Holds one function of several expressions to their evaluation: three times, into
    arrays in both memory orders, with whatever was answered before left alone."""
    expected = [evaluate(node, arrays, sizes, None, scope) for node in nodes]
    function = Compiled(nodes, single=False, scope=scope, sizes=sizes, **options)
    given = {name: arrays[name] for name in function.names}
    before = {name: array.copy() for name, array in given.items()}
    held: list[tuple[Array, Array]] = []
    for _ in range(3):
        found = function(given)
        for got, want in zip(found, expected, strict=True):
            close(got, want, rtol)
        apart(found, [*given.values(), *(array for array, _ in held)])
        assert all(np.array_equal(a, was, equal_nan=True) for a, was in held)
        if not held:
            held = [(array, array.copy()) for array in found]
    for order in ("C", "F"):
        outs = tuple(np.full(e.shape, np.nan, e.dtype, order) for e in expected)
        assert function(given, out=outs) is outs
        for got, want in zip(outs, expected, strict=True):
            close(got, want, rtol)
    assert all(np.array_equal(given[k], was) for k, was in before.items())
    return function


def apart(found: Sequence[Array], others: Sequence[Array]) -> None:
    """Every result may be written, and none shares memory with another array."""
    for k, array in enumerate(found):
        assert array.flags.writeable
        for other in [*others, *found[:k]]:
            assert not np.shares_memory(array, other)
