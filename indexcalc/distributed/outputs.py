"""Where blocks are written: a `.npy` file, a Zarr array, or an array in memory.

A file is made beside its final name, full of zeros that take no space, and every block
is written into its region, by whoever computed it; only when all are there is it
renamed. A run that fails leaves nothing behind.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     target = NpyFile.create(f"{folder}/J.npy", (2, 3), np.dtype(float), (1, 3))
...     target.write((slice(1, 2), slice(0, 2)), np.ones((1, 2)))
...     np.load(target.finish()).tolist()
[[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from operator import add, mul
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from ..errors import EvaluationError, UnsupportedError
from ..pairwise import Array
from .extras import extra

Region = tuple[slice, ...]

#: A chunk of a Zarr array has at most this many bytes, where its block allows that.
CHUNK = 1 << 25


class Target(Protocol):
    """What blocks are written to. `write` may be called in any process, again for a
    region already written, and for regions in any order."""

    def write(self, region: Region, block: Array) -> None:
        """Writes one block."""

    def finish(self) -> str:
        """Gives the whole its name."""

    def abandon(self) -> None:
        """Removes what was written."""


@dataclass(frozen=True, slots=True)
class NpyFile:
    """A `.npy` file in the making: its path, its temporary one, where entries start."""

    path: str
    part: str
    start: int
    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def create(
        cls, path: str, shape: Sequence[int], dtype: np.dtype[Any], block: Sequence[int]
    ) -> Self:
        """An array of zeros."""
        whole = _fresh(path)
        handle, part = tempfile.mkstemp(dir=whole.parent, prefix=f".{whole.name}.")
        header = {
            "descr": np.lib.format.dtype_to_descr(dtype),
            "fortran_order": False,
            "shape": tuple(shape),
        }
        with os.fdopen(handle, "wb") as file:
            np.lib.format.write_array_header_2_0(file, header)
            start = file.tell()
            file.truncate(start + prod(shape) * dtype.itemsize)
        os.chmod(part, 0o666 & ~_umask())
        return cls(str(whole), part, start, tuple(shape), dtype.str)

    def write(self, region: Region, block: Array) -> None:
        """Writes a block run by run, a run being what lies together in the file; one
        that is not in order is put in order a run, or a row, at a time."""
        depth = run_depth(block.shape, self.shape)
        if block.ndim > 1 and not block.flags.c_contiguous:
            depth = max(depth, 1)
        axes = range(len(self.shape))
        strides = [prod(self.shape[k + 1 :]) * block.itemsize for k in axes]
        corner = [r.start for r in region]
        with open(self.part, "r+b", buffering=0) as file:
            for place in product(*map(range, block.shape[:depth])):
                at = [*map(add, corner, place), *corner[depth:]]
                offset = self.start + sum(map(mul, at, strides))
                _write_at(file.fileno(), np.ascontiguousarray(block[place]), offset)

    def finish(self) -> str:
        """Renames it; the path."""
        os.replace(self.part, self.path)
        return self.path

    def abandon(self) -> None:
        """Deletes it."""
        Path(self.part).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def run_depth(block: Sequence[int], shape: Sequence[int]) -> int:
    """How many leading axes of a block separate what lies apart in the whole.

    >>> run_depth((3, 5, 7), (10, 5, 7)), run_depth((3, 5, 2), (10, 5, 7))
    (0, 2)
    """
    depth = len(shape)
    while depth and block[depth - 1] == shape[depth - 1]:
        depth -= 1
    return max(depth - 1, 0)


def _write_at(file: int, data: Array, offset: int) -> None:
    view = data.reshape(-1).view(np.uint8).data
    while len(view):
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written


@dataclass(frozen=True, slots=True)
class ZarrArray:
    """A Zarr array in the making, a block being whole chunks."""

    path: str
    part: str

    @classmethod
    def create(
        cls, path: str, shape: Sequence[int], dtype: np.dtype[Any], block: Sequence[int]
    ) -> Self:
        """An array of zeros, whose chunks divide the blocks."""
        zarr = _zarr()
        whole = _fresh(path)
        part = tempfile.mkdtemp(dir=whole.parent, prefix=f".{whole.name}.")
        chunks = chunk_shape(block, dtype.itemsize)
        zarr.create_array(
            store=part, shape=tuple(shape), dtype=dtype, chunks=chunks, fill_value=0
        )
        os.chmod(part, 0o777 & ~_umask())
        return cls(str(whole), part)

    def write(self, region: Region, block: Array) -> None:
        """Writes a block."""
        _zarr().open_array(self.part, mode="r+")[region] = block

    def finish(self) -> str:
        """Renames it; the path."""
        os.rename(self.part, self.path)
        return self.path

    def abandon(self) -> None:
        """Deletes it."""
        shutil.rmtree(self.part, ignore_errors=True)


def chunk_shape(block: Sequence[int], itemsize: int) -> tuple[int, ...]:
    """A shape that divides a block's, halved until a chunk is small.

    >>> chunk_shape((64, 4096, 4096), 8)
    (1, 1024, 4096)
    """
    chunk = [max(n, 1) for n in block]
    for k in range(len(chunk)):
        while chunk[k] % 2 == 0 and prod(chunk) * itemsize > CHUNK:
            chunk[k] //= 2
    return tuple(chunk)


def _zarr() -> Any:
    return extra("zarr", "a Zarr array")


def _fresh(path: str) -> Path:
    """The full path of a file that is not there yet, in a folder that is."""
    whole = Path(path).expanduser().resolve()
    if whole.exists():
        raise EvaluationError(f"{path} is there already", hint="remove it first")
    if not whole.parent.is_dir():
        raise EvaluationError(
            f"there is no folder {whole.parent}", hint="make it first"
        )
    return whole


Create = Callable[[str, Sequence[int], np.dtype[Any], Sequence[int]], Target]

#: What makes a target, by the ending of its path.
TARGETS: dict[str, Create] = {".npy": NpyFile.create, ".zarr": ZarrArray.create}


def create(
    path: str, shape: Sequence[int], dtype: np.dtype[Any], block: Sequence[int]
) -> Target:
    """The target that a path's ending asks for; `block` is the shape of a block.

    Raises `EvaluationError` where the path exists, `UnsupportedError` for an ending
    that is not one of `TARGETS`.
    """
    ending = Path(path).suffix
    if ending not in TARGETS:
        raise UnsupportedError(
            f"a result cannot be written to {path}",
            hint=f"end its name in {' or '.join(TARGETS)}",
        )
    return TARGETS[ending](path, shape, dtype, block)


def opened(path: str) -> Any:
    """The array at a path, read as it is used."""
    if Path(path).suffix == ".zarr":
        return _zarr().open_array(path, mode="r")
    array = np.lib.format.open_memmap
    return array(path, mode="r")
