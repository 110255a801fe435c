r"""A LaTeX formula as it is looked at: arguments, scripts, names and where they end.

Nothing is translated here. A name may be written in several ways (`\theta` is declared
as `θ` or as `theta`, `x_1` as `x_1` or `x1`), so looking at one gives its candidates.

>>> from .declarations import declare
>>> source = source_of(r"\hat y_1 + b", declare({"y_hat_1": "n"}))
>>> source.word(0).names, source.scripts(2).below
(['y_hat', 'yhat'], (3, 4))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import ParseError
from .declarations import Declarations
from .latex_commands import (
    ACCENTS,
    FRACTIONS,
    FUNCTION_COMMANDS,
    FUNCTIONS,
    INFIX_COMMANDS,
    TRANSPOSES,
    greek,
    names_of_letter,
)
from .latex_shape import Shaped, shape
from .latex_tokens import Token, tokens_of
from .scanner import canonical_name

Span: TypeAlias = tuple[int, int]
PART_LIMIT = 40


@dataclass(frozen=True, slots=True)
class Word:
    """The names that a letter, a word or an accented letter may stand for, best first,
    and where it ends; `written` says that several letters may be factors."""

    names: list[str]
    stop: int
    written: bool = False


@dataclass(slots=True)
class Scripts:
    """What hangs on an atom: `below` and `above` as spans of tokens, primes counted."""

    below: Span | None = None
    above: list[Span] = field(default_factory=list)
    primes: int = 0
    stop: int = 0


@dataclass(slots=True)
class Source:
    """The plain tokens of a text with what it declares."""

    text: str
    shaped: Shaped
    declared: Declarations
    infer: bool = False
    known: frozenset[str] = frozenset()
    longest: int = 1

    @property
    def tokens(self) -> list[Token]:
        """The plain tokens."""
        return self.shaped.tokens

    def error(self, message: str, i: int, hint: str | None = None) -> ParseError:
        """A `ParseError` with its caret at token i."""
        at = self.tokens[i].start if i < len(self.tokens) else len(self.text)
        return ParseError(message, text=self.text, position=at, hint=hint)

    def partner(self, i: int) -> int:
        """The place of the delimiter that closes the one at i."""
        return self.shaped.partner[i]

    def command(self, i: int, stop: int) -> str:
        """The name of the command at i, if there is one."""
        if i >= stop or self.tokens[i].kind != "command":
            return ""
        return self.tokens[i].value

    def character(self, i: int, stop: int) -> str:
        """The character at i that is no command, letter or digit."""
        if i >= stop or self.tokens[i].kind != "other":
            return ""
        return self.tokens[i].value

    def opens(self, i: int, stop: int, *, group: bool = True) -> bool:
        """Whether a delimiter opens at i; a brace counts unless `group` is false."""
        if i >= stop or self.tokens[i].kind != "open":
            return False
        return group or self.tokens[i].value != "group"

    def is_group(self, i: int, stop: int) -> bool:
        """Whether a brace opens at i."""
        return self.opens(i, stop) and self.tokens[i].value == "group"

    # -- arguments and scripts ---------------------------------------------------------

    def argument(self, i: int, stop: int) -> tuple[Span, int]:
        """The group or the single token at i, as a span, and what follows it."""
        before = max(i - 1, 0)
        if i >= stop:
            raise self.error(f"{self.tokens[before].shown()} lacks an argument", before)
        if self.is_group(i, stop):
            return (i + 1, self.partner(i)), self.partner(i) + 1
        token = self.tokens[i]
        if token.kind in ("open", "close") or self.character(i, stop) in tuple("^_&"):
            raise self.error(f"{self.tokens[before].shown()} lacks an argument", before)
        if self._takes_arguments(i, stop):
            raise self.error(
                f"braces are needed round {token.shown()}", i, "such as x^{…}"
            )
        return (i, i + 1), i + 1

    def _takes_arguments(self, i: int, stop: int) -> bool:
        name = self.command(i, stop)
        return name in FRACTIONS or name in ACCENTS or name == "sqrt"

    def scripts(self, i: int, stop: int | None = None) -> Scripts:
        """The sub- and superscripts and primes at i."""
        end = len(self.tokens) if stop is None else stop
        found = Scripts(stop=i)
        while mark := self.character(found.stop, end):
            at = found.stop
            if mark in "'’′":
                found.primes += 1
                found.stop += 1
            elif mark in "^_":
                span, found.stop = self._script(at, end)
                if mark == "^":
                    found.above.append(span)
                elif found.below is not None:
                    raise self.error("two subscripts on one symbol", at)
                else:
                    found.below = span
            else:
                break
        return found

    def _script(self, i: int, stop: int) -> tuple[Span, int]:
        span, after = self.argument(i + 1, stop)
        lone = span == (i + 1, i + 2) and self.tokens[i + 1].kind == "digit"
        more = after < stop and self.tokens[after].kind == "digit"
        if lone and more and self.tokens[after].glued:
            raise self.error(
                "a script of several digits needs braces", i, "such as x^{10}"
            )
        return span, after

    # -- words -------------------------------------------------------------------------

    def word(self, i: int, stop: int | None = None) -> Word | None:
        """What the letter, word, accent or braced name at i may be called."""
        end = len(self.tokens) if stop is None else stop
        if i >= end:
            return None
        token = self.tokens[i]
        match token.kind:
            case "letter":
                return self._letters(i, end)
            case "word" | "letters":
                names = _names_of(token.value)
                return Word(names, i + 1, written=token.kind == "letters")
            case "command" if token.value in ACCENTS:
                return self._accented(i, end)
            case "command":
                names = greek(token.value)
                return Word(names, i + 1) if names else None
            case "open" if token.value == "group":
                return self._braced(i)
            case _:
                return None

    def _letters(self, i: int, stop: int) -> Word:
        """The longest declared name that letters side by side begin with, or one."""
        run = self.run(i, stop)
        for length in range(min(len(run), self.longest), 1, -1):
            name = canonical_name(run[:length])
            if name in self.known:
                return Word([name], i + length, written=True)
        return Word(names_of_letter(self.tokens[i].value), i + 1)

    def run(self, i: int, stop: int) -> str:
        """The letters and digits that stand side by side from i on, as far as a known
        name could reach."""
        tokens = self.shaped.tokens
        last = min(stop, i + self.longest + 1)
        k = i + 1
        while k < last and tokens[k].glued and tokens[k].kind in ("letter", "digit"):
            k += 1
        return "".join([token.value for token in tokens[i:k]])

    def _accented(self, i: int, stop: int) -> Word | None:
        accent = ACCENTS[self.tokens[i].value]
        if i + 1 >= stop or self._takes_arguments(i + 1, stop):
            return None
        (a, b), after = self.argument(i + 1, stop)
        if b - a > PART_LIMIT:
            return None
        inner = self.name(a, b)
        if inner is None or inner.stop != b:
            return None
        marked = [f"{n}{bar}{accent}" for bar in ("_", "") for n in inner.names]
        plain = inner.names if accent == "vec" else []
        return Word([*marked, *plain], after)

    def _braced(self, i: int) -> Word | None:
        """`{x_{1}}`: a name in braces with its own subscript."""
        close = self.partner(i)
        if close - i > PART_LIMIT or self.is_group(i + 1, close):
            return None
        inner = self.name(i + 1, close)
        return Word(inner.names, close + 1, inner.written) if inner else None

    def name(self, i: int, stop: int) -> Word | None:
        """A word that with its subscript, if any, fills the whole span."""
        base = self.word(i, stop)
        if base is None:
            return None
        scripts = self.scripts(base.stop, stop)
        if scripts.stop != stop or scripts.above or scripts.primes:
            return None
        if scripts.below is None:
            return base
        names = self.with_subscript(base.names, scripts.below)
        return Word(names, stop) if names else None

    def with_subscript(self, names: Sequence[str], below: Span) -> list[str]:
        """The names that a base and a subscript may be: `x_1` before `x1` where the
        digit has braces of its own, `W_out`, `x1_ab` for `x_{1,ab}`."""
        parts, own = self.parts(below)
        if not parts:
            return []
        if len(parts) == 2 and parts[0][0].isdigit():
            return [f"{n}{parts[0][0]}_{p}" for n in names for p in parts[1]]
        if len(parts) > 1:
            return []
        bars = ("_",) if own else ("_", "")
        return [f"{n}{bar}{p}" for bar in bars for n in names for p in parts[0]]

    def parts(self, span: Span) -> tuple[list[list[str]], bool]:
        """What a subscript says between its commas, each with its spellings, and
        whether it had braces of its own; nothing where it is no list of words."""
        a, b = span
        own = self.is_group(a, b) and self.partner(a) == b - 1
        a, b = (a + 1, b - 1) if own else (a, b)
        if b - a > PART_LIMIT:
            return [], own
        found: list[list[str]] = [[""]]
        for i in range(a, b):
            if self.character(i, b) in (",", ";"):
                found.append([""])
                continue
            spelled = self.spelled(i)
            if not spelled:
                return [], own
            found[-1] = [old + new for new in spelled for old in found[-1]][:6]
        return [part for part in found if part != [""]], own

    def spelled(self, i: int) -> list[str]:
        """The spellings of one token as a part of a name; none if it is no word."""
        token = self.tokens[i]
        match token.kind:
            case "letter":
                return names_of_letter(token.value)
            case "digit" | "ones":
                return [token.value]
            case "word" | "letters":
                return _names_of(token.value)
            case "command":
                return greek(token.value)
            case _:
                return []

    def declared_as(self, names: Iterable[str]) -> str | None:
        """The first of the names that is declared."""
        return next((name for name in names if name in self.known), None)

    def require_one(self, names: Iterable[str], i: int) -> None:
        """Raises `ParseError` where several names that are declared are written so."""
        found = [name for name in dict.fromkeys(names) if name in self.known]
        if len(found) > 1:
            raise self.error(
                f"this may be {' or '.join(found)}", i, "rename one of them"
            )

    # -- functions and operands --------------------------------------------------------

    def function(self, i: int, stop: int) -> tuple[str, int] | None:
        """The function that a command or a word at i names, and where it ends."""
        if i >= stop:
            return None
        token = self.tokens[i]
        match token.kind:
            case "command" if token.value == "vec":
                named = self.opens(i + 1, stop, group=False)
                return ("vec", i + 1) if named else None
            case "command":
                name = FUNCTION_COMMANDS.get(token.value)
                return (name, i + 1) if name else None
            case "word" | "letters":
                return self._worded(token.value, i + 1, stop)
            case "letter":
                return self._called(i, stop)
            case _:
                return None

    def _worded(self, value: str, after: int, stop: int) -> tuple[str, int] | None:
        name = canonical_name(value)
        if name in self.declared.functions:
            return name, after
        if name in self.declared.variables and not self.opens(after, stop):
            return None
        found = FUNCTIONS.get(name)
        return (found, after) if found else None

    def _called(self, i: int, stop: int) -> tuple[str, int] | None:
        """Bare letters right before a bracket, as in `tr(A)` or `f(x)`."""
        run = self.run(i, stop)
        after = i + len(run)
        scripts = after
        while self.character(scripts, stop) in ("'", "′"):
            scripts += 1
        if not self.opens(scripts, stop, group=False):
            return None
        name = canonical_name(run)
        if name in self.declared.functions:
            return name, after
        if name in self.declared.variables:
            return None
        found = FUNCTIONS.get(name)
        return (found, after) if found else None

    def begins_operand(self, i: int, stop: int) -> bool:
        """Whether what stands at i is a factor rather than an operator or an end."""
        if i >= stop:
            return False
        token = self.tokens[i]
        if token.kind == "command":
            return token.value not in INFIX_COMMANDS and token.value not in TRANSPOSES
        return token.kind not in ("other", "close")


def _names_of(word: str) -> list[str]:
    return names_of_letter(word) if len(word) == 1 else [canonical_name(word)]


def source_of(text: str, declared: Declarations, *, infer: bool = False) -> Source:
    """The plain tokens of a text, ready to be looked at.

    Raises `ParseError` for brackets and macros that cannot be read, `BudgetError`
    beyond the limits.
    """
    shaped = shape(_undollared(tokens_of(text)), text)
    known = frozenset({*declared.variables, *declared.sizes, *declared.functions})
    longest = max(map(len, {*known, *FUNCTIONS}))
    return Source(text, shaped, declared, infer, known, longest)


_FENCES = {("$", "$"), ("[", "]"), ("(", ")")}


def _undollared(tokens: list[Token]) -> list[Token]:
    """The tokens without the marks of math mode round them and the full stop after."""
    i, j = 0, len(tokens)
    while i < j:
        last = tokens[j - 1]
        if last.kind == "other" and last.value in ".,;":
            j -= 1
        elif j - i > 1 and _is_fence(tokens[i], last):
            i, j = i + 1, j - 1
        else:
            break
    return tokens[i:j]


def _is_fence(first: Token, last: Token) -> bool:
    kinds = {first.kind, last.kind}
    if (first.value, last.value) == ("$", "$"):
        return kinds == {"other"}
    return kinds == {"command"} and (first.value, last.value) in _FENCES
