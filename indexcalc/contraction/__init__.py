"""Orders of contraction: what they cost on a machine, and the best one.

Imports nothing of indexcalc but its errors. Labels are integers, operands tuples of
them, sizes a mapping; any label may occur any number of times.
"""

from .costs import flops, largest, path_seconds, peak
from .machine import TYPICAL, Machine, measure
from .paths import path

__all__ = [
    "TYPICAL",
    "Machine",
    "flops",
    "largest",
    "measure",
    "path",
    "path_seconds",
    "peak",
]
