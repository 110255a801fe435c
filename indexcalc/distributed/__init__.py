"""Results larger than memory, a block at a time, in this process or on a cluster.

The result's axes are cut into ranges (failing that, an index that it sums over), and a
block is an expression of its own: of slices of the inputs, with the deltas that meet in
it and none of the others. Blocks that are zero are not computed.

>>> import tempfile
>>> from indexcalc.expr import einsum, tensor
>>> X = tensor("X", ("n", "p"))
>>> J = einsum([(X, [0, 1])], [0, 0, 1])                       # δ_ij X_jk
>>> with tempfile.TemporaryDirectory() as folder:
...     array = evaluate_blocks(J, {"X": np.ones((9, 4))}, to=f"{folder}/J.npy")
...     array.shape, float(array.sum())
((9, 9, 4), 36.0)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from ..binding import STRUCTURE_TESTS, bind_sizes, missing_array
from ..distribute import without_diagonals
from ..errors import BudgetError, EvaluationError, ShapeError
from ..nodes import Node, Tensor, toposort, variables
from ..pairwise import Array
from ..planning.budgets import span
from ..planning.room import as_bytes, bytes_text, limit_of
from ..rows import to_rows
from ..simplify import fuse
from ..sizes import Size, names_in, shape_text, value_of
from ..substitute import replace_sizes
from . import cluster, outputs
from .blocks import Plan
from .choices import plan_blocks
from .inputs import Located, placed
from .lazy import dask_array
from .local import Progress, fill
from .outputs import Region
from .tasks import Check, check_structure
from .wholes import everywhere

#: How much memory a block may take where nobody says, in bytes.
DEFAULT_LIMIT = 1 << 28

#: How many blocks a result may take.
MOST_BLOCKS = 200_000

#: The most nodes of an expression that is cut.
MOST_NODES = 50_000


def literal(
    node: Node,
    arrays: Mapping[str, Located],
    sizes: Mapping[str, int] | None = None,
    scope: Iterable[Tensor] = (),
) -> Node:
    """The node with numbers for its sizes, from the arrays' shapes and `sizes`; sums
    that hold a diagonal multiplied out, so that blocks off it lose just that term.

    Raises `EvaluationError` for a missing array, `ShapeError` for shapes and for a size
    that nothing tells, `BudgetError` for more than `MOST_NODES` nodes.
    """
    if (nodes := len(toposort(node))) > MOST_NODES:
        raise BudgetError(
            f"an expression of {nodes:,} nodes is more than the {MOST_NODES:,} that "
            "are computed in blocks",
            hint="take a part of it, or let it take more memory",
        )
    fused = fuse(node)
    known = {leaf.name: leaf for leaf in scope} | variables(node)
    for name, leaf in variables(fused).items():
        if name not in arrays:
            raise missing_array(leaf, arrays)
    bound = bind_sizes(known.values(), _shapes(arrays), sizes)
    found = in_numbers(fused, bound)
    open_ = sorted({name for size in everywhere(found) for name in names_in(size)})
    if open_:
        raise ShapeError(
            f"the size {open_[0]} is not known from the arrays given",
            hint=f"pass sizes={{{open_[0]!r}: …}}",
        )
    return found


def in_numbers(node: Node, sizes: Mapping[Size, int]) -> Node:
    """The node with numbers for its sizes; sums that hold a diagonal multiplied out."""
    numbers: dict[str, Any] = {str(size): n for size, n in sizes.items()}
    return without_diagonals(fuse(replace_sizes(fuse(node), numbers)))


def _shapes(arrays: Mapping[str, Located]) -> dict[str, Any]:
    """Empty arrays of the shapes: views of one number."""
    nothing = np.zeros(())
    return {name: np.broadcast_to(nothing, a.shape) for name, a in arrays.items()}


def evaluate_blocks(
    node: Node,
    values: Mapping[str, object],
    *,
    to: str | None = None,
    memory_limit: int | str | None = None,
    client: Any = None,
    progress: bool | Progress = True,
    sizes: Mapping[str, int] | None = None,
    scope: Iterable[Tensor] = (),
) -> Any:
    """The value of a node, a block at a time.

    `values` are NumPy arrays, memory-mapped ones, Zarr or dask arrays. The result goes
    to the path `to` (`.npy` or `.zarr`) and is answered as an array read from there;
    without a path it is a dask array of which nothing is computed yet. A block takes at
    most `memory_limit` (bytes, or "2GB"), by default what a worker of the `client` (a
    `distributed.Client`, whose workers must see the same files) has for it; without a
    client this process computes the blocks in turn.

    Raises `BudgetError` where no block fits in the limit, `EvaluationError` and
    `ShapeError` as `evaluate` does, and where the path exists already.
    """
    scope = list(scope)
    known = {leaf.name for leaf in scope} | set(variables(node))
    arrays = placed({name: a for name, a in values.items() if name in known})
    root = literal(node, arrays, sizes, scope)
    dtypes = {name: source.dtype for name, source in arrays.items()}
    given = None if memory_limit is None else as_bytes(memory_limit)
    limit, wanted = given or min(DEFAULT_LIMIT, limit_of(None).nbytes), 1
    if client is not None:
        limit, wanted = cluster.capacity(client, given, DEFAULT_LIMIT)
    _check_structures(node, arrays, limit, client)
    plan = plan_blocks(root, dtypes, limit, wanted)
    _keep_few(plan, limit)
    if to is None:
        return dask_array(plan, arrays)
    return _written(plan, arrays, str(to), client, _reporter(progress))


@dataclass(frozen=True, slots=True)
class _Whole:
    """An array in memory that blocks are written to."""

    array: Array

    def write(self, region: Region, block: Array) -> None:
        self.array[region] = block

    def finish(self) -> str:
        return ""

    def abandon(self) -> None:
        """Nothing is left anywhere."""


def evaluate_within(
    node: Node,
    values: Mapping[str, object],
    limit: int,
    sizes: Mapping[str, int] | None = None,
    scope: Iterable[Tensor] = (),
) -> Array:
    """The value of a node as one array in memory, a block at a time, such that result
    and block together take at most `limit` bytes beside the inputs.

    Raises `BudgetError` where no blocks are small enough, or too many are needed.
    """
    scope = list(scope)
    known = {leaf.name for leaf in scope} | set(variables(node))
    arrays = placed({name: a for name, a in values.items() if name in known})
    root = literal(node, arrays, sizes, scope)
    dtypes = {name: source.dtype for name, source in arrays.items()}
    lengths = [value_of(size, {}) for size in root.shape]
    whole = span(lengths, np.result_type(float, *dtypes.values()).itemsize)
    if whole >= limit:
        raise BudgetError("the result alone is over the limit")
    plan = plan_blocks(root, dtypes, limit - whole)
    _keep_few(plan, limit)
    _check_structures(node, arrays, limit, None)
    result = np.zeros(plan.shape, plan.dtype)
    fill(plan, arrays, _Whole(result), _silent)
    return result


def _keep_few(plan: Plan, limit: int) -> None:
    """Raises `BudgetError` for more blocks than anybody waits for."""
    count = prod(plan.cells) * plan.terms
    if count > MOST_BLOCKS:
        raise BudgetError(
            f"the result of shape {shape_text(plan.shape)} takes {count:,} blocks of "
            f"{bytes_text(limit)}, and at most {MOST_BLOCKS:,} are computed",
            hint="a higher memory_limit makes fewer",
        )


def _check_structures(
    node: Node, arrays: Mapping[str, Located], limit: int, client: Any
) -> None:
    """Every array has the structure its variable was declared with: those at hand are
    looked at here, others by who computes.

    Raises `EvaluationError` where one has not, or is too large to be looked at whole.
    """
    remote: list[Check] = []
    for name, leaf in variables(fuse(node)).items():
        if leaf.structure not in STRUCTURE_TESTS:
            continue
        source = arrays[name]
        size = prod(source.shape) * source.dtype.itemsize
        if not source.at_hand and 2 * size > limit:
            raise EvaluationError(
                f"{name} is declared {leaf.structure}, and its array is too large to "
                "be checked",
                hint="declare it without a structure, or raise memory_limit",
            )
        check = (to_rows(leaf), name, source.data)
        if source.at_hand or source.is_dask or client is None:
            check_structure(*check)
        else:
            remote.append(check)
    if remote:
        cluster.check_structures(client, remote)


def _written(
    plan: Plan,
    arrays: Mapping[str, Located],
    to: str,
    client: Any,
    progress: Progress,
) -> Any:
    target = outputs.create(to, plan.shape, plan.dtype, plan.lengths)
    try:
        if client is None:
            fill(plan, arrays, target, progress)
        else:
            cluster.fill_on(client, plan, arrays, target, progress)
        return outputs.opened(target.finish())
    except BaseException:
        target.abandon()
        raise


def _reporter(progress: bool | Progress) -> Progress:
    if callable(progress):
        return progress
    return _bar if progress and sys.stderr.isatty() else _silent


def _silent(done: int, total: int) -> None:
    """Says nothing."""


def _bar(done: int, total: int) -> None:
    """A bar on the terminal."""
    width = 40
    full = width * done // max(total, 1)
    end = "\n" if done == total else ""
    bar = "█" * full + "·" * (width - full)
    print(f"\r{bar} {done}/{total} blocks", end=end, file=sys.stderr, flush=True)
