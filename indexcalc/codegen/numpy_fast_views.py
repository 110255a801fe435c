"""NumPy expressions for views and products of labelled arrays.

An operand is a text with labels on its axes; a `Piece` is what is computed from
operands: an expression, and where NumPy can write into a given array, how.

>>> sizes = {0: "m", 1: "k", 2: "n"}
>>> left, right = Operand("A", ((0,), (1,))), Operand("B", ((2,), (1,)))
>>> product(left, right, (0, 2), sizes.__getitem__).text
'A @ B.T'
>>> product(left, right, (0, 2), sizes.__getitem__).into
'np.matmul(A, B.T, out={})'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ..einsum_names import LETTERS
from ..einsum_spelling import ATOM, PRODUCT, SUM, length_text, tuple_text

#: Up to how many columns, and for how many entries of the matrix, a product is made of
#: products with vectors: the matrix is read again for each, so it must stay in cache.
FEW_COLUMNS, MANY_ENTRIES = 4, range(1 << 16, 1 << 22)

Axes: TypeAlias = tuple[tuple[int, ...], ...]
Labels: TypeAlias = tuple[int, ...]
SizeText: TypeAlias = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Operand:
    """An array's text with the labels of its axes (several where one axis is read as
    several, the same twice where a diagonal is read)."""

    text: str
    axes: Axes

    @property
    def labels(self) -> Labels:
        """All labels, in order."""
        return tuple(i for axis in self.axes for i in axis)


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression whose value has the labels `labels` in memory order.

    `into` computes it into the array put for {} (None where NumPy has no such call),
    of the shape `shape`; `view` leads from there to the labels in the order asked for.
    Where it only turns axes, `turn` says which axis of the array each of them is.
    """

    text: str
    labels: Labels
    shape: tuple[str, ...]
    into: str | None = None
    level: int = ATOM
    view: str = "{}"
    turn: tuple[int, ...] | None = None
    copies: bool = True

    def shown(self) -> str:
        """The expression with its view."""
        if self.view == "{}":
            return self.text
        return self.view.format(at_atom(self.text, self.level))


def untransposed(text: str, turn: Sequence[int]) -> str:
    """The text of which the transposition by `turn` is `text`."""
    return transposed(text, [list(turn).index(k) for k in range(len(turn))])


def at_atom(text: str, level: int) -> str:
    """The text, in parentheses unless it binds tightly."""
    return text if level == ATOM else f"({text})"


# -- views -----------------------------------------------------------------------------


def read_plainly(operand: Operand, size: SizeText) -> Operand:
    """The operand with one distinct label on every axis."""
    text, labels = operand.text, operand.labels
    if any(len(axis) != 1 for axis in operand.axes):
        text = f"{text}.reshape({', '.join(map(size, labels)) or '()'})"
    if len(set(labels)) == len(labels):
        return Operand(text, tuple((i,) for i in labels))
    kept = tuple(dict.fromkeys(labels))
    letter = dict(zip(kept, LETTERS, strict=False))
    spec = f"{_spelled(labels, letter)}->{_spelled(kept, letter)}"
    return Operand(f'np.einsum("{spec}", {text})', tuple((i,) for i in kept))


def _spelled(labels: Sequence[int], letter: dict[int, str]) -> str:
    return "".join(letter[i] for i in labels)


def arranged(operand: Operand, groups: Sequence[Labels], size: SizeText) -> str:
    """The operand with an axis for every group of labels; an empty one has length 1."""
    operand = read_plainly(operand, size)
    labels, text = operand.labels, operand.text
    order = [labels.index(i) for group in groups for i in group]
    text = transposed(text, order)
    if all(len(group) == 1 for group in groups):
        return text
    if all(len(group) <= 1 for group in groups):
        places = [":" if group else "None" for group in groups]
        return f"{text}[{', '.join(places)}]"
    return f"{text}.reshape({', '.join(_merged(groups, size))})"


def _merged(groups: Sequence[Labels], size: SizeText) -> list[str]:
    """The lengths of groups, the longest group's left to NumPy where none is 0."""
    longest = max(range(len(groups)), key=lambda k: len(groups[k]))
    told = [_length(group, size) or "1" for group in groups]
    if not any(size(i) == "0" for group in groups for i in group):
        told[longest] = "-1"
    return told


def transposed(text: str, order: Sequence[int]) -> str:
    """The axes of a text in another order."""
    if list(order) == list(range(len(order))):
        return text
    if list(order) == list(range(len(order)))[::-1]:
        return text[:-2] if text.endswith(".T") else f"{text}.T"
    return f"{text}.transpose({', '.join(map(str, order))})"


def spread(operand: Operand, out: Labels, size: SizeText) -> str:
    """The operand ready to broadcast against the labels `out`."""
    operand = read_plainly(operand, size)
    labels = operand.labels
    inside = [i for i in out if i in labels]
    text = transposed(operand.text, [labels.index(i) for i in inside])
    if not inside:
        return text
    places = [":" if i in labels else "None" for i in out[out.index(inside[0]) :]]
    return text if "None" not in places else f"{text}[{', '.join(places)}]"


# -- one operand -----------------------------------------------------------------------


def single(operand: Operand, out: Labels, size: SizeText) -> Piece:
    """A view, or a sum over some axes, with the axes in the order `out`."""
    operand = read_plainly(operand, size)
    labels = operand.labels
    kept = tuple(i for i in labels if i in out)
    order = [kept.index(i) for i in out]
    shape = tuple(map(size, kept))
    if kept == labels:
        text = transposed(operand.text, order)
        lengths = tuple(map(size, out))
        return Piece(text, out, lengths, turn=tuple(range(len(out))), copies=False)
    axes = [str(k) for k, i in enumerate(labels) if i not in out]
    listed = "" if not kept else axes[0] if len(axes) == 1 else tuple_text(axes)
    comma = f"{listed}, " if listed else ""
    into = f"{operand.text}.sum({comma}out={{}})"
    text = f"{operand.text}.sum({listed})"
    piece = Piece(text, kept, shape, into if kept else None)
    return _viewed(piece, order)


def _viewed(piece: Piece, order: Sequence[int]) -> Piece:
    """The piece, its axes turned into the order asked for."""
    return replace(piece, view=transposed("{}", order), turn=tuple(order))


# -- two operands ----------------------------------------------------------------------


def product(
    left: Operand, right: Operand, out: Labels, size: SizeText, memory: Labels = ()
) -> Piece:
    """The product of two operands summed over what is not in `out`; `memory` is the
    order of labels that the result would best have in memory."""
    left, right = read_plainly(left, size), read_plainly(right, size)
    shown = set(out)
    bound = tuple(i for i in left.labels if i in right.labels and i not in shown)
    memory = memory or out
    if not bound:
        return _elementwise(left, right, out, size, memory)
    if memory and memory[-1] in left.labels and memory[-1] not in right.labels:
        left, right = right, left
    batch = tuple(i for i in memory if i in left.labels and i in right.labels)
    rows = tuple(i for i in memory if i in left.labels and i not in batch)
    columns = tuple(i for i in memory if i in right.labels and i not in batch)
    if batch:
        return _stacked(left, right, (batch, rows, columns, bound), out, size)
    return _matrix(left, right, (rows, columns, bound), out, size)


def _elementwise(
    left: Operand, right: Operand, out: Labels, size: SizeText, memory: Labels
) -> Piece:
    """A broadcast product."""
    a, b = spread(left, memory, size), spread(right, memory, size)
    text, into = f"{a} * {b}", f"np.multiply({a}, {b}, out={{}})"
    piece = Piece(text, memory, tuple(map(size, memory)), into, PRODUCT)
    return _viewed(piece, [memory.index(i) for i in out])


def _matrix(
    left: Operand,
    right: Operand,
    groups: tuple[Labels, Labels, Labels],
    out: Labels,
    size: SizeText,
) -> Piece:
    rows, columns, bound = groups
    if _is_thin(rows, columns, bound, size):
        return _by_columns(left, right, groups, out, size)
    a = arranged(left, [g for g in (rows, bound) if g], size)
    b = arranged(right, [g for g in (bound, columns) if g], size)
    shape = tuple(_length(group, size) for group in (rows, columns) if group)
    piece = _multiplied(a, b, (*rows, *columns), shape)
    return _back(piece, (rows, columns, ()), out, size)


def _is_thin(rows: Labels, columns: Labels, bound: Labels, size: SizeText) -> bool:
    """Whether a product has so few columns that matrix times vector is quicker."""
    lengths = [size(i) for i in (*rows, *columns, *bound)]
    if not (len(columns) == len(rows) == len(bound) == 1) or not _known(lengths):
        return False
    m, n, k = map(int, lengths)
    return 1 < n <= FEW_COLUMNS and m * k in MANY_ENTRIES


def _known(lengths: Sequence[str]) -> bool:
    return all(length.isdigit() for length in lengths)


def _by_columns(
    left: Operand,
    right: Operand,
    groups: tuple[Labels, Labels, Labels],
    out: Labels,
    size: SizeText,
) -> Piece:
    """A matrix times a few vectors, the products as rows."""
    rows, columns, bound = groups
    a, b = arranged(left, [rows, bound], size), arranged(right, [columns, bound], size)
    labels = (*columns, *rows)
    piece = Piece(f"np.array([{a} @ x for x in {b}])", labels, tuple(map(size, labels)))
    return _viewed(piece, [labels.index(i) for i in out])


def _multiplied(a: str, b: str, labels: Labels, shape: tuple[str, ...]) -> Piece:
    into = f"np.matmul({a}, {b}, out={{}})" if shape else None
    return Piece(f"{a} @ {b}", labels, shape, into, SUM)


def _length(group: Labels, size: SizeText) -> str:
    """The length of labels that are one axis."""
    return length_text([size(i) for i in group])


def _back(
    piece: Piece, groups: tuple[Labels, Labels, Labels], out: Labels, size: SizeText
) -> Piece:
    """A product with its merged axes split, and turned into the order asked for."""
    rows, columns, batch = groups
    labels = (*batch, *rows, *columns)
    order = [labels.index(i) for i in out]
    if len(rows) < 2 and len(columns) < 2:
        return _viewed(piece, order)
    lengths = ", ".join(map(size, labels))
    return replace(piece, view=transposed(f"{{}}.reshape({lengths})", order))


def _stacked(
    left: Operand,
    right: Operand,
    groups: tuple[Labels, Labels, Labels, Labels],
    out: Labels,
    size: SizeText,
) -> Piece:
    """Products of matrices, one for every value of the batch labels."""
    batch, rows, columns, bound = groups
    lead = [(i,) for i in batch]
    if not rows and not columns:
        return _dots(left, right, batch, bound, out, size)
    if not rows or not columns:
        large, small = (left, right) if rows else (right, left)
        if large.labels[0] in batch and large.labels[-1] not in batch:
            return _vectors(large, small, (batch, rows or columns, bound), out, size)
        return _einsum(left, right, (*batch, *rows, *columns), out, size)
    a = _aligned(arranged(left, [*lead, rows, bound], size), left, batch)
    b = _aligned(arranged(right, [*lead, bound, columns], size), right, batch)
    shape = (*map(size, batch), _length(rows, size), _length(columns, size))
    piece = _multiplied(a, b, (*batch, *rows, *columns), shape)
    return _back(piece, (rows, columns, batch), out, size)


def _vectors(
    large: Operand,
    small: Operand,
    groups: tuple[Labels, Labels, Labels],
    out: Labels,
    size: SizeText,
) -> Piece:
    """A matrix times a vector for every value of the batch labels."""
    batch, rows, bound = groups
    lead = [(i,) for i in batch]
    a = arranged(large, [*lead, rows, bound], size)
    b = arranged(small, [*lead, bound, ()], size)
    labels = (*batch, *rows)
    lengths = ", ".join(map(size, labels))
    text = f"({a} @ {b}).reshape({lengths})"
    return _viewed(
        Piece(text, labels, tuple(map(size, labels))),
        [labels.index(i) for i in out],
    )


def _dots(
    left: Operand,
    right: Operand,
    batch: Labels,
    bound: Labels,
    out: Labels,
    size: SizeText,
) -> Piece:
    """A scalar product for every value of the batch labels."""
    along = left.labels == right.labels == (*batch, *bound) and len(bound) == 1
    if not (along and _known([size(i) for i in left.labels]) and hasattr(np, "vecdot")):
        return _einsum(left, right, batch, out, size)
    call = f"np.vecdot({left.text}, {right.text}"
    piece = Piece(f"{call})", batch, tuple(map(size, batch)), f"{call}, out={{}})")
    return _viewed(piece, [batch.index(i) for i in out])


def _aligned(text: str, operand: Operand, batch: Labels) -> str:
    """A stack whose matrices BLAS can read: copied where the batch axis comes last."""
    if operand.labels[-1] not in batch:
        return text
    return f"np.ascontiguousarray({text})"


def _einsum(
    left: Operand, right: Operand, memory: Labels, out: Labels, size: SizeText
) -> Piece:
    """NumPy's own loop, which suits products that are nearly entry by entry."""
    used = tuple(dict.fromkeys((*left.labels, *right.labels)))
    letter = dict(zip(used, LETTERS, strict=False))
    spec = f"{_spelled(left.labels, letter)},{_spelled(right.labels, letter)}"
    spec = f'"{spec}->{_spelled(memory, letter)}"'
    call = f"np.einsum({spec}, {left.text}, {right.text}"
    piece = Piece(f"{call})", memory, tuple(map(size, memory)), f"{call}, out={{}})")
    return _viewed(piece, [memory.index(i) for i in out])
