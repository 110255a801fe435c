"""Functions of a square matrix in the text language, and the spectral ones among them.

A scalar is a matrix of size 1, so every one of them has a meaning there too.

>>> from .types import Sizes
>>> SPECTRAL["eigvalsh"](Sizes(), Meaning(Type((3, 3)), lambda x: x)).type
Type(shape=(3,), stands='column')
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from .. import expr, matrix, matrix_calculus
from ..matrix_functions import DERIVED, SELF_ADJOINT, core_of, frechet
from ..nodes import Node
from .types import SCALAR, Disagreement, Meaning, Sizes, Type

Rule: TypeAlias = Callable[..., Meaning]
OnNodes: TypeAlias = Callable[[Node], Node]


def square_rule(
    build: OnNodes, of_scalar: OnNodes, result: Callable[[Type], Type]
) -> Rule:
    """A function of a square matrix; a scalar is one of size 1."""

    def rule(sizes: Sizes, a: Meaning) -> Meaning:
        if a.type.order == 0:
            return Meaning(SCALAR, of_scalar)
        if a.type.order != 2:
            raise Disagreement(
                f"a square matrix is needed, and this is a {a.type.kind}"
            )
        if not sizes.same(*a.type.shape):
            raise Disagreement(
                f"a square matrix is needed, and this is {sizes.said(a.type.shape)}"
            )
        return Meaning(result(a.type), build)

    return rule


def itself(node: Node) -> Node:
    """x."""
    return node


def same_type(type_: Type) -> Type:
    """A matrix of the same shape."""
    return type_


def scalar_type(_: Type) -> Type:
    """A scalar."""
    return SCALAR


def diagonal_type(type_: Type) -> Type:
    """A column as long as the matrix."""
    return Type(type_.shape[:1])


def log_abs(x: Node) -> Node:
    """log |x|."""
    return matrix.elementwise("log", matrix.elementwise("abs", x))


def _entrywise(name: str) -> OnNodes:
    return lambda x: matrix.elementwise(name, x)


def _spectral(
    name: str, of_scalar: OnNodes, result: Callable[[Type], Type] = same_type
) -> Rule:
    return square_rule(getattr(matrix_calculus, name), of_scalar, result)


def _of_matrix(name: str, result: Callable[[Type], Type]) -> Rule:
    build: Any = getattr(matrix_calculus, name)

    def rule(_: Sizes, a: Meaning) -> Meaning:
        if a.type.order != 2:
            raise Disagreement(f"{name} takes a matrix, and this is a {a.type.kind}")
        return Meaning(result(a.type), build)

    return rule


def _along(name: str) -> Rule:
    """D^k f(A)[E₁, …, E_k] of directions of A's shape."""

    def rule(sizes: Sizes, a: Meaning, *directions: Meaning) -> Meaning:
        wanted = a.type.shape
        for e in directions:
            alike = e.type.order == a.type.order == 2
            if not (alike and all(map(sizes.same, wanted, e.type.shape))):
                raise Disagreement(
                    f"a direction of frechet_{name} is a matrix of the base's shape"
                )
        if core_of(name) == ("n", "n") and not sizes.same(*wanted):
            raise Disagreement(
                f"a square matrix is needed, and this is {sizes.said(wanted)}"
            )
        return Meaning(a.type, lambda x, *e: frechet(name, x, e))

    return rule


#: The derivatives of matrix functions along directions, by their names.
FRECHET: dict[str, Rule] = {
    f"frechet_{name}": _along(name) for name in (*DERIVED, *SELF_ADJOINT)
}


def _smaller_type(type_: Type) -> Type:
    m, n = type_.shape
    wide = isinstance(m, int) and isinstance(n, int) and m < n
    return Type((m if wide else n,))


SPECTRAL: dict[str, Rule] = {
    "expm": _spectral("expm", _entrywise("exp")),
    "logm": _spectral("logm", _entrywise("log")),
    "sqrtm": _spectral("sqrtm", _entrywise("sqrt")),
    "sinm": _spectral("sinm", _entrywise("sin")),
    "cosm": _spectral("cosm", _entrywise("cos")),
    "cholesky": _spectral("cholesky", _entrywise("sqrt")),
    "eigenvectors": _spectral("eigenvectors", lambda _: expr.number(1)),
    "eigvalsh": _spectral("eigvalsh", itself, diagonal_type),
    "eigmax": _spectral("eigmax", itself, scalar_type),
    "eigmax_vector": _spectral(
        "eigmax_vector", lambda _: expr.number(1), diagonal_type
    ),
    "eigmin": _spectral("eigmin", itself, scalar_type),
    "pinv": _of_matrix("pinv", lambda type_: Type(type_.shape[::-1])),
    "svdvals": _of_matrix("svdvals", _smaller_type),
    "polar": _of_matrix("polar", same_type),
    "norm_spectral": _of_matrix("norm_spectral", scalar_type),
    "norm_nuclear": _of_matrix("norm_nuclear", scalar_type),
}
