"""Declarations as a line of text: `X: n p; S: n n : symmetric; a, b: vector`.

>>> declared("X, A: n p; S: n n : symmetric; c:")
{'X': 'n p', 'A': 'n p', 'S': 'n n : symmetric', 'c': ''}
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import ParseError

_PIECE = re.compile(r"[^;\n]+")


def declared(text: str) -> dict[str, object]:
    """The shape of every name in a text of declarations, parted by `;` or line ends.

    What stands after the first colon is a shape as `parse` takes it: sizes (`n p`, or
    nothing for a scalar) with a structure after a second colon, or what the variable
    is (`vector`, `symmetric matrix`, `function`). Raises `ParseError`, with the place,
    for a piece without a colon or a name, and for a name that is declared twice.
    """
    found: dict[str, object] = {}
    for piece in _PIECE.finditer(text):
        if piece[0].strip():
            _add(found, text, piece)
    return found


def declared_in(texts: Iterable[str]) -> dict[str, object]:
    """The declarations of several texts together. Raises as `declared` does."""
    return declared("\n".join(texts))


def _add(found: dict[str, object], text: str, piece: re.Match[str]) -> None:
    names, colon, shape = piece[0].partition(":")
    if not colon:
        raise ParseError(
            "a declaration needs a colon",
            text=text,
            position=piece.end(),
            hint="such as X: n p, or c: for a scalar",
        )
    listed = names.replace(",", " ").split()
    if not listed:
        raise ParseError(
            "a name was expected before the colon", text=text, position=piece.start()
        )
    for written in listed:
        name = written.removeprefix("\\")
        if name in found:
            raise ParseError(
                f"{name} is declared twice",
                text=text,
                position=piece.start() + piece[0].index(written),
                hint="leave one of them out",
            )
        found[name] = shape.strip()
