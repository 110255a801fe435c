"""Arrays that are used again: a thread's workspace, and results that were let go.

Fresh pages cost two to five times the writing. A `Workspace` keeps, for each thread,
the arrays that a program computes in; `Results` hands out arrays for results and uses
one again once nobody holds it any more, which the reference count of its memory tells.

>>> keeper = Results()
>>> first = keeper.take((3000, 3000), np.dtype(float))
>>> place = first.ctypes.data
>>> del first
>>> keeper.take((3000, 3000), np.dtype(float)).ctypes.data == place
True
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from .pairwise import Array

#: Results of fewer bytes come from NumPy: what the C library gives it is warm.
SMALL = 1 << 25

#: How many arrays are kept for results, and how many bytes of them; a workspace of more
#: bytes is let go after the call.
MOST, MOST_BYTES = 4, 1 << 32

#: How many views of a workspace are kept: one for every number, shape and dtype.
MOST_VIEWS = 1024


class Workspace(threading.local):
    """Numbered arrays of any shape, kept from call to call, for each thread its own;
    `least` says how many bytes an array will need in the end."""

    def __init__(self, least: Mapping[int, int] | None = None) -> None:
        self._least = {} if least is None else least
        self._memory: dict[int, Array] = {}
        self._views: dict[tuple[int, tuple[int, ...], Any], Array] = {}

    def __call__(self, number: int, shape: tuple[int, ...], dtype: Any) -> Array:
        """The array of a number, in the shape and dtype asked for; its entries are
        whatever was left there."""
        key = (number, shape, dtype)
        view = self._views.get(key)
        if view is None:
            view = self._made(number, shape, np.dtype(dtype))
            if len(self._views) >= MOST_VIEWS:
                self._views.clear()
            self._views[key] = view
        return view

    def _made(self, number: int, shape: tuple[int, ...], dtype: Any) -> Array:
        need = prod(shape) * dtype.itemsize
        memory = self._memory.get(number)
        if memory is None or memory.nbytes < need:
            for key in [key for key in self._views if key[0] == number]:
                del self._views[key]
            need = max(need, self._least.get(number, 0))
            self._memory.pop(number, None)
            memory = self._memory[number] = np.empty(need, np.uint8)
        return memory[: prod(shape) * dtype.itemsize].view(dtype).reshape(shape)

    def reserve(self, sizes: Sequence[int]) -> None:
        """Makes the arrays that a call will need, of so many bytes each, and keeps no
        others: so none has to grow while views of it are still read."""
        if [m.nbytes for m in self._memory.values()] != list(sizes):
            self.release()
            self._memory = {k: np.empty(n, np.uint8) for k, n in enumerate(sizes)}

    @property
    def nbytes(self) -> int:
        """What the calling thread keeps."""
        return sum(memory.nbytes for memory in self._memory.values())

    def release(self) -> None:
        """Forgets the calling thread's arrays."""
        self._memory.clear()
        self._views.clear()


class Results:
    """Arrays for results; the memory of one that nobody holds is used again.

    Every array handed out is a view of memory kept here, as is every view of it: NumPy
    leads their bases back to the owner, whose reference count is what is looked at.
    """

    def __init__(self) -> None:
        self._kept: list[Array] = []
        self._lock = threading.Lock()

    def takes(self, shape: tuple[int, ...], dtype: Any) -> bool:
        """Whether memory of that size is kept at all."""
        return prod(shape) * dtype.itemsize >= SMALL

    def take(
        self, shape: tuple[int, ...], dtype: Any, turn: Sequence[int] | None = None
    ) -> Array:
        """An array of a shape, whose entries are whatever was left there; `turn` says
        which axis of memory each of its axes is."""
        order = list(turn or range(len(shape)))
        lengths = [shape[order.index(k)] for k in range(len(shape))]
        need = prod(shape) * dtype.itemsize
        if need < SMALL:
            return np.empty(lengths, dtype).transpose(order)
        with self._lock:  # or two threads would find the same memory unheld
            for memory in self._kept:
                if memory.nbytes == need and _references(memory) <= _ALONE:
                    return memory.view(dtype).reshape(lengths).transpose(order)
            memory = np.empty(need, np.uint8)
            if need <= MOST_BYTES:
                self._keep(memory)
            return memory.view(dtype).reshape(lengths).transpose(order)

    def _keep(self, memory: Array) -> None:
        kept = [*self._kept, memory][-MOST:]
        while len(kept) > 1 and sum(array.nbytes for array in kept) > MOST_BYTES:
            kept = kept[1:]
        self._kept = kept

    @property
    def idle(self) -> int:
        """The bytes that are kept and that nobody holds."""
        with self._lock:
            return sum(
                [
                    memory.nbytes
                    for memory in self._kept
                    if _references(memory) <= _ALONE
                ]
            )

    def trim(self, wanted: Sequence[int]) -> None:
        """Forgets what nobody holds and a call cannot use, which wants arrays of so
        many bytes."""
        left = Counter(wanted)
        kept = []
        with self._lock:
            for memory in self._kept:
                alone = _references(memory) <= _ALONE
                if not alone or left[memory.nbytes]:
                    kept.append(memory)
                    left[memory.nbytes] -= alone
            self._kept = kept

    def release(self) -> None:
        """Forgets all arrays; those that are held elsewhere live on there."""
        self._kept = []


def _references(memory: Array) -> int:
    return sys.getrefcount(memory)


def _count_alone() -> int:
    """The count that `_references` gives for an array in a list and in a loop."""
    counts = [_references(memory) for memory in [np.empty(1, np.uint8)]]
    return counts[0]


_ALONE = _count_alone()
