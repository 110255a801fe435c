"""Written programs and the memory they hold, kept within a limit.

What a program holds beside its inputs is found by running its text on shadows. Where
that is more than the limit, fast code is written anew with loops over blocks; where no
loops help, the program is refused before anything is allocated.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.plan import compile_nodes
>>> from indexcalc.planning.pairs import in_pairs
>>> x = tensor("x", ("n",))
>>> outer = einsum([(x, [0]), (x, [1])], [0, 1])
>>> program = in_pairs(compile_nodes([outer]), lambda size: 10**6)
>>> text = "def f(x):\\n    return x[:, None] * x\\n"
>>> held, exact = memory(Text(text, "f", [(10**6,)], "d", {}), program, int, 8)
>>> held.results, exact
(8000000000000, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .codegen.blocks import Region, regions
from .codegen.limits import limited
from .codegen.numpy_fast_frame import FastSource
from .pairwise import Array
from .plan import Load, Program
from .planning.budgets import (
    core_bytes,
    default_limit,
    dense_bytes,
    is_small,
    keep_within,
    largest,
    needed,
)
from .planning.memory import Given, Memory, NoShadowError, memory_of
from .sizes import Size

Lengths = Callable[[Size], int]

#: Writes fast code with these regions in blocks; None where there is none.
Write = Callable[[Sequence[Region]], FastSource | None]


@dataclass(frozen=True, slots=True)
class Text:
    """A program's text and what it is called with: the shapes and dtypes of its arrays,
    its constants, its workspace, further arguments, which results are copied."""

    text: str
    name: str
    shapes: Sequence[tuple[int, ...]]
    kinds: Sequence[str]
    constants: Mapping[str, Array]
    workspace: tuple[int, ...] = ()
    more: Mapping[str, Any] | None = None
    copies: tuple[bool, ...] = ()


def memory(
    text: Text, program: Program, length: Lengths, itemsize: int
) -> tuple[Memory, bool]:
    """What a call holds, and whether that was found exactly: where the text calls what
    shadows do not know, it is an estimate by the program's steps."""
    given = Given(text.constants, text.workspace, text.more, text.copies)
    try:
        found = memory_of(text.text, text.name, text.shapes, text.kinds, given)
    except NoShadowError:
        return _estimate(program, length, itemsize), False
    return found, True


def _estimate(program: Program, length: Lengths, itemsize: int) -> Memory:
    patterns = program.patterns
    loads = [s for s, step in enumerate(program.steps) if isinstance(step, Load)]
    inputs = sum(core_bytes(patterns[s], length, itemsize) for s in loads)
    slots = dict.fromkeys(program.results)
    results = sum(dense_bytes(patterns[s], length, itemsize) for s in slots)
    peak = inputs + needed(program, length, itemsize)
    return Memory(inputs, results, 0, peak, largest(program, length, itemsize)[0])


def is_watched(
    program: Program, length: Lengths, itemsize: int, limit: int | None
) -> bool:
    """Whether a program's memory is looked at before it runs."""
    return limit is not None or not is_small(program, length, itemsize)


def fast_within(
    write: Write,
    as_text: Callable[[FastSource], Text],
    program: Program,
    length: Lengths,
    itemsize: int,
    limit: int | None,
) -> tuple[FastSource | None, tuple[Region, ...]]:
    """Fast code that stays within the limit, and what it runs in blocks.

    Raises `BudgetError` where no blocks are small enough.
    """
    found: Sequence[Region] = regions(program, length, itemsize)
    fast = write(found)
    if fast is None or not is_watched(program, length, itemsize, limit):
        return fast, tuple(found)

    def held(source: FastSource) -> int:
        memory_, _ = memory(as_text(source), program, length, itemsize)
        return memory_.peak - memory_.inputs

    def holds(trial: Sequence[Region]) -> int | None:
        source = write(trial)
        return None if source is None else held(source)

    most = default_limit() if limit is None else limit
    first = held(fast)
    if first <= most:
        return fast, tuple(found)
    cuts = limited(program, length, itemsize, holds, most)
    if cuts is None:
        keep_within(program, length, itemsize, most, first)
    return write(cuts or ()), tuple(cuts or ())
