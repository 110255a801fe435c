"""What a run of a program's steps, one by one, holds at its worst moment: never less.

Beside its operands and its result a step holds copies: operands brought into the order
of a matrix product, the sum so far, what a function computes in. Every bound here is
for the interpreter; a written text is followed exactly (`planning.memory`).

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.pairs import in_pairs
>>> A, x = tensor("A", (30, 40)), tensor("x", (40,))
>>> program = in_pairs(compile_nodes([einsum([(A, [0, 1]), (x, [1])], [0])]), int)
>>> held(program, int, 8)
240
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import prod

import numpy as np

from ..kernels import KERNELS
from ..plan import (
    Apply,
    Combine,
    Contract,
    Embed,
    Fill,
    Load,
    Pattern,
    Program,
    Slot,
    Step,
    answers_view,
    inputs_of,
    is_view,
    last_uses,
)
from ..sizes import Size

#: The number that a size stands for.
Lengths = Callable[[Size], int]

#: How many arrays, each of the size of its result or its largest argument, a function
#: holds beside these while it runs; where it is not listed, OTHERS.
BESIDE = {"where": 1, "eigenvectors": 5, "eigmax_vector": 6, "eigmax_resolvent": 6}
BESIDE |= {"expm": 9, "sqrtm": 8, "pinv": 10, "polar": 10, "logm": 20, "sinm": 20}
BESIDE |= {"cosm": 20, "cofactors": 8, "defined": 6}
OTHERS = 3

#: A derivative of a matrix function runs on blocks, of twice the rows for every
#: direction.
FRECHET = 20

#: Constants of symbolic size that are made with whole arrays of places.
PLACED = frozenset({"diagonals", "diagonallengths", "convolution", "embed"})
PLACED |= {"vechrows", "vechcolumns"}


def held(
    program: Program,
    length: Lengths,
    itemsize: int,
    *,
    mixed: bool = False,
    written: bool = True,
    far: Collection[str] = (),
) -> int:
    """Bytes beside the inputs: the slots alive, what a step needs beside them, and the
    results, `written` out unless their cores are wanted. `mixed` where inputs have
    several dtypes, so that products bring them to one; `far` are the inputs that BLAS
    cannot read where they lie."""
    cores = [entries(pattern.core, pattern, length) for pattern in program.patterns]
    last, results = last_uses(program), set(program.results)
    alive = most = 0
    for k, step in enumerate(program.steps):
        own = 0 if _is_given(step) or is_view(step) else cores[k]
        beside = _beside(program, step, cores[k], cores, length, None if mixed else far)
        most = max(most, alive + own + beside)
        alive += own
        for slot in dict.fromkeys(inputs_of(step)):
            over = last[slot] == k and slot not in results
            made = program.steps[slot]
            if over and not _is_given(made) and not is_view(made):
                alive -= cores[slot]
    answered = sum(
        dense_entries(program.patterns[slot], length)
        for slot in program.results
        if written and not _is_own(program, slot)
    )
    return itemsize * max(most, alive + answered)


def widened(program: Program, itemsize: int) -> int:
    """The bytes of an entry that may have become complex on the way."""
    numbers = [c for s in program.steps if isinstance(s, Combine) for _, c in s.terms]
    arrays = [s.node.array for s in program.steps if isinstance(s, Load)]
    found = any(isinstance(c, complex) for c in numbers)
    found = found or any(a is not None and np.iscomplexobj(a) for a in arrays)
    return 2 * itemsize if found else itemsize


def entries(labels: Sequence[int], pattern: Pattern, length: Lengths) -> int:
    """The number of entries over some labels of a pattern."""
    return prod(length(pattern.sizes[i]) for i in labels)


def dense_entries(pattern: Pattern, length: Lengths) -> int:
    """The number of entries of a value that is written out."""
    return entries([i for axis in pattern.axes for i in axis], pattern, length)


def _is_given(step: Step) -> bool:
    return isinstance(step, Load) and step.node.array is None


def _is_own(program: Program, slot: Slot) -> bool:
    """Whether a result is surely an array that the run made, and nobody's view."""
    step = program.steps[slot]
    views = is_view(step) or answers_view(step) or isinstance(step, Load)
    return program.patterns[slot].dense and not views


def _beside(
    program: Program,
    step: Step,
    own: int,
    cores: Sequence[int],
    length: Lengths,
    far: Collection[str] | None,
) -> int:
    """The entries that a step holds beside its operands and its result."""
    match step:
        case Contract():
            return _of_product(program, step, own, cores, length, far)
        case Combine():
            scaled = max((cores[s] for s, c in step.terms if c != 1), default=0)
            return scaled + (own if step.cores and len(step.terms) > 1 else 0)
        case Apply():
            return _of_function(step, own, [cores[slot] for slot in step.args])
        case Fill():
            return 2 * own if step.node.function in PLACED else 0
        case Load() | Embed():
            return 0


def _of_product(
    program: Program,
    step: Contract,
    own: int,
    cores: Sequence[int],
    length: Lengths,
    far: Collection[str] | None,
) -> int:
    """Operands brought into order, and the product before it is multiplied by a size;
    where more than two are contracted, what their pairs may grow to."""
    labels = {i for _, axes in step.operands for axis in axes for i in axis}
    scaled = own if step.factors else 0
    sums = labels != set(step.out)
    copied = [
        cores[slot]
        for slot, axes in step.operands
        if (sums and len(step.operands) > 1 and not _is_readable(program, slot, far))
        or any(len(axis) > 1 for axis in axes)
    ]
    if len(step.operands) > 2:
        sizes = dict(step.sizes)
        return 2 * prod(length(sizes[i]) for i in labels) + sum(copied) + scaled
    return sum(copied) + scaled


def _is_readable(program: Program, slot: Slot, far: Collection[str] | None) -> bool:
    """Whether BLAS reads a value where it lies; `far` are the inputs of which it does
    not, None where it reads none."""
    step = program.steps[slot]
    if far is None or (isinstance(step, Load) and step.node.name in far):
        return False
    return len(program.patterns[slot].core) < 3 and not is_view(step)


def _of_function(step: Apply, own: int, args: Sequence[int]) -> int:
    """What a function computes in."""
    name = step.node.function
    largest = max([own, *args])
    if isinstance(KERNELS.get(name), np.ufunc):
        return 0
    if name == "frechet":
        directions = len(args) - 1 + int(str(step.node.params[-1]))
        return own + FRECHET * max(args) * 4**directions
    return BESIDE.get(name, OTHERS) * largest
