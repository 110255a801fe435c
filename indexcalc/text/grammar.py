"""The grammar, in lark's notation, and the tree that reading it yields.

LALR, so reading never recurses; what a rule reads becomes a node of `syntax` at once. A
chain of operators is read flat and grouped by the levels of `symbols`. lark is
imported, and the grammar loaded, when the first text is read.

>>> from .scanner import scan
>>> tree = read("a + b*c", scan("a + b*c", frozenset()))
>>> tree.symbol, tree.right.symbol
('+', '*')
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from ..errors import IndexCalcError, ParseError
from .scanner import Lexeme
from .symbols import EVERY_INFIX, PREFIX_LEVELS, SIDE_BY_SIDE, SUPERSCRIPTS, Operator
from .syntax import (
    Applied,
    Binary,
    Blocks,
    Entry,
    Group,
    Indexed,
    Name,
    Negated,
    Number,
    Ones,
    Suffix,
    Summed,
    Syntax,
    Text,
)

if TYPE_CHECKING:
    from lark import Lark, Token

GRAMMAR = r"""
start: chain
?chain: _term (_operator _term)*
_operator: INFIX | PLUS | MINUS
_term: (MINUS | SUM)* run
?run: suffixed+
?suffixed: atom (SUFFIX | POWER exponent)*

?exponent: [PLUS] NUMBER        -> signed
         | MINUS NUMBER         -> signed
         | NAME                 -> name
         | LPAR chain RPAR      -> group

?atom: NUMBER                   -> number
     | NAME                     -> name
     | ONES                     -> ones
     | INDEXED                  -> indexed
     | LPAR chain RPAR          -> group
     | FUNCTION LPAR arguments RPAR   -> applied
     | derivative LPAR arguments RPAR -> derived
     | LSQB row (SEMICOLON row)* RSQB -> blocks

derivative: DERIVATIVE LPAR derivable RPAR             -> raised
          | DERIVATIVE LPAR NAME (COMMA NUMBER)+ RPAR  -> partial
?derivable: derivative | NAME -> undifferentiated
arguments: [argument (COMMA argument)*]
?argument: chain | TEXT         -> text
row: chain (COMMA chain)*

%declare INFIX PLUS MINUS SUM SUFFIX POWER NUMBER NAME ONES INDEXED FUNCTION DERIVATIVE
%declare TEXT LPAR RPAR LSQB RSQB COMMA SEMICOLON
"""

Item: TypeAlias = "Lexeme | Syntax"
Derivative: TypeAlias = tuple[str, tuple[int, ...], int]
DIGITS_LIMIT = 400


class _Builder:
    """What each rule of the grammar becomes; lark calls these while it reads."""

    def start(self, items: list[Any]) -> Any:
        return items[0]

    def chain(self, items: list[Any]) -> Syntax:
        return _grouped(items)

    def run(self, items: list[Any]) -> Syntax:
        tree = items[0]
        for item in items[1:]:
            tree = _binary(SIDE_BY_SIDE, tree, item, item.start)
        return cast(Syntax, tree)

    def suffixed(self, items: list[Any]) -> Syntax:
        tree, rest = items[0], iter(items[1:])
        for mark in rest:
            if mark.type == "POWER":
                exponent = next(rest)
                tree = Binary(
                    mark.value, tree, exponent, mark.start, tree.start, exponent.stop
                )
            elif mark.value.startswith("_"):
                indices = tuple(mark.value.split(" ")[1:])
                tree = Entry(tree, indices, mark.start, mark.stop)
            else:
                symbol = mark.value.translate(SUPERSCRIPTS)
                tree = Suffix(symbol, tree, mark.start, mark.stop)
        return cast(Syntax, tree)

    def signed(self, items: list[Any]) -> Syntax:
        sign, literal = items if len(items) == 2 else (None, items[0])
        number = self.number([literal])
        if sign is None or sign.type == "PLUS":
            return number
        return Negated(number, sign.start, literal.stop)

    def number(self, items: list[Any]) -> Syntax:
        word = items[0]
        return Number(_exact(word), word.start, word.stop)

    def name(self, items: list[Any]) -> Syntax:
        return Name(items[0].value, items[0].start, items[0].stop)

    def ones(self, items: list[Any]) -> Syntax:
        size = items[0].value.removeprefix("𝟏") or None
        return Ones(size, items[0].start, items[0].stop)

    def text(self, items: list[Any]) -> Syntax:
        return Text(items[0].value[1:-1], items[0].start, items[0].stop)

    def indexed(self, items: list[Any]) -> Syntax:
        name, *indices = items[0].value.split(" ")
        return Indexed(name, tuple(indices), items[0].start, items[0].stop)

    def group(self, items: list[Any]) -> Syntax:
        return Group(items[1], items[0].start, items[2].stop)

    def applied(self, items: list[Any]) -> Syntax:
        word, _, arguments, closing = items
        bare = word.value.rstrip("′″")
        primes = word.value[len(bare) :].replace("″", "′′")
        orders = (len(primes),) if primes else ()
        return Applied(bare, arguments, orders, word.start, closing.stop)

    def derived(self, items: list[Any]) -> Syntax:
        (name, orders, start), _, arguments, closing = items
        return Applied(name, arguments, orders, start, closing.stop)

    def undifferentiated(self, items: list[Any]) -> Derivative:
        return items[0].value, (0,), items[0].start

    def raised(self, items: list[Any]) -> Derivative:
        word, _, (name, orders, _), _ = items
        if len(orders) > 1:
            raise ParseError(
                "a second derivative by several arguments gives the order of each",
                position=word.start,
                hint=f"such as D({name}, {', '.join(map(str, orders))})",
            )
        return name, (orders[0] + 1,), word.start

    def partial(self, items: list[Any]) -> Derivative:
        orders = tuple(_order(word) for word in items[3:] if word.type == "NUMBER")
        return items[2].value, orders, items[0].start

    def arguments(self, items: list[Any]) -> list[Syntax]:
        return [item for item in items if item and not isinstance(item, Lexeme)]

    def row(self, items: list[Any]) -> list[Syntax]:
        return [item for item in items if not isinstance(item, Lexeme)]

    def blocks(self, items: list[Any]) -> Syntax:
        rows = [item for item in items if isinstance(item, list)]
        return Blocks(rows, items[0].start, items[-1].stop)


def _order(word: Lexeme) -> int:
    if not word.value.isdecimal() or len(word.value) > 3:
        raise ParseError(
            f"{word.value} is not the order of a derivative",
            position=word.start,
            hint="a small whole number",
        )
    return int(word.value)


def _exact(word: Lexeme) -> Fraction:
    mantissa, _, exponent = word.value.lower().partition("e")
    if len(mantissa) > DIGITS_LIMIT or abs(int(exponent[:9] or 0)) > DIGITS_LIMIT:
        raise ParseError(
            "this number is out of range",
            position=word.start,
            hint=f"at most {DIGITS_LIMIT} digits, and powers of ten to {DIGITS_LIMIT}",
        )
    return Fraction(word.value.rstrip("."))


# -- precedence ------------------------------------------------------------------------


def _grouped(items: Sequence[Item]) -> Syntax:
    """A flat chain of operands and operators, grouped by level; iterative."""
    operands: list[Syntax] = []
    waiting: list[tuple[int, Lexeme]] = []
    after_operand = False
    for item in items:
        if not isinstance(item, Lexeme):
            operands.append(item)
            after_operand = True
        elif after_operand:
            operator = EVERY_INFIX[item.value]
            while waiting and waiting[-1][0] >= operator.level:
                _require_associative(operator, waiting[-1][1], item)
                _reduce(operands, waiting.pop()[1])
            waiting.append((operator.level, item))
            after_operand = False
        else:
            sign = _prefix(item)
            waiting.append((PREFIX_LEVELS[sign.type], sign))
    while waiting:
        _reduce(operands, waiting.pop()[1])
    return operands[0]


def _prefix(item: Lexeme) -> Lexeme:
    """A minus that has no left operand, or the sign of a sum, told from an operator."""
    kind = "SUM" if item.type == "SUM" else "NEGATIVE"
    return Lexeme(kind, item.value, item.start, item.stop)


def _require_associative(operator: Operator, before: Lexeme, item: Lexeme) -> None:
    if operator.associative or before.type != "INFIX":
        return
    if EVERY_INFIX[before.value].level == operator.level:
        raise ParseError(
            f"{item.value} does not associate",
            position=item.start,
            hint="say which pair comes first with parentheses",
        )


def _reduce(operands: list[Syntax], word: Lexeme) -> None:
    right = operands.pop()
    if word.type == "NEGATIVE":
        operands.append(Negated(right, word.start, right.stop))
    elif word.type == "SUM":
        indices = tuple(word.value.split(" "))
        operands.append(Summed(indices, right, word.start, right.stop))
    else:
        left = operands.pop()
        operands.append(_binary(EVERY_INFIX[word.value], left, right, word.start))


def _binary(operator: Operator, left: Syntax, right: Syntax, place: int) -> Binary:
    return Binary(operator.symbol, left, right, place, left.start, right.stop)


# -- reading ---------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark
    from lark.lexer import Lexer

    class Unused(Lexer):
        """The lexemes come from `scanner`, so lark's own lexer is never called."""

        def __init__(self, _: object) -> None:
            pass

        def lex(self, *_: object) -> Any:
            return iter(())

    return Lark(
        GRAMMAR,
        parser="lalr",
        lexer=Unused,
        transformer=cast(Any, _Builder()),
        maybe_placeholders=False,
    )


def read(text: str, lexemes: Sequence[Lexeme]) -> Syntax:
    """The syntax tree of a text's lexemes.

    Raises `ParseError` with the place and what was expected there.
    """
    from lark import UnexpectedInput

    state = _parser().parse_interactive().parser_state
    end = Lexeme("$END", "", len(text), len(text))
    current = end
    try:
        for current in lexemes:
            state.feed_token(cast("Token", current))
        current = end
        return cast(Syntax, state.feed_token(cast("Token", end), True))
    except UnexpectedInput as error:
        expected: set[str] = getattr(error, "expected", set())
        raise _unexpected(text, current, expected, lexemes) from None
    except IndexCalcError as error:
        raise placed(error, text) from None


def placed(error: IndexCalcError, text: str) -> IndexCalcError:
    """The same error with the text it is about, where it does not have one yet."""
    if error.text is not None or error.position is None:
        return error
    return type(error)(
        error.message, text=text, position=error.position, hint=error.hint
    )


def _unexpected(
    text: str, word: Lexeme, expected: set[str], lexemes: Sequence[Lexeme]
) -> ParseError:
    before = next((w for w in reversed(lexemes) if w.stop <= word.start), None)
    hint = None
    if word.type == "TEXT":
        message = "a text in quotes stands only first in einsum"
    elif before is not None and before.type == "POWER":
        message = f"an exponent was expected, not {_said(word)}"
        hint = "a signed number, a name or a parenthesis"
    elif "NAME" in expected:
        message = f"an operand was expected, not {_said(word)}"
        hint = _operand_hint(word, before)
    else:
        message = f"an operator or the end was expected, not {_said(word)}"
    return ParseError(message, text=text, position=word.start, hint=hint)


def _operand_hint(word: Lexeme, before: Lexeme | None) -> str | None:
    if word.value == "*" and before is not None and before.value == "*":
        return "a power is written ^, or .^ entry by entry"
    if word.type == "PLUS":
        return "a sign + in front is not in the language"
    return None


def _said(word: Lexeme) -> str:
    return f"{word.value!r}" if word.value else "the end of the text"
