"""A derivative as a function of arrays that answers its cores, deltas unbuilt.

>>> from indexcalc.expr import einsum, tensor
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> f = StructuredFunction(einsum([(x, [0]), (y, [0])], [0, 0]), 1)    # Diag(x∘y)
>>> f(x=[1.0, 2.0], y=[3.0, 4.0]).diagonal().tolist()
[3.0, 8.0]
>>> print(f.source)
def f(x, y):
    return (x * y,)
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .backends import Backend
from .compiled import Compiled
from .documents.functions import Asked, Held
from .errors import UnsupportedError
from .nodes import Node
from .pairwise import Array
from .plan import Contract, Program, Slot, plain
from .simplify import fuse
from .sizes import Size
from .structured import Structured
from .structured.evaluated import part_of
from .structured.lowering import Plan, lowered
from .variants import Variant, answered


class StructuredFunction(Compiled):
    """A `Compiled` whose value is a `Structured`: every part's factors as computed,
    inputs among them as read-only views. The first `rows` axes are the value's."""

    def __init__(self, node: Node, rows: int, **options: Any) -> None:
        super().__init__([fuse(node)], single=False, **options)
        self._made_of = ((node, rows), options)
        self.rows = rows

    def held(self, asked: Asked | None = None) -> Held:
        """What a document holds of the function."""
        whole = super().held(asked)
        options = replace(whole.options, rows=self.rows)
        return replace(whole, options=options)

    def program(
        self, length: Callable[[Size], int], numpy: bool, real: bool = True
    ) -> Program:
        """The program of the factors of all parts."""
        plan = lowered(self.nodes[0], length, self.book, real)
        return _with_plain_results(plan)

    def _run(self, variant: Variant, arrays: Sequence[Array], out: Any) -> Structured:
        if out is not None:
            raise UnsupportedError(
                "a structured result has no single array to be written into",
                hint="toarray(out=…) writes it out",
            )
        assert isinstance(variant.program, Factors)
        plan = variant.program.plan
        dtype = np.result_type(*arrays) if arrays else np.dtype(float)
        cores = answered(variant, arrays, self._taken(variant, dtype))
        found = map(np.asarray, cores or ())
        slots = dict(zip(plan.program.results, found, strict=True))
        parts = tuple(part_of(layout, slots) for layout in plan.layouts)
        held = [part.dtype for part in parts] or [dtype]
        kind = held[0] if len(held) == 1 else np.result_type(*held)
        return Structured(parts, plan.shape, self.rows, kind)

    def _copies(self, aliases_: tuple[bool, ...]) -> tuple[bool, ...]:
        return (False,) * len(aliases_)

    def _run_elsewhere(self, backend: Backend, given: Sequence[Any], out: Any) -> Any:
        raise UnsupportedError(
            f"structured results are NumPy's, and these arrays are of {backend.name}",
            hint="leave structured=True out",
        )


@dataclass(slots=True)
class Factors(Program):
    """A program whose results are the factors that a plan tells of."""

    plan: Plan = field(kw_only=True)


def _with_plain_results(plan: Plan) -> Factors:
    """The program with every result read as its core array."""
    program = plan.program
    steps, patterns = list(program.steps), list(program.patterns)
    results: list[Slot] = []
    for slot in program.results:
        pattern = patterns[slot]
        if not pattern.dense:
            sizes = tuple(pattern.sizes[i] for i in pattern.core)
            labels = tuple(range(len(sizes)))
            axes = tuple((i,) for i in labels)
            steps.append(Contract(((slot, axes),), labels, tuple(enumerate(sizes)), ()))
            patterns.append(plain(sizes))
            slot = len(steps) - 1
        results.append(slot)
    return Factors(steps, patterns, results, dict(program.last_use), plan=plan)
