"""Where the entries of a variable are, and how a block reads its slice of them.

A NumPy array is at hand; a memory-mapped `.npy`, a Zarr and a dask array stay where
they are, and whoever computes a block reads its own slice.

>>> source = located("X", np.arange(6).reshape(2, 3))
>>> source.shape, source.dtype, read(source.data, (slice(1, 2), slice(0, 2))).tolist()
((2, 3), dtype('float64'), [[3.0, 4.0]])
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeGuard

import numpy as np

from ..binding import as_array
from ..errors import EvaluationError
from ..pairwise import Array

Slices: TypeAlias = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class MappedFile:
    """An array in a file, as `numpy.memmap` finds it."""

    path: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    order: Literal["C", "F"]

    def __getitem__(self, slices: Slices) -> Array:
        mapped: Array = np.memmap(
            self.path,
            np.dtype(self.dtype),
            "r",
            self.offset,
            self.shape,
            self.order,
        )
        return np.array(mapped[slices])


@dataclass(frozen=True, slots=True)
class Located:
    """The array of a variable: what can be sliced for it, its shape and its dtype
    (integers are read as float64)."""

    data: Any
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def at_hand(self) -> bool:
        """Whether it is in this process's memory."""
        return isinstance(self.data, np.ndarray)

    @property
    def is_dask(self) -> bool:
        """Whether it is a dask array."""
        return hasattr(self.data, "__dask_graph__")


def located(name: str, value: object) -> Located:
    """Where the array given for a variable is.

    Raises `EvaluationError` for what is not numeric.
    """
    if isinstance(value, np.memmap) and isinstance(value.base, mmap.mmap):
        return _checked(name, _mapped(value))
    if _is_remote(value):
        return _checked(name, value)
    array = as_array(name, value[...] if _is_zarr(value) else value)
    return Located(array, array.shape, array.dtype)


def _is_remote(value: object) -> bool:
    held = type(getattr(value, "store", None)).__name__ == "MemoryStore"
    return hasattr(value, "__dask_graph__") or (_is_zarr(value) and not held)


def _is_zarr(value: object) -> TypeGuard[Any]:
    return type(value).__module__.partition(".")[0] == "zarr"


def _mapped(array: np.memmap[Any, Any]) -> MappedFile:
    order: Literal["C", "F"] = "C" if array.flags.c_contiguous else "F"
    path = str(Path(str(array.filename)).resolve())
    return MappedFile(path, array.dtype.str, array.offset, array.shape, order)


def _checked(name: str, data: Any) -> Located:
    dtype = np.dtype(data.dtype)
    if dtype.kind not in "biufc":
        raise EvaluationError(
            f"the value of {name} has dtype {dtype}", hint="pass numbers"
        )
    shape = tuple(int(n) for n in data.shape)
    return Located(data, shape, np.dtype(float) if dtype.kind in "biu" else dtype)


def read(data: Any, slices: Slices) -> Array:
    """The entries in a region, in memory."""
    return as_array("a slice", np.asarray(data[slices]))


def placed(arrays: Mapping[str, object]) -> dict[str, Located]:
    """Every array located, in alphabetical order."""
    return {name: located(name, arrays[name]) for name in sorted(arrays)}
