"""What is written where: answers to standard output, remarks to standard error.

A terminal gets colours (unless NO_COLOR is set) and lines broken at its width; anything
else gets the text as it is, a line a line. Signs that a stream cannot hold are spelled
in ASCII, so that no console is too poor.

>>> spelled("∂y/∂A = δ_ij Xᵀ⁻¹", "ascii")
"dy/dA = delta_ij X'^-1"
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from shutil import get_terminal_size
from typing import TextIO

from ..legible import harmless

#: Signs of formulas, each before what it is in ASCII; others stand as escapes. λ is
#: spelled as SymPy does, lambda being a keyword.
_SIGNS = """
∂ d ∘ .* ⊙ .* − - · * × x • *r* ∑ sum 𝟏 1 √ sqrt ∇ grad ‖ || ½ 1/2 … ...
⊤ ' ᵀ ' ᴴ ^H ′ ' ⁻ ^- ⁺ ^+ ⁰ ^0 ¹ ^1 ² ^2 ³ ^3 ⁴ ^4 ₀ _0 ₁ _1 ₂ _2 ₃ _3
≥ >= ≤ <= ≠ != ↦ -> → -> ← <- δ delta λ lamda μ mu σ sigma α alpha β beta γ gamma
θ theta π pi ω omega ε epsilon κ kappa ρ rho τ tau φ phi η eta ν nu ψ psi χ chi ξ xi
ζ zeta Λ Lambda Ω Omega Δ Delta Φ Phi Θ Theta Σ Sigma Γ Gamma Ψ Psi Π Pi Ξ Xi
"""


def _pairs(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))


ASCII = str.maketrans(_pairs(_SIGNS.split()) | {"⊗": " kron ", "⋆": " outer "})
#: What a stream must be able to hold so that formulas are printed as on paper.
PAPER = "∂δ∘ᵀ⁻𝟏⊗−"
#: The width of a formula on its own line below, where there is no terminal to fill.
WIDEST = 100
#: The roles of what is printed, and their styles.
STYLES = {
    "": "",
    "formula": "bold",
    "label": "cyan",
    "remark": "dim",
    "right": "bold green",
    "wrong": "bold red",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A label with what it says, and the role of that; a text of several lines stays
    in its column."""

    label: str
    text: str
    role: str = ""


def reads_paper(stream: TextIO | None = None) -> bool:
    """Whether a stream can hold the signs of paper notation."""
    return _holds(PAPER, _encoding(stream or sys.stdout))


def spelled(text: str, encoding: str) -> str:
    """A text with what an encoding lacks spelled in ASCII."""
    if _holds(text, encoding):
        return text
    found = "".join(c if _holds(c, encoding) else c.translate(ASCII) for c in text)
    found = found.replace("^-^", "^-")
    return found.encode(encoding, "backslashreplace").decode(encoding)


def _holds(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _encoding(stream: TextIO) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody is looking."""
    return bool(stream.isatty())


def is_plain(stream: TextIO) -> bool:
    """Whether a stream gets no colours: nobody looks, or somebody wants none."""
    env = os.environ
    return (
        not is_terminal(stream)
        or bool(env.get("NO_COLOR"))
        or env.get("TERM") == "dumb"
    )


def width(stream: TextIO | None = None) -> int:
    """The columns of the terminal that a stream is, or those of a wide page."""
    if is_terminal(stream or sys.stdout):
        return max(20, get_terminal_size().columns)
    return WIDEST


# -- printing --------------------------------------------------------------------------


def answer(text: str) -> None:
    """An answer for whatever comes next, as it is, to standard output."""
    put(text, sys.stdout)


def remark(text: str, role: str = "remark") -> None:
    """A line beside the answer, to standard error."""
    put(text, sys.stderr, role)


def refusal(word: str, sentence: str) -> None:
    """What went wrong, to standard error, its first word marked."""
    _emit([(f"{word}: ", "wrong"), (sentence, "")], sys.stderr)


def put(text: str, stream: TextIO, role: str = "") -> None:
    """Lines as they are, to a stream."""
    _write([(line, role) for line in text.split("\n")], stream)


def rows(found: Sequence[Row], stream: TextIO | None = None, indent: int = 2) -> None:
    """Labels and what they say, in two columns."""
    where = stream or sys.stdout
    wide = max((len(row.label) for row in found), default=0)
    for row in found:
        _row(row, wide, indent, where)


def _row(row: Row, wide: int, indent: int, stream: TextIO) -> None:
    gap = (2 if indent else 1) if wide else 0
    lead = " " * indent + row.label.ljust(wide) + " " * gap
    room = width(stream) - len(lead) if is_terminal(stream) else 0
    below = " " * len(lead)
    for k, line in enumerate(_lines(row.text, room)):
        _emit([(below if k else lead, "label"), (line, row.role)], stream)


def _lines(text: str, room: int) -> Iterator[str]:
    """The lines of a text, those that are too long broken between words."""
    for line in text.split("\n"):
        if not 0 < room < len(line):
            yield line
            continue
        yield from textwrap.wrap(
            line, max(room, 10), break_on_hyphens=False, replace_whitespace=False
        )


def _write(lines: Iterable[tuple[str, str]], stream: TextIO) -> None:
    for line in lines:
        _emit([line], stream)


def _emit(parts: Sequence[tuple[str, str]], stream: TextIO) -> None:
    """One line, its parts in their styles where they are seen."""
    told = [(spelled(text, _encoding(stream)), role) for text, role in parts]
    if is_plain(stream):
        whole = "".join(text for text, _ in told).rstrip(" ")
        stream.write(f"{harmless(whole) if is_terminal(stream) else whole}\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    line = Text()
    for text, role in told:
        line.append(harmless(text), style=STYLES[role])
    console.print(line, soft_wrap=True)
