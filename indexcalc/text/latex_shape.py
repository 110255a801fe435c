r"""Tokens of LaTeX made plain: fonts, spacing, delimiters and environments resolved.

What only looks is dropped. What is nothing but letters under a font command is one
token: an upright word (`\mathrm{vec}`), letters that may be factors (`\mathbf{AX}`), or
ones (`{\tt 1}`); delimiters open and close
whatever their size (`\left(`, `\Big]`), and each knows its partner.

>>> shaped = shape(tokens_of(r"\mathrm{Tr}\left(\mathbf A\,x\right)"), "")
>>> [token.kind for token in shaped.tokens]
['word', 'open', 'letters', 'letter', 'close']
>>> shaped.partner
{1: 4, 4: 1}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..errors import BudgetError, ParseError
from .latex_tokens import Token, tokens_of
from .scanner import NESTING_LIMIT

__all__ = ["tokens_of"]

SPACES = frozenset(
    {
        *(",", ";", ":", "!", " ", ">", "quad", "qquad", "enspace", "thinspace", "/"),
        *("medspace", "thickspace", "negthinspace", "displaystyle", "textstyle"),
        *("scriptstyle", "limits", "nolimits", "nonumber", "notag", "hfill", "strut"),
        *("relax", "allowbreak", "protect", "ensuremath", "mathop", "mathbin"),
        *("mathrel", "mathord", "eqalign", "smash", "hphantom", "cr"),
    }
)
SPACED = frozenset({"hspace", "vspace", "label", "tag", "mspace", "kern", "mkern"})

#: Font commands with an argument; in the bold ones, and those like them, 1 is ones.
FONTS = {
    **dict.fromkeys(("mathbf", "boldsymbol", "bm", "mathbb", "mathbbm", "pmb"), "bold"),
    **dict.fromkeys(("mathtt", "textbf", "texttt", "mathds", "symbf"), "bold"),
    **dict.fromkeys(("mathrm", "operatorname", "text", "mathsf", "textrm"), "upright"),
    **dict.fromkeys(("mbox", "textup", "mathup", "textnormal"), "upright"),
    **dict.fromkeys(("mathit", "textit", "mathfrak", "mathnormal"), "italic"),
    **dict.fromkeys(("mathcal", "mathscr"), "script"),
}
SWITCHES = {
    **dict.fromkeys(("bf", "tt", "bfseries", "boldmath"), "bold"),
    **dict.fromkeys(("rm", "sf", "rmfamily"), "upright"),
    **dict.fromkeys(("it", "mit", "frak", "em"), "italic"),
    **dict.fromkeys(("cal", "scr"), "script"),
}
BIG = frozenset(
    f"{size}{side}"
    for size in ("big", "Big", "bigg", "Bigg")
    for side in ("", "l", "r", "m")
)
ALIGNED = frozenset(
    f"{name}{star}"
    for name in (
        "aligned",
        "align",
        "equation",
        "gather",
        "gathered",
        "split",
        "eqnarray",
    )
    for star in ("", "*")
)
MATRICES = frozenset({"matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix"})

_OPENING = {"(": "(", "[": "[", "\\{": "{", "\\lbrace": "{", "\\lbrack": "["}
_OPENING |= {"\\langle": "<", "⟨": "<", "{": "group"}
_CLOSING = {")": "(", "]": "[", "\\}": "{", "\\rbrace": "{", "\\rbrack": "["}
_CLOSING |= {"\\rangle": "<", "⟩": "<", "}": "group"}
_BARS = {"|": "|", "\\vert": "|", "\\lvert": "|", "\\rvert": "|", "\\mid": "|"}
_BARS |= {"‖": "‖", "\\|": "‖", "\\Vert": "‖", "\\lVert": "‖", "\\rVert": "‖"}
_SIDED = {"\\lvert": "open", "\\lVert": "open", "\\rvert": "close", "\\rVert": "close"}
LIKE = {"(": ")", "[": "]", "{": "}", "<": "⟩", "|": "|", "‖": "‖", "group": "}"}


@dataclass(slots=True)
class Shaped:
    """Tokens with the place of each delimiter's partner."""

    tokens: list[Token] = field(default_factory=list)
    partner: dict[int, int] = field(default_factory=dict)


def shape(raw: Sequence[Token], text: str) -> Shaped:
    """The plain tokens and the pairs of delimiters.

    Raises `ParseError` for a delimiter without its partner, `BudgetError` for nesting
    beyond the limit.
    """
    return _paired(_plain(raw, text), text)


# -- fonts, spaces and sizes -----------------------------------------------------------


def _plain(raw: Sequence[Token], text: str) -> list[Token]:
    closing = _braces(raw)
    found: list[Token] = []
    i, side = 0, ""
    while i < len(raw):
        token = raw[i]
        name = token.value if token.kind == "command" else ""
        if name in SPACES or (not name and token.value == "~"):
            i += 1
        elif name in ("left", "right") or name in BIG:
            side = {"left": "open", "right": "close"}.get(name, name[-1:])
            side = {"l": "open", "r": "close"}.get(side, side)
            i += 1
        elif name in SPACED:
            i = _past_argument(raw, i + 1, closing)
        elif name in ("begin", "end"):
            i = _environment(raw, i, closing, found, text)
        elif name == "vec" and _is_one(raw, i + 1):
            at = i + 1 if raw[i + 1].value == "1" else i + 2
            found += _word(raw[at : at + 1], "bold", token)
            i = 2 * at - i
        elif name in FONTS or name in SWITCHES:
            i = _font(raw, i, closing, found)
        else:
            found.append(_delimited(token, side, text))
            i, side = i + 1, ""
    return found


def _braces(raw: Sequence[Token]) -> dict[int, int]:
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for i, token in enumerate(raw):
        if token.kind == "other" and token.value == "{":
            opened.append(i)
        elif token.kind == "other" and token.value == "}" and opened:
            pairs[opened.pop()] = i
    return pairs


def _past_argument(raw: Sequence[Token], i: int, closing: dict[int, int]) -> int:
    if i < len(raw) and raw[i].value == "*":
        i += 1
    return closing[i] + 1 if i in closing else i


def _environment(
    raw: Sequence[Token],
    i: int,
    closing: dict[int, int],
    found: list[Token],
    text: str,
) -> int:
    word = raw[i]
    if i + 1 not in closing:
        raise ParseError(
            f"\\{word.value} lacks the name of an environment",
            text=text,
            position=word.start,
        )
    inside = raw[i + 2 : closing[i + 1]]
    name = "".join(token.value for token in inside[:20])
    if name in MATRICES:
        kind = "open" if word.value == "begin" else "close"
        found.append(replace(word, kind=kind, value="matrix"))
    elif name not in ALIGNED:
        raise ParseError(
            f"the environment {name!r} is not in the language",
            text=text,
            position=word.start,
            hint="one formula, perhaps in aligned, or a matrix in bmatrix",
        )
    return closing[i + 1] + 1


def _font(
    raw: Sequence[Token], i: int, closing: dict[int, int], found: list[Token]
) -> int:
    """A font command: what is under it becomes a word if it is nothing but letters."""
    word = raw[i]
    switch = word.value in SWITCHES
    font = SWITCHES[word.value] if switch else FONTS[word.value]
    i += 1
    if word.value == "operatorname" and i < len(raw) and raw[i].value == "*":
        i += 1
    stop = _run_of_letters(raw, i + (not switch))
    if switch:
        group = bool(found) and (found[-1].kind, found[-1].value) == ("open", "group")
        if group and i < stop < len(raw) and raw[stop].value == "}":
            found += _word(raw[i:stop], font, word)
            return stop
        return i
    if i in closing:
        if stop == closing[i] and stop > i + 1:
            found += _word(raw[i + 1 : stop], font, word)
            return stop + 1
        return i
    if i < len(raw) and raw[i].kind in ("letter", "digit"):
        found += _word(raw[i : i + 1], font, word)
        return i + 1
    return i


def _run_of_letters(raw: Sequence[Token], i: int) -> int:
    """Where letters, digits and `\\_` end."""
    while i < len(raw) and (
        raw[i].kind in ("letter", "digit") or (raw[i].kind, raw[i].value) == _LOW
    ):
        i += 1
    return i


_LOW = ("command", "_")


def _word(letters: Sequence[Token], font: str, before: Token) -> Sequence[Token]:
    value = "".join(token.value for token in letters)
    if font == "bold" and not value.strip("1"):
        return [
            Token("ones", "1", before.start, letters[-1].stop, before.glued)
            for _ in value
        ]
    if value.isdigit():
        return letters
    if font == "script" and value == "H":
        value = "ℋ"
    kind = "word" if font == "upright" else "letters"
    return [Token(kind, value, before.start, letters[-1].stop, before.glued)]


def _is_one(raw: Sequence[Token], i: int) -> bool:
    """Whether a 1 stands at i, bare or in braces."""
    values = [token.value for token in raw[i : i + 3]]
    return values[:1] == ["1"] or values == ["{", "1", "}"]


def _delimited(token: Token, side: str, text: str) -> Token:
    """A token, as a delimiter if it is one; `side` is what a size before it says."""
    value = token.shown()
    if value in _BARS:
        known = side if side in ("open", "close") else _SIDED.get(value, "bar")
        return replace(token, kind=known, value=_BARS[value])
    if value in _OPENING:
        return replace(token, kind="open", value=_OPENING[value])
    if value in _CLOSING:
        return replace(token, kind="close", value=_CLOSING[value])
    if side in ("open", "close"):
        raise ParseError(
            f"{value} is no delimiter of the language",
            text=text,
            position=token.start,
            hint="both sides of a bracket are needed",
        )
    return token


# -- pairs -----------------------------------------------------------------------------

#: What needs no braces round it.
_SINGLE = frozenset({"letter", "letters", "word", "ones"})
_BEFORE_OPERAND = frozenset("+-*/:,;=<>^_&")


def _paired(plain: Sequence[Token], text: str) -> Shaped:
    shaped = Shaped()
    opened: list[int] = []
    for k, token in enumerate(plain):
        found = token
        if token.kind == "bar":
            found = replace(token, kind=_side(token, shaped.tokens, opened))
        inside = shaped.tokens[opened[-1]].value if opened else ""
        if inside != "matrix" and _is_alignment(token):
            if not (_ended(shaped.tokens) and _begins(plain, k + 1)):
                continue
            raise ParseError(
                "two formulas side by side, and one was expected",
                text=text,
                position=token.start,
                hint="a formula that goes on begins its next line with an operator",
            )
        at = len(shaped.tokens)
        shaped.tokens.append(found)
        if found.kind == "open":
            opened.append(at)
            if len(opened) > NESTING_LIMIT:
                raise BudgetError(
                    f"brackets are nested deeper than {NESTING_LIMIT}",
                    text=text,
                    position=found.start,
                )
        elif found.kind == "close":
            _close(shaped, opened, at, text)
    if opened:
        raise _unclosed(shaped.tokens[opened[-1]], text)
    return shaped


def _is_alignment(token: Token) -> bool:
    if token.kind == "command":
        return token.value == "\\"
    return token.kind == "other" and token.value == "&"


def _side(token: Token, before: Sequence[Token], opened: Sequence[int]) -> str:
    """Whether a bar opens or closes: it closes where an operand has ended."""
    if not opened or before[opened[-1]].value != token.value:
        return "open"
    return "close" if _ended(before) else "open"


def _ended(before: Sequence[Token]) -> bool:
    """Whether an operand may have ended here."""
    if not before:
        return False
    last = before[-1]
    if last.kind == "command":
        return last.value not in NOT_AN_OPERAND
    return last.kind != "open" and last.value not in _BEFORE_OPERAND


def _begins(plain: Sequence[Token], k: int) -> bool:
    """Whether an operand may begin here."""
    if k >= len(plain) or plain[k].kind == "close":
        return False
    if plain[k].kind == "command":
        return plain[k].value not in NOT_AN_OPERAND
    return plain[k].kind != "other"


#: Commands after which an operand is still to come.
NOT_AN_OPERAND = frozenset(
    {
        *("odot", "circ", "otimes", "star", "oslash", "cdot", "times", "bullet", "ast"),
        *("\\", "end", "equiv", "coloneqq"),
        *("log", "ln", "exp", "det", "sin", "cos", "tan", "tanh", "sinh", "cosh", "tr"),
        *("Tr", "trace", "max", "min", "diag", "Diag", "sum", "frac", "sqrt"),
    }
)


def _close(shaped: Shaped, opened: list[int], at: int, text: str) -> None:
    token = shaped.tokens[at]
    if opened and shaped.tokens[opened[-1]].value == token.value:
        start = opened.pop()
        inner = shaped.tokens[at - 1]
        if token.value == "group" and start == at - 2 and inner.kind in _SINGLE:
            shaped.tokens[start:] = [replace(inner, glued=False)]
        else:
            shaped.partner[start], shaped.partner[at] = at, start
        return
    if opened:
        other = shaped.tokens[opened[-1]]
        raise ParseError(
            f"{_said(token, text)} closes {_said(other, text)}",
            text=text,
            position=token.start,
            hint=f"{LIKE.get(other.value, 'an end')} was expected",
        )
    raise ParseError(
        f"this {_said(token, text)} closes nothing",
        text=text,
        position=token.start,
        hint="remove it",
    )


def _unclosed(token: Token, text: str) -> ParseError:
    return ParseError(
        f"this {_said(token, text)} is never closed",
        text=text,
        position=token.start,
        hint=f"{LIKE.get(token.value, 'its end')} is missing",
    )


def _said(token: Token, text: str) -> str:
    return text[token.start : token.stop][:12] or token.value
