"""Subscripts with NumPy's meaning: `X[i]`, `X[:, None]`, `X[..., ::-1]`, `X[[0, 2]]`.

Every place of a subscript is one operand of a contraction: an integer is a basis
vector, a slice a window of the identity, an array of indices a 0/1 matrix with a row
an index. Arrays in several places share the index of their rows, which is all there is
to NumPy's pairing.

>>> from indexcalc.expr import tensor
>>> X = tensor("X", (3, "n"))
>>> getitem(X, (slice(1, None), None, 0)).shape
(2, 1)
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import expr, matrix
from .broadcasting import as_node, literal
from .errors import ShapeError, UnsupportedError
from .nodes import Base, Node, Operand
from .sizes import Shape, Size, shape_text, size_text

Array = np.ndarray[Any, Any]


@dataclass(slots=True)
class Wiring:
    """A subscript being put together: the legs of the node, further operands, the
    result's axes, and the indices that index arrays share."""

    legs: list[int]
    spare: int
    operands: list[Operand] = field(default_factory=list)
    out: list[Any] = field(default_factory=list)
    arrays: list[tuple[int, Array]] = field(default_factory=list)
    seat: int | None = None
    torn: bool = False


def getitem(node: Node, key: object) -> Node:
    """node[key].

    Raises `ShapeError` for an entry that is not there, `UnsupportedError` for what only
    literal sizes allow.
    """
    places = _expanded(node.shape, key)
    wiring = Wiring(list(range(len(node.shape))), len(node.shape))
    advanced = any(isinstance(place, np.ndarray) for place in places)
    axis, previous = 0, False
    for place in places:
        joint = advanced and isinstance(place, (int, np.ndarray))
        if joint:
            wiring.torn |= wiring.seat is not None and not previous
            wiring.seat = len(wiring.out) if wiring.seat is None else wiring.seat
        previous = joint
        if place is None:
            wiring.out.append(())
        if place is None or place is Ellipsis:
            continue
        _place(wiring, node.shape[axis], axis, place)
        axis += 1
    _join(wiring, node.shape)
    return expr.einsum([(node, wiring.legs), *wiring.operands], wiring.out)


def _expanded(shape: Shape, key: object) -> list[Any]:
    """The subscript with one place an axis, beside None and the ellipsis."""
    places = [_place_of(k) for k in (key if isinstance(key, tuple) else (key,))]
    dots = [k for k, place in enumerate(places) if place is Ellipsis]
    if len(dots) > 1:
        raise ShapeError("a subscript has one ellipsis at most")
    used = sum(map(_width, places))
    if used > len(shape):
        raise ShapeError(
            f"{used} indices on {shape_text(shape)}, which has {len(shape)} axes"
        )
    at = dots[0] + 1 if dots else len(places)
    places[at:at] = [slice(None)] * (len(shape) - used)
    return _unmasked(shape, places)


def _width(place: object) -> int:
    """How many axes a place takes."""
    if place is None or place is Ellipsis:
        return 0
    return place.ndim if _is_mask(place) else 1  # type: ignore[attr-defined]


def _is_mask(place: object) -> bool:
    return isinstance(place, np.ndarray) and place.dtype.kind == "b"


def _unmasked(shape: Shape, places: Sequence[Any]) -> list[Any]:
    """The places with every boolean array as the index arrays of its true entries."""
    result: list[Any] = []
    axis = 0
    for place in places:
        width = _width(place)
        if _is_mask(place):
            if place.shape != shape[axis : axis + width]:
                raise ShapeError(
                    f"a mask of shape {shape_text(place.shape)} on axes of shape "
                    f"{shape_text(shape[axis : axis + width])}"
                )
            result += np.nonzero(place)
        else:
            result.append(place)
        axis += width
    return result


def _place_of(place: object) -> object:
    if place is None or place is Ellipsis or isinstance(place, slice):
        return place
    if isinstance(place, Base):
        raise UnsupportedError(
            "an index must be a number, and this is an expression",
            hint="multiply by a 0/1 mask instead",
        )
    if isinstance(place, (list, np.ndarray, bool, np.bool_)):
        array = _index_array(place)
        return array if array.ndim else int(array)
    try:
        return int(operator.index(place))  # type: ignore[arg-type]
    except TypeError:
        raise UnsupportedError(
            f"{place!r} is not an index", hint="integers, slices, None, ... and arrays"
        ) from None


def _index_array(place: object) -> Array:
    array = np.asarray(place)
    if not array.size and array.dtype.kind == "f":
        array = array.astype(np.int64)
    if array.dtype.kind not in "biu" or (array.ndim == 0 and array.dtype.kind == "b"):
        what = "array" if array.ndim else "value"
        raise UnsupportedError(
            f"{what} of dtype {array.dtype} as an index",
            hint="integers, or a boolean array with as many axes as it indexes",
        )
    return array


def _place(wiring: Wiring, size: Size, axis: int, place: Any) -> None:
    """One place of the subscript on one axis."""
    if isinstance(place, np.ndarray):
        wiring.arrays.append((axis, place))
    elif isinstance(place, slice):
        _slice(wiring, size, axis, place)
    elif size != 1 or place not in (0, -1):
        entry = matrix.basis(_entry(place, size), size)
        wiring.operands.append((entry, (wiring.legs[axis],)))


def _entry(i: int, size: Size) -> int:
    if i >= 0:
        return i
    if not isinstance(size, int):
        raise UnsupportedError(
            f"the entry {i} counts from the end of an axis of size {size_text(size)}",
            hint="declare the size as a number",
        )
    if i < -size:
        raise ShapeError(f"there is no entry {i} on an axis of size {size}")
    return i + size


def _slice(wiring: Wiring, size: Size, axis: int, place: slice) -> None:
    if place.start in (None, 0) and place.stop is None and place.step in (None, 1):
        wiring.out.append(wiring.legs[axis])
        return
    taken = range(*place.indices(literal(size, "a slice")))
    if taken == range(literal(size, "a slice")):
        wiring.out.append(wiring.legs[axis])
        return
    wiring.operands.append((selection(taken, size), (wiring.legs[axis], wiring.spare)))
    wiring.out.append(wiring.spare)
    wiring.spare += 1


def selection(taken: range, size: Size) -> Node:
    """The size×length matrix whose columns are the basis vectors of a range.

    >>> selection(range(1, 3), 4).shape
    (4, 2)
    """
    if len(taken) == 1:
        return expr.einsum([(matrix.basis(taken[0], size), [0])], [0, ()])
    if len(taken) > 1 and taken.step == 1:
        return matrix.embed(taken[0], len(taken), size)
    return as_node(np.eye(literal(size, "a slice"))[:, list(taken)])


def _join(wiring: Wiring, shape: Shape) -> None:
    """The operands of index arrays, whose rows are shared, and their axes in the
    result: where the first of them stands, or in front where a slice tears them
    apart."""
    if not wiring.arrays:
        return
    try:
        rows = np.broadcast_arrays(*(array for _, array in wiring.arrays))
    except ValueError:
        shapes = " and ".join(shape_text(array.shape) for _, array in wiring.arrays)
        raise ShapeError(f"index arrays of shapes {shapes} do not broadcast") from None
    joint = list(range(wiring.spare, wiring.spare + rows[0].ndim))
    wiring.spare += len(joint)
    for (axis, _), row in zip(wiring.arrays, rows, strict=True):
        picked = rows_of(row, shape[axis])
        wiring.operands.append((picked, (*joint, wiring.legs[axis])))
    seat = 0 if wiring.torn or wiring.seat is None else wiring.seat
    wiring.out[seat:seat] = joint


def rows_of(entries: Array, size: Size) -> Node:
    """The 0/1 tensor with a basis vector of a size for every entry of an index array.

    Raises `ShapeError` where an entry is not on the axis.
    """
    if not isinstance(size, int):
        return _symbolic_rows(entries, size)
    if not entries.size:
        return expr.zero((*entries.shape, size))
    if entries.min() < -size or entries.max() >= size:
        raise ShapeError(
            f"an index array reaches from {entries.min()} to {entries.max()} on an "
            f"axis of size {size}"
        )
    if entries.ndim == 1 and entries[0] >= 0 and bool((np.diff(entries) == 1).all()):
        run = range(int(entries[0]), int(entries[-1]) + 1)
        return matrix.transpose(selection(run, size))
    return as_node(np.eye(size)[entries])


def _symbolic_rows(entries: Array, size: Size) -> Node:
    shape = (*entries.shape, size)
    if entries.size > 1000:
        literal(size, "an index array of over 1000 entries")
    legs = range(len(shape))
    terms = []
    for at in np.ndindex(entries.shape):
        chosen = matrix.basis(_entry(int(entries[at]), size), size)
        rows = [matrix.basis(i, n) for i, n in zip(at, entries.shape, strict=True)]
        pairs = [(e, [k]) for k, e in zip(legs, [*rows, chosen], strict=True)]
        terms.append((expr.einsum(pairs, legs), 1))
    return expr.linear(terms, shape)
