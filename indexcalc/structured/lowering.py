"""From a node to a program whose results are the factors of its parts.

Every term of the sum is compiled as far as its last product; of that, only the groups
of factors that `grouping` chooses are contracted, so that what stays factored is never
formed. All terms are one program, in which equal products are one step.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.sizes import dim
>>> s = tensor("s", ("n",))
>>> plan = plan_of(einsum([(s, [0]), (s, [1])], [0, 1]), ((dim("n"), 100),))    # s sᵀ
>>> [layout.rows for layout in plan.layouts], len(plan.program.steps)
([((0, (0,)), (0, (1,)))], 1)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from ..coefficients import Number, multiply
from ..contraction import path
from ..diagonals import is_loose, terms
from ..expr import linear
from ..nodes import Einsum, Node, Term, one_pass
from ..pairwise import Labels
from ..plan import (
    Combine,
    Contract,
    Load,
    Pattern,
    Program,
    Slot,
    compile_nodes,
    plain,
)
from ..planning.book import Book
from ..planning.held import held
from ..planning.pairs import in_pairs
from ..planning.programs import arranged
from ..planning.stable import stable
from ..sizes import Size, lengths, times
from .execution import Call, prepared
from .grouping import groups, kept_labels
from .parts import Axes

Bound: TypeAlias = tuple[tuple[Size, int], ...]

Rows: TypeAlias = tuple[tuple[Slot, Labels], ...]


#: Beyond so many terms those that hold as much as they fill are one part.
MOST_PARTS = 64


@dataclass(frozen=True, slots=True)
class Layout:
    """One part to be: the slots of its factors with their labels, the groups of labels
    of its axes, their lengths, and a number it is multiplied by."""

    rows: Rows
    axes: Axes
    sizes: tuple[int, ...]
    coefficient: Number


@dataclass(frozen=True, slots=True)
class Plan:
    """A program in pairs, its steps as calls, and what its slots are the factors of;
    `dying` are the slots that a step is the last to read, `held` the most entries that
    a run holds beside its inputs."""

    program: Program
    calls: tuple[Call, ...]
    dying: tuple[tuple[Slot, ...], ...]
    layouts: tuple[Layout, ...]
    shape: tuple[int, ...]
    held: int


@lru_cache(maxsize=256)
@one_pass()
def plan_of(node: Node, bound: Bound, real: bool = True) -> Plan:
    """The plan of a fused node for given sizes; the last ones asked for are kept."""
    return lowered(node, lengths(dict(bound)), real=real)


def lowered(
    node: Node,
    length: Callable[[Size], int],
    book: Book | None = None,
    real: bool = True,
) -> Plan:
    """The plan of a fused node for the sizes that `length` tells; what stands in the
    book is not searched for; `real` says that no array is complex."""
    parts = _gathered(terms(stable(node) if real else node))
    found = arranged([e for e, _ in parts], length, book=book, real=real)
    program = compile_nodes(found, sparse=True)
    layouts = [
        _layout(program, slot, c, length)
        for slot, (_, c) in zip(program.results, parts, strict=True)
    ]
    wanted = list(dict.fromkeys(slot for part in layouts for slot, _ in part.rows))
    program.results = wanted
    paired = in_pairs(program, length, path if book is None else book.order)
    place = dict(zip(wanted, paired.results, strict=True))
    moved = tuple(
        replace(part, rows=tuple((place[slot], row) for slot, row in part.rows))
        for part in layouts
    )
    calls = tuple(prepared(paired, length))
    shape = tuple(map(length, node.shape))
    entries = held(paired, length, 1, written=False)
    return Plan(paired, calls, _dying(paired), moved, shape, entries)


def _gathered(parts: list[Term]) -> list[Term]:
    """The terms, those of very many that hold as much as they fill as one."""
    if len(parts) <= MOST_PARTS:
        return parts
    kept = [part for part in parts if _is_smaller(part[0])]
    whole = [part for part in parts if not _is_smaller(part[0])]
    return [*kept, (linear(whole, whole[0][0].shape), 1)] if whole else kept


def _is_smaller(node: Node) -> bool:
    """Whether a term may hold less than it fills: spread, on a diagonal, or a product
    of matrices over a shorter axis."""
    if not isinstance(node, Einsum):
        return False
    shown = {i for axis in node.out for i in axis}
    sums = len(shown) < len(node.dims)
    return is_loose(node) or (sums and len(node.out) > 1)


def _dying(program: Program) -> tuple[tuple[Slot, ...], ...]:
    """By step, the slots that nothing needs after it."""
    found: list[list[Slot]] = [[] for _ in program.steps]
    results = set(program.results)
    for slot, end in program.last_use.items():
        if slot not in results:
            found[end].append(slot)
    return tuple(map(tuple, found))


def _layout(
    program: Program, slot: Slot, c: Number, length: Callable[[Size], int]
) -> Layout:
    step, pattern = program.steps[slot], program.patterns[slot]
    sizes = tuple(map(length, pattern.sizes))
    if not isinstance(step, Contract) or not step.operands:
        whole = Layout(((slot, pattern.core),), pattern.axes, sizes, c)
        return _scaled(program, whole)
    open_ = _Opened(program, step, pattern, length)
    for size in step.factors:
        c = multiply(c, length(size))
    rows = tuple(open_.emitted(group) for group in open_.grouped())
    layout = Layout(rows, pattern.axes, tuple(open_.lengths), c)
    return _scaled(program, layout)


class _Opened:
    """A last product taken apart: the labels of its operands in the pattern's
    numbers, summed ones after them."""

    def __init__(
        self,
        program: Program,
        step: Contract,
        pattern: Pattern,
        length: Callable[[Size], int],
    ) -> None:
        self.program = program
        self.step = step
        self.pattern = pattern
        sizes = dict(step.sizes)
        names = dict(zip(step.out, pattern.core, strict=True))
        self.lengths = [length(size) for size in pattern.sizes]
        for _, axes in step.operands:
            for i in (i for axis in axes for i in axis):
                if i not in names:
                    names[i] = len(self.lengths)
                    self.lengths.append(length(sizes[i]))
        self.names = names
        self.sizes = {names[i]: size for i, size in step.sizes if i in names}
        self.labels = [
            tuple(names[i] for axis in axes for i in axis) for _, axes in step.operands
        ]

    def grouped(self) -> list[list[int]]:
        """The operands in groups; numbers join a group that is contracted anyway."""
        lengths = dict(enumerate(self.lengths))
        found = groups(self.labels, self.pattern.core, lengths)
        numbers = [group for group in found if not any(self.labels[k] for k in group)]
        work = [g for g in found if g not in numbers and len(g) > 1]
        if not (numbers and work):
            return found
        least = min(work, key=lambda g: self._entries(g))
        rest = [group for group in found if group is not least and group not in numbers]
        return [*rest, sorted(least + [k for group in numbers for k in group])]

    def _entries(self, group: Sequence[int]) -> int:
        total = 1
        for i in kept_labels(group, self.labels, self.pattern.core):
            total *= self.lengths[i]
        return total

    def emitted(self, group: Sequence[int]) -> tuple[Slot, Labels]:
        """The slot of a group's product: of its only operand, or of a new step."""
        kept = kept_labels(group, self.labels, self.pattern.core)
        operands = tuple(self.step.operands[k] for k in group)
        slot, axes = operands[0]
        if len(group) == 1 and self.labels[group[0]] == kept and _atomic(axes):
            return slot, kept
        old = {new: i for i, new in self.names.items()}
        used = {i for _, axes in operands for axis in axes for i in axis}
        step = Contract(
            operands,
            tuple(old[i] for i in kept),
            tuple((i, size) for i, size in self.step.sizes if i in used),
            (),
        )
        sizes = tuple(self.sizes[i] for i in kept)
        return self.program.emit(step, plain(sizes)), kept


def _atomic(axes: Axes) -> bool:
    return all(len(axis) == 1 for axis in axes)


def _scaled(program: Program, layout: Layout) -> Layout:
    """The coefficient multiplied into the smallest factor that is computed anyway; it
    stays a number beside inputs, which are not copied."""
    if layout.coefficient == 1:
        return layout
    computed = [
        (_length(layout, labels), k)
        for k, (slot, labels) in enumerate(layout.rows)
        if not isinstance(program.steps[slot], Load)
    ]
    if not computed:
        return layout
    place = min(computed)[1]
    slot, labels = layout.rows[place]
    pattern = program.patterns[slot]
    shape = tuple(times(*(pattern.sizes[i] for i in axis)) for axis in pattern.axes)
    step = Combine(((slot, layout.coefficient),), shape, True)
    rows = list(layout.rows)
    rows[place] = program.emit(step, pattern), labels
    return replace(layout, rows=tuple(rows), coefficient=1)


def _length(layout: Layout, labels: Labels) -> int:
    total = 1
    for i in labels:
        total *= layout.sizes[i]
    return total


def bound_key(sizes: Mapping[Size, int]) -> Bound:
    """Bound sizes as a key, the names in alphabetical order.

    >>> from indexcalc.sizes import dim
    >>> bound_key({dim("p"): 2, dim("n"): 3})
    ((Dim('n'), 3), (Dim('p'), 2))
    """
    return tuple(sorted(sizes.items(), key=lambda item: str(item[0])))
