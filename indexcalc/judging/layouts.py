"""The ways a derivative is laid out: permuted, grouped into vec, transposed, reduced.

An `Arrangement` names each axis of the derivative by a label and lists the labels of
the result's axes, one or a group for each. A repeated label reads a diagonal, one that
the result lacks is summed. So layouts, diagonals and sums are one thing, on nodes and
on arrays alike.

>>> [a.words for a in layouts(1, 1)]
['the Jacobian, rows for the value', 'the transposed Jacobian, rows for the variable']
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations, product
from math import prod

import numpy as np

from ..expr import einsum
from ..nodes import Node
from ..pairwise import Array
from ..sizes import Shape, times

Group = tuple[int, ...]

#: Up to how many axes every permutation is tried.
MOST_AXES = 6
#: The label of the sample points, NumPy's largest.
POINT = 51
NUMERATOR, DENOMINATOR = "numerator", "denominator"
VALUE_FIRST, VARIABLE_FIRST = "value_first", "variable_first"
LAYOUTS = (NUMERATOR, DENOMINATOR, VALUE_FIRST, VARIABLE_FIRST)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Labels of the axes, groups of labels of the result, and what it is called.

    `names` are the layouts of `LAYOUTS` that it is.
    """

    labels: Group
    out: tuple[Group, ...]
    words: str
    names: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether it changes nothing."""
        return self.out == tuple((k,) for k in self.labels)

    def shape(self, shape: Shape) -> Shape:
        """The shape of the result."""
        sizes = dict(zip(self.labels, shape, strict=True))
        return tuple(times(*(sizes[i] for i in group)) for group in self.out)

    def node(self, node: Node) -> Node:
        """The arranged node."""
        return einsum([(node, self.labels)], self.out)

    def array(self, array: Array) -> Array:
        """The arranged array; its first axis are sample points."""
        flat = [i for group in self.out for i in group]
        core = np.einsum(array, [POINT, *self.labels], [POINT, *flat])
        sizes = dict(zip(self.labels, array.shape[1:], strict=True))
        shape = [prod(sizes[i] for i in group) for group in self.out]
        return np.asarray(core).reshape(len(array), *shape)


def plain(order: int, words: str = "") -> Arrangement:
    """The arrangement that changes nothing."""
    labels = tuple(range(order))
    return Arrangement(labels, tuple((i,) for i in labels), words)


def layouts(value: int, variable: int, second: bool = False) -> list[Arrangement]:
    """Every layout of a derivative of `value` axes by `variable` axes, the usual ones
    first; `second` for a Hessian, whose axes are those of its two variables.

    >>> [a.out for a in layouts(0, 2)][:2]
    [((0,), (1,)), ((1,), (0,))]
    """
    order = value + variable
    labels = tuple(range(order))
    rows, columns = labels[:value], labels[value:]
    found: dict[tuple[Group, ...], Arrangement] = {}
    for out, words, names in _usual(rows, columns, second):
        found.setdefault(out, Arrangement(labels, out, words, names))
    for axes in permutations(labels) if order <= MOST_AXES else ():
        out = tuple((i,) for i in axes)
        words = f"the axes in the order {', '.join(map(str, axes))}, counted from 0"
        found.setdefault(out, Arrangement(labels, out, words))
    return list(found.values())


Named = tuple[tuple[Group, ...], str, tuple[str, ...]]


def _usual(rows: Group, columns: Group, second: bool) -> Iterator[Named]:
    """The layouts that have a name."""
    alone = tuple((i,) for i in (*rows, *columns))
    turned = tuple((i,) for i in (*columns, *rows))
    if not rows:
        yield alone, "the gradient in the variable's shape", (DENOMINATOR, VALUE_FIRST)
        if len(columns) == 2:
            swapped = ((columns[1],), (columns[0],))
            yield swapped, "the transposed gradient", (NUMERATOR,)
    elif second:
        yield alone, "the Hessian", (VALUE_FIRST, VARIABLE_FIRST)
        yield turned, "the transposed Hessian", ()
    elif len(rows) == len(columns) == 1:
        words = "the Jacobian, rows for the value"
        yield alone, words, (NUMERATOR, VALUE_FIRST)
        words = "the transposed Jacobian, rows for the variable"
        yield turned, words, (DENOMINATOR, VARIABLE_FIRST)
    else:
        yield alone, "the value's axes first", (VALUE_FIRST,)
        yield turned, "the variable's axes first", (VARIABLE_FIRST,)
    yield from _vectorised(rows, columns, second)
    if len(rows) == len(columns) == 2:
        (i, j), (k, l) = rows, columns
        yield ((i, k), (j, l)), "blocks, one for each entry of the value", ()
        yield ((k, i), (l, j)), "blocks, one for each entry of the variable", ()


def _vectorised(rows: Group, columns: Group, second: bool) -> Iterator[Named]:
    """Matrices over vec, both orders, and their transposes."""
    if max(len(rows), len(columns)) < 2:
        return
    for turn, how in ((-1, "column-major"), (1, "row-major")):
        left, right = rows[::turn], columns[::turn]
        if not rows or not columns:
            what = "gradient" if not rows else "derivative"
            yield (left or right,), f"vec of the {what}, {how}", ()
            continue
        what = "Hessian" if second else "Jacobian"
        yield (left, right), f"the {what} over {how} vec", (NUMERATOR,)
        words = f"the transposed {what} over {how} vec"
        yield (right, left), words, (DENOMINATOR,)


def diagonals(shape: Shape, value: int) -> Iterator[Arrangement]:
    """Axes of the value joined with equal axes of the variable: the diagonal in the
    variable's axes, all pairs first, with the rest in any order.

    >>> next(diagonals((3, 3), 1)).out
    ((0,),)
    """
    order = len(shape)
    if order > MOST_AXES:
        return
    pairs = list(product(range(value), range(value, order)))
    equal = [(a, b) for a, b in pairs if shape[a] == shape[b]]
    for count in range(min(value, order - value), 0, -1):
        for chosen in combinations(equal, count):
            if len({i for pair in chosen for i in pair}) == 2 * count:
                yield from _joined(order, chosen)


def _joined(order: int, pairs: tuple[Group, ...]) -> Iterator[Arrangement]:
    labels = list(range(order))
    for a, b in pairs:
        labels[b] = a
    for axes in permutations(dict.fromkeys(labels)):
        words = " and ".join(f"axis {a} = axis {b}" for a, b in pairs)
        yield Arrangement(tuple(labels), tuple((i,) for i in axes), words)


def sums(order: int, value: int) -> Iterator[Arrangement]:
    """Sums over some of the axes, with the rest in any order; all of the value's axes
    first, then all of the variable's.

    >>> next(sums(2, 1)).words
    "summed over the value's axes"
    """
    if order > MOST_AXES:
        return
    labels = tuple(range(order))
    whole = {
        labels[:value]: "summed over the value's axes",
        labels[value:]: "summed over the variable's axes",
    }
    some = {gone: f"summed over {_axes(gone)}" for gone in _subsets(labels)}
    for gone, words in ({k: v for k, v in whole.items() if k} | some | whole).items():
        kept = [i for i in labels if i not in gone]
        for axes in permutations(kept):
            yield Arrangement(labels, tuple((i,) for i in axes), words)


def _subsets(labels: Group) -> Iterator[Group]:
    for count in range(1, len(labels)):
        yield from combinations(labels, count)


def _axes(gone: Group) -> str:
    return ("axis " if len(gone) == 1 else "axes ") + ", ".join(map(str, gone))
