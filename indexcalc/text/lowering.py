"""From the text to a node: read, type, build.

>>> found = parse("(X .* A)*ones(p)", {"X": "n p", "A": "n p"})
>>> found.kind, found.node.shape
('column', (Dim('n'),))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import expr
from ..errors import BudgetError, IndexCalcError
from ..nodes import Node
from ..sizes import Shape
from .declarations import Declarations, declare
from .grammar import placed, read
from .reading import Reading
from .scanner import Lexeme, scan
from .syntax import Syntax, place_of
from .typed import type_tree


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says.

    `kind` is scalar, column, row, matrix or tensor; `shapes` has every variable
    declared or inferred, `inferred` those that were not declared.
    """

    node: Node
    kind: str
    shapes: dict[str, Shape]
    inferred: dict[str, Shape]


def parse(
    text: str,
    shapes: Mapping[str, object] | None = None,
    *,
    paper: bool = False,
    infer: bool = False,
) -> Parsed:
    """The node a text in the language stands for.

    `shapes` declares variables, `"n p"`, `"n n : symmetric"`, `3`, `("n", 3)`, `""` for
    a scalar, and unknown functions, `"function"`. With `paper`, operands side by side
    are multiplied; with `infer`, undeclared names have an order by their first letter.

    Raises `ParseError`, `ShapeError`, `UnknownNameError` or `BudgetError`, each with
    the place in the text.

    >>> parse("x'*A*x", {"A": "n n", "x": "n"}).kind
    'scalar'
    """
    declared = declare(shapes or {})
    lexemes = _lexemes(text, declared, paper)
    reading = Reading(text, declared, read(text, lexemes), paper, infer)
    order = type_tree(reading)
    node = built(reading, order)
    inferred = {n: reading.sizes.shape(s) for n, s in reading.inferred.items()}
    kind = reading.meanings[reading.root].type.kind
    return Parsed(node, kind, {**declared.known, **inferred}, inferred)


def _lexemes(text: str, declared: Declarations, paper: bool) -> list[Lexeme]:
    if not paper:
        return scan(text, declared.functions)
    from .paper import scan_paper

    return scan_paper(text, declared)


def built(reading: Reading, order: Sequence[Syntax]) -> Node:
    """The node of a text whose tree has been typed."""
    memo: dict[Syntax, Node] = {}
    for node in order:
        meaning = reading.meanings[node]
        try:
            if meaning.value is not None:
                memo[node] = expr.number(meaning.value)
                continue
            memo[node] = meaning.build(*[memo[a] for a in reading.values(node)])
        except IndexCalcError as error:
            raise _at(error, node, reading.text) from None
        except (ValueError, OverflowError):
            # Python refuses to write integers of thousands of digits, and coefficients
            # multiply up to those whatever the text.
            large = BudgetError("a number in this expression is out of range")
            raise _at(large, node, reading.text) from None
    return memo[reading.root]


def _at(error: IndexCalcError, node: Syntax, text: str) -> IndexCalcError:
    if error.position is None:
        error.position = place_of(node)
    return placed(error, text)
