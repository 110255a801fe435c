"""A plan as jobs: what to compute, from which entries of which arrays.

A job names its arrays; who runs it knows where they are. Stages are jobs whose values
blocks need whole.

>>> import numpy as np
>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.distributed.choices import plan_blocks
>>> root = einsum([(tensor("x", (300,)), [0])], [0, 0])
>>> plan = plan_blocks(root, {"x": np.dtype(float)}, limit=200_000)
>>> jobs = list(block_jobs(plan))
>>> len(jobs), jobs[1].wants
(2, (('x[x0]', 'x', (slice(150, 300, None),)),))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ..nodes import Node, variables
from .blocks import Block, Cell, Form, Plan
from .inputs import Slices
from .tasks import Recipe, recipe_of
from .wholes import entries

#: A variable of a recipe, the array it is a slice of, and the entries.
Want: TypeAlias = tuple[str, str, Slices]


@dataclass(frozen=True, slots=True)
class Job:
    """One value to compute. Of a stage `name` says what it is called; of a block,
    `region` and `cell` where it goes, and `last` that no part of its sum follows."""

    recipe: Recipe
    wants: tuple[Want, ...]
    sizes: dict[str, int]
    name: str = ""
    cell: Cell = ()
    region: Slices = ()
    last: bool = True


def whole_wants(node: Node) -> tuple[Want, ...]:
    """All entries of every variable of a node."""
    return tuple(
        (name, name, tuple(slice(0, entries([n])) for n in leaf.shape))
        for name, leaf in variables(node).items()
    )


def stage_jobs(plan: Plan) -> list[Job]:
    """What is computed once, in an order in which it can be."""
    origins = {name: None for b in plan.blocks() for name in b.part.origins}
    return [
        Job(recipe_of(node, ""), whole_wants(node), {}, name=name)
        for name, node in plan.wholes.stages(list(origins))
    ]


def block_jobs(plan: Plan) -> Iterator[Job]:
    """A job for every block that is not zero, the parts of a sum together, in order."""
    recipes: dict[Form, Recipe] = {}
    for block, following in _with_next(plan.blocks()):
        if block.form not in recipes:
            recipes[block.form] = recipe_of(block.part.node, plan.dtype.str)
        yield Job(
            recipes[block.form],
            _wants(plan, block),
            _sizes(block),
            cell=block.cell,
            region=block.region,
            last=following is None or following.cell != block.cell,
        )


def _with_next(blocks: Iterator[Block]) -> Iterator[tuple[Block, Block | None]]:
    before: Block | None = None
    for block in blocks:
        if before is not None:
            yield before, block
        before = block
    if before is not None:
        yield before, None


def _wants(plan: Plan, block: Block) -> tuple[Want, ...]:
    shapes = plan.origin_shapes
    return tuple(
        (
            source.name,
            source.origin,
            tuple(
                r.entries(block.places) if r else slice(0, n)
                for r, n in zip(source.cuts, shapes[source.origin], strict=True)
            ),
        )
        for source in block.part.sources
    )


def _sizes(block: Block) -> dict[str, int]:
    """The sizes that an expression's ranges are named by."""
    lengths = {f"len_{name}": count for name, (_, count) in block.places.items()}
    return lengths | {f"at_{name}": start for name, (start, _) in block.places.items()}
