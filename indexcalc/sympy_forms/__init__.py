"""Expressions out of SymPy and into it: matrices, arrays, and indexed sums.

Everything here needs SymPy; nothing else of the package loads it.
"""

from .reading import from_sympy
from .writing import to_sympy

__all__ = ["from_sympy", "to_sympy"]
