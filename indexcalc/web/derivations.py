"""Derivations for the page: their lines as formulas, their frames as drawings."""

from __future__ import annotations

from ..face import Expression
from ..steps.records import Step
from ..steps.words import notation
from .drawings import frames
from .formulas import Data, formula


def steps_data(e: Expression, by: str, order: int, *, method: str) -> Data:
    """The lines of a derivation: what each is about, what that equals, and why."""
    lowered = e.lowered()
    return {
        "method": method,
        "lines": [_line(step) for step in e.steps(by, method, order).steps],
        "lowered": str(lowered),
        "contractions": list(map(str, lowered.contractions)),
    }


def _line(step: Step) -> Data:
    latex, paper = notation("latex"), notation("paper")
    return {
        "about": formula(step.about.spelled(paper), step.about.spelled(latex)),
        "body": formula(step.body.spelled(paper), step.body.spelled(latex)),
        "rule": step.rule,
        "reason": step.reason.spelled(paper),
    }


def film_data(e: Expression, by: str, order: int) -> Data:
    """The frames of a derivation in pictures, each with its caption."""
    return {"frames": frames(e.film(by, order))}
