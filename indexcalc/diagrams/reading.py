"""From the diagram model back to a node: what the picture says.

Every wire is an index; a dot joins the indices of its wires. The model of a canonical
node reads back as the identical node.

>>> from indexcalc.expr import einsum, tensor
>>> from indexcalc.diagrams.build import model_of
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> y = einsum([(A, (0, 1)), (x, (1,))], [0])
>>> node_of(model_of(y)) is y
True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..derivative import jacobian
from ..errors import InternalError
from ..expr import einsum, linear
from ..functions import power
from ..network import bundle
from ..nodes import Node
from ..rows import function_node
from ..sizes import times
from ..unions import Unions
from .model import Box, Model, Network, Picture

Parts = Mapping[str, Node]


def node_of(model: Model) -> Node:
    """The node that a diagram stands for."""
    parts: dict[str, Node] = {}
    for name, picture in model.parts:
        parts[name] = picture_node(picture, parts)
    return picture_node(model.picture, parts)


def picture_node(picture: Picture, parts: Parts) -> Node:
    """The linear combination of the networks."""
    shape = tuple(times(*end.sizes) for end in picture.ends)
    terms = [(network_node(network, picture, parts), c) for c, network in picture.terms]
    return linear(terms, shape)


def network_node(network: Network, picture: Picture, parts: Parts) -> Node:
    """The contraction that a network is: operands the boxes, result the ends."""
    on_wire, on_dot = indices_of(network)
    index = {
        p: i for w, i in zip(network.wires, on_wire, strict=True) for p in w.places
    }
    dims = {i: w.size for w, i in zip(network.wires, on_wire, strict=True)}
    dims |= {i: dot.size for dot, i in zip(network.dots, on_dot, strict=True)}
    rows = [
        (box, tuple(index["box", b, k] for k in range(len(box.ports))))
        for b, box in enumerate(network.boxes)
    ]
    operands = _gathered(rows, parts)
    out = [
        [index["end", e, k] for k in range(len(end.sizes))]
        for e, end in enumerate(picture.ends)
    ]
    return einsum(operands, out, dims)


def _gathered(
    rows: Sequence[tuple[Box, tuple[int, ...]]], parts: Parts
) -> list[tuple[Node, tuple[int, ...]]]:
    """The operands; a tensor that stands several times on the same indices is its
    entrywise power, as it was before it was drawn."""
    count: dict[tuple[Node, tuple[int, ...]], int] = {}
    operands = []
    for box, legs in rows:
        row = (box_node(box, parts), legs)
        if legs and box.kind in ("tensor", "part"):
            count[row] = count.get(row, 0) + 1
        else:
            operands.append(row)
    powers = [(power(node, often), legs) for (node, legs), often in count.items()]
    return operands + powers


def indices_of(network: Network) -> tuple[list[int], list[int]]:
    """A number for the index on every wire, and at every dot: wires that meet in a dot
    carry the same."""
    count = len(network.wires)
    classes = Unions(count + len(network.dots))
    for w, wire in enumerate(network.wires):
        for kind, d, _ in wire.places:
            if kind == "dot":
                classes.join(w, count + d)
    found = classes.all()
    return found[:count], found[count:]


def box_node(box: Box, parts: Parts) -> Node:
    """The node that a box stands for."""
    match box.kind:
        case "tensor":
            if box.tensor is None:
                raise InternalError(f"the box {box.id} has no tensor")
            return box.tensor
        case "part":
            return parts[box.label]
        case "wedge":
            return bundle(box.ports[1:])
        case "bracket":
            return picture_node(box.contents[0], parts)
        case "function":
            args = [picture_node(content, parts) for content in box.contents]
            return function_node(box.function, args, box.params, box.ports)
        case "loop":
            if box.tensor is None:
                raise InternalError(f"the loop {box.id} has no variable")
            return jacobian(picture_node(box.contents[0], parts), box.tensor)
