"""What a run of a program holds at its largest moment, and the kind of its numbers.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", (30, 40)), tensor("x", (40,))
>>> program = paired(einsum([(A, [0, 1]), (x, [1])], [0]), int)
>>> peak_bytes(program, int, 8) - 8 * (30 * 40 + 40)                   # beside inputs
240
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..contraction import path
from ..errors import UnsupportedError
from ..nodes import Node
from ..plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Program,
    compile_nodes,
    inputs_of,
)
from ..planning.held import entries, held
from ..planning.pairs import in_pairs
from ..sizes import Size

#: The number that a size stands for.
Lengths: TypeAlias = Callable[[Size], int]


def paired(node: Node, length: Lengths) -> Program:
    """The program of one node, its products in pairs."""
    return in_pairs(compile_nodes([node], sparse=True), length, briefly)


def briefly(*contraction: Any, **options: Any) -> Sequence[tuple[int, ...]]:
    """The order of a contraction, searched briefly where it is large: blocks of many
    sizes are tried, and each is a contraction of its own."""
    return path(*contraction, **{**options, "brief": True})


def peak_bytes(program: Program, length: Lengths, itemsize: int) -> int:
    """Inputs, and what a run holds beside them at its worst moment."""
    given = [
        entries(pattern.core, pattern, length)
        for step, pattern in zip(program.steps, program.patterns, strict=True)
        if isinstance(step, Load) and step.node.array is None
    ]
    return itemsize * sum(given) + held(program, length, itemsize)


def result_dtype(program: Program, dtypes: Mapping[str, Any]) -> np.dtype[Any]:
    """The dtype of the result on inputs of these dtypes.

    Raises `UnsupportedError` for a function of the user's, whose dtype nobody knows.
    """
    widest = np.result_type(*dtypes.values()) if dtypes else np.dtype(np.float64)
    kinds: list[np.dtype[Any]] = []
    for step in program.steps:
        inputs = [kinds[slot] for slot in inputs_of(step)] or [widest]
        match step:
            case Load():
                kinds.append(_loaded(step, dtypes, widest))
            case Combine():
                complexes = any(isinstance(c, complex) for _, c in step.terms)
                extra = [np.dtype(np.complex64)] if complexes else []
                kinds.append(np.result_type(*inputs, *extra))
            case Apply() if step.node.function == "unknown":
                raise UnsupportedError(
                    "a function without a formula cannot be evaluated in blocks",
                    hint="give it a formula, or use evaluate",
                )
            case Fill() | Contract() | Apply() | Embed():
                kinds.append(np.result_type(*inputs))
    found = {kinds[slot] for slot in program.results}
    return np.result_type(*found)


def _loaded(
    step: Load, dtypes: Mapping[str, Any], widest: np.dtype[Any]
) -> np.dtype[Any]:
    if step.node.array is None:
        return np.dtype(dtypes[step.node.name])
    kind = np.complex64 if step.node.array.dtype.kind == "c" else np.float16
    return np.result_type(widest, kind)
