"""The laws of structured variables: applied where they hold, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import matrix as m
from indexcalc.comparison.sampling import Reals, Sample
from indexcalc.evaluate import evaluate
from indexcalc.expansion import same
from indexcalc.expr import einsum, tensor
from indexcalc.nodes import Node
from indexcalc.simplify import fuse
from indexcalc.sizes import dim, triangle
from indexcalc.structure_laws import LAWS
from indexcalc.structure_matrices import (
    diagonals,
    duplication,
    elimination,
    lower_mask,
    vech,
    vech_columns,
    vech_rows,
)
from tests.numeric_derivatives import close, draw

M, N = dim("m"), dim("n")
A = tensor("A", (N, N))
R, C, T, D = vech_rows(N), vech_columns(N), lower_mask(N, N), diagonals(N, N)
L, U, Q = (
    tensor("X", (N, N), "lower"),
    tensor("U", (N, N), "upper"),
    tensor("Q", (N, N), "orthogonal"),
)
EYE = m.eye(N)
PAIR = [(R, [0, 1]), (C, [0, 2])]

#: A product as it is written, and what it is.
MEANINGS: dict[str, tuple[Node, Node | None]] = {
    "QᵀQ": (einsum([(Q, [0, 1]), (Q, [0, 2])], [1, 2]), EYE),
    "QQᵀ": (einsum([(Q, [1, 0]), (Q, [2, 0])], [1, 2]), EYE),
    "QAQᵀQ": (m.contract(m.contract(Q, A), m.contract(m.transpose(Q), Q)), None),
    "tr QᵀQ": (einsum([(Q, [0, 1]), (Q, [0, 1])], []), m.trace(EYE)),
    "Q⁻¹": (m.inv(Q), m.transpose(Q)),
    "log det Q": (m.logdet(Q), m.zeros()),
    "T∘T": (m.times(T, T), T),
    "diag T": (m.diagonal(T), m.ones(N)),
    "T∘Tᵀ": (m.times(T, m.transpose(T)), EYE),
    "T∘L": (m.times(T, L), L),
    "T∘U": (m.times(T, U), m.diagonal_matrix(m.diagonal(U))),
    "Tᵀ∘U": (m.times(m.transpose(T), U), U),
    "T∘L⁻ᵀ": (
        m.times(T, m.transpose(m.inv(L))),
        m.diagonal_matrix(m.power(m.diagonal(L), -1)),
    ),
    "diag U⁻¹": (m.diagonal(m.inv(U)), m.power(m.diagonal(U), -1)),
    "RRR": (
        einsum([(R, [0, 1]), (R, [0, 2]), (R, [0, 3])], [0, 1, 2, 3]),
        einsum([(R, [0, 1])], [0, 1, 1, 1]),
    ),
    "R1": (m.contract(R, m.ones(N)), m.ones(triangle(N))),
    "C1": (m.contract(C, m.ones(N)), m.ones(triangle(N))),
    "LLᵀ": (einsum([*PAIR, (R, [3, 1]), (C, [3, 2])], [0, 3]), m.eye(triangle(N))),
    "LKLᵀ": (
        einsum([*PAIR, (R, [3, 2]), (C, [3, 1])], [0, 3]),
        einsum([(R, [0, 1]), (C, [0, 1])], [0, 0]),
    ),
    "LᵀL": (
        einsum([*PAIR, (R, [0, 3]), (C, [0, 4])], [1, 2, 3, 4]),
        einsum([(T, [0, 1])], [0, 1, 0, 1]),
    ),
    "vech(T∘A)": (vech(m.times(T, A)), vech(A)),
    "LD": (
        m.contract(elimination(N), duplication(N)),
        m.eye(triangle(N)),
    ),
    "DD by entries": (
        einsum([(D, [0, 1, 2]), (D, [0, 1, 3])], [2, 3]),
        einsum([(D, [0, 1, 2])], [2, 2]),
    ),
    "D1": (einsum([(D, [0, 1, 2])], [0, 1]), m.ones(N, N)),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_laws(name: str) -> None:
    """The law is applied, and right by the definition of the product."""
    written, meaning = MEANINGS[name]
    if meaning is not None:
        assert same(written, meaning) is True
    draws = np.random.default_rng(5)
    arrays = {
        "A": draws.normal(size=(4, 4)),
        "X": draw(draws, (4, 4), "lower"),
        "U": draw(draws, (4, 4), "upper"),
        "Q": draw(draws, (4, 4), "orthogonal"),
    }
    leaves = {leaf: arrays[leaf.name][None] for leaf in (A, L, U, Q)}
    defined = Sample(Reals(1), {"n": 4}, leaves).value(written)[0]
    close(evaluate(fuse(written), arrays, {"n": 4}), defined)


def test_every_law_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any one law some meaning above is not found."""
    for law in LAWS:
        kept = tuple(other for other in LAWS if other is not law)
        monkeypatch.setattr("indexcalc.structure_laws.LAWS", kept)
        assert not all(
            same(written, meaning) is True
            for written, meaning in MEANINGS.values()
            if meaning is not None
        ), law.__name__


def test_functions_are_applied_on_diagonals_alone() -> None:
    """1/L_ii asks nothing of the zeros beside the diagonal."""
    node = m.diagonal(m.power(L, -1))
    with np.errstate(all="raise"):
        found = evaluate(node, {"X": np.diag([2.0, 4.0])})
        close(found, [0.5, 0.25])
        both = m.times(node, m.diagonal(m.elementwise("atan2", A, L)))
        arrays = {"X": np.diag([2.0, 4.0]), "A": np.ones((2, 2))}
        close(evaluate(both, arrays), np.arctan2(1, [2, 4]) / [2, 4])


W, V = tensor("W", (N, M), "lower"), tensor("v", (N,))

#: Products that look like one of the laws and are none.
OTHERS: dict[str, Node] = {
    "mask over a rectangle": einsum([(lower_mask(M, N), [0, 1]), (W, [1, 0])], [0, 1]),
    "masks of rectangles": einsum(
        [(lower_mask(M, N), [0, 1]), (lower_mask(N, M), [1, 0])], [0, 1]
    ),
    "Q Diag(v) Qᵀ": einsum([(Q, [0, 1]), (V, [1]), (Q, [2, 1])], [0, 2]),
    "Q∘Q": m.times(Q, Q),
    "QᵀQ and its bond": einsum([(Q, [0, 1]), (Q, [0, 2])], [0, 1, 2]),
    "entries that share a row": einsum([*PAIR, (R, [3, 1]), (C, [3, 4])], [0, 3, 2, 4]),
    "a row that is a column": einsum([*PAIR, (R, [3, 4]), (C, [3, 1])], [0, 3, 2, 4]),
    "rows alone": einsum([(R, [0, 1]), (R, [2, 1])], [0, 2]),
    "R over its entries": einsum([(R, [0, 1])], [1]),
    "T of L": m.contract(T, L),
    "T∘UL": m.times(T, m.contract(U, L)),
}


@pytest.mark.parametrize("name", OTHERS)
def test_no_law_where_none_holds(name: str) -> None:
    draws = np.random.default_rng(5)
    arrays = {
        "X": draw(draws, (4, 4), "lower"),
        "U": draw(draws, (4, 4), "upper"),
        "Q": draw(draws, (4, 4), "orthogonal"),
        "W": draw(draws, (4, 2), "lower"),
        "v": draws.normal(size=4),
    }
    leaves = {leaf: arrays[leaf.name][None] for leaf in (L, U, Q, W, V)}
    sizes = {"m": 2, "n": 4}
    defined = Sample(Reals(1), sizes, leaves).value(OTHERS[name])[0]
    close(evaluate(OTHERS[name], arrays, sizes), defined)


def test_only_triangles_are_inverted_on_their_diagonal() -> None:
    """(L⁻¹)_ii is 1/L_ii of a triangle, and of no other matrix beside it."""
    array = np.array([[3.0, 1.0], [2.0, 4.0]])
    B, low = ic.tensor("B", "n n"), ic.tensor("L", "n n : lower")
    one, two = (np.diag(np.linalg.inv(e)) for e in (B, low))
    assert str(two) == "L_ii^-1"
    assert "inv(B)" in str(one * two)
    found = (one * two).evaluate(B=array, L=np.tril(array))
    assert np.allclose(found, np.diag(np.linalg.inv(array)) / np.diag(array))
