"""Reading a result: every cache line of it once, the same way for every contender.

A result whose pages were never touched (`np.zeros`) or never written (a view) is
charged for what its first reader pays. One thread reads, so that no library's threads
are in another one's way. On the CPU the arrays of JAX and PyTorch are
read through NumPy views of their memory; on other devices by a sum there, which also
waits for the result.

>>> float(read(np.ones((3, 4)))), float(read((np.ones(2), np.ones(3))))
(1.0, 2.0)
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

#: Bytes of a cache line.
LINE = 64


def read(result: Any) -> Any:
    """Reads all of a result, once."""
    if isinstance(result, (tuple, list)):
        return sum(read(part) for part in result)
    if isinstance(result, np.ndarray):
        return _read_array(result)
    parts = getattr(result, "parts", None)
    if parts is not None:
        return sum(_read_array(part.core) for part in parts)
    if _elsewhere(result):
        return float(result.sum())
    return _read_array(as_numpy(result))


def _read_array(array: Array) -> Any:
    if not array.flags.c_contiguous:
        array = in_memory_order(array)
    if not array.flags.c_contiguous:
        return array.max(initial=0)
    return array.reshape(-1)[:: LINE // array.itemsize].max(initial=0)


def in_memory_order(array: Array) -> Array:
    """The array with its axes sorted as they lie in memory."""
    steps = array.strides
    return array.transpose(sorted(range(array.ndim), key=lambda k: -steps[k]))


def as_numpy(result: Any) -> Array:
    """A NumPy view of an array of another library, which waits for its value."""
    if isinstance(result, np.ndarray):
        return result
    if hasattr(result, "detach"):
        return result.detach().cpu().numpy()
    return np.asarray(result)


def _elsewhere(result: Any) -> bool:
    device = getattr(result, "device", None)
    if device is None or isinstance(device, str):
        return False
    kind = getattr(device, "type", None) or getattr(device, "platform", "cpu")
    return kind != "cpu"


def cores(result: Any) -> Array:
    """What a result is compared by: a structured one by its core, the axes of the core
    in the order in which they first occur in the result.

    Raises `ValueError` for a sum of several cores.
    """
    parts = getattr(result, "parts", None)
    if parts is None:
        return as_numpy(result)
    if len(parts) != 1:
        raise ValueError(f"{len(parts)} cores where one is wanted")
    (part,) = parts
    if hasattr(part, "carried"):
        return part.core
    first = dict.fromkeys(label for axis in part.axes for label in axis)
    held = [label for label in first if label in part.labels]
    return part.core.transpose([part.labels.index(label) for label in held])
