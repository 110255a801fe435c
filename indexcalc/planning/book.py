"""What planning decided, kept with what it is for, so that it is not searched again.

A `Book` holds the orders of contractions and the moves by which expressions were
rearranged. What stands in it decides how fast a program is, never what it computes: an
order is one of the same product, and a move is one that the search might have made.

>>> book = Book()
>>> sizes = {0: 9, 1: 9, 2: 9, 3: 1}
>>> book.order(((0, 1), (1, 2), (2, 3)), (0, 3), sizes, same=(0, 1, 2))
((1, 2), (0, 1))
>>> [(len(problem.inputs), order) for problem, order in book.orders.items()]
[(3, ((1, 2), (0, 1)))]
>>> why_no_order(((0, 1), (0, 2)), 3)
'step 1 takes operand 2 of 2'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ..contraction import path
from ..contraction.networks import Path
from ..contraction.products import Labels
from ..sizes import Dim

#: How many orders and how many arrangements are kept; the oldest are forgotten.
MOST = 4096

#: What a move does: multiplies out or factors a node, multiplies out a sum wherever it
#: stands, computes a part once, solves instead of inverting.
MOVES = ("local", "together", "shared", "solved")


@dataclass(frozen=True, slots=True)
class Problem:
    """A contraction: the labels of its operands and of its result, their lengths, and
    which operands are one array."""

    inputs: tuple[Labels, ...]
    out: Labels
    lengths: tuple[tuple[int, int], ...]
    same: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a rearrangement: its kind, the place of the node in topological order
    that it is about, and which of the options there was taken."""

    kind: str
    place: int
    option: int


#: The lengths that an arrangement is for.
Known: TypeAlias = tuple[tuple[Dim, int], ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What moves are for: expressions, by a digest of all, at lengths of sizes."""

    of: str
    sizes: Known


#: The moves of an arrangement; None where the expression is best left as it is.
Moves: TypeAlias = tuple[Move, ...] | None

#: A loop over blocks: a slot, the axis of it that the loop grows from, rows of a block.
Cut: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Room:
    """What loops over blocks are for: sizes, the dtypes of the arrays, a limit of
    bytes."""

    sizes: Known
    kinds: str
    limit: int


K = TypeVar("K")
V = TypeVar("V")


class Book:
    """Orders by contraction, moves by the expressions and sizes they are for, and loops
    over blocks by the room that they need."""

    __slots__ = ("cuts", "moves", "orders")

    def __init__(
        self,
        orders: Mapping[Problem, Path] | None = None,
        moves: Mapping[Arrangement, Moves] | None = None,
        cuts: Mapping[Room, tuple[Cut, ...]] | None = None,
    ) -> None:
        self.orders = dict(orders or {})
        self.moves = dict(moves or {})
        self.cuts = dict(cuts or {})

    def order(
        self,
        inputs: Iterable[Labels],
        out: Labels,
        sizes: Mapping[int, int],
        *,
        same: Iterable[int],
        brief: bool = False,
    ) -> Path:
        """The order of a contraction: the one that stands here, else the best found."""
        problem = Problem(tuple(inputs), out, tuple(sizes.items()), tuple(same))
        found = self.orders.get(problem)
        if found is None:
            found = path(problem.inputs, out, sizes, same=problem.same, brief=brief)
            _keep(self.orders, problem, found)
        return found

    def note(self, arrangement: Arrangement, moves: Moves) -> None:
        """Keeps the moves that were found for some expressions and sizes."""
        _keep(self.moves, arrangement, moves)

    def note_cuts(self, room: Room, cuts: Sequence[Cut]) -> None:
        """Keeps the loops over blocks that were found for a limit."""
        _keep(self.cuts, room, tuple(cuts))


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    kept[key] = value
    while len(kept) > MOST:
        kept.pop(next(iter(kept)), None)


def why_no_order(order: Sequence[Sequence[int]], count: int) -> str | None:
    """What keeps steps from being an order of so many operands, two at a time."""
    if len(order) != max(count - 1, 0):
        return f"{len(order)} steps for {count} operands"
    for k, step in enumerate(order):
        left = count - k
        if len(step) != 2 or step[0] == step[1]:
            return f"step {k} does not take two operands"
        if not all(0 <= place < left for place in step):
            return f"step {k} takes operand {max(step)} of {left}"
    return None
