"""The names of a printed function: arguments, sizes, the user's functions, constants.

Arguments come in the order that is asked for; a size is read from the first shape that
tells it, and is a keyword argument where none does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..einsum_header import ENTRIES, size_names, slope, unknown_functions
from ..einsum_names import Source as Place
from ..einsum_names import is_name, sources
from ..einsum_spelling import size_code
from ..nodes import Tensor
from ..pairwise import Array
from ..plan import Load, Program
from ..sizes import Size, names_in, replace
from .names import Chosen


@dataclass(frozen=True, slots=True)
class Reading:
    """Sizes read from a shape: the whole of it, or name = (length − rest) / step of one
    axis."""

    sizes: tuple[str, ...]
    tensor: Tensor
    axis: int | None
    step: Size = 1
    rest: Size = 0


class Signature:
    """Every name of one function."""

    def __init__(
        self,
        program: Program,
        order: Sequence[str],
        scope: Iterable[Tensor],
        reserved: Iterable[str],
        unfit: str = "",
        function: str = "",
    ) -> None:
        leaves = [step.node for step in program.steps if isinstance(step, Load)]
        tensors = {t.name: t for t in [*scope, *leaves] if t.array is None}
        wanted = [*order, *sorted(set(tensors) - set(order))]
        self.names = Chosen(reserved, unfit)
        claim = self.names.claim
        self.tensors = {name: claim(name) for name in wanted}
        self.variables = [tensors[name] for name in wanted if name in tensors]
        self.sizes = {name: claim(name) for name in self._size_names(program)}
        self.functions = {
            label: claim(printed)
            for label, printed in sorted(unknown_functions(program))
        }
        if function:  # a module holds it beside the constants
            claim(function)
        self.large = {
            t: claim(t.name or "constant")
            for t in leaves
            if t.array is not None and t.array.size > ENTRIES
        }
        self._needed: dict[str, None] = {}

    def _size_names(self, program: Program) -> list[str]:
        shapes = [size for t in self.variables for size in t.shape]
        return sorted(size_names(program).union(*map(names_in, shapes)))

    @property
    def arguments(self) -> list[str]:
        """The names of the arguments, in order."""
        return list(self.tensors.values())

    @property
    def constants(self) -> dict[str, Array]:
        """The arrays that the function only names."""
        found = {}
        for tensor, name in self.large.items():
            array = tensor.array
            assert array is not None
            kept = array.dtype.kind in "fc"
            found[name] = array if kept else array.astype(float)
        return found

    def size(self, size: Size) -> str:
        """A size as code; its names will be read from shapes."""
        self._needed.update(dict.fromkeys(sorted(names_in(size))))
        return size_code(size, self.sizes).text

    def reading(self, body: str) -> tuple[list[Reading], dict[str, str]]:
        """How the sizes that the body uses are read, and those that must be given."""
        words = set(re.findall(r"\w+", body))
        needed = sorted(n for n in self._needed if self.sizes[n] in words)
        found = sources(self.variables, needed)
        free = {n: self.sizes[n] for n in needed if n not in found}
        return list(_readings(found)), free


def _readings(found: dict[str, Place]) -> Iterable[Reading]:
    done: set[str] = set()
    for name, (tensor, axis, size) in found.items():
        if name in done:
            continue
        whole = _whole(tensor, found) if is_name(size) else ()
        if name in whole:
            done.update(whole)
            yield Reading(whole, tensor, None)
        elif is_name(size):
            yield Reading((name,), tensor, axis)
        else:
            rest = replace(size, {name: 0})
            yield Reading((name,), tensor, axis, slope(size, name), rest)


def _whole(tensor: Tensor, found: dict[str, Place]) -> tuple[str, ...]:
    """The names of a tensor's axes, where each is one and is read from it."""
    if len(tensor.shape) < 2 or not all(is_name(size) for size in tensor.shape):
        return ()
    names = [next(iter(names_in(size))) for size in tensor.shape]
    mine = [n for n in found if n in names and found[n][0] is tensor]
    return tuple(names) if len(set(names)) == len(names) == len(mine) else ()
