"""The questions as text: derivatives against complex steps, and the answers as a page.

`question_forms.json` says each question's function in the text language;
`docs/questions.md` is the page of our answers, in matrix notation where there is a
form, else over vec, else slice by slice, else with indices:

    python -m tests.test_question_forms --write
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from tests.numeric_derivatives import call, close
from tests.questions import QUESTIONS, Question, ask
from tests.random_networks import read
from tests.test_questions import arrays_of
from tests.textbook import question_forms, symbols

PAGE = Path(__file__).parent.parent / "docs" / "questions.md"
FORMS = question_forms()


def exponential(np: Any, t: Any, x: Any, A: Any, B: Any) -> Any:
    """xᵀ exp(tA) B x by the power series."""
    term, whole = np.eye(3), np.eye(3)
    for k in range(1, 40):
        term = term @ A * (t / k)
        whole = whole + term
    return x @ whole @ B @ x


SERIES = ask("expm-dt", "t", exponential, t=" : prob", x="3", A="3 3", B="3 3")
ASKED = {asked.id: asked for asked in (*QUESTIONS, SERIES)}
LETTERS = {
    "al": "α", "be": "β", "th": "θ", "lam": "λ", "mu": "μ", "mu0": "μ0", "Om": "Ω",
    "sig": "σ",
}  # fmt: skip
NAMES = {letter: name for name, letter in LETTERS.items()}
CASES = [
    pytest.param(form, variable, id=f"{form['id']} {variable}")
    for form in FORMS
    for variable in form["variables"]
]

Form = Mapping[str, Any]


@cache
def _parsed(id: str) -> Any:
    (form,) = (form for form in FORMS if form["id"] == id)
    return ic.parse(form["text"], form["shapes"])


@cache
def derivative(id: str, variable: str, order: int) -> Any:
    """The derivative a question asks for."""
    e = _parsed(id)
    return e.diff(variable) if order == 1 else e.hessian(variable)


# -- numbers ---------------------------------------------------------------------------


def convolution(m: int, n: int) -> Any:
    """Z with z_kij = 1 where k = i + j."""
    k, i, j = np.indices((m + n - 1, m, n))
    return 1.0 * (k == i + j)


CONSTANTS = {"Z": convolution(3, 4), "g": np.diag([1.0, -1.0, -1.0, -1.0])}


def arrays(asked: Question, form: Form) -> dict[str, Any]:
    """The arrays of a question by the names of its text."""
    given = {LETTERS.get(name, name): a for name, a in arrays_of(asked).items()}
    return {name: given.get(name, CONSTANTS.get(name)) for name in form["shapes"]}


def sizes(form: Form, given: Mapping[str, Any]) -> dict[str, int]:
    """The size names of a text, from its arrays."""
    found: dict[str, int] = {}
    for name, shape in form["shapes"].items():
        words = shape.partition(":")[0].split()
        pairs = zip(words, given[name].shape, strict=True)
        found |= {word: size for word, size in pairs if word.isalpha()}
    return found


def value_on(e: Any, form: Form, given: Mapping[str, Any]) -> Any:
    """An expression's value on a question's arrays."""
    held = {name: given[name] for name in e.variables}
    return e.evaluate(held, sizes=sizes(form, given))


def test_every_question_has_a_text() -> None:
    ids = [form["id"] for form in FORMS]
    assert len(ids) == len(set(ids)) == 92
    assert set(ASKED) == set(ids)


@pytest.mark.parametrize(("form", "variable"), CASES)
def test_derivative_is_right(form: Form, variable: str) -> None:
    """Against the derivative of the question's NumPy function."""
    asked = ASKED[form["id"]]
    given = arrays(asked, form)
    found = value_on(derivative(form["id"], variable, form["order"]), form, given)
    slope = second if form["order"] == 2 else first
    wanted = slope(asked, arrays_of(asked), NAMES.get(variable, variable))
    close(found, wanted, 1e-9 if form["order"] == 1 else 1e-6)


def test_the_value_is_the_function() -> None:
    for form in FORMS:
        asked = ASKED[form["id"]]
        wanted = call(asked.function, arrays_of(asked), Analytic())
        close(value_on(_parsed(form["id"]), form, arrays(asked, form)), wanted)


class Analytic:
    """NumPy whose functions a complex step passes through."""

    @property
    def nn(self) -> Any:
        """relu, sigmoid and log-sum-exp."""
        return SimpleNamespace(
            relu=lambda x: np.where(np.real(x) > 0, x, 0),
            sigmoid=lambda x: 1 / (1 + np.exp(-x)),
            logsumexp=lambda x, axis=None: np.log(np.sum(np.exp(x), axis)),
        )

    @property
    def linalg(self) -> Any:
        """The 2-norm and log |det| as analytic functions, and what is one already."""
        return SimpleNamespace(
            norm=lambda x: np.sqrt(np.sum(x * x)),
            slogdet=lambda x: (None, np.log(np.linalg.det(x) ** 2) / 2),
            inv=np.linalg.inv,
            det=np.linalg.det,
        )

    def __getattr__(self, name: str) -> Any:
        if name == "abs":
            return lambda x: np.where(np.real(x) > 0, x, -x)
        return getattr(np, name)


def first(asked: Question, given: Mapping[str, Any], name: str) -> Any:
    """The derivative of a question's function, by complex steps."""
    base, step = given[name].astype(complex), 1e-30
    columns = []
    for at in np.ndindex(base.shape):
        moved = base.copy()
        moved[at] += 1j * step
        value = call(asked.function, {**given, name: moved}, Analytic())
        columns.append(np.imag(value) / step)
    return np.stack(columns, -1).reshape(columns[0].shape + base.shape)


def second(asked: Question, given: Mapping[str, Any], name: str) -> Any:
    """The Hessian, by central differences of complex steps."""
    base, step = given[name], 1e-4
    columns = []
    for at in np.ndindex(base.shape):
        ends = []
        for sign in (1, -1):
            moved = base.copy()
            moved[at] += sign * step
            ends.append(first(asked, {**given, name: moved}, name))
        columns.append((ends[0] - ends[1]) / (2 * step))
    return np.stack(columns, -1).reshape(columns[0].shape + base.shape)


# -- the page --------------------------------------------------------------------------


def answer(id: str, variable: str, order: int) -> tuple[str, str]:
    """Which notation answers a question, and the answer in it."""
    found = derivative(id, variable, order)
    if len(found.shape) < 3 and found.why_no_matrix_form() is None:
        shown = [found.matrix("paper", parts=parts) for parts in (False, True)]
        return "matrix", min(map(str, shown), key=symbols)
    try:
        return "over vec", found.jacobian_matrix(style="paper").text
    except ic.UnsupportedError:
        pass
    try:
        return "by slices", str(found.slices()[0])
    except (ic.UnsupportedError, IndexError):
        return "indices", str(found.index())


@pytest.mark.parametrize(("form", "variable"), CASES)
def test_the_answer_is_read_back(form: Form, variable: str) -> None:
    """A matrix form, or one over vec, says the derivative in every style."""
    found = derivative(form["id"], variable, form["order"])
    kind, _ = answer(form["id"], variable, form["order"])
    if kind == "matrix":
        shown, wanted = found.matrix(), found
    elif kind == "over vec":
        shown, wanted = found.jacobian_matrix(), found.unfolded()
    else:
        return
    for style in ("plain", "paper", "latex"):
        back = read(getattr(shown, style), form["shapes"], style)
        assert ic.equal(back, wanted) is not False


def page() -> str:
    """The page of questions, from the tables alone."""
    rows, kinds = [], Counter[str]()
    for form in FORMS:
        for variable in form["variables"]:
            kind, said = answer(form["id"], variable, form["order"])
            kinds[kind] += 1
            rows.append(_row(form, variable, kind, said))
    features = Counter(name for form in FORMS for name in form["features"])
    counted = ", ".join(f"{name} {n}" for name, n in kinds.most_common())
    ordered = sorted(features.items(), key=lambda item: (-item[1], item[0]))
    return "\n".join(
        [
            *INTRODUCTION,
            *rows,
            "",
            f"Answers by notation: {counted}.",
            "",
            "| feature | questions |",
            "|---|---|",
            *(f"| {name} | {n} |" for name, n in ordered),
            "",
        ]
    )


INTRODUCTION = (
    "# Questions people asked, answered",
    "",
    "Derivatives that were asked for in public, and what `indexcalc` answers. The",
    "function is in the text language, the answer on paper: a matrix form where there",
    "is one, else the Jacobian over vec (column-major; rows the value, columns the",
    "variable), else a slice, else indices. Every derivative is checked on arrays.",
    "Written by `python -m tests.test_question_forms --write`.",
    "",
    "| question | function | by | answer | notation | features |",
    "|---|---|---|---|---|---|",
)


def _row(form: Form, variable: str, kind: str, said: str) -> str:
    by = variable if form["order"] == 1 else f"{variable} twice"
    cells = (
        f"[{form['id']}]({form['url']}): {form['question']}",
        f"`{form['text']}`",
        by,
        f"`{said}`",
        kind,
        ", ".join(form["features"]),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def test_the_page_is_what_would_be_written() -> None:
    assert page() == PAGE.read_text(encoding="utf-8")


def main() -> None:
    """Prints the page, or writes it."""
    parser = argparse.ArgumentParser(description="The page of questions and answers.")
    parser.add_argument("--write", action="store_true", help="write docs/questions.md")
    if parser.parse_args().write:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page(), end="")


if __name__ == "__main__":
    main()
