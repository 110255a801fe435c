r"""LaTeX in: real formulas, what each sign means, refusals, and no other errors."""

from __future__ import annotations

import zlib
from contextlib import suppress
from random import Random
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import (
    BudgetError,
    IndexCalcError,
    ParseError,
    ShapeError,
    UnsupportedError,
)
from indexcalc.evaluate import evaluate
from indexcalc.expansion import same
from indexcalc.simplify import fuse
from indexcalc.text import parse
from indexcalc.text.latex import parse_latex
from indexcalc.text.latex_problem import read_problem
from tests import questions
from tests.latex_questions import DECLARED, MACROS, QUESTIONS, SEEDS, SIZES
from tests.numeric_derivatives import call, close, draw
from tests.test_questions import Modules

BY_ID = {asked.id: asked for asked in questions.QUESTIONS}


# -- formulas as people wrote them -----------------------------------------------------


def names_of(asked: Any, renamed: str) -> dict[str, str]:
    """The LaTeX name of each array."""
    pairs = dict(pair.split("=")[::-1] for pair in renamed.split())
    return {name: pairs.get(name, name) for name in asked.declared}


def asked_value(asked: Any, arrays: dict[str, Any]) -> Any:
    return np.asarray(call(asked.function, arrays, Modules()))


UNKNOWN = {
    "f": np.tanh,
    "sigma": lambda x: np.maximum(x, 0),
}


@pytest.mark.parametrize(
    ("id", "latex", "renamed"), [pytest.param(*row, id=row[0]) for row in QUESTIONS]
)
def test_questions(id: str, latex: str, renamed: str) -> None:
    """The function, the variables and the order of real questions."""
    if id == "expm-dt":
        pytest.importorskip("scipy")
    asked = BY_ID.get(id) or next(q for q in EXTRA if q.id == id)
    names = names_of(asked, renamed)
    shapes: dict[str, str] = {
        names[name]: shape.partition(":")[0].strip()
        for name, shape in asked.declared.items()
    }
    shapes |= DECLARED.get(id, {})
    problem = read_problem(latex, shapes)
    rng = np.random.default_rng(zlib.crc32(id.encode()))
    arrays = {n: draw(rng, asked.shape(n), asked.kind(n)) for n in asked.declared}
    given = {names[name]: array for name, array in arrays.items()}
    for name, shape in DECLARED.get(id, {}).items():
        if shape.startswith("1 "):
            given[name] = given[name].reshape(1, -1)
    found = evaluate(problem.expression, given, SIZES.get(id), UNKNOWN)
    wanted = asked_value(asked, arrays)
    order = "F" if "vec" in latex and found.shape != wanted.shape else "C"
    close(np.ravel(found), np.ravel(wanted, order=order))
    if problem.variables:
        assert set(problem.variables) <= {names[name] for name in asked.variables}
        assert problem.order == asked.order


EXTRA = (
    questions.ask(
        "expm-dt",
        "t",
        lambda np, t, x, A, B: (
            x @ pytest.importorskip("scipy.linalg").expm(A * t) @ B @ x
        ),
        t="",
        x="3",
        A="3 3",
        B="3 3",
    ),
)


@pytest.mark.parametrize(("latex", "shapes", "text"), SEEDS)
def test_seeds(latex: str, shapes: dict[str, str], text: str) -> None:
    """Right sides in four threads, macros and all, are what they say."""
    found = ic.parse_latex(MACROS + latex, shapes)
    assert same(found.node, parse(text, shapes).node)


# -- what each sign means --------------------------------------------------------------

SHAPES: dict[str, object] = {
    **dict.fromkeys(("x", "y", "a", "mu", "theta", "y_hat", "x_1"), "n"),
    **dict.fromkeys(("B", "X", "Sigma", "W_out"), "n n"),
    **dict.fromkeys(("s", "alpha", "rate"), ""),
    "A": "m n",
    "z": "m",
    "f": "function",
}

SAME = {
    r"x^{\top}y": "x'*y",
    r"x^Ty": "x'*y",
    r"x^ty": "x'*y",
    r"x'y": "x'*y",
    r"x^\prime y": "x'*y",
    r"x^{\mathsf T}y": "x'*y",
    r"x^\intercal\,y": "x'*y",
    r"B^{-\top}x": "inv(B)'*x",
    r"B^{-T}x": "inv(B)'*x",
    r"B^{-1}x": "inv(B)*x",
    r"B^2x": "B*B*x",
    r"\left[B x\right]^{\circ 2}": "(B*x).^2",
    r"x^{\odot -1/2}": "x.^(-1/2)",
    r"x \circ y": "x∘y",
    r"x \oslash y": "x⊘y",
    r"B \otimes X": "B⊗X",
    r"B \bullet X": "B•X",
    r"x \star y": "x⋆y",
    r"x\cdot y": "x'*y",
    r"s\cdot x": "s*x",
    r"s \times x": "s*x",
    r"B : X": "B:X",
    r"\langle x, y\rangle": "x'*y",
    r"\langle B, X\rangle": "B:X",
    r"\operatorname{Diag}(x)": "Diag(x)",
    r"\operatorname{diag}(B)": "diag(B)",
    r"\operatorname{vec}(A)": "vec(A)",
    r"\mathrm{vec}A": "vec(A)",
    r"\operatorname{tr} ABA^{\top}": "tr(A*B*A')",
    r"\text{Tr}(B)": "tr(B)",
    r"\trace\{B\}": "tr(B)",
    r"\rm Tr(B)": "tr(B)",
    r"\det B": "det(B)",
    r"|B|": "det(B)",
    r"|s|": "abs(s)",
    r"\log|B|": "logdet(B)",
    r"\ln\det B": "logdet(B)",
    r"\log|\det B|": "logdet(B)",
    r"\log\left|\det \left(B X\right)\right|": "logdet(B*X)",
    r"\|x\|": "norm2(x)",
    r"\|x\|_1": "norm1(x)",
    r"\lVert Ax - z\rVert_2^2": "normsq(A*x - z)",
    r"\left\|A\right\|_F^{2}": "normsq(A)",
    r"\big\|x\big\|^2": "normsq(x)",
    r"\frac{x}{\|x\|}": "x/norm2(x)",
    r"\frac12 x": "x/2",
    r"\tfrac{1}{2}x": "x/2",
    r"\sqrt{x^Tx}": "sqrt(x'*x)",
    r"\exp(Ax)": "exp(A*x)",
    r"\exp^{\circ}(B)": "exp(B)",
    r"\operatorname{expm}(B)": "expm(B)",
    r"e^{B}": "expm(B)",
    r"\alpha e^{-\theta^T\theta}": "alpha*exp(-theta'*theta)",
    r"\sigma(Ax)": "sigmoid(A*x)",
    r"\sigma'\left(x\right)": "sigmoid(x)∘(vector(1) - sigmoid(x))",
    r"f(x)": "f(x)",
    r"f'(x)": "D(f)(x)",
    r"f''(x)": "D(D(f))(x)",
    r"\max(x, y)": "max(x, y)",
    r"\operatorname{ReLU}(x)": "relu(x)",
    r"\operatorname{softmax}(x)": "softmax(x)",
    r"1 - \sigma(x)": "vector(1) - sigmoid(x)",
    r"\mathbf{1}^\top x": "sum(x)",
    r"\mathbf 1_n^Tx": "sum(x)",
    r"1^Tx": "sum(x)",
    r"\vec 1^{\,T}x": "sum(x)",
    r"\mathbb{1}'x": "sum(x)",
    r"x - s1": "x - s*ones(n)",
    r"\mathbf{1}_{n\times n} - I_n": "ones(n,n) - eye(n)",
    r"B + I": "B + eye(n)",
    r"B + s\mathbf{I}_{n}": "B + s*eye(n)",
    r"x^Te_1": "x'*e(0,n)",
    r"\hat y - x_1": "y_hat - x_1",
    r"\hat{y} + x_{1}": "y_hat + x_1",
    r"W_{\mathrm{out}}x": "W_out*x",
    r"\mathrm{rate}\,x": "rate*x",
    r"\boldsymbol{\Sigma}^{-1}(\bm x-\boldsymbol\mu)": "inv(Sigma)*(x - mu)",
    r"\mathbf{Bx}": "B*x",
    r"\mathcal{H} : B": "H(n) : B",
    r"\mathcal{H}_n x": "H(n)*x",
    r"\begin{bmatrix} B & x \\ y^T & s \\ \end{bmatrix}": "[B, x; y', s]",
    r"\begin{aligned} F(x) &= Ax \\ &\quad + z \end{aligned}": "A*x + z",
    r"\[ x^Ty. \]": "x'*y",
    r"$$ y = Bx $$": "B*x",
    r"\newcommand{\q}[2]{#1^T #2} \q{x}{By}": "x'*B*y",
    r"\DeclareMathOperator{\lo}{logdet} \lo(B) % the rest": "logdet(B)",
    r"A(\;x\!\odot y\quad)": "A*(x∘y)",
    r"-x^Ty": "-(x'*y)",
    r"x\!:y": "x'*y",
    r"Bx∘y": "(B*x)∘y",
    r"AB\odot A": "(A*B)∘A",
    r"2\cdot 3^2 x": "18*x",
    r"10^{-3} x": "x/1000",
    r"K_{m,n}\operatorname{vec}(A)": "commutation(m,n)*vec(A)",
}


@pytest.mark.parametrize(("latex", "text"), SAME.items())
def test_means(latex: str, text: str) -> None:
    found = parse_latex(latex, SHAPES).node
    assert same(found, parse(text, SHAPES).node), (found, text)


INDEXED = {
    r"A_{ij}x_j": ("A_ij x_j", "i"),
    r"A_{i,j}x_j": ("A_ij x_j", "i"),
    r"A_{ij}^Tz_j": ("A_ji z_j", "i"),
    r"\sum_j A_{ij}x_j": ("A_ij x_j", "i"),
    r"\sum_{i=1}^m\sum_{j=1}^n z_iA_{ij}x_j": ("z_i A_ij x_j", ""),
    r"\sum_{i,j} A_{ij}^2": ("A_ij^2", ""),
    r"\sum\limits_{ij} A_{ij}^2": ("A_ij^2", ""),
    r"B_{\mu\nu}x_\nu": ("B_ij x_j", "i"),
    r"\delta_{ij}x_i": ("x_j", "j"),
    r"(Ax)_i": ("A_ij x_j", "i"),
    r"[A^Tz]_i": ("A_ji z_j", "i"),
    r"(B^{-1})_{ij}x_j": None,
    r"\sum_i (x_i-y_i)^2 + \|x\|^2": ("(x_i - y_i)^2 + x_j x_j", ""),
    r"s\sum_i x_i\log(1+e^{y_i})": ("s x_i log(1 + exp(y_i))", ""),
    r"\log\sum_i e^{x_i}": None,
    r"\sum_i |x_i|": ("abs(x_i)", ""),
    r"x_i y_j - x_j y_i": ("x_i y_j - x_j y_i", "ij"),
    r"\frac{x_i}{s}": ("x_i/s", "i"),
    r"x_i\sqrt{s}": ("x_i sqrt(s)", "i"),
    r"\|Ax\|^2 x_i": ("A_jk x_k A_jl x_l x_i", "i"),
}


@pytest.mark.parametrize(("latex", "wanted"), INDEXED.items())
def test_index_notation(latex: str, wanted: tuple[str, str] | None) -> None:
    found = ic.parse_latex(latex, SHAPES)
    if wanted is None:
        assert found.ndim <= 1
        return
    text, out = wanted
    assert same(found.node, ic.parse_index(text, out, SHAPES).node)


def test_out_orders_the_free_indices() -> None:
    straight = ic.parse_latex("x_i y_j", SHAPES, out="ij")
    assert ic.parse_latex("x_i y_j", SHAPES, out="ji") == straight.T
    shared = ic.parse_latex("x_i y_i", SHAPES, out="i")
    assert shared == ic.parse("x∘y", SHAPES)


def test_inferred_shapes() -> None:
    found = ic.parse_latex(r"\|Ax - y\|^2", infer=True)
    assert sorted(found.variables) == ["A", "x", "y"]


# -- refusals --------------------------------------------------------------------------

REFUSED = {
    r"\foo x": "not in the language",
    r"x^10": "braces",
    r"s^{(2)}": "brackets",
    r"B^*x": "superscript",
    r"x_3": "papers count from 1",
    r"e_i^Tx": "from 1 on",
    r"e_0": "from 1 on",
    r"s/ax": "not clear how far",
    r"1/2 x^Tx": "not clear how far",
    r"\log x^Ty": "not clear where the argument",
    r"\det B x": "not clear where the argument",
    r"\log^2 s": "power of a function",
    r"\exp(B)": "square matrix",
    r"\sqrt{B}": "square matrix",
    r"\sqrt[3]{s}": "square roots",
    r"1 - B": "multiple of I",
    r"x + s": "cannot be added",
    r"\|B\|": "spectral",
    r"\|B\|_2": "spectral",
    r"\|x\|_\infty": "norm",
    r"|x|": "scalar or a square",
    r"x*y": "convolution",
    r"x \times y": "cross product",
    r"x \\ y": "two formulas",
    r"s & s": "two formulas",
    r"x = y = a": "chain",
    r"\|x\|^2 = x^Tx": "equation",
    r"\operatorname{tr}(B) = s": "equation",
    r"\partial x": "not in the language",
    r"\prod_i x_i": "products over an index",
    r"\sum_{i\neq j} x_i": "no index",
    r"\sum_{i=1}^m x_i": "ends at m",
    r"\sum_{i=0}^n x_i": "from 1",
    r"\sum x_i": "over which index",
    r"\sum_i x_i + y_i": "outside its sum",
    r"x_i y_i + a_i": "summed or free",
    r"x_j y_i": "order of the axes",
    r"\sum_i b_i^Tx": "row or a column",
    r"x_i^Ty": "not in index notation",
    r"B^{-1}_{ij}x_j": "inverse",
    r"B_i": "2 axes",
    r"\operatorname{tr}(B_{ij})": "among indices",
    r"\left(x": "never closed",
    r"x\right)": "closes nothing",
    r"\left(x\right]": "closes",
    r"\left.x\right|": "delimiter",
    r"|s": "never closed",
    r"\frac{x}": "lacks an argument",
    r"x^": "lacks an argument",
    r"x^{}": "empty",
    r"x_1_2": "two subscripts",
    r"q x": "not declared",
    r"\text{for all } x": "not declared",
    r"f x": "function",
    r"g(x)": "not declared",
    r"\begin{cases} x \end{cases}": "environment",
    r"\let\a\b x": "cannot be read",
    r"\def\a{\a}\a": "without end",
    r"\input{file} x": "cannot be read",
    r"\langle x, y, a\rangle": "takes",
    r"\log": "lacks its argument",
    r"Hx": "is a function",
    r"\mathbf{H}x": "is a function",
    r"\operatorname{sx}": "not declared",
    r"e^x": "scalar or a square",
}


@pytest.mark.parametrize(("latex", "message"), REFUSED.items())
def test_refused(latex: str, message: str) -> None:
    """What can be read in two ways, or in none, is an error with its place."""
    with pytest.raises(IndexCalcError, match=message.replace("(", r"\(")) as caught:
        parse_latex(latex, SHAPES)
    assert caught.value.position is not None
    assert "^" in str(caught.value).splitlines()[-1]


def test_two_names_that_are_written_alike() -> None:
    for latex, names in [("x_1", ("x1", "x_1")), (r"\theta", ("theta", "θ"))]:
        with pytest.raises(ParseError, match="this may be"):
            parse_latex(latex, dict.fromkeys(names, "n"))
    both = dict.fromkeys(("x1", "x_1"), "n")
    assert ic.parse_latex("x_{{1}}", both) == ic.tensor("x_1", "n")


def test_kinds_of_error() -> None:
    for latex, kind in [
        (r"Ay_{}", ParseError),
        (r"Bz", ShapeError),
        (r"\|B\|", UnsupportedError),
        ("(" * 2_000, BudgetError),
        ("x" * 200_000, BudgetError),
    ]:
        with pytest.raises(kind):
            parse_latex(latex, SHAPES)


def test_the_caret_is_in_the_latex() -> None:
    with pytest.raises(ShapeError) as caught:
        parse_latex(r"\mathbf{A}^\top\,\left(x\right)", SHAPES)
    assert str(caught.value).splitlines()[1:] == [
        r"  \mathbf{A}^\top\,\left(x\right)",
        r"                        ^",
    ]


def test_nothing_else_is_raised() -> None:
    """Random changes to real formulas end in a value or in an `IndexCalcError`."""
    texts = [row[1] for row in QUESTIONS] + [row[0] for row in SEEDS] + [*REFUSED]
    commands = r"\frac \left( \right) \| \sum_i \mathbf{ \log \det \\ \q \def\q#1{"
    pieces = [*"{}()[]|^_'&+-*/=,.1ix\\", *commands.split(), "^{-1}", "_{ij}"]
    shapes = {**SHAPES, **dict.fromkeys("CWVSK", "n n")}
    for seed in range(400):
        draws = Random(seed)
        text = draws.choice(texts)
        for _ in range(draws.randint(1, 4)):
            i = draws.randint(0, len(text))
            j = min(len(text), i + draws.randint(0, 6))
            text = text[:i] + draws.choice(["", *pieces]) + text[j if j % 2 else i :]
        for reader in (parse_latex, read_problem):
            with suppress(IndexCalcError):
                reader(text, shapes)


# -- problems --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "variables", "order"),
    [
        (r"\partial_x x^Ty", ("x",), 1),
        (r"\nabla x^Ty", (), 1),
        (r"\nabla_x^2 x^TBx", ("x",), 2),
        (r"\frac{\partial}{\partial x} x^Ty", ("x",), 1),
        (r"\frac{\partial^2}{\partial x^2} x^TBx", ("x",), 2),
        (r"\frac{\partial^2 x^TBy}{\partial x\,\partial y}", ("x", "y"), 2),
        (r"\frac{d\,(x^Ty)}{dx}", ("x",), 1),
        (r"\partial x^Ty/\partial x", ("x",), 1),
        (r"\partial_{\boldsymbol\theta}\|\theta\|^2", ("theta",), 1),
        (r"D_x\, x^Ty", ("x",), 1),
        (r"D(x^Ty, x)", ("x",), 1),
        (r"g(x) = x^Ty", (), 1),
        (r"x^Tv,\ v = Bx", (), 1),
    ],
)
def test_problem(latex: str, variables: tuple[str, ...], order: int) -> None:
    problem = read_problem(latex, SHAPES)
    assert (problem.variables, problem.order) == (variables, order)
    assert problem.expression.shape == ()


@pytest.mark.parametrize(
    "latex",
    [
        r"\partial x^Ty",
        r"\frac{\partial^2}{\partial x}x",
        r"\frac{\partial}{\partial q}x",
        r"\partial v^Tx/\partial v,\ v = Bx",
        r"x^Tv,\ v = w,\ w = v",
        r"\operatorname{tr}(BXBX)=\mathrm{vec}(X)^T",
        r"x, y",
    ],
)
def test_problem_refused(latex: str) -> None:
    with pytest.raises(IndexCalcError):
        read_problem(latex, SHAPES)


def test_definitions_are_put_in() -> None:
    problem = read_problem(r"\partial v^Tv/\partial x,\ v = Bw,\ w = x - y", SHAPES)
    assert same(problem.expression, parse("normsq(B*(x - y))", SHAPES).node)
    assert sorted(problem.parsed.shapes) == sorted(set(SHAPES) - {"f"})


# -- back from the matrix form ---------------------------------------------------------


def test_matrix_latex_reads_back() -> None:
    """The LaTeX that matrix forms are printed in is read as what they were."""
    texts = [
        "x'*inv(B)*y",
        "Diag(x)*B",
        "tr(B*X')*x",
        "exp(A*x)∘z",
        "B⊗X",
        "norm2(A*x)",
        "logdet(B)*x",
        "x.^2",
        "x/norm2(x)",
        "inv(B)'*x*y'",
        "sum(x)*ones(n)",
        "diag(B*X')",
        "A'*Diag(z)*A",
        "sigmoid(x)",
        "D(f)(x)∘y",
    ]
    for text in texts:
        node = fuse(parse(text, SHAPES).node)
        latex = ic.parse(text, SHAPES).matrix().latex
        back = parse_latex(latex, SHAPES).node
        assert same(back, node), latex
