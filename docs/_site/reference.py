"""Docstrings as the reference shows them.

Docstrings are plain text with formulas as on the board: `A*x` in backquotes is code,
a line of `>>>` begins an example, and no other sign means anything. Sphinx reads
reStructuredText, so what would mean something there is escaped.

>>> as_written(["The product `A*x`, with x_ and |x|.", "", ">>> 2 * 3", "6"])
['The product ``A*x``, with x\\\\_ and \\\\|x\\\\|.', '', '>>> 2 * 3', '6']
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

MEANING = re.compile(r"([\\*|])|_(?!\w)|(?<=\w)_(?=\W|$)")


def escaped(text: str) -> str:
    """A line of prose in which only backquotes mean something."""
    found = []
    for k, part in enumerate(re.split(r"`+", text)):
        plain = MEANING.sub(lambda sign: f"\\{sign[0]}", part)
        code = f"``{part.strip()}``" if part.strip() else ""
        found.append(code if k % 2 else plain)
    return "".join(found)


def paragraphs(lines: list[str]) -> list[list[str]]:
    """The lines between empty ones."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [part for part in found if part]


def is_list(part: list[str]) -> bool:
    """Whether a paragraph is a list."""
    return part[0].lstrip().startswith(("- ", "1. "))


def prose(part: list[str]) -> list[str]:
    """A paragraph in which code that is broken over lines is joined."""
    if is_list(part) or any(line.startswith(" ") for line in part):
        return [escaped(line) for line in part]
    return [escaped(" ".join(line.strip() for line in part))]


def as_written(lines: list[str]) -> list[str]:
    """The lines of a docstring in reStructuredText."""
    found = [
        part if part[0].lstrip().startswith(">>>") else prose(part)
        for part in paragraphs(lines)
    ]
    return list(chain.from_iterable([*part, ""] for part in found))[:-1]


def docstring(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Writes a docstring anew."""
    lines[:] = [*as_written(lines), ""]


def signature(
    app: Any, what: str, name: str, obj: Any, options: Any, given: str, answers: str
) -> tuple[str, str] | None:
    """Classes are shown without arguments: functions and methods make them."""
    return ("", "") if what in ("class", "exception") else None


def setup(app: Any) -> dict[str, bool]:
    """Reads docstrings by `docstring`, signatures by `signature`."""
    app.connect("autodoc-process-docstring", docstring)
    app.connect("autodoc-process-signature", signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
