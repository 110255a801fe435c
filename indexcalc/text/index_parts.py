"""What index notation names as a whole: inv(S)_ij, and K_ij defined after `where`.

A function of a whole array is read in the text language; its indices stand behind its
bracket. A definition names a tensor and its axes.

>>> [d.name for d in definitions("x_i where M_i = K_i y_i, K_i = 2 y_i", 9)]
['K', 'M']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from .. import expr
from ..errors import BudgetError, IndexCalcError, ParseError
from ..nodes import Node
from ..substitute import replace
from .declarations import Declarations
from .definitions import DEFINITION_LIMIT, pieces
from .index_words import CONSTANTS, listed_indices, subscripts
from .lowering import parse
from .scanner import LETTER, NAME, canonical_name
from .vocabulary import ELEMENTWISE, OF_SEVERAL, SPELLED, TABLE

#: Functions of the text language that act entry by entry, so that an argument keeps its
#: indices.
ENTRYWISE = frozenset({*ELEMENTWISE, *SPELLED, *OF_SEVERAL, "conj", "real", "imag"})
WHOLE = TABLE.keys() - ENTRYWISE - CONSTANTS.keys()

PART_LIMIT = 500

_CALL = re.compile(rf"(?<![{LETTER}0-9])({NAME})\s*\(")
_LEFT = re.compile(rf"\s*({NAME})\s*(\{{[^{{}}]*\}}|\[[^\[\]]*\])?\s*=")


# -- functions of whole arrays ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Whole:
    """A function of a whole array, from its name to its closing bracket."""

    start: int
    stop: int
    node: Node


def wholes(
    text: str,
    shapes: Mapping[str, object],
    declared: Declarations,
    nodes: Mapping[str, Node],
) -> Iterator[Whole]:
    """The functions of whole arrays in a text; `nodes` are the named parts in it.

    What is no text of the language, and has no indices behind it, is left to be read
    as something else. Raises as `parse` does, and `BudgetError` for too many.
    """
    for count, (start, stop) in enumerate(_calls(text, declared)):
        if count >= PART_LIMIT:
            raise BudgetError(f"more than {PART_LIMIT} functions of whole arrays")
        try:
            yield Whole(start, stop, _read(text, start, stop, shapes, nodes))
        except IndexCalcError:
            if subscripts(text, stop):
                raise


def _calls(text: str, declared: Declarations) -> Iterator[tuple[int, int]]:
    """The stretches of calls by such functions, without those inside of others."""
    closing, after = _closings(text), 0
    for match in _CALL.finditer(text):
        stop = closing.get(match.end() - 1, 0)
        if after <= match.start() < stop and _is_whole(match[1], declared):
            after = stop
            yield match.start(), stop


def _is_whole(word: str, declared: Declarations) -> bool:
    name = canonical_name(word)
    return name in WHOLE and name not in declared.variables.keys() | declared.functions


def _closings(text: str) -> dict[int, int]:
    """For the place of each bracket that is closed the place behind its partner."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for place, sign in enumerate(text):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and opened:
            found[opened.pop()] = place + 1
    return found


def _read(
    text: str,
    start: int,
    stop: int,
    shapes: Mapping[str, object],
    nodes: Mapping[str, Node],
) -> Node:
    known = {name: node.shape for name, node in nodes.items()}
    try:
        found = parse(text[start:stop], {**shapes, **known}).node
    except IndexCalcError as error:
        raise moved(error, text, start) from None
    leaves: dict[Node, Node] = {
        expr.tensor(name, node.shape): node for name, node in nodes.items()
    }
    return replace(found, leaves)


def moved(error: IndexCalcError, text: str, start: int) -> IndexCalcError:
    """The error of a stretch of a text, with its place in the whole."""
    if error.position is None:
        return error
    place = error.position + start
    return type(error)(error.message, text=text, position=place, hint=error.hint)


# -- named parts -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Definition:
    """K_ij = …, the right side being `text[start:stop]`."""

    name: str
    indices: tuple[str, ...]
    start: int
    stop: int


def definitions(text: str, position: int) -> list[Definition]:
    """The definitions from a place on, each after those that it uses."""
    found = [_definition(text, *piece) for piece in pieces(text, position)]
    if len(found) > DEFINITION_LIMIT:
        raise ParseError(
            f"more than {DEFINITION_LIMIT} definitions",
            text=text,
            position=found[DEFINITION_LIMIT].start,
        )
    for before, after in pairwise(sorted(found, key=lambda d: d.name)):
        if before.name == after.name:
            raise ParseError(
                f"{after.name} has a meaning already", text=text, position=after.start
            )
    waiting = {d.name: d for d in found}
    ordered: list[Definition] = []
    while waiting:
        ready = [d for d in waiting.values() if not _uses(text, d) & waiting.keys()]
        if not ready:
            name, first = next(iter(waiting.items()))
            raise ParseError(
                f"{name} is defined by itself", text=text, position=first.start
            )
        ordered += ready
        waiting = {n: d for n, d in waiting.items() if d not in ready}
    return ordered


def _definition(text: str, start: int, stop: int) -> Definition:
    left = _LEFT.match(text, start, stop)
    if left is None:
        raise ParseError(
            "after where stand definitions",
            text=text,
            position=start,
            hint="such as: K_ij x_j where K_ij = A_ki A_kj",
        )
    word, written = left[1], left[2] or ""
    base = word.rstrip("_") if written else word.partition("_")[0]
    rest = written or word[len(base) :]
    indices = listed_indices(rest, text, left.start(1)) if rest else []
    if len(set(indices)) < len(indices):
        raise ParseError(
            f"the axes of {base} need different indices",
            text=text,
            position=left.start(1),
            hint="such as K_ij = δ_ij x_i for a diagonal",
        )
    return Definition(canonical_name(base), tuple(indices), left.end(), stop)


def _uses(text: str, definition: Definition) -> set[str]:
    """The words of the right side, with and without what may be indices."""
    words = re.findall(NAME, text[definition.start : definition.stop])
    return {canonical_name(w) for word in words for w in (word, word.partition("_")[0])}
