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

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .backends import backend_named
from .binding import checked_sizes
from .codegen.blocks import Region
from .compiled import TYPICAL, Compiled
from .contraction.machine import TYPICAL as MACHINE
from .contraction.machine import Machine
from .documents.functions import Asked, to_json
from .errors import BudgetError, UnsupportedError
from .files import Where, saved
from .legible import quoted
from .nodes import Einsum, Node, toposort
from .planning.budgets import largest
from .planning.modes import mode
from .planning.report import PlanReport, described, naive, named, views
from .sizes import dim, lengths, names_in
from .variants import Variant

if TYPE_CHECKING:
    from .pictures import PlanDiagram


class Plan:
    """A function, what was asked of it, and the report of that: whatever a `PlanReport`
    has, a plan has. It draws itself, is kept in a file, and runs as its `function`."""

    __slots__ = ("_report", "asked", "function")

    def __init__(
        self, function: Compiled, asked: Asked, report: PlanReport | None = None
    ) -> None:
        self.function, self.asked, self._report = function, asked, report

    @property
    def report(self) -> PlanReport:
        """The steps, and what they cost; reckoned when first asked for."""
        if self._report is None:
            self._report = _report(self.function, self.asked)
        return self._report

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.report, name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Plan):
            return self.report == other.report
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return str(self.report)

    def __repr__(self) -> str:
        return f"<Plan of {self.function!r}>"

    def _repr_html_(self) -> str:
        return self.report._repr_html_()

    def diagram(self) -> PlanDiagram:
        """The tree of the steps with their sizes and flops: `.svg()`, `.dot()`, …"""
        from .pictures import PlanDiagram

        return PlanDiagram(self.report)

    def json(self, path: Where = None) -> str:
        """The plan as a versioned document, in a file where a path is given: the
        function with the choices that were made for it, and what was asked. What it
        costs is not written but reckoned again by `plan_from_json` and `load`."""
        return saved(to_json(self.function.held(self.asked)), path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the document to a file, whole or not at all; `load` reads it."""
        self.json(os.fspath(path))


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
    if not isinstance(machine, Machine):
        raise UnsupportedError(
            f"{quoted(machine)} is not a machine", hint="made by indexcalc.Machine"
        )
    asked = Asked(
        dict(sizes),
        tuple(value_orders),
        tuple(written),
        machine,
        _dtype(dtype).name,
    )
    return Plan(f, asked, _report(f, asked))


def _dtype(given: Any) -> np.dtype[Any]:
    try:
        return np.dtype(given)
    except (TypeError, ValueError):
        raise UnsupportedError(
            f"{quoted(given)} is not a dtype of NumPy", hint='such as "float32"'
        ) from None


def _report(f: Compiled, asked: Asked) -> PlanReport:
    try:
        return _figures(f, asked)
    except OverflowError:
        raise BudgetError(
            "what it takes at these sizes is beyond what floats can count",
            hint="smaller sizes",
        ) from None


def _figures(f: Compiled, asked: Asked) -> PlanReport:
    kind, machine, written = np.dtype(asked.dtype), asked.machine, asked.written
    known = known_sizes(f, asked.sizes, written)
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
    return PlanReport(
        tuple(steps),
        known,
        kind.name,
        mode(variant.program, length, asked.value_orders),
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


def known_sizes(
    f: Compiled, sizes: Mapping[str, int], written: Sequence[Node]
) -> dict[str, int]:
    """The size of every name, in order; the written form may have more of them."""
    shapes = [t.shape for t in f.tensors.values()] + [node.shape for node in f.nodes]
    for node in toposort(*written):
        shapes.append(node.dims if isinstance(node, Einsum) else node.shape)
    names = sorted({n for shape in shapes for size in shape for n in names_in(size)})
    lost = {n for leaf in f.scope for size in leaf.shape for n in names_in(size)}
    told = checked_sizes(sizes, lost.union(names))
    known = dict.fromkeys(names, TYPICAL) | f.sizes
    return known | {name: n for name, n in told.items() if name in known}


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
