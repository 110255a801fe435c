"""Constants of symbolic size in Python: basis vectors, triangles, diagonals, vech.

Each is a comparison of ranges of indices, or a routine of the library.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import UnsupportedError
from ..nodes import Call
from ..sizes import Size
from .code import Code
from .python import SPELLED, Writer
from .words import Expr

Spell = Callable[[Writer, Call], str]


def _filled(w: Writer, e: Expr) -> Code:
    node = e.data[0]
    if node.function not in FILLED:
        raise UnsupportedError(f"{node.function} has no spelling in a program")
    return Code(FILLED[node.function](w, node))


def _range(w: Writer, size: Size, after: int = 0) -> str:
    text = f"{w.library.module}.arange({w.size(size)}{w.device()})"
    return text + (f"[:{', None' * after}]" if after else "")


def _cast(w: Writer, condition: str) -> str:
    """An array in the dtype of the tensors."""
    if w.library.module == "xp":
        return f"xp.astype({condition}, {w.dtype()})"
    verb = "to" if w.library.module == "torch" else "astype"
    return f"({condition}).{verb}({w.dtype()})"


def _basis(w: Writer, node: Call) -> str:
    place = int(node.params[0])
    if not isinstance(node.shape[0], int):
        w.checks[f"assert {w.size(node.shape[0])} > {place}"] = None
    return _cast(w, f"{_range(w, node.shape[0])} == {place}")


def _embed(w: Writer, node: Call) -> str:
    rows, columns = node.shape
    offset = w.size(node.params[0])
    below = offset if offset.isidentifier() or offset.isdigit() else f"({offset})"
    column = _range(w, columns) + ("" if offset == "0" else f" + {below}")
    return _cast(w, f"{_range(w, rows, 1)} == {column}")


def _tril(w: Writer, node: Call) -> str:
    rows, columns = node.shape
    return _cast(w, f"{_range(w, rows, 1)} >= {_range(w, columns)}")


def _diagonals(w: Writer, node: Call) -> str:
    m, n, d = node.shape
    left = f"{_range(w, m, 2)} + {_range(w, d)}"
    rows = w.size(m)
    rows = rows if rows.isidentifier() or rows.isdigit() else f"({rows})"
    return _cast(w, f"{left} == {_range(w, n, 1)} + {rows}")


def _diagonal_lengths(w: Writer, node: Call) -> str:
    module, (m, n) = w.library.module, node.shape
    i, j = _range(w, m, 1), _range(w, n)
    near = f"{module}.minimum({i}, {j})"
    far = f"{module}.maximum({i} - ({w.size(m)}), {j} - ({w.size(n)}))"
    return _cast(w, f"{near} - {far}")


def _convolution(w: Writer, node: Call) -> str:
    k, i, j = node.shape
    return _cast(w, f"{_range(w, k, 2)} == {_range(w, i, 1)} + {_range(w, j)}")


def _vech(which: int) -> Spell:
    def spell(w: Writer, node: Call) -> str:
        n, module = w.size(node.shape[1]), w.library.module
        if module == "xp":
            places = f"xp.nonzero(xp.triu(xp.ones(({n}, {n}){w.device()})))[{which}]"
        else:
            both = f"{n}, {n}" if module == "torch" else n
            places = f"{module}.triu_indices({both}{w.device()})[{which}]"
        return _cast(w, f"{places}[:, None] == {_range(w, node.shape[1])}")

    return spell


FILLED: dict[str, Spell] = {
    "basis": _basis,
    "embed": _embed,
    "tril": _tril,
    "diagonals": _diagonals,
    "diagonallengths": _diagonal_lengths,
    "convolution": _convolution,
    "vechrows": _vech(1),
    "vechcolumns": _vech(0),
}

SPELLED["filled"] = _filled
SPELLED["raw"] = lambda w, e: Code(e.data[0])
