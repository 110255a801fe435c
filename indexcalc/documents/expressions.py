"""An expression as a document: its node, and whose axes they are.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", ("n",))
>>> held = Held(einsum([(x, [0])], [0, 0]), 1, (("x", 1),))
>>> print(to_json(held)[:56])
{"format": "indexcalc.expression", "version": 1, "nodes"
>>> from_json(to_json(held)) == held
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..errors import ParseError
from ..expr import STRUCTURES
from ..nodes import Node, Tensor, variables
from ..pairwise import Array
from .nodes import array_entry, array_of, node_entries, nodes_of
from .reading import (
    VERSION,
    choice_of,
    count_of,
    dumped,
    fields_of,
    kind_of,
    listed,
    loaded,
    place_of,
    text_of,
    versioned,
)

FORMAT = "indexcalc.expression"

LAYOUTS = ("value_first", "variable_first")

#: One place of a subscript.
Place: TypeAlias = "int | slice | Array | Any | None"

#: What a note on a structured variable ends with.
NOTES = tuple(
    f" {structure}, {convention}"
    for structure in STRUCTURES
    for convention in ("symmetrised", "free_entries")
)


@dataclass(frozen=True, slots=True)
class Held:
    """What an expression holds: its node as written, how many axes are the value's, the
    variables it was differentiated by with their numbers of axes, the layout, the
    convention, variables that it no longer shows, which entry of which variable it is,
    what is evaluated where that is another form of a derivative, and what was cancelled
    while it was put together."""

    written: Node
    value_order: int
    by: tuple[tuple[str, int], ...] = ()
    layout: str = "value_first"
    convention: str = ""
    scope: tuple[Tensor, ...] = ()
    entry: tuple[Tensor, tuple[Place, ...]] | None = None
    evaluated: Node | None = None
    vanished: tuple[Node, ...] = ()


# -- out -------------------------------------------------------------------------------


def to_json(held: Held) -> str:
    """The document as one line of ASCII; equal expressions give equal bytes.

    Raises `UnsupportedError` for an array that no document holds.
    """
    more: list[Node] = [] if held.entry is None else [held.entry[0]]
    more += [] if held.evaluated is None else [held.evaluated]
    more += held.vanished
    entries, places = node_entries([held.written, *held.scope, *more])
    count = len(held.scope)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "nodes": entries,
        "root": places[0],
        "value_order": held.value_order,
        "layout": held.layout,
        "by": [list(pair) for pair in held.by],
        "convention": held.convention,
        "scope": places[1 : count + 1],
    }
    if held.entry is not None:
        key = [_place_entry(place) for place in held.entry[1]]
        document["entry"] = {"of": places[count + 1], "key": key}
    if held.evaluated is not None:
        document["evaluated"] = places[len(places) - len(held.vanished) - 1]
    if held.vanished:
        document["vanished"] = places[len(places) - len(held.vanished) :]
    return dumped(document)


def _place_entry(place: Place) -> object:
    """A place of a subscript: a number, null, "...", a slice or an array of indices."""
    if place is None:
        return None
    if place is Ellipsis:
        return "..."
    if isinstance(place, slice):
        ends = (place.start, place.stop, place.step)
        return {"slice": [None if k is None else int(k) for k in ends]}
    if isinstance(place, (list, np.ndarray)):
        return {"array": array_entry(_indices(np.asarray(place)))}
    return int(place)


def _indices(array: Array) -> Array:
    """Indices as 64-bit integers; what is true or false stays so."""
    return array if array.dtype.kind == "b" else array.astype(np.int64)


FIELDS = ("nodes", "root", "value_order", "layout", "by", "convention", "scope")
MORE = ("entry", "evaluated", "vanished")

# -- in --------------------------------------------------------------------------------


def from_json(text: str) -> Held:
    """The expression of a document.

    Raises `ParseError`, with the place, for a text that is none.
    """
    return from_document(loaded(text))


def from_document(document: object) -> Held:
    """The expression of a document as `loaded` gives it."""
    fields = versioned(document, "", FORMAT, FIELDS, MORE)
    nodes = nodes_of(fields["nodes"], "nodes")
    written = nodes[place_of(fields["root"], "root", len(nodes))]
    order = len(written.shape)
    return Held(
        written,
        place_of(fields["value_order"], "value_order", order + 1),
        _by(fields["by"], order),
        choice_of(fields["layout"], "layout", LAYOUTS),
        _convention(fields["convention"]),
        leaves_of(fields["scope"], "scope", nodes),
        _entry(fields.get("entry"), nodes),
        _evaluated(fields.get("evaluated"), nodes, written),
        places_of(fields.get("vanished", []), "vanished", nodes),
    )


def _evaluated(entry: object, nodes: tuple[Node, ...], written: Node) -> Node | None:
    if entry is None:
        return None
    node = nodes[place_of(entry, "evaluated", len(nodes))]
    if node.shape != written.shape or not _names(node) <= _names(written):
        raise ParseError("evaluated: not a form of the expression")
    return node


def _names(node: Node) -> set[Tensor]:
    return set(variables(node).values())


def places_of(entry: object, at: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Nodes by their places."""
    return listed(entry, at, lambda k, where: nodes[place_of(k, where, len(nodes))])


def leaves_of(entry: object, at: str, nodes: tuple[Node, ...]) -> tuple[Tensor, ...]:
    """Variables by their places, of different names."""

    def read(item: object, where: str) -> Tensor:
        node = nodes[place_of(item, where, len(nodes))]
        if not isinstance(node, Tensor) or node.array is not None:
            raise ParseError(f"{where}: not the place of a variable")
        return node

    found = listed(entry, at, read)
    if len({leaf.name for leaf in found}) < len(found):
        raise ParseError(f"{at}: one name twice")
    return found


def _by(entry: object, order: int) -> tuple[tuple[str, int], ...]:
    def read(item: object, where: str) -> tuple[str, int]:
        if not isinstance(item, list) or len(item) != 2:
            raise ParseError(f"{where}: {kind_of(item)} where a name and a number are")
        return text_of(item[0], f"{where}[0]"), count_of(item[1], f"{where}[1]")

    found = listed(entry, "by", read)
    if sum(axes for _, axes in found) > order:
        raise ParseError(f"by: more axes than the {order} of the expression")
    return found


def _convention(entry: object) -> str:
    text = text_of(entry, "convention")
    if text and not text.endswith(NOTES):
        raise ParseError("convention: not a note on structured variables")
    return text


def _entry(
    entry: object, nodes: tuple[Node, ...]
) -> tuple[Tensor, tuple[Place, ...]] | None:
    if entry is None:
        return None
    fields = fields_of(entry, "entry", ("of", "key"))
    (leaf,) = leaves_of([fields["of"]], "entry.of", nodes)
    return leaf, listed(fields["key"], "entry.key", _place)


def _place(entry: object, at: str) -> Place:
    if entry is None:
        return None
    if entry == "...":
        return Ellipsis
    if isinstance(entry, dict) and "array" in entry:
        return _index_array(fields_of(entry, at, ("array",))["array"], f"{at}.array")
    if isinstance(entry, dict):
        ends = listed(fields_of(entry, at, ("slice",))["slice"], f"{at}.slice", _end)
        if len(ends) != 3:
            raise ParseError(f"{at}.slice: a slice has a start, a stop and a step")
        return slice(*ends)
    return _whole(entry, at)


def _index_array(entry: object, at: str) -> Array:
    array = array_of(entry, at)
    if array.dtype.name not in ("bool", "int64"):
        raise ParseError(f"{at}: {array.dtype} where indices are needed")
    return array


def _end(entry: object, at: str) -> int | None:
    return None if entry is None else _whole(entry, at)


def _whole(entry: object, at: str) -> int:
    if type(entry) is not int:
        raise ParseError(f"{at}: {kind_of(entry)} where a whole number is needed")
    return entry
