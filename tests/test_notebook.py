"""What notebooks show: formulas that typeset, tables, and nothing that breaks out.

What the library gives a front end is read by other programs, so it is looked at as they
do: LaTeX is converted, HTML and Markdown are searched for what a name could smuggle in.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import expr, marked
from indexcalc.formula_image import mathml
from indexcalc.notebook import LONGEST
from indexcalc.sizes import dim
from tests.hostile_names import HOSTILE

SHAPES = {"X": "n p", "A": "n p", "B": "n n", "x": "n", "y": "n", "c": ""}

EXPRESSIONS = {
    text: ic.parse(text, SHAPES)
    for text in (
        "c",
        "(X ∘ A) * ones(p)",
        "X' * B * A",
        "norm2(B*x - y)",
        "sum(log(exp(-y .* (B*x)) .+ 1))",
        "logdet(X'*A)",
        "inv(B)",
        "softmax(B*x)",
    )
}
DERIVATIVES = {
    (text, *by): e.diff(*by)
    for text, e in EXPRESSIONS.items()
    for by in (("x",), ("B",), ("B", "x"))
    if set(by) <= set(e.scope)
}


def formulas(text: str) -> list[str]:
    """The formulas of a text in Markdown or LaTeX."""
    return re.findall(r"(?<!\\)\$([^$]+)\$", text)


@pytest.mark.parametrize("e", [*EXPRESSIONS.values(), *DERIVATIVES.values()], ids=str)
def test_what_is_shown_can_be_typeset(e: ic.Expression) -> None:
    pytest.importorskip("latex2mathml")
    shown = e._repr_mimebundle_()
    assert shown["text/plain"] == str(e)
    assert ("text/markdown" in shown) == (e.ndim > 2)
    for kind in set(shown) - {"text/plain"}:
        found = formulas(shown[kind])
        assert found
        for latex in found:
            assert "&amp;" not in mathml(latex)


def test_a_matrix_is_shown_as_one() -> None:
    shown = ic.parse("X' * B * A", SHAPES)._repr_mimebundle_()
    assert shown["text/latex"] == r"$\displaystyle X^{\top} B A$"


def test_long_formulas_have_parts() -> None:
    H = ic.parse("norm2(B*x - y)", SHAPES).hessian("x")
    assert r"\text{where}\quad u = B x - y" in (H._repr_latex_() or "")


def test_three_axes_are_listed() -> None:
    lines = DERIVATIVES["X' * B * A", "B"]._repr_mimebundle_()["text/markdown"]
    assert lines.splitlines() == [
        r"- entries: $\dfrac{\partial F_{ij}}{\partial B_{kl}} = X_{ki} A_{lj}$",
        r"- differential: $\mathrm{d}F = X^{\top} \, \mathrm{d}B A$",
        r"- over vec: $\dfrac{\partial \operatorname{vec}(F)}"
        r"{\partial \operatorname{vec}(B)^{\top}} = A^{\top} \otimes X^{\top}$",
    ]


def test_the_name_of_the_value_is_free() -> None:
    F, y = ic.tensors("F y", "n n"), ic.tensor("y", "n")
    shown = (F[0] @ y).diff("F")._repr_mimebundle_()["text/markdown"]
    assert r"\partial u_{i}" in shown, "y is a variable here"


@pytest.mark.parametrize("layout", ["value_first", "variable_first"])
def test_indices_stand_where_their_axes_do(layout: str) -> None:
    e = ic.parse("A * X", A="m n", X="n p").diff("X", layout=layout)
    left = r"F_{ij}}{\partial X_{kl}}" if layout == "value_first" else r"X_{ij}}"
    assert left in e._repr_mimebundle_()["text/markdown"]


def test_what_is_too_long_is_text() -> None:
    names = [f"x_{k}" for k in range(LONGEST // 4)]
    long = ic.parse(" + ".join(names), dict.fromkeys(names, ""))
    assert set(long._repr_mimebundle_()) == {"text/plain"}
    assert long._repr_latex_() is None


def test_what_cannot_be_written_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> str:
        raise ic.BudgetError("too many terms")

    monkeypatch.setattr(ic.Expression, "index", refuse)
    shown = ic.parse("x + y", SHAPES)._repr_mimebundle_()
    assert "too many terms" in shown["text/plain"]


class Printer:
    """What IPython gives `_repr_pretty_`."""

    def __init__(self) -> None:
        self.shown = ""

    def text(self, text: str) -> None:
        self.shown += text


def test_ipython_prints_index_notation() -> None:
    printer = Printer()
    ic.parse("B * x", SHAPES)._repr_pretty_(printer, False)
    assert printer.shown == "B_ij x_j"


# -- results ---------------------------------------------------------------------------


def results(name: str) -> dict[str, Any]:
    """One of every kind of result, about variables of that name."""
    n = dim("n")
    a = ic.Expression(expr.tensor(name, (n, n)))
    w = ic.Expression(expr.tensor(name + "w", (n,)))
    f = ic.einsum("i,ij,j->", w, a, w)
    J = (a @ w).diff(a)
    array, vector = np.eye(3), np.ones(3)
    compiled = J.compile()
    compiled({name: array, name + "w": vector})
    return {
        "expression": J,
        "matrix": J.jacobian_matrix(),
        "slices": J.slices()[0],
        "steps": f.steps(w),
        "ledger": f.ledger(),
        "verdict": ic.check(f, w, a @ w),
        "right": ic.check(f, w, a @ w + a.T @ w),
        "compiled": compiled,
        "plan": J.plan(n=3),
        "structured": J.evaluate({name + "w": vector}, structured=True),
        "diagram": J.diagram(),
        "film": (a @ w).film(a),
        "index": J.index(),
        "lowered": J.lowered(),
    }


KINDS = ("mimebundle", "markdown", "html", "latex", "svg")


def shown(result: Any) -> dict[str, str]:
    """Every way in which a result shows itself."""
    found = {k: getattr(result, f"_repr_{k}_", lambda: None)() for k in KINDS}
    bundle = found.pop("mimebundle") or {}
    return {k: v for k, v in {**found, **bundle}.items() if v}


def test_every_result_shows_itself() -> None:
    kinds = {what: set(shown(result)) for what, result in results("A").items()}
    assert "markdown" in kinds["steps"] & kinds["verdict"] & kinds["compiled"]
    assert "html" in kinds["plan"] & kinds["structured"] & kinds["film"]
    assert "svg" in kinds["diagram"]
    assert "latex" in kinds["matrix"] & kinds["slices"] & kinds["ledger"]


def test_results_print_as_text() -> None:
    found = results("A")
    for what in ("matrix", "steps", "ledger", "verdict", "index", "lowered"):
        assert repr(found[what]) == str(found[what]), what


def test_a_verdict_that_is_not_right_shows_the_derivative() -> None:
    found = results("A")
    assert found["verdict"]._repr_markdown_().startswith("**✗**")
    assert "$" in found["verdict"]._repr_markdown_()
    assert found["right"]._repr_markdown_().startswith("**✓**")


class Tags(HTMLParser):
    """The tags and attributes of a text that is read as HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs if name.startswith("on"))}


@pytest.mark.parametrize("name", [n for n in HOSTILE if n], ids=ascii)
def test_hostile_names_stay_names(name: str) -> None:
    for what, result in results(name).items():
        for kind, text in shown(result).items():
            if kind == "text/plain":
                continue
            text = re.sub(r"(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)", "", text)
            text = re.sub(r"<(code|pre)>.*?</\1>", "", text, flags=re.DOTALL)
            tags = Tags(text).found
            assert not tags & {"script", "img", "onload", "onerror", "b"}, (what, kind)
            read = kind.rpartition("/")[2] in ("latex", "markdown")
            assert not read or "\\input" not in text.replace("\\\\input", ""), what
            assert not read or "`" not in text.replace("\\`", ""), what
            assert "\x1b" not in text


def test_markdown_is_escaped() -> None:
    assert marked.prose("a*b_c`d`<e>$f$") == r"a\*b\_c\`d\`&lt;e&gt;\$f\$"
    assert marked.code("``a`") == "``` ``a` ```"
    assert marked.program("a = '```'").startswith("````python\n")
    assert marked.program("a\n" * 100).count("\n") == marked.LINES + 2
    assert ">&lt;b&gt;</td>" in marked.table(("a",), [("<b>",)])
