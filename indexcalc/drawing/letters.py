"""How a line of mathematics is set: which letters are slanted, which raised or lowered.

A letter that stands alone is a variable and slanted; words are upright; superscripts
and subscripts of Unicode become small letters, since few fonts have all of them.

>>> letter_runs("X⁻¹")
[('X', True, 0), ('−1', False, 1)]
>>> letter_runs("det(X)")
[('det(', False, 0), ('X', True, 0), (')', False, 0)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Literal, TypeAlias

from .faces import lowered, raised

#: A piece of text, whether it is slanted, and 1 where it is raised, −1 where lowered.
Run: TypeAlias = tuple[str, bool, int]

#: What a line is: names of tensors, of indices (slanted words too), a sentence about
#: them, or words only.
Text: TypeAlias = Literal["names", "indices", "prose", "words"]

#: What the texts of a role are, where they are not names of tensors.
TEXTS: dict[str, Text] = {
    "index": "indices",
    "index value": "indices",
    "index variable": "indices",
    "size": "indices",
    "caption": "prose",
    "name function": "words",
}

_SIGNS = "0123456789+-()n/"
_LEVELS = {raised(c): (c, 1) for c in _SIGNS if raised(c) != c}
_LEVELS |= {lowered(c): (c, -1) for c in _SIGNS if lowered(c) != c}

_SLANTED: dict[Text, re.Pattern[str]] = {
    "names": re.compile(r"(?<![^\W\d_])[^\W\d_](?![^\W\d_])"),
    "indices": re.compile(r"[^\W\d_]+"),
    "prose": re.compile(
        r"(?<![\w'’])(?!a\b|^A\b)[^\W\d_](?![^\W\d_])|(?<=\()[a-z]{2,3}(?=\))"
    ),
    "words": re.compile(r"(?!)"),
}

#: Capital Greek letters and signs that look like letters stay upright.
_UPRIGHT = frozenset("ΓΔΘΛΞΠΣΥΦΨΩδ")


def letter_runs(text: str, what: Text = "names") -> list[Run]:
    """The runs of a line.

    >>> letter_runs("A loop round X", "prose")
    [('A loop round ', False, 0), ('X', True, 0)]
    """
    slanted = set(_slanted(text, what))
    letters = [(*_LEVELS.get(c, (c, 0)), k in slanted) for k, c in enumerate(text)]
    return [
        (_written("".join(c for c, _, _ in run), level), italic, level)
        for (level, italic), run in groupby(letters, key=lambda part: part[1:])
    ]


def _slanted(text: str, what: Text) -> Iterator[int]:
    level = "".join(" " if c in _LEVELS else c for c in text)
    for found in _SLANTED[what].finditer(level):
        if found[0] not in _UPRIGHT:
            yield from range(*found.span())


def _written(run: str, level: int) -> str:
    return run.replace("-", "−") if level else run
