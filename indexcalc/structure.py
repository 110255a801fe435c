"""Structured variables: derivatives on the space of matrices of a structure.

Let G be the derivative with all entries independent. Two conventions turn it into the
derivative by a matrix of a structure:

- `symmetrised`: the orthogonal projection P G on the structure's linear space; for an
  orthogonal matrix on its tangent space. Then df = (P G) : dX for every dX in the
  space, and P G is the only element of the space of which that is true.
- `free_entries`: the derivative by every free parameter, written wherever that
  parameter stands in the matrix, with the sign that it has there.

| structure | symmetrised | free_entries |
|---|---|---|
| symmetric, pd | (G + Gᵀ)/2 | G + Gᵀ − G∘I |
| skew | (G − Gᵀ)/2 | G − Gᵀ |
| diagonal | G∘I | G∘I |
| lower, upper | G on the triangle, 0 off it | the same |
| toeplitz | means of G along its diagonals | sums of G along its diagonals |
| symmetric toeplitz | means over both diagonals | sums over both diagonals |
| orthogonal | (G − Q Gᵀ Q)/2 | refused |

>>> from indexcalc.expr import tensor
>>> from indexcalc.index_text import index_text
>>> S, G = tensor("S", ("n", "n"), "symmetric"), tensor("G", ("n", "n"))
>>> print(index_text(projected(G, S)))
(1/2) G_ij + (1/2) G_ji
>>> print(index_text(projected(G, S, "free_entries")))
G_ij - δ_ij G_ii + G_ji
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from .errors import UnsupportedError
from .expr import ENTRYWISE, einsum, linear, scale, swapped
from .functions import power
from .nodes import Einsum, Node, Tensor
from .structure_matrices import diagonal_lengths, diagonals, lower_mask, vech

SYMMETRISED, FREE_ENTRIES = "symmetrised", "free_entries"
CONVENTIONS = (SYMMETRISED, FREE_ENTRIES)

Rule: TypeAlias = Callable[[Node, Tensor], Node]

UNCONSTRAINED = ENTRYWISE

#: Structures whose matrices are no linear space, so that the projection has a point.
CURVED = frozenset({"orthogonal"})


def projected(
    derivative: Node, variable: Tensor, convention: str = SYMMETRISED
) -> Node:
    """The derivative by a structured variable from the one by independent entries.

    The variable's axes are the last ones; axes before them are the value's. Raises
    `UnsupportedError` for a convention that the structure does not have.
    """
    require_convention(convention)
    if variable.structure in UNCONSTRAINED:
        return derivative
    rules = RULES.get(variable.structure)
    if rules is None:
        raise UnsupportedError(
            f"derivatives by a variable declared {variable.structure} are not defined",
            hint="declare it without the structure for the entrywise derivative",
        )
    return rules[convention](derivative, variable)


def require_convention(convention: str) -> None:
    """Raises `UnsupportedError` for what is not a convention."""
    if convention not in CONVENTIONS:
        raise UnsupportedError(
            f"{convention!r} is not a convention for structured variables",
            hint=f"one of {', '.join(CONVENTIONS)}",
        )


def has_structure(variable: Tensor) -> bool:
    """Whether the convention makes a difference to derivatives by this variable."""
    return variable.structure not in UNCONSTRAINED


# -- the rules -------------------------------------------------------------------------


def _legs(derivative: Node) -> tuple[list[int], int, int]:
    """The value's axes, then the row and the column of the variable."""
    order = len(derivative.shape)
    return list(range(order - 2)), order - 2, order - 1


def _on_diagonal(g: Node, variable: Tensor) -> Node:
    lead, i, _ = _legs(g)
    return einsum([(g, [*lead, i, i])], [*lead, i, i])


def _half_with_transpose(sign: int) -> Rule:
    def rule(g: Node, variable: Tensor) -> Node:
        return scale(Fraction(1, 2), linear([(g, 1), (swapped(g), sign)], g.shape))

    return rule


def _with_transpose(g: Node, variable: Tensor) -> Node:
    terms = [(g, 1), (swapped(g), 1), (_on_diagonal(g, variable), -1)]
    return linear(terms, g.shape)


def _less_transpose(g: Node, variable: Tensor) -> Node:
    return linear([(g, 1), (swapped(g), -1)], g.shape)


def _lower(g: Node, variable: Tensor) -> Node:
    lead, i, j = _legs(g)
    mask = lower_mask(*variable.shape)
    return einsum([(g, [*lead, i, j]), (mask, [i, j])], [*lead, i, j])


def _upper(g: Node, variable: Tensor) -> Node:
    lead, i, j = _legs(g)
    mask = lower_mask(*variable.shape[::-1])
    return einsum([(g, [*lead, i, j]), (mask, [j, i])], [*lead, i, j])


def _diagonal_sums(g: Node, variable: Tensor) -> Node:
    """Σ_kl G_kl D_kld D_ijd: the sum along the diagonal through (i, j)."""
    lead, i, j = _legs(g)
    k, l, d = j + 1, j + 2, j + 3
    which = diagonals(*variable.shape)
    rows = [(g, [*lead, k, l]), (which, [k, l, d]), (which, [i, j, d])]
    return einsum(rows, [*lead, i, j])


def _diagonal_means(g: Node, variable: Tensor) -> Node:
    """The sum along a diagonal over its length."""
    lead, i, j = _legs(g)
    sums = _diagonal_sums(g, variable)
    lengths = diagonal_lengths(*variable.shape)
    rows = [(sums, [*lead, i, j]), (power(lengths, -1), [i, j])]
    return einsum(rows, [*lead, i, j])


def _both(first: Rule, second: Rule) -> Rule:
    return lambda g, variable: second(first(g, variable), variable)


def _tangent(g: Node, variable: Tensor) -> Node:
    """G − Q sym(QᵀG) = (G − Q Gᵀ Q)/2, the tangent projection at an orthogonal Q.

    Source: Absil, Mahony and Sepulchre, "Optimization algorithms on matrix manifolds"
    (2008), section 3.6.
    """
    lead, i, j = _legs(g)
    k, l = j + 1, j + 2
    rows = [(variable, [i, k]), (g, [*lead, l, k]), (variable, [l, j])]
    turned = einsum(rows, [*lead, i, j])
    return scale(Fraction(1, 2), linear([(g, 1), (turned, -1)], g.shape))


def _no_free_entries(g: Node, variable: Tensor) -> Node:
    raise UnsupportedError(
        f"{variable.name} is declared orthogonal, and no choice of its entries is free",
        hint='convention="symmetrised" is the projection on the tangent space',
    )


_mean = _half_with_transpose(1)

#: The rule of each structure under each convention.
RULES: Mapping[str, Mapping[str, Rule]] = {
    structure: {SYMMETRISED: projection, FREE_ENTRIES: free}
    for structure, projection, free in (
        ("symmetric", _mean, _with_transpose),
        ("pd", _mean, _with_transpose),
        ("skew", _half_with_transpose(-1), _less_transpose),
        ("diagonal", _on_diagonal, _on_diagonal),
        ("lower", _lower, _lower),
        ("upper", _upper, _upper),
        ("toeplitz", _diagonal_means, _diagonal_sums),
        (
            "symmetric toeplitz",
            _both(_diagonal_means, _mean),
            _both(_diagonal_sums, _with_transpose),
        ),
        ("orthogonal", _tangent, _no_free_entries),
    )
}


def projected_first(
    derivative: Node, variable: Tensor, convention: str = SYMMETRISED
) -> Node:
    """`projected` on the first axes rather than the last, for a second derivative."""
    order, own = len(derivative.shape), len(variable.shape)
    legs = list(range(order))
    turned = einsum([(derivative, legs)], legs[own:] + legs[:own])
    done = projected(turned, variable, convention)
    back = legs[order - own :] + legs[: order - own]
    return einsum([(done, legs)], back)


# -- the parameters in vech ------------------------------------------------------------

_HALF = frozenset({"symmetric", "pd", "lower"})


def vech_variable(node: Node) -> Tensor | None:
    """The variable X where the node is vech(X), else None."""
    for leaf in _matrices(node):
        square = len(leaf.shape) == 2 and leaf.shape[0] == leaf.shape[1]
        if square and vech(leaf) is node:
            return leaf
    return None


def _matrices(node: Node) -> Sequence[Tensor]:
    operands = node.operands if isinstance(node, Einsum) else ()
    return [e for e, _ in operands if isinstance(e, Tensor) and e.array is None]


def by_vech(derivative: Node, variable: Tensor) -> Node:
    """∂f/∂vech(X) from the derivative G by independent entries, value axes first.

    It is Dᵀ vec(G) = vech(G + Gᵀ − G∘I) for symmetric X, vech(G) for a lower triangular
    one. Raises `UnsupportedError` where the entries of vech(X) are not the free
    parameters of X.
    """
    if variable.structure not in _HALF:
        declared = variable.structure or "without a structure"
        raise UnsupportedError(
            f"vech({variable.name}) does not determine {variable.name}, which is "
            f"declared {declared}",
            hint="declare it symmetric or lower",
        )
    free = projected(derivative, variable, FREE_ENTRIES)
    return vech(free, len(derivative.shape) - 2)
