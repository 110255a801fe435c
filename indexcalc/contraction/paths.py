"""The order in which to contract many operands, two at a time.

Up to five operands every tree is tried under the machine's model; up to twelve the best
trees by flops and by seconds are found outright; beyond, they are searched for. Of all
candidates the one that the model calls fastest is taken, layouts and copies included.

>>> path(((0, 1), (1, 2), (2, 3)), (0, 3), {0: 200, 1: 300, 2: 200, 3: 1})
((1, 2), (0, 1))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from math import inf
from typing import Literal

from .costs import path_seconds, priced
from .elimination import eliminated
from .exact import FLOPS, Price
from .machine import TYPICAL, Machine
from .networks import Path, Tree, Web, lifted, tree_path
from .products import Labels
from .search import EXACT, Effort, best_trees, improved, model_price
from .small import EXHAUSTIVE, fastest
from .starts import random_trees
from .twins import stages

Aim = Literal["seconds", "flops"]

#: Networks of more operands than this are searched longer, and with cotengra's greedy
#: starts where it is installed.
LARGE = 40

#: Networks in which more ends meet are searched briefly, and beyond the other number
#: not at all: their labels are summed one by one.
DENSE, SEARCHED = 3_000, 20_000

#: Networks of more operands are searched briefly.
WIDE = 2_000

USUAL = Effort()
BRIEF = Effort(starts=2, improved=1, rounds=1, leaves=6, windows=20, last_rounds=0)
LONG = Effort(rounds=3, windows=100, last_rounds=6)

#: Where more ends than this meet in all large networks of one program, or so many of
#: its networks are too large to find the best tree outright, all are searched briefly.
TOGETHER, MANY = 9_000, 40

#: What is done to turn a tree of few flops into one of few seconds.
NEARBY = Effort(improved=1, rounds=1, last_rounds=1)

#: Up to how many operands products that occur again are looked for.
TWINNED = 200

#: Up to how many rounds of products that occur again are taken first.
STAGES = 4


def path(
    inputs: Iterable[Labels],
    out: Labels,
    sizes: Mapping[int, int],
    *,
    minimize: Aim = "seconds",
    machine: Machine = TYPICAL,
    itemsize: int = 8,
    same: Iterable[int] | None = None,
    brief: bool = False,
) -> Path:
    """Positions to take at each step, the product going to the end.

    Any label may be carried by any number of operands, and be in `out` besides.
    Operands with one number in `same` are one array: a product that occurs again with
    other labels is computed once, and costs nothing. With `minimize="flops"` the path
    of fewest flops, whatever it takes; with `brief` networks are searched briefly, as
    those in which very many ends meet always are.

    >>> path([(0, 1), (0, 1), (1, 2)], (0, 2), {0: 9, 1: 9, 2: 9})
    ((0, 1), (0, 1))
    """
    rows = tuple(map(tuple, inputs))
    labels = dict.fromkeys(i for row in rows for i in row)
    lengths = tuple((i, max(sizes[i], 1)) for i in labels)
    numbers: dict[int, int] = {}
    identities = None
    if same is not None:
        identities = tuple(numbers.setdefault(k, len(numbers)) for k in same)
    kept = tuple(i for i in dict.fromkeys(out) if i in labels)
    return _path(rows, kept, lengths, minimize, machine, itemsize, identities, brief)


@lru_cache(maxsize=4096)
def _path(
    inputs: tuple[Labels, ...],
    out: Labels,
    lengths: tuple[tuple[int, int], ...],
    aim: Aim,
    machine: Machine,
    itemsize: int,
    same: tuple[int, ...] | None,
    brief: bool,
) -> Path:
    count, sizes = len(inputs), dict(lengths)
    if count < 3:
        return ((0, 1),) if count == 2 else ()
    if meeting(inputs) > SEARCHED:
        return eliminated(inputs, out)
    web = Web(inputs, out, sizes)
    trees = _searched(web, FLOPS, brief)
    if aim == "flops":
        return tree_path(trees[0], count)

    def took(found: Path) -> float:
        try:
            return path_seconds(
                inputs, out, sizes, found, machine=machine, itemsize=itemsize, same=same
            )
        except OverflowError:
            return inf

    price = model_price(machine, itemsize)
    if count > EXHAUSTIVE:
        trees += _repriced(web, trees[0], price, brief)
    if same is not None and len(set(same)) < len(same) and count <= TWINNED:
        trees += _with_twins(inputs, out, sizes, price, same, brief)
    if count <= EXHAUSTIVE:
        rows = priced(inputs, sizes, machine, itemsize, same)
        bound = min(took(tree_path(tree, count)) for tree in trees)
        return tree_path(fastest(inputs, out, *rows, bound), count)
    return min((tree_path(tree, count) for tree in trees), key=took)


def meeting(inputs: Iterable[Labels]) -> int:
    """How many ends meet: the squares of how often each label is carried."""
    carried = Counter(i for labels in inputs for i in labels)
    return sum(count * count for count in carried.values())


def is_crowded(networks: Iterable[Sequence[Labels]]) -> bool:
    """Whether there is so much in some networks that each is to be searched briefly."""
    searched = [inputs for inputs in networks if len(inputs) > EXACT]
    ends = sum(meeting(inputs) for inputs in searched if len(inputs) > LARGE)
    return len(searched) > MANY or ends > TOGETHER


def _with_twins(
    inputs: tuple[Labels, ...],
    out: Labels,
    sizes: Mapping[int, int],
    price: Price,
    same: tuple[int, ...],
    brief: bool,
) -> Iterator[Tree]:
    """Trees in which products that occur more than once are taken first."""
    found = list(islice(stages(inputs, out, same), STAGES))
    for stage in found if len(inputs) <= EXACT else found[-1:]:
        rest = Web(stage.inputs, out, sizes)
        trees = _searched(rest, FLOPS, brief)
        for tree in (*trees, *_repriced(rest, trees[0], price, brief)):
            yield stage.tree | lifted(tree, stage.parts)


def _searched(web: Web, price: Price, brief: bool) -> list[Tree]:
    """The best tree by a price, and some that are nearly as good."""
    large = len(web.leaves) > LARGE
    dense = large and sum(count * count for count in web.ends) > DENSE
    if brief or dense or len(web.leaves) > WIDE:
        return best_trees(web, price, BRIEF)
    if not large:
        return best_trees(web, price, USUAL)
    return best_trees(web, price, LONG, random_trees(web, LONG.starts))


def _repriced(web: Web, tree: Tree, price: Price, brief: bool) -> list[Tree]:
    """The best tree by another price, found outright or near the tree given; none where
    that takes a search and it is to be brief."""
    if len(web.leaves) <= EXACT:
        return best_trees(web, price)
    return [] if brief else improved(web, [tree], price, NEARBY)


def forget() -> None:
    """Empties the cache of paths, to measure cold planning."""
    _path.cache_clear()
