"""The value of a node with its deltas, outer products and Kronecker products unbuilt.

What can be known before the arrays are there is known once: the sizes by the arrays'
shapes, the program by node and sizes. Inputs that are cores are not copied.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", ("n",))
>>> evaluate_structured(einsum([(x, [0])], [0, 0]), 1, {"x": [1.0, 2.0]})    # Diag(x)
<Structured 2×2 from cores 2>
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, cast

import numpy as np

from ..binding import STRUCTURE_TESTS, as_array, bind_sizes, checked_sizes
from ..evaluate import Functions, Run, execute, prepare, scalar
from ..nodes import Node, Tensor, variables
from ..pairwise import Array
from ..plan import Contract, Load
from ..planning.budgets import exhausted, is_few, keep_within
from ..planning.held import widened
from ..planning.room import limit_of
from ..simplify import fuse
from ..sizes import Size, lengths
from .lowering import Bound, Layout, Plan, bound_key, plan_of
from .parts import Part
from .result import Structured

#: The sizes that no array tells: by name, or a function that knows any size.
Sizes: TypeAlias = "Mapping[str, int] | Callable[[Size], int] | None"

Shapes: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Shaped:
    """What tells sizes: an array's shape."""

    shape: tuple[int, ...]


def evaluate_structured(
    node: Node,
    rows: int,
    values: Mapping[str, object],
    sizes: Sizes = None,
    functions: Functions | None = None,
    scope: Sequence[Tensor] = (),
    limit: int | None = None,
) -> Structured:
    """The value of a node as a sum of parts; the first `rows` axes are the value's.

    Cores that are inputs are read-only views of them. `sizes` may be a function that
    knows every size. The factors take at most `limit` bytes, or most of the memory that
    is free. Raises as `evaluate.evaluate` does.
    """
    fused = fuse(node)
    arrays, sizes_found, dtype = _inputs(fused, node, values, sizes, functions, scope)
    plan = _plan(fused, sizes_found, sizes, np.dtype(dtype).kind != "c")
    if limit is not None or not is_few(plan.held * np.dtype(dtype).itemsize):
        _keep_within(plan, sizes_found, dtype, limit)
    try:
        slots = _slots(plan, arrays, dict(sizes_found), functions, dtype)
    except MemoryError as error:
        raise exhausted(error) from None
    parts = tuple(part_of(layout, slots) for layout in plan.layouts)
    held = [part.dtype for part in parts] or [dtype]
    return Structured(parts, plan.shape, rows, np.result_type(*held))


def _keep_within(plan: Plan, bound: Bound, dtype: Any, limit: int | None) -> None:
    """Refuses factors that need more memory than there is, before any is computed."""
    size = widened(plan.program, np.dtype(dtype).itemsize)
    length = lengths(dict(bound))
    keep_within(plan.program, length, size, limit_of(limit), size * plan.held)


def _plan(fused: Node, bound: Bound, sizes: Sizes, real: bool) -> Plan:
    if not callable(sizes):
        return plan_of(fused, bound, real)
    known = {size: sizes(size) for size in _sizes_under(fused)}
    return plan_of(fused, bound_key({**dict(bound), **known}), real)


def _slots(
    plan: Plan,
    arrays: Mapping[str, Array],
    sizes: Mapping[Size, int],
    functions: Functions | None,
    dtype: Any,
) -> Mapping[int, Array]:
    """The slots of the program, in order: inputs as they are, products as calls."""
    state = Run(plan.program, arrays, sizes, functions or {}, dtype)
    slots = state.slots
    for k, (step, call) in enumerate(zip(plan.program.steps, plan.calls, strict=True)):
        if isinstance(step, Load) and step.node.array is None:
            slots[k] = arrays[step.node.name]
        elif call is not None and isinstance(step, Contract):
            slots[k] = call(*(slots[slot] for slot, _ in step.operands))
        else:
            slots[k] = execute(state, step)
        for slot in plan.dying[k]:
            del slots[slot]
    return slots


def part_of(layout: Layout, slots: Mapping[int, Array]) -> Part:
    """The part of a layout, its factors read-only views of slots."""
    factors = tuple((_read_only(slots[slot]), labels) for slot, labels in layout.rows)
    if layout.coefficient != 1:
        dtype = np.result_type(*(array.dtype for array, _ in factors))
        number = scalar(layout.coefficient)
        if isinstance(number, complex):
            dtype = np.result_type(dtype, np.complex64)
        factors = ((np.asarray(number, dtype), ()), *factors)
    return Part(factors, layout.axes, layout.sizes)


def _read_only(array: Array) -> Array:
    view = np.asarray(array)[...]
    view.flags.writeable = False
    return view


# -- inputs ----------------------------------------------------------------------------


def _inputs(
    fused: Node,
    node: Node,
    values: Mapping[str, object],
    sizes: Sizes,
    functions: Functions | None,
    scope: Sequence[Tensor],
) -> tuple[Mapping[str, Array], Bound, Any]:
    """The arrays by name, the bound sizes and the common dtype."""
    known, needed, checked = _known(fused, node, tuple(scope))
    named = None if callable(sizes) else checked_sizes(sizes)
    if checked or not needed <= values.keys():
        state = prepare(node, values, named, functions, scope)
        return state.arrays, bound_key(state.sizes), state.dtype
    arrays = {k: as_array(k, values[k]) for k in known if k in values}
    shapes = tuple((name, array.shape) for name, array in arrays.items())
    given = tuple(sorted((named or {}).items()))
    bound = _bound(fused, node, tuple(scope), shapes, given)
    dtypes = [array.dtype for array in arrays.values()]
    dtype = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
    return arrays, bound, dtype


@lru_cache(maxsize=256)
def _known(
    fused: Node, node: Node, scope: tuple[Tensor, ...]
) -> tuple[dict[str, Tensor], frozenset[str], bool]:
    """The variables that arrays may be given for, the names of those that must be,
    and whether any of these has a structure to be checked."""
    needed = variables(fused)
    written = needed if fused is node else variables(node)
    known = {tensor.name: tensor for tensor in scope} | written
    checked = any(tensor.structure in STRUCTURE_TESTS for tensor in needed.values())
    return known, frozenset(needed), checked


@lru_cache(maxsize=256)
def _bound(
    fused: Node,
    node: Node,
    scope: tuple[Tensor, ...],
    shapes: Shapes,
    given: tuple[tuple[str, int], ...],
) -> Bound:
    """The sizes that arrays of these shapes tell."""
    known, _, _ = _known(fused, node, scope)
    arrays = {name: cast(Array, _Shaped(shape)) for name, shape in shapes}
    return bound_key(bind_sizes(known.values(), arrays, dict(given)))


def _sizes_under(node: Node) -> list[Size]:
    """Every size that a plan of the node may ask for."""
    from ..nodes import Call, Einsum, toposort
    from ..sizes import Dim

    found: dict[Size, None] = {}
    for e in toposort(node):
        found |= dict.fromkeys(e.shape)
        if isinstance(e, Einsum):
            found |= dict.fromkeys(e.dims)
        if isinstance(e, Call):
            found |= dict.fromkeys(p for p in e.params if isinstance(p, Dim))
    return list(found)
