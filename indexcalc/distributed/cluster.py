"""Blocks as tasks of `dask.distributed`: the client only hands them out.

A task reads its slices, computes and writes; a few more tasks than there are threads
are handed out at a time. Everything a task needs is made by tasks or held by the
scheduler, so a worker that dies costs only what it was doing: its tasks run again
elsewhere, and a block written twice is the same. The parts of a cut sum are added in
their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ..errors import BudgetError, EvaluationError
from .blocks import Plan
from .extras import extra
from .inputs import Located, Slices
from .jobs import Job, Want, block_jobs, stage_jobs
from .local import Progress
from .outputs import Target
from .tasks import (
    Check,
    added,
    check_structure,
    compute,
    compute_into,
    same,
    write_into,
)

#: The share of a worker's memory that blocks may fill: dask spills and pauses above.
SHARE = 0.6

#: How many tasks wait for every thread, so that none is idle.
AHEAD = 4

#: Slices up to this many bytes travel with each block that needs them.
ALONG = 1 << 16

#: How many blocks a thread should have, where they are not small.
EACH = 4


def capacity(client: Any, memory_limit: int | None, largest: int) -> tuple[int, int]:
    """The bytes that a block may take, and how many blocks keep all threads busy.

    Raises `BudgetError` where a worker has no memory left.
    """
    used = client.run(resident)
    workers = client.scheduler_info(n_workers=-1)["workers"]
    if not workers:
        raise EvaluationError("the cluster has no workers", hint="start some")
    wanted = EACH * sum(worker["nthreads"] for worker in workers.values())
    if memory_limit is not None:
        return memory_limit, wanted
    free = [
        (SHARE * worker["memory_limit"] - used.get(address, 0)) // worker["nthreads"]
        for address, worker in sorted(workers.items())
        if worker["memory_limit"]
    ]
    if free and min(free) <= 0:
        raise BudgetError(
            "a worker has no memory left for a block", hint="start larger workers"
        )
    return int(min([largest, *free])), wanted


def check_structures(client: Any, checks: Sequence[Check]) -> None:
    """Reads arrays on workers and raises what `tasks.check_structure` does."""
    futures = [client.submit(check_structure, *c, pure=False) for c in checks]
    for future in futures:
        future.result()


def resident() -> int:
    """What this process holds, once it has loaded what evaluation needs."""
    return int(extra("psutil", "a cluster").Process().memory_info().rss)


@dataclass(slots=True)
class _Tasks:
    """What is on the cluster: the values of stages, and slices that blocks share."""

    client: Any
    arrays: Mapping[str, Located]
    token: str = field(default_factory=lambda: uuid4().hex[:12])
    count: int = 0
    stages: dict[str, Any] = field(default_factory=dict)
    recipes: dict[str, Any] = field(default_factory=dict)
    slices: dict[tuple[str, str], Any] = field(default_factory=dict)
    uses: dict[tuple[str, str], int] = field(default_factory=dict)

    def submit(self, task: Any, *args: Any) -> Any:
        """One task; its future."""
        self.count += 1
        key = f"indexcalc-{task.__name__}-{self.token}-{self.count}"
        return self.client.submit(task, *args, key=key, pure=False)

    def recipe(self, job: Job) -> Any:
        """The job's expression, one future for all blocks of a form."""
        digest = job.recipe[0]
        if digest not in self.recipes:
            self.recipes[digest] = self.submit(same, job.recipe)
        return self.recipes[digest]

    def given(self, want: Want) -> list[Any]:
        """A variable's slice: what a task reads it from, and what it reads of that."""
        name, origin, slices = want
        if origin in self.stages:
            return [name, self.stages[origin], slices]
        source = self.arrays[origin]
        if not (source.at_hand or source.is_dask):
            return [name, source.data, slices]
        return [name, self.shared(origin, slices), (...,)]

    def shared(self, origin: str, slices: Slices) -> Any:
        """A slice that is made once; forgotten when no block to come needs it. What is
        small, or needed by one block only, goes with the block."""
        key = (origin, repr(slices))
        if key not in self.slices:
            part = self.arrays[origin].data[slices]
            if self.arrays[origin].is_dask:
                part = self.client.compute(part)
            elif self.uses[key] > 1 and part.nbytes > ALONG:
                part = self.submit(same, part)
            self.slices[key] = part
        future = self.slices[key]
        self.uses[key] -= 1
        if not self.uses[key]:
            del self.slices[key]
        return future

    def expect(self, jobs: Iterator[Job]) -> int:
        """Counts how often every slice will be needed; how many jobs there are."""
        count = 0
        for job in jobs:
            count += 1
            for _, origin, slices in job.wants:
                key = (origin, repr(slices))
                self.uses[key] = self.uses.get(key, 0) + 1
        return count


def fill_on(
    client: Any,
    plan: Plan,
    arrays: Mapping[str, Located],
    target: Target,
    progress: Progress,
) -> None:
    """Computes every block on the cluster; workers write them to the target."""
    tasks = _Tasks(client, arrays)
    stages = stage_jobs(plan)
    total = tasks.expect(block_jobs(plan))
    tasks.expect(iter(stages))
    for job in stages:
        givens = [tasks.given(want) for want in job.wants]
        tasks.stages[job.name] = tasks.submit(compute, job.recipe, givens, {})
    threads = sum(client.nthreads().values())
    _drain(_submitted(tasks, plan, target), AHEAD * max(threads, 1), total, progress)


def _submitted(tasks: _Tasks, plan: Plan, target: Target) -> Iterator[Any]:
    """A future for every block, and for every part of a sum, handed out as they are
    asked for."""
    total: Any = None
    for job in block_jobs(plan):
        recipe, givens = tasks.recipe(job), [tasks.given(want) for want in job.wants]
        if job.last and total is None:
            into = (target, job.region)
            yield tasks.submit(compute_into, *into, recipe, givens, job.sizes)
            continue
        term = tasks.submit(compute, recipe, givens, job.sizes)
        total = term if total is None else tasks.submit(added, total, term)
        if job.last:
            total = tasks.submit(write_into, target, job.region, total)
        yield total
        total = None if job.last else total


def _drain(futures: Iterator[Any], width: int, total: int, progress: Progress) -> None:
    """Keeps so many tasks under way until all are done.

    Raises what a task raised, and cancels the others.
    """
    distributed = extra("distributed", "a cluster")
    progress(0, total)
    waiting = distributed.as_completed(_first(futures, width))
    done = 0
    try:
        for future in waiting:
            if future.status != "finished":
                future.result()
            done += 1
            progress(done, total)
            for following in _first(futures, 1):
                waiting.add(following)
    except distributed.KilledWorker as error:
        raise EvaluationError(
            f"workers died again and again over one block: {error}",
            hint="lower memory_limit, or start larger workers",
        ) from None
    finally:
        waiting.clear()


def _first(futures: Iterator[Any], count: int) -> list[Any]:
    return [future for _, future in zip(range(count), futures, strict=False)]
