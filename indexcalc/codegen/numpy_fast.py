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
    t0 = space(0, (32768,), dtype)
    for start in range(0, 1000000, 32768):
        b = slice(start, min(start + 32768, 1000000))
        t1 = np.multiply(x[b], y[b], out=t0[:b.stop - b.start])
        out[b] = np.exp(t1)
    return out
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..einsum_spelling import tuple_text
from ..functions import USERS
from ..plan import (
    Apply,
    Combine,
    Contract,
    Fill,
    Load,
    Program,
    Slot,
)
from . import numpy_fast_steps
from .blocks import Lengths, Region, extents, regions, schedule
from .numpy_fast_frame import FastSource, framed
from .numpy_fast_loops import Loops
from .numpy_fast_views import FEW_COLUMNS, MANY_ENTRIES

#: Solutions of linear systems, which readable code spells.
SOLVING = frozenset({"factorised", "solved", "inverted", "factor_logdet"})


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
    writer = _Writer(program, length, itemsize, cores, names or {}, list(found), name)
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


class _Writer(Loops):
    """One function being written."""

    def anything_large(self) -> bool:
        """Whether a step's value is large enough to be looked after."""
        made = [s for s in range(len(self.program.steps)) if self._is_made(s)]
        return bool(self.found or self.outs) or any(
            self.graph.nbytes[s] >= numpy_fast_steps.WORK or self._is_thin(s)
            for s in made
        )

    def _is_thin(self, slot: Slot) -> bool:
        """Whether a step multiplies a large matrix by a few columns."""
        step = self.program.steps[slot]
        if not isinstance(step, Contract) or len(step.operands) < 2:
            return False
        rows, columns, bound, batch = extents(step, self.graph.length)
        few, many = sorted((rows, columns))
        large = many * bound in MANY_ENTRIES
        return batch == 1 and 1 < few <= FEW_COLUMNS and large

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
        place = numpy_fast_steps.first_places(self.program.results)
        outs = tuple((p, place[s], self.turns[s]) for s, p in self.outs.items())
        return framed(
            self.header,
            arguments,
            name,
            doc,
            self.lines,
            outs,
            tuple(self.allotment.sizes),
            self.cores,
            [self.shapes[a] for a in arguments],
        )
