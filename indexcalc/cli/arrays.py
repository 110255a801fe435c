"""Arrays from the command line: numbers, lists, .npy, .npz and .csv files.

>>> [(name, value.array.tolist()) for name, value in values_of(["x=[1, 2]", "b=-1.5"])]
[('x', [1, 2]), ('b', -1.5)]
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ..errors import ParseError
from ..legible import quoted

Array = np.ndarray[Any, Any]

#: What parts the cells of a table, the first that its first line has; else spaces do.
SEPARATORS = (";", "\t", ",")


@dataclass(frozen=True, slots=True)
class Value:
    """An array, whether its number of axes is told (a table of one column may be a
    vector), and whether it need not be used."""

    array: Array
    exact: bool = True
    spare: bool = False

    def fitted(self, axes: int) -> Array:
        """The array with so many axes, where a table may be read so."""
        if self.exact or axes >= 2 or 1 not in self.array.shape:
            return self.array
        return self.array.reshape(()) if axes == 0 else self.array.reshape(-1)


def values_of(given: Sequence[str]) -> Iterator[tuple[str, Value]]:
    """Every array by its name. Raises `ParseError` for what is no value, `OSError` for
    a file that cannot be read."""
    taken: set[str] = set()
    for text in given:
        for name, value in _values(text):
            if name in taken:
                raise ParseError(f"{quoted(name)} is given twice")
            taken.add(name)
            yield name, value


def _values(text: str) -> Iterator[tuple[str, Value]]:
    name, equals, written = (part.strip() for part in text.partition("="))
    if equals and name and "/" not in name:
        yield name, _value(name, written)
    elif _ending(text) == ".npz":
        yield from ((n, Value(a, spare=True)) for n, a in _archive(text).items())
    else:
        raise ParseError(
            f"{quoted(text)} gives no value", hint="as in X=data.npy, b=1.5 or all.npz"
        )


def _ending(path: str) -> str:
    return PurePath(path).suffix.lower()


def _value(name: str, written: str) -> Value:
    match _ending(written):
        case ".npy":
            return Value(_loaded(written))
        case ".npz":
            return Value(_member(name, written))
        case ".csv" | ".tsv" | ".txt":
            return Value(_table(written), exact=False)
    return Value(_literal(name, written))


# -- numbers and lists -----------------------------------------------------------------


def _literal(name: str, written: str) -> Array:
    """A number, or lists of numbers."""
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        found = _complex(name, written)
    try:
        array = np.array(found)
    except (ValueError, OverflowError):
        array = np.array(None)
    if array.dtype.kind not in "iufc":
        raise _no_value(name, written)
    return array


def _complex(name: str, written: str) -> complex:
    try:
        return complex(written.replace(" ", ""))
    except ValueError:
        raise _no_value(name, written) from None


def _no_value(name: str, written: str) -> ParseError:
    return ParseError(
        f"{quoted(written)} is no value for {quoted(name)}",
        hint="a number, a list such as [[1,2],[3,4]], or a .npy, .npz or .csv file",
    )


# -- files -----------------------------------------------------------------------------


def _require_regular(path: str) -> None:
    """Raises `ParseError` for a device or a pipe, which may never end."""
    if Path(path).exists() and not Path(path).is_file():
        raise ParseError(f"{quoted(path)} is no file that can be read whole")


def _loaded(path: str) -> Any:
    """What a file of NumPy holds, a single array still on the disk."""
    _require_regular(path)
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError:
        raise
    except Exception:  # what a broken file is met with is not told
        raise _broken(path) from None
    return found if hasattr(found, "files") else np.asarray(found)


def _broken(path: str) -> ParseError:
    return ParseError(
        f"{quoted(path)} cannot be read as arrays of numbers",
        hint="written by numpy.save or numpy.savez, without objects",
    )


def _archive(path: str) -> dict[str, Array]:
    """The arrays of an .npz file by name."""
    held = _loaded(path)
    if not hasattr(held, "files"):
        raise ParseError(f"{quoted(path)} holds a single array without a name")
    try:
        with held:
            return {name: held[name] for name in held.files}
    except Exception:  # as above
        raise _broken(path) from None


def _member(name: str, path: str) -> Array:
    """The array of a name in an .npz file, or its only one."""
    held = _archive(path)
    if name in held or len(held) == 1:
        return held.get(name, next(iter(held.values())))
    raise ParseError(
        f"{quoted(path)} has no array {quoted(name)}",
        hint=f"it has {', '.join(held) or 'none'}",
    )


def _table(path: str) -> Array:
    """The numbers of a table, one row a line; a line of names may stand above."""
    _require_regular(path)
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = [(k, t.strip()) for k, t in enumerate(file, 1)]
    except UnicodeDecodeError as error:
        raise ParseError(f"{quoted(path)} is no text: {error.reason}") from None
    lines = [(k, text) for k, text in lines if text and not text.startswith("#")]
    if not lines:
        raise ParseError(f"{quoted(path)} holds no numbers")
    separator = next((s for s in SEPARATORS if s in lines[0][1]), None)
    cells = [(k, text.split(separator)) for k, text in lines]
    body = cells if any(map(_is_number, cells[0][1])) else cells[1:]
    wide = len(cells[0][1])
    if not body:
        raise ParseError(f"{quoted(path)} holds no numbers but a line of names")
    found = [_row(path, k, row, wide) for k, row in body]
    return np.array(found, float).reshape(len(found), wide)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _row(path: str, line: int, cells: Sequence[str], wide: int) -> list[float]:
    if len(cells) != wide:
        raise ParseError(
            f"{quoted(path)}, line {line} has {len(cells)} cells, and the first line "
            f"has {wide}"
        )
    try:
        return list(map(float, cells))
    except ValueError:
        k = next(k for k, cell in enumerate(cells) if not _is_number(cell))
        raise ParseError(
            f"{quoted(path)}, line {line}, cell {k + 1} is no number: "
            f"{quoted(cells[k].strip())}"
        ) from None
