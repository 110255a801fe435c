"""Pages whose Python runs while the site is built.

The documents are plain Markdown, so that they read well anywhere: a block marked
`python`, and perhaps one marked `text` with what it printed. For the site they become
notebooks of MyST-NB:

- a `python` block is a cell: what it shows is shown live, formulas and pictures too;
- a `text` block right after it gives way to that;
- a picture right after it stays, with its words for those who cannot see it, and the
  cell shows nothing;
- a block of `>>>` stands as it is written, and runs unseen.

>>> page = "```python\\n1 + 1\\n```\\n\\n```text\\n2\\n```\\n"
>>> as_notebook(page).removeprefix(FRONT).split()
['```{code-cell}', 'python', '1', '+', '1', '```']
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

FRONT = """---
file_format: mystnb
kernelspec:
  name: python3
---

"""
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of prose, or a fenced block and its language."""

    text: str
    language: str = ""
    fenced: bool = False

    @property
    def shown(self) -> str:
        """The piece in Markdown."""
        fence = f"```{self.language}\n{self.text}```\n"
        return fence if self.fenced else self.text


def pieces(document: str) -> Iterator[Piece]:
    """A document in Markdown, taken apart at its fences."""
    kept: list[str] = []
    language: str | None = None
    for line in document.splitlines(keepends=True):
        fence = re.fullmatch(r"```([\w{}-]*)\n?", line)
        if fence is None:
            kept.append(line)
            continue
        yield Piece("".join(kept), language or "", language is not None)
        kept, language = [], fence[1] if language is None else None
    yield Piece("".join(kept))


def is_code(piece: Piece) -> bool:
    """Whether a piece runs."""
    return piece.fenced and piece.language == "python"


def runs(document: str) -> bool:
    """Whether a document has something to run."""
    return any(is_code(piece) for piece in pieces(document))


def cell(code: str, *tags: str) -> Piece:
    """A cell of a notebook."""
    told = f":tags: [{', '.join(tags)}]\n" if tags else ""
    return Piece(f"{told}{code}", "{code-cell} python", True)


def examples(text: str) -> str:
    """The code of a block of `>>>`."""
    found = doctest.DocTestParser().get_examples(text)
    return "".join(example.source for example in found)


def made(piece: Piece, after: list[Piece]) -> list[Piece]:
    """A block of code as cells, by what comes after it."""
    if piece.text.startswith(">>> "):
        unseen = cell(examples(piece.text), "remove-cell")
        return [replace(piece, language="pycon"), Piece("\n"), unseen]
    between, following = after[0].text, after[1] if len(after) > 1 else None
    pictured = between.lstrip().startswith("![")
    told_later = between.strip() and following and following.language == "text"
    quiet = pictured or told_later
    return [cell(piece.text, *(["remove-output"] if quiet else []))]


def cells(document: str) -> Iterator[Piece]:
    """The pieces of a document as those of a notebook."""
    found = list(pieces(document))
    answered = False
    for at, piece in enumerate(found):
        if is_code(piece):
            yield from made(piece, found[at + 1 : at + 3])
            answered = not piece.text.startswith(">>> ")
        elif piece.fenced and piece.language == "text" and answered:
            answered = False
        else:
            answered = answered and not piece.text.strip()
            yield piece


def with_given(document: str, given: Mapping[str, str]) -> str:
    """A document whose sections begin with what they take as given, unseen."""
    for heading, code in given.items():
        unseen = cell(code.strip() + "\n", "remove-cell").shown
        place = f"\n## {heading}\n"
        document = document.replace(place, f"{place}\n{unseen}\n", 1)
    return document


def as_notebook(document: str, given: Mapping[str, str] = NOTHING) -> str:
    """A document as a notebook of MyST-NB; `given` is by heading, "" the whole."""
    first = cell(given[""] + "\n", "remove-cell").shown + "\n" if "" in given else ""
    body = with_given("".join(piece.shown for piece in cells(document)), given)
    title = re.match(r"(?s)(# [^\n]*\n)?(.*)", body)
    assert title is not None
    return f"{FRONT}{title[1] or ''}\n{first}{title[2]}"
