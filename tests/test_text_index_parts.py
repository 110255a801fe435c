"""Index notation with functions of whole arrays and parts named after `where`."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import BudgetError, IndexCalcError, ParseError
from indexcalc.nodes import Call, Tensor, toposort
from indexcalc.sizes import size_text
from indexcalc.text import index_parts
from indexcalc.text.vocabulary import ELEMENTWISE
from tests.saved_cases import identities

SHAPES = {
    "S": "n n : symmetric",
    "A": "m n",
    **dict.fromkeys("xy", "n"),
    "z": "n : complex",
    "f": "function",
}


@pytest.mark.parametrize(
    ("text", "out", "plain"),
    [
        ("inv(S)_ij x_j", "i", "inv(S)*x"),
        ("inv(S)[i, j] x_j", "i", "inv(S)*x"),
        ("inv(S)_{i j} x_j", "i", "inv(S)*x"),
        ("inv(S + x*x')_ij", "ij", "inv(S + x*x')"),
        ("tr(S) inv(S)_ji", "ij", "tr(S)*inv(S)'"),
        ("softmax(A*x)_i", "i", "softmax(A*x)"),
        ("δ_ij softmax(x)_i - softmax(x)_i softmax(x)_j", "ij", None),
        ("det(S) x_i", "i", "det(S)*x"),
        ("norm2(x)^-1 x_i", "i", "x/norm2(x)"),
        ("cos(det(S) x_i)", "i", "cos(det(S)*x)"),
        ("e(0, n)_i x_j", "ij", "e(0, n)*x'"),
        ("conj(z_i) z_i", "", "conj(z)'*z"),
        ("f'(x_i) + f''(x_i)", "i", "D(f)(x) + D(f, 2)(x)"),
        ("x_i + 1_i", "i", "x .+ 1"),
        ("𝟏_i y_i x_j", "j", "sum(y)*x"),
        ("Σ[j] A[i, j] x[j]", "i", "A*x"),
        ("(1/2) y_k Σ_i exp(x_i)", "k", "sum(exp(x))*y/2"),
        ("K_i y_i where K_i = S_ij x_j", "", "(S*x)'*y"),
        ("K[i1] where K[i1] = S[i1, j1] x[j1]", "i1", "S*x"),
        ("K x_i where K = x_i y_i", "i", "(x'*y)*x"),
        ("M_i where K_i = 2 x_i, M_i = K_i y_i", "i", "2*x∘y"),
        ("M_i where M_i = K_i y_i, K_i = 2 x_i", "i", "2*x∘y"),
        ("inv(K)_ij x_j where K_ij = S_ij + x_i x_j", "i", "inv(S + x*x')*x"),
        ("norm2(K) where K_i = A_ij x_j", "", "norm2(A*x)"),
        ("K_ij where K_ij = x_i y_j", "ji", "y*x'"),
    ],
)
def test_meaning(text: str, out: str, plain: str | None) -> None:
    names = out if len(out) < 3 and not out[1:].isdigit() else [out]
    found = ic.parse_index(text, list(names), SHAPES)
    wanted = ic.parse("softmax(x)", SHAPES).diff("x") if plain is None else plain
    assert found == (ic.parse(wanted, SHAPES) if plain else wanted)


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("inv(S)_i", "inv(S)_i has 2 axes", 0),
        ("x_i inv(T)_ij", "T is not declared", 8),
        ("inv(A)_ij", "a square matrix is needed", 0),
        ("norm2(A_ij x_j)", "does not act entry by entry", 0),
        ("K_i where K_i = K_i", "K is defined by itself", 15),
        ("x_i where x_i = y_i", "x has a meaning already", 15),
        ("K_i where K_i = y_i, K_i = x_i", "K has a meaning already", 26),
        ("K_i where K_i", "after where stand definitions", 9),
        ("K_ij where K_ii = x_i", "need different indices", 11),
        ("K_i where K_i = q_i", "q_i is not declared", 16),
        ("K_i where K_i = x_j y_j", "nothing gives the size", 20),
        ("1_ij x_j", "one index", 0),
        ("Σ[q] x_i", "does not stand in this sum", 0),
    ],
)
def test_refusals(text: str, words: str, place: int) -> None:
    with pytest.raises(IndexCalcError, match=re.escape(words)) as e:
        ic.parse_index(text, "i", SHAPES)
    assert e.value.position == place


def declared(e: ic.Expression) -> dict[str, str]:
    """Declarations of what stands in an expression."""
    found = {}
    for node in toposort(e.node):
        if isinstance(node, Tensor) and node.name:
            shape = " ".join(map(size_text, node.shape))
            found[node.name] = f"{shape} : {node.structure}".rstrip(" :")
        elif isinstance(node, Call) and node.function == "unknown":
            found[str(node.params[0])] = "function"
    return found


def test_what_is_printed_is_read() -> None:
    """Index notation that is printed is refused, or read as what it was printed of."""
    seen: Counter[str] = Counter()
    for name, e in identities():
        printed = e.index()
        try:
            again = ic.parse_index(str(printed), list(printed.axes), declared(e))
        except IndexCalcError:
            seen["refused"] += 1
            continue
        assert again == e or ic.equal(again, e), name
        seen["read"] += 1
    assert seen["read"] > 5 * seen["refused"]


@pytest.mark.parametrize(
    ("plain", "printed"),
    [
        ("sum(exp(x∘y))", "Σ_i exp(x_i y_i)"),
        ("exp(x'*y)", "exp(x_i y_i)"),
        ("sum(exp(-(A*x).^2))", "Σ_i exp(-A_ij x_j A_ik x_k)"),
        ("tr(S∘S)", "Σ_i S_ii^2"),
        ("tr(S)^2", "S_ii S_jj"),
        ("sum(exp(diag(S)))", "Σ_i exp(S_ii)"),
        ("exp(tr(S))", "exp(S_ii)"),
        ("sum(sin(x).^2∘exp(x))", "exp(x_i) sin(x_i)^2"),
        ("y∘exp(x∘y)", "y_i exp(x_i y_i)"),
        ("x'*exp(x∘y)/2", "(1/2) Σ_i x_i exp(x_i y_i)"),
        ("sum(exp(exp(x∘y) + x)) + x'*y", "Σ_i exp(x_i + exp(x_i y_i)) + x_j y_j"),
    ],
)
def test_a_sum_over_what_stands_twice_in_a_function(plain: str, printed: str) -> None:
    e = ic.parse(plain, SHAPES)
    assert str(e) == printed
    assert ic.equal(ic.parse_index(printed, list(e.index().axes), SHAPES), e)


def test_names_that_begin_like_an_entry() -> None:
    """Beside A_i, A_ij would be A_i with the index j."""
    shapes = {"A": "n n", "A_i": "n", "δ_i": "n"}
    e = ic.parse("A*A_i*δ_i'", shapes)
    printed = e.index()
    assert str(printed) == "A_jl A_i[l] δ_i[k]"
    assert ic.parse_index(str(printed), list(printed.axes), shapes) == e


def test_long_texts_end() -> None:
    """Brackets are matched once, and there is a limit."""
    with pytest.raises(BudgetError):
        ic.parse_index("inv(" * 20_000 + "S" + ")" * 20_000, "ij", SHAPES)
    with pytest.raises(BudgetError, match="functions of whole arrays"):
        ic.parse_index("det(S) " * (index_parts.PART_LIMIT + 1), "", SHAPES)
    many = ", ".join(f"K{k} = 2" for k in range(100))
    with pytest.raises(ParseError, match="definitions"):
        ic.parse_index(f"x_i where {many}", "i", SHAPES)


WORDS = ["inv(", "S", ")", "_ij", "[i,j]", " where ", "K_ij", "=", ",", "x_j", "f'("]
WORDS += ["1_i", "Σ[j]", "softmax(x)", "_i", "det(S)", "+", "^-1", "conj(", "(", "K"]


@pytest.mark.parametrize("seed", range(3))
def test_only_our_errors_escape(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(600):
        text = "".join(rng.choices(WORDS, k=rng.randint(1, 12)))
        with suppress(IndexCalcError):
            ic.parse_index(text, rng.choice(("", "i", "ij")), SHAPES)


def test_answers_may_be_so() -> None:
    """What a derivative prints is right when it is handed back."""
    shapes = {"S": "n n", "x": "n"}
    assert ic.check("logdet(S)", "S", "inv(S)_ji", shapes=shapes).right
    assert ic.check("logdet(S)", "S", "inv(S)_ij", shapes=shapes).kind == "layout"
    J = "δ_ij softmax(x)_i - softmax(x)_i softmax(x)_j"
    assert ic.check("softmax(x)", "x", J, shapes=shapes).right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("K_i where K_i = 2 x_i", True),
        ("K_i x_i where K_i = 2 x_i", False),
        ("∂f/∂x_i = K_i where K_i = 2 x_i", True),
        ("K*x where K = 2*eye(n)", True),
        ("∂f/∂x = Kx where K = 2I_n", True),
        ("K∘x where K = 2x", False),
        ("x where x = 2*x", None),
    ],
)
def test_parts_of_answers(answer: str, right: bool | None) -> None:
    """What stands behind `where` is no answer of its own."""
    if right is None:
        with pytest.raises(IndexCalcError):
            ic.check("x'*x", "x", answer, shapes={"x": "n"})
        return
    assert ic.check("x'*x", "x", answer, shapes={"x": "n"}).right is right


ENTRYWISE: dict[str, Callable[..., ic.Expression]] = {
    "log1p": np.log1p,
    "expm1": np.expm1,
    "cbrt": np.cbrt,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "atan2": np.arctan2,
    "max": np.maximum,
    "min": np.minimum,
    "where": lambda c, a: np.where(c > 0, a, c),
}


@pytest.mark.parametrize("name", ENTRYWISE)
def test_functions_of_numpy_read_back_from_every_notation(name: str) -> None:
    function = ENTRYWISE[name]
    x, y = ic.tensor("x", "n"), ic.tensor("y", "n")
    value = function(x) if name in ELEMENTWISE else function(x, y)
    for e in (value, np.sum(value * y).gradient("x")):
        assert ic.equal(ic.parse(str(e.matrix()), x="n", y="n"), e)
        assert ic.equal(ic.parse_latex(e.latex(), x="n", y="n"), e)
        assert ic.parse_index(str(e), x="n", y="n", out="i") == e
