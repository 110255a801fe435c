"""The text language: matrix expressions, paper notation and index notation.

`parse` reads the language of MATLAB and matrixcalculus.org, `parse_index` Einstein's.
Both give bare nodes and raise `IndexCalcError` only, whatever the text. Nothing is
executed, and nothing is loaded before it is used.

>>> from indexcalc.text import parse
>>> parse("tr(A*B)", {"A": "m n", "B": "n m"}).kind
'scalar'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .index_notation import parse_index
    from .lowering import Parsed, parse

__all__ = ["Parsed", "parse", "parse_index"]

_HOMES = {"Parsed": "lowering", "parse": "lowering", "parse_index": "index_notation"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    found: object = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found
