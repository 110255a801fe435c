"""A derivative against differences of the function itself, on random arrays.

>>> from indexcalc.asking.problem import Asked, read
>>> found = verify(read(Asked("x'*A*x")), "x")
>>> found.right, found.error < 1e-8, found.sizes
(True, True, {'m': 2})
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from ..comparison.evidence import drawn, smooth_functions
from ..comparison.sampling import size_names, small_sizes
from ..errors import EvaluationError, UnsupportedError
from ..face import Expression
from ..nodes import Tensor
from ..sizes import names_in, value_of
from ..structure import SYMMETRISED
from .problem import Problem

Array: TypeAlias = Any

#: The largest difference that counts as rounding, relative to 1 + the largest entry.
TOLERANCE = 1e-6
#: How many sets of arrays are tried until one lies in the domain of everything.
DRAWS = 8
#: Steps of the differences; each halves the one before, and the errors of even order
#: cancel (Richardson, 1911).
STEPS = 4
FIRST_STEP = 1e-2
#: What directions cannot be taken in: the sum of two of these is not one.
BENT = frozenset({"orthogonal", "complex"})


@dataclass(frozen=True, slots=True)
class Verification:
    """What was compared: the sizes, the arrays, the largest difference beside 1 + the
    largest entry, at how many places."""

    variable: str
    sizes: dict[str, int]
    arrays: dict[str, Array]
    value: Array
    derivative: Array
    error: float

    @property
    def right(self) -> bool:
        """Whether the derivative and the differences agree."""
        return self.error < TOLERANCE

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} = {n}" for name, n in self.sizes.items())
        word = "agrees with" if self.right else "DIFFERS from"
        at = f", {sizes}" if sizes else ""
        return (
            f"the derivative by {self.variable} {word} differences of the function on "
            f"random arrays{at}: {self.error:.1e}"
        )


def verify(
    problem: Problem, variable: str | Sequence[str], seed: int = 0
) -> Verification:
    """The derivative of a problem by a variable (or by several, one after another),
    compared with extrapolated central differences along a random direction, the lower
    orders likewise.

    Raises `UnsupportedError` where no differences can be taken (an orthogonal or
    complex variable, derivatives by free entries, order 0), `EvaluationError` where no
    arrays were found at which everything has a value.
    """
    names = (variable,) * problem.order if isinstance(variable, str) else variable
    names = tuple(names)
    leaves = {name: problem.expression._tensor(name) for name in names}
    _require_differences(problem, leaves.values())
    orders = [problem.derivative(*names[:k], order=k) for k in range(len(names) + 1)]
    sized = _size_names(problem, orders)
    rng = np.random.default_rng(seed)
    for draw in range(DRAWS):
        sizes = small_sizes(sized, seed)
        arrays = _arrays(problem, sizes, rng, draw)
        along = {
            name: drawn(rng, arrays[name].shape, leaf.structure, 3)
            for name, leaf in leaves.items()
        }
        with suppress(EvaluationError, np.linalg.LinAlgError):
            found = _compared(orders, names, arrays, sizes, along)
            if np.isfinite(found.error):
                return found
    raise EvaluationError(
        "no random arrays were found at which the function and its derivative have "
        "values",
        hint="declare what is positive, as in x: n : positive",
    )


def _size_names(problem: Problem, orders: list[Expression]) -> list[str]:
    inside = set(size_names(*[e.written for e in orders]))
    outside = {n for s in problem.symbols for size in s.shape for n in names_in(size)}
    return sorted(inside | outside)


def _require_differences(problem: Problem, leaves: Iterable[Tensor]) -> None:
    reason = ""
    if not problem.order:
        reason = "nothing is differentiated"
    for leaf in leaves:
        if BENT & set(leaf.structure.split()):
            reason = f"{leaf.name} is {leaf.structure}: a sum of two is none"
    if problem.asked.convention != SYMMETRISED:
        reason = "a derivative by free entries is not the slope along a direction"
    if reason:
        raise UnsupportedError(f"this cannot be compared with differences: {reason}")


def _arrays(
    problem: Problem, sizes: Mapping[str, int], rng: np.random.Generator, draw: int
) -> dict[str, Array]:
    found = {}
    for symbol in problem.symbols:
        shape = tuple(value_of(size, sizes) for size in symbol.shape)
        found[symbol.name] = drawn(rng, shape, symbol.structure, draw)
    return found


def _compared(
    orders: list[Expression],
    names: tuple[str, ...],
    arrays: dict[str, Array],
    sizes: dict[str, int],
    directions: Mapping[str, Array],
) -> Verification:
    error = 0.0
    for variable, (f, slope) in zip(names, pairwise(orders), strict=True):
        direction = directions[variable]
        at = _function(f, variable, arrays, sizes)
        found = _function(slope, variable, arrays, sizes)(arrays[variable])
        along = np.tensordot(found, direction, direction.ndim)
        wanted = difference(at, arrays[variable], direction)
        error = float(np.maximum(error, _relative(along - wanted, wanted)))
    value = _function(orders[0], names[0], arrays, sizes)(arrays[names[0]])
    said = ", ".join(dict.fromkeys(names))
    return Verification(said, sizes, arrays, value, found, error)


def _function(
    e: Expression, variable: str, arrays: Mapping[str, Array], sizes: Mapping[str, int]
) -> Callable[[Array], Array]:
    unknown = smooth_functions(e.node)

    def at(x: Array) -> Array:
        values = {**arrays, variable: x}
        with np.errstate(all="ignore"):
            return np.asarray(
                e.evaluate(values, sizes=dict(sizes), functions=dict(unknown))
            )

    return at


def difference(f: Callable[[Array], Array], x: Array, direction: Array) -> Array:
    """The slope of f at x along a direction: central differences at halved steps,
    extrapolated to the step 0.

    >>> float(difference(np.sin, np.array(0.0), np.array(2.0)).round(9))
    2.0
    """
    scale = FIRST_STEP / max(1.0, float(np.abs(direction).max(initial=0.0)))
    row = [_quotient(f, x, direction, scale / 2**k) for k in range(STEPS)]
    for power in range(1, STEPS):
        weight = 4.0**power
        row = [(weight * b - a) / (weight - 1) for a, b in pairwise(row)]
    return row[0]


def _quotient(f: Callable[[Array], Array], x: Array, d: Array, h: float) -> Array:
    return (f(x + h * d) - f(x - h * d)) / (2 * h)


def _relative(difference: Array, wanted: Array) -> float:
    """The largest difference beside 1 + the largest entry; NaN where there is one."""
    largest, most = (np.abs(a).max(initial=0.0) for a in (wanted, difference))
    return float(most / (1 + largest))
