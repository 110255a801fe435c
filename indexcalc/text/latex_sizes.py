r"""Sizes in LaTeX: what stands below ones, identities and zeros.

>>> from .declarations import declare
>>> from .latex_source import source_of
>>> source = source_of("2n+1", declare({"x": "n"}))
>>> [item.value for item in size(source, (0, 4))]
['2', '*', 'n', '+', '1']
"""

from __future__ import annotations

from .latex_scripts import lexeme
from .latex_source import Scripts, Source, Span
from .scanner import Lexeme, ends_operand


def digits(source: Source, i: int, stop: int) -> tuple[str, int]:
    """The number that begins at token i, and where it ends."""
    k = _more(source, i + 1, stop)
    point = source.character(k, stop) == "." and source.tokens[k].glued
    end = _more(source, k + 1, stop) if point else k
    if point and end > k + 1:
        k = end
    return "".join(token.value for token in source.tokens[i:k]), k


def _more(source: Source, k: int, stop: int) -> int:
    tokens = source.tokens
    while k < stop and tokens[k].kind == "digit" and tokens[k].glued:
        k += 1
    return k


def size(source: Source, span: Span) -> list[Lexeme]:
    """The sizes in a subscript: `n`, `3`, `n+1`, `2n`, `n\\times p`."""
    a, b = span
    found: list[Lexeme] = []
    k = a
    while k < b:
        sign = _SIZE_SIGNS.get(source.command(k, b) or source.character(k, b))
        if sign is not None:
            found.append(lexeme(source, k, *sign))
            k += 1
            continue
        if found and ends_operand(found[-1]):
            found.append(lexeme(source, k, "INFIX", "*"))
        k = _size_operand(source, k, b, found)
    if not found:
        raise source.error("a size is missing", a)
    return found


_SIZE_SIGNS = {"+": ("PLUS", "+"), ",": ("COMMA", ","), "times": ("COMMA", ",")}


def _size_operand(source: Source, k: int, stop: int, found: list[Lexeme]) -> int:
    if source.is_group(k, stop):
        found += size(source, (k + 1, source.partner(k)))
        return source.partner(k) + 1
    if source.tokens[k].kind == "digit":
        text, after = digits(source, k, stop)
        found.append(lexeme(source, k, "NUMBER", text))
        return after
    word = source.word(k, stop)
    if word is None:
        raise source.error(
            f"{source.tokens[k].shown()} is no size",
            k,
            "numbers, names, + and products",
        )
    scripts = source.scripts(word.stop, stop)
    names = word.names
    if scripts.below is not None:
        names = source.with_subscript(names, scripts.below) or names
    name = lexeme(source, k, "NAME", source.declared_as(names) or names[0])
    for copy in range(_size_exponent(source, scripts)):
        found += [lexeme(source, k, "INFIX", "*")] if copy else []
        found.append(name)
    return scripts.stop


def _size_exponent(source: Source, scripts: Scripts) -> int:
    """The power of a name in a size, n² is n·n."""
    if not scripts.above and not scripts.primes:
        return 1
    digits = "".join(token.value for token in source.tokens[slice(*scripts.above[0])])
    if scripts.primes or len(scripts.above) > 1 or digits not in _SIZE_POWERS:
        raise source.error(
            "a size has small whole powers only",
            scripts.above[0][0] if scripts.above else 0,
        )
    return int(digits)


_SIZE_POWERS = frozenset("123456789")
