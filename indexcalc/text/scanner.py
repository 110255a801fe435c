"""From text to lexemes, in the plain spelling of the language.

A number never swallows a dot that belongs to an operator, `'` is always transposition,
and a name before a parenthesis is a function. Brackets are matched here, before any
grammar is consulted, so that depth and length are bounded whatever the text.

>>> [(lexeme.type, lexeme.value) for lexeme in scan("1.+x", frozenset())]
[('NUMBER', '1'), ('INFIX', '.+'), ('NAME', 'x')]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from unicodedata import normalize

from ..errors import BudgetError, ParseError
from ..legible import quoted
from .symbols import INFIX, LOOKALIKES, POWERS, TRANSPOSITIONS

LENGTH_LIMIT = 100_000
NESTING_LIMIT = 1_000
LEXEME_LIMIT = 50_000


@dataclass(slots=True)
class Lexeme:
    """One word of the text; the grammar looks at its `type` only."""

    type: str
    value: str
    start: int
    stop: int


_OPERANDS = frozenset({"NAME", "NUMBER", "RPAR", "RSQB", "SUFFIX", "ONES", "INDEXED"})
GREEK = "\u00b5\u0370-\u0373\u0376\u0377\u0386\u0388-\u03ff"
LETTER = f"A-Za-z_{GREEK}"
NAME = f"[{LETTER}][{LETTER}0-9]*"
NAME_PATTERN = re.compile(NAME)

NUMBER = (
    r"(?:[0-9]+(?:\.[0-9]+|\.(?=[eE][-+]?[0-9])|\.(?=\s*(?:$|[-+*/^),;\]]\s)))?"
    r"|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
)
SUPERSCRIPT = "⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+"


def ends_operand(word: Lexeme) -> bool:
    """Whether a lexeme is the end of an operand, so that the next one is beside it."""
    return word.type in _OPERANDS


def alternatives(spellings: Iterable[str]) -> str:
    """A pattern for any of the spellings, the longest first."""
    return "|".join(re.escape(s) for s in sorted(spellings, key=len, reverse=True))


def operator_patterns(name_end: str) -> list[tuple[str, str]]:
    """The patterns that every spelling of the language shares.

    `name_end` is what must follow the T of `.T` and `^T`.
    """
    marks = alternatives(s for s in TRANSPOSITIONS if s != ".T")
    signs = {"+": "PLUS", "-": "MINUS", "−": "MINUS"}
    return [
        ("NUMBER", NUMBER),
        ("TRANSPOSED", rf"(?:\.T|\^\s*T){name_end}"),
        ("INVERTED", rf"\^\s*[-−]\s*T{name_end}|⁻ᵀ"),
        ("SUPERSCRIPT", SUPERSCRIPT),
        ("POWER", alternatives(POWERS)),
        ("INFIX", alternatives(s for s in INFIX if s not in signs)),
        ("PLUS", r"\+"),
        ("MINUS", "[-−]"),
        ("SUFFIX", marks),
        ("LPAR", r"\("),
        ("RPAR", r"\)"),
        ("LSQB", r"\["),
        ("RSQB", r"\]"),
        ("COMMA", ","),
        ("SEMICOLON", ";"),
        ("ONES", "𝟏"),
        ("TEXT", r'"[^"\n]*"'),
        ("SPACE", r"\s+"),
        ("STRAY", r"[\s\S]"),
    ]


def compiled(patterns: list[tuple[str, str]]) -> re.Pattern[str]:
    """One pattern that names what it found by its group."""
    return re.compile("|".join(f"(?P<{name}>{body})" for name, body in patterns))


NAME_END = f"(?![{LETTER}0-9])"
_WORDS = compiled(
    [
        ("FUNCTION", rf"{NAME}[′″]*(?=\s*\()"),
        ("NAME", NAME),
        *operator_patterns(NAME_END),
    ]
)


def scan(text: str, functions: Set[str]) -> list[Lexeme]:
    """The lexemes of a text; `functions` are the declared unknown functions.

    Raises `ParseError` at a character outside the language or a bracket without a
    partner, and `BudgetError` beyond the limits on length and nesting.
    """
    require_length(text)
    return checked(_lexemes(text, functions), text)


def require_length(text: object) -> None:
    """Raises `BudgetError` for a text over the limit, `ParseError` for none at all."""
    if not isinstance(text, str):
        raise ParseError(f"a text was expected, and this is {quoted(text)}")
    if len(text) > LENGTH_LIMIT:
        raise BudgetError(
            f"a text of {len(text)} characters is over the limit of {LENGTH_LIMIT}"
        )
    if not text or text.isspace():
        message = "the text is empty, and an expression was expected"
        raise ParseError(message, text=text, position=len(text))


def _lexemes(text: str, functions: Set[str]) -> Iterator[Lexeme]:
    for match in _WORDS.finditer(text):
        kind, start, stop = match.lastgroup or "STRAY", match.start(), match.end()
        if kind == "SPACE":
            continue
        word = match[0]
        if kind == "NAME":
            yield Lexeme(kind, canonical_name(word), start, stop)
        elif kind == "FUNCTION":
            yield function_lexeme(word, start, stop, functions)
        elif kind == "INVERTED":
            yield from inverted_lexemes(start, stop)
        else:
            yield plain_lexeme(kind, word, start, stop, text)


def canonical_name(word: str) -> str:
    """The name as Python spells identifiers: ϵ is ε, µ is μ."""
    return word if word.isascii() else normalize("NFKC", word)


def function_lexeme(word: str, start: int, stop: int, functions: Set[str]) -> Lexeme:
    """A name before a parenthesis; D is the derivative where functions are declared."""
    bare = word.rstrip("′″")
    name = canonical_name(bare) + word[len(bare) :]
    kind = "DERIVATIVE" if name == "D" and functions else "FUNCTION"
    return Lexeme(kind, name, start, stop)


def plain_lexeme(kind: str, word: str, start: int, stop: int, text: str) -> Lexeme:
    """The lexeme of anything but a name."""
    match kind:
        case "TRANSPOSED":
            return Lexeme("SUFFIX", "'", start, stop)
        case "SUPERSCRIPT":
            return Lexeme("SUFFIX", word, start, stop)
        case "SUFFIX":
            return Lexeme("SUFFIX", "'", start, stop)
        case "STRAY":
            raise stray(text, start)
        case _:
            return Lexeme(kind, word, start, stop)


def inverted_lexemes(start: int, stop: int) -> list[Lexeme]:
    """A⁻ᵀ and A^-T: the inverse, transposed."""
    return [Lexeme("SUFFIX", mark, start, stop) for mark in ("⁻¹", "'")]


def stray(text: str, position: int) -> ParseError:
    """The error for a character that is not in the language."""
    character = text[position]
    if character == '"':
        message, hint = "this quotation mark has no partner on its line", None
    else:
        message = f"{character!r} is not in the language"
        hint = LOOKALIKES.get(character)
    return ParseError(message, text=text, position=position, hint=hint)


_PARTNER = {"RPAR": "(", "RSQB": "["}
_CLOSER = {"(": ")", "[": "]"}


def checked(lexemes: Iterable[Lexeme], text: str) -> list[Lexeme]:
    """The lexemes as a list, once brackets match and limits are kept."""
    found: list[Lexeme] = []
    opened: list[Lexeme] = []
    for lexeme in lexemes:
        found.append(lexeme)
        if len(found) > LEXEME_LIMIT:
            raise BudgetError(f"an expression of more than {LEXEME_LIMIT} words")
        kind = lexeme.type
        if kind == "LPAR" or kind == "LSQB":
            opened.append(lexeme)
            if len(opened) > NESTING_LIMIT:
                raise BudgetError(
                    f"brackets are nested deeper than {NESTING_LIMIT}",
                    text=text,
                    position=lexeme.start,
                )
        elif kind == "RPAR" or kind == "RSQB":
            _close(lexeme, opened, text)
    if opened:
        raise ParseError(
            f"this {opened[-1].value} is never closed",
            text=text,
            position=opened[-1].start,
            hint=f"a {_CLOSER[opened[-1].value]} is missing",
        )
    return found


def _close(lexeme: Lexeme, opened: list[Lexeme], text: str) -> None:
    if opened and opened[-1].value == _PARTNER[lexeme.type]:
        opened.pop()
        return
    if opened:
        message = f"{lexeme.value} closes a {opened[-1].value}"
        hint = f"{_CLOSER[opened[-1].value]} was expected"
    else:
        message, hint = f"this {lexeme.value} closes nothing", "remove it"
    raise ParseError(message, text=text, position=lexeme.start, hint=hint)
