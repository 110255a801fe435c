"""The text language: matrix expressions, paper notation and index notation.

`parse` reads the language of MATLAB and matrixcalculus.org, `parse_index` Einstein's.
Both give bare nodes and raise `IndexCalcError` only, whatever the text. Nothing is
executed.

>>> parse("tr(A*B)", {"A": "m n", "B": "n m"}).kind
'scalar'
"""

from .index_notation import parse_index
from .lowering import Parsed, parse

__all__ = ["Parsed", "parse", "parse_index"]
