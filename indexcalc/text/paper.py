"""From text to lexemes in paper mode, where letters side by side are a product.

A declared name wins, the longest first; a word right before a parenthesis that is a
function of the table stays one; any other letter is a name of its own, with its
subscript and its primes. `1₃`, `1_n` and `𝟏` are ones, `I₃` and `I_n` identities.

>>> from .declarations import declare
>>> found = scan_paper("AX∘tr(B)1₃", declare({"A": "k n", "X": "n 3", "B": "n n"}))
>>> [lexeme.value for lexeme in found]
['A', 'X', '∘', 'tr', '(', 'B', ')', '𝟏3']
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import ParseError
from .declarations import Declarations
from .paper_marks import MARKS, OPERAND_ENDS, PAPER_PATTERNS, Norms, mark_lexemes
from .scanner import (
    LETTER,
    NAME_PATTERN,
    Lexeme,
    canonical_name,
    checked,
    compiled,
    inverted_lexemes,
    operator_patterns,
    plain_lexeme,
    require_length,
)
from .vocabulary import TABLE

LOWERED = "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
RAISED = str.maketrans(LOWERED, "0123456789aehijklmnoprstuvx")
_BRACED = r"_\{[^{}\n]{1,40}\}"
_SUBSCRIPT = f"[{LOWERED}]+|{_BRACED}|_[0-9]+|_[{LETTER}]"

_WORDS = compiled(
    [
        ("LETTER", f"[{LETTER}]"),
        ("COUNTED", f"(?:1|𝟏)(?:{_SUBSCRIPT})"),
        *PAPER_PATTERNS,
        *operator_patterns(""),
    ]
)
_CALLED = re.compile(r"([′″]*)\s*\(")
_COUNT = f"[0-9]+(?![0-9_{LOWERED}])"
_LONE = re.compile(f"([{LETTER}])({_SUBSCRIPT}|{_COUNT})?")
_SIZES = re.compile(r"\s*\(([^()]*)\)")
_PRIMES = re.compile("[′″]+|'+")


def scan_paper(text: str, declared: Declarations) -> list[Lexeme]:
    """The lexemes of a text in paper mode.

    Raises as `scan` does.
    """
    require_length(text)
    return checked(_lexemes(text, _Names(declared)), text)


class _Names:
    """What a word may be: the declared names and those of functions."""

    def __init__(self, declared: Declarations) -> None:
        self.variables = declared.variables
        self.sizes = declared.sizes
        self.known = {*declared.variables, *declared.sizes, "eye"}
        self.functions = {*TABLE, *declared.functions}
        self.derivative = "D" if declared.functions else ""
        self.longest = max(map(len, self.known | self.functions))


def _lexemes(text: str, names: _Names) -> Iterator[Lexeme]:
    position, exponent, norms = 0, False, Norms()
    last = ""
    while match := _WORDS.match(text, position):
        kind, position = match.lastgroup or "STRAY", match.end()
        if kind == "SPACE":
            continue
        start = match.start()
        if kind == "LETTER":
            found = _word(text, start, names, exponent)
            position = found[-1].stop
        elif kind == "COUNTED":
            size = _subscript(match[0][1:], text, start)
            found = [Lexeme("ONES", f"𝟏{size}", start, position)]
        elif kind == "NORM":
            found = norms.lexemes(match[0], start, last in OPERAND_ENDS)
        elif kind == "INVERTED":
            found = inverted_lexemes(start, position)
        elif kind in MARKS:
            found = mark_lexemes(kind, start, position)
        else:
            found = [plain_lexeme(kind, match[0], start, position, text)]
        yield from found
        last = found[-1].type
        exponent = last == "POWER"


def _word(text: str, start: int, names: _Names, exponent: bool) -> list[Lexeme]:
    called = None if exponent else _function(text, start, names)
    if called is not None:
        return [called]
    run = _run(text, start, names)
    lone = _LONE.match(text, start)
    assert lone is not None
    declared = _declared(run, names)
    name, subscript = canonical_name(lone[1]), lone[2]
    if not subscript or len(lone[0]) <= len(declared):
        name = canonical_name(declared or lone[1])
        return [_primed(text, start, start + len(declared or lone[1]), name, names)]
    below = _subscript(subscript, text, start)
    spellings = (f"{name}_{below}", f"{name}{below}")
    found = next((s for s in spellings if s in names.known), None)
    if found is None and name == "I":
        return _identity(below, start, lone.end())
    chosen = found or spellings[subscript.isdigit() and subscript.isascii()]
    if not NAME_PATTERN.fullmatch(chosen):
        raise ParseError(
            f"{lone[0]!r} is not a name",
            text=text,
            position=start,
            hint="a subscript is letters or digits",
        )
    return [_primed(text, start, lone.end(), chosen, names)]


def _run(text: str, start: int, names: _Names) -> str:
    """The letters and digits from here on, as far as any known name could reach."""
    found = NAME_PATTERN.match(text, start, start + names.longest + 1)
    return found[0] if found else ""


def _function(text: str, start: int, names: _Names) -> Lexeme | None:
    """The function that the word before a parenthesis is, unless it is a factor."""
    run = _run(text, start, names)
    called = _CALLED.match(text, start + len(run))
    if called is None:
        return None
    name, stop = canonical_name(run), called.end(1)
    if name == names.derivative:
        return Lexeme("DERIVATIVE", name, start, stop)
    if name not in names.functions:
        return None
    if name in names.variables and not _holds_sizes(text, stop, names):
        return None
    return Lexeme("FUNCTION", name + called[1], start, stop)


def _holds_sizes(text: str, position: int, names: _Names) -> bool:
    """Whether a parenthesis holds nothing but numbers and sizes, as H(n) does."""
    inside = _SIZES.match(text, position)
    if inside is None:
        return False
    words = [word for word in re.split(r"[\s,+*]+", inside[1]) if word]
    return all(w.isdigit() or w in names.sizes - names.variables.keys() for w in words)


def _declared(run: str, names: _Names) -> str:
    """The longest declared name that a run of letters begins with, as it is written."""
    for length in range(min(len(run), names.longest), 0, -1):
        if canonical_name(run[:length]) in names.known:
            return run[:length]
    return ""


def _primed(text: str, start: int, stop: int, name: str, names: _Names) -> Lexeme:
    """The name with its primes; the apostrophe is one only if it was declared so."""
    primes = _PRIMES.match(text, stop)
    if primes is None:
        return Lexeme("NAME", name, start, stop)
    if primes[0][0] != "'":
        marks = primes[0].replace("″", "′′")
        return Lexeme("NAME", name + marks, start, primes.end())
    for count in range(min(len(primes[0]), names.longest), 0, -1):
        if name + "′" * count in names.variables:
            return Lexeme("NAME", name + "′" * count, start, stop + count)
    return Lexeme("NAME", name, start, stop)


def _identity(size: str, start: int, stop: int) -> list[Lexeme]:
    """`I_n`, said as the function of the plain language."""
    kind = "NUMBER" if size.isdigit() else "NAME"
    words = (("FUNCTION", "eye"), ("LPAR", "("), (kind, size), ("RPAR", ")"))
    return [Lexeme(kind, word, start, stop) for kind, word in words]


def _subscript(written: str, text: str, position: int) -> str:
    """What a subscript says, whichever way it is written."""
    below = written.translate(RAISED).removeprefix("_").strip("{} ")
    if not below:
        raise ParseError("an empty subscript", text=text, position=position)
    return below
