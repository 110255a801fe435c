"""From nodes to a program of array steps, every shared node once, no δ ever built.

Each node yields a core array and a `Pattern`: how the result's axes repeat, group or
spread the core's. A contraction whose operand has a pattern joins the wires instead of
building the operand; only a sum, a call or the final result writes one out, as a view
of the diagonal of a dense array. Sizes stay symbolic: one program serves all of them.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", ("n",))
>>> program = compile_nodes([einsum([(x, [0])], [0, 0])])     # Diag(x)
>>> program.patterns[program.results[0]].axes
((0,), (0,))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from .coefficients import Number
from .distribute import without_diagonals
from .network import is_bundle
from .nodes import Call, Einsum, Node, Sum, Tensor, one_pass, toposort
from .sizes import Shape, Size, times
from .sparse_products import without_zeros

Slot: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a value is laid out: `axes` are groups of labels, `core` the labels that the
    core array carries, in order; the other labels spread it. `sizes` by label."""

    axes: tuple[tuple[int, ...], ...]
    core: tuple[int, ...]
    sizes: tuple[Size, ...]

    @property
    def dense(self) -> bool:
        """Whether the core array is the value itself."""
        return self.axes == tuple((i,) for i in self.core)

    @property
    def diagonal(self) -> bool:
        """Whether a label occurs twice, so that most entries are zero."""
        flat = [i for axis in self.axes for i in axis]
        return len(flat) != len(set(flat))


@dataclass(frozen=True, slots=True)
class Load:
    """The array of a variable or constant."""

    node: Tensor


@dataclass(frozen=True, slots=True)
class Fill:
    """A constant of symbolic size."""

    node: Call


@dataclass(frozen=True, slots=True)
class Contract:
    """A contraction: slots with a tuple of labels per axis (more than one where an axis
    is read as several), labels of the core result, sizes, and lone sizes to
    multiply."""

    operands: tuple[tuple[Slot, tuple[tuple[int, ...], ...]], ...]
    out: tuple[int, ...]
    sizes: tuple[tuple[int, Size], ...]
    factors: tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """A function on dense slots."""

    node: Call
    args: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Combine:
    """A linear combination of slots of one shape; `cores` where all patterns agree."""

    terms: tuple[tuple[Slot, Number], ...]
    shape: Shape
    cores: bool


@dataclass(frozen=True, slots=True)
class Embed:
    """The dense array of a slot that has a pattern."""

    slot: Slot


Step: TypeAlias = Load | Fill | Contract | Apply | Combine | Embed


@dataclass(slots=True)
class Program:
    """Steps in order; step k fills slot k. `results` are the slots of the roots, and
    `last_use` says after which step a slot may be forgotten."""

    steps: list[Step] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    results: list[Slot] = field(default_factory=list)
    last_use: dict[Slot, int] = field(default_factory=dict)
    slots: dict[Node, Slot] = field(default_factory=dict)
    _dense: dict[Slot, Slot] = field(default_factory=dict)

    def emit(self, step: Step, pattern: Pattern) -> Slot:
        """Appends a step and answers its slot."""
        self.steps.append(step)
        self.patterns.append(pattern)
        return len(self.steps) - 1

    def dense(self, slot: Slot) -> Slot:
        """The slot itself, or one that writes its pattern out."""
        pattern = self.patterns[slot]
        if pattern.dense:
            return slot
        if slot not in self._dense:
            shape = tuple(_axis_size(pattern, axis) for axis in pattern.axes)
            self._dense[slot] = self.emit(Embed(slot), plain(shape))
        return self._dense[slot]


def _axis_size(pattern: Pattern, axis: tuple[int, ...]) -> Size:

    return times(*(pattern.sizes[i] for i in axis))


def plain(shape: Shape) -> Pattern:
    """The pattern of an array that is its own core."""
    labels = tuple(range(len(shape)))
    return Pattern(tuple((i,) for i in labels), labels, shape)


@one_pass()
def compile_nodes(roots: Sequence[Node], *, sparse: bool = False) -> Program:
    """The program that computes the roots, in the order of their topological sort;
    `sparse` takes products with convolutions and embeddings through their own kernels.
    """
    program = Program()
    slots = program.slots
    roots = [without_diagonals(root) for root in roots]
    if sparse:
        roots = [without_zeros(root) for root in roots]
    for node in toposort(*roots):
        slots[node] = emit_node(program, node)
    program.results = [slots[root] for root in roots]
    program.last_use = last_uses(program)
    return program


def emit_node(program: Program, node: Node) -> Slot:
    """The slot of a node whose children have theirs."""
    match node:
        case Tensor():
            return program.emit(Load(node), plain(node.shape))
        case Call():
            return _emit_call(program, node)
        case Sum():
            return _emit_sum(program, node)
        case Einsum():
            return _emit_einsum(program, node)


def last_uses(program: Program) -> dict[Slot, int]:
    """After which step each slot is read for the last time."""
    last: dict[Slot, int] = {}
    for k, step in enumerate(program.steps):
        for slot in inputs_of(step):
            last[slot] = k
    return last


def inputs_of(step: Step) -> tuple[Slot, ...]:
    """The slots a step reads."""
    match step:
        case Load() | Fill():
            return ()
        case Contract():
            return tuple(slot for slot, _ in step.operands)
        case Apply():
            return step.args
        case Combine():
            return tuple(slot for slot, _ in step.terms)
        case Embed():
            return (step.slot,)


def networks(program: Program) -> Iterator[tuple[tuple[int, ...], ...]]:
    """The labels of the operands of every contraction."""
    for step in program.steps:
        if isinstance(step, Contract):
            rows = (axes for _, axes in step.operands)
            yield tuple(tuple(i for axis in axes for i in axis) for axes in rows)


def is_view(step: Step) -> bool:
    """Whether a step only reads its operand in another way."""
    if not isinstance(step, Contract) or len(step.operands) != 1 or step.factors:
        return False
    return {i for axis in step.operands[0][1] for i in axis} == set(step.out)


#: Functions whose value may be a view of their argument.
VIEWS = frozenset(
    {"window", "entry", "strided", "hankel", "cumulated_back", "real", "imag", "conj"}
)


def answers_view(step: Step) -> bool:
    """Whether a function's value may be a view of its argument."""
    return isinstance(step, Apply) and step.node.function in VIEWS


def _emit_call(program: Program, node: Call) -> Slot:
    if not node.args:
        return program.emit(Fill(node), plain(node.shape))
    if node.function == "kept":
        return program.slots[node.args[0]]
    args = tuple(program.dense(program.slots[arg]) for arg in node.args)
    return program.emit(Apply(node, args), plain(node.shape))


def _emit_sum(program: Program, node: Sum) -> Slot:
    terms = tuple((program.slots[e], c) for e, c in node.terms)
    patterns = {program.patterns[slot] for slot, _ in terms}
    if len(patterns) == 1:
        return program.emit(Combine(terms, node.shape, True), patterns.pop())
    return program.emit(Combine(terms, node.shape, False), plain(node.shape))


# -- contractions ----------------------------------------------------------------------


@dataclass(slots=True)
class _Wiring:
    """Labels of one contraction while operands with patterns are joined in."""

    sizes: dict[int, Size]
    parent: dict[int, int] = field(default_factory=dict)
    split: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def find(self, i: int) -> int:
        while i in self.parent:
            i = self.parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        i, j = self.find(i), self.find(j)
        if i != j:
            self.parent[max(i, j)] = min(i, j)

    def fresh(self, size: Size) -> int:
        i = len(self.sizes)
        self.sizes[i] = size
        return i

    def atoms(self, i: int) -> tuple[int, ...]:
        """The labels that a wire stands for, after all joins and splits."""
        i = self.find(i)
        if i not in self.split:
            return (i,)
        return tuple(k for j in self.split[i] for k in self.atoms(j))


def _emit_einsum(program: Program, node: Einsum) -> Slot:
    wiring = _Wiring(dict(enumerate(node.dims)))
    rows: list[tuple[Slot, list[int]]] = []
    for child, legs in node.operands:
        slot = program.slots[child]
        pattern = program.patterns[slot]
        if pattern.dense:
            rows.append((slot, list(legs)))
        elif _joins(wiring, pattern, legs):
            core = _join_pattern(wiring, pattern, legs)
            if not is_bundle(child):
                rows.append((slot, core))
        else:
            rows.append((program.dense(slot), list(legs)))
    return _emit_contract(program, node, wiring, rows)


def _joins(wiring: _Wiring, pattern: Pattern, legs: tuple[int, ...]) -> bool:
    """Whether every grouped axis meets a wire that is whole or split alike."""
    for axis, leg in zip(pattern.axes, legs, strict=True):
        before = wiring.split.get(wiring.find(leg))
        if before is None:
            continue
        here = tuple(pattern.sizes[i] for i in axis)
        if here != tuple(wiring.sizes[i] for i in before):
            return False
    seen: dict[int, tuple[Size, ...]] = {}
    for axis, leg in zip(pattern.axes, legs, strict=True):
        here = tuple(pattern.sizes[i] for i in axis)
        if seen.setdefault(wiring.find(leg), here) != here:
            return False
    return True


def _join_pattern(
    wiring: _Wiring, pattern: Pattern, legs: tuple[int, ...]
) -> list[int]:
    """Joins a pattern's labels to the wires; answers the legs of its core array."""
    new = [wiring.fresh(size) for size in pattern.sizes]
    for axis, leg in zip(pattern.axes, legs, strict=True):
        inner = tuple(new[i] for i in axis)
        wire = wiring.find(leg)
        if wire in wiring.split:
            for a, b in zip(wiring.split[wire], inner, strict=True):
                wiring.join(a, b)
        elif len(inner) == 1:
            wiring.join(wire, inner[0])
        else:
            wiring.split[wire] = inner
    return [new[i] for i in pattern.core]


def _emit_contract(
    program: Program, node: Einsum, wiring: _Wiring, rows: list[tuple[Slot, list[int]]]
) -> Slot:
    operands = tuple(
        (slot, tuple(wiring.atoms(i) for i in legs)) for slot, legs in rows
    )
    carried = {i for _, axes in operands for axis in axes for i in axis}
    axes = [tuple(j for i in axis for j in wiring.atoms(i)) for axis in node.out]
    shown = list(dict.fromkeys(i for axis in axes for i in axis))
    label = {i: k for k, i in enumerate(shown)}
    core = tuple(i for i in shown if i in carried)
    everything = {j for i in range(len(node.dims)) for j in wiring.atoms(i)}
    everything |= {wiring.find(i) for i in wiring.sizes} - set(wiring.split)
    lone = sorted(everything - carried - set(shown))
    used = sorted(carried | set(shown))
    step = Contract(
        operands,
        core,
        tuple((i, wiring.sizes[i]) for i in used),
        tuple(wiring.sizes[i] for i in lone),
    )
    pattern = Pattern(
        tuple(tuple(label[i] for i in axis) for axis in axes),
        tuple(label[i] for i in core),
        tuple(wiring.sizes[i] for i in shown),
    )
    return program.emit(step, pattern)
