"""Tensors that everyone knows: ones, zeros, δ, H, basis vectors, and what vec needs.

>>> print(delta("n", 2), H("n") @ ones("n"))
δ_ij δ_ij
"""

from __future__ import annotations

from typing import Any

from . import matrix, structure_matrices
from .errors import ShapeError
from .face import Expression
from .index import Index, copies
from .legible import quoted
from .sizes import Shape, as_size, parse_shape


def ones(*shape: object) -> Expression:
    """The tensor of ones: `ones("n")`, `ones("n", 3)`, `ones("n p")`."""
    return Expression(matrix.ones(*_sizes(shape)))


def zeros(*shape: object) -> Expression:
    """The zero tensor."""
    return Expression(matrix.zeros(*_sizes(shape)))


def _sizes(shape: tuple[object, ...]) -> Shape:
    """Sizes one by one, or all in one text or tuple."""
    return parse_shape(shape[0]) if len(shape) == 1 else tuple(map(as_size, shape))


def eye(n: object) -> Expression:
    """The identity δ_ij of a size."""
    return Expression(matrix.eye(as_size(n)))


def delta(*given: Any) -> Any:
    """δ: `delta(i, j)` joins named indices, `delta("n", k)` is the order-k copy tensor.

    >>> print(delta("n", 2))
    δ_ij
    """
    if given and all(isinstance(index, Index) for index in given):
        return copies(*given)
    size, order = (*given, 2)[:2] if given else (None, None)
    if len(given) > 2 or not isinstance(order, int):
        raise ShapeError(
            "δ is given by indices, or by a size and a number of axes",
            hint='delta(i, j), delta("n"), delta("n", 3)',
        )
    return Expression(matrix.copy_tensor(as_size(size), order))


def H(*given: Any) -> Any:
    """The third-order copy tensor: `H("n")`, or `H(i, j, k)` on named indices.

    H_ijk = 1 where i = j = k, else 0.
    """
    if given and all(isinstance(index, Index) for index in given):
        return copies(*given)
    if len(given) != 1:
        raise ShapeError(
            "H is given by three indices, or by a size", hint='H(i, j, k), H("n")'
        )
    return Expression(matrix.copy_tensor(as_size(given[0]), 3))


def basis(i: int, n: object) -> Expression:
    """The basis vector e_i of length n; i counts from 0."""
    if not isinstance(i, int):
        raise ShapeError(
            f"the entry of a basis vector is a number, not {quoted(i)}",
            hint="indices count from 0",
        )
    return Expression(matrix.basis(i, as_size(n)))


def duplication(n: object) -> Expression:
    """D_n, of shape n² × n(n+1)/2: vec(A) = D_n vech(A) for symmetric A.

    >>> duplication(2).evaluate().astype(int).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]
    """
    return Expression(structure_matrices.duplication(as_size(n)))


def elimination(n: object) -> Expression:
    """L_n, of shape n(n+1)/2 × n²: vech(A) = L_n vec(A).

    >>> (elimination("n") @ duplication("n")).equal(eye("n*(n+1)/2"))
    True
    """
    return Expression(structure_matrices.elimination(as_size(n)))


def commutation(m: object, n: object) -> Expression:
    """K_mn, of shape mn × mn: vec(Aᵀ) = K_mn vec(A) for A of shape m×n.

    >>> commutation(2, 3).evaluate().argmax(1).tolist()
    [0, 2, 4, 1, 3, 5]
    """
    return Expression(structure_matrices.commutation(as_size(m), as_size(n)))
