"""What docs/stability.md promises to keep between versions is kept.

    python -m tests.test_stability --write

adds what is new to `stable_v1.json`. What stands there is never changed: it was written
by version 0.1.0, and must be read and mean the same in every later one.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import indexcalc as ic
from indexcalc import errors
from indexcalc.judging.verdicts import SENTENCES

PATH = Path(__file__).with_name("stable_v1.json")

NEST = {"A": "q p", "B": "p b", "x": "b", "c": "e", "D": "b e", "E": "p e", "f": "e"}


@dataclass(frozen=True, slots=True)
class Case:
    """A function of the text language and a derivative of it."""

    text: str
    shapes: dict[str, str] = field(default_factory=dict)
    by: str = ""
    order: int = 1

    def expression(self) -> ic.Expression:
        """The derivative, or the function where it is by nothing."""
        e = ic.parse(self.text, self.shapes)
        for _ in range(self.order if self.by else 0):
            e = e.diff(self.by)
        return e


CASES = {
    "row sums": Case("(X ∘ A) * ones(p)", {"X": "n p", "A": "n p"}, "A"),
    "squares": Case(
        "W*((A*X) .* (A*X))*ones(3)", {"W": "k k", "A": "k n", "X": "n 3"}, "X"
    ),
    "three": Case("x ∘ y ∘ z", {"x": "n", "y": "n", "z": "n"}, "x"),
    "nest": Case("A*(B*(x*c' ∘ D) ∘ E)*f", NEST, "x"),
    "logistic": Case(
        "sum(log(1 .+ exp(-t ∘ (X*w))))", {"X": "m n", "t": "m", "w": "n"}, "w", 2
    ),
    "least squares": Case("norm2(A*x - b)", {"A": "m n", "x": "n", "b": "m"}, "x"),
    "log det": Case("logdet(S)", {"S": "n n : symmetric"}, "S"),
    "inverse": Case("a'*inv(X)*b", {"X": "n n", "a": "n", "b": "n"}, "X"),
    "trace": Case("tr(A*X'*B*X)/2", {"A": "p p", "B": "n n", "X": "n p"}, "X"),
    "softmax": Case("softmax(x)", {"x": "n"}, "x"),
    "kron": Case("vec(A*X*B)", {"A": "m n", "X": "n p", "B": "p q"}, "X"),
    "blocks": Case("[A, B; C, D]*x", dict.fromkeys("ABCD", "n n") | {"x": "n+n"}),
    "precedence": Case("-x.^2 + y'*A'^-1*y*x", {"A": "n n", "x": "n", "y": "n"}),
    "constants": Case("e(0, n)*ones(n)'*H(n)*eye(n)*x/n", {"x": "n"}),
    "complex": Case("conj(z)'*A*z", {"z": "n : complex", "A": "n n : complex"}),
    "unknown": Case("sum(f(A*x))", {"A": "m n", "x": "n", "f": "function"}, "x"),
}

#: How each notation is read, by its name in `stable_v1.json`.
NOTATIONS: dict[str, Callable[[ic.Expression, str, Any], ic.Expression]] = {
    "plain": lambda e, text, shapes: ic.parse(text, shapes),
    "paper": lambda e, text, shapes: ic.parse(text, shapes, paper=True),
    "latex": lambda e, text, shapes: ic.parse_latex(text, shapes),
    "index": lambda e, text, shapes: ic.parse_index(text, list(e.index().axes), shapes),
    "repr": lambda e, text, shapes: eval(text, {"ic": ic}),
    "json": lambda e, text, shapes: ic.expression_from_json(text),
}


#: Those that come back as the identical expression; the others are the same function.
IDENTICAL = {"repr", "json"}


def written(case: Case) -> dict[str, str]:
    """What is printed of an expression, in the notations that say it."""
    e = case.expression()
    texts = {"repr": repr(e), "json": e.json()}
    if e.why_no_matrix_form() is None:
        m = e.matrix()
        texts |= {"plain": m.plain, "paper": m.paper, "latex": m.latex}
    with contextlib.suppress(ic.IndexCalcError):
        if ic.equal(NOTATIONS["index"](e, str(e), case.shapes), e):
            texts["index"] = str(e)
    return texts


def values() -> dict[str, Any]:
    """Numbers that follow from conventions, each by its name."""
    z, t = np.zeros(2), np.array([[2.0, 1.0], [1.0, 3.0]])
    S = ic.parse("x'*S*x", S="n n : symmetric", x="n")
    J = ic.parse("A*X", A="2 3", X="3 2").diff("X")
    a = np.arange(6.0).reshape(2, 3)
    at = {"S": t, "x": np.array([1.0, 2.0])}
    numbers = {
        "value first": ic.parse("A*x", A="2 3", x="3").diff("x").evaluate(A=a),
        "variable first": ic.parse("A*x", A="2 3", x="3")
        .diff("x", layout="variable_first")
        .evaluate(A=a),
        "vec by columns": J.unfolded().evaluate(A=a),
        "vec by rows": J.unfolded(order="C").evaluate(A=a),
        "denominator": J.unfolded("denominator").evaluate(A=a),
        "symmetrised": S.gradient("S").evaluate(at),
        "free entries": S.gradient("S", convention="free_entries").evaluate(at),
        "abs at 0": ic.parse("sum(abs(x))", x="n").gradient("x").evaluate(x=z),
        "relu at 0": ic.parse("sum(relu(x))", x="n").gradient("x").evaluate(x=z),
        "norm at 0": ic.parse("norm2(x)", x="n").gradient("x").evaluate(x=z),
        "tie": ic.parse("max(x, y)", x="n", y="n").diff("x").evaluate(x=z, y=z),
        "entries from 0": ic.parse("e(0, n)", {}).evaluate(sizes={"n": 2}),
        "minus of a power": ic.parse("-x.^2", x="n").evaluate(x=np.array([1.0, 2.0])),
        "transposed inverse": ic.parse("A^-1'", A="n n").evaluate(
            A=np.array([[2.0, 1.0], [0.0, 3.0]])
        ),
        "product groups left": ic.parse("a ∘ b*c", a="", b="n", c="").evaluate(
            a=2.0, b=np.ones(2), c=3.0
        ),
    }
    return {name: np.asarray(v).tolist() for name, v in numbers.items()}


def parameters() -> dict[str, list[str]]:
    """The names of the arguments of what users call, in order."""
    found = {name: getattr(ic, name) for name in ic.__all__}
    named = {name: f for name, f in found.items() if inspect.isfunction(f)}
    methods = inspect.getmembers(ic.Expression, inspect.isfunction)
    named |= {f"Expression.{n}": f for n, f in methods if not n.startswith("_")}
    return {name: list(inspect.signature(f).parameters) for name, f in named.items()}


def present() -> dict[str, Any]:
    """What this version writes."""
    tree = {
        name: cls.__bases__[0].__name__
        for name, cls in vars(errors).items()
        if inspect.isclass(cls) and issubclass(cls, Exception)
    }
    return {
        "cases": {name: written(case) for name, case in CASES.items()},
        "values": values(),
        "names": dict.fromkeys(ic.__all__, ""),
        "parameters": parameters(),
        "errors": tree,
        "verdicts": dict.fromkeys(SENTENCES, ""),
    }


KEPT: dict[str, Any] = json.loads(PATH.read_text("utf-8")) if PATH.exists() else {}


@pytest.mark.parametrize("name", KEPT.get("cases", ()))
def test_what_was_printed_is_read(name: str) -> None:
    """Every notation of version 0.1.0 still means the same expression."""
    case, e = CASES[name], CASES[name].expression()
    for notation, text in KEPT["cases"][name].items():
        again = NOTATIONS[notation](e, text, case.shapes)
        same = again == e if notation in IDENTICAL else ic.equal(again, e)
        assert same, notation


def test_conventions_are_kept() -> None:
    found = values()
    for name, kept in KEPT["values"].items():
        assert np.allclose(found[name], kept, rtol=1e-12, atol=0), name


def test_names_are_kept() -> None:
    assert KEPT["names"].keys() <= set(ic.__all__)
    assert KEPT["verdicts"].keys() <= SENTENCES.keys()


def test_errors_are_kept() -> None:
    for name, base in KEPT["errors"].items():
        found = getattr(errors, name)
        assert base in [cls.__name__ for cls in found.__mro__], name
    assert issubclass(errors.IndexCalcError, ValueError)
    error = errors.ShapeError("a", text="b", position=0, hint="c")
    assert (error.message, error.text, error.position, error.hint) == ("a", "b", 0, "c")


def test_arguments_are_kept() -> None:
    """New ones may follow; none goes away, and their order stays."""
    found = parameters()
    for name, kept in KEPT["parameters"].items():
        left = [p for p in found[name] if p in kept]
        assert left == kept, name


def write() -> None:
    """Adds what is new, and changes nothing."""
    kept = dict(KEPT)
    for part, table in present().items():
        kept[part] = {**table, **kept.get(part, {})}
    text = json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True)
    PATH.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__" and "--write" in sys.argv:
    write()
