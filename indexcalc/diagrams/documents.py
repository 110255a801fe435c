"""A diagram as a JSON document, and back to the equal diagram.

A document is versioned, every field is named, sizes and coefficients are exact texts,
tensors and parameters are spelled as in `rows`. Whatever is not such a document is
refused with the place of the fault, in linear time and bounded depth.

>>> from indexcalc.diagrams.build import model_of
>>> from indexcalc.expr import tensor
>>> model = model_of(tensor("x", ("n",)))
>>> from_json(to_json(model)) == model
True
>>> from_json('{"format": "indexcalc.diagram", "version": 7}')
Traceback (most recent call last):
    ...
indexcalc.errors.ParseError: version 7, where 1 is known
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar, cast

from ..coefficients import Number, as_number
from ..errors import BudgetError, ParseError
from ..nodes import Tensor
from ..rows import (
    UNREADABLE,
    from_rows,
    leaf_row,
    number_row,
    param_row,
    read_number,
)
from ..sizes import Size, parse_size, size_text
from .model import Box, Dot, End, Kind, Model, Network, Picture, Place, Role, Wire
from .validity import DEPTH_LIMIT, said, why_invalid

FORMAT, FILM_FORMAT, VERSION = "indexcalc.diagram", "indexcalc.film", 1

#: The longest text of a size or of a variable's shape: reading one takes longer than in
#: proportion.
SIZE_LIMIT = 1_000

#: A frame of a derivation: the diagram, the rule that led to it, and why.
Frame = tuple[Model, str, str]

T = TypeVar("T")
Reader = Callable[[object, str], T]
Fields = Mapping[str, Any]

# -- out -------------------------------------------------------------------------------


def to_json(model: Model) -> str:
    """The document as one line of ASCII; equal diagrams give equal bytes.

    Raises `BudgetError` for frames inside one another beyond the limit.
    """
    return json.dumps(to_document(model), allow_nan=False)


def to_document(model: Model) -> dict[str, Any]:
    """The diagram as dictionaries, lists, texts and integers.

    >>> from indexcalc.diagrams.model import Model, Picture
    >>> to_document(Model(Picture((), ())))["picture"]
    {'ends': [], 'terms': []}
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "layout": model.layout,
        "variables": list(model.variables),
        "picture": _picture_entry(model.picture),
        "parts": [
            {"name": name, "picture": _picture_entry(picture)}
            for name, picture in model.parts
        ],
    }


def frames_to_json(frames: Sequence[Frame]) -> str:
    """A derivation as one document: the diagrams with their rules and reasons.

    >>> from indexcalc.diagrams.model import Model, Picture
    >>> frames = [(Model(Picture((), ())), "product", "two factors")]
    >>> frames_from_json(frames_to_json(frames)) == tuple(frames)
    True
    """
    entries = [
        {"rule": rule, "reason": reason, "diagram": to_document(model)}
        for model, rule, reason in frames
    ]
    film = {"format": FILM_FORMAT, "version": VERSION, "frames": entries}
    return json.dumps(film, allow_nan=False)


def _picture_entry(picture: Picture, depth: int = 0) -> dict[str, Any]:
    if depth > DEPTH_LIMIT:
        raise BudgetError(
            f"a diagram of more than {DEPTH_LIMIT} frames inside one another",
            hint="name the inner parts",
        )
    return {
        "ends": [_end_entry(end) for end in picture.ends],
        "terms": [
            {"coefficient": number_row(c), **_network_entry(network, depth)}
            for c, network in picture.terms
        ],
    }


def _end_entry(end: End) -> dict[str, Any]:
    entry = {"names": list(end.names), "sizes": _texts(end.sizes), "role": end.role}
    return {**entry, "of": end.of} if end.of else entry


def _network_entry(network: Network, depth: int) -> dict[str, Any]:
    return {
        "boxes": [_box_entry(box, depth) for box in network.boxes],
        "dots": [{"name": d.name, "size": size_text(d.size)} for d in network.dots],
        "wires": [
            {
                "places": [list(place) for place in wire.places],
                "name": wire.name,
                "size": size_text(wire.size),
            }
            for wire in network.wires
        ],
    }


def _box_entry(box: Box, depth: int) -> dict[str, Any]:
    """A box; fields that its kind has no use for are left out."""
    entry: dict[str, Any] = {"id": box.id, "kind": box.kind, "label": box.label}
    entry["ports"] = _texts(box.ports)
    if box.tensor is not None:
        entry["tensor"] = list(leaf_row(box.tensor))
    if box.function:
        entry["function"] = box.function
    if box.params:
        entry["params"] = [param_entry(param) for param in box.params]
    if box.core:
        entry["core"] = box.core
    if box.contents:
        entry["contents"] = [_picture_entry(c, depth + 1) for c in box.contents]
    return entry


def param_entry(param: object) -> object:
    """A parameter as JSON: complex numbers are marked too."""
    if isinstance(param, complex):
        return {"number": number_row(param)}
    return param_row(param)


def _texts(sizes: tuple[Size, ...]) -> list[str]:
    return [size_text(size) for size in sizes]


# -- in --------------------------------------------------------------------------------


def from_json(text: str) -> Model:
    """The diagram of a document.

    Raises `ParseError` for a text that is no document of a diagram.
    """
    return from_document(_loaded(text))


def from_document(document: object) -> Model:
    """The diagram of a document as `json.loads` gives it.

    Raises `ParseError`, with the place, for what is no document of a diagram.
    """
    return _read_model(document, "")


def frames_from_json(text: str) -> tuple[Frame, ...]:
    """The frames of a derivation's document.

    Raises `ParseError` for a text that is none.
    """
    needed = ("format", "version", "frames")
    film = _versioned(_loaded(text), "", FILM_FORMAT, needed)
    return _listed(film["frames"], "frames", _frame)


def _loaded(text: object) -> object:
    if not isinstance(text, str):
        raise ParseError(f"a document is a text, and this is {_kind(text)}")
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"this is not JSON: {str(error)[:200]}") from None


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _versioned(entry: object, at: str, format: str, needed: tuple[str, ...]) -> Fields:
    """The fields of a document of a format, in the version that is known."""
    place = f"{at}: " if at else ""
    if not isinstance(entry, dict) or entry.get("format") != format:
        raise ParseError(f"{place}not a document of the format {format}")
    version = entry.get("version")
    if type(version) is not int or version != VERSION:
        told = version if type(version) is int and version < 10**9 else _kind(version)
        raise ParseError(f"{place}version {told}, where {VERSION} is known")
    return _fields(entry, at or "the document", needed)


def _frame(entry: object, at: str) -> Frame:
    fields = _fields(entry, at, ("rule", "reason", "diagram"))
    rule = _text(fields["rule"], f"{at}.rule")
    reason = _text(fields["reason"], f"{at}.reason")
    return _read_model(fields["diagram"], f"{at}.diagram"), rule, reason


def _read_model(entry: object, at: str) -> Model:
    needed = ("format", "version", "layout", "variables", "picture", "parts")
    fields = _versioned(entry, at, FORMAT, needed)
    before = f"{at}." if at else ""
    model = Model(
        _picture(fields["picture"], f"{before}picture"),
        _listed(fields["parts"], f"{before}parts", _part),
        _listed(fields["variables"], f"{before}variables", _text),
        _text(fields["layout"], f"{before}layout"),
    )
    fault = why_invalid(model)
    if fault is not None:
        raise ParseError(f"{before or 'the document is not a diagram: '}{fault}")
    return model


def _part(entry: object, at: str) -> tuple[str, Picture]:
    fields = _fields(entry, at, ("name", "picture"))
    return _text(fields["name"], at), _picture(fields["picture"], f"{at}.picture")


def _picture(entry: object, at: str, depth: int = 0) -> Picture:
    if depth > DEPTH_LIMIT:
        raise ParseError(f"more than {DEPTH_LIMIT} frames inside one another at {at}")
    fields = _fields(entry, at, ("ends", "terms"))

    def term(inner: object, place: str) -> tuple[Number, Network]:
        return _term(inner, place, depth)

    ends = _listed(fields["ends"], f"{at}.ends", _end)
    return Picture(ends, _listed(fields["terms"], f"{at}.terms", term))


def _end(entry: object, at: str) -> End:
    fields = _fields(entry, at, ("names", "sizes", "role"), ("of",))
    names = _listed(fields["names"], f"{at}.names", _text)
    sizes = _listed(fields["sizes"], f"{at}.sizes", _size)
    role = cast(Role, _text(fields["role"], f"{at}.role"))
    return End(names, sizes, role, _text(fields.get("of", ""), f"{at}.of"))


def _term(entry: object, at: str, depth: int) -> tuple[Number, Network]:
    fields = _fields(entry, at, ("coefficient", "boxes", "dots", "wires"))

    def box(inner: object, place: str) -> Box:
        return _box(inner, place, depth)

    network = Network(
        _listed(fields["boxes"], f"{at}.boxes", box),
        _listed(fields["dots"], f"{at}.dots", _dot),
        _listed(fields["wires"], f"{at}.wires", _wire),
    )
    return _number(fields["coefficient"], f"{at}.coefficient"), network


def _dot(entry: object, at: str) -> Dot:
    fields = _fields(entry, at, ("name", "size"))
    return Dot(_text(fields["name"], f"{at}.name"), _size(fields["size"], at))


def _wire(entry: object, at: str) -> Wire:
    fields = _fields(entry, at, ("places", "name", "size"))
    places = _listed(fields["places"], f"{at}.places", _place)
    if len(places) != 2:
        raise ParseError(f"{at}: a wire has two places, and this has {len(places)}")
    name = _text(fields["name"], f"{at}.name")
    return Wire((places[0], places[1]), name, _size(fields["size"], at))


def _place(entry: object, at: str) -> Place:
    if not isinstance(entry, (list, tuple)) or len(entry) != 3:
        raise ParseError(f"{at}: a place is a kind and two numbers")
    kind, number, port = entry
    if kind not in ("box", "dot", "end"):
        raise ParseError(f"{at}: a place is of a box, dot or end")
    return kind, _count(number, at), _count(port, at)


_BOX = ("id", "kind", "label", "ports")
_BOX_MORE = ("tensor", "function", "params", "core", "contents")


def _box(entry: object, at: str, depth: int) -> Box:
    fields = _fields(entry, at, _BOX, _BOX_MORE)

    def content(inner: object, place: str) -> Picture:
        return _picture(inner, place, depth + 1)

    leaf = fields.get("tensor")
    return Box(
        _text(fields["id"], f"{at}.id"),
        cast(Kind, _text(fields["kind"], f"{at}.kind")),
        _text(fields["label"], f"{at}.label"),
        _listed(fields["ports"], f"{at}.ports", _size),
        tensor=None if leaf is None else _tensor(leaf, f"{at}.tensor"),
        function=_text(fields.get("function", ""), f"{at}.function"),
        params=_listed(fields.get("params", []), f"{at}.params", _param),
        core=_count(fields.get("core", 0), f"{at}.core"),
        contents=_listed(fields.get("contents", []), f"{at}.contents", content),
    )


# -- pieces ----------------------------------------------------------------------------


def _fields(
    entry: object, at: str, needed: tuple[str, ...], more: tuple[str, ...] = ()
) -> Fields:
    """A dictionary with all the needed fields and none that is unknown."""
    if not isinstance(entry, dict):
        raise ParseError(f"{at}: {_kind(entry)} where fields are needed")
    for name in needed:
        if name not in entry:
            raise ParseError(f"{at}: the field {name} is missing")
    for name in entry:
        if name not in needed and name not in more:
            told = said(name) if isinstance(name, str) else _kind(name)
            raise ParseError(f"{at}: the field {told} is not known")
    return entry


def _listed(entries: object, at: str, read: Reader[T]) -> tuple[T, ...]:
    if not isinstance(entries, (list, tuple)):
        raise ParseError(f"{at}: {_kind(entries)} where a list is needed")
    return tuple(read(entry, f"{at}[{k}]") for k, entry in enumerate(entries))


def _text(entry: object, at: str) -> str:
    if not isinstance(entry, str):
        raise ParseError(f"{at}: {_kind(entry)} where a text is needed")
    return entry


def _count(entry: object, at: str) -> int:
    if type(entry) is not int or entry < 0:
        raise ParseError(f"{at}: {_kind(entry)} where a number from 0 on is needed")
    return entry


def _size(entry: object, at: str) -> Size:
    text = _text(entry, at)
    _require_short(text, at)
    try:
        return _parsed(text)
    except UNREADABLE as error:
        raise _unread(at, "a size", error) from None


def _require_short(text: str, at: str) -> None:
    if len(text) > SIZE_LIMIT:
        raise ParseError(f"{at}: a size of more than {SIZE_LIMIT} characters")


_parsed = lru_cache(maxsize=1024)(parse_size)


def _number(entry: object, at: str) -> Number:
    if type(entry) not in (int, str):
        raise ParseError(f"{at}: {_kind(entry)} where an exact number is needed")
    try:
        value = read_number(cast("int | str", entry))
        as_number(value)
    except UNREADABLE as error:
        raise _unread(at, "a number", error) from None
    return value


def _tensor(entry: object, at: str) -> Tensor:
    if not isinstance(entry, (list, tuple)) or entry[:1] not in _LEAVES:
        raise ParseError(f"{at}: a tensor is the row of a variable or a constant")
    if not all(isinstance(item, str) for item in entry):
        raise ParseError(f"{at}: the row of a tensor consists of texts")
    if entry[0] == "tensor" and len(entry) > 2:
        _require_short(entry[2], at)
    try:
        return cast(Tensor, from_rows([tuple(entry)]))
    except UNREADABLE as error:
        raise _unread(at, "a tensor", error) from None


_LEAVES: tuple[Any, ...] = (["tensor"], ["constant"], ("tensor",), ("constant",))


def _param(entry: object, at: str) -> object:
    """A parameter of a function: a number, a text, or a short list of those."""
    if isinstance(entry, dict):
        return _marked_param(entry, at)
    if isinstance(entry, (list, tuple)):
        return tuple(_param_item(item, at) for item in entry)
    return _plain_param(entry, at)


def _param_item(entry: object, at: str) -> object:
    if isinstance(entry, (list, tuple)):
        return tuple(_plain_param(item, at) for item in entry)
    return _plain_param(entry, at)


def _plain_param(entry: object, at: str) -> object:
    if type(entry) not in (int, float, str):
        raise ParseError(f"{at}: {_kind(entry)} where a parameter is needed")
    return entry


def _marked_param(entry: dict[str, object], at: str) -> object:
    if len(entry) != 1:
        raise ParseError(f"{at}: a parameter has one mark, size or number")
    ((mark, value),) = entry.items()
    if mark == "number":
        found = _number(value, at)
        return Fraction(found) if isinstance(found, int) else found
    if mark != "size":
        raise ParseError(f"{at}: a parameter is marked size or number")
    return _size(value, at)


def _kind(entry: object) -> str:
    """What stands in a document, in a word."""
    words = {dict: "fields", list: "a list", str: "a text", bool: "true or false"}
    words |= {int: "a number", float: "a number", type(None): "nothing"}
    return words.get(type(entry), f"of type {type(entry).__name__}")


def _unread(at: str, what: str, error: Exception) -> ParseError:
    if isinstance(error, ParseError) and str(error).startswith(at):
        return error
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ParseError(f"{at}: not {what}: {reason[:200]}")
