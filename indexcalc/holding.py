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

from .codegen.blocks import Region
from .codegen.limits import limited
from .codegen.numpy_fast_frame import FastSource
from .pairwise import Array
from .plan import Load, Program
from .planning.book import Cut
from .planning.budgets import core_bytes, dense_bytes, is_small, largest
from .planning.held import held, widened
from .planning.layouts import Layout
from .planning.memory import Given, Memory, NoShadowError, memory_of
from .sizes import Size

#: The most steps of a program whose text is followed to tell what it holds.
FOLLOWED = 20_000

Lengths = Callable[[Size], int]

#: Writes fast code with these regions in blocks; None where there is none.
Write = Callable[[Sequence[Region]], FastSource | None]


@dataclass(frozen=True, slots=True)
class Text:
    """A program's text and what it is called with: the shapes and dtypes of its arrays,
    its constants, its workspace, further arguments, which results are copied, how its
    arrays lie where that is not in C order."""

    text: str
    name: str
    shapes: Sequence[tuple[int, ...]]
    kinds: Sequence[str]
    constants: Mapping[str, Array]
    workspace: tuple[int, ...] = ()
    more: Mapping[str, Any] | None = None
    copies: tuple[bool, ...] = ()
    layouts: Sequence[Layout] = ()


def memory(
    text: Text, program: Program, length: Lengths, itemsize: int
) -> tuple[Memory, bool]:
    """What a call holds, and whether that was found exactly: where the text is very
    long, calls what shadows do not know or makes axes of 2⁶³ entries, it is an estimate
    by the program's steps."""
    mixed = len(set(text.kinds)) > 1
    if len(program.steps) > FOLLOWED:
        return _estimate(program, length, itemsize, mixed), False
    given = Given(text.constants, text.workspace, text.more, text.copies, text.layouts)
    try:
        found = memory_of(text.text, text.name, text.shapes, text.kinds, given)
    except (NoShadowError, OverflowError):
        return _estimate(program, length, itemsize, mixed), False
    return found, True


def _estimate(program: Program, length: Lengths, itemsize: int, mixed: bool) -> Memory:
    patterns, itemsize = program.patterns, widened(program, itemsize)
    loads = [s for s, step in enumerate(program.steps) if isinstance(step, Load)]
    inputs = sum(core_bytes(patterns[s], length, itemsize) for s in loads)
    slots = dict.fromkeys(program.results)
    results = sum(dense_bytes(patterns[s], length, itemsize) for s in slots)
    peak = inputs + held(program, length, itemsize, mixed=mixed)
    return Memory(inputs, results, 0, peak, largest(program, length, itemsize)[0])


def is_watched(
    program: Program, length: Lengths, itemsize: int, limit: int | None
) -> bool:
    """Whether a program's memory is looked at before it runs."""
    return limit is not None or not is_small(program, length, itemsize)


def cut_within(
    write: Write,
    as_text: Callable[[FastSource], Text],
    program: Program,
    length: Lengths,
    itemsize: int,
    most: int,
    known: Sequence[Cut] | None = None,
) -> tuple[FastSource, tuple[Region, ...]] | None:
    """Fast code that holds at most so many bytes beside its inputs, and what it runs in
    blocks; None where no blocks are small enough. Cuts that are `known` are tried
    first."""

    def holds(trial: Sequence[Region]) -> int | None:
        source = write(trial)
        if source is None:
            return None
        found, _ = memory(as_text(source), program, length, itemsize)
        return found.peak - found.inputs

    cuts = limited(program, length, itemsize, holds, most, known)
    fast = None if cuts is None else write(cuts)
    return None if cuts is None or fast is None else (fast, tuple(cuts))
