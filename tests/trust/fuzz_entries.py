"""The ways in that strangers reach: what is called, and texts to begin with.

An entry takes any text. It answers the expressions the text comes to, and raises what
the way in raises.

>>> [e.shape for e in ENTRIES["parse"].read("A*x")]
[(Dim('n'),)]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import indexcalc as ic
from indexcalc.text.latex_commands import (
    ACCENTS,
    FUNCTION_COMMANDS,
    INFIX_COMMANDS,
)
from indexcalc.text.vocabulary import TABLE
from tests.latex_questions import QUESTIONS, SEEDS
from tests.text_declarations import SHAPES

DECLARED = {**SHAPES, "W": "n n n", "l": "p", "m": "", "Λ": "n n", "β_1": "n"}
_QUESTIONS = Path(__file__).parents[1] / "question_forms.json"


@dataclass(frozen=True)
class Entry:
    """`read` takes a text; `placed` says that its errors point into the text; `seeds`
    gives valid texts and `tokens` what they are made of."""

    read: Callable[[str], Sequence[Any]]
    seeds: Callable[[], list[str]]
    tokens: Sequence[str]
    placed: bool = True


# -- the text language and paper notation ----------------------------------------------


def _parse(text: str) -> list[Any]:
    try:
        return [ic.parse(text, DECLARED)]
    except ic.IndexCalcError as error:
        refused = error
    try:
        return [ic.parse(text, DECLARED, paper=True, infer=True)]
    except ic.IndexCalcError:
        raise refused from None


def _plain_seeds() -> list[str]:
    asked = [row["text"] for row in json.loads(_QUESTIONS.read_text("utf-8"))]
    return [
        *asked,
        "K*c where K = A + u*u', u = A*x",
        "A*x where A = B*B, B = C*C'",
        '[A, B; B, A]*[x; y] + einsum("ij,j->i", A, x)',
        "D(f, 1, 0)(x, y) + D(D(f))(x) + f′(x)",
        "transpose(T, 2, 1, 0) : T + e(0, 3)'*u",
        "2AᵀA⁻¹x − 𝟏₃ + ‖x‖²/2 where z = A x",
        "s^-3 .^ 0.5e-3 + 1.5e+10 ./ delta(n, 3)",
    ]


_PLAIN = (
    *"+-*/∘⊗⋆•:'ᵀ^²()[],;=_012n9.𝟏{}é∂\n\t\x00\u202e\ud800⁻³₁\"|‖ ",
    *(".*", "./", ".^", ".+", "⁻¹", "^T", "0.5", "1₃", "x₁", "I_n", '"ij,jk->ik"'),
    *("1e9", "9" * 50, "e400", "where", "where x = ", ", y = A*x", "²³²", "^(", "((("),
    *(f"{name}(" for name in TABLE),
    *DECLARED,
)

# -- LaTeX -----------------------------------------------------------------------------


def _latex(text: str) -> list[Any]:
    try:
        return [ic.parse_latex(text, DECLARED)]
    except ic.IndexCalcError as error:
        refused = error
    try:
        return [ic.parse_latex(text, DECLARED, infer=True, out="ij")]
    except ic.IndexCalcError:
        raise refused from None


def _question(text: str) -> list[Any]:
    asked = ic.question(text, DECLARED, infer=True)
    return [asked.expression]


def _latex_seeds() -> list[str]:
    return [
        *(row[1] for row in QUESTIONS),
        *(row[0] for row in SEEDS),
        r"\begin{bmatrix} A & B \\ C & D \end{bmatrix} x",
        r"\newcommand{\R}{\mathbf{x}} \R^\top \R",
        r"\def\norm#1{\|#1\|} \norm{x - \norm{y}}",
        r"\left\lVert \frac{\sqrt{x_{i}}}{1 + e^{-s}} \right\rVert_F^{2}",
        r"\sum_{i=1}^{n} \sum_{j} A_{ij} x_j \delta_{ij}",
        r"\frac{\partial^2}{\partial x \partial x^\top} x^\top A x",
    ]


_LATEX = (
    *"{}[]()^_&$%#~\\'\"*/+-=|.,;:!0123nxyAB \n\t\x00\u202e\ud800²",
    *(f"\\{name}" for name in sorted({*ACCENTS, *FUNCTION_COMMANDS, *INFIX_COMMANDS})),
    *(r"\frac{", r"\tfrac12", r"\sqrt{", r"\left(", r"\right)", r"\|", r"\\", r"\,"),
    *(r"\begin{pmatrix}", r"\end{pmatrix}", r"\begin{align}", r"\end{align}", "&="),
    *(
        r"\partial",
        r"\nabla_x",
        r"\sum_{i}",
        r"\delta_{ij}",
        "_{ij}",
        "^{-1}",
        r"^\top",
    ),
    *(r"\newcommand{\a}{", r"\def\a#1{", r"\a", "#1", r"\operatorname{", r"\text{"),
    *(r"\mathbf{", r"\hat{", r"\mathrm{", r"\big", r"\vec", "10^{99}", "}{", "{{{"),
)

# -- index notation --------------------------------------------------------------------


def _index(text: str) -> list[Any]:
    refused = None
    for out in ("", "i", "ij"):
        try:
            return [ic.parse_index(text, out, DECLARED)]
        except ic.IndexCalcError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _index_seeds() -> list[str]:
    return [
        "A_ij x_j",
        "exp(A_ij x_j) - x_i",
        "sum_{j} A_ij x_j y_j",
        "A_ij B_jk C_kl δ_il",
        "x_i y_i x_i + 2 s^3 x_i",
        "ε_ijk u_i u_j u_k",
        "f(x_i)/(1 + y_j y_j)",
        "T[i,j,k] H_ijk - A_{ij}^2",
        "max(x_i, y_i)/n + δ_ij",
        "∑_k A_ik B_kj",
    ]


_INDEXED = (
    *"+-*/∘^_{}()[],ijklnxyABTδHε²'012.=∑ \n\x00\u202e\ud800",
    *("sum_{j}", "sum_j", "_{ij}", "_ij", "[i,j]", "δ_ij", "f(", "exp(", "max(", "^-1"),
    *("∑_k", "x_i", "A_ij", "T_ijk", "_{", "₁", "ᵢ", "9" * 50, "^400", "_i_j"),
)

# -- einsum strings --------------------------------------------------------------------

_NAMES = "ABCDEFGHKL"


def _einsum(text: str) -> list[Any]:
    refused = None
    for read in (_contracted, _drawn):
        try:
            return read(text)
        except ic.IndexCalcError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _contracted(text: str) -> list[Any]:
    terms = text.partition("->")[0].split(",")
    spaced = any(len(term.split()) > 1 for term in terms)
    orders = [len(t.split()) if spaced else len(t.replace(" ", "")) for t in terms]
    operands = [
        ic.tensor(f"{_NAMES[k % 10]}{min(order, 9)}", " ".join(["n"] * min(order, 9)))
        for k, order in enumerate(orders[:2_000])
    ]
    return [ic.einsum(text, *operands, sizes={"z": "n"})]


def _drawn(text: str) -> list[Any]:
    return [ic.diagram_from(text).expression()]


def _einsum_seeds() -> list[str]:
    return [
        *(
            "ij,jk->ik",
            "i->ii",
            "ii->",
            "ij,jk,kl,lm->im",
            "...i,...i->...",
            "i,i,i->i",
        ),
        *(
            "row col, col -> row",
            "ij->ji",
            "i,j,k->ijk",
            "ij,ij->",
            ",->",
            "->",
            "i->iz",
        ),
        *("abcdefghi,abcdefghi->", "iij,jj->i", "αβ,βγ->αγ", "ij , jk"),
    ]


_SPECS = (
    *"abcijklmnzαβé,,,.-> 0_*\n\x00\u202e\ud800",
    "->",
    "...",
    "ij",
    ",ij",
    " row ",
)

# -- documents -------------------------------------------------------------------------


def _diagram(text: str) -> list[Any]:
    try:
        drawn = ic.diagram_from_json(text)
    except ic.IndexCalcError as error:
        refused = error
    else:
        assert ic.diagram_from_json(drawn.json()).model == drawn.model
        return [drawn.expression()]
    try:
        ic.film_from_json(text).json()
    except ic.IndexCalcError:
        raise refused from None
    return []


@lru_cache(maxsize=1)
def _diagram_seeds() -> list[str]:
    parsed = [ic.parse(t, DECLARED) for t in ("A*x", "x'*exp(A*x)", "tr(A*B)*s + 1/2")]
    drawn = [e.diagram().json() for e in parsed]
    film = ic.parse("x'*A*x", DECLARED).film("x").json()
    return [*drawn, ic.diagram_from("ij,jk,ik->").json(), film]


_JSON = (
    *'{}[]":,0123456789.eE-+ntf\\ \n\x00\u202e',
    *("null", "true", "[[", '{"', '"n"', '"box"', '"dot"', '"end"', "[]", "{}", "-1"),
    *("1e400", "9" * 50, '"version"', '"9**9"', '"n*n*n"', '"1/3"', r'"\ud800"', "NaN"),
)


def _kept(text: str) -> list[Any]:
    """A document of an expression, a plan or a compiled function."""
    refused = None
    for read in (ic.expression_from_json, ic.plan_from_json, ic.compiled_from_json):
        try:
            found = read(text)
        except ic.IndexCalcError as error:
            refused = refused or error
            continue
        found.json()
        return [found] if isinstance(found, ic.Expression) else []
    assert refused is not None
    raise refused


@lru_cache(maxsize=1)
def _kept_seeds() -> list[str]:
    texts = ("A*x", "x'*A*x + exp(s)", "logdet(A) + f(s)", "3/7*tr(A∘B) - eigmax(A)")
    parsed = [ic.parse(t, DECLARED) for t in texts]
    slope = parsed[1].gradient("x")
    sizes = {"n": 3}
    kept = [e.json() for e in (*parsed, slope)]
    return [*kept, slope.compile().json(), slope.plan(**sizes).json()]


# -- declarations ----------------------------------------------------------------------


def _declared(text: str) -> list[Any]:
    found = []
    refused = None
    for make in (
        lambda: ic.tensor("A", text),
        lambda: ic.tensor(text, "n"),
        lambda: ic.parse("A", {"A": text}),
        lambda: ic.parse("A", {text: "n", "A": "n"}),
        lambda: ic.tensor("A", "n").subs(sizes={"n": text}),
        lambda: ic.sum_over(text, ic.tensor("A", "n n")[ic.Index("i"), ic.Index("j")]),
        lambda: ic.ones(text),
        lambda: ic.eye(text),
    ):
        try:
            found.append(make())
        except ic.IndexCalcError as error:
            refused = refused or error
    if not found and refused is not None:
        raise refused
    return found


def _declared_seeds() -> list[str]:
    return [
        *("n p", "n n : symmetric", "3", "m*(n+1)", "n*(n+1)/2", "2*n+1 3", "", "n, p"),
        *("function", "n : complex", "(n+p)*(m+k)*2", "X A", "x_1", "θ", "n n : lower"),
    ]


_SIZES = (
    *"+*/()npmk0123,: \n\x00\u202e\ud800²αx'_",
    *("n*", "(n+1)*", "(n+p)", "/2", " : symmetric", "complex", "9" * 17, "9" * 30),
)

# -- answers ---------------------------------------------------------------------------


def _answer(text: str) -> list[Any]:
    x = ic.tensor("x", 3)
    A = ic.tensor("A", "3 3")
    ic.check(x @ A @ x, x, text)
    return []


def _answer_seeds() -> list[str]:
    return [
        *("(A + A')*x", "2 A x", "∂f/∂x = (A + Aᵀ)x", "A_ij x_j + A_ji x_j", "x'*A*x"),
        *(r"(A + A^\top)x", r"\frac{\partial f}{\partial x} = 2Ax", "2x ⊗ A", "I", "1"),
    ]


ENTRIES: dict[str, Entry] = {
    "parse": Entry(_parse, _plain_seeds, _PLAIN),
    "latex": Entry(_latex, _latex_seeds, _LATEX),
    "index": Entry(_index, _index_seeds, _INDEXED),
    "einsum": Entry(_einsum, _einsum_seeds, _SPECS),
    "json": Entry(_diagram, _diagram_seeds, _JSON, placed=False),
    "documents": Entry(_kept, _kept_seeds, _JSON, placed=False),
    "declarations": Entry(_declared, _declared_seeds, _SIZES, placed=False),
    "question": Entry(_question, _latex_seeds, _LATEX),
    "check": Entry(_answer, _answer_seeds, (*_PLAIN, *_LATEX), placed=False),
}
