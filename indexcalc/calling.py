"""What a compiled function is given: arrays by name or in order, and where to write.

>>> from indexcalc.expr import tensor
>>> given({"x": tensor("x", ("n",))}, frozenset("xy"), (), {"x": 1.0, "y": 2.0})
[1.0]
>>> given({"x": tensor("x", ("n",))}, frozenset("x"), (), {"x": 1.0, "z": 2.0})
Traceback (most recent call last):
    ...
indexcalc.errors.UnknownNameError: there is no variable z (there is x)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from .binding import check_keywords, missing_array
from .errors import EvaluationError
from .nodes import Tensor
from .pairwise import Array
from .planning.layouts import Layout
from .variants import check_target


def given(
    tensors: Mapping[str, Tensor],
    known: Collection[str],
    values: Sequence[Any],
    named: Mapping[str, Any],
) -> list[Any]:
    """The arrays of the variables, in their order. One mapping may hold more names than
    are wanted; a keyword must be `known`.

    Raises `EvaluationError` for arrays that are missing, given twice or too many,
    `UnknownNameError` for a keyword that names no variable.
    """
    keywords = named
    if len(values) == 1 and isinstance(values[0], Mapping):
        named = {**{_name(key): v for key, v in values[0].items()}, **named}
    elif values:
        named = _placed(list(tensors), values, named)
    try:
        arrays = [named[name] for name in tensors]
    except KeyError:
        check_keywords(keywords, known)
        absent = next(name for name in tensors if name not in named)
        raise missing_array(tensors[absent], named) from None
    if keywords is not named or len(keywords) != len(arrays):
        check_keywords(keywords, known)
    return arrays


def _placed(
    names: Sequence[str], values: Sequence[Any], named: Mapping[str, Any]
) -> Mapping[str, Any]:
    if len(values) > len(names):
        raise EvaluationError(
            f"{len(values)} arrays were given where {len(names)} are wanted",
            hint=f"the order is {', '.join(names) or 'none'}",
        )
    placed = dict(zip(names, values, strict=False))
    twice = next((name for name in placed if name in named), None)
    if twice is not None:
        raise EvaluationError(f"the array of {twice} is given twice")
    return {**placed, **named}


def _name(key: Any) -> str:
    return key if isinstance(key, str) else key.written.key[1]


def targets(
    out: Any, shapes: Sequence[tuple[int, ...]], single: bool
) -> tuple[Array, ...]:
    """The arrays to write into, each of its result's shape, none in another.

    Raises `EvaluationError` for others.
    """
    several = isinstance(out, (tuple, list))
    if several == single:
        what = "one array" if single else "a tuple of arrays"
        raise EvaluationError(f"out= must be {what}")
    found = tuple(out) if several else (out,)
    if len(found) != len(shapes):
        raise EvaluationError(
            f"{len(found)} arrays are given for {len(shapes)} results"
        )
    for target, shape in zip(found, shapes, strict=True):
        check_target(target, shape)
    for one, two in combinations(found, 2):
        if np.may_share_memory(one, two) and np.shares_memory(one, two):
            raise EvaluationError("arrays of out= share memory")
    return found


def layout_of(array: Array) -> Layout:
    """How an array lies, in entries; in whole ones, where views lie across others."""
    strides = (abs(step) // max(array.itemsize, 1) for step in array.strides)
    return Layout(array.shape, tuple(strides))
