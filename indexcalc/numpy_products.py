"""NumPy's products on nodes: matmul and its kin, dot, tensordot, kron, einsum.

All are contractions. Axes that are contracted must be equal; only batch axes broadcast.

>>> from indexcalc.expr import tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> matmul(A, x).shape == (A.shape[0],)
True
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from . import expr, matrix
from .broadcasting import (
    add,
    as_node,
    axes_of,
    axis_of,
    common_shape,
    inserted,
    literal,
    moved,
    multiply,
)
from .complexes import conjugate, is_complex
from .einsum_spec import read_spec
from .errors import ShapeError, UnsupportedError
from .nodes import Node
from .numpy_indexing import getitem
from .sizes import Shape, Size, shape_text, size_text
from .structure_matrices import convolution

# -- matrix products -------------------------------------------------------------------


def _product(name: str, a: Node, b: Node, left: str, right: str) -> Node:
    """A product whose core axes are i, k, j: `left` and `right` say which each has."""
    _require_axes(name, a, b, len(left), len(right))
    split_a, split_b = len(a.shape) - len(left), len(b.shape) - len(right)
    inner = a.shape[split_a + left.index("k")], b.shape[split_b + right.index("k")]
    if inner[0] != inner[1]:
        raise ShapeError(
            f"{name} of {shape_text(a.shape)} and {shape_text(b.shape)}: "
            f"{size_text(inner[0])} meets {size_text(inner[1])}"
        )
    try:
        batch = common_shape([a.shape[:split_a], b.shape[:split_b]])
    except ShapeError:
        raise ShapeError(
            f"{name} of {shape_text(a.shape)} and {shape_text(b.shape)}: the batch "
            "axes do not broadcast"
        ) from None
    order = len(batch)
    core = {"i": order, "j": order + 1, "k": order + 2}
    spare = order + 3
    legs = []
    for node, letters in ((a, left), (b, right)):
        outer_legs, spare = _batch_legs(node.shape, len(letters), order, spare)
        legs.append((node, [*outer_legs, *(core[letter] for letter in letters)]))
    out = [core[letter] for letter in "ij" if letter in left + right]
    return expr.einsum(legs, [*range(order), *out], dict(enumerate(batch)))


def _batch_legs(
    shape: Shape, cut: int, order: int, spare: int
) -> tuple[list[int], int]:
    batch = shape[: len(shape) - cut]
    legs = []
    for k, size in enumerate(batch, order - len(batch)):
        legs.append(spare if size == 1 else k)
        spare += size == 1
    return legs, spare


def _require_axes(name: str, a: Node, b: Node, left: int, right: int) -> None:
    if len(a.shape) < left or len(b.shape) < right:
        raise ShapeError(
            f"{name} of {shape_text(a.shape)} and {shape_text(b.shape)}",
            hint="too few axes; * multiplies by a scalar",
        )


def matmul(a: Node, b: Node) -> Node:
    """a @ b: vectors, matrices, and stacks of matrices with broadcast batch axes."""
    left = "k" if len(a.shape) == 1 else "ik"
    right = "k" if len(b.shape) == 1 else "kj"
    return _product("@", a, b, left, right)


def matvec(a: Node, b: Node) -> Node:
    """Matrices times vectors, batched."""
    return _product("matvec", a, b, "ik", "k")


def vecmat(a: Node, b: Node) -> Node:
    """Vectors times matrices, batched; the vectors conjugated where complex."""
    return _product("vecmat", _barred(a), b, "k", "kj")


def _barred(a: Node) -> Node:
    """The conjugate of what is complex; anything else is taken as real."""
    return conjugate(a) if is_complex(a) else a


def vecdot(a: object, b: object, axis: int = -1) -> Node:
    """Dot products along an axis, batched; a conjugated where complex."""
    left, right = (
        moved(node, [axis_of(axis, len(node.shape))], [len(node.shape) - 1])
        for node in (as_node(a), as_node(b))
    )
    return _product("vecdot", _barred(left), right, "k", "k")


def linalg_matmul(a: object, b: object) -> Node:
    """np.linalg.matmul."""
    return matmul(as_node(a), as_node(b))


def dot(a: object, b: object) -> Node:
    """Σ over the last axis of a and the last but one of b; scalars multiply."""
    x, y = as_node(a), as_node(b)
    if not x.shape or not y.shape:
        return multiply(x, y)
    last = len(x.shape) - 1
    return _contracted("dot", x, y, [last], [max(len(y.shape) - 2, 0)])


def inner(a: object, b: object) -> Node:
    """Σ over the last axes of both; scalars multiply."""
    x, y = as_node(a), as_node(b)
    if not x.shape or not y.shape:
        return multiply(x, y)
    return _contracted("inner", x, y, [len(x.shape) - 1], [len(y.shape) - 1])


def vdot(a: object, b: object) -> Node:
    """Σ ā b over all entries; what is not complex is taken as real."""
    x, y = flat(as_node(a)), flat(as_node(b))
    return _contracted("vdot", _barred(x), y, [0], [0])


def outer(a: object, b: object) -> Node:
    """a_i b_j of all entries of both."""
    return matrix.outer(flat(as_node(a)), flat(as_node(b)))


def linalg_outer(x1: object, x2: object) -> Node:
    """a_i b_j of vectors."""
    x, y = as_node(x1), as_node(x2)
    if len(x.shape) != 1 or len(y.shape) != 1:
        raise ShapeError(
            f"linalg.outer takes vectors, not {shape_text(x.shape)} and "
            f"{shape_text(y.shape)}"
        )
    return matrix.outer(x, y)


def flat(node: Node) -> Node:
    """All entries in one axis, the last axis fastest."""
    return node if len(node.shape) == 1 else matrix.vec(node, "C")


def tensordot(a: object, b: object, axes: Any = 2) -> Node:
    """Σ over axes of a and of b: the last and first `axes`, or two lists of them."""
    x, y = as_node(a), as_node(b)
    if isinstance(axes, (list, tuple)):
        first, second = axes
        return _contracted(
            "tensordot", x, y, axes_of(_some(first), len(x.shape)),
            axes_of(_some(second), len(y.shape)),
        )  # fmt: skip
    if not 0 <= axes <= min(len(x.shape), len(y.shape)):
        raise ShapeError(
            f"tensordot over {axes} axes of {shape_text(x.shape)} and "
            f"{shape_text(y.shape)}"
        )
    order = len(x.shape)
    return _contracted("tensordot", x, y, range(order - axes, order), range(axes))


def _some(axes: Any) -> tuple[int, ...]:
    return tuple(axes) if isinstance(axes, (list, tuple)) else (axes,)


def _contracted(
    name: str, a: Node, b: Node, first: Sequence[int], second: Sequence[int]
) -> Node:
    sizes = [a.shape[k] for k in first], [b.shape[k] for k in second]
    if sizes[0] != sizes[1]:
        raise ShapeError(
            f"{name} of {shape_text(a.shape)} and {shape_text(b.shape)}: "
            f"{shape_text(sizes[0])} meets {shape_text(sizes[1])}"
        )
    left = list(range(len(a.shape)))
    right = list(range(len(left), len(left) + len(b.shape)))
    for i, j in zip(first, second, strict=True):
        right[j] = left[i]
    out = [k for i, k in enumerate(left) if i not in first]
    out += [k for j, k in enumerate(right) if j not in second]
    return expr.einsum([(a, left), (b, right)], out)


def multi_dot(arrays: Sequence[object]) -> Node:
    """A @ B @ C @ …"""
    if len(arrays) < 2:
        raise ShapeError("multi_dot takes two matrices at least")
    return reduce(matmul, map(as_node, arrays))


# -- further products ------------------------------------------------------------------


def kron(a: object, b: object) -> Node:
    """The Kronecker product; the one of lower order gets axes of size 1 in front."""
    x, y = as_node(a), as_node(b)
    order = max(len(x.shape), len(y.shape))
    x, y = (inserted(n, list(range(order - len(n.shape)))) for n in (x, y))
    return matrix.kron(x, y)


def cross(
    a: object,
    b: object,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Node:
    """a × b of vectors of three components: ε_ijk a_j b_k."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = as_node(a), as_node(b)
    x = moved(x, [axis_of(axisa, len(x.shape))], [len(x.shape) - 1])
    y = moved(y, [axis_of(axisb, len(y.shape))], [len(y.shape) - 1])
    if x.shape[-1:] != (3,) or y.shape[-1:] != (3,):
        raise ShapeError(
            f"cross takes vectors of 3 components, not {shape_text(x.shape)} and "
            f"{shape_text(y.shape)}"
        )
    batch = common_shape([x.shape[:-1], y.shape[:-1]], "cross")
    order = len(batch)
    i, j, k, spare = range(order, order + 4)
    left, spare = _batch_legs(x.shape, 1, order, spare)
    right, spare = _batch_legs(y.shape, 1, order, spare)
    operands = [(matrix.levicivita(3), [i, j, k]), (x, [*left, j]), (y, [*right, k])]
    whole = expr.einsum(operands, [*range(order), i], dict(enumerate(batch)))
    return moved(whole, [order], [axis_of(axisc, order + 1)])


def linalg_cross(x1: object, x2: object, axis: int = -1) -> Node:
    """np.linalg.cross."""
    return cross(x1, x2, axis=axis)


def convolve(a: object, v: object, mode: str = "full") -> Node:
    """c_k = Σ_{i+j=k} a_i v_j of vectors; of literal lengths but in mode "full"."""
    x, y = as_node(a), as_node(v)
    if mode not in ("full", "same", "valid"):
        raise UnsupportedError(
            f"convolve has no mode {mode!r}", hint="full, same or valid"
        )
    whole = _convolved(x, y)
    if mode == "full":
        return whole
    m, n = _length("convolve", x), _length("convolve", y)
    short, long = min(m, n), max(m, n)
    start, length = (short - 1) // 2, long
    if mode == "valid":
        start, length = short - 1, long - short + 1
    chosen = matrix.embed(start, length, m + n - 1)
    return expr.einsum([(whole, [0]), (chosen, [0, 1])], [1])


def _convolved(x: Node, y: Node) -> Node:
    for node in (x, y):
        if len(node.shape) != 1 or node.shape[0] == 0:
            raise ShapeError(
                f"convolve takes vectors, and this is {shape_text(node.shape)}"
            )
    kernel = convolution(x.shape[0], y.shape[0])
    return expr.einsum([(kernel, [0, 1, 2]), (x, [1]), (y, [2])], [0])


def correlate(a: object, v: object, mode: str = "valid") -> Node:
    """c_k = Σ_i a_{i+k} v_i of vectors of literal lengths, v as long as a at most."""
    x, y = as_node(a), as_node(v)
    if _length("correlate", y) > _length("correlate", x):
        raise UnsupportedError(
            "correlate with a kernel longer than the signal", hint="use convolve"
        )
    return convolve(x, getitem(y, slice(None, None, -1)), mode)


def _length(name: str, node: Node) -> int:
    if len(node.shape) != 1 or node.shape[0] == 0:
        raise ShapeError(f"{name} takes vectors, and this is {shape_text(node.shape)}")
    return literal(node.shape[0], name)


# -- einsum ----------------------------------------------------------------------------


def einsum(*given: object, optimize: object = False, order: str = "K") -> Node:
    """np.einsum, from a spec or from operands with lists of indices.

    Beyond NumPy, an index may occur several times in the output: "i->ii" is Diag.
    """
    if not given:
        raise ShapeError("einsum takes a spec and operands")
    if isinstance(given[0], str):
        nodes = [as_node(operand) for operand in given[1:]]
        spec = read_spec(given[0].replace(" ", ""), [len(n.shape) for n in nodes])
        return _wired(given[0], nodes, spec.inputs, spec.out)
    nodes = [as_node(operand) for operand in given[: len(given) // 2 * 2 : 2]]
    lists: list[Any] = list(given[1::2])
    explicit = len(given) % 2 == 1
    text = ",".join(map(_spelled, lists))
    if explicit:
        text += "->" + _spelled(given[-1])
    spec = read_spec(text, [len(n.shape) for n in nodes])
    return _wired("einsum", nodes, spec.inputs, spec.out)


def _spelled(indices: Any) -> str:
    """A list of integers as a term of a spec; letters keep their order."""
    if isinstance(indices, (int, np.integer)):
        raise ShapeError("einsum takes a spec, or operands each with a list of indices")
    return "".join("..." if i is Ellipsis else _letter(int(i)) for i in indices)


def _letter(i: int) -> str:
    return chr(ord("a") + i) if i < 26 else chr(0x4E00 + i)


def _wired(
    text: str,
    nodes: Sequence[Node],
    inputs: Sequence[Sequence[str]],
    out: Sequence[str],
) -> Node:
    """The contraction; a literal 1 stretches to the size its index has elsewhere."""
    sizes: dict[str, Size] = {}
    for node, names in zip(nodes, inputs, strict=True):
        for name, size in zip(names, node.shape, strict=True):
            known = sizes.get(name, 1)
            if known not in (1, size) and size != 1:
                raise ShapeError(
                    f"the index {name} of {text!r} has size {size_text(known)} and, in "
                    f"an operand of shape {shape_text(node.shape)}, {size_text(size)}"
                )
            sizes[name] = size if known == 1 else known
    _require_repeats(text, nodes, inputs)
    for name in out:
        if name not in sizes:
            raise ShapeError(f"the output index {name} of {text!r} is on no operand")
    number = {name: k for k, name in enumerate(sizes)}
    spare = len(number)
    operands = []
    for node, names in zip(nodes, inputs, strict=True):
        legs = []
        for name, size in zip(names, node.shape, strict=True):
            legs.append(spare if size == 1 else number[name])
            spare += size == 1
        operands.append((node, legs))
    dims = {k: sizes[name] for name, k in number.items()}
    bound = {i for _, legs in operands for i in legs} | {number[name] for name in out}
    kept = {k: size for k, size in dims.items() if k in bound}
    return expr.einsum(operands, [number[name] for name in out], kept)


def _require_repeats(
    text: str, nodes: Sequence[Node], inputs: Sequence[Sequence[str]]
) -> None:
    """An index twice on one operand joins axes of one size: there no 1 stretches."""
    for node, names in zip(nodes, inputs, strict=True):
        seen: dict[str, Size] = {}
        for name, size in zip(names, node.shape, strict=True):
            if seen.setdefault(name, size) != size:
                raise ShapeError(
                    f"the index {name} of {text!r} occurs twice on an operand of shape "
                    f"{shape_text(node.shape)}"
                )


def polyval(p: object, x: object) -> Node:
    """Σ p_k x^{d−k} by Horner's rule, of literal degree d."""
    coefficients, point = as_node(p), as_node(x)
    result: Node = expr.zero(point.shape)
    for k in range(_length("polyval", coefficients)):
        result = add(multiply(result, point), getitem(coefficients, k))
    return result
