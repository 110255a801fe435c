"""Which way a program accumulates a derivative: forward, reverse, or both.

Every axis of an array in the program may be an axis of the value, of the variable, of
both, or of neither; this is followed from the results backwards. A product that sums
extends a partial derivative: what carries the variable's axes alone was accumulated
from the variable on (forward), what carries the value's alone from the value back
(reverse). A scalar has no axes to carry: then a product is forward where one factor
drags all the variable's axes along, else reverse. Products count by their flops.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.pairs import in_pairs
>>> A, B, C = tensor("A", (900, 800)), tensor("B", (800, 700)), tensor("C", (700, 2))
>>> chain = einsum([(A, [0, 1]), (B, [1, 2]), (C, [2, 3])], [0, 3])
>>> mode(in_pairs(compile_nodes([chain]), lambda n: n), lambda n: n, [1])   # A (B C)
'forward'
>>> A, C = tensor("A", (2, 800)), tensor("C", (700, 900))
>>> chain = einsum([(A, [0, 1]), (B, [1, 2]), (C, [2, 3])], [0, 3])
>>> mode(in_pairs(compile_nodes([chain]), lambda n: n), lambda n: n, [1])   # (A B) C
'reverse'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..functions import is_elementwise
from ..plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Pattern,
    Program,
    Slot,
    Step,
    inputs_of,
)
from .prices import Lengths, prices

#: What an axis belongs to.
VALUE, VARIABLE = "value", "variable"

#: The larger share beyond which the other direction is not mentioned.
CLEAR = 0.9

Marks: TypeAlias = frozenset[str]
NONE: Marks = frozenset()


def mode(program: Program, length: Lengths, value_orders: Sequence[int]) -> str:
    """ "forward", "reverse", "mixed", or "none" where nothing says; `value_orders` are
    the numbers of axes that come first as the value's, for every result."""
    marks = _marked(program, value_orders)
    scalar = not any(VALUE in m for axes in marks.values() for m in axes)
    if not any(VARIABLE in m for axes in marks.values() for m in axes):
        return "none"
    weight = _Weights(program, marks, scalar)
    for slot, price in enumerate(prices(program, length)):
        weight.add(slot, price.flops)
    return weight.said()


@dataclass(slots=True)
class _Weights:
    """Flops by direction, over the steps so far; `made` are the slots that come of a
    product that sums, perhaps through entrywise steps and views."""

    program: Program
    marks: dict[Slot, list[Marks]]
    scalar: bool
    flops: dict[str, float] = field(
        default_factory=lambda: {"forward": 0.0, "reverse": 0.0}
    )
    made: set[Slot] = field(default_factory=set)

    def add(self, slot: Slot, flops: float) -> None:
        """One step."""
        step = self.program.steps[slot]
        operands = inputs_of(step)
        made = [k for k, operand in enumerate(operands) if operand in self.made]
        sums = len(operands) == 2 and isinstance(step, Contract) and _sums(step)
        if made or sums:
            self.made.add(slot)
        if sums:
            found = self._of_scalar(slot, made) if self.scalar else self._of(slot, made)
            if found:
                self.flops[found] += flops

    def _of(self, slot: Slot, made: Sequence[int]) -> str:
        """The direction where the value has axes."""
        carried = _all(self.marks[slot])
        if carried == {VARIABLE}:
            return "forward"
        if carried == {VALUE}:
            return "reverse"
        if carried != {VALUE, VARIABLE} or len(made) != 1:
            return ""
        before = _all(self.marks[inputs_of(self.program.steps[slot])[made[0]]])
        if before == {VARIABLE}:
            return "forward"
        return "reverse" if before == {VALUE} else ""

    def _of_scalar(self, product: Slot, made: Sequence[int]) -> str:
        """The direction where the value has none."""
        step = self.program.steps[product]
        if len(made) != 1 or not isinstance(step, Contract):
            return ""
        (slot, axes), (other, others) = (step.operands[k] for k in (*made, 1 - made[0]))
        beside = {i for axis in others for i in axis}
        rows = zip(self.marks[slot], axes, strict=True)
        dragged = any(
            VARIABLE in marks and beside.isdisjoint(axis) for marks, axis in rows
        )
        whole = VARIABLE not in _all(self.marks[other])
        return "forward" if dragged and whole else "reverse"

    def said(self) -> str:
        """The direction of most flops."""
        forward, reverse = self.flops["forward"], self.flops["reverse"]
        total = forward + reverse
        if not total:
            return "reverse" if self.scalar and self.made else "none"
        if forward >= CLEAR * total:
            return "forward"
        return "reverse" if reverse >= CLEAR * total else "mixed"


def _sums(step: Contract) -> bool:
    """Whether an index is summed over."""
    every = {i for _, axes in step.operands for axis in axes for i in axis}
    return bool(every - set(step.out))


def _all(axes: Sequence[Marks]) -> Marks:
    return frozenset().union(*axes)


# -- whose axes ------------------------------------------------------------------------


def _marked(program: Program, value_orders: Sequence[int]) -> dict[Slot, list[Marks]]:
    """What every core axis of every slot belongs to."""
    marks = {s: [NONE] * len(p.core) for s, p in enumerate(program.patterns)}
    for slot, order in zip(program.results, value_orders, strict=True):
        pattern = program.patterns[slot]
        whose = [
            frozenset({VALUE if k < order else VARIABLE})
            for k in range(len(pattern.axes))
        ]
        _add(marks[slot], _on_core(pattern, whose))
    for slot in reversed(range(len(program.steps))):
        for operand, found in _read(program, slot, marks[slot]):
            _add(marks[operand], found)
    return marks


def _add(into: list[Marks], found: Sequence[Marks]) -> None:
    for k, more in enumerate(found[: len(into)]):
        into[k] |= more


def _on_core(pattern: Pattern, whose: Sequence[Marks]) -> list[Marks]:
    """What the core axes belong to, by the axes that show their labels."""
    rows = list(zip(pattern.axes, whose, strict=True))
    return [_all([m for axis, m in rows if i in axis]) for i in pattern.core]


def _read(
    program: Program, slot: Slot, marks: Sequence[Marks]
) -> list[tuple[Slot, list[Marks]]]:
    """What the axes of a step's operands belong to, by those of its result."""
    step: Step = program.steps[slot]
    match step:
        case Contract():
            whose = dict(zip(step.out, marks, strict=True))
            return [
                (s, [_all([whose.get(i, NONE) for i in axis]) for axis in axes])
                for s, axes in step.operands
            ]
        case Combine(cores=True):
            return [(s, list(marks)) for s, _ in step.terms]
        case Combine():
            patterns = program.patterns
            return [(s, _on_core(patterns[s], marks)) for s, _ in step.terms]
        case Embed():
            return [(step.slot, _on_core(program.patterns[step.slot], marks))]
        case Apply():
            return _of_function(step, marks)
    return []


def _of_function(step: Apply, marks: Sequence[Marks]) -> list[tuple[Slot, list[Marks]]]:
    """What the axes of a function's arguments belong to; of a function of whole
    matrices nothing is known but for right sides."""
    match step.node.function:
        case "gram":
            return [(step.args[0], [NONE, _all(marks)])]
        case "halves":
            return [(step.args[0], list(marks))]
        case "unhalved":
            return [(step.args[0], [*marks[:-2], _all(marks[-2:])])]
        case name if is_elementwise(name):
            return [(s, list(marks)) for s in step.args]
    return [(s, list(marks)) for s in step.args[1:]]
