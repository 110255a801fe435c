"""Masks, diagonals, vech, duplication, elimination and commutation, and their sizes."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import matrix as m
from indexcalc.derivative import gradient
from indexcalc.errors import IndexCalcError, ShapeError
from indexcalc.evaluate import evaluate
from indexcalc.expr import tensor
from indexcalc.rows import from_rows, to_rows
from indexcalc.sizes import dim, parse_size, size_text, times, triangle
from indexcalc.structure_matrices import (
    CONSTANTS,
    commutation,
    diagonal_lengths,
    diagonals,
    duplication,
    elimination,
    lower_mask,
    vech,
    vech_columns,
    vech_rows,
)
from indexcalc.substitute import replace_sizes
from tests.numeric_derivatives import close

M, N = dim("m"), dim("n")
A = tensor("A", (N, N))


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_what_the_matrices_do(n: int) -> None:
    """Their defining equations, and those of Magnus and Neudecker."""
    draws = np.random.default_rng(5)
    a = draws.normal(size=(n, n))
    s = a + a.T
    columns, rows = np.triu_indices(n)
    d, low = evaluate(duplication(N), {}, {"n": n}), evaluate(elimination(n), {})
    k = evaluate(commutation(n, n), {})
    half = a[rows, columns]
    assert d.shape == (n * n, n * (n + 1) // 2)
    close(d @ s[rows, columns], s.ravel("F"))
    close(low @ a.ravel("F"), half)
    close(evaluate(vech(A), {"A": a}), half)
    close(k @ a.ravel("F"), a.T.ravel("F"))
    close(low @ d, np.eye(len(half)))
    close(k @ d, d)
    close(d @ low @ (np.eye(n * n) + k) @ d, 2 * d)
    close(evaluate(lower_mask(N, N), {}, {"n": n}), np.tri(n))


@pytest.mark.parametrize("shape", [(3, 4), (4, 2), (1, 3)])
def test_diagonals(shape: tuple[int, int]) -> None:
    rows, columns = shape
    sizes = {"m": rows, "n": columns}
    d = evaluate(diagonals(M, N), {}, sizes)
    a = np.random.default_rng(5).normal(size=shape)
    sums = [np.trace(a, k) for k in range(-rows, columns)]
    close(np.einsum("ij,ijd->d", a, d), sums)
    lengths = evaluate(diagonal_lengths(M, N), {}, sizes)
    close(lengths, np.einsum("ijd,kld->ij", d, d))
    close(evaluate(lower_mask(M, N), {}, sizes), np.tri(*shape))
    k = evaluate(commutation(*shape), {})
    close(k @ a.ravel("F"), a.T.ravel("F"))


def test_constants_round_trip() -> None:
    nodes = [
        lower_mask(M, N),
        diagonals(M, 3),
        diagonal_lengths(N, N),
        vech_rows(N),
        vech_columns(times(2, N)),
        duplication(N),
        elimination(4),
        commutation(M, N),
        gradient(
            m.trace(m.contract(A, tensor("X", (N, N), "toeplitz"))),
            tensor("X", (N, N), "toeplitz"),
        ),
    ]
    for node in nodes:
        assert from_rows(to_rows(node)) is node
    assert replace_sizes(duplication(N), {"n": 3}) is duplication(3)
    for name in CONSTANTS:
        with pytest.raises(IndexCalcError):
            from_rows([("call", name, [], [], "n")])
    with pytest.raises(IndexCalcError, match="cannot have the shape"):
        from_rows([("call", "vechrows", [], [], "n n")])


def test_public_matrices() -> None:
    s = ic.tensor("S", "n n : symmetric")
    a, c = ic.tensor("A", "n n"), ic.tensor("C", "m n")
    half = ic.parse("vech(S)", S="n n : symmetric")
    assert ic.equal(ic.duplication("n") @ half, ic.parse("vec(S)", S="n n:symmetric"))
    assert ic.equal(
        ic.elimination("n") @ ic.parse("vec(A)", A="n n"), ic.parse("vech(A)", A="n n")
    )
    turned = ic.commutation("m", "n") @ ic.parse("vec(C)", C="m n")
    assert turned == ic.parse("vec(C')", C="m n")
    assert ic.duplication("n") == ic.parse("duplication(n)")
    assert ic.elimination("n") @ ic.duplication("n") != ic.eye("n")
    assert (np.tril(a) == ic.parse("A .* tril(n)", A="n n")) is True
    assert (np.triu(c) == ic.parse("C .* tril(n, m)'", C="m n")) is True
    assert half.diff(s).shape == (*half.shape, *s.shape)


# -- sizes -----------------------------------------------------------------------------


def test_half_sizes() -> None:
    size = triangle(N)
    assert size_text(size) == "(n+n*n)/2"
    assert parse_size(size_text(size)) == size == parse_size("n*(n+1)/2")
    assert parse_size("m*((n+n*n)/2)") == times(M, size)
    assert triangle(times(2, N)) == parse_size("2*n*n+n")
    for text in ("n/2", "n*n/2", "n/m", "n/0", "n/", "/2", "3/2"):
        with pytest.raises(ShapeError):
            parse_size(text)


def test_half_sizes_are_read_from_arrays() -> None:
    v, w = tensor("v", (triangle(N),)), tensor("w", (N,))
    node = m.outer(v, m.ones(N))
    assert evaluate(node, {"v": np.ones(10)}).shape == (10, 4)
    with pytest.raises(ShapeError, match=r"\(n\+n\*n\)/2 cannot be"):
        evaluate(node, {"v": np.ones(7)})
    with pytest.raises(ShapeError, match="length 4, but n is 3"):
        evaluate(m.outer(v, w), {"v": np.ones(6), "w": np.ones(4)})
