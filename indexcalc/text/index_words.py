"""From text to lexemes in index notation: A_ij, A_{i j}, A[i,j], Aᵢⱼ, sum_{j}.

The longest declared name comes first in a word, the rest are indices. δ, H, 1_i
and ε are the copy tensors of order 2, 3 and 1 and the Levi-Civita tensor, unless
declared.

>>> from .declarations import declare
>>> declared = declare({"A": "n n", "x": "n"})
>>> [lexeme.value for lexeme in scan_index("A_ij x[j]", declared)]
['A i j', 'x j']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..errors import ParseError
from .declarations import Declarations
from .paper import LOWERED, RAISED
from .scanner import (
    LETTER,
    NAME,
    NAME_PATTERN,
    Lexeme,
    canonical_name,
    checked,
    compiled,
    ends_operand,
    function_lexeme,
    operator_patterns,
    plain_lexeme,
    require_length,
)
from .unknown_names import undeclared
from .vocabulary import TABLE

COPIES = {"δ": "delta", "delta": "delta", "H": "delta", "𝟏": "delta"}
CONSTANTS = {**COPIES, "ε": "levicivita", "levicivita": "levicivita"}

_LISTED = r"(?:\{[^{}\n]*\}|\[[^\[\]\n]*\])"
_WORDS = compiled(
    [
        ("SUM", rf"(?:sum|Σ|∑)_(?:\{{[^{{}}\n]*\}}|[{LETTER}0-9]+)|[Σ∑]\[[^\[\]\n]*\]"),
        ("ONES_AT", rf"[1𝟏]_(?:\{{[^{{}}\n]*\}}|[{LETTER}0-9]+)|[1𝟏]\[[^\[\]\n]*\]"),
        ("WORD", rf"{NAME}(?:\s?{_LISTED}|[{LOWERED}]+)?"),
        *operator_patterns(f"(?![{LETTER}0-9])"),
    ]
)
_SUBSCRIPTS = re.compile(rf"_?{_LISTED}|_[{LETTER}0-9]+|[{LOWERED}]+")
_PRIMES = re.compile(r"(['′″]+)\s*\(")
_SUM_SIGN = re.compile(r"_|(?=\[)")
_PARENTHESIS = re.compile(r"\s*\(([^()]*)\)")
_OPENING = re.compile(r"\s*\(")
_INDEX = re.compile(f"[{LETTER}][0-9]*")
INDEX_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the text that is one tensor: its name among those that are given,
    and where it stops, before its indices."""

    key: str
    stop: int


def scan_index(
    text: str, declared: Declarations, parts: Mapping[int, Part] | None = None
) -> list[Lexeme]:
    """The lexemes of a text in index notation; `parts` are read already, by their
    places.

    Raises as `scan` does, and for a word that begins with no declared name.
    """
    require_length(text)
    return checked(_multiplied(_lexemes(text, declared, parts or {})), text)


def _multiplied(lexemes: Iterator[Lexeme]) -> Iterator[Lexeme]:
    """With a sign of product before a sum that stands beside a factor: 2 Σ_i x_i."""
    before: Lexeme | None = None
    for lexeme in lexemes:
        if lexeme.type == "SUM" and before is not None and ends_operand(before):
            yield Lexeme("INFIX", "*", lexeme.start, lexeme.start)
        yield lexeme
        before = lexeme


def _lexemes(
    text: str, declared: Declarations, parts: Mapping[int, Part]
) -> Iterator[Lexeme]:
    position, exponent = 0, False
    while match := _WORDS.match(text, position):
        kind, start, position = match.lastgroup or "STRAY", match.start(), match.end()
        if kind == "SPACE":
            continue
        if start in parts:
            lexeme = _part(text, start, parts[start])
            position, exponent = lexeme.stop, False
            yield lexeme
            continue
        if (
            kind == "SUM"
            and canonical_name(_SUM_SIGN.split(match[0])[0]) in declared.variables
        ):
            match = re.compile(rf"{NAME}(?:{_LISTED})?").match(text, start)
            assert match is not None
            kind, position = "WORD", match.end()
        if kind == "WORD":
            lexeme = _word(text, match[0], start, declared, exponent)
            position = lexeme.stop
            yield lexeme
        elif kind == "SUM":
            indices = listed_indices(_SUM_SIGN.split(match[0], 1)[1], text, start)
            yield Lexeme("SUM", " ".join(indices), start, position)
        elif kind == "ONES_AT":
            indices = listed_indices(match[0][1:], text, start)
            yield Lexeme("INDEXED", " ".join(["𝟏", *indices]), start, position)
        else:
            yield plain_lexeme(kind, match[0], start, position, text)
        exponent = kind == "POWER"


def subscripts(text: str, position: int) -> re.Match[str] | None:
    """The indices written behind a bracket: _ij, _{i j}, [i, j]."""
    return _SUBSCRIPTS.match(text, position)


def listed_indices(written: str, text: str, start: int) -> list[str]:
    """The indices in what `subscripts` found.

    >>> listed_indices("_ij", "", 0), listed_indices("[i1, j]", "", 0)
    (['i', 'j'], ['i1', 'j'])
    """
    bare = written.translate(RAISED).removeprefix("_").strip("{}[]")
    return _indices(bare, text, start)


def _part(text: str, start: int, part: Part) -> Lexeme:
    found = subscripts(text, part.stop)
    indices = listed_indices(found[0], text, start) if found else []
    stop = found.end() if found else part.stop
    return Lexeme("INDEXED", " ".join([part.key, *indices]), start, stop)


def _word(
    text: str, word: str, start: int, declared: Declarations, exponent: bool
) -> Lexeme:
    """A tensor with its indices, or a function before a parenthesis."""
    run = NAME_PATTERN.match(word)
    assert run is not None
    name, stop = run[0], start + len(run[0])
    primes = _PRIMES.match(text, stop)
    if primes is not None and name in declared.functions:
        marked = name + primes[1].replace("'", "′")
        return function_lexeme(marked, start, primes.end(1), declared.functions)
    if exponent or (name in declared.functions and not _OPENING.match(text, stop)):
        return Lexeme("NAME", canonical_name(name), start, stop)
    called = _OPENING.match(text, stop)
    if called is not None:
        found = _called(text, canonical_name(name), start, stop, declared)
        if found is not None:
            return found
    written = word[len(name) :].strip()
    listed = written.strip("{}[]").translate(RAISED) if written else None
    base, rest = _split(text, name, start, declared)
    if listed is None:
        indices = _indices(rest, text, start) if rest else []
    else:
        indices = _listed(base, rest + listed, text, start, declared)
    return Lexeme("INDEXED", " ".join([base, *indices]), start, start + len(word))


def _called(
    text: str, name: str, start: int, stop: int, declared: Declarations
) -> Lexeme | None:
    if name in CONSTANTS and name not in declared.variables:
        inside = _PARENTHESIS.match(text, stop)
        if inside is None:
            raise ParseError(
                f"{name} takes indices", text=text, position=start, hint=f"{name}(i,j)"
            )
        indices = _indices(inside[1], text, start)
        return Lexeme("INDEXED", " ".join([name, *indices]), start, inside.end())
    if name == "D" and declared.functions and name not in declared.variables:
        return Lexeme("DERIVATIVE", name, start, stop)
    if name in declared.functions or (name in TABLE and name not in declared.variables):
        return Lexeme("FUNCTION", name, start, stop)
    return None


def _split(text: str, run: str, start: int, declared: Declarations) -> tuple[str, str]:
    """The longest known name that a word begins with, and the rest of the word."""
    if canonical_name(run) in declared.sizes | declared.functions:
        return canonical_name(run), ""
    longest = max(map(len, (*declared.variables, *CONSTANTS)))
    for length in range(min(len(run), longest), 0, -1):
        name = canonical_name(run[:length])
        if name in declared.variables or name in CONSTANTS:
            return name, run[length:].replace("_", "")
    raise undeclared(text, canonical_name(run), start, declared)


def _listed(
    base: str, written: str, text: str, start: int, declared: Declarations
) -> list[str]:
    """Indices in braces or brackets; one word is one index where the tensor has one
    axis.
    """
    variable = declared.variables.get(base)
    one_axis = variable is not None and len(variable.shape) == 1
    if one_axis and NAME_PATTERN.fullmatch(written.strip()):
        return [canonical_name(written.strip())]
    return _indices(written, text, start)


def _indices(written: str, text: str, start: int) -> list[str]:
    """The indices in `i,j`, `i j`, `row, column` or, letter by letter, in `ij`."""
    words = [word for word in re.split(r"[\s,]+", written) if word]
    if len(words) == 1 and not re.search(r"[,\s]", written.strip()):
        letters = _INDEX.findall(words[0])
        words = letters if "".join(letters) == words[0] else words
    for word in words:
        if not NAME_PATTERN.fullmatch(word):
            raise ParseError(
                f"{word!r} is not an index",
                text=text,
                position=start,
                hint="indices are letters or names",
            )
    return [canonical_name(word) for word in words]
