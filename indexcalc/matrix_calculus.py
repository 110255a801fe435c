"""Matrix functions, eigenvalues, factors and spectral norms on nodes.

What the ways in call: each is a record of `matrix_functions` or `spectral`, or a short
expression in them. All have derivatives of every order.

>>> from indexcalc.expr import tensor
>>> A = tensor("A", ("n", "n"))
>>> expm(A) is call("expm", [A])
True
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from .errors import ShapeError, UnsupportedError
from .expr import scale, swapped
from .functions import call, power
from .matrix_functions import DERIVED, frechet
from .nodes import Node
from .sizes import shape_text
from .spectral import wired


def _square(name: str, doc: str) -> Callable[[Node], Node]:
    def function(a: Node) -> Node:
        if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
            raise ShapeError(
                f"{name} needs a square matrix, and this is {shape_text(a.shape)}"
            )
        return frechet(name, a, []) if name in DERIVED else call(name, [a])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc
    return function


expm = _square("expm", "Σ Aᵏ/k!, the exponential of a matrix.")
logm = _square("logm", "The principal logarithm: no eigenvalue on the cut (−∞, 0].")
sqrtm = _square("sqrtm", "The principal square root, √A √A = A.")
sinm = _square("sinm", "The sine of a matrix as a power series.")
cosm = _square("cosm", "The cosine of a matrix as a power series.")
eigvalsh = _square("eigvalsh", "The eigenvalues of (A + Aᵀ)/2, ascending.")
eigenvectors = _square(
    "eigenvectors",
    "The eigenvectors of (A + Aᵀ)/2 as columns, by ascending eigenvalue; the first\n"
    "entry of largest magnitude of each is positive.",
)
eigmax = _square("eigmax", "The largest eigenvalue of (A + Aᵀ)/2.")
eigmax_vector = _square(
    "eigmax_vector",
    "The unit eigenvector of the largest eigenvalue, if that is simple.",
)
cholesky = _square("cholesky", "The lower L with L Lᵀ = (A + Aᵀ)/2.")


def eigmin(a: Node) -> Node:
    """The smallest eigenvalue of (A + Aᵀ)/2."""
    return scale(-1, eigmax(scale(-1, a)))


def pinv(a: Node) -> Node:
    """The pseudoinverse; its derivative is the one at constant rank."""
    return call("pinv", [_matrix("pinv", a)])


def svdvals(a: Node) -> Node:
    """The singular values, descending; as many as the smaller size.

    Raises `UnsupportedError` where the sizes do not say which one is smaller.
    """
    m, n = _matrix("svdvals", a).shape[-2:]
    if m == n:
        return call("svdvals", [a])
    if isinstance(m, int) and isinstance(n, int):
        return call("svdvals", [swapped(a) if m < n else a])
    raise UnsupportedError(
        f"singular values of a matrix of shape {shape_text(a.shape)}, as many as the "
        "smaller size",
        hint="declare the sizes as numbers, or take eigvalsh(X'*X)",
    )


def norm_spectral(a: Node) -> Node:
    """The largest singular value, (λ_max(AᵀA))^½; its gradient is u₁ v₁ᵀ."""
    _matrix("norm_spectral", a)
    batch = len(a.shape) - 2
    gram = wired("ki,kj->ij", [a, a], batch)
    return power(call("eigmax", [gram]), Fraction(1, 2))


def norm_nuclear(a: Node) -> Node:
    """The sum of the singular values; its gradient is U Vᵀ, the polar factor."""
    return call("norm_nuclear", [_matrix("norm_nuclear", a)])


def polar(a: Node) -> Node:
    """U Vᵀ of A = U S Vᵀ: the orthogonal polar factor of a matrix of full rank."""
    return frechet("polar", _matrix("polar", a), [])


def _matrix(name: str, a: Node) -> Node:
    if len(a.shape) < 2:
        raise ShapeError(f"{name} needs a matrix, and this is {shape_text(a.shape)}")
    return a
