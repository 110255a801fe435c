"""A verdict on an answer, and values at which a wrong one is wrong.

>>> import numpy as np
>>> print(Witness({"x": np.array([1.0, 2.0])}, (0,), 2.0, 1.0))
at x = [1, 2] entry [0] is 2, not 1
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..comparison.evidence import Evidence
from ..face import Expression
from ..marked import prose
from ..pairwise import Array

#: Kinds that are right; those that are right under a convention that is named.
RIGHT, CONVENTIONAL = ("equal",), ("layout", "convention")
#: Up to how many entries arrays are written into the sentence.
SHOWN = 16


@dataclass(frozen=True, slots=True)
class Witness:
    """Values of the variables at which an answer is wrong: the entry, what the
    derivative is there, and what the answer gives."""

    values: Mapping[str, Array]
    entry: tuple[int, ...]
    expected: complex
    given: complex

    def __str__(self) -> str:
        count = sum(array.size for array in self.values.values())
        shown = (f"{n} = {_array_text(a)}" for n, a in self.values.items())
        where = f"at {', '.join(shown)} " if self.values and count <= SHOWN else ""
        entry = f"entry {list(self.entry)}" if self.entry else "it"
        return f"{where}{entry} is {_number(self.expected)}, not {_number(self.given)}"


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What an answer is to the right one.

    `right` says that it is equal as it stands; `bool(verdict)` that it is, or is under
    a convention that the text names: another layout, or another derivative by a
    structured variable. Right under an assumption is not right. `kind` is one of equal,
    layout, convention, assumption, other layout, diagonal, part, sum, factor, sign,
    transpose, missing factor, extra factor, missing term, missing terms, extra term,
    term sign, term factor, other variable, other order, wrong.
    """

    kind: str
    right: bool
    text: str
    layout: str
    expected: Expression
    witness: Witness | None = None
    evidence: Evidence | None = None
    assumptions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.right or self.kind in CONVENTIONAL

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        """The sentence, and where the answer is not right, the derivative."""
        mark = "✓" if self else "✗"
        told = f"**{mark}** {prose(self.text)}"
        if self:
            return told
        shown = self.expected._repr_mimebundle_()
        more = shown.get("text/markdown") or shown.get("text/latex", "")
        return f"{told}\n\n{more}".rstrip()


def _number(value: complex, digits: int = 6) -> str:
    if isinstance(value, complex):
        return f"{value:.{digits}g}"
    return f"{round(value, 12) + 0.0:.{digits}g}"


def _array_text(array: Array) -> str:
    if not array.shape:
        return _number(array.item(), 4)
    return f"[{', '.join(_array_text(part) for part in array)}]"
