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
from itertools import groupby

from .faces import lowered, raised

#: A piece of text, whether it is slanted, and 1 where it is raised, −1 where lowered.
Run = tuple[str, bool, int]

_SIGNS = "0123456789+-()n"
_LEVELS = {raised(c): (c, 1) for c in _SIGNS}
_LEVELS |= {lowered(c): (c, -1) for c in _SIGNS if lowered(c) != c}

_WORDS = re.compile(r"[^\W\d_]+|[\W\d_]+")

#: Capital Greek letters and signs that look like letters stay upright.
_UPRIGHT = frozenset("ΓΔΘΛΞΠΣΥΦΨΩ∂∇δ")


def letter_runs(text: str, slanted: bool = False, plain: bool = False) -> list[Run]:
    """The runs of a line; `slanted` slants words too, `plain` nothing."""
    found: list[Run] = []
    for level, letters in groupby(map(_levelled, text), key=lambda pair: pair[1]):
        run = "".join(c for c, _ in letters)
        if level:
            found.append((run.replace("-", "−"), run == "n", level))
            continue
        found += [(word, _slants(word, slanted, plain), 0) for word in _words(run)]
    return _joined(found)


def _levelled(c: str) -> tuple[str, int]:
    return _LEVELS.get(c, (c, 0))


def _words(run: str) -> list[str]:
    return _WORDS.findall(run)


def _slants(word: str, slanted: bool, plain: bool) -> bool:
    if plain or not word[0].isalpha() or word in _UPRIGHT:
        return False
    return slanted or len(word) == 1


def _joined(runs: list[Run]) -> list[Run]:
    """Neighbours that look the same, as one."""
    found: list[Run] = []
    for text, italic, level in runs:
        if found and found[-1][1:] == (italic, level):
            found[-1] = (found[-1][0] + text, italic, level)
        else:
            found.append((text, italic, level))
    return found
