"""The blocks as a dask array: nothing is computed before it is asked for.

>>> from indexcalc.distributed.choices import plan_blocks
>>> from indexcalc.distributed.inputs import placed
>>> from indexcalc.expr import einsum, tensor
>>> root = einsum([(tensor("x", (300,)), [0])], [0, 0])
>>> plan = plan_blocks(root, {"x": np.dtype(float)}, limit=200_000)
>>> array = dask_array(plan, placed({"x": np.arange(300.0)}))    # doctest: +SKIP
>>> array.shape, array.numblocks, float(array[7, 7].compute())     # doctest: +SKIP
((300, 300), (2, 2), 7.0)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from itertools import groupby, product
from typing import Any

import numpy as np

from .blocks import Cell, Plan
from .extras import extra
from .inputs import Located, Slices
from .jobs import Job, Want, block_jobs, stage_jobs
from .tasks import added, compute


def dask_array(plan: Plan, arrays: Mapping[str, Located]) -> Any:
    """The result, a chunk a block.

    Raises `UnsupportedError` where dask is missing.
    """
    what = "a result that is not written to a path"
    da, delayed = extra("dask.array", what), extra("dask", what).delayed
    sources = _Sources(arrays, delayed)
    for job in stage_jobs(plan):
        sources.stages[job.name] = _value(sources, job)
    chunks: dict[Cell, Any] = {}
    for cell, jobs in groupby(block_jobs(plan), key=lambda job: job.cell):
        terms = [_value(sources, job) for job in jobs]
        total = reduce(delayed(added, pure=False), terms)
        shape = [s.stop - s.start for s in plan.region(cell)]
        chunks[cell] = da.from_delayed(total, shape, plan.dtype)
    for cell in product(*map(range, plan.cells)):
        if cell not in chunks:
            shape = [s.stop - s.start for s in plan.region(cell)]
            chunks[cell] = da.zeros(shape, plan.dtype, chunks=-1)
    return _joined(chunks, plan.cells, da)


def _joined(chunks: dict[Cell, Any], cells: Cell, da: Any) -> Any:
    """The chunks put together, the last axis first."""
    if not cells:
        return chunks[()]
    for depth in reversed(range(len(cells))):
        chunks = {
            cell: da.concatenate([chunks[*cell, k] for k in range(cells[depth])], depth)
            for cell in product(*map(range, cells[:depth]))
        }
    return chunks[()]


class _Sources:
    """What the chunks read: stages, and slices that several of them share."""

    def __init__(self, arrays: Mapping[str, Located], delayed: Any) -> None:
        self.arrays, self.delayed = arrays, delayed
        self.stages: dict[str, Any] = {}
        self.slices: dict[tuple[str, str], Any] = {}

    def given(self, want: Want) -> list[Any]:
        """A variable's slice, as `tasks.compute` takes it."""
        name, origin, slices = want
        if origin in self.stages:
            return [name, self.stages[origin], slices]
        source = self.arrays[origin]
        if source.at_hand:
            return [name, self.shared(origin, slices), (...,)]
        if source.is_dask:
            return [name, source.data[slices], (...,)]
        return [name, source.data, slices]

    def shared(self, origin: str, slices: Slices) -> Any:
        """A slice of an array at hand, once in the graph."""
        key = (origin, repr(slices))
        if key not in self.slices:
            part = np.asarray(self.arrays[origin].data[slices], order="C")
            self.slices[key] = self.delayed(part, pure=False, traverse=False)
        return self.slices[key]


def _value(sources: _Sources, job: Job) -> Any:
    givens = [sources.given(want) for want in job.wants]
    return sources.delayed(compute, pure=False)(job.recipe, givens, job.sizes)
