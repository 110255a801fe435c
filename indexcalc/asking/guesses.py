r"""What letters that nobody declared may mean, where the usual meaning does not go
together.

Capitals are matrices and the small letters from h on vectors in every guess; of the
scalars a to g and α to ω one or a few may be vectors, and n, k, t and their like, which
often count something, scalars.

>>> next(guesses(r"\|Ax - b\|", {}))
{'b': 'vector'}
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from itertools import combinations

from ..latex_names import GREEK

#: Greek letters by their commands.
GREEK_LETTERS = {name: letter for letter, name in GREEK.items()}
#: How many letters are considered, and how many may change at a time.
MOST_LETTERS, MOST_CHANGES = 10, 4
#: The longest text whose letters are guessed.
LONGEST_TEXT = 2_000
_LETTERS = re.compile(r"\\([A-Za-z]+)|([^\W\d_]+)([0-9]*\s*\()?")
#: The longest word whose letters may each be a name.
_LONGEST_PRODUCT = 3
#: Small letters that are scalars as often as vectors.
_COUNTS = frozenset("klmnpqrst")


def guesses(text: str, shapes: Container[str]) -> Iterator[dict[str, object]]:
    """Kinds for letters that are not declared, the likeliest first: those that are
    scalars as a rule as vectors, letters that often count something as scalars."""
    free = [c for c in _letters(text) if c not in shapes][:MOST_LETTERS]
    may = [(n, c, k, cost) for n, c in enumerate(free) for k, cost in _otherwise(c)]
    chosen = [
        meant
        for count in range(1, 1 + MOST_CHANGES)
        for meant in combinations(may, count)
        if len({n for n, *_ in meant}) == count
    ]
    chosen.sort(key=lambda meant: sum(cost for *_, cost in meant))
    for meant in chosen:
        yield {letter: kind for _, letter, kind, _ in meant}


def _letters(text: str) -> Iterable[str]:
    """The letters of a text that may be names, Greek ones by their commands too."""
    found: dict[str, None] = {}
    for command, word, opened in _LETTERS.findall(text):
        if command:
            found.update(dict.fromkeys(GREEK_LETTERS.get(command, "")))
        elif len(word) == 1 or (not opened and len(word) <= _LONGEST_PRODUCT):
            found.update(dict.fromkeys(word))
    return found


def _otherwise(letter: str) -> list[tuple[str, int]]:
    """What else a letter may be, and how unlikely that is."""
    if letter <= "g" and letter.islower():
        return [("vector", 1)]
    if letter > "z" and letter.islower():
        return [("vector", 1), ("matrix", 3)]
    return [("scalar", 2)] if letter in _COUNTS else []
