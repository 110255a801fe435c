"""The plan of a compiled function at given sizes, as a report.

>>> from indexcalc.ways_in import tensor
>>> A, B, x = tensor("A", "m n"), tensor("B", "n m"), tensor("x", "m")
>>> f = (A @ (B @ x)).compile()
>>> report = report_of(f, {"m": 1000, "n": 2000}, value_orders=[1])
>>> [step.form for step in report.steps], report.memory.results
(['B @ x', 'A @ t1'], 8000)
>>> report.peak == report.memory.inputs + 8 * (1000 + 2000)
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .backends import backend_named
from .codegen.blocks import Region
from .compiled import TYPICAL, Compiled
from .contraction.machine import TYPICAL as MACHINE
from .contraction.machine import Machine
from .errors import UnknownNameError
from .nodes import Einsum, Node, toposort
from .planning.budgets import largest
from .planning.modes import mode
from .planning.report import PlanReport, described, naive, named, views
from .sizes import dim, lengths, names_in
from .variants import Variant

if TYPE_CHECKING:
    from .pictures import PlanDiagram


class Plan(PlanReport):
    """A report that draws itself."""

    __slots__ = ()

    def diagram(self) -> PlanDiagram:
        """The tree of the steps with their sizes and flops: `.svg()`, `.dot()`, …"""
        from .pictures import PlanDiagram

        return PlanDiagram(self)


def report_of(
    f: Compiled,
    sizes: Mapping[str, int],
    *,
    value_orders: Sequence[int],
    written: Sequence[Node] = (),
    machine: Machine = MACHINE,
    dtype: Any = "float64",
) -> Plan:
    """What f does on NumPy arrays of a dtype at these sizes; a size that is not told
    counts as a hundred. `value_orders` says how many axes of each result are the
    value's, `written` how the expressions are for the naive order.

    Raises `UnknownNameError` for a size that f does not have, `BudgetError` where f
    may not hold what it needs.
    """
    kind = np.dtype(dtype)
    known = _known(f, sizes, written)
    variant = f.variant(
        backend_named("numpy"),
        {dim(name): n for name, n in known.items()},
        kind.char if kind.char in "fd" else "",
        [kind.char] * len(f.names),
    )
    length = lengths(variant.sizes)
    memory, exact = f.memory(variant, [kind.char] * len(f.names))
    steps = described(variant.program, length, machine, kind.itemsize)
    names = named(variant.program)
    flops = sum(step.flops for step in steps)
    through = memory.inputs + memory.results
    return Plan(
        tuple(steps),
        known,
        kind.name,
        mode(variant.program, length, value_orders),
        memory,
        exact,
        _largest(variant, names, kind.itemsize),
        naive(written or f.nodes, length, machine),
        max(flops * kind.itemsize / 8 / machine.gemm, through / machine.memory),
        tuple(_block_text(region, names) for region in variant.blocks),
        variant.text,
        {name: tuple(map(length, t.shape)) for name, t in f.tensors.items()},
        views(variant.program, names),
    )


def _known(
    f: Compiled, sizes: Mapping[str, int], written: Sequence[Node]
) -> dict[str, int]:
    """The size of every name, in order; the written form may have more of them."""
    shapes = [t.shape for t in f.tensors.values()] + [node.shape for node in f.nodes]
    for node in toposort(*written):
        shapes.append(node.dims if isinstance(node, Einsum) else node.shape)
    names = sorted({n for shape in shapes for size in shape for n in names_in(size)})
    unknown = sorted(set(sizes) - set(names))
    if unknown:
        raise UnknownNameError(
            f"there is no size {unknown[0]}",
            hint=f"there is {', '.join(names) or 'none'}",
        )
    return dict.fromkeys(names, TYPICAL) | f.sizes | dict(sizes)


def _largest(
    variant: Variant, names: Mapping[int, str], itemsize: int
) -> tuple[str, int]:
    """The name and the bytes of the largest array that is made."""
    nbytes, slot, _ = largest(variant.program, lengths(variant.sizes), itemsize)
    name = names.get(slot, "none")
    return ("the result" if slot in variant.program.results else name), nbytes


def _block_text(region: Region, names: Mapping[int, str]) -> str:
    listed = list(dict.fromkeys(names[slot] for slot in region.steps))
    return f"{', '.join(listed)}: {region.rows} of {region.length} rows at a time"
