"""Whether a diagram is one: the invariants of the model, each as code.

Every port and every index of an end has exactly one wire, every wire joins two places
of its size, all terms expose the ends of their picture, what stands in a frame has the
axes that the frame needs, and parts are there before they are used. The answer is the
first fault with its place, found in time linear in the diagram.

>>> from indexcalc.diagrams.model import Model, Network, Picture, Wire, End
>>> loose = Picture((End(("i",), (3,)),), ((1, Network((), (), ())),))
>>> why_invalid(Model(loose))
'picture.terms[0]: end 0 has 0 wires, and needs one'
"""

from __future__ import annotations

import cmath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..coefficients import Number
from ..errors import ShapeError
from ..expr import tensor
from ..functions import USERS, cores, is_elementwise, title
from ..kernels import unknown_label
from ..nodes import Call, Node
from ..rows import UNREADABLE, function_node, require_params
from ..sizes import Shape, Size, shape_text, size_text, times
from .model import KINDS, Box, End, Model, Network, Picture, Place

#: How many frames may stand in one another.
DEPTH_LIMIT = 64

#: The largest number of axes, or order of a derivative, that a parameter may ask for.
COUNT_LIMIT = 1_000

#: Whose axes may be said to stand first.
LAYOUTS = ("value_first", "variable_first")

Faults = Iterator[str]


def validated(model: Model) -> Model:
    """The model itself.

    Raises `ShapeError` with the first fault where it is no diagram.
    """
    fault = why_invalid(model)
    if fault is not None:
        raise ShapeError(
            f"this is not a diagram: {fault}", hint="see indexcalc.diagrams.model"
        )
    return model


def why_invalid(model: Model) -> str | None:
    """The first invariant that does not hold, with its place; None for a diagram."""
    return next(_faults(model), None)


def shape_of(picture: Picture) -> Shape:
    """The shape of what a picture stands for: one axis an end.

    >>> shape_of(Picture((End(("i", "j"), (2, 3)), End(("k",), (5,))), ()))
    (6, 5)
    """
    return tuple(times(*end.sizes) for end in picture.ends)


def said(name: str) -> str:
    """A name as it stands in a message: harmless, and not long."""
    return ascii(name if len(name) <= 40 else name[:39] + "…")


# -- the whole -------------------------------------------------------------------------


@dataclass(slots=True)
class _Scope:
    """What the diagram has held so far: the parts by name, and the ids of boxes."""

    parts: dict[str, Shape] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)


def _faults(model: Model) -> Faults:
    if model.layout not in LAYOUTS:
        yield f"layout: {said(model.layout)} is not one of {', '.join(LAYOUTS)}"
        return
    scope = _Scope()
    for k, (name, picture) in enumerate(model.parts):
        if name in scope.parts:
            yield f"parts[{k}]: another part is called {said(name)}"
        yield from _inside(f"parts[{k}].picture", picture, scope)
        scope.parts[name] = shape_of(picture)
    yield from _inside("picture", model.picture, scope)


def _inside(place: str, root: Picture, scope: _Scope) -> Faults:
    """The faults of a picture and of all that stands in it."""
    stack = [(place, root, 0)]
    while stack:
        at, picture, depth = stack.pop()
        if depth > DEPTH_LIMIT:
            yield f"{place}: more than {DEPTH_LIMIT} frames inside one another"
            return
        for k, end in enumerate(picture.ends):
            yield from _end_faults(f"{at}.ends[{k}]", end)
        for t, (coefficient, network) in enumerate(picture.terms):
            here = f"{at}.terms[{t}]"
            yield from _coefficient_faults(here, coefficient)
            for b, box in enumerate(network.boxes):
                yield from _box_faults(f"{here}.boxes[{b}]", box, scope)
                stack += [
                    (f"{here}.boxes[{b}].contents[{c}]", content, depth + 1)
                    for c, content in enumerate(box.contents)
                ]
            yield from _wiring_faults(here, network, picture.ends)


def _end_faults(at: str, end: End) -> Faults:
    if len(end.names) != len(end.sizes):
        yield f"{at}: {len(end.names)} names and {len(end.sizes)} sizes"
    if end.role not in ("value", "variable"):
        yield f"{at}: {said(end.role)} is not a role"
    if end.of and end.role != "variable":
        yield f"{at}: an axis of {said(end.of)} that is not one of a variable"


def _coefficient_faults(at: str, value: Number) -> Faults:
    if not isinstance(value, (int, Fraction)) and not cmath.isfinite(value):
        yield f"{at}: the coefficient {value} is not finite"


# -- wires -----------------------------------------------------------------------------


def _wiring_faults(at: str, network: Network, ends: tuple[End, ...]) -> Faults:
    """Every port and end has one wire, every wire two places of its size."""
    sizes = _places(network, ends)
    used: Counter[Place] = Counter()
    for w, wire in enumerate(network.wires):
        used.update(wire.places)
        for place in wire.places:
            yield from _meeting_faults(f"{at}.wires[{w}]", wire.size, place, sizes)
    for place in sizes:
        if place[0] != "dot" and used[place] != 1:
            yield f"{at}: {_spoken(place)} has {used[place]} wires, and needs one"


def _places(network: Network, ends: tuple[End, ...]) -> dict[Place, Size]:
    """Every place of a network, with its size."""
    sizes: dict[Place, Size] = {}
    for b, box in enumerate(network.boxes):
        sizes |= {("box", b, k): size for k, size in enumerate(box.ports)}
    for d, dot in enumerate(network.dots):
        sizes["dot", d, 0] = dot.size
    for e, end in enumerate(ends):
        sizes |= {("end", e, k): size for k, size in enumerate(end.sizes)}
    return sizes


def _meeting_faults(
    at: str, size: Size, place: Place, sizes: Mapping[Place, Size]
) -> Faults:
    known = sizes.get(place)
    if known is None:
        yield f"{at}: there is no {_spoken(place)}"
    elif known != size:
        yield (
            f"{at}: a wire of size {size_text(size)} meets {_spoken(place)} of size "
            f"{size_text(known)}"
        )


def _spoken(place: Place) -> str:
    kind, number, port = place
    if kind == "box":
        return f"port {port} of box {number}"
    return f"{kind} {number}" if port == 0 else f"index {port} of {kind} {number}"


# -- boxes -----------------------------------------------------------------------------

#: The fields that a box of each kind may have beside its id, label and ports.
FIELDS: dict[str, frozenset[str]] = {
    "tensor": frozenset({"tensor"}),
    "function": frozenset({"function", "params", "core", "contents"}),
    "bracket": frozenset({"contents"}),
    "part": frozenset(),
    "loop": frozenset({"tensor", "contents"}),
    "wedge": frozenset(),
}


def _box_faults(at: str, box: Box, scope: _Scope) -> Faults:
    if box.id in scope.ids:
        yield f"{at}: another box has the id {said(box.id)}"
    scope.ids.add(box.id)
    if box.kind not in KINDS:
        yield f"{at}: {said(box.kind)} is not a kind of box"
        return
    given: dict[str, object] = {
        "tensor": box.tensor,
        "function": box.function,
        "params": box.params,
        "core": box.core,
        "contents": box.contents,
    }
    for name, value in given.items():
        if value and name not in FIELDS[box.kind]:
            yield f"{at}: a {box.kind} has no {name}"
    fault = _RULES[box.kind](box, scope.parts)
    if fault is not None:
        yield f"{at}: {fault}"


def _tensor_fault(box: Box, parts: Mapping[str, Shape]) -> str | None:
    if box.tensor is None:
        return "a tensor's box without its tensor"
    if box.tensor.name and box.label != box.tensor.name:
        return f"{said(box.tensor.name)} is labelled {said(box.label)}"
    return _disagreement(box.tensor.shape, box.ports)


def _part_fault(box: Box, parts: Mapping[str, Shape]) -> str | None:
    if box.label not in parts:
        return f"there is no part {said(box.label)} before this"
    return _disagreement(parts[box.label], box.ports)


def _bracket_fault(box: Box, parts: Mapping[str, Shape]) -> str | None:
    if len(box.contents) != 1:
        return f"a bracket round {len(box.contents)} pictures, not one"
    return _disagreement(shape_of(box.contents[0]), box.ports)


def _loop_fault(box: Box, parts: Mapping[str, Shape]) -> str | None:
    if box.tensor is None:
        return "a loop without its variable"
    if len(box.contents) != 1:
        return f"a loop round {len(box.contents)} pictures, not one"
    shape = (*shape_of(box.contents[0]), *box.tensor.shape)
    return _disagreement(shape, box.ports)


def _wedge_fault(box: Box, parts: Mapping[str, Shape]) -> str | None:
    if not box.ports:
        return "a wedge without a port for the group"
    return _disagreement((times(*box.ports[1:]), *box.ports[1:]), box.ports)


def _disagreement(needed: Shape, given: Shape) -> str | None:
    if needed == given:
        return None
    return f"ports {shape_text(given)} where {shape_text(needed)} is needed"


# -- functions -------------------------------------------------------------------------


def _function_fault(box: Box, parts: Mapping[str, Shape]) -> str | None:
    """Whether the table has such a function of such arguments: tensors of the contents'
    shapes stand in for them."""
    if any(n > COUNT_LIMIT for n in _counts(box)):
        return f"a parameter of {said(box.function)} beyond {COUNT_LIMIT}"
    stand_ins = [tensor("x", shape_of(content)) for content in box.contents]
    try:
        require_params(box.function, box.params)
        node = function_node(box.function, stand_ins, box.params, box.ports)
        core, label = _signature(node, box)
    except UNREADABLE as error:
        return f"not a function of the table: {error}"
    if core != box.core:
        return f"{said(box.function)} has {core} axes of its own, not {box.core}"
    if label != box.label:
        return f"{said(box.function)} is labelled {said(box.label)}"
    return None


def _counts(box: Box) -> Iterator[int]:
    """The parameters that count axes or derivatives: each makes something as long."""
    if box.function in ("power", "basis", "embed"):
        return
    for param in box.params:
        items: tuple[Any, ...] = param if isinstance(param, tuple) else (param,)
        yield from (abs(item) for item in items if isinstance(item, int))


def _signature(node: Node, box: Box) -> tuple[int, str]:
    """How many ports are the function's own, and its name as a label."""
    if not isinstance(node, Call) or not node.args:
        if box.contents:
            raise ValueError(f"{box.function} takes no arguments")
        return len(box.ports), box.function
    own = 0 if is_elementwise(box.function) else cores(node)[1]
    if box.function in USERS:
        return own, unknown_label(*node.params)
    return own, title(node)


_RULES: dict[str, Callable[[Box, Mapping[str, Shape]], str | None]] = {
    "tensor": _tensor_fault,
    "function": _function_fault,
    "bracket": _bracket_fault,
    "part": _part_fault,
    "loop": _loop_fault,
    "wedge": _wedge_fault,
}
