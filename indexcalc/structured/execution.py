"""A program in pairs as a list of calls, everything that sizes decide decided once.

A product of two arrays becomes one elementwise or one matrix product between views
whose axes were worked out beforehand; every other step is the interpreter's.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> V = tensor("V", (3, 2))
>>> program = compile_nodes([einsum([(V, [0, 1]), (V, [0, 2])], [1, 2])])    # VᵀV
>>> calls = prepared(program, lambda size: size)
>>> calls[-1](np.ones((3, 2)), np.ones((3, 2))).tolist()
[[3.0, 3.0], [3.0, 3.0]]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TypeAlias

import numpy as np

from ..pairwise import Array, Labels
from ..plan import Contract, Program, Step
from ..sizes import Size

#: What takes the place of a step: a function of its operands' arrays, or nothing.
Call: TypeAlias = Callable[..., Array] | None


def prepared(program: Program, length: Callable[[Size], int]) -> list[Call]:
    """The calls by step; None for the steps that are interpreted."""
    return [_call(step, length) for step in program.steps]


def _call(step: Step, length: Callable[[Size], int]) -> Call:
    if not isinstance(step, Contract) or len(step.operands) != 2 or step.factors:
        return None
    left, right = (tuple(i for axis in a for i in axis) for _, a in step.operands)
    sizes = {i: length(size) for i, size in step.sizes}
    repeated = any(len(set(labels)) < len(labels) for labels in (left, right))
    alone = set(left) ^ set(right)
    if repeated or not alone <= set(step.out):
        return None
    if set(left) | set(right) == set(step.out):
        return _elementwise(left, right, step.out, sizes)
    return _matrix_product(left, right, step.out, sizes)


def _elementwise(
    left: Labels, right: Labels, out: Labels, sizes: dict[int, int]
) -> Callable[..., Array]:
    first, second = (_spread(labels, out, sizes) for labels in (left, right))
    return lambda a, b: first(a) * second(b)


def _spread(
    labels: Labels, out: Labels, sizes: dict[int, int]
) -> Callable[[Array], Array]:
    """A view with the axes of `out`, of length 1 where the array has none."""
    order = [i for i in out if i in labels]
    lead = next((k for k, i in enumerate(out) if i in labels), len(out))
    shape = [sizes[i] if i in labels else 1 for i in out[lead:]]
    return _view(labels, order, shape, sizes)


def _matrix_product(
    left: Labels, right: Labels, out: Labels, sizes: dict[int, int]
) -> Callable[..., Array]:
    shared = [i for i in left if i in right]
    bound = [i for i in shared if i not in out]
    batch = [i for i in out if i in shared]
    rows = [i for i in out if i in left and i not in shared]
    columns = [i for i in out if i in right and i not in shared]
    first = _as_matrix(left, (batch, rows, bound), sizes)
    second = _as_matrix(right, (batch, bound, columns), sizes)
    found = (*batch, *rows, *columns)
    shape = [sizes[i] for i in found]
    order = [found.index(i) for i in out]
    if order == sorted(order) and [len(g) for g in (rows, columns)] == [1, 1]:
        return lambda a, b: np.matmul(first(a), second(b))
    return lambda a, b: np.matmul(first(a), second(b)).reshape(shape).transpose(order)


def _as_matrix(
    labels: Labels, groups: Sequence[Sequence[int]], sizes: dict[int, int]
) -> Callable[[Array], Array]:
    batch, *sides = groups
    order = [i for group in groups for i in group]
    shape = [sizes[i] for i in batch]
    shape += [prod(sizes[i] for i in side) for side in sides]
    return _view(labels, order, shape, sizes)


def _view(
    labels: Labels, order: Sequence[int], shape: Sequence[int], sizes: dict[int, int]
) -> Callable[[Array], Array]:
    """An array whose axes may be split into labels, with these in another order, in
    another shape."""
    split = [sizes[i] for i in labels]
    places = [labels.index(i) for i in order]
    turned = [sizes[i] for i in order]
    moves, shapes = places != sorted(places), list(shape) != turned

    def view(array: Array) -> Array:
        if array.ndim != len(split):
            array = array.reshape(split)
        if moves:
            array = array.transpose(places)
        return array.reshape(shape) if shapes else array

    return view
