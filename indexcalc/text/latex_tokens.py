r"""From LaTeX to tokens: commands, characters and words, macros of the text expanded.

Comments and spaces vanish; a token knows whether it was `glued` to the one before it,
so that letters side by side can be a word. A macro of the text (`\def`, `\newcommand`,
`\DeclareMathOperator`) is expanded in place, within limits, and its tokens stand where
it was called.

>>> [token.value for token in tokens_of(r"\def\LR#1{(#1)} \LR{x}^2 % a comment")]
['(', 'x', ')', '^', '2']
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import BudgetError, ParseError
from .scanner import GREEK, require_length

EXPANSION_LIMIT = 3_000
TOKEN_LIMIT = 100_000
MACRO_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `kind` is command, letter, digit or other, later also word, ones, open
    and close; the value of a command is its name without the backslash."""

    kind: str
    value: str
    start: int
    stop: int
    glued: bool = False

    def shown(self) -> str:
        """The token as it is written."""
        return f"\\{self.value}" if self.kind == "command" else self.value


@dataclass(frozen=True, slots=True)
class Macro:
    """A definition: how many arguments, and what stands for it."""

    count: int
    body: tuple[Token, ...]


_TOKENS = re.compile(
    r"(?P<comment>%[^\n]*)"
    r"|(?P<command>\\(?:[A-Za-z]+|[\s\S]|$))"
    rf"|(?P<letter>[A-Za-z{GREEK}])"
    r"|(?P<digit>[0-9])"
    r"|(?P<space>\s+)"
    r"|(?P<other>[\s\S])"
)
DEFINITIONS = frozenset({"def", "newcommand", "renewcommand", "providecommand"})
OPERATORS = frozenset({"DeclareMathOperator"})
REFUSED = frozenset({"let", "edef", "gdef", "xdef", "input", "include", "csname"})


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text, its macros expanded.

    Raises `ParseError` for a definition that cannot be read, `BudgetError` beyond the
    limits on length and expansion.
    """
    require_length(text)
    raw = _raw(text)
    if not any(t.kind == "command" and _is_definition(t.value) for t in raw):
        return raw
    macros, rest = _definitions(raw, text)
    return _expanded(rest, macros, text)


def _is_definition(name: str) -> bool:
    return name in DEFINITIONS or name in OPERATORS or name in REFUSED


def _raw(text: str) -> list[Token]:
    found: list[Token] = []
    end = -1
    for match in _TOKENS.finditer(text):
        kind = match.lastgroup or "other"
        if kind in ("comment", "space"):
            continue
        value = match[0][1:] if kind == "command" else match[0]
        glued = end == match.start()
        found.append(Token(kind, value, match.start(), match.end(), glued))
        end = match.end()
    return found


# -- definitions -----------------------------------------------------------------------


def _definitions(
    raw: Sequence[Token], text: str
) -> tuple[dict[str, Macro], list[Token]]:
    """The macros that a text defines, and the tokens that are left."""
    macros: dict[str, Macro] = {}
    rest: list[Token] = []
    i = 0
    while i < len(raw):
        token = raw[i]
        if token.kind != "command" or not _is_definition(token.value):
            rest.append(token)
            i += 1
            continue
        if token.value in REFUSED:
            raise _unread(token, text)
        name, macro, i = _definition(raw, i, text)
        macros[name] = macro
        if len(macros) > MACRO_LIMIT:
            raise BudgetError(f"more than {MACRO_LIMIT} macros are defined")
    return macros, rest


def _definition(raw: Sequence[Token], i: int, text: str) -> tuple[str, Macro, int]:
    """One definition that begins at token i: its name, what it means, what follows."""
    word = raw[i]
    name, i = _defined_name(raw, i + 1, word, text)
    count = 0
    if word.value == "def":
        while _is(raw, i, "#") and _is(raw, i + 1, str(count + 1)):
            count, i = count + 1, i + 2
    elif _is(raw, i, "["):
        if not (
            i + 2 < len(raw) and raw[i + 1].kind == "digit" and _is(raw, i + 2, "]")
        ):
            raise _unread(word, text)
        count, i = int(raw[i + 1].value), i + 3
    if not _is(raw, i, "{"):
        raise _unread(word, text)
    close = _closing(raw, i, text)
    body = tuple(raw[i + 1 : close])
    if word.value in OPERATORS:
        body = (replace(word, value="operatorname"), *raw[i : close + 1])
    return name, Macro(count, body), close + 1


def _defined_name(
    raw: Sequence[Token], i: int, word: Token, text: str
) -> tuple[str, int]:
    i += _is(raw, i, "*")
    braced = _is(raw, i, "{")
    at = i + braced
    if at >= len(raw) or raw[at].kind != "command":
        raise _unread(word, text)
    if braced and not _is(raw, at + 1, "}"):
        raise _unread(word, text)
    return raw[at].value, at + 1 + braced


def _is(raw: Sequence[Token], i: int, value: str) -> bool:
    return i < len(raw) and raw[i].kind != "command" and raw[i].value == value


def _closing(raw: Sequence[Token], i: int, text: str) -> int:
    """The place of the brace that closes the one at i."""
    depth = 0
    for k in range(i, len(raw)):
        depth += _is(raw, k, "{") - _is(raw, k, "}")
        if depth == 0:
            return k
    raise ParseError(
        "this { is never closed",
        text=text,
        position=raw[i].start,
        hint="a } is missing",
    )


def _unread(word: Token, text: str) -> ParseError:
    return ParseError(
        f"this \\{word.value} cannot be read",
        text=text,
        position=word.start,
        hint=r"such as \def\name#1{…} or \newcommand{\name}[1]{…}",
    )


# -- expansion -------------------------------------------------------------------------


def _expanded(rest: list[Token], macros: dict[str, Macro], text: str) -> list[Token]:
    found: list[Token] = []
    waiting = rest[::-1]
    expansions = work = 0
    while waiting:
        token = waiting.pop()
        macro = macros.get(token.value) if token.kind == "command" else None
        if macro is None:
            found.append(token)
            continue
        arguments = [_argument(waiting, token, text) for _ in range(macro.count)]
        body = _called(macro, arguments, token)
        waiting += reversed(body)
        expansions, work = expansions + 1, work + len(body)
        if expansions > EXPANSION_LIMIT or work > TOKEN_LIMIT:
            raise BudgetError(
                "the macros of this text expand without end or beyond the limit",
                text=text,
                position=token.start,
            )
    return found


def _argument(waiting: list[Token], call: Token, text: str) -> list[Token]:
    """The next token or group, taken from what is still to be read."""
    if not waiting:
        raise ParseError(
            f"\\{call.value} lacks an argument", text=text, position=call.start
        )
    first = waiting.pop()
    if first.value != "{" or first.kind == "command":
        return [first]
    taken: list[Token] = []
    depth = 1
    while waiting:
        token = waiting.pop()
        if token.kind != "command":
            depth += (token.value == "{") - (token.value == "}")
        if depth == 0:
            return taken
        taken.append(token)
    raise ParseError("this { is never closed", text=text, position=first.start)


def _called(macro: Macro, arguments: list[list[Token]], call: Token) -> list[Token]:
    """The body with its arguments put in; it stands where the macro was called."""
    found: list[Token] = []
    body = iter(macro.body)
    for token in body:
        if token.kind == "other" and token.value == "#":
            number = next(body, token).value
            if number.isdecimal() and 0 < int(number) <= len(arguments):
                found += arguments[int(number) - 1]
            continue
        here = Token(token.kind, token.value, call.start, call.stop, token.glued)
        found.append(here)
    return found
