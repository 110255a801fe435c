"""NumPy's choices between values on nodes: where, select, clip.

>>> from indexcalc.expr import tensor
>>> x = tensor("x", ("n",))
>>> clip(x, 0).shape == x.shape
True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .broadcasting import as_node, elementwise
from .errors import ShapeError, UnsupportedError
from .nodes import Node
from .numpy_ufuncs import truth


def where(condition: object, *choices: object) -> Node:
    """a where the condition is not 0, else b; all broadcast.

    The derivative is that of the branch taken; the condition has none.
    """
    if len(choices) != 2:
        raise UnsupportedError(
            "np.where of symbols needs both choices",
            hint="where entries lie depends on values",
        )
    a, b = choices
    return elementwise("where", truth(as_node(condition)), as_node(a), as_node(b))


def select(
    condlist: Sequence[object], choicelist: Sequence[object], default: object = 0
) -> Node:
    """The choice of the first condition that holds, else the default."""
    if len(condlist) != len(choicelist):
        raise ShapeError(
            f"select takes as many choices as conditions, not {len(choicelist)} for "
            f"{len(condlist)}"
        )
    result = as_node(default)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = where(condition, choice, result)
    return result


def clip(
    a: object,
    a_min: Any = np._NoValue,
    a_max: Any = np._NoValue,
    *,
    min: Any = np._NoValue,
    max: Any = np._NoValue,
) -> Node:
    """min(max(a, low), high); either bound may be missing."""
    node = as_node(a)
    for name, given in (("max", (a_min, min)), ("min", (a_max, max))):
        for bound in given:
            if bound is not None and bound is not np._NoValue:
                node = elementwise(name, node, as_node(bound))
    return node
