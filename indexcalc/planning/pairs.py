"""A program in which every contraction has at most two operands, nothing twice.

The order of a contraction is chosen for given sizes; the steps themselves keep their
symbolic sizes, so that code printed from them reads shapes. Equal steps are one step
(value numbering): products of a pair are numbered up to the names of their labels and
the order of their operands, so that AX is computed once in AX∘AX, and once for a value
and its derivative. A sum over an index of one operand is taken before its products.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> A, x = tensor("A", (3, 4)), tensor("x", (4,))
>>> square = einsum([(A, [0, 1]), (x, [1]), (A, [0, 2]), (x, [2])], [0])  # Ax ∘ Ax
>>> paired = in_pairs(compile_nodes([square]), lambda size: size)
>>> [type(step).__name__ for step in paired.steps]
['Load', 'Load', 'Contract', 'Contract']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TypeAlias

from ..coefficients import Number
from ..contraction import path
from ..contraction.paths import is_crowded
from ..errors import BudgetError
from ..nodes import one_pass
from ..pairwise import require_labels
from ..plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Pattern,
    Program,
    Slot,
    Step,
    inputs_of,
    last_uses,
    networks,
    plain,
)
from ..sizes import Size

Axes: TypeAlias = tuple[tuple[int, ...], ...]
Row: TypeAlias = tuple[Slot, Axes]
Lengths: TypeAlias = Callable[[Size], int]

#: Answers the order of a contraction, as `contraction.path` does.
Find: TypeAlias = Callable[..., Sequence[tuple[int, ...]]]

#: The most steps of a program in pairs.
MOST_STEPS = 150_000

#: By how much an operand must be smaller than a product to be scaled in its place.
SMALLER = 4

#: Where an old slot went: the new slot, and which of its axes each old one is.
Place: TypeAlias = tuple[Slot, tuple[int, ...]]


@one_pass()
def in_pairs(program: Program, length: Lengths, find: Find = path) -> Program:
    """The program with its contractions in pairs, ordered for the sizes that `length`
    tells by what `find` answers; what no result needs is left out.

    Raises `BudgetError` where that would be more than `MOST_STEPS` steps.
    """
    if is_long(program):
        raise BudgetError(
            f"a program of {paired_steps(program):,} steps is more than {MOST_STEPS:,}",
            hint="evaluate without a memory limit computes it as it stands; many "
            "variables of one shape can be the rows of one array",
        )
    builder = Pairing(program, length, find)
    for slot in range(len(program.steps)):
        builder.places.append(builder.step(slot))
    results = [builder.kept(slot) for slot in program.results]
    return without_turns(without_unused(builder.paired, results))


def paired_steps(program: Program) -> int:
    """How many steps a program has once every product is one of two operands."""
    steps = program.steps
    products = (step for step in steps if isinstance(step, Contract))
    return len(steps) + sum(max(0, len(step.operands) - 2) for step in products)


def is_long(program: Program) -> bool:
    """Whether a program has too many steps to be put in pairs."""
    return paired_steps(program) > MOST_STEPS


@dataclass(slots=True)
class Pairing:
    """The paired program so far; `places` says where each old slot went."""

    old: Program
    length: Lengths
    find: Find = path
    paired: Program = field(default_factory=Program)
    places: list[Place] = field(default_factory=list)
    known: dict[object, Slot] = field(default_factory=dict)
    scales: dict[Slot, tuple[int, Number]] = field(default_factory=dict)
    brief: bool = False

    def __post_init__(self) -> None:
        self.brief = is_crowded(networks(self.old))
        uses = Counter(self.old.results)
        for step in self.old.steps:
            uses.update(inputs_of(step))
        for step in self.old.steps:
            match step:
                case Combine(((slot, c),), cores=True) if uses[slot] == 1:
                    self._fold(slot, c)

    def _fold(self, slot: Slot, c: Number) -> None:
        """A multiple of a product: of its smallest operand, where that is small."""
        step = self.old.steps[slot]
        if not isinstance(step, Contract) or len(step.operands) < 2:
            return
        slots = [s for s, _ in step.operands]
        sums = _labels(step.operands) - set(step.out)
        able = [k for k, s in enumerate(slots) if not sums or slots.count(s) == 1]
        if not able:
            return
        size = {k: self._entries(slots[k]) for k in able}
        least = min(able, key=lambda k: (size[k], k))
        if SMALLER * size[least] <= self._entries(slot):
            self.scales[slot] = least, c

    def _entries(self, slot: Slot) -> int:
        return prod(map(self.length, _core_sizes(self.old.patterns[slot])))

    def emit(self, step: Step, pattern: Pattern) -> Slot:
        """The slot of a step, which may be there already."""
        if isinstance(step, Contract):
            require_labels(len(step.sizes))
        key = (_identity(step), pattern)
        if key not in self.known:
            self.known[key] = self.paired.emit(step, pattern)
        return self.known[key]

    def kept(self, slot: Slot) -> Slot:
        """The new slot with the axes in the old order, and the old pattern."""
        new, order = self.places[slot]
        pattern = self.old.patterns[slot]
        if order == tuple(range(len(order))) and self.paired.patterns[new] == pattern:
            return new
        sizes = _core_sizes(pattern)
        out = tuple(range(len(order)))
        labels: list[tuple[int, ...]] = [()] * len(order)
        for here, there in enumerate(order):
            labels[there] = (here,)
        step = Contract(((new, tuple(labels)),), out, tuple(enumerate(sizes)), ())
        return self.emit(step, pattern)

    def step(self, slot: Slot) -> Place:
        """One old step, as new ones."""
        step, pattern = self.old.steps[slot], self.old.patterns[slot]
        match step:
            case Contract():
                return self.contract(step, pattern, self.scales.get(slot))
            case Apply():
                step = replace(step, args=tuple(map(self.kept, step.args)))
            case Combine():
                if len(step.terms) == 1 and step.terms[0][0] in self.scales:
                    return self.places[step.terms[0][0]]
                terms = tuple((self.kept(s), c) for s, c in step.terms)
                step = replace(step, terms=terms)
            case Embed():
                step = replace(step, slot=self.kept(step.slot))
            case Load() | Fill():
                pass
        return self.emit(step, pattern), tuple(range(len(pattern.core)))

    # -- contractions ------------------------------------------------------------------

    def contract(
        self, step: Contract, pattern: Pattern, scale: tuple[int, Number] | None = None
    ) -> Place:
        """An n-fold contraction as pairs in the best order; `scale` says which operand
        is multiplied by what."""
        sizes = dict(step.sizes)
        rows = [self._moved(row) for row in step.operands]
        if scale is not None:
            rows[scale[0]] = self._scaled(rows[scale[0]], scale[1])
        if len(rows) > 1:
            rows = self._summed(rows, step.out, sizes)
        order = self.order(rows, step.out, sizes)
        carried = _carried(rows, step.out)
        for taken in order[:-1]:
            group = [rows.pop(k) for k in sorted(taken, reverse=True)][::-1]
            carried.subtract(_carried(group))
            alive = {i for i in _labels(group) if carried[i]}
            rows.append(self._folded(group, alive, sizes))
            carried.update(_carried(rows[-1:]))
        while len(rows) > 2:
            alive = _labels(rows[2:]) | set(step.out)
            rows = [self._folded(rows[:2], alive, sizes), *rows[2:]]
        rows, out = _arranged(rows, step.out)
        last = _renamed(rows, out, sizes, step.factors)
        places = tuple(out.index(i) for i in step.out)
        core = [0] * len(out)
        for label, k in zip(pattern.core, places, strict=True):
            core[k] = label
        whole = replace(pattern, core=tuple(core))
        if pattern.dense:
            whole = plain(tuple(pattern.sizes[i] for i in core))
        return self.emit(last, whole), places

    def _moved(self, row: Row) -> Row:
        slot, axes = row
        new, order = self.places[slot]
        moved: list[tuple[int, ...]] = [()] * len(axes)
        for here, there in enumerate(order):
            moved[there] = axes[here]
        return new, tuple(moved)

    def _scaled(self, row: Row, c: Number) -> Row:
        slot, axes = row
        pattern = self.paired.patterns[slot]
        step = Combine(((slot, c),), _core_sizes(pattern), True)
        return self.emit(step, pattern), axes

    def _summed(
        self, rows: Sequence[Row], out: Sequence[int], sizes: dict[int, Size]
    ) -> list[Row]:
        """Indices that only one operand has are summed first."""
        found, carried = [], _carried(rows, out)
        for row in rows:
            own = _labels([row])
            others = {i for i in own if carried[i] > 1}
            found.append(self._folded([row], others, sizes) if others < own else row)
        return found

    def order(
        self, rows: Sequence[Row], out: Sequence[int], sizes: dict[int, Size]
    ) -> Sequence[tuple[int, ...]]:
        if len(rows) < 3:
            return ()
        inputs = tuple(tuple(dict.fromkeys(_flat(axes))) for _, axes in rows)
        lengths = {i: self.length(sizes[i]) for i in sorted(_labels(rows))}
        same = tuple(slot for slot, _ in rows)
        return self.find(inputs, tuple(out), lengths, same=same, brief=self.brief)

    def _folded(
        self, group: Sequence[Row], alive: set[int], sizes: dict[int, Size]
    ) -> Row:
        """The product of a few operands, one after the other."""
        result = group[0]
        if len(group) == 1:
            return self._product([result], alive, sizes)
        for k, other in enumerate(group[1:], 2):
            later = alive | _labels(group[k:])
            result = self._product([result, other], later, sizes)
        return result

    def _product(
        self, rows: Sequence[Row], alive: set[int], sizes: dict[int, Size]
    ) -> Row:
        rows, out = _arranged(rows, sorted(_labels(rows) & alive))
        step = _renamed(rows, out, sizes, ())
        slot = self.emit(step, plain(tuple(sizes[i] for i in out)))
        return slot, tuple((i,) for i in out)


def _flat(axes: Axes) -> list[int]:
    return [i for axis in axes for i in axis]


def _labels(rows: Iterable[Row]) -> set[int]:
    return {i for _, axes in rows for i in _flat(axes)}


def _carried(rows: Iterable[Row], out: Iterable[int] = ()) -> Counter[int]:
    """How many operands, and the result, carry each label."""
    found = Counter(set(out))
    for row in rows:
        found.update(_labels([row]))
    return found


def _core_sizes(pattern: Pattern) -> tuple[Size, ...]:
    return tuple(pattern.sizes[i] for i in pattern.core)


def _arranged(
    rows: Sequence[Row], out: Sequence[int]
) -> tuple[list[Row], tuple[int, ...]]:
    """Operands in a canonical order, and the result's labels as a product leaves them:
    those of both operands, those of the first, those of the second."""
    ordered = list(rows)
    if len(ordered) == 2 and _form(ordered[::-1], out) < _form(ordered, out):
        ordered.reverse()
    shown = set(out)
    lists = [dict.fromkeys(i for i in _flat(axes) if i in shown) for _, axes in ordered]
    if len(lists) < 2:
        return ordered, tuple(i for found in lists for i in found)
    left, right = lists
    batch = [i for i in left if i in right]
    rest = [i for i in left if i not in right] + [i for i in right if i not in left]
    return ordered, (*batch, *rest)


def _form(rows: Sequence[Row], out: Sequence[int]) -> tuple[object, ...]:
    """Operands up to the names of their labels; which of them survive."""
    names: dict[int, int] = {}
    form = tuple(
        (slot, tuple(tuple(names.setdefault(i, len(names)) for i in a) for a in axes))
        for slot, axes in rows
    )
    return (form, tuple(sorted(names[i] for i in out)))


def _renamed(
    rows: Sequence[Row],
    out: Sequence[int],
    sizes: dict[int, Size],
    factors: tuple[Size, ...],
) -> Contract:
    """The step with labels numbered by first appearance."""
    names: dict[int, int] = {}
    for i in (i for _, axes in rows for i in _flat(axes)):
        names.setdefault(i, len(names))
    operands = tuple(
        (slot, tuple(tuple(names[i] for i in axis) for axis in axes))
        for slot, axes in rows
    )
    used = tuple((k, sizes[i]) for i, k in names.items())
    return Contract(operands, tuple(names[i] for i in out), used, factors)


def _identity(step: Step) -> object:
    """What makes two steps the same; 1 and 1.0 differ, as exact and inexact."""
    if isinstance(step, Combine):
        terms = tuple((slot, c, type(c)) for slot, c in step.terms)
        return (Combine, terms, step.shape, step.cores)
    return step


def without_unused(program: Program, results: Sequence[Slot]) -> Program:
    """The steps that the results need, renumbered."""
    needed = set(results)
    for slot in reversed(range(len(program.steps))):
        if slot in needed:
            needed.update(inputs_of(program.steps[slot]))
    new: dict[Slot, Slot] = {}
    kept = Program()
    for slot in sorted(needed):
        step = renumbered(program.steps[slot], new)
        new[slot] = kept.emit(step, program.patterns[slot])
    kept.results = [new[slot] for slot in results]
    kept.last_use = last_uses(kept)
    return kept


def without_turns(program: Program) -> Program:
    """Products that are only read transposed, made that way round at once."""
    readers: dict[Slot, list[Slot]] = {}
    for slot, step in enumerate(program.steps):
        for operand in inputs_of(step):
            readers.setdefault(operand, []).append(slot)
    found, results = False, set(program.results)
    for slot, step in enumerate(program.steps):
        made = _turned(program, slot, readers)
        if made is not None and inputs_of(step)[0] not in results:
            program.steps[slot] = made
            found = True
    return without_unused(program, program.results) if found else program


def _turned(
    program: Program, slot: Slot, readers: dict[Slot, list[Slot]]
) -> Contract | None:
    """A transposition of a contraction that nobody else reads, as that contraction."""
    step = program.steps[slot]
    if not isinstance(step, Contract) or len(step.operands) != 1 or step.factors:
        return None
    ((inner, axes),) = step.operands
    labels = _flat(axes)
    made = program.steps[inner]
    plain_axes = len(labels) == len(axes) == len(set(labels)) == len(step.out)
    if not (plain_axes and isinstance(made, Contract) and readers[inner] == [slot]):
        return None
    out = tuple(made.out[labels.index(i)] for i in step.out)
    return replace(made, out=out)


def renumbered(step: Step, new: dict[Slot, Slot]) -> Step:
    """A step that reads other slots."""
    match step:
        case Load() | Fill():
            return step
        case Contract():
            rows = tuple((new[slot], axes) for slot, axes in step.operands)
            return replace(step, operands=rows)
        case Apply():
            return replace(step, args=tuple(new[slot] for slot in step.args))
        case Combine():
            terms: tuple[tuple[Slot, Number], ...] = tuple(
                (new[slot], c) for slot, c in step.terms
            )
            return replace(step, terms=terms)
        case Embed():
            return replace(step, slot=new[step.slot])
