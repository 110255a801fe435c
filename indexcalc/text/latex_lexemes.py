r"""From LaTeX to the lexemes of the text language, so that one grammar reads both.

A fraction becomes a quotient in brackets, a subscript a name or named indices, bars and
functions without a bracket the application of a function. The work to be done is a
stack of lexemes and spans of tokens, so nothing recurses.

>>> from .declarations import declare
>>> source = source_of(r"\frac{x^\top A}{2}", declare({"A": "n n", "x": "n"}))
>>> "".join(lexeme.value for lexeme in lexemes_of(source).lexemes)
"((x'A)/(2))"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from .latex_atoms import named, number, ones
from .latex_commands import FRACTIONS, INFIX_CHARACTERS, INFIX_COMMANDS
from .latex_scripts import (
    Item,
    applied,
    bracketed,
    closing,
    lexeme,
    opening,
    over_indices,
    scripted,
    sized,
)
from .latex_source import Source, Span, source_of
from .scanner import LEXEME_LIMIT, Lexeme, checked, ends_operand

__all__ = ["source_of"]

Step: TypeAlias = tuple[Sequence[Item], int]


@dataclass(slots=True)
class Translation:
    """The lexemes of a formula; `limits` are the upper ends of sums, by the place of
    the sum and the index."""

    lexemes: list[Lexeme] = field(default_factory=list)
    limits: dict[tuple[int, str], str] = field(default_factory=dict)


def lexemes_of(source: Source, span: Span | None = None) -> Translation:
    """The lexemes of a formula, or of a span of its tokens.

    Raises `ParseError` with a caret at what is not in the language.
    """
    found = Translation()
    work: list[Item] = [span or (0, len(source.tokens))]
    while work:
        item = work.pop()
        if isinstance(item, Lexeme):
            found.lexemes.append(item)
            if len(found.lexemes) > LEXEME_LIMIT:
                break
            continue
        i, stop = item
        if i >= stop:
            continue
        items, after = _step(source, found, i, stop)
        work.append((after, stop))
        work.extend(reversed(items))
    found.lexemes = checked(found.lexemes, source.text)
    return found


def _step(source: Source, found: Translation, i: int, stop: int) -> Step:
    """What one operand or operator at i becomes, and what follows it."""
    token = source.tokens[i]
    match token.kind:
        case "open":
            return _opened(source, i, stop)
        case "digit":
            return number(source, i, stop, found.lexemes)
        case "ones":
            return ones(source, i, i + 1, stop)
        case "other":
            return [_operator(source, i)], i + 1
        case "command" if token.value in INFIX_COMMANDS:
            return [lexeme(source, i, "INFIX", INFIX_COMMANDS[token.value])], i + 1
        case "command" if token.value == "\\" or token.value in "&":
            return [_separator(source, i)], i + 1
        case "command" if token.value in FRACTIONS:
            return _fraction(source, i, stop)
        case "command" if token.value == "sqrt":
            return _root(source, i, stop)
        case "command" if token.value == "sum":
            return _sum(source, found, i, stop)
        case _:
            return named(source, i, stop)


_SIGNS = {"+": "PLUS", "-": "MINUS", "−": "MINUS", ",": "COMMA", "&": "COMMA"}
_HINTS = {
    "=": "write one expression, perhaps with y = or f(x) = in front",
    "<": "write one expression",
    ">": "write one expression",
    "$": "one formula, without text round it",
    "!": "factorials are not in the language",
    ".": "an operator on its own is written with a command",
}


def _operator(source: Source, i: int) -> Lexeme:
    value = source.tokens[i].value
    if value in _SIGNS:
        return lexeme(source, i, _SIGNS[value], value if value != "&" else ",")
    if value in INFIX_CHARACTERS:
        return lexeme(source, i, "INFIX", INFIX_CHARACTERS[value])
    if value == "𝟏":
        return lexeme(source, i, "ONES", "𝟏")
    if value in "^_'":
        raise source.error(f"this {value} has nothing before it", i)
    raise source.error(f"{value!r} is not in the language", i, _HINTS.get(value))


def _separator(source: Source, i: int) -> Lexeme:
    r"""The end of a row, `\\`, in a matrix."""
    return lexeme(source, i, "SEMICOLON", ";")


# -- brackets --------------------------------------------------------------------------

_NORMS = {
    "": "‖·‖",
    "2": "‖·‖₂",
    "F": "‖·‖F",
    "1": "‖·‖₁",
    "Fro": "‖·‖F",
    "fro": "‖·‖F",
}


def _opened(source: Source, i: int, stop: int) -> Step:
    close = source.partner(i)
    inner: Span = (i + 1, close)
    match source.tokens[i].value:
        case "group":
            return _grouped(source, i, stop)
        case "matrix":
            return _matrix(source, i, stop)
        case "<":
            return scripted(source, applied(source, i, "⟨·,·⟩", inner), close + 1, stop)
        case "|" | "‖" as bar:
            return _bars(source, i, bar, stop)
        case _:
            return scripted(source, bracketed(source, i, close), close + 1, stop)


def _grouped(source: Source, i: int, stop: int) -> Step:
    """Braces: a name with its own subscript, or brackets that are not seen."""
    if source.word(i, stop) is not None:
        return named(source, i, stop)
    close = source.partner(i)
    if close == i + 1:
        return [], close + 1
    return scripted(source, bracketed(source, i, close), close + 1, stop)


def _bars(source: Source, i: int, bar: str, stop: int) -> Step:
    """|X| is a determinant or an absolute value, ‖x‖ a norm; `_F` says which."""
    close = source.partner(i)
    scripts = source.scripts(close + 1, stop)
    below = ""
    if scripts.below is not None:
        parts, _ = source.parts(scripts.below)
        below = parts[0][0] if len(parts) == 1 else "?"
    name = "|·|" if bar == "|" and not below else _NORMS.get(below)
    if name is None or (bar == "|" and below not in ("", "2")):
        raise source.error(
            "this norm is not in the language",
            close + 1,
            r"\|x\|_1, \|x\|_2, \|A\|_F, |x| and |X| are",
        )
    items = applied(source, i, name, (i + 1, close))
    return scripted(source, items, close + 1, stop, without_below=True)


def _matrix(source: Source, i: int, stop: int) -> Step:
    close = source.partner(i)
    end = close
    while end > i + 1 and source.command(end - 1, close) == "\\":
        end -= 1
    items: list[Item] = [lexeme(source, i, "LSQB", "["), (i + 1, end)]
    items.append(lexeme(source, close, "RSQB", "]"))
    return scripted(source, items, close + 1, stop)


# -- fractions, roots and sums ---------------------------------------------------------


def _fraction(source: Source, i: int, stop: int) -> Step:
    above, after = source.argument(i + 1, stop)
    below, after = source.argument(after, stop)
    for part in (above, below):
        if part[0] == part[1]:
            raise source.error("a fraction lacks one of its parts", i)
    parts: list[Item] = [
        lexeme(source, i, "LPAR", "("),
        *_inner(source, above),
        lexeme(source, i, "INFIX", "/"),
        *_inner(source, below),
        closing(source, below),
    ]
    return scripted(source, parts, after, stop)


def _inner(source: Source, span: Span) -> list[Item]:
    return [opening(source, span), span, closing(source, span)]


def _root(source: Source, i: int, stop: int) -> Step:
    if source.opens(i + 1, stop, group=False) and source.tokens[i + 1].value == "[":
        raise source.error(
            "only square roots are in the language", i, "write x^{1/3} of a scalar"
        )
    inside, after = source.argument(i + 1, stop)
    return scripted(source, applied(source, i, "√", inside), after, stop)


def _sum(source: Source, found: Translation, i: int, stop: int) -> Step:
    scripts = source.scripts(i + 1, stop)
    if scripts.below is None or scripts.primes or len(scripts.above) > 1:
        raise source.error(
            "this sum does not say over which index", i, r"write \sum_i or \sum_{i=1}^n"
        )
    names = over_indices(source, scripts.below)
    start = source.tokens[i].start
    if scripts.above:
        for name in names:
            found.limits[start, name] = sized(source, scripts.above[0])
    items = [lexeme(source, i, "SUM", " ".join(names))]
    if found.lexemes and ends_operand(found.lexemes[-1]):
        items.insert(0, lexeme(source, i, "INFIX", "*"))
    return items, scripts.stop
