r"""A text read in whatever notation it stands in.

>>> from .asked import Asked
>>> read_in(Asked("Ax + b")).notation, read_in(Asked("A_ij x_j")).notation
('paper', 'index')
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from ..errors import IndexCalcError, ParseError, ShapeError
from ..face import Expression
from ..judging.answers import is_latex, sides
from ..questions import Question, question
from ..text.definitions import has_definitions
from ..ways_in import parse, parse_index
from .asked import Asked, checked_notation
from .guesses import GREEK_LETTERS, LONGEST_TEXT, guesses
from .indexed import entries_in_latex, guessed, is_indexed

#: How many readings are tried where the usual one does not go together.
GUESSES = 60
#: Words that are products of their letters rather than names: Ax, AX, XWY.
_PRODUCT = re.compile(r"[A-Z][A-Za-z]|[A-Z]{3}")
_GREEK = re.compile(rf"(?<![^\W_])(?:{'|'.join(GREEK_LETTERS)})(?![^\W_])")
_EULER = re.compile(r"(?<![\w.])e\s*\.?\^")
_SOLUTION = re.compile(r"[\w')\]]\s*(\\)\s*[\w(\[]")
_MARKUP = re.compile(r"\\[A-Za-z]|[{}$]")
_CALLED = re.compile(r"([^\W\d_])\s*\(")
#: Letters that are functions before a parenthesis, unless they are declared.
_FUNCTIONS = frozenset("fghuφψσρ")


class Read(NamedTuple):
    """What a text says: the function, by what and how often it is to be differentiated
    if the text tells, and the notation that it stands in."""

    expression: Expression
    by: tuple[str, ...]
    order: int | None
    notation: str


def read_in(asked: Asked) -> Read:
    """The problem with its letters as they are usually meant; where that does not go
    together, with a letter or two that nobody declared meant otherwise."""
    reader = _READERS[checked_notation(asked)]
    try:
        return reader(asked)
    except ShapeError as error:
        if not asked.infer or len(asked.text) > LONGEST_TEXT:
            raise
        for guess in islice(guesses(asked.text, asked.shapes), GUESSES):
            with suppress(IndexCalcError):
                return reader(replace(asked, shapes={**asked.shapes, **guess}))
        raise error from None


def _auto(asked: Asked) -> Read:
    """LaTeX where it can only be that, else the text language, else paper notation."""
    _require_no_solution(asked)
    if is_latex(asked.text):
        return _latex(asked)
    _require_no_euler(asked)
    try:
        found = _text(asked)
    except IndexCalcError as error:
        return _or_raise(error, asked)
    words = [
        n for n in found.expression.variables if len(n) > 1 and n not in asked.shapes
    ]
    if not any(word.isalpha() for word in words):
        return found
    products = all(_PRODUCT.fullmatch(word) for word in words)
    with suppress(IndexCalcError):
        return _paper(replace(asked, infer=asked.infer and products))
    return found


def _require_no_solution(asked: Asked) -> None:
    """Raises `ParseError` for MATLAB's A \\ b, which LaTeX would take for a space."""
    found = _SOLUTION.search(asked.text)
    if found is not None and not _MARKUP.search(asked.text):
        raise ParseError(
            "a backslash between two letters is neither the text language nor LaTeX",
            text=asked.text,
            position=found.start(1),
            hint="the solution of A x = b is inv(A)*b",
        )


def _require_no_euler(asked: Asked) -> None:
    """Raises `ParseError` for e^A, which may be meant in two ways, where e is not
    declared."""
    power = _EULER.search(asked.text)
    if power is not None and "e" not in asked.shapes:
        raise ParseError(
            "e^… may be exp entry by entry or the matrix exponential",
            text=asked.text,
            position=power.start(),
            hint="write exp(x) or expm(A), or declare e",
        )


def _or_raise(error: IndexCalcError, asked: Asked) -> Read:
    """The text in paper notation, or the error that the text language had. An f before
    a parenthesis is a function, not a factor."""
    called = set(_CALLED.findall(asked.text)) - asked.shapes.keys()
    if called & _FUNCTIONS:
        raise error
    if asked.infer and is_indexed(asked.text):
        with suppress(IndexCalcError):
            return _guessed(asked)
    try:
        return _paper(asked)
    except ShapeError:
        raise
    except IndexCalcError:
        raise error from None


def _guessed(asked: Asked) -> Read:
    """Index notation whose letters and free indices are found from the text."""
    text, out, shapes = guessed(asked.text, asked.shapes)
    return Read(parse_index(text, asked.out or out, shapes), (), None, "index")


def _text(asked: Asked, paper: bool = False) -> Read:
    text = _right_side(asked)
    found = parse(text, asked.shapes, paper=paper, infer=asked.infer)
    return Read(found, (), None, "paper" if paper else "text")


def _right_side(asked: Asked) -> str:
    """What stands after `y =`; definitions after `where` have equals signs of their
    own."""
    text = asked.text
    if has_definitions(text, asked.shapes):
        return text
    left, right = sides(text)
    if "=" in left:
        return text
    return " " * (len(text) - len(text.rpartition("=")[2])) + right if left else text


def _paper(asked: Asked) -> Read:
    """Paper notation; norms may be typed ||x||, Greek letters by their names."""
    text = asked.text.replace("||", "‖ ")
    if asked.infer:
        text = _GREEK.sub(lambda m: _letter(m[0], asked), text)
    return _text(replace(asked, text=text), paper=True)


def _letter(word: str, asked: Asked) -> str:
    return word if word in asked.shapes else GREEK_LETTERS[word]


def _latex(asked: Asked) -> Read:
    """LaTeX; a Greek letter goes by itself, however it was declared."""
    text = asked.text.strip().strip("$")
    shapes = {GREEK_LETTERS.get(n, n): shape for n, shape in asked.shapes.items()}
    out = asked.out or None
    entries = entries_in_latex(text, shapes) if asked.infer else {}
    if entries:
        with suppress(IndexCalcError):
            return _asked_in(question(text, {**shapes, **entries}, infer=True, out=out))
    return _asked_in(question(text, shapes, infer=asked.infer, out=out))


def _asked_in(found: Question) -> Read:
    return Read(found.expression, found.variables, found.order, "latex")


def _index(asked: Asked) -> Read:
    if asked.infer:
        return _guessed(asked)
    return Read(parse_index(asked.text, asked.out, asked.shapes), (), None, "index")


_READERS = {
    "auto": _auto,
    "text": _text,
    "paper": _paper,
    "latex": _latex,
    "index": _index,
}
