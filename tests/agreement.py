"""Whether indexcalc and two independent references agree on a random case.

Compared are the value, every first derivative (axes: the value's, then the
variable's) and, where the expression has exactly one entry, every Hessian block; of
order 3 also every block of third derivatives. By structured variables both conventions
are asked for. The bar is |error| ≤ 1e-9 · (1 + max |reference|), between the references
too, so that a mistake in one of them is seen. Where JAX is not installed, nilpotent
numbers are the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import product

import numpy as np

import indexcalc as ic
from tests.random_expressions import Case
from tests.references import by_jets, places

Array = np.ndarray

TOLERANCE = 1e-9
HAS_JAX = find_spec("jax") is not None


@dataclass
class Agreement:
    """What was found wrong, and the largest error by order against every reference, as
    a share of 1 + max |reference|."""

    messages: list[str] = field(default_factory=list)
    errors: dict[tuple[str, int], float] = field(default_factory=dict)

    def compare(
        self, name: str, order: int, what: str, got: Array, wanted: Array
    ) -> None:
        """Notes the error of an array, and a message where it is too large."""
        if got.shape != wanted.shape:
            self.messages.append(
                f"{name}: {what} has shape {got.shape}, not {wanted.shape}"
            )
            return
        error = np.abs(got - wanted).max(initial=0.0)
        share = float(error / (1.0 + np.abs(wanted).max(initial=0.0)))
        key = name, order
        self.errors[key] = max(self.errors.get(key, 0.0), share)
        if not share <= TOLERANCE:
            self.messages.append(
                f"{name}: {what} is off by {error:.3g}:\n{got}\nnot\n{wanted}"
            )


def failures(case: Case, order: int = 2) -> list[str]:
    """What differs, or was refused, one message each; empty when all is right."""
    return [f"{case}\n    {message}" for message in agreement(case, order).messages]


def agreement(case: Case, order: int = 2, jax: bool | None = None) -> Agreement:
    """The engine against the references, and the references against each other."""
    order = order if case.scalar else 1
    found = Agreement()
    known = {"jets": by_jets(case.reference, case.values, order)}
    if HAS_JAX if jax is None else jax:
        from tests.oracle import by_jax

        known["JAX"] = by_jax(case.reference, case.values, order)
        for k, (one, other) in enumerate(zip(*known.values(), strict=True)):
            found.compare("JAX against jets", k, f"order {k}", one, other)
    try:
        for k, what, got, slots in _answers(case, order):
            for name, answer in known.items():
                wanted = _block(case, answer[k], slots)
                found.compare(name, k, what, got, wanted)
    except Exception as error:
        found.messages.append(f"refused with {type(error).__name__}: {error}")
    return found


# -- what the engine says --------------------------------------------------------------

#: The variables by which was differentiated, each with its convention.
Slots = tuple[tuple[str, str], ...]


def _answers(case: Case, order: int) -> Iterator[tuple[int, str, Array, Slots]]:
    """Every derivative: its order, what it is, its array, by what it was taken."""
    symbol = ic.parse(case.text, case.shapes)
    options = {"sizes": case.sizes, "functions": case.functions}
    for k in range(order + 1):
        for names in product(case.values, repeat=k):
            for convention in _conventions(case, names):
                derived = _derived(symbol, names, convention)
                got = np.asarray(derived.evaluate(case.values, **options))
                slots = tuple((name, convention) for name in names)
                what = " ".join(["the derivative by", *names, convention])
                yield k, what.strip(), got, slots


def _conventions(case: Case, names: tuple[str, ...]) -> list[str]:
    known = {case.structures.get(name, "") for name in names}
    free = known & set(COUNTS) and "orthogonal" not in known and len(names) < 3
    return ["", "free_entries"] if free else [""]


def _derived(
    symbol: ic.Expression, names: tuple[str, ...], convention: str
) -> ic.Expression:
    """The derivative by so many variables: value axes first."""
    options = {"convention": convention} if convention else {}
    if len(names) < 2:
        return symbol.diff(*names, **options) if names else symbol
    block = symbol.hessian(*names[:2], **options)
    for name in names[2:]:
        block = block.diff(name)
    return block


# -- what the references say -----------------------------------------------------------


def _ones(n: int) -> Array:
    return np.ones((n, n))


def _off_diagonal_twice(n: int) -> Array:
    return 2 * np.ones((n, n)) - np.eye(n)


def _lengths(n: int) -> Array:
    return n - np.abs(np.subtract.outer(np.arange(n), np.arange(n)))


#: How often the free parameter at an entry stands in the matrix; the derivative by it
#: is so many times that of the projection.
COUNTS: Mapping[str, object] = {
    "symmetric": _off_diagonal_twice,
    "pd": _off_diagonal_twice,
    "skew": lambda n: 2 * _ones(n),
    "diagonal": _ones,
    "lower": _ones,
    "upper": _ones,
    "toeplitz": _lengths,
    "symmetric toeplitz": lambda n: _lengths(n) * _off_diagonal_twice(n),
}


def _block(case: Case, tensor: Array, slots: Slots) -> Array:
    """The entries of a derivative by these variables, value axes first; of a Hessian
    without them."""
    order = tensor.ndim - len(slots)
    where = places(case.values)
    cut = tensor[(slice(None),) * order + tuple(where[name] for name, _ in slots)]
    for axis, (name, convention) in enumerate(slots, order):
        turn = _turn(case, name, convention, twice=len(slots) > 1)
        if turn is not None:
            cut = np.moveaxis(np.moveaxis(cut, axis, -1) @ turn.T, -1, axis)
    shapes = [case.values[name].shape for name, _ in slots]
    lead = cut.shape[:order] if len(slots) < 2 else ()
    return cut.reshape((*lead, *(size for shape in shapes for size in shape)))


def _turn(case: Case, name: str, convention: str, twice: bool) -> Array | None:
    """What acts on the axis of a variable: the number of places of each parameter, or
    the projection on the tangent space at an orthogonal matrix."""
    structure, point = case.structures.get(name, ""), case.values[name]
    if convention and structure in COUNTS:
        return np.diag(COUNTS[structure](len(point)).ravel())  # type: ignore[operator]
    if structure != "orthogonal" or not twice:
        return None
    units = np.eye(point.size).reshape(point.size, *point.shape)
    tangent = (units - point @ np.swapaxes(units, 1, 2) @ point) / 2
    return tangent.reshape(point.size, point.size).T
