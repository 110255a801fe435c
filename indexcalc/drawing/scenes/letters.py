"""How a line of mathematics is set: which letters are slanted, which raised or lowered.

A letter that stands alone is a variable and slanted; words are upright; superscripts
and subscripts of Unicode become small letters, since few fonts have all of them, and
what follows the `_` of a letter is lowered.

>>> letter_runs("X⁻¹")
[('X', True, 0), ('−1', False, 1)]
>>> letter_runs("det(X)")
[('det(', False, 0), ('X', True, 0), (')', False, 0)]
>>> letter_runs("W_query_1")
[('W', True, 0), ('query 1', False, -1)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, TypeAlias

from ..faces import lowered, raised

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


def kind_of(role: str, text: str) -> Text:
    """What a text of a role is; the derivative by a name is a name.

    >>> kind_of("index variable", "ij"), kind_of("index variable", "∂Kern")
    ('indices', 'names')
    """
    return "names" if text.startswith("∂") else TEXTS.get(role, "names")


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

#: What follows the `_` of a letter that stands alone, with all before the name ends.
_SUBSCRIPT = re.compile(r"(?<!\w[^\W\d_])(?<=[^\W\d_])_([^\W_]+(?:_[^\W_]+)*)(?!\w)")

#: Capital Greek letters and signs that look like letters stay upright.
_UPRIGHT = frozenset("ΓΔΘΛΞΠΣΥΦΨΩδ")


def letter_runs(text: str, what: Text = "names") -> list[Run]:
    """The runs of a line.

    >>> letter_runs("A loop round X", "prose")
    [('A loop round ', False, 0), ('X', True, 0)]
    """
    below = _below(text) if what != "words" else {}
    levels = [_LEVELS.get(c, below.get(k, (c, 0))) for k, c in enumerate(text)]
    slanted = set(_slanted(text, levels, what))
    letters = [(*part, k in slanted) for k, part in enumerate(levels) if part[0]]
    return [
        (_written("".join(c for c, _, _ in run), level), italic, level)
        for (level, italic), run in groupby(letters, key=lambda part: part[1:])
    ]


def _below(text: str) -> dict[int, tuple[str, int]]:
    """What is lowered, by its place: the first `_` goes, the others are spaces."""
    return {
        found.start() + k: (c.replace("_", " " if k else ""), -1)
        for found in _SUBSCRIPT.finditer(text)
        for k, c in enumerate(found[0])
    }


def _slanted(text: str, levels: Sequence[tuple[str, int]], what: Text) -> Iterator[int]:
    """The places of slanted letters; in a subscript of those that stand alone."""
    pairs = list(zip(text, levels, strict=True))
    line = "".join(" " if level else c for c, (_, level) in pairs)
    below = "".join(
        c if level < 0 and c not in _LEVELS else " " for c, (_, level) in pairs
    ).replace("_", " ")
    for pattern, shown in ((_SLANTED[what], line), (_SLANTED["names"], below)):
        for found in pattern.finditer(shown):
            if found[0] not in _UPRIGHT:
                yield from range(*found.span())


def _written(run: str, level: int) -> str:
    return run.replace("-", "−") if level else run
