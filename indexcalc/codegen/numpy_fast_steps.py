"""Steps written as lines: where each value is kept.

A value stays inside a later line where it is short and read once, gets a name
otherwise, and where it is large an array of the workspace, that of an operand that is
read for the last time, or the result's own. `Steps` holds the lines so far and knows
which arrays of the workspace are idle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..coefficients import Number
from ..einsum_header import Header
from ..einsum_names import LETTERS
from ..einsum_spelling import ATOM, Code, scaled, tuple_text
from ..plan import (
    Combine,
    Contract,
    Embed,
    Load,
    Pattern,
    Program,
    Slot,
    answers_view,
    inputs_of,
)
from ..sizes import times
from .blocks import Graph, Lengths, Region, is_view, sums
from .numpy_fast_allotment import Allotment
from .numpy_fast_calls import FAST, combined
from .numpy_fast_pieces import Pieces, spelled_core
from .numpy_fast_views import Operand, Piece, spread, transposed, untransposed

#: Arrays of at least as many bytes are written into the workspace or into `out`.
WORK = 1 << 18

#: Blocks of at least as many bytes are written into arrays that are kept.
BLOCK_WORK = 1 << 14

#: The longest expression that stays inside another one.
INLINE = 56

#: Names of the frame around a function.
FRAME = (
    *("out", "space", "fresh", "b", "start", "stop", "first", "dtype", "rows"),
    *("shares", "pool", "contextvars", "ThreadPoolExecutor"),
    *("sum", "map", "zip", "min", "slice"),
)


def first_places(results: Sequence[Slot]) -> dict[Slot, int]:
    """Where every slot is first answered."""
    return {s: len(results) - 1 - k for k, s in enumerate(reversed(results))}


class Steps:
    """The lines of one function, and the arrays that its values are kept in."""

    def __init__(
        self,
        program: Program,
        length: Lengths,
        itemsize: int,
        cores: int,
        names: Mapping[str, str],
        found: list[Region],
        function: str = "f",
    ) -> None:
        self.program, self.cores, self.single = program, cores, True
        self.shapes: Mapping[str, tuple[int, ...]] = {}
        self.graph = Graph(program, length, itemsize)
        self.header = Header(program, FAST, names, FRAME, function)
        self.pieces = Pieces(self.graph, self.header)
        self.pieces.scratch, self.pieces.cores = self._scratch, cores
        self.codes = self.pieces.codes
        self.temporaries = self.header.names.numbered("t")
        self.found = found
        self.lines: list[str] = []
        self.indent = "    "
        self.uses: Counter[Slot] = Counter(program.results)
        for step in program.steps:
            self.uses.update(inputs_of(step))
        self.left = Counter(self.uses)
        self.allotment = Allotment()
        self.before: list[str] = []
        self.until_end: list[Slot] = []
        self.block_names: dict[tuple[int, tuple[str, ...]], str] = {}
        self.turns: dict[Slot, tuple[int, ...]] = {}
        self.outs = self._outs()
        self.lasting = self._lasting()

    # -- lines -------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """One line of the body."""
        self.lines.append(self.indent + text)

    def name(self, text: str) -> Code:
        """The value of an expression under a new name."""
        found = next(self.temporaries)
        self.line(f"{found} = {text}")
        return Code(found)

    def _read_once(self, slot: Slot) -> None:
        region = self.pieces.region
        for operand in inputs_of(self.program.steps[slot]):
            if region is None or operand in region.cut:
                self._read([operand])
            else:  # read again for the next block
                self.until_end.append(operand)

    def _read(self, slots: Sequence[Slot]) -> None:
        for slot in slots:
            self.left[slot] -= 1
            if not self.left[slot]:
                self.allotment.leave(slot)

    def _is_made(self, slot: Slot) -> bool:
        step = self.program.steps[slot]
        return not isinstance(step, Load) and not is_view(step)

    def _dense_bytes(self, slot: Slot) -> int:
        pattern, total = self.program.patterns[slot], self.graph.itemsize
        for i in (i for axis in pattern.axes for i in axis):
            total *= self.graph.length(pattern.sizes[i])
        return total

    def _outs(self) -> dict[Slot, str]:
        """The parameter that each large result is written into."""
        results = self.program.results
        large = [s for s in dict.fromkeys(results) if self._dense_bytes(s) >= WORK]
        large = [
            s for s in large if self._is_made(s) or not self.program.patterns[s].dense
        ]
        if len(results) == 1:
            return dict.fromkeys(large, "out")
        claim, place = self.header.names.claim, first_places(results)
        return {s: claim(f"out{place[s]}") for s in large}

    def _lasting(self) -> set[Slot]:
        """The slots whose memory a result is, perhaps through views."""
        found = set(self.program.results)
        for slot in reversed(range(len(self.program.steps))):
            step = self.program.steps[slot]
            if slot in found and (is_view(step) or answers_view(step)):
                found.update(inputs_of(step))
        return found

    def _write(self, slot: Slot) -> None:
        """One step outside of regions."""
        step = self.program.steps[slot]
        match step:
            case Load(node):
                self.codes[slot] = self.header.load(node)
                self.pieces.memory[slot] = tuple(range(len(node.shape)))
            case Embed(inner):
                pattern = self.program.patterns[inner]
                self._write_terms(slot, [(inner, pattern, 1)])
            case Combine(terms, cores=False) if self._is_placed(step):
                rows = [(s, self.program.patterns[s], c) for s, c in terms]
                self._write_terms(slot, rows)
            case Contract(operands=()):
                number = self.pieces.piece(slot).text
                self.codes[slot] = Code(number, ATOM, True)
            case _:
                self._store(slot, self.pieces.piece(slot))
        self._read_once(slot)

    def _store(self, slot: Slot, piece: Piece) -> None:
        """Keeps a value: in `out`, in the workspace, under a name, or as it is."""
        self.pieces.memory[slot] = self.pieces.order(slot, piece)
        large = self.graph.nbytes[slot] >= WORK and piece.copies
        if (
            self._is_out(slot)
            and piece.turn is None
            and not self._is_direct(slot, piece)
        ):
            del self.outs[slot]  # a view of the product costs nothing
        if self._is_out(slot):
            self._into(slot, piece, self._target(slot, None, "empty", piece.turn))
        elif large and piece.into is not None:
            target = self._reused(slot, piece) or self._space(slot, piece.shape)
            raw = piece.into.format(target)
            self.codes[slot] = self.name(piece.view.format(raw))
            self._update(slot, self.codes[slot].text)
        else:
            self._keep(slot, piece)

    def _is_direct(self, slot: Slot, piece: Piece) -> bool:
        """Whether a product with merged axes can be written into its result."""
        shape = self.pieces.shape_of(slot, range(len(self.graph.shape(slot))))
        return piece.view == _reshaped(shape)

    def _is_out(self, slot: Slot) -> bool:
        """Whether a value is a result that is written where it is wanted."""
        return slot in self.outs and self.program.patterns[slot].dense

    def _into(self, slot: Slot, piece: Piece, target: str) -> None:
        """Writes a value into an array that is there."""
        if piece.into is not None and piece.turn is not None:
            self.line(piece.into.format(untransposed(target, piece.turn)))
            self._update(slot, target)
        elif piece.into is not None and self._is_direct(slot, piece):
            flat = f"{target}.reshape({', '.join(piece.shape)})"
            self.line(piece.into.format(flat))
        else:
            self.line(f"{target}[...] = {piece.shown()}")
        self.codes[slot] = Code(target)

    def _update(self, slot: Slot, target: str) -> None:
        """The further terms of a sum, added in place."""
        step = self.program.steps[slot]
        if isinstance(step, Combine):
            for text in combined(self.pieces.terms(slot, step))[1]:
                self.line(text.format(target))

    def _keep(self, slot: Slot, piece: Piece) -> None:
        """A value as an expression, named where it is long or used again."""
        step = self.program.steps[slot]
        code = Code(piece.shown(), piece.level if piece.view == "{}" else ATOM)
        if isinstance(step, Combine) and all(
            self.codes[s].number for s, _ in step.terms
        ):
            code = self.header.array(code)
        small = self.graph.nbytes[slot] < WORK or not piece.copies
        small = small or self.pieces.region is not None
        once = self.uses[slot] <= 1 and slot not in self.graph.results
        once = once and not (piece.copies and self._enters_region(slot))
        short = len(code.text) <= INLINE
        if code.text.isidentifier() or (small and once and short):
            self.codes[slot] = code
            self.allotment.put(slot, self.allotment.of(*inputs_of(step)))
            return
        self.codes[slot] = self.name(code.text)
        inside = () if piece.copies else inputs_of(step)
        self.allotment.put(slot, self.allotment.of(*inside))

    def _enters_region(self, slot: Slot) -> bool:
        """Whether a value from outside is read for every block of a region."""
        inside = self.pieces.region
        if inside is not None and slot in inside.cut:
            return False
        readers = self.graph.readers.get(slot, [])
        return any(r in region.cut for region in self.found for r in readers)

    # -- the workspace -----------------------------------------------------------------

    def _space(self, slot: Slot, shape: Sequence[str]) -> str:
        """An array of the workspace that nobody reads any more; an own one for what is
        answered."""
        if slot in self.lasting:
            return f"np.empty({tuple_text(shape)}, dtype)"
        k = self.allotment.idle(self.graph.nbytes[slot])
        self.allotment.put(slot, frozenset({k}))
        return f"space({k}, {tuple_text(shape)}, dtype)"

    def _scratch(self, slot: Slot, like: Slot, shape: Sequence[str]) -> str:
        """An argument: an array of the workspace as large as another slot's, to compute
        a slot in; nothing where that is small."""
        if self.graph.nbytes[like] < WORK:
            return ""
        k = self.allotment.idle(self.graph.nbytes[like])
        return f", space({k}, {tuple_text(shape)}, dtype)"

    def _reused(self, slot: Slot, piece: Piece) -> str | None:
        """An operand of the same form that may be overwritten."""
        step = self.program.steps[slot]
        operands = inputs_of(step)
        if isinstance(step, Combine):
            both = len(step.terms) > 1 and step.terms[0][1] == 1
            both = both and step.terms[1][1] in (1, -1)
            operands = operands[: 2 if both else 1]
        elif isinstance(step, Contract) and sums(step):
            return None
        for operand in operands:
            same = self.pieces.memory.get(operand) == self.pieces.memory[slot]
            same = same and self.graph.shape(operand) == self.graph.shape(slot)
            same = same and self._cut_alike(operand, slot)
            mine = self.left[operand] == 1 and self.allotment.alone(operand)
            mine = mine and not answers_view(self.program.steps[operand])
            text = self.codes[operand].text
            if same and mine and text.removesuffix(".T").isidentifier():
                if piece.view != "{}":
                    return None
                self.allotment.put(slot, self.allotment.of(operand))
                return text
        return None

    def _cut_alike(self, operand: Slot, slot: Slot) -> bool:
        """Whether two values are both whole, or blocks along one axis."""
        if self.pieces.region is None:
            return slot not in self.lasting
        cut = self.pieces.region.cut
        return operand in cut and cut[operand] == cut.get(slot)

    # -- results, and sums whose terms lie on diagonals --------------------------------

    def _target(
        self,
        slot: Slot,
        pattern: Pattern | None,
        kind: str,
        turn: Sequence[int] | None = None,
    ) -> str:
        """The array of a result, or of a value that is written entry by entry; where
        `turn` is given, a new one has that axis of memory for each of its axes."""
        pattern = pattern or self.program.patterns[slot]
        axes = [times(*(pattern.sizes[i] for i in axis)) for axis in pattern.axes]
        shape = [self.pieces.size(size) for size in axes]
        turn = list(turn or range(len(shape)))
        shape = [shape[turn.index(k)] for k in range(len(shape))]
        size = shape[0] if len(shape) == 1 else tuple_text(shape)
        made = transposed(f"np.{kind}({size}, dtype)", turn)
        self.turns[slot] = tuple(turn)
        if slot not in self.outs:
            return self.name(made).text
        out = self.outs[slot]
        self.line(f"if {out} is None:")
        self.line(f"    {out} = {made}")
        if kind == "zeros":
            self.line("else:")
            self.line(f"    {out}.view(np.uint8).fill(0)")
        return out

    def _is_placed(self, step: Combine) -> bool:
        """Whether broadcasting alone does not make the sum."""
        patterns = [self.program.patterns[slot] for slot, _ in step.terms]
        covered = {
            k
            for pattern in patterns
            for k, axis in enumerate(pattern.axes)
            if len(axis) == 1 and axis[0] in pattern.core
        }
        grouped = any(len(axis) != 1 for p in patterns for axis in p.axes)
        diagonal = any(pattern.diagonal for pattern in patterns)
        return diagonal or grouped or covered != set(range(len(step.shape)))

    def _write_terms(
        self, slot: Slot, terms: Sequence[tuple[Slot, Pattern, Number]]
    ) -> None:
        full = [t for t in terms if not t[1].diagonal]
        rest = [t for t in terms if t[1].diagonal]
        kind = "empty" if full else "zeros"
        target = self._target(slot, self.program.patterns[slot], kind)
        for k, (term, pattern, c) in enumerate([*full, *rest]):
            sign = "+=" if k else "="
            self._place(target, self.codes[term], pattern, c, sign)
        self.codes[slot] = Code(target)
        self.pieces.memory[slot] = tuple(range(len(self.graph.shape(slot))))

    def _place(
        self, target: str, code: Code, pattern: Pattern, c: Number, sign: str
    ) -> None:
        """Writes or adds a core where its pattern says."""
        flat = [i for axis in pattern.axes for i in axis]
        axes, shown = spelled_core(pattern)
        place = target
        if any(len(axis) != 1 for axis in pattern.axes):
            lengths = [self.pieces.size(pattern.sizes[i]) for i in flat]
            place = f"{target}.reshape({', '.join(lengths) or '()'})"
        if pattern.diagonal:
            letter = dict(zip(shown, LETTERS, strict=False))
            spec = "".join(letter[i] for i in flat)
            spec = f'"{spec}->{"".join(letter[i] for i in shown)}"'
            place = f"np.einsum({spec}, {place})"
        source = code
        if not code.number:
            size = {i: self.pieces.size(pattern.sizes[i]) for i in shown}
            text = spread(Operand(code.at(ATOM), axes), shown, size.__getitem__)
            source = Code(text)
        self.line(f"{place}[...] {sign} {scaled(c, source).text}")

    def _result(self, slot: Slot) -> str:
        pattern = self.program.patterns[slot]
        if pattern.dense:
            code = self.codes[slot]
            return (self.header.array(code) if code.number else code).text
        target = self._target(slot, pattern, "zeros" if pattern.diagonal else "empty")
        self._place(target, self.codes[slot], pattern, 1, "=")
        return target


def _reshaped(shape: Sequence[str]) -> str:
    return f"{{}}.reshape({', '.join(shape)})"
