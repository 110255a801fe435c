"""`numpy.linalg` on nodes: inv, det, slogdet, solve, norms, matrix powers.

Leading axes are batch axes, as in NumPy.

>>> from indexcalc.expr import tensor
>>> A, b = tensor("A", ("n", "n")), tensor("b", ("n",))
>>> solve(A, b) is matmul(inv(A), b)
True
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, SupportsIndex

import numpy as np

from . import matrix, matrix_calculus
from .broadcasting import (
    as_node,
    axes_of,
    elementwise,
    inserted,
    last,
    spread_to,
)
from .complexes import is_complex, squared_modulus
from .errors import ShapeError, UnsupportedError
from .expr import swapped
from .functions import call
from .functions import power as constant_power
from .nodes import Node
from .numpy_products import matmul
from .numpy_reductions import largest, smallest, total
from .numpy_ufuncs import truth
from .sizes import shape_text


class SlogDet(tuple[Any, ...]):
    """(sign, logabsdet), by position or by name."""

    __slots__ = ()

    @property
    def sign(self) -> Any:
        """The sign of the determinant."""
        return self[0]

    @property
    def logabsdet(self) -> Any:
        """log |det|."""
        return self[1]


def _square(name: str, a: object) -> Node:
    node = as_node(a)
    if len(node.shape) < 2 or node.shape[-1] != node.shape[-2]:
        raise ShapeError(
            f"{name} needs a square matrix, and this is {shape_text(node.shape)}"
        )
    return node


def inv(a: object) -> Node:
    """A⁻¹."""
    return matrix.inv(_square("inv", a))


def det(a: object) -> Node:
    """det A."""
    return matrix.det(_square("det", a))


def slogdet(a: object) -> SlogDet:
    """The sign and the logarithm of |det A|."""
    node = _square("slogdet", a)
    return SlogDet((elementwise("sign", matrix.det(node)), matrix.logdet(node)))


def solve(a: object, b: object) -> Node:
    """A⁻¹ b, of a vector or of matrices."""
    right = as_node(b)
    if not right.shape:
        raise ShapeError("solve needs a right-hand side with axes")
    return matmul(inv(a), right)


def matrix_power(a: object, n: SupportsIndex) -> Node:
    """Aⁿ; a negative power goes through the inverse."""
    node = _square("matrix_power", a)
    try:
        count = n.__index__()
    except AttributeError:
        raise UnsupportedError(
            f"a matrix to the power {n!r}: only whole powers are products",
            hint="indexcalc.sqrtm(A), or indexcalc.expm(p * indexcalc.logm(A))",
        ) from None
    if len(node.shape) == 2:
        return matrix.matrix_power(node, count)
    if count == 0:
        return spread_to(matrix.eye(node.shape[-1]), node.shape)
    base = matrix.inv(node) if count < 0 else node
    half = matrix_power(base, abs(count) // 2) if abs(count) > 1 else None
    squared = base if half is None else matmul(half, half)
    return matmul(squared, base) if half is not None and count % 2 else squared


# -- eigenvalues and factors -----------------------------------------------------------


class Eigh(tuple[Any, ...]):
    """(eigenvalues, eigenvectors), by position or by name."""

    __slots__ = ()

    @property
    def eigenvalues(self) -> Any:
        """The eigenvalues, ascending."""
        return self[0]

    @property
    def eigenvectors(self) -> Any:
        """The eigenvectors as columns."""
        return self[1]


def eigvalsh(a: object, UPLO: str = "L") -> Node:
    """The eigenvalues of the symmetric part, ascending."""
    return matrix_calculus.eigvalsh(_square("eigvalsh", a))


def eigh(a: object, UPLO: str = "L") -> Eigh:
    """Eigenvalues and eigenvectors of the symmetric part."""
    node = _square("eigh", a)
    return Eigh((matrix_calculus.eigvalsh(node), matrix_calculus.eigenvectors(node)))


def cholesky(a: object, *, upper: bool = False) -> Node:
    """The lower Cholesky factor of the symmetric part, or its transpose."""
    factor = matrix_calculus.cholesky(_square("cholesky", a))
    return swapped(factor) if upper else factor


def svdvals(x: object) -> Node:
    """The singular values, descending."""
    return matrix_calculus.svdvals(as_node(x))


def svd(
    a: object,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
) -> Node:
    """The singular values alone, with `compute_uv=False`."""
    if compute_uv:
        raise UnsupportedError(
            "np.linalg.svd of symbols with its vectors, whose phases are free",
            hint="compute_uv=False, or np.linalg.eigh(X.T @ X)",
        )
    return svdvals(a)


def pinv(a: object) -> Node:
    """The pseudoinverse."""
    return matrix_calculus.pinv(as_node(a))


# -- norms -----------------------------------------------------------------------------

HALF = Fraction(1, 2)
_SINGULAR = "it needs the smallest singular value"
_SPECTRAL = {2: matrix_calculus.norm_spectral, "nuc": matrix_calculus.norm_nuclear}


def norm(x: object, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    """Vector and matrix norms as np.linalg.norm's; over all entries by default."""
    node = as_node(x)
    axes = axes_of(axis, len(node.shape))
    if axis is None and ord is None:
        return _finished(_euclidean(node, axes), axes, keepdims)
    if len(axes) == 1:
        return _finished(_vector_norm(node, axes, ord), axes, keepdims)
    if len(axes) == 2:
        return _finished(_matrix_norm(node, axes, ord), axes, keepdims)
    raise ShapeError(
        f"a norm of order {ord} over {len(axes)} axes of {shape_text(node.shape)}",
        hint="name one axis, or two",
    )


def vector_norm(
    x: object, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Node:
    """The norm of all entries along axes as one vector."""
    node = as_node(x)
    axes = axes_of(axis, len(node.shape))
    return _finished(_vector_norm(node, axes, ord), axes, keepdims)


def matrix_norm(x: object, *, keepdims: bool = False, ord: Any = "fro") -> Node:
    """The norm of the matrices of the last two axes."""
    node = as_node(x)
    axes = axes_of((-2, -1), len(node.shape))
    return _finished(_matrix_norm(node, axes, ord), axes, keepdims)


def _finished(node: Node, axes: tuple[int, ...], keepdims: bool) -> Node:
    return inserted(node, axes) if keepdims else node


def _euclidean(node: Node, axes: tuple[int, ...]) -> Node:
    """√Σx² along axes: the core of the call stands last."""
    if not axes:
        return elementwise("abs", node)
    if is_complex(node):
        return constant_power(total(squared_modulus(node), axes), HALF)
    return call("norm2", [last(node, axes)], (len(axes),))


def _vector_norm(node: Node, axes: tuple[int, ...], ord: Any) -> Node:
    if ord is None or ord == 2:
        return _euclidean(node, axes)
    if isinstance(ord, str):
        raise UnsupportedError(f"a vector has no norm {ord!r}", hint="a number, or inf")
    size = elementwise("abs", node)
    if ord in (np.inf, -np.inf):
        return (largest if ord > 0 else smallest)(size, axes)
    if ord == 0:
        return total(truth(node), axes)
    if ord == 1:
        return total(size, axes)
    return constant_power(total(constant_power(size, ord), axes), 1 / ord)


def _matrix_norm(node: Node, axes: tuple[int, ...], ord: Any) -> Node:
    if ord is None or ord == "fro":
        return _euclidean(node, axes)
    if ord in _SPECTRAL:
        return _SPECTRAL[ord](last(node, axes))
    if ord not in (1, -1, np.inf, -np.inf):
        raise UnsupportedError(
            f"the matrix norm of order {ord!r} of symbols: {_SINGULAR}",
            hint="'fro', 'nuc', 1, 2 and inf have an expression",
        )
    turned = elementwise("abs", last(node, axes))
    sums = total(turned, -2 if abs(ord) == 1 else -1)
    return (largest if ord > 0 else smallest)(sums, -1)
