"""Matrix notation against what is published: as short, and the same; there and back.

`python -m tests.test_matrix_text --write` writes `textbook.txt`, the golden text of
every answer, anew; `python -m tests.random_networks --count 5000` is the long run.
"""

from __future__ import annotations

import argparse
import zlib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.derivative import jacobian
from indexcalc.matrix_text import MatrixText
from tests import random_networks as nets
from tests.numeric_derivatives import close, draw
from tests.textbook import TABLE, WIDER, Known, symbols

GOLDEN = Path(__file__).with_name("textbook.txt")
DIMENSIONS = {"m": 3, "n": 4, "p": 2, "q": 5, "r": 3, "k": 3, "d": 3, "t": 2, "l": 2}
NETWORKS, TEXTS, GRADIENTS, GRAPHS = 300, 150, 100, 500

EVERY = [pytest.param(row, id=row.id) for row in TABLE.values()]


# -- the published answers -------------------------------------------------------------


@cache
def derivative(row: Known) -> Any:
    """The derivative a row is about."""
    e = ic.parse(row.text, row.shapes)
    if row.convention:
        leaf = e.scope[row.variable]
        return ic.Expression(jacobian(e.written, leaf, row.convention), scope=e.scope)
    if row.order == 2:
        return e.hessian(row.variable)
    return e.diff(row.variable)


def ours(row: Known) -> str:
    """What the package prints, with or without named parts, whichever is shorter."""
    if row.form == "jacobian":
        return derivative(row).jacobian_matrix(style="paper").text
    shown = [derivative(row).matrix("paper", parts=parts) for parts in (False, True)]
    return min((str(MatrixText.without_note(m)) for m in shown), key=symbols)
