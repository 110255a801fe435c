"""What the text language refuses: the error, its place, its hint, and its limits."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from indexcalc.errors import (
    BudgetError,
    IndexCalcError,
    ParseError,
    ShapeError,
    UnknownNameError,
)
from indexcalc.text import parse
from tests.text_declarations import SHAPES


def refused(text: str, **options: bool) -> IndexCalcError:
    with pytest.raises(IndexCalcError) as caught:
        parse(text, SHAPES, **options)
    return caught.value


@pytest.mark.parametrize(
    ("text", "kind", "position", "part"),
    [
        ("A B", ParseError, 2, "A*B"),
        ("2x", ParseError, 1, "2*x"),
        ("A : A : A", ParseError, 6, "does not associate"),
        ("x +", ParseError, 3, "the end of the text"),
        ("(x", ParseError, 0, "never closed"),
        ("x)", ParseError, 1, "closes nothing"),
        ("[x)", ParseError, 2, "] was expected"),
        ("+x", ParseError, 0, "a sign + in front"),
        ("A @ B", ParseError, 2, "matrix product is written *"),
        ("s**2", ParseError, 2, "a power is written ^"),
        ("s^-n", ParseError, 3, "an operator or the end"),
        ("s^'", ParseError, 2, "an exponent was expected"),
        ('"ij"', ParseError, 0, "stands only first in einsum"),
        ("xx", UnknownNameError, 0, "did you mean x?"),
        ("X*2", UnknownNameError, 0, "did you mean x?"),
        ("foo", UnknownNameError, 0, "declare its shape"),
        ("exp", UnknownNameError, 0, "write exp(…)"),
        ("sinn(x)", UnknownNameError, 0, "did you mean sin?"),
        ("A(x)", UnknownNameError, 0, "A*(…)"),
        ("h′(x)", UnknownNameError, 0, 'f="function"'),
        ("x*y", ShapeError, 1, "did you mean x' or y'?"),
        ("x'*y'", ShapeError, 2, "did you mean x*y' or x'*y?"),
        ("K∘K[1]", ParseError, 3, "an operator is missing"),
        ("C*C", ShapeError, 1, "p meets n"),
        ("C*C", ShapeError, 1, "did you mean C'"),
        ("C+E", ShapeError, 1, "C is n×p, E is p×n"),
        ("C+E", ShapeError, 1, "did you mean C' or E'?"),
        ("A*(C+x*z')*x", ShapeError, 10, "C n×p"),
        ("C∘x*z'", ShapeError, 1, "did you mean C∘(x*z')?"),
        ("x*z'∘C*y", ShapeError, 6, "p meets n"),
        ("s + C", ShapeError, 2, ".+ adds a scalar to every entry"),
        ("A/B", ShapeError, 1, "inv(B)"),
        ("x^2", ShapeError, 1, ".^ is entry by entry"),
        ("A^0.5", ShapeError, 1, "whole numbers"),
        ("A^s", ShapeError, 1, "whole numbers"),
        ("C^2", ShapeError, 1, "only a square matrix"),
        ("T'", ShapeError, 1, "transpose(T, 2, 1, 0)"),
        ("T:x", ShapeError, 1, "* contracts one axis"),
        ("inv(C)", ShapeError, 0, "n×p"),
        ("diag(C)", ShapeError, 0, "square"),
        ("Diag(A)", ShapeError, 0, "diag(A)"),
        ("vech(C)", ShapeError, 0, "square"),
        ("ones(n/2)", ParseError, 5, "not always a whole number"),
        ("ones(n/0)", ParseError, 5, "not a size"),
        ("[x, z]", ShapeError, 0, "equally high"),
        ("[x'; z']", ShapeError, 0, "equally wide"),
        ("e(3,3)", ShapeError, 0, "count from 0"),
        ("e(s,3)", ParseError, 2, "a whole number from 0 on"),
        ("ones(x)", ParseError, 5, "x is a variable"),
        ("ones(n-1)", ParseError, 5, "numbers, names, + and *"),
        ("levicivita(n)", ParseError, 11, "a whole number"),
        ("transpose(T,1,2,3)", ShapeError, 0, "count from 0"),
        ("max(x)", ParseError, 0, "and 1 are given"),
        ("einsum(x, x)", ParseError, 7, "a text in quotes"),
        ('einsum("ij", x)', ParseError, 0, "'ij' names 2 indices"),
        ('einsum("i,j", x)', ParseError, 0, "has 2 operands, 1 given"),
        ('einsum("i->j", x)', ShapeError, 0, "nothing gives the size of the index j"),
        ("1/0", ParseError, 1, "division by the number zero"),
        ("0^-1", ParseError, 1, "no negative power"),
        ("s^9999", BudgetError, 1, "out of range"),
        ("1e999", ParseError, 0, "out of range"),
        ("D(D(g,1,0))(x,y)", ParseError, 0, "the order of each"),
        ("D(g,1)(x,y)", ParseError, 0, "D(g, 1, 1)"),
        ("C .+ D'", ShapeError, 2, "did you mean C' or C.+D?"),
    ],
)
def test_refusals(text: str, kind: type, position: int, part: str) -> None:
    error = refused(text)
    assert type(error) is kind
    assert error.position == position
    assert part in str(error)


def test_the_caret_stands_under_the_operator() -> None:
    assert str(refused("A*x + C*y")).splitlines()[1:] == ["  A*x + C*y", "         ^"]


def test_a_size_of_one_never_broadcasts() -> None:
    shapes = {"r": "1 p", "C": "n p", "x": "n", "q": "1"}
    for text in ("C + r", "C .* r", "x + q", "x .* C"):
        with pytest.raises(ShapeError):
            parse(text, shapes)
    assert parse("q*C", shapes).kind == "matrix"


def test_sizes_in_messages_are_readable() -> None:
    error = refused("ones(2*n+1) + x")
    assert "a column of 2*n+1" in error.message
    with pytest.raises(ShapeError, match=r"a column of \?"):
        parse("x + y'", {}, infer=True)


# -- limits ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *("(" * 50_000, "x" + "'" * 99_000, "-" * 99_000 + "x", "x+" * 60_000 + "x"),
        *("x⊗" * 2_000 + "x", "x⋆" * 2_000 + "x", "ones(" + "(n+p)*" * 3_000 + "n)"),
        *("9^9^9^9^9^9", "s" + "*9^400" * 9_000, "delta(n,5000)", "x²³²³²³²"),
        "ones(" + "9*" * 9_000 + "9)",
    ],
    ids=lambda text: text[:12],
)
def test_over_a_limit(text: str) -> None:
    assert type(refused(text)) is BudgetError


@pytest.mark.parametrize(
    "text",
    [
        *("(" * 1_000 + "x" + ")" * 1_000, "exp(" * 900 + "x" + ")" * 900),
        *("x" + "'" * 20_000, "-" * 20_000 + "x", "[x;" * 300 + "x" + "]" * 300),
        *(" + ".join(["x"] * 20_000), "A*" * 9_000 + "x", "x" + ".^y" * 5_000),
    ],
    ids=lambda text: text[:12],
)
def test_deep_and_long(text: str) -> None:
    assert parse(text, SHAPES).kind in ("column", "row")


# -- whatever the text -----------------------------------------------------------------

WORDS = [
    *"+-*/∘⊗⋆•:'ᵀ^²()[],;012n𝟏_{}é∂\n",
    *(".*", "./", ".^", ".+", "⁻¹", "^T", "0.5", "1₃", "x₁", "I_n", '"ij,jk->ik"', '"'),
    *("sin(", "exp(", "tr(", "inv(", "diag(", "vec(", "kron(", "max(", "sum0(", "f("),
    *(
        "einsum(",
        "ones(",
        "eye",
        "I",
        "H(",
        "delta(",
        "e(",
        "D(",
        "f′(",
        "vech(",
        "lse(",
    ),
]


@pytest.mark.parametrize("seed", range(4))
def test_only_our_errors_escape(seed: int) -> None:
    rng = random.Random(seed)
    words = [*WORDS, *SHAPES]
    for _ in range(400):
        text = rng.choice(("", " ")).join(rng.choices(words, k=rng.randint(1, 14)))
        for options in ({}, {"paper": True}, {"infer": True}):
            with suppress(IndexCalcError):
                parse(text, SHAPES, **options)
