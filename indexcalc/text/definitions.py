"""`K*c where K = …, u = …`: named parts of a text, read and put in their places.

>>> found = parse_defined("K*x where K = A + u*u', u = A*x", {"A": "n n", "x": "n"})
>>> found.kind
'column'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace as changed

from .. import expr
from ..errors import IndexCalcError, ParseError
from ..nodes import Node
from ..substitute import replace
from .lowering import Parsed, parse
from .scanner import NAME_PATTERN, require_length

WHERE = re.compile(r"\bwhere\b(?!\s*\()")
_DEFINED = re.compile(r"\s*([^\s=]+)\s*=(.*)", re.DOTALL)
DEFINITION_LIMIT = 64


def has_definitions(text: object, shapes: Mapping[str, object]) -> bool:
    """Whether a text has named parts."""
    return (
        isinstance(text, str)
        and "where" not in shapes
        and WHERE.search(text) is not None
    )


def parse_with_parts(
    text: str, shapes: Mapping[str, object], *, paper: bool = False
) -> Parsed:
    """`parse_defined` of a text that has named parts, `parse` of another."""
    if has_definitions(text, shapes):
        return parse_defined(text, shapes, paper=paper)
    return parse(text, shapes, paper=paper)


def parse_defined(
    text: str,
    shapes: Mapping[str, object],
    *,
    paper: bool = False,
    infer: bool = False,
) -> Parsed:
    """The expression before `where` with the parts named after it put in.

    A definition may use the others, in any order. Raises as `parse` does, with places
    in the whole text.
    """
    require_length(text)
    found = WHERE.search(text)
    assert found is not None
    known: dict[str, object] = dict(shapes)
    parts: dict[Node, Node] = {}
    for name, start, stop in _ordered(text, _definitions(text, found.end()), paper):
        if name in known:
            raise ParseError(
                f"{name} has a meaning already",
                text=text,
                position=start,
                hint="name the part otherwise",
            )
        part = _read(text, start, stop, known, paper, infer)
        known[name] = part.node.shape
        parts[expr.tensor(name, part.node.shape)] = replace(part.node, parts)
    whole = _read(text, 0, found.start(), known, paper, infer)
    named = {leaf.key[1] for leaf in parts}
    inferred = {n: s for n, s in whole.inferred.items() if n not in named}
    kept = {n: s for n, s in whole.shapes.items() if n not in named}
    return changed(
        whole, node=replace(whole.node, parts), shapes=kept, inferred=inferred
    )


def _ordered(
    text: str, listed: list[tuple[str, int, int]], paper: bool
) -> Iterator[tuple[str, int, int]]:
    """The definitions, each after those that it names; the last first where nothing
    else is known."""
    pending = listed[::-1]
    while pending:
        free = (d for d in pending if not _names_another(text, d, pending, paper))
        following = next(free, pending[0])
        pending.remove(following)
        yield following


def _names_another(
    text: str,
    one: tuple[str, int, int],
    pending: Iterable[tuple[str, int, int]],
    paper: bool,
) -> bool:
    """Whether the name of another definition stands in this one: as a word, or beside
    other letters on paper."""
    stretch = text[one[1] : one[2]]
    names = [name for name, *_ in pending if name != one[0]]
    if paper:
        return any(name in stretch for name in names)
    return any(re.search(rf"(?<!\w){re.escape(n)}(?![^\W_])", stretch) for n in names)


def _read(
    text: str,
    start: int,
    stop: int,
    known: Mapping[str, object],
    paper: bool,
    infer: bool,
) -> Parsed:
    """One stretch of the text; places in its errors are places in the whole."""
    try:
        return parse(text[start:stop], known, paper=paper, infer=infer)
    except IndexCalcError as error:
        if error.position is None:
            raise
        place = error.position + start
        raise type(error)(
            error.message, text=text, position=place, hint=error.hint
        ) from None


def _definitions(text: str, position: int) -> list[tuple[str, int, int]]:
    """Name and stretch of each definition."""
    found = []
    for start, stop in pieces(text, position):
        matched = _DEFINED.fullmatch(text, start, stop)
        if matched is None or not NAME_PATTERN.fullmatch(matched[1]):
            raise ParseError(
                "after where stand definitions",
                text=text,
                position=start,
                hint="such as: K*c where K = A + B",
            )
        found.append((matched[1], matched.start(2), stop))
    if len(found) > DEFINITION_LIMIT:
        raise ParseError(
            f"more than {DEFINITION_LIMIT} definitions",
            text=text,
            position=found[DEFINITION_LIMIT][1],
        )
    return found


def pieces(text: str, position: int) -> list[tuple[int, int]]:
    """The stretches between commas; those inside brackets do not separate."""
    found, depth, start = [], 0, position
    for place in range(position, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if text[place] == "," and depth == 0:
            found.append((start, place))
            start = place + 1
    return [*found, (start, len(text))]
