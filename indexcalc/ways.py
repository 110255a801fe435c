"""What else can be done with an expression that takes too much memory, at given sizes.

Only what would do is told: every way is planned, and what it holds compared with the
limit, before it is recommended.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.sizes import dim
>>> x = tensor("x", ("n",))
>>> ways = Ways(einsum([(x, [0])], [0, 0]), columns=1)                        # Diag(x)
>>> for way in ways({dim("n"): 10**6}, 8, 10**9).split("; "):
...     print(way)
structured=True keeps deltas and products unbuilt
jvp and vjp of the function (hvp for a Hessian) act as this does, without it
evaluate_blocks computes it in parts
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from .errors import IndexCalcError
from .expr import einsum, tensor
from .nodes import Einsum, Node, toposort, variables
from .planning.held import held
from .sizes import Size, lengths

if TYPE_CHECKING:
    from .plan import Program


#: The most factors of a product for which a hint is worth many orders of it.
MOST_OPERANDS = 12


#: The most nodes of an expression that is planned in every way for a hint.
MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Ways:
    """A callable that answers a text from sizes, the bytes of an entry and a limit. The
    last `columns` axes are those of the variable that the expression is a derivative
    by; `structured` where its deltas are unbuilt already."""

    node: Node
    columns: int = 0
    structured: bool = False

    def __call__(self, sizes: Mapping[Size, int], itemsize: int, limit: int) -> str:
        if len(toposort(self.node)) > MOST_NODES:
            return ""
        found = [
            text
            for text, holds in _WAYS.items()
            if (need := _asked(holds, self, sizes, itemsize, limit)) is not None
            and need <= limit
        ]
        return "; ".join(found)


#: What a way holds in bytes; None where there is no such way.
Holds = Callable[[Ways, Mapping[Size, int], int, int], int | None]


def _asked(
    holds: Holds, ways: Ways, sizes: Mapping[Size, int], itemsize: int, limit: int
) -> int | None:
    try:
        return holds(ways, sizes, itemsize, limit)
    except (IndexCalcError, OverflowError, MemoryError):
        return None


def _structured(
    ways: Ways, sizes: Mapping[Size, int], itemsize: int, limit: int
) -> int | None:
    """What the factors hold."""
    from .simplify import fuse
    from .structured.lowering import lowered

    if ways.structured or not ways.node.shape:
        return None
    length = lengths(sizes)
    plan = lowered(fuse(ways.node), length)
    return held(plan.program, length, itemsize, written=False)


def _applied(
    ways: Ways, sizes: Mapping[Size, int], itemsize: int, limit: int
) -> int | None:
    """What the map applied to one array of the variable's shape holds."""
    from .simplify import fuse

    shape = ways.node.shape
    rows = len(shape) - ways.columns
    if not ways.columns:
        return None
    name = "direction"
    while name in variables(ways.node):
        name += "_"
    every = list(range(len(shape)))
    direction = tensor(name, shape[rows:])
    legs, kept = every[rows:], every[:rows]
    node = fuse(einsum([(ways.node, every), (direction, legs)], kept))
    length = lengths(sizes)
    return held(_program(node, length), length, itemsize)


def _program(node: Node, length: Callable[[Size], int]) -> Program:
    from .planning.programs import planned

    return planned([node], length)


def _in_blocks(
    ways: Ways, sizes: Mapping[Size, int], itemsize: int, limit: int
) -> int | None:
    """What the largest block holds, where there are not too many."""
    from .distributed import MOST_BLOCKS, in_numbers
    from .distributed.choices import plan_blocks

    if ways.structured or not ways.node.shape or _is_dense(ways.node):
        return None
    root = in_numbers(ways.node, sizes)
    dtypes = {name: np.dtype(f"f{min(itemsize, 8)}") for name in variables(root)}
    plan = plan_blocks(root, dtypes, limit)
    return plan.peak if prod(plan.cells) * plan.terms <= MOST_BLOCKS else None


def _is_dense(node: Node) -> bool:
    """Whether a product under a node is too long for blocks to be tried for a hint."""
    found = (e for e in toposort(node) if isinstance(e, Einsum))
    return any(len(e.operands) > MOST_OPERANDS for e in found)


_WAYS: dict[str, Holds] = {
    "structured=True keeps deltas and products unbuilt": _structured,
    "jvp and vjp of the function (hvp for a Hessian) act as this does, without it": (
        _applied
    ),
    "evaluate_blocks computes it in parts": _in_blocks,
}
