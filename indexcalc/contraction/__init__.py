"""Orders of contraction: what they cost on a machine, the best one, and its slices.

Imports nothing of indexcalc but its errors. Labels are integers, operands tuples of
them, sizes a mapping; any label may occur any number of times.
"""

from .costs import flops, largest, path_seconds, peak
from .machine import TYPICAL, Machine, measure
from .paths import path
from .slicing import Slicing, blocks, sliced

__all__ = [
    "TYPICAL",
    "Machine",
    "Slicing",
    "blocks",
    "flops",
    "largest",
    "measure",
    "path",
    "path_seconds",
    "peak",
    "sliced",
]
