"""indexcalc as a user writes it: the derivative compiled once, called with arrays."""

from __future__ import annotations

from functools import partial
from typing import Any

import indexcalc as ic

from ..cases_base import Case
from .record import Call, Data, Rival

COLUMN = "indexcalc"

#: Where arrays of each backend come from.
BACKENDS = ("numpy", "jax", "torch")


def rivals(case: Case, backends: tuple[str, ...] = ("numpy",)) -> list[Rival]:
    """Ours: allocating, and into a buffer where the result is a dense NumPy array."""
    found = [
        Rival(case.name, _name(backend), COLUMN, partial(_call, case, backend))
        for backend in backends
    ]
    if (
        "numpy" in backends
        and not case.structured
        and hasattr(ic.Expression, "compile")
    ):
        into = partial(_call_into, case)
        found.append(Rival(case.name, "indexcalc_out", COLUMN, into, given=True))
    return found


def _name(backend: str) -> str:
    return "indexcalc" if backend == "numpy" else f"indexcalc_{backend}"


def compiled(case: Case, backend: str = "numpy") -> Any:
    """The compiled derivative, with symbolic sizes."""
    derivative = case.build()
    if not hasattr(derivative, "compile"):
        return partial(_evaluated, derivative, case.structured)
    if case.structured:
        return derivative.compile(backend=backend, structured=True)
    return derivative.compile(backend=backend)


def _evaluated(derivative: Any, structured: bool, **arrays: Any) -> Any:
    return derivative.evaluate(arrays, structured=structured)


def needed(case: Case, data: Data) -> dict[str, Any]:
    """The arrays of the variables that the derivative still holds; of all that it was
    made from, where these do not tell every size."""
    derivative = case.build()
    held = derivative.variables
    told = {size for variable in held.values() for size in variable.shape}
    names = set(held if told.issuperset(derivative.shape) else derivative.scope)
    return {name: a for name, a in data.arrays.items() if name in names}


def _call(case: Case, backend: str, data: Data) -> Call:
    arrays = _moved(needed(case, data), backend, data)
    return partial(compiled(case, backend), **arrays)


def _call_into(case: Case, data: Data) -> Call:
    """The buffer lies in memory as the result does, as rivals choose theirs."""
    arrays = needed(case, data)
    function = compiled(case)
    out = function(**arrays).copy(order="K")
    return partial(function, **arrays, out=out)


def _moved(arrays: dict[str, Any], backend: str, data: Data) -> dict[str, Any]:
    match backend:
        case "jax":
            import jax

            place = jax.devices(data.device)[0]
            return {name: jax.device_put(a, place) for name, a in arrays.items()}
        case "torch":
            from .torch_forms import moved

            values = moved(list(arrays.values()), data)
            return dict(zip(arrays, values, strict=True))
        case _:
            return arrays
