"""Arguments of plainly wrong type or size: a documented error, in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

import indexcalc as ic
from indexcalc.errors import BudgetError, IndexCalcError, ParseError
from indexcalc.legible import quoted, whole

HUGE = 10**5000
CYCLE: list[object] = []
CYCLE.append(CYCLE)
e = ic.parse("A*x", {"A": "n n", "x": "n"})
g = ic.parse("sum(u(x))", {"x": "n", "u": "function"})
A, x = np.eye(2), np.ones(2)
RAGGED = [[1], [1, 2]]

CALLS: dict[str, Callable[[], object]] = {
    "evaluate({5: …})": lambda: e.evaluate({5: A, "x": x}),
    "evaluate({A + A: …})": lambda: e.evaluate({e + e: A, "x": x}),
    "evaluate({huge: …})": lambda: e.evaluate({HUGE: A}),
    "wirtinger(5)": lambda: ic.wirtinger(5, "x"),
    "code(name=5)": lambda: e.code(name=5),
    "compile(name=None)": lambda: e.compile(name=None),
    "compile(style=[])": lambda: e.compile(style=[]),
    "compile(sizes=5)": lambda: e.compile(sizes=5),
    "code(sizes=5)": lambda: e.code(sizes=5),
    "compile(functions=5)": lambda: e.compile(functions=5),
    "compile(functions={'u': None})": lambda: g.compile(functions={"u": None})(x=x),
    "evaluate(functions={'u': None})": lambda: g.evaluate(x=x, functions={"u": None}),
    "compile(backend=[])": lambda: e.compile(backend=[]),
    "einsum([])": lambda: e.einsum([]),
    "plan(dtype)": lambda: e.plan(dtype="zzz"),
    "plan(dtype=5)": lambda: e.plan(dtype=5),
    "plan(machine=5)": lambda: e.plan(machine=5),
    "to_sympy(axes=None)": lambda: ic.to_sympy(e, axes=None),
    "take(nan)": lambda: ic.numpy.take(e, float("nan"), 0),
    "take(inf)": lambda: ic.numpy.take(e, float("inf"), 0),
    "e + ragged": lambda: e + RAGGED,
    "equal(e, ragged)": lambda: ic.equal(e, RAGGED),
    "diff(list in itself)": lambda: e.diff(CYCLE),
    "sum(axis=huge)": lambda: e.sum(HUGE),
    "transpose(huge)": lambda: e.transpose(HUGE, 0),
    "build(huge)": lambda: ic.build([(HUGE,)]),
    "steps(method=huge)": lambda: e.steps("x", method=HUGE),
    "steps(order=-huge)": lambda: e.steps("x", order=-HUGE),
    "compile(memory_limit=huge)": lambda: e.compile(memory_limit=HUGE),
    "compile(memory_limit=-huge)": lambda: e.compile(memory_limit=-HUGE),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_documented_error(call: Callable[[], object]) -> None:
    with pytest.raises(IndexCalcError) as error:
        call()
    assert len(error.value.message) < 200
    assert "\n" not in error.value.message


def test_integers_of_any_length_are_shown() -> None:
    assert whole(2**100) == str(2**100)
    assert whole(-HUGE) == "about -10^5000"
    assert quoted(HUGE) == "about 10^5000"
    assert quoted([HUGE]) == "a list"


NAMES = ("lambda: 0", "a\nb", "__import__('os')", "", "1a", "a'", "ﬁ", "x" * 1001)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scope", [False, True])
def test_names_that_are_none_are_not_read(name: str, scope: bool) -> None:
    """From a document, also of variables that only tell sizes."""
    document = json.loads(ic.parse("x + y - y", {"x": "n", "y": "n"}).json())
    for k, node in enumerate(document["nodes"]):
        if node.get("name") == ("y" if scope else "x"):
            node["name"], at = name, f"nodes[{k}].name"
    with pytest.raises(ParseError) as error:
        ic.expression_from_json(json.dumps(document))
    assert at in str(error.value)


@pytest.mark.parametrize("name", ["x", "x_1", "α", "a′", "é", "if"])
def test_names_that_can_be_declared_are_read(name: str) -> None:
    found = ic.build([("tensor", name, "n")])
    assert ic.expression_from_json(found.json()) == found


@pytest.mark.parametrize("part", ["A'", "A^-1", "(A+A)", "A", r"\|x\|", "∂", "= "])
def test_long_answers_are_refused_at_once(part: str) -> None:
    answer = part * (10_000 // len(part))
    with pytest.raises(BudgetError, match="symbols"):
        ic.check("x'*A*x", "x", answer, shapes={"A": "n n", "x": "n"})
