"""What two independent references say: JAX, and nilpotent numbers in NumPy.

A reference is a function of a space and of arrays by name. The space knows every
operation by its name: `Arrays` over an array namespace, `Jets` over nilpotent numbers.
Both answer with a tuple: the value, and its derivatives of order 1, 2, … by the entries
of all variables in one row, real ones, the value's axes first. A complex variable has
its real parts in that row, then its imaginary parts.

>>> def squares(space, values):
...     return space.apply("normsq", [space.load(values["x"])])
>>> [a.tolist() for a in by_jets(squares, {"x": np.array([1.0, 2.0])}, 2)]
[5.0, [2.0, 4.0], [[2.0, 0.0], [0.0, 2.0]]]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.jet_operations import JETS, STRUCTURE_JETS
from tests.jets import Jet, constant, plus, scaled, variable
from tests.operations import CONSTANTS, MORE_STRUCTURES, OPERATIONS, STRUCTURES

Array = np.ndarray[Any, Any]
Values = Mapping[str, Array]
Reference = Callable[[Any, Mapping[str, Any]], Any]
Answer = tuple[Array, ...]


@dataclass(frozen=True)
class Arrays:
    """Operations on arrays of a namespace: NumPy's or JAX's."""

    xp: Any

    def apply(self, name: str, parts: Sequence[Any], **params: Any) -> Any:
        """One operation."""
        return OPERATIONS[name](self.xp, *parts, **params)

    def load(self, array: Any, structure: str = "") -> Any:
        """A variable, through its structure."""
        array = self.xp.asarray(array)
        onto = {**STRUCTURES, **MORE_STRUCTURES}.get(structure)
        return onto(self.xp, array) if onto else array


@dataclass(frozen=True)
class Jets:
    """Operations on nilpotent numbers."""

    order: int

    def apply(self, name: str, parts: Sequence[Jet], **params: Any) -> Jet:
        """One operation; constants are those of NumPy."""
        if name in CONSTANTS:
            return constant(CONSTANTS[name](np, **params), self.order)
        return JETS[name](*parts, **params)

    def load(self, jet: Jet, structure: str = "") -> Jet:
        """A variable, through its structure."""
        onto = STRUCTURE_JETS.get(structure)
        return onto(jet) if onto else jet


# -- variables in a row ----------------------------------------------------------------


def places(values: Values) -> dict[str, slice]:
    """Where each variable lies in the row."""
    found, start = {}, 0
    for name, array in values.items():
        width = array.size * (2 if np.iscomplexobj(array) else 1)
        found[name] = slice(start, start + width)
        start += width
    return found


def row(values: Values) -> Array:
    """All variables in a row of real numbers."""
    parts = [np.zeros(0)]
    for array in values.values():
        parts.append(np.real(array).ravel())
        if np.iscomplexobj(array):
            parts.append(np.imag(array).ravel())
    return np.concatenate(parts)


def unrolled(flat: Any, values: Values) -> dict[str, Any]:
    """The variables out of a row."""
    found = {}
    for name, place in places(values).items():
        array, part = values[name], flat[place]
        if np.iscomplexobj(array):
            part = part[: array.size] + 1j * part[array.size :]
        found[name] = part.reshape(array.shape)
    return found


# -- nilpotent numbers -----------------------------------------------------------------


def by_jets(reference: Reference, values: Values, order: int) -> Answer:
    """The value and its derivatives, by nilpotent numbers."""
    count = len(row(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = reference(Jets(order), _seeded(values, order, count))
    answer = []
    for k in range(order + 1):
        part = found.part((1 << k) - 1)
        full = np.broadcast_to(part, (count,) * k + (1,) * (order - k) + found.shape)
        block = full.reshape((count,) * k + found.shape)
        answer.append(np.moveaxis(block, range(k), range(-k, 0)))
    return tuple(answer)


def _seeded(values: Values, order: int, count: int) -> dict[str, Jet]:
    seeds = {}
    for name, place in places(values).items():
        array, start = values[name], place.start
        jet = variable(np.real(array), start, count, order)
        if np.iscomplexobj(array):
            other = variable(np.imag(array), start + array.size, count, order)
            jet = plus(jet, scaled(1j, other))
        seeds[name] = jet
    return seeds
