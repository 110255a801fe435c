"""What a line of a derivation says, piece by piece, and how each notation writes it.

A line is made of formulas of matrix notation, of sums in index notation, of fractions
∂F/∂X and of a few signs. Nothing is spelled before it is asked for, so that one
derivation is printed as plain text, as it stands on paper, and in LaTeX.

>>> from indexcalc.expr import tensor
>>> from indexcalc.formula import leaf
>>> X = leaf(tensor("X", ("n", "n")))
>>> ratio(words("∂", X), words("∂", Named("X", ("i", "j")))).spelled(PAPER_NOTATION)
'∂X/∂X_ij'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol, TypeAlias, runtime_checkable

from ..errors import UnsupportedError
from ..formula import LOOSE, Formula, negative
from ..formula.paper import PAPER
from ..formula.style import ATOM, JOINED, PRODUCT, SUM, Said, Style
from ..formula.text import PLAIN, spelled
from ..index_text import PLAIN as PLAIN_INDEX
from ..index_walk import Spelling
from ..latex_names import GREEK
from ..legible import harmless

# -- notations -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notation:
    """One way to write: the style of formulas, the spelling of indices, and what the
    pieces between them look like. `signs` are the symbols it spells differently."""

    name: str
    style: Style
    spelling: Spelling
    ratio: Callable[[str, str], str]
    prose: Callable[[str], str]
    signs: tuple[tuple[str, str], ...] = ()


def _differential(style: Style, f: Formula, args: list[Said]) -> Said:
    """dX, and d(AX) of what is not a name."""
    inside = args[0].text
    bare = f.args[0].op == "leaf"
    return Said(f"d{inside}" if bare else f"d{style.bracketed(inside)}", ATOM)


def _pairing(style: Style, f: Formula, args: list[Said]) -> Said:
    """G : dU, the Frobenius product of an adjoint with what it stands for."""
    left, right = (
        _beside_colon(style, g, s) for g, s in zip(f.args, args, strict=True)
    )
    level = SUM if negative(f.args[0]) else PRODUCT
    return Said(f"{left}{style.signs[':']}{right}", level)


def _beside_colon(style: Style, f: Formula, s: Said) -> str:
    """A product stands without brackets, but not a number times something loose."""
    if f.op != "product":
        return style.within(s, JOINED)
    loose = len(f.args) == 1 and f.args[0].op in LOOSE
    return style.bracketed(s.text) if loose else s.text


def _apart(joined: Callable[[Sequence[str]], str]) -> Callable[[Sequence[str]], str]:
    """Factors side by side, with space around a differential."""

    def rule(factors: Sequence[str]) -> str:
        groups = groupby(enumerate(factors), key=lambda e: e[0] * e[1].startswith("d("))
        return " ".join(joined([text for _, text in group]) for _, group in groups)

    return rule


def _with_differentials(style: Style) -> Style:
    words = {**style.words, "d": _differential, "pairing": _pairing}
    joined = _apart(style.joined) if style.joint == JOINED else style.joined
    return replace(style, words=words, joined=joined)


def _on_the_line(above: str, below: str) -> str:
    return f"{above}/{below}"


PLAIN_NOTATION = Notation(
    "plain", _with_differentials(PLAIN), PLAIN_INDEX, _on_the_line, str
)
PAPER_NOTATION = Notation(
    "paper", _with_differentials(PAPER), PLAIN_INDEX, _on_the_line, str
)


def notation(name: str) -> Notation:
    """The notation of a name: plain, paper or latex.

    Raises `UnsupportedError` for any other.
    """
    match name:
        case "plain":
            return PLAIN_NOTATION
        case "paper":
            return PAPER_NOTATION
        case "latex":
            return _latex_notation()
        case _:
            raise UnsupportedError(
                f"{name!r} is not a notation for derivations",
                hint="plain, paper or latex",
            )


def _latex_differential(style: Style, f: Formula, args: list[Said]) -> Said:
    inside = args[0].text
    bare = f.args[0].op == "leaf"
    body = inside if bare else style.bracketed(inside)
    return Said(rf"\mathrm{{d}}{body}", ATOM)


def _latex_notation() -> Notation:
    from ..formula.latex import LATEX
    from ..index_latex import LATEX as LATEX_INDEX

    style = replace(
        LATEX, words={**LATEX.words, "d": _latex_differential, "pairing": _pairing}
    )
    return Notation(
        "latex",
        style,
        LATEX_INDEX,
        lambda above, below: rf"\frac{{{above}}}{{{below}}}",
        latex_prose,
        LATEX_SIGNS,
    )


#: Signs that prose and lines hold, as LaTeX within math mode.
LATEX_SIGNS = (
    ("∂", r"\partial "),
    ("δ", r"\delta "),
    ("→", r"\to "),
    ("∘", r"\circ "),
    ("⊗", r"\otimes "),
    ("⁻ᵀ", r"^{-\top}"),
    ("ᵀ", r"^{\top}"),
    ("⋆", r"\star "),
    ("⁻¹", r"^{-1}"),
    ("·", r"\cdot "),
    ("−", "-"),
    ("′", "'"),
    ("Σ", r"\sum "),
    ("‖", r"\|"),
    ("²", "^2"),
    *((letter, f"\\{name} ") for letter, name in GREEK.items() if letter != "δ"),
)
_SIGN = re.compile(f"({'|'.join(sign for sign, _ in LATEX_SIGNS)})")
_ESCAPES = str.maketrans(
    {c: f"\\{c}" for c in "_&%$#{}"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
)


def latex_prose(text: str) -> str:
    """Prose in LaTeX's text mode; its signs in math mode."""
    signs = dict(LATEX_SIGNS)
    return "".join(
        f"${_raised(signs[piece])}$" if piece in signs else piece.translate(_ESCAPES)
        for piece in _SIGN.split(harmless(text))
    )


def _raised(sign: str) -> str:
    return f"{{}}{sign}" if sign.startswith("^") else sign.strip()


# -- pieces ----------------------------------------------------------------------------


@runtime_checkable
class Sayable(Protocol):
    """Whatever else can stand in a line."""

    def said(self, notation: Notation) -> str:
        """How a notation writes it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name with indices: X_kl."""

    name: str
    indices: tuple[str, ...] = ()

    def said(self, notation: Notation) -> str:
        """The name and its indices, spelled."""
        spelling = notation.spelling
        below = list(map(spelling.index, self.indices))
        return spelling.subscripted(spelling.name(self.name), below)


@dataclass(frozen=True, slots=True)
class Ratio:
    """∂F/∂X."""

    above: Words
    below: Words

    def said(self, notation: Notation) -> str:
        """On the line, or as a fraction."""
        return notation.ratio(
            self.above.spelled(notation), self.below.spelled(notation)
        )


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is held fixed in a partial derivative."""

    names: tuple[str, ...]

    def said(self, notation: Notation) -> str:
        """A bar and the names."""
        names = ",".join(map(notation.spelling.name, self.names))
        return rf"\big|_{{{names}}}" if notation.name == "latex" else f"|{names}"


Piece: TypeAlias = str | Formula | Sayable


@dataclass(frozen=True, slots=True)
class Words:
    """Pieces in a row."""

    pieces: tuple[Piece, ...] = ()

    def spelled(self, notation: Notation) -> str:
        """The pieces as a notation writes them."""
        return "".join(_spelled(piece, notation) for piece in self.pieces)


def _spelled(piece: Piece, notation: Notation) -> str:
    match piece:
        case str():
            for sign, written in notation.signs:
                piece = piece.replace(sign, written)
            return piece
        case Formula():
            return spelled(piece, notation.style)
        case _:
            return piece.said(notation)


def words(*pieces: Piece) -> Words:
    """Pieces as words."""
    return Words(pieces)


def ratio(above: Words, below: Words) -> Words:
    """above/below as words."""
    return words(Ratio(above, below))


def differential(f: Formula, node: object) -> Formula:
    """d(f), whose value is a node: the tangent of f."""
    return Formula("d", (f,), None, f.shape, f.row, node)  # type: ignore[arg-type]
