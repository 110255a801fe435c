"""The NumPy expression of every step of a paired program, at given sizes.

`Pieces` knows the code of the slots written so far, the order in which their axes lie
in memory, and the region that is being written, along whose cut operands are sliced.
Where a product may lie in memory either way, it lies as its readers would like it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..coefficients import Number
from ..einsum_header import Header
from ..einsum_spelling import ATOM, PRODUCT, Code, scaled, sum_code
from ..functions import TABLE, cores, is_elementwise
from ..nodes import Call
from ..plan import (
    Apply,
    Combine,
    Contract,
    Pattern,
    Program,
    Slot,
    answers_view,
    inputs_of,
)
from ..sizes import Size, times
from .blocks import Axes, Graph, Region, is_view, sums
from .kernel_text import is_sparse
from .numpy_fast_calls import applied, combined
from .numpy_fast_views import (
    Operand,
    Piece,
    at_atom,
    product,
    single,
    spread,
)

#: How many views are followed to find who reads a product.
HOPS = 4

#: How many rows a block has where the last one may be shorter.
PARTIAL = "(b.stop - b.start)"

#: How many terms of a sum are written into an array one after the other.
FEW_TERMS = 3

#: How many terms of a sum stand side by side: Python reads each in those before it.
MOST_TERMS = 32


@dataclass(slots=True)
class Pieces:
    """What the steps are computed by."""

    graph: Graph
    header: Header
    codes: dict[Slot, Code] = field(default_factory=dict)
    memory: dict[Slot, tuple[int, ...]] = field(default_factory=dict)
    region: Region | None = None
    cores: int = 1
    scratch: Callable[[Slot, Slot, Sequence[str]], str] | None = None

    @property
    def program(self) -> Program:
        """The paired program."""
        return self.graph.program

    def size(self, size: Size) -> str:
        """A size as a number: this source is for given sizes."""
        return str(self.graph.length(size))

    # -- reading -----------------------------------------------------------------------

    def read(self, slot: Slot, step: Slot, place: int) -> Code:
        """The code of a slot for one use, cut where the region cuts it."""
        code = self.codes[slot]
        if self.region is None or (step, place) not in self.region.loads:
            return code
        axis = self.region.loads[step, place]
        cut = ", ".join([":"] * axis + ["b"])
        return Code(f"{code.at(ATOM)}[{cut}]")

    def _sizes(self, slot: Slot, step: Contract) -> dict[int, str]:
        sizes = {i: self.size(size) for i, size in step.sizes}
        label = None if self.region is None else self._cut_label(slot, self.region)
        if label is not None:
            sizes[label] = self.block
        return sizes

    @property
    def block(self) -> str:
        """How many rows the block at hand has."""
        assert self.region is not None
        rows, length = self.region.rows, self.region.length
        parts = self.cores if self.region.threads else 1
        ends = [length * k // parts for k in range(1, parts + 1)]
        return PARTIAL if any(end % rows for end in ends) else str(rows)

    def _cut_label(self, slot: Slot, region: Region) -> int | None:
        axis = region.cut[slot]
        if axis is not None:
            return self.graph.out(slot)[axis]
        operands = inputs_of(self.program.steps[slot])
        rows = zip(self.graph.labels(slot), operands, strict=True)
        for place, (axes, operand) in enumerate(rows):
            at = region.loads.get((slot, place), region.cut.get(operand))
            if at is not None:
                return axes[at][0]
        return None

    # -- expressions -------------------------------------------------------------------

    def piece(self, slot: Slot) -> Piece:
        """The expression of a contraction, a function or a sum that broadcasts."""
        match self.program.steps[slot]:
            case Contract() as step:
                return self._contract(slot, step)
            case Apply() as step:
                return self._apply(slot, step)
            case Combine() as step:
                return self._combine(slot, step)
            case other:
                raise AssertionError(other)

    def order(self, slot: Slot, piece: Piece) -> tuple[int, ...]:
        """The axes of a slot's value in memory order."""
        step, out = self.program.steps[slot], self.graph.out(slot)
        if isinstance(step, Contract):
            return tuple(out.index(i) for i in piece.labels if i in out)
        return piece.labels or tuple(range(len(out)))

    def _contract(self, slot: Slot, step: Contract) -> Piece:
        size = self._sizes(slot, step).__getitem__
        operands = [
            Operand(self.read(s, slot, k).at(ATOM), axes)
            for k, (s, axes) in enumerate(step.operands)
        ]
        factor = self.size(times(*step.factors))
        if not operands:
            return Piece(factor, (), ())
        if len(operands) == 1:
            piece = single(operands[0], step.out, size)
            order = self._as_operand(*step.operands[0])
            if not piece.copies and set(order) == set(step.out):
                piece = replace(piece, labels=order)
        else:
            memory = self.preferred(slot, step)
            left, right = operands
            piece = product(left, right, step.out, size, memory)
        if factor == "1":
            return piece
        text = f"{factor} * {at_atom(piece.text, piece.level)}"
        return Piece(text, piece.labels, piece.shape, None, PRODUCT, piece.view)

    def _apply(self, slot: Slot, step: Apply) -> Piece:
        piece = self._applied(slot, step)
        return replace(piece, copies=False) if answers_view(step) else piece

    def _applied(self, slot: Slot, step: Apply) -> Piece:
        f, axes = step.node, tuple(range(len(step.node.shape)))
        args = [self.read(s, slot, k) for k, s in enumerate(step.args)]
        args = [self.header.array(code) if code.number else code for code in args]
        if f.function == "gram":
            return self._gram(slot, step, [code.text for code in args])
        if is_sparse(f.function):
            lengths = [self.size(p) for p in f.params]
            listed = ", ".join([*(code.text for code in args), *lengths])
            return Piece(f"{self.header.helper(f.function)}({listed})", axes, ())
        if not is_elementwise(f.function):
            batch = _batch(f)
            piece = applied(f.function, f.params, args, self.header.helper, batch)
            return Piece(piece.text, axes, (), None, piece.level)
        piece = applied(f.function, f.params, args, self.header.helper)
        order = self.memory.get(step.args[0], axes)
        into = piece.into if order == axes else None
        shape = self.shape_of(slot, order)
        return Piece(piece.text, order, shape, into, piece.level)

    def _gram(self, slot: Slot, step: Apply, args: Sequence[str]) -> Piece:
        """Xᵀ Diag(d) X, computed beside in an array of X's shape."""
        name, x = self.header.helper("gram"), step.args[0]
        every = range(2)
        shape = self.shape_of(slot, every)
        beside = ""
        if self.scratch is not None:
            beside = self.scratch(slot, x, self.shape_of(x, every))
        text = f"{name}({', '.join(args)})"
        into = f"{name}({', '.join(args)}{beside}, out={{}})"
        return Piece(text, tuple(every), shape, into)

    def shape_of(self, slot: Slot, order: Sequence[int]) -> tuple[str, ...]:
        """The lengths of a slot's axes in memory order."""
        lengths = [str(n) for n in self.graph.shape(slot)]
        if self.region is not None and self.region.cut.get(slot) is not None:
            lengths[self.region.cut[slot] or 0] = self.block
        return tuple(lengths[k] for k in order)

    # -- sums --------------------------------------------------------------------------

    def terms(self, slot: Slot, step: Combine) -> list[tuple[Code, Number]]:
        """The terms, ready to broadcast."""
        rows = []
        every = tuple(range(len(step.shape)))
        for place, (term, c) in enumerate(step.terms):
            code = self.read(term, slot, place)
            if not step.cores and not code.number:
                axes = self.graph.labels(slot)[place]
                code = Code(spread(Operand(code.at(ATOM), axes), every, str))
            rows.append((code, c))
        return rows

    def _combine(self, slot: Slot, step: Combine) -> Piece:
        axes = tuple(range(len(self.graph.shape(slot))))
        if not step.terms:
            zeros = self.header.make("zeros", self.graph.shape(slot))
            return Piece(zeros.text, axes, ())
        terms = self.terms(slot, step)
        code = _nested([scaled(c, code) for code, c in terms])
        order = self.memory.get(step.terms[0][0], axes) if step.cores else axes
        into, _ = combined(terms)
        plain = order == axes and len(terms) <= FEW_TERMS
        shape = self.shape_of(slot, order)
        return Piece(code.text, order, shape, into if plain else None, code.level)

    # -- in which order a product lies in memory ---------------------------------------

    def preferred(self, slot: Slot, step: Contract) -> tuple[int, ...]:
        """The labels of a product in the order that its value should have in memory."""
        if slot in self.graph.results:
            return self.graph.memory(slot)
        if not sums(step):
            for child, axes in step.operands:
                order = self._as_operand(child, axes)
                if set(order) == set(step.out):
                    return order
        wanted = self._asked(slot, tuple(range(len(step.out))), HOPS)
        return tuple(step.out[k] for k in wanted) if wanted else step.out

    def _as_operand(self, child: Slot, axes: Axes) -> tuple[int, ...]:
        labels = [i for axis in axes for i in axis]
        order = self.memory.get(child, ())
        if len(order) != len(labels):
            return ()
        return tuple(dict.fromkeys(labels[k] for k in order))

    def _asked(
        self, slot: Slot, axes: tuple[int, ...], hops: int
    ) -> tuple[int, ...] | None:
        """The order in which readers would like the axes of a slot; `axes` says which
        axis of the slot first asked for each of them is."""
        if slot in self.graph.results:
            return axes
        for reader in self.graph.readers.get(slot, ()):
            wanted = self._asked_by(reader, slot, axes, hops)
            if wanted:
                return wanted
        return None

    def _asked_by(
        self, reader: Slot, slot: Slot, axes: tuple[int, ...], hops: int
    ) -> tuple[int, ...] | None:
        step = self.program.steps[reader]
        if isinstance(step, Contract) and is_view(step) and hops:
            labels = [i for axis in step.operands[0][1] for i in axis]
            if not len(labels) == len(set(labels)) == len(axes):
                return None
            turned = tuple(axes[labels.index(i)] for i in step.out)
            return self._asked(reader, turned, hops - 1)
        entrywise = isinstance(step, (Combine, Apply)) or (
            isinstance(step, Contract) and not sums(step)
        )
        if not entrywise:
            return None
        if isinstance(step, Contract):
            return self._beside(step, slot, axes)
        for other in inputs_of(step):
            known = self.memory.get(other, ())
            if other != slot and len(known) == len(axes):
                return tuple(axes[k] for k in known)
        return axes if reader in self.graph.results else None

    def _beside(
        self, step: Contract, slot: Slot, axes: tuple[int, ...]
    ) -> tuple[int, ...] | None:
        """The order of the other operand of an entrywise product, as this one's."""
        mine = next(row for s, row in step.operands if s == slot)
        labels = [i for axis in mine for i in axis]
        for other, row in step.operands:
            order = self._as_operand(other, row)
            if other != slot and set(order) == set(labels) and len(labels) == len(axes):
                return tuple(axes[labels.index(i)] for i in order)
        return None


def _batch(f: Call) -> int:
    """How many leading axes of a function's first argument are batch axes."""
    if not f.args or f.function not in TABLE:
        return 0
    return len(f.args[0].shape) - cores(f)[0][0]


def spelled_core(pattern: Pattern) -> tuple[Axes, tuple[int, ...]]:
    """A pattern's core axes as labels, and its labels in the order of the entries that
    it fills."""
    flat = [i for axis in pattern.axes for i in axis]
    return tuple((i,) for i in pattern.core), tuple(dict.fromkeys(flat))


def _nested(terms: list[Code]) -> Code:
    """A sum, a long one in groups of groups."""
    while len(terms) > MOST_TERMS:
        starts = range(0, len(terms), MOST_TERMS)
        terms = [sum_code(terms[k : k + MOST_TERMS]) for k in starts]
    return sum_code(terms)
