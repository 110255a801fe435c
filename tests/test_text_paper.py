"""Paper mode: letters side by side are a product, as `*` is in plain text."""

from __future__ import annotations

import pytest

from indexcalc import expr, matrix
from indexcalc.errors import IndexCalcError, ShapeError
from indexcalc.simplify import fuse
from indexcalc.sizes import dim
from indexcalc.text import parse

n = dim("n")
x = expr.tensor("x", (n,))

PAPER: dict[str, object] = {
    **dict.fromkeys(("x", "x_1", "x2", "x'", "theta"), "n"),
    "W": "k k",
    "A": "k n",
    "X": "n 3",
    "B": "n n",
    "H": "n n",
    "a": "k",
    "s": "",
    "f": "function",
}


@pytest.mark.parametrize(
    ("paper", "plain"),
    [
        ("W(AX ∘ AX)1₃", "W*((A*X)∘(A*X))*ones(3)"),
        ("aᵀAx", "a'*A*x"),
        ("-AB", "-(A*B)"),
        ("2xᵀBx", "2*x'*B*x"),
        ("x₁ᵀx2", "x_1'*x2"),
        ("x_1 + x_{1}", "2*x_1"),
        ("B^Tx", "B'*x"),
        ("B⁻¹x", "inv(B)*x"),
        ("Bexp(x)", "B*exp(x)"),
        ("tr(BB)/n", "tr(B*B)/n"),
        ("AX1_3", "A*X*ones(3)"),
        ("I_kAX", "A*X"),
        ("I₃Xᵀ", "X'"),
        ("𝟏ᵀAx", "sum(A*x)"),
        ("f′(x)∘theta", "D(f)(x)∘theta"),
        ("H(x + x2)", "H*(x + x2)"),
        ("H(n)x", "H(n)*x"),
        ("AX⊗s", "(A*X)*s"),
        ("s/nx", None),
        ("B(B(x))", "B*B*x"),
    ],
)
def test_paper_mode(paper: str, plain: str | None) -> None:
    if plain is None:
        with pytest.raises(ShapeError):
            parse(paper, PAPER, paper=True)
        return
    found = parse(paper, PAPER, paper=True).node
    shapes = {name: shape for name, shape in PAPER.items() if name != "H"}
    if "H" in plain and "H(" not in plain:
        shapes = PAPER
    assert fuse(found) is fuse(parse(plain, shapes).node)


def test_primes_are_names_where_they_are_declared() -> None:
    prime = expr.tensor("x′", (n,))
    assert parse("x'ᵀx", PAPER, paper=True).node is matrix.contract(prime, x)
    assert parse("a'a", PAPER, paper=True).kind == "scalar"


@pytest.mark.parametrize("text", ["q", "X1", "x_{i,j}", "AXq", "Wqx"])
def test_paper_mode_refuses(text: str) -> None:
    with pytest.raises(IndexCalcError):
        parse(text, PAPER, paper=True)
