"""Whether indexcalc and the JAX oracle agree on a random case.

Compared are the value, every first derivative (axes: the value's, then the
variable's) and, where the expression has exactly one entry, every Hessian block; the
bar is |error| ≤ 1e-9 · (1 + max |reference|).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

import indexcalc as ic
from tests.oracle import Answer, derivatives
from tests.random_expressions import Case

TOLERANCE = 1e-9


def failures(case: Case) -> list[str]:
    """What differs, or was refused, one message each; empty when all is right."""
    answer = derivatives(case.reference, case.values, second=case.scalar)
    try:
        found = list(_differences(case, answer))
    except Exception as error:
        found = [f"refused with {type(error).__name__}: {error}"]
    return [f"{case}\n    {message}" for message in found]


def _differences(case: Case, answer: Answer) -> Iterator[str]:
    symbol = ic.parse(case.text, case.shapes)
    yield from _compare(case, "the value", symbol, answer.value)
    for x, expected in answer.first.items():
        yield from _compare(case, f"d/d{x}", symbol.diff(x), expected)
    if not case.scalar:
        return
    for x, y in product(case.values, case.values):
        block = symbol.hessian(x, y)
        yield from _compare(case, f"the Hessian {x},{y}", block, answer.second[x, y])


def _compare(
    case: Case, what: str, symbol: ic.Expression, expected: np.ndarray
) -> Iterator[str]:
    array = symbol.evaluate(case.values, sizes=case.sizes, functions=case.functions)
    got = np.asarray(array)
    if got.shape != expected.shape:
        yield f"{what} has shape {got.shape}, not {expected.shape}"
        return
    error = np.abs(got - expected).max(initial=0.0)
    bar = TOLERANCE * (1.0 + np.abs(expected).max(initial=0.0))
    if not error <= bar:
        yield f"{what} is off by {error:.3g} (bar {bar:.3g}):\n{got}\nnot\n{expected}"
