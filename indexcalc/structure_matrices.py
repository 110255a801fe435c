"""Masks, diagonals and triangles: constants of symbolic size.

A few constants say everything linear about structured matrices, and each is one row of
`CONSTANTS`; entries are 0 and 1 but for the lengths:

- `tril`: T_ij = [i ≥ j];
- `diagonals`: D_ijd = [j − i + m = d], which diagonal of an m×n matrix an entry is on,
  and `diagonallengths` the number of entries on the diagonal through (i, j);
- `convolution`: C_kij = [k = i + j];
- `vechrows` and `vechcolumns`: R_ki and C_kj, which are 1 where entry k of vech lies
  in row i and in column j. vech(A)_k = R_ki A_ij C_kj takes the lower triangle with its
  diagonal, column by column; it has n(n+1)/2 entries.

The elimination, duplication and commutation matrices are contractions of these. vec is
column by column throughout.

>>> from indexcalc.sizes import dim, shape_text
>>> n = dim("n")
>>> shape_text(duplication(n).shape), shape_text(elimination(n).shape)
('n*n×(n+n*n)/2', '(n+n*n)/2×n*n')
"""

from __future__ import annotations

from collections.abc import Callable

from .errors import ShapeError, UnsupportedError
from .expr import call_node, einsum, linear
from .nodes import Node
from .sizes import (
    Shape,
    Size,
    plus,
    polynomial,
    shape_text,
    size_text,
    triangle,
)

# -- constants -------------------------------------------------------------------------


def lower_mask(m: Size, n: Size) -> Node:
    """T_ij = [i ≥ j], of shape m×n: 1 on and below the diagonal; Tᵀ is 1 above it."""
    return call_node("tril", [], (m, n))


def diagonals(m: Size, n: Size) -> Node:
    """D_ijd = [j − i + m = d], of shape m×n×(m+n): the diagonal that an entry is on.

    Diagonal 0 is empty, so that the number of them is a size for every m and n.
    """
    return call_node("diagonals", [], (m, n, plus(m, n)))


def diagonal_lengths(m: Size, n: Size) -> Node:
    """The number of entries on the diagonal through (i, j), of shape m×n: at least 1.

    It is min(i, j) + min(m − i, n − j), with indices from 0.
    """
    return call_node("diagonallengths", [], (m, n))


def vech_rows(n: Size) -> Node:
    """R_ki = [entry k of vech is in row i]."""
    return call_node("vechrows", [], (triangle(n), n))


def vech_columns(n: Size) -> Node:
    """C_kj = [entry k of vech is in column j]."""
    return call_node("vechcolumns", [], (triangle(n), n))


def convolution(m: Size, n: Size) -> Node:
    """C_kij = [k = i + j], of shape (m+n−1)×m×n: C_kij h_i x_j convolves h and x.

    Raises `UnsupportedError` where neither length holds a number to take 1 from.

    >>> from .sizes import parse_size
    >>> print(shape_text(convolution(3, parse_size("n")).shape))
    (n+2)×3×n
    """
    return call_node("convolution", [], (_full_length(m, n), m, n))


def _full_length(m: Size, n: Size) -> Size:
    """m + n − 1, as a size: a sum of sizes, so that the 1 comes off a number in it."""
    whole = plus(m, n)
    if isinstance(whole, int):
        return max(whole - 1, 0)
    number = next((c for monomial, c in whole.terms if not monomial), 0)
    if number < 1:
        raise UnsupportedError(
            f"a convolution of lengths {size_text(m)} and {size_text(n)}, whose result "
            "is one shorter than their sum",
            hint="declare one of them as a number, or as a sum such as k+1",
        )
    return polynomial([*whole.terms, ((), -1)])


#: The constants by name, each made from the shape that it has.
CONSTANTS: dict[str, Callable[[Shape], Node]] = {
    "tril": lambda shape: lower_mask(shape[0], shape[1]),
    "diagonals": lambda shape: diagonals(shape[0], shape[1]),
    "diagonallengths": lambda shape: diagonal_lengths(shape[0], shape[1]),
    "vechrows": lambda shape: vech_rows(shape[1]),
    "vechcolumns": lambda shape: vech_columns(shape[1]),
    "convolution": lambda shape: convolution(shape[1], shape[2]),
}


# -- vech, and what goes between vech and vec ------------------------------------------


def vech(a: Node, batch: int = 0) -> Node:
    """vech(A)_k: the lower triangle of a square matrix, column by column.

    `batch` axes before the matrix stay as they are.

    >>> from indexcalc.expr import tensor
    >>> vech(tensor("A", (3, 3))).shape
    (6,)
    """
    lead = list(range(batch))
    i, j, k = batch, batch + 1, batch + 2
    n = a.shape[-1]
    if len(a.shape) != batch + 2 or a.shape[-2] != n:
        raise ShapeError(
            f"vech needs a square matrix, and this is {shape_text(a.shape)}"
        )
    rows = [(vech_rows(n), [k, i]), (a, [*lead, i, j]), (vech_columns(n), [k, j])]
    return einsum(rows, [*lead, k])


def elimination(n: Size) -> Node:
    """L_n, of shape n(n+1)/2 × n²: vech(A) = L_n vec(A).

    Source: Magnus and Neudecker, "The elimination matrix: some lemmas and applications"
    (1980).
    """
    return einsum([(vech_rows(n), [0, 1]), (vech_columns(n), [0, 2])], [0, (2, 1)])


def duplication(n: Size) -> Node:
    """D_n, of shape n² × n(n+1)/2: vec(A) = D_n vech(A) for symmetric A; L_n D_n = I.

    Source: Magnus and Neudecker (1980).
    """
    r, c = vech_rows(n), vech_columns(n)
    once = einsum([(r, [0, 1]), (c, [0, 2])], [1, 2, 0])
    turned = einsum([(r, [0, 1]), (c, [0, 2])], [2, 1, 0])
    twice = einsum([(r, [0, 1]), (c, [0, 1])], [1, 1, 0])
    places = linear([(once, 1), (turned, 1), (twice, -1)], (n, n, triangle(n)))
    return einsum([(places, [0, 1, 2])], [(1, 0), 2])


def commutation(m: Size, n: Size) -> Node:
    """K_mn, of shape mn × mn: vec(Aᵀ) = K_mn vec(A) for A of shape m×n.

    It is wiring alone: δ_ik δ_jl with its axes grouped.
    """
    return einsum([], [(0, 1), (1, 0)], {0: m, 1: n})
