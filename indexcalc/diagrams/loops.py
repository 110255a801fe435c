"""The rules of differentiation by picture: what a loop round a diagram is.

A loop is a box: the derivative of its content by the variable, its ports the content's
ends and then the variable's axes. A rule says which sum of networks with those ends it
is, loops round less among them. `mark_of` finds the rule, `RULES` holds them.

>>> from indexcalc.expr import tensor
>>> from indexcalc.diagrams.build import model_of
>>> X = tensor("X", ("n", "n"))
>>> ground = Ground(X)
>>> mark_of(loop_round(model_of(X).picture, ground), ground)
'self'
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..coefficients import multiply
from ..derivative import identity
from ..errors import InternalError
from ..expr import tensor
from ..functions import is_elementwise, partial, unknown
from ..index_walk import naming_for
from ..nodes import Call, Node, Tensor
from ..rows import function_node
from ..simplify import fuse
from ..structure import has_structure, projected
from .build import model_of
from .keeping import with_ids, with_names
from .model import Box, Dot, End, Model, Network, Picture, Place, Term, Wire
from .parts import fresh_names, part_nodes
from .reading import box_node, picture_node
from .splicing import (
    bracket_round,
    opened,
    spliced,
    standing,
    substituted,
    ungrouped,
    wedged,
    with_box,
)
from .validity import shape_of

#: What a loop is equal to, and the same for a loop round one box: the box, the loop.
Rule: TypeAlias = "Callable[[Box, Ground], Iterator[Term]]"
BoxRule: TypeAlias = "Callable[[Box, Box, Ground], Iterator[Term]]"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a derivative is taken by, and the parts that its pictures may name."""

    variable: Tensor
    parts: Mapping[str, Picture] = field(default_factory=dict)
    depending: frozenset[str] = frozenset()
    nodes: Mapping[str, Node] = field(default_factory=dict)

    @classmethod
    def of(cls, variable: Tensor, parts: tuple[tuple[str, Picture], ...]) -> Ground:
        """The ground with these parts, each before those that use it."""
        flat = {name: wedged(picture) for name, picture in parts}
        ground = cls(variable, flat, nodes=part_nodes(parts))
        for name, picture in parts:
            if depends(picture, ground):
                ground = replace(ground, depending=ground.depending | {name})
        return ground


def depends(picture: Picture, ground: Ground) -> bool:
    """Whether the variable stands in a picture."""
    return any(
        box_depends(box, ground)
        for _, network in picture.terms
        for box in network.boxes
    )


def box_depends(box: Box, ground: Ground) -> bool:
    """Whether the variable is a box, or stands inside it."""
    if box.kind == "part":
        return box.label in ground.depending
    if box.tensor is ground.variable:
        return True
    return any(depends(content, ground) for content in box.contents)


# -- loops -----------------------------------------------------------------------------


def loop_round(picture: Picture, ground: Ground, box_id: str = "") -> Box:
    """The derivative of a picture by the variable, not worked out."""
    variable = ground.variable
    ports = (*shape_of(picture), *variable.shape)
    return Box(
        box_id, "loop", variable.name, ports, tensor=variable, contents=(picture,)
    )


def _moved(loop: Box, content: Picture, ground: Ground) -> Network:
    """The loop round another picture of the same ends."""
    inner = loop_round(content, ground, loop.id)
    return standing(inner, _names(content, ground))


def _names(content: Picture, ground: Ground) -> list[str]:
    return [end.name for end in content.ends] + [""] * len(ground.variable.shape)


def box_alone(network: Network, b: int) -> Picture:
    """One box of a network as a picture, its ends named by the wires on it."""
    box = network.boxes[b]
    names = [""] * len(box.ports)
    for wire in network.wires:
        for kind, number, port in wire.places:
            if (kind, number) == ("box", b):
                names[port] = wire.name
    ends = tuple(End((n,), (s,)) for n, s in zip(names, box.ports, strict=True))
    return Picture(ends, ((1, standing(box, names)),))


def _lifted(network: Network, b: int, loop: Box, ends: int) -> Network:
    """The network with a loop in the place of box b, the variable's axes at new ends
    after the `ends` that it has."""
    first = len(network.boxes[b].ports)
    wires = [
        Wire((("end", ends + a, 0), ("box", b, first + a)), "", size)
        for a, size in enumerate(loop.ports[first:])
    ]
    lifted = with_box(network, b, loop)
    return replace(lifted, wires=(*lifted.wires, *wires))


def looped(model: Model, variable: Tensor) -> Model:
    """The derivative of a diagram by the variable, not worked out: a loop round it.

    Its ends are those of the diagram, and then the variable's axes.

    >>> from indexcalc.expr import tensor
    >>> x = tensor("x", (3,))
    >>> [end.name for end in looped(model_of(x), x).picture.ends]
    ['i', 'j']
    """
    given, ground = model.picture.ends, Ground(variable)
    loop = loop_round(ungrouped(model.picture), ground, "loop 1")
    node = picture_node(model.picture, part_nodes(model.parts))
    taken = {name for end in given for name in end.names}
    letters = (name for name in naming_for(node).fresh if name not in taken)
    ends = tuple(
        End((next(letters),), (size,), "variable", variable.name)
        for size in variable.shape
    )
    fresh = fresh_names(node, model, taken=[end.name for end in ends])
    drawn = fastened(loop, (*given, *ends), range(len(given)))
    picture = with_names(Picture((), ((1, drawn),)), (*given, *ends), fresh)
    *_, named = with_ids([*(part for _, part in model.parts), picture])
    by = (*model.variables, variable.name)
    return replace(model, picture=named, variables=by, layout="value_first")


def fastened(loop: Box, ends: Sequence[End], apart: Container[int]) -> Network:
    """A loop at the ends: at those told apart every index has a port, at the others the
    axis has one, and a wedge where it is a group."""
    boxes, wires = [loop], []
    ports = iter(range(len(loop.ports)))
    for e, end in enumerate(ends):
        if e in apart or len(end.names) == 1:
            places: list[Place] = [("box", 0, next(ports)) for _ in end.names]
        else:
            port, here = next(ports), len(boxes)
            boxes.append(Box("", "wedge", "", (loop.ports[port], *end.sizes)))
            whole: tuple[Place, Place] = (("box", 0, port), ("box", here, 0))
            wires.append(Wire(whole, "", loop.ports[port]))
            places = [("box", here, k + 1) for k in range(len(end.names))]
        wires += [
            Wire((("end", e, k), place), end.names[k], end.sizes[k])
            for k, place in enumerate(places)
        ]
    return Network(tuple(boxes), (), tuple(wires))


# -- which rule ------------------------------------------------------------------------

#: The functions of whole tensors that have a rule with a name of its own.
NAMED = {"inv": "inverse", "det": "determinant", "logdet": "determinant"}


def mark_of(loop: Box, ground: Ground) -> str:
    """The name of the rule that a loop asks for."""
    content = loop.contents[0]
    if not depends(content, ground):
        return "constant"
    if len(content.terms) != 1 or content.terms[0][0] != 1:
        return "sum"
    network = content.terms[0][1]
    if not _lone(network):
        return "product"
    box = network.boxes[0]
    match box.kind:
        case "tensor":
            return "self"
        case "bracket":
            return "sum"
        case "function" if is_elementwise(box.function):
            return "elementwise"
        case "function":
            return NAMED.get(box.function, "whole")
        case _:
            return box.kind


def _lone(network: Network) -> bool:
    """Whether a network is one box with all its ports at ends, in any order."""
    if len(network.boxes) != 1 or network.dots:
        return False
    return all({p[0] for p in w.places} == {"box", "end"} for w in network.wires)


def occurrences(loop: Box, ground: Ground) -> list[int]:
    """The boxes of a loop's one network in which the variable stands."""
    network = loop.contents[0].terms[0][1]
    return [b for b, box in enumerate(network.boxes) if box_depends(box, ground)]


# -- the rules -------------------------------------------------------------------------


def _constant(loop: Box, ground: Ground) -> Iterator[Term]:
    """A diagram without the variable: 0."""
    yield from ()


def _sum(loop: Box, ground: Ground) -> Iterator[Term]:
    """The loop distributes over a sum and its coefficients."""
    content = loop.contents[0]
    for c, network in content.terms:
        for factor, inner in _terms_of(network):
            alone = replace(content, terms=((1, inner),))
            yield multiply(c, factor), _moved(loop, alone, ground)


def _terms_of(network: Network) -> Iterator[Term]:
    """The terms of a network that is nothing but brackets, else itself."""
    if _lone(network) and network.boxes[0].kind == "bracket":
        yield from opened((1, network), 0, network.boxes[0].contents[0])
    else:
        yield 1, network


def _product(loop: Box, ground: Ground) -> Iterator[Term]:
    """One term for every occurrence of the variable, the loop round it alone."""
    network, ends = _only(loop)
    for b in occurrences(loop, ground):
        inner = loop_round(box_alone(network, b), ground, loop.id)
        yield 1, _lifted(network, b, inner, ends)


def _only(loop: Box) -> tuple[Network, int]:
    content = loop.contents[0]
    return content.terms[0][1], len(content.ends)


def _of_box(rule: BoxRule) -> Rule:
    """The rule for a box alone, its ports at the loop's ports in any order."""

    def applied(loop: Box, ground: Ground) -> Iterator[Term]:
        network, ends = _only(loop)
        inner = loop_round(box_alone(network, 0), ground, loop.id)
        lifted = _lifted(network, 0, inner, ends)
        for c, found in rule(network.boxes[0], loop, ground):
            yield c, spliced(lifted, 0, found)

    return applied


def _self(box: Box, loop: Box, ground: Ground) -> Iterator[Term]:
    """The variable alone: its wires are the new ends, or the projection of that on
    its structure."""
    variable = ground.variable
    order = len(variable.shape)
    if has_structure(variable):
        node = projected(identity(variable.shape), variable)
        yield from _picture_of(node).terms
        return
    wires = tuple(
        Wire((("end", order + k, 0), ("end", k, 0)), "", size)
        for k, size in enumerate(variable.shape)
    )
    yield 1, Network((), (), wires)


def _part(box: Box, loop: Box, ground: Ground) -> Iterator[Term]:
    """A part is written out."""
    yield 1, _moved(loop, ground.parts[box.label], ground)


def _chain(box: Box, loop: Box, ground: Ground) -> Iterator[Term]:
    """The partial of a function by every argument with the variable, joined to the
    loop round that argument: by copy dots on the wires that pass through."""
    for k, content in enumerate(box.contents):
        if not depends(content, ground):
            continue
        outer = substituted(partial_of(box, k), lambda b: _as_part(b, ground))
        if not outer.terms:
            continue
        core = len(content.ends) - len(box.ports) + box.core
        inner = loop_round(content, ground, loop.id)
        network = _chained(box, core, inner, outer)
        if len(outer.terms) == 1:
            yield from opened((1, network), 0, outer)
        else:
            yield 1, network


def _as_part(box: Box, ground: Ground) -> Picture | None:
    """The part that a function's box is, if it is one."""
    if box.kind != "function" or not ground.nodes:
        return None
    node = box_node(box, ground.nodes)
    name = next((name for name, part in ground.nodes.items() if part is node), None)
    if name is None:
        return None
    return box_alone(Network((Box("", "part", name, box.ports),), (), ()), 0)


def _chained(box: Box, core: int, loop: Box, outer: Picture) -> Network:
    """A partial in brackets and a loop: shared axes through dots, the argument's own
    `core` axes joined, the function's at the ends, then the variable's."""
    batch = len(box.ports) - box.core
    wires: list[Wire] = []
    for a, size in enumerate(box.ports[:batch]):
        held: list[Place] = [("end", a, 0), ("box", 0, a), ("box", 1, a)]
        wires += [Wire((place, ("dot", a, 0)), "", size) for place in held]
    for a in range(batch, len(box.ports)):
        wires.append(Wire((("end", a, 0), ("box", 0, a)), "", box.ports[a]))
    for a in range(core):
        port = batch + a
        places: tuple[Place, Place] = (
            ("box", 0, len(box.ports) + a),
            ("box", 1, port),
        )
        wires.append(Wire(places, "", loop.ports[port]))
    for a in range(len(loop.ports) - batch - core):
        port = batch + core + a
        end: Place = ("end", len(box.ports) + a, 0)
        wires.append(Wire((end, ("box", 1, port)), "", loop.ports[port]))
    dots = tuple(Dot("", size) for size in box.ports[:batch])
    return Network((bracket_round(outer), loop), dots, tuple(wires))


RULES: Mapping[str, Rule] = {
    "constant": _constant,
    "sum": _sum,
    "product": _product,
    "part": _of_box(_part),
    "elementwise": _of_box(_chain),
    "inverse": _of_box(_chain),
    "determinant": _of_box(_chain),
    "whole": _of_box(_chain),
    "self": _of_box(_self),
}


# -- partials --------------------------------------------------------------------------


def partial_of(box: Box, k: int) -> Picture:
    """The partial of a function's box by argument k: axes that pass through, its own,
    the argument's own. A box of the same form keeps the function's id."""
    names = [f"argument {j}" for j in range(len(box.contents))]
    stand_ins = [
        _stand_in(name, content, box.function)
        for name, content in zip(names, box.contents, strict=True)
    ]
    node = function_node(box.function, stand_ins, box.params, box.ports)
    if not isinstance(node, Call):
        raise _not_a_call(box)
    given = dict(zip(names, box.contents, strict=True))
    bare = _picture_of(partial(node, k))
    return substituted(
        _with_id(bare, box.id), lambda leaf: given.get(_stands_for(leaf))
    )


def _stand_in(name: str, content: Picture, function: str) -> Node:
    """What stands for an argument: a tensor, and where the argument is more than that a
    function of one, which is not drawn twice for its square."""
    leaf = tensor(name, shape_of(content))
    networks = [network for _, network in content.terms]
    plain = (
        len(networks) == 1 and _lone(networks[0]) and not networks[0].boxes[0].contents
    )
    return leaf if plain or not is_elementwise(function) else unknown(name, [leaf])


def _stands_for(box: Box) -> str:
    """The name of the argument that a box stands for, if it does."""
    if box.function == "unknown" and not any(box.params[1]):
        return str(box.params[0])
    return (box.tensor.name or "") if box.tensor else ""


def _not_a_call(box: Box) -> InternalError:
    return InternalError(f"{box.function} of tensors is not a function any more")


def _with_id(picture: Picture, box_id: str) -> Picture:
    """The first function of a picture under the given id, nothing else named."""
    terms, left = [], [box_id]
    for c, network in picture.terms:
        boxes = []
        for box in network.boxes:
            own = box.kind == "function" and not _stands_for(box)
            chosen = left.pop() if left and own else ""
            boxes.append(replace(box, id=chosen, contents=_nameless(box)))
        terms.append((c, replace(network, boxes=tuple(boxes))))
    return replace(picture, terms=tuple(terms))


def _nameless(box: Box) -> tuple[Picture, ...]:
    return tuple(_with_id(content, "") for content in box.contents)


def _picture_of(node: Node) -> Picture:
    """The picture of a node, simplified, with its parts written out and one index at
    every end."""
    model = model_of(fuse(node))
    parts: dict[str, Picture] = {}
    for name, picture in model.parts:
        parts[name] = substituted(wedged(picture), lambda box: _part_in(box, parts))
    return substituted(wedged(model.picture), lambda box: _part_in(box, parts))


def _part_in(box: Box, parts: Mapping[str, Picture]) -> Picture | None:
    return parts[box.label] if box.kind == "part" else None
