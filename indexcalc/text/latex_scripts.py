r"""What hangs on an operand in LaTeX: powers, transposes, indices; and small builders.

>>> from .declarations import declare
>>> from .latex_source import source_of
>>> source = source_of(r"x^{\circ 2}", declare({"x": "n"}))
>>> [getattr(item, "value", item) for item in scripted(source, [], 1, 99)[0]]
['.^', '(', (4, 5), ')']
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from .latex_commands import TRANSPOSES
from .latex_source import PART_LIMIT, Scripts, Source, Span
from .scanner import Lexeme

Item: TypeAlias = Lexeme | Span


def lexeme(source: Source, i: int, kind: str, value: str) -> Lexeme:
    """A lexeme that stands where token i does."""
    if i >= len(source.tokens):
        end = len(source.text)
        return Lexeme(kind, value, end, end)
    return Lexeme(kind, value, source.tokens[i].start, source.tokens[i].stop)


def spanning(source: Source, span: Span, kind: str, value: str) -> Lexeme:
    """A lexeme that stands where a span does, with the brace after it."""
    a, b = span
    tokens = source.tokens
    if a >= b:
        return lexeme(source, a, kind, value)
    braced = b < len(tokens) and (tokens[b].kind, tokens[b].value) == _BRACE
    return Lexeme(kind, value, tokens[a].start, tokens[b if braced else b - 1].stop)


_BRACE = ("close", "group")


def opening(source: Source, span: Span) -> Lexeme:
    """The bracket that begins a span, with the brace there if there is one."""
    a = span[0]
    before = source.tokens[a - 1] if a else None
    braced = before is not None and (before.kind, before.value) == ("open", "group")
    return lexeme(source, a - braced, "LPAR", "(")


def closing(source: Source, span: Span) -> Lexeme:
    """The bracket that ends a span, with the brace there if there is one."""
    return spanning(source, (max(span[0], span[1] - 1), span[1]), "RPAR", ")")


def bracketed(source: Source, i: int, close: int) -> list[Item]:
    """What stands between two delimiters, in brackets of the language."""
    first, last = lexeme(source, i, "LPAR", "("), lexeme(source, close, "RPAR", ")")
    return [first, (i + 1, close), last]


def applied(source: Source, i: int, name: str, span: Span) -> list[Item]:
    """A function of what a span holds, called at token i; its closing bracket is the
    delimiter after the span, or the end of it."""
    items: list[Item] = [lexeme(source, i, "FUNCTION", name)]
    items += [lexeme(source, i, "LPAR", "("), span]
    closes = span[1] < len(source.tokens) and source.tokens[span[1]].kind == "close"
    last = span[1] if closes else max(span[0], span[1] - 1)
    return [*items, lexeme(source, last, "RPAR", ")")]


# -- scripts ---------------------------------------------------------------------------


def scripted(
    source: Source,
    items: Sequence[Item],
    i: int,
    stop: int,
    *,
    without_below: bool = False,
) -> tuple[list[Item], int]:
    """An operand with the scripts at i put on it; its subscript is named indices unless
    it has been read already."""
    scripts = source.scripts(i, min(stop, len(source.tokens)))
    found = list(items)
    if scripts.below is not None and not without_below:
        names = indices(source, scripts.below)
        place = spanning(source, scripts.below, "SUFFIX", "_ " + " ".join(names))
        above = superscripts(source, scripts, i)
        if above and not _is_power(source, scripts):
            raise source.error(
                "it is not clear what comes first, the superscript or the index",
                i,
                "put braces or brackets round one of them",
            )
        return [*found, place, *above], scripts.stop
    return [*found, *superscripts(source, scripts, i)], scripts.stop


def superscripts(source: Source, scripts: Scripts, i: int) -> list[Item]:
    """The suffixes and powers that primes and superscripts say."""
    if scripts.primes > 1:
        raise source.error(
            "two primes in a row are no transposition", i, "declare the name with them"
        )
    found: list[Item] = [
        lexeme(source, i, "SUFFIX", "'") for _ in range(scripts.primes)
    ]
    for span in scripts.above:
        found += superscript(source, span)
    return found


def is_transpose(source: Source, span: Span) -> bool:
    r"""Whether a superscript is T, \top, \intercal or t; t may be a declared scalar."""
    a, b = span
    if b - a != 1:
        return False
    token = source.tokens[a]
    if token.value == "t" and token.kind in ("letter", "letters", "word"):
        return "t" not in source.known
    return token.value in TRANSPOSES


def _is_power(source: Source, scripts: Scripts) -> bool:
    """Whether the superscripts are no transposes and no inverses."""
    return not scripts.primes and not any(
        is_transpose(source, span) or source.character(*span) in ("-", "−")
        for span in scripts.above
    )


def is_primes(source: Source, span: Span) -> bool:
    r"""Whether a superscript is \prime, as often as it may be."""
    return span[0] < span[1] and all(
        source.command(k, span[1]) == "prime" for k in range(*span)
    )


_CONJUGATE = frozenset({"*", "†", "H"})


def superscript(source: Source, span: Span) -> list[Item]:
    """A transposition, an inverse, a power entry by entry, or a power."""
    a, b = span
    if a == b:
        raise source.error("an empty superscript", a)
    if is_transpose(source, span):
        return [spanning(source, span, "SUFFIX", "'")]
    if is_primes(source, span) and b - a == 1:
        return [lexeme(source, a, "SUFFIX", "'")]
    if source.character(a, b) in ("-", "−") and is_transpose(source, (a + 1, b)):
        inverse, turned = "⁻¹", "'"
        return [spanning(source, span, "SUFFIX", mark) for mark in (inverse, turned)]
    _require_exponent(source, span)
    entrywise = source.command(a, b) in ("circ", "odot")
    entrywise = entrywise or source.character(a, b) in ("∘", "⊙")
    if entrywise:
        a += 1
        if a == b:
            raise source.error("a power entry by entry lacks its exponent", a - 1)
    symbol = ".^" if entrywise else "^"
    power = lexeme(source, a, "POWER", symbol)
    return [power, opening(source, (a, b)), (a, b), closing(source, (a, b))]


def _require_exponent(source: Source, span: Span) -> None:
    """Refuses superscripts that are marks rather than exponents."""
    a, b = span
    token = source.tokens[a]
    lone = b - a == 1
    conjugate = token.value in _CONJUGATE and token.value not in source.known
    if lone and (conjugate or token.value in ("dagger", "ast", "star")):
        raise source.error(
            f"the superscript {token.shown()} is not in the language",
            a,
            r"a transpose is written ^\top, a new name is declared",
        )
    if lone and token.value in ("+", "-", "−"):
        raise source.error(f"the superscript {token.value} is not in the language", a)
    if source.opens(a, b, group=False) and source.partner(a) == b - 1:
        raise source.error(
            "a superscript in brackets may be a label, a derivative or a power",
            a,
            "write a power without them",
        )


# -- indices ---------------------------------------------------------------------------


def indices(source: Source, span: Span) -> list[str]:
    """The named indices of a subscript: `ij`, `i,j`, `i_1 j`, a word or Greek letters.

    Raises `ParseError` for numbers and for what is no index.
    """
    a, b = span
    if b - a > PART_LIMIT or a >= b:
        raise source.error("a subscript that is no list of indices", a)
    found: list[str] = []
    i = a
    while i < b:
        if source.character(i, b) == ",":
            i += 1
            continue
        i = _index(source, i, b, found)
    if not found:
        raise source.error("an empty subscript", a)
    return found


def _index(source: Source, i: int, stop: int, found: list[str]) -> int:
    token = source.tokens[i]
    if token.kind == "digit":
        raise source.error(
            "a number as an index is not in the language: papers count from 1, arrays "
            "from 0",
            i,
            "declare the name with its number, or multiply by e_1",
        )
    names = source.spelled(i)
    if not names:
        raise source.error(
            f"{token.shown()} is no index", i, "indices are letters or words"
        )
    name, i = names[0], i + 1
    if source.character(i, stop) == "_":
        (a, b), i = source.argument(i + 1, stop)
        digits = "".join(t.value for t in source.tokens[a:b])
        if b - a > 3 or not digits.isdecimal():
            raise source.error("an index has at most a number below it", a)
        name += digits
    found.append(name)
    return i


def over_indices(source: Source, span: Span) -> list[str]:
    """The indices that a sum runs over; `i=1` begins at the first."""
    a, b = span
    equals = [k for k in range(a, b) if source.character(k, b) == "="]
    if not equals:
        return indices(source, span)
    start = source.tokens[equals[0] + 1 : b]
    if len(equals) > 1 or len(start) != 1 or start[0].value != "1":
        raise source.error(
            "a sum runs over a whole axis, from 1", equals[0], r"such as \sum_{i=1}^n"
        )
    return indices(source, (a, equals[0]))


def sized(source: Source, span: Span) -> str:
    """The size that ends a sum: a number or a name."""
    a, b = span
    tokens = source.tokens[a:b]
    if tokens and all(token.kind == "digit" for token in tokens[:PART_LIMIT]):
        return "".join(token.value for token in tokens)
    names = source.spelled(a) if b - a == 1 else []
    if not names:
        raise source.error("the end of a sum is a number or a size", a)
    return source.declared_as(names) or names[0]
