"""Hessians of NumPy calls without JAX: complex steps, and differences of these.

The gradient of a scalar by the complex step is exact to rounding; its derivative by
central differences of fourth order is good to about 1e-11. What is not analytic along
the step, such as an absolute value, is told by the caller.

>>> gradient(lambda v: v["x"] ** 3, {"x": np.array(2.0)}, "x").item()
12.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Function = Callable[[Mapping[str, Array]], Any]

STEP, NUDGE = 1e-30, 3e-4
#: Places and weights of the central difference of fourth order.
STENCIL = ((1, 8 / 12), (-1, -8 / 12), (2, -1 / 12), (-2, 1 / 12))


def gradient(f: Function, values: Mapping[str, Array], name: str) -> Array:
    """∂f/∂x of a scalar function, by complex steps."""
    base = np.asarray(values[name], dtype=complex)
    found = np.zeros(base.shape)
    for at in np.ndindex(base.shape):
        moved = base.copy()
        moved[at] += 1j * STEP
        found[at] = np.imag(np.asarray(f({**values, name: moved}))) / STEP
    return found


def hessian(f: Function, values: Mapping[str, Array], first: str, second: str) -> Array:
    """∂²f/∂x∂y: axes of x, then of y."""
    base = np.asarray(values[second], dtype=float)
    columns = []
    for at in np.ndindex(base.shape):
        total = np.zeros(np.shape(values[first]))
        for place, weight in STENCIL:
            moved = base.copy()
            moved[at] += place * NUDGE
            there = gradient(f, {**values, second: moved}, first)
            total = total + weight * there / NUDGE
        columns.append(total)
    stacked = (
        np.stack(columns, -1) if columns else np.zeros((*np.shape(values[first]), 0))
    )
    return stacked.reshape(np.shape(values[first]) + base.shape)
