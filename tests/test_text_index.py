"""Index notation: which index is summed where, compared with the plain text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pytest

from indexcalc.errors import (
    BudgetError,
    IndexCalcError,
    ParseError,
    ShapeError,
    UnknownNameError,
)
from indexcalc.evaluate import evaluate
from indexcalc.simplify import fuse
from indexcalc.text import parse, parse_index

SHAPES: dict[str, object] = {
    **dict.fromkeys("AB", "m n"),
    **dict.fromkeys(("x", "y", "x2"), "n"),
    **dict.fromkeys("bc", "m"),
    **dict.fromkeys("uv", 3),
    "M": "n n",
    "T": "n n n",
    "s": "",
    "f": "function",
    "Σ": "n n",
}


@pytest.mark.parametrize(
    ("text", "out", "plain"),
    [
        ("A_ij x_j", "i", "A*x"),
        ("A[i,j]*x[j]", "i", "A*x"),
        ("A_{ij} x_{j}", "i", "A*x"),
        ("A_{i j} x_j", "i", "A*x"),
        ("Aᵢⱼxⱼ", "i", "A*x"),
        ("Aij xj", "i", "A*x"),
        ("A[row, col] x[col]", ["row"], "A*x"),
        ("A_{i1,i2} x_i2", ("i1",), "A*x"),
        ("sum_{j} A_{ij} x_j", "i", "A*x"),
        ("sum_j A_ij x_j + b_i", "i", "A*x + b"),
        ("∑_{j} (A_ij + B_ij) x_j", "i", "(A + B)*x"),
        ("sum_{i,j} A_ij", "", "sum(A)"),
        ("sum_{j} sum_{i} A_ij x_j", "", "sum(A*x)"),
        ("A_ij", "ji", "A'"),
        ("A_ij", "j,i", "A'"),
        ("A_ij", "", "sum(A)"),
        ("A_ij", "j", "sum0(A)"),
        ("x_i", "ii", "Diag(x)"),
        ("M_ii", "", "tr(M)"),
        ("M_ii", "i", "diag(M)"),
        ("x_i x_i x_i", "", "sum(x.^3)"),
        ("A_ij B_ij x_j", "i", "(A∘B)*x"),
        ("A_ij x_j - 2 b_i", "i", "A*x - 2*b"),
        ("-(A_ij + B_ij) x_j", "i", "-(A + B)*x"),
        ("A_ij (M_jk x_k + y_j)", "i", "A*(M*x + y)"),
        ("(A_ij x_j + b_i) c_i", "i", "(A*x + b)∘c"),
        ("(A_ij x_j + b_i) c_i", "", "(A*x + b)'*c"),
        ("1 + b_i", "i", "1 .+ b"),
        ("b_i + A_ij", "ij", "b*ones(n)' + A"),
        ("2x_i/3", "i", "2*x/3"),
        ("s x_i", "i", "s*x"),
        ("n x_i", "i", "n*x"),
        ("x2_i x_i", "", "x2'*x"),
        ("x_i/y_i", "i", "x./y"),
        ("b_i/(A_ij x_j)", "i", "b./(A*x)"),
        ("1/(x_i y_i)", "", "1/(x'*y)"),
        ("x_i^2", "i", "x.^2"),
        ("x_i² x_i", "i", "x.^3"),
        ("(A_ij x_j)^2", "i", "(A*x).^2"),
        ("x_i^-1", "i", "1./x"),
        ("x_i^s", "i", "x.^s"),
        ("exp(A_ij x_j)", "i", "exp(A*x)"),
        ("exp(A_ij) x_j", "i", "exp(A)*x"),
        ("log(exp(A_ij x_j))", "i", "log(exp(A*x))"),
        ("exp(x_j)", "", "sum(exp(x))"),
        ("exp(x_j y_j)", "", "exp(x'*y)"),
        ("sum_{j} exp(x_j y_j)", "", "sum(exp(x∘y))"),
        ("max(x_i, 0)", "i", "max(x, 0)"),
        ("f(A_ij x_j)", "i", "f(A*x)"),
        ("D(f)(x_i)", "i", "D(f)(x)"),
        ("δ_ik A_ij", "kj", "A"),
        ("delta(i,j) x_j", "i", "x"),
        ("δ_ij M_ij", "", "tr(M)"),
        ("δ_ij δ_jk x_k", "i", "x"),
        ("H_ijk x_k", "ij", "Diag(x)"),
        ("H[i,j,k] x_k", "ij", "Diag(x)"),
        ("H(i,j,k) x_j y_k", "i", "x∘y"),
        ("Σ_ij x_j", "i", "Σ*x"),
        ("((((A_ij))) x_j)", "i", "A*x"),
    ],
)
def test_meaning(text: str, out: str | Sequence[str], plain: str) -> None:
    found = parse_index(text, out, SHAPES)
    assert fuse(found) is fuse(parse(plain, SHAPES).node)


@pytest.mark.parametrize(
    ("text", "out", "spec"),
    [
        ("T_ijk x_j y_k", "i", "ijk,j,k->i"),
        ("T_iij x_j", "i", "iij,j->i"),
        ("M_ij M_jk M_kl", "il", "ij,jk,kl->il"),
        ("x_i y_j x_k", "kij", "i,j,k->kij"),
    ],
)
def test_contraction(text: str, out: str, spec: str) -> None:
    names = ", ".join(word[0] for word in text.split())
    plain = parse(f'einsum("{spec}", {names})', SHAPES).node
    assert fuse(parse_index(text, out, SHAPES)) is fuse(plain)


def test_the_levi_civita_tensor_is_the_cross_product() -> None:
    node = parse_index("ε_ijk u_j v_k", "i", SHAPES)
    u, v = np.array([1.0, 2, 3]), np.array([-1.0, 0.5, 2])
    np.testing.assert_allclose(evaluate(node, {"u": u, "v": v}), np.cross(u, v))


def test_each_term_sums_on_its_own() -> None:
    node = parse_index("A_ij x_j + b_i + 1", "i", SHAPES)
    values = {"A": np.ones((2, 3)), "x": np.arange(3.0), "b": np.array([5.0, 7.0])}
    np.testing.assert_allclose(evaluate(node, values), [9.0, 11.0])


@pytest.mark.parametrize(
    ("text", "out", "kind", "position", "part"),
    [
        ("exp(A_ij x_j) x_j", "i", ParseError, 0, "sum_{j}"),
        ("exp(x_j + x_j y_j)", "", ParseError, 0, "inside or outside"),
        ("δ_ij", "ij", ParseError, 0, "nothing gives the size of the index i"),
        ("b_i", "ij", ParseError, 0, "nothing gives the size of the index j"),
        ("A_ij b_j", "i", ShapeError, 5, "the index j has size m in b_j and n"),
        ("δ_ij A_ij", "", ShapeError, 0, "sizes m and n"),
        ("A_i", "i", ParseError, 0, "A has 2 axes"),
        ("q_i", "i", UnknownNameError, 0, "not declared"),
        ("tr(M_ij)", "", ParseError, 0, "entry by entry"),
        ("sin(x_i, y_i)", "i", ParseError, 0, "takes 1 arguments, not 2"),
        ("sum_{k} x_i", "i", ParseError, 0, "the index k does not stand"),
        ("sum_{i} x_i", "i", ParseError, 0, "free outside"),
        ("A_ij'", "ij", ParseError, 4, "not in index notation"),
        ("x_i : y_i", "", ParseError, 4, "not in index notation"),
        ("x_i +", "i", ParseError, 5, "an operand was expected"),
        ("A_{0,1}", "", ParseError, 0, "'0' is not an index"),
        ("H_ij", "ij", ParseError, 0, "three"),
        ("x_i", "1", ParseError, 0, "does not name axes"),
        ("x_i^9999", "i", BudgetError, 3, "out of range"),
    ],
)
def test_refusals(
    text: str, out: str, kind: type, position: int | None, part: str
) -> None:
    with pytest.raises(IndexCalcError) as caught:
        parse_index(text, out, SHAPES)
    assert type(caught.value) is kind
    assert caught.value.position == position
    assert part in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        *("(" * 50_000, "x" + "j" * 50_000, "x_i " * 40_000, "q" * 90_000),
        " ".join(f"x_i{k}" for k in range(2_000)),
    ],
    ids=lambda text: text[:12],
)
def test_over_a_limit(text: str) -> None:
    with pytest.raises(IndexCalcError):
        parse_index(text, "", SHAPES)


@pytest.mark.parametrize(
    "text",
    [
        *("(" * 1_000 + "x_i" + ")" * 1_000, "exp(" * 900 + "x_i" + ")" * 900),
        *("+".join(["x_i"] * 5_000), " ".join(["x_i"] * 1_000), "-" * 9_000 + "x_i"),
    ],
    ids=lambda text: text[:12],
)
def test_deep_and_long(text: str) -> None:
    assert len(parse_index(text, "i", SHAPES).shape) == 1


WORDS = [
    *"+-*/^()[]{},_ijk012δ ",
    *("A_ij", "x_j", "b_i", "M_ii", "sum_{j}", "H_ijk", "ε_ijk", "exp(", "f(", "D(f)("),
    *("x[i]", "A[i,j]", "_{i j}", "max(", "²", "'", "s", "n"),
]


@pytest.mark.parametrize("seed", range(3))
def test_only_our_errors_escape(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(800):
        text = rng.choice(("", " ")).join(rng.choices(WORDS, k=rng.randint(1, 12)))
        with suppress(IndexCalcError):
            parse_index(text, rng.choice(("", "i", "ij")), SHAPES)
