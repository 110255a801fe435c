"""NumPy source that runs as fast as a careful hand would make it, for given sizes.

Where arrays are large, the steps of a program write into a workspace that is kept
between calls (fresh pages cost more than the writing), elementwise chains and thin
products run over blocks of rows that stay in cache, blocks without BLAS on all cores,
and the result goes into `out` where one is given. What is small stays an expression.
The text stands alone: NumPy and the standard library are all that it imports.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.functions import call
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.pairs import in_pairs
>>> x, y = tensor("x", (10**6,)), tensor("y", (10**6,))
>>> chain = call("exp", [einsum([(x, [0]), (y, [0])], [0])])
>>> paired = in_pairs(compile_nodes([chain]), lambda size: size)
>>> shapes = {"x": (10**6,), "y": (10**6,)}
>>> print(fast_source(paired, lambda size: size, shapes, cores=1).body)
    assert (x.shape, y.shape) == ((1000000,), (1000000,))
    dtype = np.result_type(x, y)
    if out is None:
        out = np.empty(1000000, dtype)
    for start in range(0, 1000000, 32768):
        b = slice(start, start + 32768)
        np.exp(x[b] * y[b], out=out[b])
    return out
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..coefficients import Number
from ..einsum_header import Header
from ..einsum_names import LETTERS
from ..einsum_spelling import ATOM, Code, scaled, tuple_text
from ..functions import USERS
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
from ..sizes import times
from .blocks import Graph, Lengths, Region, is_view, regions, schedule, sums
from .numpy_fast_calls import FAST, combined
from .numpy_fast_frame import FastSource, framed
from .numpy_fast_pieces import Pieces, spelled_core
from .numpy_fast_views import Operand, Piece, spread, transposed, untransposed

#: Arrays of at least as many bytes are written into the workspace or into `out`.
WORK = 1 << 18

#: Blocks of at least as many bytes are written into arrays that are kept.
BLOCK_WORK = 1 << 14

#: The longest expression that stays inside another one.
INLINE = 56

#: Solutions of linear systems, which readable code spells.
SOLVING = frozenset({"factorised", "solved", "inverted", "factor_logdet"})

#: Names of the frame around a function.
FRAME = (
    *("out", "space", "fresh", "b", "start", "stop", "first", "dtype", "rows"),
    *("shares", "pool", "contextvars", "ThreadPoolExecutor"),
    *("sum", "map", "zip", "min", "slice"),
)


def fast_source(
    program: Program,
    length: Lengths,
    arguments: Mapping[str, tuple[int, ...]],
    *,
    itemsize: int = 8,
    name: str = "f",
    doc: str = "",
    cores: int = 2,
    single: bool = True,
    names: Mapping[str, str] | None = None,
    found: Sequence[Region] | None = None,
) -> FastSource | None:
    """The source of a paired program at given sizes, for real arrays of one dtype.

    `arguments` are the variables in order, with their shapes; `found` are the regions
    to run in blocks, the ones that save time where none are given. None where nothing
    in it is large, or where it needs what only readable code has; then readable code is
    what should run.
    """
    if not all(map(_is_known, program.steps)):
        return None
    if found is None:
        found = regions(program, length, itemsize)
    writer = _Writer(program, length, itemsize, cores, names or {}, list(found))
    writer.single, writer.shapes = single, arguments
    if not writer.anything_large():
        return None
    return writer.source(tuple(arguments), name, doc)


def _is_known(step: object) -> bool:
    match step:
        case Fill():
            return False
        case Apply(node):
            return node.function not in USERS | SOLVING
        case Combine(terms):
            return not any(isinstance(c, complex) for _, c in terms)
        case Load(node):
            return node.array is None or node.array.dtype.kind != "c"
    return True


class _Writer:
    """One function being written."""

    def __init__(
        self,
        program: Program,
        length: Lengths,
        itemsize: int,
        cores: int,
        names: Mapping[str, str],
        found: list[Region],
    ) -> None:
        self.program, self.cores, self.single = program, cores, True
        self.shapes: Mapping[str, tuple[int, ...]] = {}
        self.graph = Graph(program, length, itemsize)
        self.header = Header(program, FAST, names, FRAME)
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
        self.holds: dict[Slot, set[int]] = {}
        self.buffers: list[int] = []
        self.before: list[str] = []
        self.until_end: list[Slot] = []
        self.block_names: dict[tuple[int, tuple[str, ...]], str] = {}
        self.turns: dict[Slot, tuple[int, ...]] = {}
        self.outs = self._outs()
        self.lasting = self._lasting()

    # -- what is large -----------------------------------------------------------------

    def anything_large(self) -> bool:
        """Whether a step's value is large enough to be looked after."""
        made = [s for s in range(len(self.program.steps)) if self._is_made(s)]
        return bool(self.found or self.outs) or any(
            self.graph.nbytes[s] >= WORK for s in made
        )

    def _is_made(self, slot: Slot) -> bool:
        step = self.program.steps[slot]
        return not isinstance(step, Load) and not is_view(step)

    def _outs(self) -> dict[Slot, str]:
        """The parameter that each large result is written into."""
        results = self.program.results
        large = [s for s in dict.fromkeys(results) if self._dense_bytes(s) >= WORK]
        large = [
            s for s in large if self._is_made(s) or not self.program.patterns[s].dense
        ]
        if len(results) == 1:
            return dict.fromkeys(large, "out")
        claim = self.header.names.claim
        return {s: claim(f"out{results.index(s)}") for s in large}

    def _lasting(self) -> set[Slot]:
        """The slots whose memory a result is, perhaps through views."""
        found = set(self.program.results)
        for slot in reversed(range(len(self.program.steps))):
            step = self.program.steps[slot]
            if slot in found and is_view(step):
                found.update(inputs_of(step))
        return found

    def _dense_bytes(self, slot: Slot) -> int:
        pattern, total = self.program.patterns[slot], self.graph.itemsize
        for i in (i for axis in pattern.axes for i in axis):
            total *= self.graph.length(pattern.sizes[i])
        return total

    # -- the whole ---------------------------------------------------------------------

    def source(self, arguments: Sequence[str], name: str, doc: str) -> FastSource:
        """Writes all steps, and what stands around them."""
        order = schedule(self.program, self.found)
        assert order is not None
        for item in order:
            if isinstance(item, Region):
                self._write_region(item)
            else:
                self._write(item)
        results = [self._result(slot) for slot in self.program.results]
        many = len(results) > 1 or not self.single
        self.line(f"return {tuple_text(results) if many else results[0]}")
        place = self.program.results.index
        outs = tuple((p, place(s), self.turns[s]) for s, p in self.outs.items())
        return framed(
            self.header,
            arguments,
            name,
            doc,
            self.lines,
            outs,
            tuple(self.buffers),
            self.cores,
            [self.shapes[a] for a in arguments],
        )

    def line(self, text: str) -> None:
        """One line of the body."""
        self.lines.append(self.indent + text)

    def name(self, text: str) -> Code:
        """The value of an expression under a new name."""
        found = next(self.temporaries)
        self.line(f"{found} = {text}")
        return Code(found)

    def _result(self, slot: Slot) -> str:
        pattern = self.program.patterns[slot]
        if pattern.dense:
            code = self.codes[slot]
            return (self.header.array(code) if code.number else code).text
        target = self._target(slot, pattern, "zeros" if pattern.diagonal else "empty")
        self._place(target, self.codes[slot], pattern, 1, "=")
        return target

    # -- one step ----------------------------------------------------------------------

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

    def _read_once(self, slot: Slot) -> None:
        region = self.pieces.region
        for operand in inputs_of(self.program.steps[slot]):
            if region is None or operand in region.cut:
                self.left[operand] -= 1
            else:  # read again for the next block
                self.until_end.append(operand)

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
        once = self.uses[slot] <= 1 and slot not in self.program.results
        once = once and not (piece.copies and self._enters_region(slot))
        short = len(code.text) <= INLINE
        if code.text.isidentifier() or (small and once and short):
            self.codes[slot] = code
            self.holds[slot] = self._held(step)
            return
        self.codes[slot] = self.name(code.text)
        self.holds[slot] = set() if piece.copies else self._held(step)

    def _enters_region(self, slot: Slot) -> bool:
        """Whether a value from outside is read for every block of a region."""
        inside = self.pieces.region
        if inside is not None and slot in inside.cut:
            return False
        readers = self.graph.readers.get(slot, [])
        return any(r in region.cut for region in self.found for r in readers)

    def _held(self, step: object) -> set[int]:
        operands = inputs_of(step)  # type: ignore[arg-type]
        return set().union(*(self.holds.get(o, set()) for o in operands))

    # -- arrays that are there before --------------------------------------------------

    def _space(self, slot: Slot, shape: Sequence[str]) -> str:
        """An array of the workspace that nobody reads any more; an own one for what is
        answered."""
        if slot in self.lasting:
            return f"np.empty({tuple_text(shape)}, dtype)"
        k = self._idle(self.graph.nbytes[slot])
        self.holds[slot] = {k}
        return f"space({k}, {tuple_text(shape)}, dtype)"

    def _scratch(self, slot: Slot, like: Slot, shape: Sequence[str]) -> str:
        """An argument: an array of the workspace as large as another slot's, to compute
        a slot in; nothing where that is small."""
        if self.graph.nbytes[like] < WORK:
            return ""
        k = self._idle(self.graph.nbytes[like])
        return f", space({k}, {tuple_text(shape)}, dtype)"

    def _idle(self, need: int) -> int:
        """The number of an idle array of the workspace, of the nearest size."""
        busy = {k for s, kept in self.holds.items() if self.left[s] > 0 for k in kept}
        free = [k for k in range(len(self.buffers)) if k not in busy]
        chosen = min(free, key=lambda k: abs(self.buffers[k] - need), default=None)
        if chosen is None:
            chosen = len(self.buffers)
            self.buffers.append(0)
        self.buffers[chosen] = max(self.buffers[chosen], need)
        return chosen

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

    # -- sums whose terms lie on diagonals ---------------------------------------------

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

    # -- regions -----------------------------------------------------------------------

    def _write_region(self, region: Region) -> None:
        """A loop over blocks, on all cores where nothing in it calls BLAS."""
        outer = {s: a for s, a in region.cut.items() if self._needed(s, region)}
        again = [s for s in outer if is_view(self.program.steps[s])]
        outer = {s: a for s, a in outer.items() if s not in again}
        kept = [s for s, axis in sorted(outer.items()) if axis is not None]
        full = {s: self._full(s, region) for s in kept}
        sums = {s: next(self.temporaries) for s, axis in outer.items() if axis is None}
        threads = region.threads and self.cores > 1
        self._open(region, sums, threads)
        self.pieces.region = region
        begun = len(self.lines)
        for slot in region.steps:
            self._write_block(slot, full, sums)
        self.pieces.region = None
        body = self.lines[begun:]
        del self.lines[begun:]
        for text in self.before:
            self.line(text)
        self.before, self.block_names = [], {}
        self._block_header(region, threads, "\n".join(body))
        self.lines += body
        self.left.subtract(self.until_end)
        self.until_end.clear()
        self._close(region, sums, threads)
        for slot, name in full.items():
            self.codes[slot] = Code(name)
            self.pieces.memory[slot] = tuple(range(len(self.graph.shape(slot))))
        for slot in again:
            self._store(slot, self.pieces.piece(slot))

    def _needed(self, slot: Slot, region: Region) -> bool:
        """Whether a value is read after its region, perhaps through views."""
        return slot in self.program.results or any(
            reader not in region.cut
            or (is_view(self.program.steps[reader]) and self._needed(reader, region))
            for reader in self.graph.readers.get(slot, [])
        )

    def _full(self, slot: Slot, region: Region) -> str:
        if slot in self.program.results and self.program.patterns[slot].dense:
            step, turn = self.program.steps[slot], None
            if isinstance(step, Contract) and len(step.operands) == 2:
                memory = self.pieces.preferred(slot, step)
                turn = [memory.index(i) for i in step.out]
            return self._target(slot, None, "empty", turn)
        axes = range(len(self.graph.shape(slot)))
        shape = self.pieces.shape_of(slot, axes)
        return self.name(self._space(slot, shape)).text

    def _open(self, region: Region, sums: Mapping[Slot, str], threads: bool) -> None:
        if threads:
            self.line("def rows(first, stop):")
            self.indent += "    "
        for slot, name in sums.items():
            shape = self.pieces.shape_of(slot, range(len(self.graph.shape(slot))))
            size = shape[0] if len(shape) == 1 else tuple_text(shape)
            self.line(f"{name} = np.zeros({size if shape else '()'}, dtype)")

    def _block_header(self, region: Region, threads: bool, body: str) -> None:
        first, stop = ("first", "stop") if threads else ("0", str(region.length))
        end = f"start + {region.rows}"
        if threads or "b.stop" in body:
            end = f"min({end}, {stop})"
        indent = self.indent
        self.line(f"for start in range({first}, {stop}, {region.rows}):")
        self.lines.append(f"{indent}    b = slice(start, {end})")

    def _write_block(
        self, slot: Slot, full: Mapping[Slot, str], sums: Mapping[Slot, str]
    ) -> None:
        indent = self.indent
        self.indent += "    "
        region = self.pieces.region
        assert region is not None
        piece = self.pieces.piece(slot)
        self.pieces.memory[slot] = self.pieces.order(slot, piece)
        if slot in sums:
            self.line(f"{sums[slot]} += {piece.shown()}")
        elif slot in full:
            axis = region.cut[slot] or 0
            cut = ", ".join([":"] * axis + ["b"])
            target = f"{full[slot]}[{cut}]"
            if piece.into is not None and piece.turn is not None:
                self.line(piece.into.format(untransposed(target, piece.turn)))
                self._update(slot, target)
            else:
                self.line(f"{target} = {piece.shown()}")
            self.codes[slot] = Code(target)
        elif not self._in_block(slot, piece):
            self._keep(slot, piece)
        self.indent = indent
        self._read_once(slot)

    def _in_block(self, slot: Slot, piece: Piece) -> bool:
        """Keeps a block in an array that is used for every block; where an operand is
        read for the last time, in that one."""
        region = self.pieces.region
        assert region is not None
        share = self.graph.nbytes[slot] * region.rows // region.length
        if piece.into is None or share < BLOCK_WORK or region.cut[slot] is None:
            return False
        target = self._reused(slot, piece)
        if target is None and piece.shape.count(self.pieces.block) == 1:
            target = self._block_space(slot, piece.shape)
        if target is None:
            return False
        self.codes[slot] = self.name(piece.view.format(piece.into.format(target)))
        self._update(slot, self.codes[slot].text)
        return True

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
            kept = self.holds.get(operand, set())
            same = self.pieces.memory.get(operand) == self.pieces.memory[slot]
            same = same and self.graph.shape(operand) == self.graph.shape(slot)
            same = same and self._cut_alike(operand, slot)
            mine = kept and not self._others_hold(operand, kept)
            text = self.codes[operand].text
            if same and mine and text.removesuffix(".T").isidentifier():
                self.holds[slot] = kept
                return text if piece.view == "{}" else None
        return None

    def _cut_alike(self, operand: Slot, slot: Slot) -> bool:
        """Whether two values are both whole, or blocks along one axis."""
        if self.pieces.region is None:
            return slot not in self.lasting
        cut = self.pieces.region.cut
        return operand in cut and cut[operand] == cut.get(slot)

    def _others_hold(self, operand: Slot, kept: set[int]) -> bool:
        if self.left[operand] > 1:
            return True
        return any(
            self.left[s] > 0 and held & kept
            for s, held in self.holds.items()
            if s != operand
        )

    def _block_space(self, slot: Slot, shape: Sequence[str]) -> str:
        """A part of the workspace for blocks, as long as the block at hand."""
        region, block = self.pieces.region, self.pieces.block
        assert region is not None
        place = shape.index(block)
        lengths = [str(region.rows) if n == block else n for n in shape]
        share = self.graph.nbytes[slot] * region.rows // region.length
        k = self._idle(share)
        self.holds[slot] = {k}
        key = (k, tuple(lengths))
        if key not in self.block_names:
            make = f"space({k}, {tuple_text(lengths)}, dtype)"
            if region.threads and self.cores > 1:
                self.buffers[k] = 0
                make = f"np.empty({tuple_text(lengths)}, dtype)"
            self.block_names[key] = next(self.temporaries)
            self.before.append(f"{self.block_names[key]} = {make}")
        name = self.block_names[key]
        if block.isdigit():
            return name
        cut = ", ".join([":"] * place + [f":{block[1:-1]}"])
        return f"{name}[{cut}]"

    def _close(self, region: Region, sums: Mapping[Slot, str], threads: bool) -> None:
        names = list(sums.values())
        listed = ", ".join(names)
        if threads:
            if names:
                self.line(f"return {listed}")
            self.indent = self.indent[:-4]
            call = f"shares(rows, {region.length}, {self.cores})"
            many = f"{listed} = map(sum, zip(*{call}))"
            one = f"{listed} = sum({call})"
            self.line(call if not names else one if len(names) == 1 else many)
        for slot, name in sums.items():
            self.codes[slot] = Code(name)
            if self._is_out(slot):
                out = self._target(slot, None, "empty")
                self.line(f"{out}[...] = {name}")
                self.codes[slot] = Code(out)
            axes = tuple(range(len(self.graph.shape(slot))))
            self.pieces.memory[slot] = axes


def _reshaped(shape: Sequence[str]) -> str:
    return f"{{}}.reshape({', '.join(shape)})"
