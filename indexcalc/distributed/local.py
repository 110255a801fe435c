"""Every block in this process, one after another: no scheduler, no dask.

>>> import tempfile
>>> import numpy as np
>>> from indexcalc.distributed.choices import plan_blocks
>>> from indexcalc.distributed.inputs import placed
>>> from indexcalc.distributed.outputs import create
>>> from indexcalc.expr import einsum, tensor
>>> root = einsum([(tensor("x", (300,)), [0])], [0, 0])
>>> plan = plan_blocks(root, {"x": np.dtype(float)}, limit=200_000)
>>> with tempfile.TemporaryDirectory() as folder:
...     target = create(f"{folder}/D.npy", plan.shape, plan.dtype, plan.lengths)
...     fill(plan, placed({"x": np.arange(300.0)}), target, lambda done, total: None)
...     float(np.load(target.finish()).trace())
44850.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ..pairwise import Array
from .blocks import Plan
from .inputs import Located
from .jobs import Job, block_jobs, stage_jobs
from .outputs import Target
from .tasks import added, compute

#: Told how many blocks are done, of how many.
Progress: TypeAlias = Callable[[int, int], None]


def fill(
    plan: Plan, arrays: Mapping[str, Located], target: Target, progress: Progress
) -> None:
    """Computes every block and writes it to the target."""
    data: dict[str, Any] = {name: source.data for name, source in arrays.items()}
    for job in stage_jobs(plan):
        data[job.name] = _value(job, data)
    total: Array | None = None
    count = plan.count
    progress(0, count)
    for done, job in enumerate(block_jobs(plan), 1):
        value = _value(job, data)
        total = value if total is None else added(total, value)
        if job.last:
            target.write(job.region, total)
            total = None
        progress(done, count)


def _value(job: Job, data: Mapping[str, Any]) -> Array:
    givens = [(name, data[origin], slices) for name, origin, slices in job.wants]
    return compute(job.recipe, givens, job.sizes)
