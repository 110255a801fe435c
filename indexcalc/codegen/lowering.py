"""From a paired program to lines of array code: which values get names.

A value used once stays inside the line that uses it while it is short; one used more
often, or long, gets a line and a name. Deltas are never multiplied: a result that
keeps them is written where its labels agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from ..coefficients import Number
from ..functions import TABLE, USERS, cores, is_elementwise
from ..nodes import Call, Tensor
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
    inputs_of,
)
from ..sizes import Shape, Size
from ..sizes import times as product_of_sizes
from .names import Chosen
from .products import contracted, turned
from .words import (
    Expr,
    call,
    combination,
    diag,
    expand,
    eye,
    filled,
    group,
    name,
    number,
    placed,
    size,
    split,
    spread,
    times,
)

#: How many terms of a sum share a line.
TERMS = 12


class Language(Protocol):
    """What lowering asks of a language."""

    #: The longest code that stays inside another line.
    inline: int
    #: Whether matrix products run over leading axes.
    stacks: bool
    #: Whether a factorisation of a matrix is kept as a value.
    factors: bool

    def text(self, e: Expr) -> str:
        """An expression's code."""

    def load(self, node: Tensor) -> Expr:
        """A variable, or a constant."""

    def present(self, carried: Sequence[bool]) -> set[int]:
        """The axes that the code of an expansion has; broadcasting makes the rest."""


@dataclass(slots=True)
class Lowering:
    """One program being said; `lines` holds (name, value) in order."""

    program: Program
    language: Language
    names: Chosen
    lines: list[tuple[str, Expr]] = field(default_factory=list)
    values: dict[Slot, Expr] = field(default_factory=dict)
    uses: Counter[Slot] = field(default_factory=Counter)

    def results(self) -> list[Expr]:
        """Says every step; answers the dense results."""
        self.uses.update(self.program.results)
        for step in self.program.steps:
            self.uses.update(inputs_of(step))
        for slot in range(len(self.program.steps)):
            self.values[slot] = self.settled(self._step(slot))
        return [self.dense(slot) for slot in self.program.results]

    def adapted(self, e: Expr) -> Expr:
        """An operation, in those that the language has."""
        return e

    def held(self, e: Expr) -> Expr:
        """A value under a name, so that its entries can be read."""
        if e.op == "name":
            return e
        found = self.names.value(e)
        self.lines.append((found, e))
        return name(found, e.shape)

    def settled(self, e: Expr) -> Expr:
        """An expression with every operation in it adapted."""
        if not e.args:
            return self.adapted(e)
        args = tuple(map(self.settled, e.args))
        same = all(new is old for new, old in zip(args, e.args, strict=True))
        return self.adapted(e if same else Expr(e.op, args, e.data, e.shape))

    def _step(self, slot: Slot) -> Expr:
        match self.program.steps[slot]:
            case Load(node):
                return self.language.load(node)
            case Fill(node):
                return filled(node)
            case Contract() as step:
                return self._contract(step)
            case Apply() as step:
                return self._apply(step)
            case Combine() as step:
                return self._combine(step)
            case Embed() as step:
                return self.dense(step.slot)
            case other:
                assert_never(other)

    # -- names for values --------------------------------------------------------------

    def value(self, slot: Slot) -> Expr:
        """A slot's value for one use; named first if it has more of them."""
        if self.uses[slot] > 1:
            self.values[slot] = self.named(self.values[slot])
        return self.short(self.values[slot])

    def bare(self, slot: Slot) -> Expr:
        """A slot's value where it stands alone, however long."""
        return self.value(slot) if self.uses[slot] > 1 else self.values[slot]

    def named(self, e: Expr) -> Expr:
        """The value under a name."""
        e = self.settled(e)
        if e.atomic or e.number:
            return e
        if e.op == "transpose" and e.args[0].op == "name":
            return e
        found = self.names.value(e)
        self.lines.append((found, e))
        return name(found, e.shape)

    def short(self, e: Expr) -> Expr:
        """The value, named where its code is long."""
        if e.atomic or e.number or len(self.language.text(e)) <= self.language.inline:
            return e
        return self.named(e)

    # -- steps -------------------------------------------------------------------------

    def _contract(self, step: Contract) -> Expr:
        sizes = dict(step.sizes)
        scalars = [size(factor) for factor in step.factors]
        rows = []
        alone = len(step.operands) == 1
        for operand, axes in step.operands:
            e = self.bare(operand) if alone else self.value(operand)
            if not axes:
                scalars.append(e)
                continue
            if any(len(axis) != 1 for axis in axes):
                e = split(e, [[sizes[i] for i in axis] for axis in axes])
            rows.append((e, tuple(i for axis in axes for i in axis)))
        if not rows:
            return times(scalars)
        body = contracted(rows, step.out, sizes, stacks=self.language.stacks)
        return times([*scalars, body])

    def _apply(self, step: Apply) -> Expr:
        f = step.node
        args = [self.value(slot) for slot in step.args]
        plain = [e.args[0] if _everywhere(e) else None for e in args]
        if is_elementwise(f.function) and None in plain:
            args = [short or e for short, e in zip(plain, args, strict=True)]
        return call(f, args, _batch(f), factors=self.language.factors)

    def _combine(self, step: Combine) -> Expr:
        if not step.terms:
            zero = number(0)
            return spread(zero, step.shape) if step.shape else zero
        if step.cores:
            value = self.bare if len(step.terms) == 1 else self.value
            terms = [(value(slot), c) for slot, c in step.terms]
            return self._sum(terms, self._core_shape(step.terms[0][0]))
        pieces = [self._piece(slot) for slot, _ in step.terms]
        covered = set().union(*(axes for _, axes in pieces))
        terms = [(e, c) for (e, _), (_, c) in zip(pieces, step.terms, strict=True)]
        if covered == set(range(len(step.shape))):
            return self._sum(terms, step.shape)
        return spread(self._sum(terms, _longest(terms)), step.shape)

    def _sum(self, terms: Sequence[tuple[Expr, Number]], shape: Shape) -> Expr:
        """A linear combination, a few terms a line."""
        done: list[tuple[Expr, Number]] = []
        for k, term in enumerate(terms):
            if k and k % TERMS == 0:
                done = [(self.named(combination(done, shape)), 1)]
            done.append(term)
        return combination(done, shape)

    def _core_shape(self, slot: Slot) -> Shape:
        pattern = self.program.patterns[slot]
        return tuple(pattern.sizes[i] for i in pattern.core)

    def _piece(self, slot: Slot) -> tuple[Expr, set[int]]:
        """A term in a form that broadcasts, and the axes of the sum that it has."""
        pattern = self.program.patterns[slot]
        if pattern.diagonal or any(len(axis) > 1 for axis in pattern.axes):
            return self.dense(slot), set(range(len(pattern.axes)))
        e = self.value(slot)
        carried = [axis != () and axis[0] in pattern.core for axis in pattern.axes]
        if not any(carried):
            return e, set()
        ordered = _in_order(e, pattern)
        covered = {
            k
            for k in self.language.present(carried)
            if carried[k] or pattern.axes[k] == ()
        }
        return expand(ordered, carried), covered

    # -- results with a pattern --------------------------------------------------------

    def dense(self, slot: Slot) -> Expr:
        """The dense array of a slot: spread, written on diagonals, axes grouped."""
        return self.settled(self._dense(slot))

    def _dense(self, slot: Slot) -> Expr:
        e, pattern = self.bare(slot), self.program.patterns[slot]
        if pattern.dense:
            return e
        if pattern.diagonal:
            return _grouped(self._on_diagonal(e, pattern), pattern)
        if not pattern.core:
            return spread(e, tuple(_length(pattern, axis) for axis in pattern.axes))
        carried = [k in pattern.core for k in range(len(pattern.sizes))]
        e = _in_order(e, pattern)
        if not all(carried):
            e = spread(expand(e, carried), pattern.sizes)
        flat = [i for axis in pattern.axes for i in axis]
        return _grouped(turned(e, flat), pattern)

    def _on_diagonal(self, e: Expr, pattern: Pattern) -> Expr:
        flat = tuple(i for axis in pattern.axes for i in axis)
        if flat == (0, 0):
            return diag(e) if pattern.core else times([e, eye(pattern.sizes[0])])
        return placed(e, pattern.core, flat, dict(enumerate(pattern.sizes)))


def _everywhere(e: Expr) -> bool:
    return e.op == "spread" and e.args[0].shape == ()


def _batch(f: Call) -> int:
    """The axes before the core; functions that only plans have are of one matrix."""
    if f.function not in TABLE and f.function not in USERS:
        return 0
    return len(f.args[0].shape) - cores(f)[0][0]


def _longest(terms: Sequence[tuple[Expr, Number]]) -> Shape:
    return max((e.shape for e, _ in terms), key=len)


def _length(pattern: Pattern, axis: Sequence[int]) -> Size:
    return product_of_sizes(*(pattern.sizes[i] for i in axis))


def _in_order(e: Expr, pattern: Pattern) -> Expr:
    """A core array with its labels increasing."""
    return turned(e, [pattern.core.index(i) for i in sorted(pattern.core)])


def _grouped(e: Expr, pattern: Pattern) -> Expr:
    """Groups of axes made one axis each."""
    lengths = [len(axis) for axis in pattern.axes]
    if set(lengths) <= {1}:
        return e
    if set(lengths) <= {0, 1}:
        return expand(e, [n == 1 for n in lengths], whole=True)
    return group(e, lengths)
