"""A diagram as a JSON document, and back to the equal diagram.

A document is versioned, every field is named, sizes and coefficients are exact texts,
tensors and parameters are spelled as in `rows`. Whatever is not such a document is
refused with the place of the fault, in linear time and bounded depth.

>>> from indexcalc.diagrams.build import model_of
>>> from indexcalc.expr import tensor
>>> model = model_of(tensor("x", ("n",)))
>>> from_json(to_json(model)) == model
True
>>> from_json('{"format": "indexcalc.diagram", "version": 7}')  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
indexcalc.errors.ParseError: version 7, where 1 is known: it was written by a newer ...
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

from ..coefficients import Number
from ..documents.reading import (
    VERSION,
    count_of,
    dumped,
    fields_of,
    kind_of,
    listed,
    loaded,
    number_of,
    text_of,
    unread,
    versioned,
)
from ..errors import BudgetError, ParseError
from ..nodes import Tensor
from ..rows import (
    UNREADABLE,
    from_rows,
    leaf_row,
    number_row,
    param_row,
)
from ..sizes import Size, parse_size, size_text
from .model import Box, Dot, End, Kind, Model, Network, Picture, Place, Role, Wire
from .validity import DEPTH_LIMIT, why_invalid

FORMAT, FILM_FORMAT = "indexcalc.diagram", "indexcalc.film"

#: The longest text of a size or of a variable's shape: reading one takes longer than in
#: proportion.
SIZE_LIMIT = 1_000

#: A frame of a derivation: the diagram, the rule that led to it, and why.
Frame = tuple[Model, str, str]

# -- out -------------------------------------------------------------------------------


def to_json(model: Model) -> str:
    """The document as one line of ASCII; equal diagrams give equal bytes.

    Raises `BudgetError` for frames inside one another beyond the limit.
    """
    return dumped(to_document(model))


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
    return dumped(film)


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
    return from_document(loaded(text))


def from_document(document: object) -> Model:
    """The diagram of a document as `json.loads` gives it.

    Raises `ParseError`, with the place, for what is no document of a diagram.
    """
    return _read_model(document, "")


def frames_from_json(text: str) -> tuple[Frame, ...]:
    """The frames of a derivation's document.

    Raises `ParseError` for a text that is none.
    """
    film = versioned(loaded(text), "", FILM_FORMAT, ("frames",))
    return listed(film["frames"], "frames", _frame)


def _frame(entry: object, at: str) -> Frame:
    fields = fields_of(entry, at, ("rule", "reason", "diagram"))
    rule = text_of(fields["rule"], f"{at}.rule")
    reason = text_of(fields["reason"], f"{at}.reason")
    return _read_model(fields["diagram"], f"{at}.diagram"), rule, reason


def _read_model(entry: object, at: str) -> Model:
    needed = ("layout", "variables", "picture", "parts")
    fields = versioned(entry, at, FORMAT, needed)
    before = f"{at}." if at else ""
    model = Model(
        _picture(fields["picture"], f"{before}picture"),
        listed(fields["parts"], f"{before}parts", _part),
        listed(fields["variables"], f"{before}variables", text_of),
        text_of(fields["layout"], f"{before}layout"),
    )
    fault = why_invalid(model)
    if fault is not None:
        raise ParseError(f"{before or 'the document is not a diagram: '}{fault}")
    return model


def _part(entry: object, at: str) -> tuple[str, Picture]:
    fields = fields_of(entry, at, ("name", "picture"))
    return text_of(fields["name"], at), _picture(fields["picture"], f"{at}.picture")


def _picture(entry: object, at: str, depth: int = 0) -> Picture:
    if depth > DEPTH_LIMIT:
        raise ParseError(f"more than {DEPTH_LIMIT} frames inside one another at {at}")
    fields = fields_of(entry, at, ("ends", "terms"))

    def term(inner: object, place: str) -> tuple[Number, Network]:
        return _term(inner, place, depth)

    ends = listed(fields["ends"], f"{at}.ends", _end)
    return Picture(ends, listed(fields["terms"], f"{at}.terms", term))


def _end(entry: object, at: str) -> End:
    fields = fields_of(entry, at, ("names", "sizes", "role"), ("of",))
    names = listed(fields["names"], f"{at}.names", text_of)
    sizes = listed(fields["sizes"], f"{at}.sizes", _size)
    role = cast(Role, text_of(fields["role"], f"{at}.role"))
    return End(names, sizes, role, text_of(fields.get("of", ""), f"{at}.of"))


def _term(entry: object, at: str, depth: int) -> tuple[Number, Network]:
    fields = fields_of(entry, at, ("coefficient", "boxes", "dots", "wires"))

    def box(inner: object, place: str) -> Box:
        return _box(inner, place, depth)

    network = Network(
        listed(fields["boxes"], f"{at}.boxes", box),
        listed(fields["dots"], f"{at}.dots", _dot),
        listed(fields["wires"], f"{at}.wires", _wire),
    )
    return number_of(fields["coefficient"], f"{at}.coefficient"), network


def _dot(entry: object, at: str) -> Dot:
    fields = fields_of(entry, at, ("name", "size"))
    return Dot(text_of(fields["name"], f"{at}.name"), _size(fields["size"], at))


def _wire(entry: object, at: str) -> Wire:
    fields = fields_of(entry, at, ("places", "name", "size"))
    places = listed(fields["places"], f"{at}.places", _place)
    if len(places) != 2:
        raise ParseError(f"{at}: a wire has two places, and this has {len(places)}")
    name = text_of(fields["name"], f"{at}.name")
    return Wire((places[0], places[1]), name, _size(fields["size"], at))


def _place(entry: object, at: str) -> Place:
    if not isinstance(entry, (list, tuple)) or len(entry) != 3:
        raise ParseError(f"{at}: a place is a kind and two numbers")
    kind, number, port = entry
    if kind not in ("box", "dot", "end"):
        raise ParseError(f"{at}: a place is of a box, dot or end")
    return kind, count_of(number, at), count_of(port, at)


_BOX = ("id", "kind", "label", "ports")
_BOX_MORE = ("tensor", "function", "params", "core", "contents")


def _box(entry: object, at: str, depth: int) -> Box:
    fields = fields_of(entry, at, _BOX, _BOX_MORE)

    def content(inner: object, place: str) -> Picture:
        return _picture(inner, place, depth + 1)

    leaf = fields.get("tensor")
    return Box(
        text_of(fields["id"], f"{at}.id"),
        cast(Kind, text_of(fields["kind"], f"{at}.kind")),
        text_of(fields["label"], f"{at}.label"),
        listed(fields["ports"], f"{at}.ports", _size),
        tensor=None if leaf is None else _tensor(leaf, f"{at}.tensor"),
        function=text_of(fields.get("function", ""), f"{at}.function"),
        params=listed(fields.get("params", []), f"{at}.params", _param),
        core=count_of(fields.get("core", 0), f"{at}.core"),
        contents=listed(fields.get("contents", []), f"{at}.contents", content),
    )


# -- pieces ----------------------------------------------------------------------------


def _size(entry: object, at: str) -> Size:
    text = text_of(entry, at)
    _require_short(text, at)
    try:
        return _parsed(text)
    except UNREADABLE as error:
        raise unread(at, "a size", error) from None


def _require_short(text: str, at: str) -> None:
    if len(text) > SIZE_LIMIT:
        raise ParseError(f"{at}: a size of more than {SIZE_LIMIT} characters")


_parsed = lru_cache(maxsize=1024)(parse_size)


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
        raise unread(at, "a tensor", error) from None


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
        raise ParseError(f"{at}: {kind_of(entry)} where a parameter is needed")
    return entry


def _marked_param(entry: dict[str, object], at: str) -> object:
    if len(entry) != 1:
        raise ParseError(f"{at}: a parameter has one mark, size or number")
    ((mark, value),) = entry.items()
    if mark == "number":
        found = number_of(value, at)
        return Fraction(found) if isinstance(found, int) else found
    if mark != "size":
        raise ParseError(f"{at}: a parameter is marked size or number")
    return _size(value, at)
