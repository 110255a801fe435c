"""The steps of a plan as the nodes of a graph, and what stands on their cards.

Nodes are inputs, steps and results; each knows its operands. A view, such as `t1.T`, is
the value that it shows; the operand says how it is read.

>>> from indexcalc.ways_in import tensor
>>> A, B, x = tensor("A", "m n"), tensor("B", "n m"), tensor("x", "m")
>>> report = (A @ B @ x).plan(m=2000, n=1000)
>>> [node.form for node in plan_nodes(report) if node.step]
['B @ x', 'A @ t1']
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from math import prod
from typing import Literal

from ...planning.report import MOST_BLOCKS, PlanReport, PlanStep
from ...planning.room import bytes_text
from ...planning.tables import count_text, time_text
from ..faces import harmless

Role = Literal["input", "step", "result"]


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node of the graph. `key` is unique; `operands` are keys with the names
    that they are read by; `form` is what a step does, `share` its part of all flops;
    `largest` marks the largest array that is made."""

    key: str
    name: str
    role: Role
    operands: tuple[tuple[str, str], ...] = ()
    form: str = ""
    spec: str = ""
    shape: tuple[int, ...] | None = None
    share: float = 0.0
    largest: bool = False
    step: PlanStep | None = None


def plan_nodes(report: PlanReport) -> list[PlanNode]:
    """Inputs in the order in which they are met, then steps, then results."""
    made = {step.name for step in report.steps}
    flops = report.flops
    steps = [_step_node(report, step, flops) for step in report.steps]
    given = dict.fromkeys(key for node in steps for key, _ in node.operands)
    inputs = [
        PlanNode(name, name, "input", shape=report.inputs.get(name))
        for name in given
        if name not in made
    ]
    results = _results(steps, made | set(given))
    return [*inputs, *_marked(steps, report), *results]


def _step_node(report: PlanReport, step: PlanStep, flops: int) -> PlanNode:
    return PlanNode(
        step.name,
        step.name,
        "step",
        tuple((report.held(name), name) for name in step.operands),
        harmless(step.told),
        harmless(step.spec).replace("->", "→"),
        step.shape,
        step.flops / flops if flops else 0.0,
        step=step,
    )


def _last(steps: Sequence[PlanNode]) -> list[PlanNode]:
    used = {key for node in steps for key, _ in node.operands}
    return [node for node in steps if node.key not in used]


def _results(steps: Sequence[PlanNode], taken: set[str]) -> list[PlanNode]:
    """A node for every step that nothing uses, save what is written as a result."""
    last = [node for node in _last(steps) if not node.name.startswith("result")]
    found = []
    for k, node in enumerate(last, 1):
        name = "result" if len(last) == 1 else f"result {k}"
        key = next(key for key in chain([name], _primed(name)) if key not in taken)
        operand = ((node.key, node.name),)
        found.append(PlanNode(key, name, "result", operand, shape=node.shape))
    return found


def _primed(name: str) -> Iterator[str]:
    return (name + "′" * k for k in count(1))


def _marked(steps: Sequence[PlanNode], report: PlanReport) -> list[PlanNode]:
    """The steps, the one that makes the largest array marked."""
    name, _ = report.largest
    last = _last(steps)
    named = last if name == "the result" else [n for n in steps if n.name == name]
    most = max(named, key=lambda node: prod(node.shape or ()), default=None)
    return [replace(node, largest=node is most) for node in steps]


# -- words -----------------------------------------------------------------------------


def flops_text(node: PlanNode) -> str:
    """The flops of a step; what it moves where it is none that is counted."""
    if node.step is None:
        return ""
    if node.step.flops:
        return counted(node.step.flops)
    return f"moves {bytes_text(node.step.bytes)}"


def counted(flops: float) -> str:
    """Flops with three digits.

    >>> counted(2_000_000), counted(280)
    ('2 Mflop', '280 flop')
    """
    text = count_text(flops)
    return f"{text}flop" if text[-1].isalpha() else f"{text} flop"


def shape_text(shape: tuple[int, ...] | None) -> str:
    """A shape in words: nothing where it is not known.

    >>> shape_text((300, 250)), shape_text(())
    ('300×250', 'scalar')
    """
    if shape is None:
        return ""
    return "×".join(map(str, shape)) or "scalar"


def caption_lines(report: PlanReport) -> list[str]:
    """What a plan is for, and its totals."""
    flops, time = report.saved
    sizes = ", ".join(f"{harmless(name)}={n}" for name, n in report.sizes.items())
    about = "" if report.exact else "about "
    name, nbytes = report.largest
    lines = [
        f"plan for {sizes or 'fixed sizes'} ({report.dtype})",
        f"{counted(report.flops)}, peak {about}{bytes_text(report.peak)}, "
        f"{time_text(report.seconds)} estimated",
        f"the naive order takes {flops:.3g} × the flops, {time:.3g} × the time; "
        f"mode {report.mode}",
    ]
    if nbytes:
        lines.append(
            f"largest array (double outline): {harmless(name)}, {bytes_text(nbytes)}"
        )
    lines += [f"in blocks: {harmless(text)}" for text in report.blocks[:MOST_BLOCKS]]
    left_out = len(report.blocks) - MOST_BLOCKS
    return lines + ([f"… {left_out} more"] if left_out > 0 else [])
