"""Arrays without entries: shapes, strides, dtypes, and the memory that they would hold.

A program of NumPy run on shadows takes and gives back memory exactly when it would with
arrays, because a shadow lives as long as the array whose place it takes. A `Meter`
counts. What needs entries raises `NoShadowError`.

>>> meter = Meter()
>>> x = made(meter, in_order((1000, 1000)), np.dtype(float))
>>> y = x.T.reshape(-1)                                  # no view: a copy
>>> meter.now, meter.peak
(16000000, 16000000)
>>> del x
>>> meter.now, y.shape
(8000000, (1000000,))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from .layouts import Layout, Shape, cut, diagonal, in_order, reshaped, turned

DType = np.dtype[Any]


class NoShadowError(Exception):
    """What cannot be known without entries."""


class Meter:
    """Bytes that are held, the most there were, and the largest array."""

    def __init__(self) -> None:
        self.now = self.peak = self.largest = 0

    def take(self, nbytes: int) -> None:
        """Some memory more."""
        self.now += nbytes
        self.peak = max(self.peak, self.now)
        self.largest = max(self.largest, nbytes)

    def passing(self, nbytes: int) -> None:
        """Memory that a call needs only while it runs."""
        self.peak = max(self.peak, self.now + nbytes)


class Memory:
    """Bytes that are given back when nobody refers to them any more."""

    __slots__ = ("meter", "nbytes")

    def __init__(self, meter: Meter, nbytes: int) -> None:
        self.meter, self.nbytes = meter, nbytes
        meter.take(nbytes)

    def __del__(self) -> None:
        self.meter.now -= self.nbytes


class Shadow:
    """An array as its layout, its dtype, and the memory that it lies in; `whole` where
    it owns that memory, `steady` where it may not be written."""

    __slots__ = ("dtype", "layout", "memory", "meter", "steady", "whole")

    def __init__(
        self,
        meter: Meter,
        layout: Layout,
        dtype: DType,
        memory: Memory | None,
        *,
        whole: bool = False,
        steady: bool = False,
    ) -> None:
        self.meter, self.layout, self.dtype = meter, layout, dtype
        self.memory, self.whole, self.steady = memory, whole, steady

    def viewed(self, layout: Layout, *, steady: bool = False) -> Shadow:
        """The same memory in another layout."""
        steady = steady or self.steady
        return Shadow(self.meter, layout, self.dtype, self.memory, steady=steady)

    def like(self, layout: Layout, dtype: DType | None = None) -> Shadow:
        """A new array."""
        return made(self.meter, layout, self.dtype if dtype is None else dtype)

    # -- what arrays tell --------------------------------------------------------------

    @property
    def shape(self) -> Shape:
        """The lengths of the axes."""
        return self.layout.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.layout.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.layout.size

    @property
    def nbytes(self) -> int:
        """The bytes of the entries."""
        return self.layout.size * self.dtype.itemsize

    @property
    def T(self) -> Shadow:
        """The axes in reverse."""
        return self.transpose()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Shadow]:
        return (self[k] for k in range(len(self)))

    def __getattr__(self, name: str) -> Any:
        raise NoShadowError(name)

    def __bool__(self) -> bool:
        raise NoShadowError("the truth of an array")

    # -- views -------------------------------------------------------------------------

    def transpose(self, *axes: Any) -> Shadow:
        """The axes in another order; in reverse where none is told."""
        order = _listed(axes) or range(self.ndim)[::-1]
        return self.viewed(turned(self.layout, order))

    def swapaxes(self, one: int, two: int) -> Shadow:
        """Two axes exchanged."""
        order = list(range(self.ndim))
        order[one], order[two] = order[two], order[one]
        return self.viewed(turned(self.layout, order))

    def reshape(self, *shape: Any) -> Shadow:
        """Another shape: a view where strides can say it, else a copy."""
        wanted = [int(n) for n in _listed(shape)]
        if -1 in wanted:
            rest = prod(n for n in wanted if n != -1)
            wanted[wanted.index(-1)] = self.size // rest if rest else 0
        found = reshaped(self.layout, wanted)
        return self.like(in_order(wanted)) if found is None else self.viewed(found)

    def view(self, _: Any) -> Shadow:
        """The bytes under another dtype; here only to be filled."""
        return self

    def diagonal(self) -> Shadow:
        """The diagonal of the first two axes, at the end."""
        rest = list(range(2, self.ndim))
        last = [*range(1, self.ndim - 1), 0]
        found = diagonal(self.layout, [0, 0, *rest])
        return self.viewed(turned(found, last), steady=True)

    def __getitem__(self, key: Any) -> Shadow:
        items = key if isinstance(key, tuple) else (key,)
        if all(_is_plain(item) for item in items):
            return self.viewed(cut(self.layout, items))
        found = self.like(_chosen(self.layout, items))
        found.whole = False
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        """Entries written; nothing is held."""

    # -- new arrays --------------------------------------------------------------------

    def copy(self) -> Shadow:
        """An array of its own."""
        return self.like(in_order(self.shape))

    def astype(self, dtype: Any, copy: bool = True) -> Shadow:
        """The entries in another dtype."""
        kind = np.dtype(dtype)
        if kind == self.dtype and not copy:
            return self
        return self.like(in_order(self.shape), kind)

    def fill(self, _: Any) -> None:
        """All entries alike."""

    def sum(
        self, axis: Any = None, out: Shadow | None = None, keepdims: bool = False
    ) -> Shadow:
        """The sum along axes, of one entry each while NumPy adds."""
        return self.reduced(axis, out, keepdims, self.dtype)

    def prod(self, axis: Any = None) -> Shadow:
        """The product along axes."""
        return self.reduced(axis, None, False, self.dtype)

    def max(self, axis: Any = None, keepdims: bool = False, **_: Any) -> Shadow:
        """The largest entries along axes."""
        return self.reduced(axis, None, keepdims, self.dtype)

    def any(self) -> bool:
        """Taken to be false: what is asked for so is rare."""
        return False

    def all(self) -> bool:
        """Taken to be true: what is asked for so is usual."""
        return True

    def reduced(
        self, axis: Any, out: Shadow | None, keepdims: bool, dtype: DType
    ) -> Shadow:
        """One entry for every place along the other axes."""
        every = range(self.ndim)
        axes = every if axis is None else _listed((axis,))
        gone = {k % max(self.ndim, 1) for k in axes}
        shape = [1 if k in gone else n for k, n in enumerate(self.shape)]
        if not keepdims:
            shape = [n for k, n in enumerate(self.shape) if k not in gone]
        return self.like(in_order(shape), dtype) if out is None else out


def made(meter: Meter, layout: Layout, dtype: DType) -> Shadow:
    """A new array."""
    memory = Memory(meter, layout.size * dtype.itemsize)
    return Shadow(meter, layout, dtype, memory, whole=True)


def _listed(items: Sequence[Any]) -> Sequence[int]:
    """Arguments given one by one or as a sequence."""
    if len(items) == 1 and isinstance(items[0], (tuple, list, range)):
        return list(items[0])
    return list(items)


def _is_plain(item: Any) -> bool:
    return item is None or item is Ellipsis or isinstance(item, (slice, int))


def _chosen(layout: Layout, items: Sequence[Any]) -> Layout:
    """What arrays of numbers or of truth values choose, where there is one such array,
    or several side by side: their axes lie outermost. Half of the entries count as
    true."""
    shape: list[int] = []
    outer: list[int] = []
    given = sum(item is not None and item is not Ellipsis for item in items)
    rest = (slice(None),) * (len(layout.shape) - given)
    place = next((k for k, item in enumerate(items) if item is Ellipsis), len(items))
    axes = iter(layout.shape)
    for item in (*items[:place], *rest, *items[place + 1 :]):
        length = 1 if item is None else next(axes)
        if item is None:
            shape.append(1)
        elif isinstance(item, slice):
            shape.append(len(range(*item.indices(length))))
        elif not isinstance(item, int) and not outer:
            found = [(length + 1) // 2] if _is_mask(item) else list(np.shape(item))
            outer = list(range(len(shape), len(shape) + len(found)))
            shape += found
    return in_order(shape, [*outer, *(k for k in range(len(shape)) if k not in outer)])


def _is_mask(item: Any) -> bool:
    return isinstance(item, Shadow) and item.dtype.kind == "b"
