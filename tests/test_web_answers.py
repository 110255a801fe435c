"""What the page is answered, without a browser: every kind, refusals, the worker."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest

from examples.worked_problems import PROBLEMS
from indexcalc.mathml_forms import mended
from indexcalc.web import answers, requests, worker
from indexcalc.web.answers import answer
from indexcalc.web.assets import files
from tests.hostile_names import HOSTILE

pytest.importorskip("latex2mathml", reason="the page's formulas need it")

#: What each of the five problems comes to, in the form that the page shows first.
SHOWN = (
    ("index", "δ_ij X_ik"),
    ("index", "2 W_im A_mj X_pl A_mp"),
    ("matrix", "Diag(y∘z)"),
    ("matrix", "(D∘Bᵀ(E∘afᵀ))c"),
    ("matrix", "A(B∘E Diag(c∘f)Dᵀ)"),
)
PICTURES = ("written", "function", "before", "derivative")


def ask(kind: str, text: str, **more: Any) -> dict[str, Any]:
    found = answer({"kind": kind, "text": text, **more})
    json.dumps(found, allow_nan=False)
    return found


@pytest.mark.parametrize(("problem", "shown"), list(zip(PROBLEMS, SHOWN, strict=True)))
def test_the_five_problems(problem: Any, shown: tuple[str, str]) -> None:
    known = {"shapes": dict(problem.shapes), "by": problem.variable}
    notation, text = shown
    sheet = ask("sheet", problem.text, **known)
    assert sheet["derivative"][notation]["text"] == text
    assert sheet["derivative"][notation]["mathml"].startswith("<math")
    assert sheet["derivative"]["vec"]["note"].startswith("numerator layout")
    programs = ask("code", problem.text, **known)["programs"]
    assert all(p.get("text") or p.get("reason") for p in programs)
    assert {p["name"] for p in programs if "text" in p} >= {"numpy", "jax", "torch"}
    pictures = ask("diagram", problem.text, **known)["pictures"]
    assert [p["name"] for p in pictures] == list(PICTURES)
    assert all(p["svg"].startswith("<svg") for p in pictures)
    for method in requests.METHODS:
        assert ask("steps", problem.text, method=method, **known)["lines"]
    assert len(ask("film", problem.text, **known)["frames"]) > 1
    assert ask("verify", problem.text, **known)["right"]
    verdict = ask("check", problem.text, answer=problem.answer, **known)
    assert verdict["right"], verdict["text"]


def test_the_examples_of_the_page_are_the_five_problems() -> None:
    page = files()["index.html"].decode()
    listed = [parse_qsl(unescape(x)) for x in re.findall(r'href="#([^"]*)"', page)]
    for problem, given in zip(PROBLEMS, listed, strict=False):
        found = dict(given)
        assert (found["f"], found["x"]) == (problem.text, problem.variable)
        declared = dict(v.split(": ") for name, v in given if name == "s")
        assert declared in ({}, dict(problem.shapes))


def test_a_wrong_answer_is_judged() -> None:
    verdict = ask("check", "x'*A*x", by="x", answer="2*A*x")
    assert not verdict["right"]
    assert verdict["verdict"] == "assumption"
    assert verdict["expected"]["text"] == "(A + Aᵀ)x"


def test_the_variable_is_chosen_where_nobody_says() -> None:
    assert ask("sheet", "norm2(A*x-b)^2")["by"] == "x"
    assert ask("sheet", r"\nabla_A \|Ax-b\|^2")["by"] == "A"
    gone = ask("sheet", "a*w'*w", by="x")
    assert (gone["by"], gone["missing"]) == ("w", ["x"])


def test_orders() -> None:
    function = ask("sheet", "x'*A*x", order=0)
    assert function["derivative"] is None
    assert function["value"]["matrix"]["text"] == "xᵀAx"
    hessian = ask("sheet", "x'*A*x", order=2)["derivative"]
    assert hessian["left"]["text"] == "∂²f/∂x²"
    assert hessian["matrix"]["text"] == "A + Aᵀ"
    mixed = ask("sheet", "x'*A*z", order=2, by="x", then="z")
    assert mixed["derivative"]["matrix"]["text"] == "A"
    assert mixed["derivative"]["index"]["left"]["text"] == "∂²f/∂x_i∂z_j"
    right = ask("check", "x'*A*z", order=2, by="x", then="z", answer="A")
    assert right["right"]
    assert ask("steps", "x'*A*z", order=2, by="x", then="z")["lines"]


def test_nothing_to_differentiate_is_said() -> None:
    assert ask("sheet", "ones(3)'*ones(3)")["order"] == 0
    for kind in ("steps", "film", "check", "verify"):
        assert "differentiated" in ask(kind, "ones(3)")["message"]


def test_an_error_has_its_place() -> None:
    found = ask("sheet", "A*x+)")
    assert (found["error"], found["position"]) == ("ParseError", 4)
    assert found["hint"] == "remove it"


BAD: tuple[tuple[object, str], ...] = (
    (None, "an object"),
    ([], "an object"),
    ({}, "needs the member kind"),
    ({"kind": "sheet"}, "needs the member text"),
    ({"kind": "eval", "text": "x"}, "kind is not 'eval'"),
    ({"kind": "sheet", "text": 3}, "text is a text"),
    ({"kind": "sheet", "text": "x", "colour": 1}, "no member 'colour'"),
    ({"kind": "sheet", "text": "x", "order": 3}, "order is not 3"),
    ({"kind": "sheet", "text": "x", "order": True}, "order is not True"),
    ({"kind": "sheet", "text": "x", "shapes": []}, "an object of shapes"),
    ({"kind": "sheet", "text": "x", "shapes": {"x": 3}}, "is a text"),
    ({"kind": "sheet", "text": "x", "layout": "wide"}, "layout is not"),
    ({"kind": "verify", "text": "x", "seed": -1}, "seed is not"),
    ({"kind": "sheet", "text": "x" * 30_000}, "30000 characters"),
    ({"kind": "sheet", "text": "x", "shapes": {"x": "n" * 2_000}}, "2000 characters"),
    ({"kind": "sheet", "text": "x", "shapes": dict.fromkeys(map(str, range(999)), "")},
     "999 shapes"),
    ({"kind": "sheet", "text": ""}, "empty"),
)  # fmt: skip


@pytest.mark.parametrize(("request_", "said"), BAD, ids=range(len(BAD)))
def test_bad_requests_are_refused(request_: object, said: str) -> None:
    found = answer(request_)
    assert "error" in found
    assert said in found["message"]


def markups(found: Any) -> Iterator[str]:
    """Whatever the page would read as markup."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name in ("mathml", "svg"):
                yield value
            yield from markups(value)
    if isinstance(found, list):
        for value in found:
            yield from markups(value)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_data(name: str) -> None:
    """As texts, as names, as shapes, as answers: an answer or a refusal, in JSON."""
    for request in (
        {"kind": "sheet", "text": name},
        {"kind": "sheet", "text": "x'*x", "shapes": {name: "n"}},
        {"kind": "sheet", "text": "x'*x", "shapes": {"x": name}},
        {"kind": "sheet", "text": "x'*x", "by": name, "then": name},
        {"kind": "check", "text": "x'*x", "answer": name},
    ):
        found = answer(request)
        json.dumps(found)
        for markup in markups(found):
            assert "<script" not in markup
            assert "<img" not in markup


def test_what_breaks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise KeyError("secret")

    monkeypatch.setitem(answers._ANSWERS, "sheet", broken)
    found = ask("sheet", "x")
    assert found["error"] == "InternalError"
    assert "report" in found["message"]


# -- the worker's lines ----------------------------------------------------------------


def test_a_line_for_a_line() -> None:
    out = io.BytesIO()
    asked = json.dumps({"kind": "sheet", "text": "x'*x"}).encode()
    worker.serve_lines([asked, b"nonsense\n", b"[" * 100_000], out, 60.0)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("error") for line in lines] == [None, "ParseError", "ParseError"]


def test_an_answer_that_is_too_long_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "ANSWER_BYTES", 100)
    found = json.loads(worker.answered(b'{"kind": "sheet", "text": "x\'*x"}'))
    assert found["error"] == "BudgetError"


# -- formulas --------------------------------------------------------------------------


def test_formulas_are_set_well() -> None:
    def inside(row: str) -> str:
        return mended(f'<math xmlns="m">{row}</math>')[16:-7]

    assert inside("<mn mathvariant='bold'>1</mn>") == "<mn>𝟏</mn>"
    assert inside("<mi>&#x00064;</mi>") == '<mi mathvariant="normal">d</mi>'
    words = inside("<mi>A</mi><mo>Diag</mo><mrow><mo>(</mo><mi>x</mi></mrow>")
    assert words.startswith('<mi>A</mi><mspace width="0.167em" /><mi>Diag</mi><mrow>')
    assert 'lspace="0.278em"' in inside("<mi>:</mi>")
    assert mended("no formula") == "no formula"
