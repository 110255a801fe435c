"""The names that the tests of the text language declare."""

from __future__ import annotations

SHAPES: dict[str, object] = {
    **dict.fromkeys("AB", "n n"),
    **dict.fromkeys("CD", "n p"),
    **dict.fromkeys(("x", "y", "α", "lambda"), "n"),
    **dict.fromkeys("st", ""),
    **dict.fromkeys("fg", "function"),
    "E": "p n",
    "K": "k p",
    "z": "p",
    "U": "3 3",
    "u": 3,
    "Q": "1 1",
    "T": "n n n",
    "S": "n n : symmetric",
    "V": "2 3",
}
