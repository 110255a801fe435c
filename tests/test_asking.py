"""What the terminal and the web page share: problems read, every notation, data."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.asking.notation import NOTATIONS, Manner, each, said
from indexcalc.asking.problem import Asked, Problem, read
from indexcalc.asking.shapes import declared
from indexcalc.asking.sheet import error_data, sheet
from indexcalc.asking.verification import difference, verify
from indexcalc.errors import (
    EvaluationError,
    IndexCalcError,
    ParseError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
)
from tests.hostile_names import HOSTILE

# -- declarations ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        (" ; \n", {}),
        ("x: n", {"x": "n"}),
        ("X, A: n p; c:", {"X": "n p", "A": "n p", "c": ""}),
        ("S : n n : symmetric\nf: function", {"S": "n n : symmetric", "f": "function"}),
        ("a b: vector", {"a": "vector", "b": "vector"}),
    ],
)
def test_declarations(text: str, found: Mapping[str, object]) -> None:
    """Names, a colon, a shape; parted by semicolons or lines."""
    assert declared(text) == found


@pytest.mark.parametrize(
    ("text", "place"), [("x n", 3), (": n", 0), ("x: n; y, x: m", 9), ("x: n; y", 7)]
)
def test_declarations_refused(text: str, place: int) -> None:
    """The place of what is wrong."""
    with pytest.raises(ParseError) as caught:
        declared(text)
    assert caught.value.position == place


@pytest.mark.parametrize(
    ("kind", "shape", "structure"),
    [
        ("scalar", 0, ""),
        ("vector", 1, ""),
        ("positive vector", 1, "positive"),
        ("matrix", 2, ""),
        ("symmetric matrix", 2, "symmetric"),
        ("complex matrix", 2, "complex"),
    ],
)
def test_kinds(kind: str, shape: int, structure: str) -> None:
    """A variable may be declared by what it is; the text gives its sizes."""
    leaf = ic.parse("2*q", q=kind).scope["q"]
    assert (len(leaf.shape), leaf.structure) == (shape, structure)
    assert not any("ʔ" in str(size) for size in leaf.shape)


def test_square() -> None:
    """A square matrix has one size, and so has a symmetric one."""
    assert (
        len(set(ic.parse("A*x", A="square matrix", x="vector").scope["A"].shape)) == 1
    )
    assert len(set(ic.parse("A*x", A="matrix", x="vector").scope["A"].shape)) == 2


@pytest.mark.parametrize("kind", ["square vector", "symmetric vector", "pd scalar"])
def test_kinds_that_are_none(kind: str) -> None:
    """Only a matrix is square."""
    with pytest.raises(ShapeError, match="only a"):
        ic.parse("2*q", q=kind)


@pytest.mark.parametrize("shape", ["m x n", "m by n", "3x4", "m X n x p"])
def test_times_between_sizes(shape: str) -> None:
    """What people write for ×, which is read, is told how to write."""
    with pytest.raises(ShapeError, match="write '"):
        ic.tensor("A", shape)
    assert ic.tensor("A", "m×n") == ic.tensor("A", "m n")
    odd = ic.tensor("A", "m", "x", "n")
    assert eval(repr(odd)) == odd


def test_kinds_need_a_text_that_gives_sizes() -> None:
    """Index notation and bare tensors find no sizes."""
    with pytest.raises(ShapeError, match="without sizes"):
        ic.parse_index("A_ij x_j", "i", A="matrix", x="vector")
    with pytest.raises(ShapeError, match="without sizes"):
        ic.tensor("x", "vector")


# -- problems --------------------------------------------------------------------------


def asked(text: str, shapes: str = "", *by: str, **more: object) -> Problem:
    """A problem, its shapes as a line."""
    return read(Asked(text, declared(shapes), by, **more))


@pytest.mark.parametrize(
    ("text", "shapes", "notation", "symbols"),
    [
        ("x'*A*x", "", "text", "x: m; A: m m"),
        ("y = A*x", "A: m n; x: n", "text", "A: m n; x: n"),
        ("Ax", "A: matrix; x: vector", "paper", "A: m n; x: n"),
        (r"\|Ax-b\|^2", "", "latex", "A: m n; x: n; b: m"),
        (r"$x^\top S x$", "S: symmetric matrix", "latex", "x: m; S: m m : symmetric"),
        ("norm2(A*x-b)^2", "", "text", "A: m n; x: n; b: m"),
        ("||A*x - b||^2", "", "paper", "A: m n; x: n; b: m"),
        ("A_ij x_j", "", "index", "A: m n; x: n"),
        ("y_j = A_ij x_i + b_j", "A: p q", "index", "A: p q; x: p; b: q"),
        ("x_i A_ij x_j", "", "index", "x: m; A: m m"),
        ("δ_ij A_jk B_kl", "", "index", "A: m n; B: n p"),
        ("Ax", "", "paper", "A: m n; x: n"),
        ("AX∘AX", "", "paper", "A: m n; X: n p"),
        ("Sig*x", "", "text", "Sig: m n; x: n"),
        ("X beta", "", "paper", "X: m n; β: "),
        (
            r"\|y - X\beta\|^2 + \lambda\|\beta\|_1",
            "",
            "latex",
            "y: m; X: m n; β: n; λ: ",
        ),
        (r"(x-\mu)^\top\Sigma^{-1}(x-\mu)", "", "latex", "x: m; μ: m; Σ: m m"),
        (
            r"\begin{align} f(x) &= x^\top A x \\ &\quad + b^\top x \end{align}",
            "",
            "latex",
            "x: m; A: m m; b: m",
        ),
        (
            r"\mu^\top\Sigma\mu",
            "mu: vector; Sigma: symmetric matrix",
            "latex",
            "μ: m; Σ: m m : symmetric",
        ),
        (r"a_i b_j c_k \epsilon_{ijk}", "", "latex", "a: 3; b: 3; c: 3"),
        (r"\sum_{i,j} P_{ij} C_{ij}", "", "latex", "P: m n; C: m n"),
        (r"\sum_i x_i^2", "", "latex", "x: m"),
        (r"\delta_{ij} A_{ij}", "", "latex", "A: m m"),
        (r"\sigma_n^2 \|x\|^2", "", "latex", "x: m; σ_n: "),
        (r"\log 2\pi + x^\top x", "", "latex", "x: m"),
        ("det(A - l*eye)", "", "text", "A: m m; l: "),
        ("A x + b", "", "paper", "A: m n; x: n; b: m"),
        ("log(2*pi) + π*x'*x", "", "text", "x: m"),
        ("K*c where K = A + u*u', u = A*x", "A: m m; c, x: m", "text", ""),
    ],
)
def test_read(text: str, shapes: str, notation: str, symbols: str) -> None:
    """The notation is recognised; letters are what goes together."""
    problem = asked(text, shapes)
    assert problem.notation == notation
    if symbols:
        assert "; ".join(map(str, problem.symbols)) == symbols


def test_index_notation_asked_for() -> None:
    """Shapes are found by the number of indices; `out` is the free ones."""
    problem = asked("A_ij B_jk", notation="index", out="ik")
    assert "; ".join(map(str, problem.symbols)) == "A: m n; B: n p"
    assert problem.expression == ic.parse("A*B", A="m n", B="n p")
    with pytest.raises(UnknownNameError):
        asked("A_ij x_j", notation="index", infer=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A_ij (x_j - b_j)", "A(x − b)"),
        ("(x_i + y_i) A_ij", "Aᵀ(x + y)"),
        ("x_i (y_j - z_j)", "x(y − z)ᵀ"),
        ("(x_i + y_i) z_i", "zᵀ(x + y)"),
        ("∑_j A_ij", "A𝟏"),
        ("x_i + 1", "𝟏 + x"),
        ("3", "3"),
    ],
)
def test_indices_that_stand_once_are_free(text: str, shown: str) -> None:
    """Whatever brackets stand between; one in brackets is not summed unsaid."""
    found = asked(text, notation="index").expression
    assert str(found.matrix("paper")) == shown


def test_no_index_in_index_notation() -> None:
    with pytest.raises(UnknownNameError) as caught:
        asked("x'*A*x", notation="index")
    assert caught.value.position == 0


def test_given_and_found() -> None:
    """It is told which shapes were found."""
    problem = asked("x'*A*x + c", "x: n")
    assert {s.name: s.given for s in problem.symbols} == {
        "x": True,
        "A": False,
        "c": False,
    }


def test_questions_say_by_what() -> None:
    """The operator in front gives the variable and the order."""
    problem = asked(r"\nabla_x^2 \|Ax-b\|^2")
    assert (problem.by, problem.order) == (("x",), 2)
    assert str(problem.derivative("x").matrix("paper")) == "2AᵀA"


@pytest.mark.parametrize("order", range(4))
def test_orders(order: int) -> None:
    """The derivative of an order has its axes, and is the engine's."""
    problem = asked("sum(x.^4)", "x: n", "x", order=order)
    found = problem.derivative("x")
    assert found.ndim == order
    f = problem.expression
    assert (
        order == 0
        or found == [f.diff("x"), f.hessian("x"), f.diff("x", "x", "x")][order - 1]
    )


def test_mixed() -> None:
    """Two variables make a mixed derivative."""
    problem = asked("x'*A*y", "", "x", "y", order=2)
    assert problem.derivative("x", "y") == ic.parse("A", A="m n")


def test_one_entry_is_a_scalar() -> None:
    """A 1×1 value has a gradient."""
    problem = asked("ones(1,m)*X*ones(n,1)", "X: m n", "X")
    assert [len(e.shape) for e in (problem.expression, problem.derivative("X"))] == [
        2,
        2,
    ]


@pytest.mark.parametrize(
    ("text", "more", "kind"),
    [
        ("", {}, ParseError),
        ("x", {"order": 9}, ParseError),
        ("x", {"order": -1}, ParseError),
        ("x", {"notation": "roman"}, ParseError),
        ("A*", {}, ParseError),
        ("y = = x", {}, ParseError),
        ("q", {"infer": False}, UnknownNameError),
        ("x*y", {}, ShapeError),
        ("e^A", {}, ParseError),
        ("A \\ b", {}, ParseError),
        ("sin(x)^2", {}, ShapeError),
    ],
)
def test_refused(text: str, more: dict[str, object], kind: type[Exception]) -> None:
    """A sentence, whatever is asked."""
    with pytest.raises(kind):
        asked(text, **more)


def test_wanted() -> None:
    """All variables where none is named; an unknown one is told."""
    assert asked("x'*A*y").wanted() == ("x", "A", "y")
    with pytest.raises(UnknownNameError, match="it has x"):
        asked("x'*x", "", "z").wanted()
    with pytest.raises(UnknownNameError, match="no variable"):
        asked("3").wanted()


def test_an_undeclared_function_is_no_factor() -> None:
    """f(g(x)) is not fgx; A(x+y) is a product."""
    with pytest.raises(IndexCalcError, match="f"):
        asked("f(g(x))")
    assert asked("A(x+y)").notation == "paper"
    assert str(asked("f(x)", "f: function").expression) == "f(x_i)"


@pytest.mark.parametrize("name", ["Sigma", "\\Sigma", "Σ"])
@pytest.mark.parametrize("given", ["Sigma", "\\Sigma", "Σ"])
def test_greek(name: str, given: str) -> None:
    """A Greek letter may be named in any of its spellings."""
    problem = asked(r"\log\det\Sigma", f"{given}: n n", name)
    assert len(problem.wanted()) == 1
    assert str(problem.derivative(*problem.wanted()).matrix("paper"))


def test_guesses_keep_what_was_declared() -> None:
    """Only letters that nobody declared are meant otherwise."""
    with pytest.raises(ShapeError):
        asked("A*x - b", "A: m n; x: n; b:")
    problem = asked("A*x - b", "A: m n; x: n")
    assert str(problem.symbols[-1]) == "b: m"


# -- notations -------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTATIONS)
def test_every_notation(name: str) -> None:
    """Each says a gradient, or is refused in one sentence; twice the same."""
    if "mathml" in name:
        pytest.importorskip("latex2mathml")
    e = asked("norm2(A*x-b)^2", "A: m n; x: n; b: m").derivative("x")
    assert said(e, name) == said(e, name)
    assert said(e, name).strip()


def test_manner() -> None:
    """The layout, the order of vec, and named parts."""
    e = asked("A*X", "A: m n; X: n p").derivative("X")
    texts = {
        said(e, "vec", Manner(layout, order))
        for layout in ("numerator", "denominator")
        for order in "FC"
    }
    assert len(texts) == 4


def test_reasons() -> None:
    """Where there is no such notation the reason stands in its place."""
    y = asked("A*x", "A: m n; x: n").expression
    found = each(y, ["index", "vec"])
    assert found["index"] == {"text": "A_ij x_j"}
    assert "not a derivative" in found["vec"]["reason"]
    with pytest.raises(ParseError, match="one of index"):
        said(y, "runes")


def test_document_reads_back() -> None:
    """The document is the expression's own."""
    e = asked("tr(A'*X)", "", "X").derivative("X")
    assert ic.expression_from_json(said(e, "document")) == e


# -- sheets ----------------------------------------------------------------------------


FIVE = {
    "(X ∘ A) * ones(p)": ("X, A: n p", "A"),
    "W * (A*X ∘ (A*X)) * ones(3)": ("W: k k; A: k n; X: n 3", "X"),
    "x ∘ y ∘ z": ("x, y, z: n", "x"),
    "a' * (B * (x*c' ∘ D) ∘ E) * f": (
        "a: p; B: p b; x: b; c, f: e; D: b e; E: p e",
        "x",
    ),
    "A * (B * (x*c' ∘ D) ∘ E) * f": (
        "A: q p; B: p b; x: b; c, f: e; D: b e; E: p e",
        "x",
    ),
}


@pytest.mark.parametrize("text", FIVE)
def test_sheets_are_data(text: str) -> None:
    """JSON holds a sheet of each worked problem; nothing of the derivative is missing
    but matrix notation of three axes that nothing joins."""
    shapes, variable = FIVE[text]
    found = sheet(asked(text, shapes, variable))
    assert json.loads(json.dumps(found)) == found
    (answer,) = found["answers"]
    refused = {name for name, way in answer["said"].items() if "reason" in way}
    assert refused <= {"matrix", "paper"}
    assert verify(asked(text, shapes, variable), variable).right


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_data(name: str) -> None:
    """Whatever a name holds, a sheet or an error is made of it."""
    try:
        found = sheet(read(Asked(f"sum({name})", {name: "n"})))
    except IndexCalcError as error:
        found = error_data(error)
    assert json.loads(json.dumps(found))


def test_errors_are_data() -> None:
    """The sentence, the way out, and the place."""
    with pytest.raises(ShapeError) as caught:
        asked("A*x", "A: m n; x: m")
    found = error_data(caught.value)
    assert found["position"] == 1
    assert found["text"] == "A*x"


# -- verification ----------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    "text",
    [
        "norm2(A*x-b)^2",
        "sum(log(exp(-y.*(X*w))+vector(1)))",
        "logdet(X*X')",
        "det(X)*tr(inv(X))",
        "sum(sqrt(x))",
        "log(x'*x)",
        "f(x)'*x",
    ],
)
def test_verified(text: str, order: int) -> None:
    """Right derivatives agree with differences."""
    shapes = "f: function; x: n" if "f(" in text else ""
    problem = asked(text, shapes, order=order)
    for name in problem.wanted():
        assert verify(problem, name).right


def test_verification_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivative that is wrong by a thousandth is noticed."""
    problem = asked("sum(x.^3)", "x: n", "x")
    right = problem.derivative("x")
    wrong = {0: problem.expression, 1: right * 1.001}
    monkeypatch.setattr(
        Problem, "derivative", lambda self, *by, order=None: wrong[order]
    )
    assert not verify(problem, "x").right


@pytest.mark.parametrize(
    ("text", "shapes", "more"),
    [
        ("tr(Q*A)", "Q: n n : orthogonal; A: n n", {}),
        ("tr(S*S)", "S: n n : symmetric", {"convention": "free_entries"}),
        ("tr(A)", "A: n n", {"order": 0}),
    ],
)
def test_not_verified(text: str, shapes: str, more: dict[str, object]) -> None:
    """Where differences say nothing, that is said."""
    problem = asked(text, shapes, **more)
    with pytest.raises(UnsupportedError, match="differences"):
        verify(problem, problem.variables[0])


def test_no_values() -> None:
    """A function without values has no differences."""
    problem = asked("log(-(x'*x))", "x: n", "x")
    with pytest.raises(EvaluationError, match="no random arrays"):
        verify(problem, "x")


def test_differences() -> None:
    """Extrapolated differences are exact to rounding."""
    x, d = np.array([0.3, -1.0]), np.array([1.0, 2.0])
    assert np.allclose(difference(np.exp, x, d), np.exp(x) * d, rtol=1e-11)
