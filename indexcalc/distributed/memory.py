"""What a run of a program holds at its largest moment, and the kind of its numbers.

>>> from indexcalc.expr import einsum, tensor
>>> A, x = tensor("A", (30, 40)), tensor("x", (40,))
>>> program = paired(einsum([(A, [0, 1]), (x, [1])], [0]), int)
>>> peak_bytes(program, int, 8) - 8 * (30 * 40 + 40)                   # beside inputs
240
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, TypeAlias

import numpy as np

from ..errors import UnsupportedError
from ..kernels import KERNELS
from ..nodes import Node
from ..plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Pattern,
    Program,
    Step,
    compile_nodes,
    inputs_of,
)
from ..planning.pairs import in_pairs
from ..sizes import Size

#: The number that a size stands for.
Lengths: TypeAlias = Callable[[Size], int]

#: How many arrays of its result's size a function holds that takes several passes.
KERNEL_COPIES = 3


def paired(node: Node, length: Lengths) -> Program:
    """The program of one node, its products in pairs."""
    return in_pairs(compile_nodes([node], sparse=True), length)


def peak_bytes(program: Program, length: Lengths, itemsize: int) -> int:
    """Inputs, slots alive, what a step needs beside them, and the dense result, at the
    moment when their sum is largest."""
    cores = [_entries(pattern, length) for pattern in program.patterns]
    loads = sum(cores[k] for k, s in enumerate(program.steps) if isinstance(s, Load))
    alive, largest = 0, 0
    for k, step in enumerate(program.steps):
        own = 0 if isinstance(step, Load) else cores[k]
        largest = max(largest, alive + own + _beside(step, cores[k], cores))
        alive += own
        for slot in dict.fromkeys(inputs_of(step)):
            dies = program.last_use[slot] == k and slot not in program.results
            if dies and not isinstance(program.steps[slot], Load):
                alive -= cores[slot]
    patterns = (program.patterns[slot] for slot in program.results)
    dense = sum(dense_entries(p, length) for p in patterns if not p.dense)
    return itemsize * (loads + max(largest, alive + dense))


def _entries(pattern: Pattern, length: Lengths) -> int:
    return prod(length(pattern.sizes[i]) for i in pattern.core)


def dense_entries(pattern: Pattern, length: Lengths) -> int:
    """The entries of a value that is written out."""
    return prod(length(pattern.sizes[i]) for axis in pattern.axes for i in axis)


def _beside(step: Step, own: int, cores: list[int]) -> int:
    """What a step holds beside its operands and its result: operands brought into the
    order of a matrix product, the sum so far, a term times its coefficient."""
    match step:
        case Contract():
            labels = {i for _, axes in step.operands for axis in axes for i in axis}
            if len(step.operands) < 2 or labels == set(step.out):
                return 0
            return sum(_brought(axes, cores[slot]) for slot, axes in step.operands)
        case Combine():
            scaled = max(
                (cores[slot] for slot, c in step.terms[1:] if c != 1), default=0
            )
            return scaled + (own if step.cores and len(step.terms) > 1 else 0)
        case Apply():
            single = isinstance(KERNELS.get(step.node.function), np.ufunc)
            return 0 if single else KERNEL_COPIES * own
        case Load() | Fill() | Embed():
            return 0


def _brought(axes: tuple[tuple[int, ...], ...], core: int) -> int:
    """The copy of an operand of a matrix product, which two axes do not need."""
    return core if sum(map(len, axes)) > 2 else 0


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
