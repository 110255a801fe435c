"""What is computed for one block, in whatever process: read, evaluate, write.

An expression travels as its rows (`rows.to_rows`) and is rebuilt once a process.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x[a]", ("len_a",))
>>> recipe = recipe_of(einsum([(x, [0])], [0, 0]), "f8")
>>> compute(recipe, [["x[a]", np.arange(4.0), (slice(1, 3),)]], {}).tolist()
[[1.0, 0.0], [0.0, 2.0]]
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from ..errors import EvaluationError
from ..evaluate import prepare, run, write_out
from ..nodes import Node
from ..pairwise import Array
from ..plan import Program
from ..rows import from_rows, to_rows
from ..simplify import fuse
from ..sizes import value_of
from .inputs import read
from .memory import paired
from .outputs import Region, Target

#: A node's digest, its rows, and the dtype of its value ("" for whatever it has).
Recipe: TypeAlias = tuple[str, list[Any], str]

#: The name of a variable, where its array is, and the entries wanted of it.
Given: TypeAlias = Sequence[Any]

KEPT = 64

_nodes: dict[str, Node] = {}
_lock = threading.Lock()


def recipe_of(node: Node, dtype: str) -> Recipe:
    """What a process needs to know of an expression."""
    return node.digest.hex(), to_rows(node), dtype


def node_of(recipe: Recipe) -> Node:
    """The node of a recipe; the last ones asked for are kept."""
    digest, rows, _ = recipe
    with _lock:
        if digest not in _nodes:
            _nodes[digest] = fuse(from_rows(rows))
            for old in list(_nodes)[:-KEPT]:
                del _nodes[old]
        return _nodes[digest]


def compute(recipe: Recipe, givens: Sequence[Given], sizes: Mapping[str, int]) -> Array:
    """The dense value of an expression on slices of arrays."""
    arrays = {name: read(data, slices) for name, data, slices in givens}
    value = _dense(node_of(recipe), arrays, sizes)
    dtype = np.dtype(recipe[2] or value.dtype)
    if not np.can_cast(value.dtype, dtype, "same_kind"):
        raise EvaluationError(
            f"a block has dtype {value.dtype}, and {dtype} was expected",
            hint="pass arrays of that kind",
        )
    return value.astype(dtype, copy=False)


def _dense(node: Node, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Array:
    """The value, by the steps that the plan counted; perhaps a view of an input."""
    state = prepare(node, arrays, sizes)
    lengths = (item for item in sizes.items() if item[0].startswith("len_"))
    state.program = _program(node, tuple(sorted(lengths)))
    slot = state.program.results[0]
    core = np.asarray(run(state)[slot])
    pattern = state.program.patterns[slot]
    return core if pattern.dense else write_out(core, pattern, state.lengths(pattern))


@lru_cache(maxsize=KEPT)
def _program(node: Node, lengths: tuple[tuple[str, int], ...]) -> Program:
    """The steps for blocks of these lengths."""
    names = dict(lengths)
    return paired(node, lambda size: value_of(size, names))


def compute_into(
    target: Target,
    region: Region,
    recipe: Recipe,
    givens: Sequence[Given],
    sizes: Mapping[str, int],
) -> int:
    """Computes a block and writes it; the bytes written."""
    return write_into(target, region, compute(recipe, givens, sizes))


def write_into(target: Target, region: Region, block: Array) -> int:
    """Writes a block; the bytes written."""
    target.write(region, block)
    return block.nbytes


def added(total: Array, term: Array) -> Array:
    """The sum of two parts, in a new array: either may be needed again."""
    return np.asarray(total + term)


#: The rows of a declared variable, its name, and where its array is.
Check: TypeAlias = tuple[list[Any], str, Any]


def check_structure(rows: list[Any], name: str, data: Any) -> None:
    """Raises `EvaluationError` where an array has not the structure declared."""
    prepare(from_rows(rows), {name: np.asarray(data[...])})


def same(value: Any) -> Any:
    """The value itself: how a cluster comes to hold it so that it can be made again."""
    return value
