"""`check`: is my answer right?"""

from __future__ import annotations

import json
from typing import Any

from ..asking.problem import Problem
from ..errors import UnknownNameError
from ..judging.records import Verdict, Witness
from ..ways_in import check
from . import choices
from .options import Answer, By, Often, Read
from .reading import problem_of, text_of
from .refusals import DONE, NO
from .said import symbols_remarked
from .terminal import Row, rows
from .writing import written


def check_command(asked: Read, given: Answer, by: By, often: Often) -> int:
    """The verdict on an answer; 1 where it is not right."""
    form = choices.form_of(given.to, given.output, choices.VERDICTS)
    problem = problem_of(asked, by, often.order)
    verdict = _verdict(problem, asked, given)
    if not given.quiet:
        symbols_remarked(problem)
    if form == "json":
        content = json.dumps(_data(verdict), ensure_ascii=False, indent=2)
        written(content, given.output, given.quiet)
    elif given.output:
        written(str(verdict), given.output, given.quiet)
    else:
        rows([Row("", str(verdict), "right" if verdict else "wrong")], indent=0)
    return DONE if verdict else NO


def _verdict(problem: Problem, asked: Read, given: Answer) -> Verdict:
    layout = given.layout and choices.one_of(
        given.layout, choices.ANSWER_LAYOUTS, "--layout"
    )
    names = problem.wanted()
    if len(names) > 1 and not (problem.order == 2 and len(names) == 2):
        raise UnknownNameError(
            f"there are several variables, {', '.join(names)}, and an answer is the "
            "derivative by one",
            hint=f"choose one, as in --wrt {names[0]}",
        )
    found: Verdict = check(
        problem.expression,
        names[0] if len(names) == 1 else names,
        text_of(given.answer),
        order=problem.order,
        shapes=problem.shapes,
        layout=layout or None,
        out=asked.out or None,
    )
    return found


def _data(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data."""
    return {
        "right": verdict.right,
        "accepted": bool(verdict),
        "kind": verdict.kind,
        "text": verdict.text,
        "layout": verdict.layout,
        "expected": str(verdict.expected),
        "assumptions": list(verdict.assumptions),
        "witness": verdict.witness and _witness(verdict.witness),
    }


def _witness(found: Witness) -> dict[str, Any]:
    return {
        "values": {name: array.tolist() for name, array in found.values.items()},
        "entry": list(found.entry),
        "expected": _number(found.expected),
        "given": _number(found.given),
    }


def _number(value: complex) -> float | str:
    return str(value) if isinstance(value, complex) else float(value)
