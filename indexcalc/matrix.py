"""Matrix and tensor operations on nodes, each one an einsum spec or a function call.

The vocabulary of people who write matrices: products, ∘, ⊗, •, Diag, diag, vec, traces,
norms. Everything a way in needs to lower its syntax is here, once.

>>> from indexcalc.expr import tensor
>>> A, x = tensor("A", ("m", "n")), tensor("x", ("n",))
>>> shape_text(contract(A, x).shape)
'm'
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import numpy as np

from . import complexes, expr, functions, structure_matrices
from .coefficients import as_number
from .errors import ShapeError, UnsupportedError
from .expr import (
    add,
    call_node,
    constant,
    einsum,
    linear,
    note_vanished,
    number,
    scale,
    zero,
)
from .functions import call, product, raised, spread
from .functions import ones as _ones
from .functions import power as constant_power
from .legible import quoted
from .nodes import Call, Einsum, Node, Sum, Tensor
from .sizes import Shape, Size, plus, shape_text, size_text
from .sizes import times as times_sizes

__all__ = ["add", "scale", "spread"]

# -- constants -------------------------------------------------------------------------


def ones(*sizes: Size) -> Node:
    """The tensor of ones."""
    return _ones(sizes)


def zeros(*sizes: Size) -> Node:
    """The zero tensor."""
    return zero(sizes)


def eye(n: Size) -> Node:
    """The identity δ_ij."""
    return copy_tensor(n, 2)


def copy_tensor(n: Size, order: int) -> Node:
    """1 where all `order` indices are equal, else 0; order 0 is the number n.

    Orders 1, 2, 3 are the ones vector, δ and H.
    """
    if order < 0:
        raise ShapeError(f"a copy tensor cannot have order {quoted(order)}")
    if order > 32:
        raise UnsupportedError(
            f"a copy tensor of order {quoted(order)} is over the limit of 32"
        )
    return einsum([], [0] * order, {0: n})


def basis(i: int, n: Size) -> Node:
    """The basis vector e_i of length n; i counts from 0.

    Raises `ShapeError` where i is not below a literal n.
    """
    if i < 0 or (isinstance(n, int) and i >= n):
        raise ShapeError(
            f"there is no entry {quoted(i)} on an axis of size {size_text(n)}",
            hint="indices count from 0",
        )
    return call_node("basis", [], (n,), (i,))


def basis_matrix(i: int, j: int, m: Size, n: Size) -> Node:
    """E_ij = e_i e_jᵀ, of shape m×n; indices count from 0."""
    return outer(basis(i, m), basis(j, n))


def embed(offset: Size, n: Size, total: Size) -> Node:
    """The total×n matrix that puts a vector of length n at an offset among zeros."""
    if offset == 0 and n == total:
        return eye(n)
    return call_node("embed", [], (total, n), (offset,))


def levicivita(n: Size) -> Node:
    """The totally antisymmetric tensor of order n.

    Raises `UnsupportedError` for a symbolic n or one above 6.
    """
    if not isinstance(n, int) or n > 6:
        raise UnsupportedError(
            f"the Levi-Civita tensor of size {size_text(n)} has no fixed order here",
            hint="give a number from 0 to 6",
        )
    array = np.zeros((n,) * n)
    for p in permutations(range(n)):
        inversions = sum(a > b for k, a in enumerate(p) for b in p[k + 1 :])
        array[p] = (-1) ** inversions
    return constant(array, f"levicivita{n}")


def is_levicivita(node: Node) -> bool:
    """Whether a node is a Levi-Civita tensor: that constant, not one of its name."""
    order = len(node.shape)
    named = isinstance(node, Tensor) and node.name == f"levicivita{order}"
    return named and node.shape == (order,) * order and node is levicivita(order)


# -- shape -----------------------------------------------------------------------------


def transpose(a: Node, axes: Sequence[int] | None = None) -> Node:
    """The axes in another order, reversed by default; they count from 0."""
    order = len(a.shape)
    chosen = list(range(order))[::-1] if axes is None else list(axes)
    if sorted(chosen) != list(range(order)):
        raise ShapeError(
            f"{tuple(chosen)} is not an order of the {order} axes of "
            f"{shape_text(a.shape)}",
            hint="axes count from 0",
        )
    return einsum([(a, range(order))], chosen)


def vec(a: Node, order: str = "F") -> Node:
    """All entries in one axis: column by column ("F") or row by row ("C")."""
    legs = range(len(a.shape))
    group = tuple(legs) if order == "C" else tuple(legs)[::-1]
    return einsum([(a, legs)], [group])


def vech(a: Node) -> Node:
    """The lower triangle of a square matrix with its diagonal, column by column."""
    return structure_matrices.vech(a)


def diagonal(a: Node) -> Node:
    """diag(A): the diagonal of a square matrix."""
    _require_square("diag", a)
    return einsum([(a, [0, 0])], [0])


def diagonal_matrix(x: Node) -> Node:
    """Diag(x): the matrix with a vector on its diagonal."""
    if len(x.shape) != 1:
        raise ShapeError(f"Diag takes a vector, and this is {shape_text(x.shape)}")
    return einsum([(x, [0])], [0, 0])


def block(rows: Sequence[Sequence[Node]]) -> Node:
    """A matrix from blocks; vectors are columns, scalars 1×1.

    Raises `ShapeError` where heights in a row or widths of rows disagree.
    """
    grid = [[_as_matrix(entry) for entry in row] for row in rows]
    if not grid or not all(grid):
        raise ShapeError("a block matrix without entries has no shape")
    return stacked([stacked(row, 1) for row in grid], 0)


def _as_matrix(a: Node) -> Node:
    if len(a.shape) > 2:
        raise ShapeError(f"a block must be a matrix, and this is {shape_text(a.shape)}")
    legs = list(range(len(a.shape)))
    return einsum([(a, legs)], [[i] for i in legs] + [[]] * (2 - len(legs)))


def stacked(parts: Sequence[Node], axis: int) -> Node:
    """Nodes laid end to end along one axis, which may differ in size."""
    if len(parts) == 1:
        return parts[0]
    other = [part.shape[:axis] + part.shape[axis + 1 :] for part in parts]
    if any(shape != other[0] for shape in other):
        shapes = " and ".join(shape_text(part.shape) for part in parts)
        raise ShapeError(f"blocks of shapes {shapes} do not fit along axis {axis}")
    total = plus(*(part.shape[axis] for part in parts))
    shape = (*parts[0].shape[:axis], total, *parts[0].shape[axis + 1 :])
    offset: Size = 0
    terms: list[tuple[Node, int]] = []
    for part in parts:
        place = embed(offset, part.shape[axis], total)
        legs = list(range(len(part.shape)))
        new = len(legs)
        out = [new if leg == axis else leg for leg in legs]
        terms.append((einsum([(part, legs), (place, [new, axis])], out), 1))
        offset = plus(offset, part.shape[axis])
    return linear(terms, shape)


# -- products --------------------------------------------------------------------------


def times(a: Node, b: Node) -> Node:
    """A∘B, of one shape, or a scalar times anything."""
    if not a.shape or not b.shape:
        legs = range(max(len(a.shape), len(b.shape)))
        return einsum([(a, legs[: len(a.shape)]), (b, legs[: len(b.shape)])], legs)
    _require_same("an elementwise product", a, b)
    return product(a, b)


def divide(a: Node, b: Node) -> Node:
    """A⊘B: entry by entry, or by a scalar, or a scalar by every entry."""
    return times(a, power(b, -1))


def contract(a: Node, b: Node, count: int = 1) -> Node:
    """The last `count` axes of a contracted with the first ones of b."""
    if min(len(a.shape), len(b.shape)) < count:
        raise ShapeError(
            f"a product over {count} axes of {shape_text(a.shape)} and "
            f"{shape_text(b.shape)}"
        )
    split = len(a.shape) - count
    if a.shape[split:] != b.shape[:count]:
        raise ShapeError(
            f"a product of {shape_text(a.shape)} and {shape_text(b.shape)}: "
            f"{shape_text(a.shape[split:])} meets {shape_text(b.shape[:count])}"
        )
    left = list(range(len(a.shape)))
    right = left[split:] + list(range(len(left), len(left) + len(b.shape) - count))
    return einsum([(a, left), (b, right)], left[:split] + right[count:])


def outer(a: Node, b: Node) -> Node:
    """The dyadic product a ⋆ b: all axes of a, then all of b."""
    return contract(a, b, 0)


def frobenius(a: Node, b: Node) -> Node:
    """A:B = Σ A_ij B_ij; on tensors the last two axes with the first two."""
    if len(a.shape) < 2 and a.shape == b.shape:
        return contract(a, b, len(a.shape))
    return contract(a, b, 2)


def kron(a: Node, b: Node) -> Node:
    """The Kronecker product A⊗B of matrices or vectors."""
    order = len(a.shape)
    if order != len(b.shape):
        raise ShapeError(
            f"a Kronecker product of {shape_text(a.shape)} and {shape_text(b.shape)}",
            hint="give both the same number of axes",
        )
    left, right = list(range(order)), list(range(order, 2 * order))
    return einsum([(a, left), (b, right)], list(zip(left, right, strict=True)))


def face_splitting(a: Node, b: Node) -> Node:
    """A•B: row by row the Kronecker product, of matrices with as many rows."""
    _require_matrix("•", a, b)
    if a.shape[0] != b.shape[0]:
        raise ShapeError(
            f"• needs as many rows, not {shape_text(a.shape)} and {shape_text(b.shape)}"
        )
    return einsum([(a, [0, 1]), (b, [0, 2])], [0, (1, 2)])


def khatri_rao(a: Node, b: Node) -> Node:
    """Column by column the Kronecker product, of matrices with as many columns."""
    _require_matrix("khatri_rao", a, b)
    if a.shape[1] != b.shape[1]:
        raise ShapeError(
            f"khatri_rao needs as many columns, not {shape_text(a.shape)} and "
            f"{shape_text(b.shape)}"
        )
    return einsum([(a, [0, 1]), (b, [2, 1])], [(0, 2), 1])


def matrix_power(a: Node, k: int) -> Node:
    """A to an integer power by repeated squaring; negative ones through inv(A)."""
    _require_matrix("a matrix power", a)
    _require_square("a matrix power", a)
    if k == 0:
        note_vanished([a])
        return eye(a.shape[0])
    base = inv(a) if k < 0 else a
    result: Node | None = None
    for digit in bin(abs(k))[:1:-1]:
        if digit == "1":
            result = base if result is None else contract(base, result)
        base = contract(base, base)
    return a if result is None else result


# -- reductions ------------------------------------------------------------------------


def trace(a: Node) -> Node:
    """tr(A)."""
    _require_matrix("a trace", a)
    _require_square("a trace", a)
    return einsum([(a, [0, 0])], [])


def total(a: Node, axes: Sequence[int] | None = None) -> Node:
    """The sum of all entries, or over some axes."""
    legs = range(len(a.shape))
    gone = set(legs) if axes is None else set(axes)
    return einsum([(a, legs)], [i for i in legs if i not in gone])


def mean(a: Node, axes: Sequence[int] | None = None) -> Node:
    """The mean of all entries, or over some axes."""
    gone = range(len(a.shape)) if axes is None else axes
    count = times_sizes(*(a.shape[k] for k in gone))
    return times(total(a, axes), power(expr.size_node(count), -1))


def norm1(a: Node) -> Node:
    """Σ |a|, over all entries."""
    return total(elementwise("abs", a))


def norm2(a: Node) -> Node:
    """√Σa²: Euclidean, or Frobenius; its derivative at 0 is 0."""
    if complexes.is_complex(a):
        return constant_power(normsq(a), Fraction(1, 2))
    return call("norm2", [a], (len(a.shape),)) if a.shape else elementwise("abs", a)


def normsq(a: Node) -> Node:
    """Σ a²; Σ |a|² of what holds a variable declared complex."""
    if complexes.is_complex(a):
        return total(complexes.squared_modulus(a))
    legs = range(len(a.shape))
    return einsum([(a, legs), (a, legs)], [])


def lse(a: Node) -> Node:
    """log Σ exp a, over all entries, without overflow."""
    return call("lse", [a if len(a.shape) == 1 else vec(a, "C")])


def softmax(x: Node) -> Node:
    """exp(x)/Σexp(x), along the last axis."""
    return call("softmax", [x])


# -- linear algebra and elementwise functions ------------------------------------------


def inv(a: Node) -> Node:
    """A⁻¹."""
    return call("inv", [a])


def det(a: Node) -> Node:
    """det A."""
    return call("det", [a])


def logdet(a: Node) -> Node:
    """log |det A|."""
    return call("logdet", [a])


def adj(a: Node) -> Node:
    """The adjugate: the transposed cofactors, det(A) A⁻¹ where A is invertible."""
    return expr.swapped(call("cofactors", [a], (1,)))


def power(a: Node, exponent: object) -> Node:
    """a^exponent entry by entry; the exponent a number, a scalar or of a's shape."""
    if not isinstance(exponent, (Call, Sum, Tensor, Einsum)):
        return raised(a, exponent)
    literal = _literal(exponent)
    if literal is not None:
        return raised(a, literal)
    if not exponent.shape:
        exponent = spread(exponent, a.shape)
    elif not a.shape:
        a = spread(a, exponent.shape)
    _require_same(".^", a, exponent)
    return call("pow", [a, exponent])


def _literal(node: Node) -> object | None:
    """The number a scalar node is, if it is one."""
    if node.shape:
        return None
    one = number(1)
    if node is one:
        return 1
    if isinstance(node, Sum) and not node.terms:
        return 0
    if isinstance(node, Sum) and len(node.terms) == 1 and node.terms[0][0] is one:
        return node.terms[0][1]
    return None


def elementwise(name: str, *nodes: Node) -> Node:
    """A function of the table entry by entry; scalars among tensors are spread."""
    shape = next((node.shape for node in nodes if node.shape), ())
    same = [node if node.shape else spread(node, shape) for node in nodes]
    match name:
        case "sqrt":
            return constant_power(same[0], Fraction(1, 2))
        case "square":
            return constant_power(same[0], 2)
        case "recip":
            return constant_power(same[0], -1)
        case "abs" if complexes.is_complex(same[0]):
            return complexes.modulus(same[0])
        case _:
            return call(name, same)


def unknown(name: str, *nodes: Node, orders: Sequence[int] = ()) -> Node:
    """The unknown elementwise function `name`, or its derivative of given orders."""
    return functions.unknown(name, nodes, orders)


# -- checks ----------------------------------------------------------------------------


def _require_same(what: str, a: Node, b: Node) -> None:
    if a.shape != b.shape:
        raise ShapeError(
            f"{what} of {shape_text(a.shape)} and {shape_text(b.shape)}",
            hint=_transpose_hint(a.shape, b.shape),
        )


def _transpose_hint(a: Shape, b: Shape) -> str:
    return "transpose one side" if a[::-1] == b else "shapes must be equal"


def _require_matrix(what: str, *nodes: Node) -> None:
    for node in nodes:
        if len(node.shape) != 2:
            raise ShapeError(
                f"{what} needs a matrix, and this is {shape_text(node.shape)}"
            )


def _require_square(what: str, a: Node) -> None:
    if len(a.shape) != 2 or a.shape[0] != a.shape[1]:
        raise ShapeError(
            f"{what} needs a square matrix, and this is {shape_text(a.shape)}"
        )


def literal_number(node: Node) -> object | None:
    """The exact number a scalar node stands for, or None."""
    value = _literal(node)
    return None if value is None else as_number(value)
