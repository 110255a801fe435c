"""Replacing nodes inside an expression.

>>> from indexcalc.expr import einsum, tensor
>>> x, y = tensor("x", ("n",)), tensor("y", ("n",))
>>> replace(einsum([(x, [0])], [0, 0]), {x: y}) is einsum([(y, [0])], [0, 0])
True
"""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ShapeError
from .expr import call_node, einsum, linear, tensor
from .functions import TABLE, USERS, call
from .labelling import metered
from .nodes import Call, Einsum, Node, Sum, Tensor, children, toposort
from .sizes import Dim, Shape, Size, shape_text
from .sizes import replace as replace_size


@metered()
def replace(root: Node, new: Mapping[Node, Node]) -> Node:
    """The expression with nodes replaced by others of the same shape.

    Raises `ShapeError` where shapes differ.
    """
    for old, node in new.items():
        if old.shape != node.shape:
            raise ShapeError(
                f"{old.key[1] or 'a node'} is {shape_text(old.shape)} and cannot be "
                f"replaced by something {shape_text(node.shape)}"
            )
    done: dict[Node, Node] = dict(new)
    for node in toposort(root):
        if node not in done:
            done[node] = rebuilt(node, done)
    return done[root]


@metered()
def replace_sizes(root: Node, sizes: Mapping[str, Size]) -> Node:
    """The expression with size names replaced by other sizes."""
    done: dict[Node, Node] = {}
    for node in toposort(root):
        done[node] = rebuilt(node, done, sizes)
    return done[root]


def rebuilt(
    node: Node, done: Mapping[Node, Node], sizes: Mapping[str, Size] | None = None
) -> Node:
    """The node over the new versions of its children, sizes replaced."""
    if not sizes and all(done[child] is child for child in children(node)):
        return node
    sizes = sizes or {}
    match node:
        case Tensor():
            if node.array is not None or not sizes:
                return node
            return tensor(node.name, _resized(node.shape, sizes), node.structure)
        case Einsum():
            operands = [(done[e], legs) for e, legs in node.operands]
            dims = dict(enumerate(_resized(node.dims, sizes)))
            return einsum(operands, node.out, dims)
        case Sum():
            terms = [(done[e], c) for e, c in node.terms]
            return linear(terms, _resized(node.shape, sizes))
        case Call():
            if node.args and (node.function in TABLE or node.function in USERS):
                return call(node.function, [done[e] for e in node.args], node.params)
            if node.args:  # a kernel of a plan
                args = [done[e] for e in node.args]
                return call_node(node.function, args, node.shape, node.params)
            shape = _resized(node.shape, sizes)
            params = tuple(_resized_param(p, sizes) for p in node.params)
            return call_node(node.function, [], shape, params)


def _resized(shape: Shape, sizes: Mapping[str, Size]) -> Shape:
    return tuple(replace_size(size, sizes) for size in shape)


def _resized_param(param: object, sizes: Mapping[str, Size]) -> object:
    return replace_size(param, sizes) if isinstance(param, Dim) else param
