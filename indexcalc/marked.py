r"""Text in Markdown and HTML, in which nothing means anything by accident.

What notebooks show is made of names and messages that strangers wrote. Here they become
prose, code and cells that stay what they are, whatever they hold.

>>> print(prose("2*x_1 <b>|"))
2\*x\_1 &lt;b&gt;\|
>>> print(code("a`b"))
``a`b``
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from .legible import harmless

#: Signs that Markdown reads.
_MEANING = re.compile(r"([\\`*_{}\[\]#|~$!])")
#: What front ends take for a formula within a table.
_TEX = re.compile(r"[$\\]")
#: How a column is set: words, or numbers.
_SIDE = {
    True: ' style="text-align:left"',
    False: ' style="text-align:right;font-variant-numeric:tabular-nums"',
}
#: The most lines of a program that are shown.
LINES = 60


def prose(text: str) -> str:
    """Words in Markdown."""
    plain = escape(harmless(text), quote=False)
    return _MEANING.sub(r"\\\1", plain)


def _fence(text: str, least: int) -> str:
    runs = re.findall("`+", text)
    return "`" * max([least, *(len(run) + 1 for run in runs)])


def code(text: str) -> str:
    """Code in a line of Markdown."""
    text = harmless(text)
    fence = _fence(text, 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def program(source: str, language: str = "python") -> str:
    """A program in Markdown, its first lines where it is long."""
    lines = source.rstrip("\n").splitlines()
    left_out = len(lines) - LINES
    shown = lines[:LINES] + ([f"# … {left_out} more lines"] if left_out > 0 else [])
    text = "\n".join(map(harmless, shown))
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def formula(latex: str) -> str:
    """A formula in a line of Markdown."""
    return f"${latex}$"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """An HTML table of texts; the last `numbers` columns are numbers.

    >>> print(table((), [["<"]]))
    <table><tbody><tr><td style="text-align:left">&lt;</td></tr></tbody></table>
    """
    body = "".join(_row("td", row, numbers) for row in rows)
    top = f"<thead>{_row('th', head, numbers)}</thead>" if head else ""
    return f"<table>{top}<tbody>{body}</tbody></table>"


def _row(tag: str, texts: Sequence[str], numbers: int) -> str:
    first = len(texts) - numbers
    cells = (
        f"<{tag}{_SIDE[k < first]}>{_words(text)}</{tag}>"
        for k, text in enumerate(texts)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _words(text: str) -> str:
    """Text of a cell; as code where front ends would take it for a formula."""
    plain = escape(harmless(text))
    return f"<code>{plain}</code>" if _TEX.search(text) else plain
