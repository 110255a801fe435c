"""What the steps of a paired program cost: seconds by a machine's model, and flops.

A step costs a call, and the longer of its arithmetic and its traffic. Flops are the
multiplications and additions of products, of sums, and of functions of matrices.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> A, B = tensor("A", (100, 200)), tensor("B", (200, 300))
>>> program = compile_nodes([einsum([(A, [0, 1]), (B, [1, 2])], [0, 2])])
>>> [price.flops for price in prices(program, lambda size: size)]
[0.0, 0.0, 12000000.0]
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from math import prod
from typing import NamedTuple

from ..contraction.machine import TYPICAL, Machine, product
from ..functions import is_elementwise
from ..nodes import Call
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
)
from ..sizes import Size

Lengths = Callable[[Size], int]

#: Bytes an entry takes.
ITEM = 8

#: Seconds an entry of an elementwise function takes beside its traffic.
ENTRYWISE = 1.5e-9
CHEAP = frozenset({"relu", "heaviside", "abs", "sign", "max", "min", "where", "conj"})
CHEAP_POWERS = frozenset({-1, 2, 3, 0.5})

#: Flops of a function of an n × n matrix in multiples of n³, and a square of it beside:
#: a triangular solve of c columns costs 2n²c.
CUBIC = {
    "inv": 2.7,
    "det": 0.7,
    "logdet": 0.7,
    "logofdet": 0.7,
    "factorised": 0.7,
    "inverted": 1.4,
    "cofactors": 22.0,
    "expm": 30.0,
    "frechet": 120.0,
}
#: What share of the rate of a matrix product these reach.
DENSE_RATE = 0.4


class Price(NamedTuple):
    """Seconds and flops."""

    seconds: float
    flops: float


def prices(
    program: Program, length: Lengths, machine: Machine = TYPICAL
) -> list[Price]:
    """The price of every step."""
    patterns = program.patterns
    rows = zip(program.steps, patterns, strict=True)
    return [step_price(step, p, patterns, length, machine) for step, p in rows]


def traffic(read: float, written: float, machine: Machine = TYPICAL) -> float:
    """Seconds to read and write so many bytes."""
    moved = read + written
    return moved / machine.bandwidth(moved) + machine.writing(written)


def product_seconds(
    rows: Sequence[Sequence[int]],
    out: Collection[int],
    sizes: Mapping[int, int],
    machine: Machine = TYPICAL,
) -> Price:
    """Seconds and flops of a product of one or two arrays with these labels; an index
    that only one of them has is summed there first."""
    distinct = [tuple(dict.fromkeys(row)) for row in rows]
    seconds, flops = 0.0, 0.0
    kept = []
    for k, row in enumerate(distinct):
        others = {i for other in distinct[:k] + distinct[k + 1 :] for i in other}
        left = tuple(i for i in row if i in out or i in others)
        if left != row or len(distinct) == 1:
            read = float(prod(sizes[i] for i in row))
            written = float(prod(sizes[i] for i in left)) if left != row else 0.0
            seconds += machine.call + traffic(ITEM * read, ITEM * written, machine)
            flops += read if left != row else 0.0
        kept.append(left)
    if len(kept) == 2:
        cost = product(kept[0], kept[1], set(out), sizes, machine)
        return Price(seconds + cost.seconds, flops + cost.flops)
    return Price(seconds, flops)


def step_price(
    step: Step,
    pattern: Pattern,
    patterns: Sequence[Pattern],
    length: Lengths,
    machine: Machine = TYPICAL,
) -> Price:
    """The price of one step; `patterns` are those of all slots."""
    size = _bytes(pattern, length)
    match step:
        case Load():
            return Price(0.0, 0.0)
        case Fill():
            return Price(machine.call + traffic(0, size, machine), 0.0)
        case Contract():
            return _contract(step, length, machine)
        case Apply():
            return _apply(step.node, length, machine)
        case Combine():
            return _combine(step, size, machine)
        case Embed():
            moved = traffic(_bytes(patterns[step.slot], length), size, machine)
            return Price(2 * machine.call + moved, 0.0)


def _bytes(pattern: Pattern, length: Lengths) -> float:
    return ITEM * float(prod(length(pattern.sizes[i]) for i in pattern.core))


def _contract(step: Contract, length: Lengths, machine: Machine) -> Price:
    if not step.operands:
        return Price(machine.call, 0.0)
    sizes = {i: length(size) for i, size in step.sizes}
    rows = [[i for axis in axes for i in axis] for _, axes in step.operands]
    return product_seconds(rows, step.out, sizes, machine)


def _combine(step: Combine, size: float, machine: Machine) -> Price:
    scaled = sum(abs(c) != 1 for _, c in step.terms)
    passes = max(len(step.terms) - 1, 0) + scaled
    seconds = passes * (machine.call + traffic(2 * size, size, machine))
    return Price(seconds, passes * size / ITEM)


def _apply(node: Call, length: Lengths, machine: Machine) -> Price:
    size = ITEM * float(prod(map(length, node.shape)))
    shape = [length(n) for n in node.args[0].shape]
    if node.function == "solved":
        flops = 2.0 * shape[-2] * size / ITEM
        return Price(2 * machine.call + _dense_seconds(flops, node, machine), flops)
    if node.function in CUBIC:
        flops = CUBIC[node.function] * prod(shape[:-2]) * shape[-2] ** 3
        return Price(4 * machine.call + flops / (DENSE_RATE * machine.gemm), flops)
    if node.function == "gram":
        flops = float(shape[0] * shape[1] * (shape[1] + 1))
        moved = traffic(2 * ITEM * prod(shape), size, machine)
        return Price(4 * machine.call + flops / machine.gemm + moved, flops)
    if not is_elementwise(node.function):
        return Price(4 * machine.call + ENTRYWISE * prod(shape), 0.0)
    each = 0.0 if _is_cheap(node) else ENTRYWISE * size / ITEM
    moved = traffic(len(node.args) * size, size, machine)
    return Price(machine.call + each + moved, 0.0)


def _dense_seconds(flops: float, node: Call, machine: Machine) -> float:
    columns = 1 if len(node.shape) < 2 else 8
    return max(
        flops / (DENSE_RATE * machine.gemm), flops / columns * ITEM / machine.cached
    )


def _is_cheap(node: Call) -> bool:
    if node.function == "power":
        return node.params[0] in CHEAP_POWERS
    return node.function in CHEAP
