"""LaTeX of index notation: what it says, that it converts, that no name escapes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import indexcalc as ic
from indexcalc import expr
from indexcalc.errors import IndexCalcError, ParseError, UnsupportedError
from indexcalc.expansion import same
from indexcalc.formula_image import mathml, svg
from indexcalc.functions import unknown
from indexcalc.index_latex import IndexLatex, index_latex
from indexcalc.index_text import index_text
from indexcalc.latex_names import latex_name, latex_number
from indexcalc.nodes import Node
from indexcalc.simplify import fuse
from tests.questions import QUESTIONS
from tests.random_nodes import draw
from tests.test_questions import expression_of

SHAPES = {"A": "m n", "B": "n n", "x": "n", "y": "n", "z": "m", "s": "", "x1": "n"}


def node_of(text: str) -> Node:
    return ic.parse(text, {**SHAPES, "f": "function", "X": "n p", "C": "n p"}).node


# -- what it says ----------------------------------------------------------------------

FORMULAS = {
    "A*x": ("A_{ij} x_{j}", r"\sum_{j} A_{ij} x_{j}"),
    "Diag(x)": (r"\delta_{ij} x_{i}", r"\delta_{ij} x_{i}"),
    "x1'*y": ("{x_{1}}_{i} y_{i}", r"\sum_{i} {x_{1}}_{i} y_{i}"),
    "x/2 - y": (r"\frac{1}{2} x_{i} - y_{i}", r"\frac{1}{2} x_{i} - y_{i}"),
    "x/norm2(x)": (r"\frac{x_{i}}{\|x\|}", r"\frac{x_{i}}{\|x\|}"),
    "exp(A*x)": (r"\exp(A_{ij} x_{j})", r"\exp\left(\sum_{j} A_{ij} x_{j}\right)"),
    "sqrt(x'*x)": (r"\sqrt{\sum_{i} x_{i}^{2}}", r"\sqrt{\sum_{i} x_{i}^{2}}"),
    "x⊘y": (r"\frac{x_{i}}{y_{i}}", r"\frac{x_{i}}{y_{i}}"),
    "1./(x.*y)": (r"\frac{1}{x_{i} y_{i}}", r"\frac{1}{x_{i} y_{i}}"),
    "D(D(f))(x)": ("f''(x_{i})", "f''(x_{i})"),
    "inv(B)*x": ("(B^{-1})_{ij} x_{j}", r"\sum_{j} (B^{-1})_{ij} x_{j}"),
    "logdet(B)": (r"\log\left|\det B\right|",) * 2,
    "abs(x)": (r"\left|x_{i}\right|",) * 2,
    "norm2(x)": (r"\|x\|",) * 2,
    "tr(B)*n": ("n B_{ii}", r"n \sum_{i} B_{ii}"),
    "e(0,n)": ("{e_{1}}_{i}",) * 2,
    "x.^y": ("x_{i}^{y_{i}}",) * 2,
}


@pytest.mark.parametrize(("text", "wanted"), FORMULAS.items())
def test_formulas(text: str, wanted: tuple[str, str]) -> None:
    node = node_of(text)
    assert index_latex(node).text == wanted[0]
    assert index_latex(node, sums="explicit").text == wanted[1]


def test_where_and_axes() -> None:
    found = index_latex(node_of("inv(A'*A)*x"), ["row"])
    assert found.axes == (r"\mathrm{row}",)
    assert found.where == (("K_{ij}", "A_{ki} A_{kj}"),)
    assert str(found).endswith(r"\quad\text{where}\quad K_{ij} = A_{ki} A_{kj}")


def test_the_row_sums() -> None:
    slope = ic.parse("(X .* C)*ones(p)", X="n p", C="n p").diff("C")
    assert index_latex(slope.node).text == r"\delta_{ij} X_{ik}"


def test_sums_are_of_two_kinds() -> None:
    with pytest.raises(UnsupportedError, match="einstein or explicit"):
        index_latex(node_of("A*x"), sums="all")  # type: ignore[arg-type]


# -- one walk, two spellings -----------------------------------------------------------


def nodes() -> list[Node]:
    """Random nodes, and the gradients of real questions."""
    real = [expression_of(asked).diff(asked.variables[0]).node for asked in QUESTIONS]
    return [draw(seed).node for seed in range(60)] + real


def written() -> list[IndexLatex]:
    return [
        index_latex(node, sums=sums)  # type: ignore[arg-type]
        for node in nodes()
        for sums in ("einstein", "explicit")
    ]


def test_plain_and_latex_name_the_same() -> None:
    for node in nodes():
        plain, latex = index_text(node), index_latex(node)
        assert [latex_name(a) if a[0] != "(" else a for a in plain.axes] == [
            *latex.axes
        ]
        assert len(plain.where) == len(latex.where)
        assert latex.text.count("{") == latex.text.count("}")


def test_formulas_are_deterministic() -> None:
    first, second = (index_latex(node_of("A*x + A*(x∘y)")) for _ in range(2))
    assert first == second


def test_explicit_sums_read_back() -> None:
    """What needs no `where`, no ones and no norm is read as what it was."""
    count = 0
    for asked in QUESTIONS:
        expression = expression_of(asked)
        for node in (expression.node, expression.diff(asked.variables[0]).node):
            found = index_latex(node, sums="explicit")
            shapes = {name: tuple(v.shape) for name, v in expression.variables.items()}
            if found.where or "1_" in found.text or "\\|" in found.text:
                continue
            try:
                back = ic.parse_latex(found.text, shapes, out="".join(found.axes))
            except IndexCalcError:
                continue
            assert same(back.node, fuse(node)), found.text
            count += 1
    assert count > 70


# -- names -----------------------------------------------------------------------------

HOSTILE = (
    *("}$\\input{x}", "a%b", "$x$", "{", "}", "\\", "^", "~", "#", "&", "'", "", "_"),
    *("<script>", 'a"b', "\u202eab", "x\x00y", "a\nb", "x" * 300, "größe", "变"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_place(name: str) -> None:
    """Only letters, digits, our own commands and braces that pair reach the output."""
    for latex in (latex_name(name), latex_name(name, bold=True)):
        assert latex.isascii()
        assert not set(latex) & set('$%#&~<>"\n\x00^')
        commands = latex.split("\\")[1:]
        assert all(c.startswith(("mathrm{", "mathbf{", "_")) for c in commands)
        depth = 0
        for before, after in pairwise(" " + latex):
            depth += (after == "{") - (after == "}" and before != "\\")
            assert depth >= 0
        assert depth == 0
        assert len(latex) < 400


def test_different_names_differ() -> None:
    names = ["x", "x1", "x_1", "x12", "x_hat", "xhat", "x'", "x''", "X", "alpha", "a"]
    names += ["rate", "r_ate", "ra_te", "x_a_b", "a" * 100, "a" * 101, "Α", "A", "α_1"]
    names += ["epsilon", "ε", "x1_a", "x_", "_x", "m_1a"]
    assert len({latex_name(name) for name in names}) == len(names)


def test_names_as_people_write_them() -> None:
    wanted = {
        "lambda": r"\lambda",
        "λ": r"\lambda",
        "x1": "x_{1}",
        "y_bar": r"\bar{y}",
        "mu_hat": r"\hat{\mu}",
        "W_out": r"W_{\mathrm{out}}",
        "x_i": "x_{i}",
        "rate": r"\mathrm{rate}",
        "f′": "f'",
    }
    assert {name: latex_name(name) for name in wanted} == wanted


def test_names_read_back() -> None:
    for name in ("x1", "x_1", "lambda", "W_out", "y_hat", "rate", "x1_a", "theta2"):
        found = ic.parse_latex(latex_name(name), {name: "n"})
        assert list(found.variables) == [name]
        assert same(found.node, ic.tensor(name, "n").node)


def test_numbers() -> None:
    assert latex_number(-3) == "-3"
    assert latex_number(1e-12) == "10^{-12}"
    assert latex_number(2.5e-9) == r"2.5 \cdot 10^{-9}"
    assert latex_number(1.5 + 2j) == r"\left(1.5 + 2\mathrm{i}\right)"


# -- pictures --------------------------------------------------------------------------


def test_everything_converts() -> None:
    pytest.importorskip("latex2mathml")
    pytest.importorskip("ziamath")
    texts = sorted({str(found) for found in written()}, key=len)
    for text in texts[::4]:
        assert mathml(text).startswith("<math")
    for text in texts[: len(texts) // 2 : 9]:
        assert "<svg" in svg(text)


def test_names_convert() -> None:
    pytest.importorskip("latex2mathml")
    for name in HOSTILE:
        assert "<script" not in mathml(latex_name(name))


def test_all_compile(tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not on this machine")
    formulas = "\n".join(f"$ {text} $\n" for text in map(str, written()))
    source = tmp_path / "formulas.tex"
    source.write_text(
        "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\n"
        f"{formulas}\\end{{document}}\n",
        encoding="utf-8",
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", source.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2_000:]


@pytest.mark.parametrize(
    ("convert", "module"), [(mathml, "latex2mathml.converter"), (svg, "ziamath")]
)
def test_a_missing_converter_is_named(
    convert: object, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert callable(convert)
    with pytest.raises(UnsupportedError, match=r"indexcalc\[math\]"):
        convert("x")


def test_a_formula_that_is_none() -> None:
    pytest.importorskip("latex2mathml")
    with pytest.raises(ParseError, match="could not be converted"):
        mathml("x_1_2")


def test_unknown_functions_of_several_arguments() -> None:
    x, y = expr.tensor("x", ("n",)), expr.tensor("y", ("n",))
    assert index_latex(unknown("g", [x, y], (1, 0))).text == "g^{(1,0)}(x_{i}, y_{i})"


def test_mathml_is_what_browsers_draw() -> None:
    pytest.importorskip("latex2mathml")
    shown = mathml(
        r"\mathrm{d}X \mathbf{1} \operatorname{Diag}\left(x\right) < \text{<b>}"
    )
    assert '<mi mathvariant="normal">d</mi>' in shown, "a d that is no variable"
    assert "𝟏" in shown
    assert "bold" not in shown
    assert "<mi>Diag</mi>" in shown
    assert 'stretchy="true"' not in shown
    assert 'stretchy="true"' in mathml(r"\left(\frac{1}{2}\right)")
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
