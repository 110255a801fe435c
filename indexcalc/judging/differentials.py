"""An answer that is a differential, dF = X dX + dX X, as the derivative it states.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import product
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> found = slope(product(y, direction(x)), x)
>>> found is not None and len(found.shape)
2
"""

from __future__ import annotations

from collections.abc import Sequence

from ..derivative import unconstrained
from ..errors import UnsupportedError
from ..expr import is_zero, tensor, zero
from ..nodes import Node, Tensor, toposort
from ..simplify import fuse
from ..substitute import replace
from .answers import Reading


def direction(variable: Tensor) -> Tensor:
    """dX, the differential of a variable as a leaf of its own."""
    return tensor(f"d{variable.name}", variable.shape)


def slope(answer: Node, variable: Tensor) -> Node | None:
    """The derivative that an answer in dX states: the value's axes, then the
    variable's; None where there is no dX in it.

    Raises `UnsupportedError` where the answer is not linear in dX.
    """
    step = direction(variable)
    if step not in set(toposort(answer)):
        return None
    found = unconstrained(answer, step)
    rest = fuse(replace(answer, {step: zero(step.shape)}))
    if step in set(toposort(fuse(found))) or not is_zero(rest):
        raise UnsupportedError(
            f"the answer has {step.name} in it and is not linear in it",
            hint="give the differential, or the derivative",
        )
    return found


def as_derivative(reading: Reading, by: Sequence[Tensor]) -> Reading:
    """An answer in dX read as the derivative that it states."""
    if len(by) > 1:
        return reading
    found = slope(reading.node, by[0])
    if found is None:
        return reading
    note = f"as the differential, in terms of {direction(by[0]).name}"
    return Reading(found, "", reading.notation, note)
