"""Regions written as loops over blocks of rows.

Values between the steps of a region are kept in arrays as long as a block; what is
needed afterwards is written into its rows of the whole, and sums add up. Where no step
calls BLAS, each core has a share of the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..einsum_spelling import Code, tuple_text
from ..plan import (
    Contract,
    Slot,
)
from . import numpy_fast_steps
from .blocks import Region, is_view
from .numpy_fast_steps import Steps
from .numpy_fast_views import Piece, untransposed


class Loops(Steps):
    """Lines with loops among them."""

    def _write_region(self, region: Region) -> None:
        """A loop over blocks, on all cores where nothing in it calls BLAS."""
        outer = {s: region.cut[s] for s in region.steps if self._needed(s, region)}
        again = [s for s in outer if is_view(self.program.steps[s])]
        outer = {s: a for s, a in outer.items() if s not in again}
        kept = [s for s, axis in outer.items() if axis is not None]
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
        self._read(self.until_end)
        self.until_end.clear()
        self._close(region, sums, threads)
        for slot, name in full.items():
            self.codes[slot] = Code(name)
            self.pieces.memory[slot] = tuple(range(len(self.graph.shape(slot))))
        for slot in again:
            self._store(slot, self.pieces.piece(slot))

    def _needed(self, slot: Slot, region: Region) -> bool:
        """Whether a value is read after its region, perhaps through views."""
        return slot in self.graph.results or any(
            reader not in region.cut
            or (is_view(self.program.steps[reader]) and self._needed(reader, region))
            for reader in self.graph.readers.get(slot, [])
        )

    def _full(self, slot: Slot, region: Region) -> str:
        if slot in self.graph.results and self.program.patterns[slot].dense:
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
        if (
            piece.into is None
            or share < numpy_fast_steps.BLOCK_WORK
            or region.cut[slot] is None
        ):
            return False
        target = self._reused(slot, piece)
        if target is None and piece.shape.count(self.pieces.block) == 1:
            target = self._block_space(slot, piece.shape)
        if target is None:
            return False
        self.codes[slot] = self.name(piece.view.format(piece.into.format(target)))
        self._update(slot, self.codes[slot].text)
        return True

    def _block_space(self, slot: Slot, shape: Sequence[str]) -> str:
        """A part of the workspace for blocks, as long as the block at hand."""
        region, block = self.pieces.region, self.pieces.block
        assert region is not None
        place = shape.index(block)
        lengths = [str(region.rows) if n == block else n for n in shape]
        share = self.graph.nbytes[slot] * region.rows // region.length
        sizes = self.allotment.sizes
        before = [*sizes, 0]
        k = self.allotment.idle(share)
        own = region.threads and self.cores > 1
        if own:
            sizes[k] = before[k]
        self.allotment.put(slot, frozenset({k}))
        key = (k, tuple(lengths))
        if key not in self.block_names:
            make = f"space({k}, {tuple_text(lengths)}, dtype)"
            if own:
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
