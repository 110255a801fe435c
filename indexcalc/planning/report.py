"""What a plan does, step by step, and what it costs: as text and as data for a picture.

Flops and seconds are those of `prices`; bytes are what a step reads and writes. The
naive order, for comparison, is the expression as it was derived, its products not
joined and nothing shared among them, each taken from left to right; an operand waits
while it has no index of the product so far.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.pairs import in_pairs
>>> A, B, x = tensor("A", ("m", "n")), tensor("B", ("n", "m")), tensor("x", ("m",))
>>> chain = einsum([(A, [0, 1]), (B, [1, 2]), (x, [2])], [0])
>>> sizes = {"m": 1000, "n": 500}
>>> program = in_pairs(compile_nodes([chain]), lambda size: sizes[str(size)])
>>> steps = described(program, lambda size: sizes[str(size)])
>>> [(step.form, step.flops) for step in steps]
[('B @ x', 1000000), ('A @ t1', 1000000)]
>>> naive([chain], lambda size: sizes[str(size)]).flops
1002000000.0
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from heapq import heappop, heappush
from html import escape
from itertools import count
from math import fsum, prod
from typing import Any

from ..contraction.machine import TYPICAL, Machine
from ..legible import harmless
from ..marked import table as html_table
from ..nodes import Node
from ..plan import Contract, Load, Program, Slot, compile_nodes, inputs_of, is_view
from ..sizes import Size
from .budgets import core_bytes, dense_bytes
from .memory import Memory
from .prices import ITEM, Price, product_seconds, step_price, traffic
from .room import bytes_text
from .spelling import form_of, spec_of
from .tables import WIDTH, count_text, short, table, time_text

Lengths = Callable[[Size], int]


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step: the name of its value, what it does, to which values, as an einsum and
    in words of matrices; the value's shape, flops, bytes read and written, seconds."""

    name: str
    kind: str
    operands: tuple[str, ...]
    spec: str
    form: str
    shape: tuple[int, ...]
    flops: int
    bytes: int
    seconds: float

    @property
    def told(self) -> str:
        """What it does, in a few words."""
        if self.kind in WRITTEN:
            return f"{self.form} {self.kind}"
        return self.form or f"{self.kind} of {', '.join(self.operands)}"


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a call does and holds at given sizes.

    `memory` counts bytes: inputs, results, the workspace kept between calls, and the
    peak of all together; `exact` says whether the peak was found by following the
    source, or is an estimate by the steps. `mode` is the direction of accumulation:
    "forward", "reverse", "mixed", or "none". `floor` is the time that the machine's
    ceilings allow: all flops at its rate, inputs and results through its memory.
    `naive` is the price of the naive order, `blocks` what is cut into which blocks.
    `inputs` are the shapes of what is given, by name, and `views` tells of every
    operand that is another value seen differently, such as t1.T, which one that is.
    """

    steps: tuple[PlanStep, ...]
    sizes: Mapping[str, int]
    dtype: str
    mode: str
    memory: Memory
    exact: bool
    largest: tuple[str, int]
    naive: Price
    floor: float
    blocks: tuple[str, ...]
    source: str
    inputs: Mapping[str, tuple[int, ...]]
    views: Mapping[str, str]

    @property
    def flops(self) -> int:
        """Multiplications and additions of all steps."""
        return sum(step.flops for step in self.steps)

    @property
    def bytes(self) -> int:
        """What all steps read and write."""
        return sum(step.bytes for step in self.steps)

    @property
    def seconds(self) -> float:
        """The estimated time of a call."""
        return fsum(step.seconds for step in self.steps)

    @property
    def peak(self) -> int:
        """The bytes that are held at the worst moment, inputs and results included."""
        return self.memory.peak

    @property
    def saved(self) -> tuple[float, float]:
        """How many times the flops, and the estimated time, the naive order takes."""
        return (
            self.naive.flops / self.flops if self.flops else 1.0,
            self.naive.seconds / self.seconds if self.seconds else 1.0,
        )

    def data(self) -> dict[str, Any]:
        """Everything as plain data: `nodes` of the tree, inputs and steps, with their
        labels, shapes, flops, bytes, and `edges` from operand to result."""
        edges = [
            [self.held(n), step.name] for step in self.steps for n in step.operands
        ]
        used = {name for name, _ in edges} - {step.name for step in self.steps}
        return {
            "nodes": [
                *(
                    {"label": n, "kind": "input", "shape": self.inputs.get(n, ())}
                    for n in sorted(used)
                ),
                *({"label": step.name} | asdict(step) for step in self.steps),
            ],
            "edges": edges,
            "sizes": dict(self.sizes),
            "dtype": self.dtype,
            "mode": self.mode,
            "flops": self.flops,
            "bytes": self.bytes,
            "seconds": self.seconds,
            "floor_seconds": self.floor,
            "memory": asdict(self.memory) | {"exact": self.exact},
            "largest": list(self.largest),
            "naive": {"flops": self.naive.flops, "seconds": self.naive.seconds},
            "saved": list(self.saved),
            "blocks": list(self.blocks),
        }

    def held(self, name: str) -> str:
        """The value that an operand is, or is a view of."""
        while name in self.views:
            name = self.views[name]
        return name

    def __str__(self) -> str:
        lines = [*_totals(self), "", *table([HEAD, *map(_row, self.steps)], left=4)]
        if self.blocks:
            lines += ["", *(f"in blocks: {text}" for text in self.blocks[:MOST_BLOCKS])]
            left_out = len(self.blocks) - MOST_BLOCKS
            lines += [f"… {left_out} more"] if left_out > 0 else []
        return "\n".join(short(line, WIDTH) for line in lines)

    def _repr_html_(self) -> str:
        """The totals, and the table of the steps."""
        totals = escape("\n".join(_totals(self)))
        rows = list(map(_row, self.steps))
        return f"<pre>{totals}</pre>{html_table(HEAD, rows, numbers=3)}"


# -- as text ---------------------------------------------------------------------------

HEAD = ("", "step", "einsum", "shape", "flops", "bytes", "time")

#: The longest formula, einsum and shape of a step in the table.
FORMULA, EINSUM, SHAPE = 28, 16, 14


def _totals(report: PlanReport) -> list[str]:
    flops, time = report.saved
    memory = report.memory
    sizes = ", ".join(f"{name}={n}" for name, n in report.sizes.items())
    about = "" if report.exact else "about "
    name, largest = report.largest
    held = [
        f"inputs {bytes_text(memory.inputs)}",
        f"results {bytes_text(memory.results)}",
        f"workspace {bytes_text(memory.workspace)}",
    ]
    return [
        f"plan for {sizes or 'fixed sizes'} ({report.dtype})",
        f"  mode      {report.mode}",
        f"  flops     {count_text(report.flops)}; the naive order takes {flops:.3g} ×",
        f"  bytes     {bytes_text(report.bytes)} read and written",
        f"  time      {time_text(report.seconds)} estimated; the machine's ceilings "
        f"allow {time_text(report.floor)}",
        f"            the naive order takes {time:.3g} ×",
        f"  peak      {about}{bytes_text(memory.peak)}: {', '.join(held)}",
        f"  largest   {name}, {bytes_text(largest)}",
    ]


def _row(step: PlanStep) -> tuple[str, ...]:
    return (
        step.name,
        short(step.told, FORMULA),
        short(step.spec, EINSUM),
        short("×".join(map(str, step.shape)) or "1", SHAPE),
        count_text(step.flops) if step.flops else "",
        bytes_text(step.bytes),
        time_text(step.seconds),
    )


#: How many loops over blocks are listed.
MOST_BLOCKS = 8

#: Steps that only lay a value out.
WRITTEN = ("on a diagonal", "spread", "written out")


# -- the steps -------------------------------------------------------------------------


def described(
    program: Program,
    length: Lengths,
    machine: Machine = TYPICAL,
    itemsize: int = ITEM,
) -> list[PlanStep]:
    """The steps that compute something, and the writing of results with a pattern."""
    names = named(program)
    found = [
        _step(program, slot, names, length, machine, itemsize)
        for slot in range(len(program.steps))
        if _is_made(program, slot)
    ]
    return [*found, *_written(program, names, length, machine, itemsize)]


def _is_made(program: Program, slot: Slot) -> bool:
    step = program.steps[slot]
    return not isinstance(step, Load) and not is_view(step)


def named(program: Program) -> dict[Slot, str]:
    """The names of all values: variables by theirs, views by what they show, the rest
    numbered."""
    names: dict[Slot, str] = {}
    taken = {step.node.name for step in program.steps if isinstance(step, Load)}
    numbers = (k for k in count(1) if f"t{k}" not in taken)
    for slot, step in enumerate(program.steps):
        if isinstance(step, Load):
            names[slot] = harmless(step.node.name or "constant")
        elif is_view(step):
            names[slot] = _seen(program, slot, names)
        else:
            names[slot] = f"t{next(numbers)}"
    return names


def _seen(program: Program, slot: Slot, names: Mapping[Slot, str]) -> str:
    """The name of a view."""
    step = program.steps[slot]
    assert isinstance(step, Contract)
    ((inner, axes),) = step.operands
    turned = axes == tuple((i,) for i in reversed(step.out)) and len(axes) == 2
    name = names[inner]
    if axes == tuple((i,) for i in step.out):
        return name
    if turned:
        return name[:-2] if name.endswith(".T") else f"{name}.T"
    return f"{name}[{spec_of(step)}]"


def views(program: Program, names: Mapping[Slot, str]) -> dict[str, str]:
    """What every view is a view of, by their names."""
    found = {}
    for slot, step in enumerate(program.steps):
        if isinstance(step, Contract) and is_view(step):
            ((inner, _),) = step.operands
            if names[inner] != names[slot]:
                found[names[slot]] = names[inner]
    return found


def _step(
    program: Program,
    slot: Slot,
    names: Mapping[Slot, str],
    length: Lengths,
    machine: Machine,
    itemsize: int,
) -> PlanStep:
    step, patterns = program.steps[slot], program.patterns
    price = step_price(step, patterns[slot], patterns, length, machine)
    operands = inputs_of(step)
    moved = sum(core_bytes(patterns[s], length, itemsize) for s in operands)
    moved += core_bytes(patterns[slot], length, itemsize)
    core = tuple(length(patterns[slot].sizes[i]) for i in patterns[slot].core)
    listed = tuple(names[s] for s in operands)
    kind, form = form_of(step, listed)
    spec = spec_of(step) if isinstance(step, Contract) else ""
    flops, took = round(price.flops), price.seconds * _share(itemsize)
    return PlanStep(names[slot], kind, listed, spec, form, core, flops, moved, took)


def _share(itemsize: int) -> float:
    """Prices are those of float64; others take time as their bytes do."""
    return itemsize / ITEM


def _written(
    program: Program,
    names: Mapping[Slot, str],
    length: Lengths,
    machine: Machine,
    itemsize: int,
) -> list[PlanStep]:
    """Results whose entries are written where their patterns say."""
    found = []
    for k, slot in enumerate(dict.fromkeys(program.results)):
        p = program.patterns[slot]
        if p.dense:
            continue
        read = core_bytes(p, length, itemsize)
        written = dense_bytes(p, length, itemsize)
        shape = tuple(prod(length(p.sizes[i]) for i in axis) for axis in p.axes)
        took = machine.call + traffic(read, written, machine)
        kind = "on a diagonal" if p.diagonal else "spread"
        name = "result" if len(program.results) == 1 else f"result {k + 1}"
        row = (names[slot],)
        step = PlanStep(
            name, kind, row, "", names[slot], shape, 0, read + written, took
        )
        found.append(step)
    return found


# -- the naive order -------------------------------------------------------------------


def naive(nodes: Sequence[Node], length: Lengths, machine: Machine = TYPICAL) -> Price:
    """The price of the expressions as they are given, each node once, every product
    from left to right and no part of one product taken from another."""
    program = compile_nodes(nodes, sparse=True)
    seconds = flops = 0.0
    for slot, step in enumerate(program.steps):
        if is_view(step):
            continue
        if isinstance(step, Contract) and len(step.operands) > 2:
            price = _from_left(step, length, machine)
        else:
            pattern = program.patterns[slot]
            price = step_price(step, pattern, program.patterns, length, machine)
        seconds, flops = seconds + price.seconds, flops + price.flops
    for slot in dict.fromkeys(program.results):
        p = program.patterns[slot]
        if not p.dense:
            written = dense_bytes(p, length, ITEM)
            seconds += traffic(core_bytes(p, length, ITEM), written, machine)
    return Price(seconds, flops)


def _from_left(step: Contract, length: Lengths, machine: Machine) -> Price:
    sizes = {i: length(size) for i, size in step.sizes}
    rows = [[i for axis in axes for i in axis] for _, axes in step.operands]
    later = Counter(i for row in rows for i in set(row))
    later.update(step.out)
    first, *others = _met(rows)
    result = rows[first]
    later.subtract(set(result))
    seconds = flops = 0.0
    for k in others:
        later.subtract(set(rows[k]))
        out = [i for i in dict.fromkeys([*result, *rows[k]]) if later[i]]
        price = product_seconds([result, rows[k]], out, sizes, machine)
        seconds, flops = seconds + price.seconds, flops + price.flops
        result = out
    return Price(seconds, flops)


def _met(rows: Sequence[Sequence[int]]) -> Iterator[int]:
    """The operands from left to right, each as soon as it shares an index with one
    before; where none does, the first that is left."""
    carriers: dict[int, list[int]] = {}
    for k, row in enumerate(rows):
        for i in dict.fromkeys(row):
            carriers.setdefault(i, []).append(k)
    waiting, near = dict.fromkeys(range(len(rows))), list[int]()
    while waiting:
        while near and near[0] not in waiting:
            heappop(near)
        k = near[0] if near else next(iter(waiting))
        del waiting[k]
        yield k
        for i in rows[k]:
            for other in carriers.pop(i, ()):
                heappush(near, other)
