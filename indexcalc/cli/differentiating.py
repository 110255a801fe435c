"""`diff` and `hessian`: derivatives in every notation."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from io import StringIO
from typing import TextIO

from ..asking.notation import Manner, said
from ..asking.problem import Problem
from ..asking.sheet import sheet
from ..asking.verification import Verification, verify
from ..errors import EvaluationError, UnknownNameError, UnsupportedError
from . import choices
from .options import By, Often, Read, Say
from .progress import working
from .reading import Target, only, problem_of, targets
from .refusals import DONE, NO
from .said import function_told, symbols_remarked, told
from .terminal import put, remark
from .writing import drawn, written

FORMS = (*choices.NOTATIONS, "png")
#: Notations of which several cannot stand one after another.
ALONE = ("document", "python", "svg", "tikz", "dot", "mermaid")


def diff_command(asked: Read, by: By, often: Often, say: Say) -> int:
    """The derivative: gradient, Jacobian, or of any order.

    Without --wrt it is taken by every variable. It is told in matrix and index
    notation; --to asks for one notation alone, --all for every one.
    """
    return _answered(problem_of(asked, by, often.order), say)


def hessian_command(asked: Read, by: By, say: Say) -> int:
    """The Hessian by a variable; --wrt x --wrt y makes it mixed.

    Without --wrt it is taken by every variable twice.
    """
    problem = problem_of(asked, by, 2)
    count = len(problem.asked.by)
    if count > 2:
        raise UnknownNameError(
            f"a Hessian is taken by one variable or by two, not by {count}"
        )
    return _answered(problem, say, mixed=count == 2)


def _answered(problem: Problem, say: Say, mixed: bool = False) -> int:
    form = choices.form_of(say.to, say.output, FORMS)
    with working("differentiating"):
        found = targets(problem, always=True, mixed=mixed)
    if form == "text":
        return _told(problem, found, say)
    if form == "json":
        data = sheet(problem, _manner(say), mixed=mixed)
        written(json.dumps(data, ensure_ascii=False, indent=2), say.output, say.quiet)
    else:
        written(_in_notation(found, form, _manner(say)), say.output, say.quiet)
        _remarked(problem, found, say)
    return _verified(problem, found, say, sys.stderr)


def _told(problem: Problem, found: Sequence[Target], say: Say) -> int:
    """The function and every derivative, for a reader."""
    page = StringIO()
    stream = page if say.output else sys.stdout
    manner, laid_out = _manner(say), bool(say.layout or say.vec_order)
    function_told(problem, manner, stream)
    for target in found if problem.order else ():
        told(target, manner, stream, say.everything, laid_out)
    if say.verify:
        put("", stream)
    code = _verified(problem, found, say, stream)
    if say.output:
        written(page.getvalue(), say.output, say.quiet)
    return code


def _in_notation(found: Sequence[Target], form: str, manner: Manner) -> str | bytes:
    if form == "png":
        one = only(found, "a picture shows one derivative")
        return drawn(one.expression.diagram(), "png", theme=manner.theme)
    if form in ALONE:
        only(found, f"{form} is of one derivative")
    texts = [said(target.expression, form, manner).rstrip("\n") for target in found]
    apart = "\n\n" if any("\n" in text for text in texts) else "\n"
    return apart.join(texts)


def _remarked(problem: Problem, found: Sequence[Target], say: Say) -> None:
    if say.quiet:
        return
    symbols_remarked(problem)
    if len(found) > 1:
        remark(f"in this order: {', '.join(target.heading for target in found)}")


def _verified(
    problem: Problem, found: Sequence[Target], say: Say, stream: TextIO
) -> int:
    """What random arrays say to every derivative, where that is asked for."""
    code = DONE
    for target in found if say.verify and problem.order else ():
        seen = _seen(problem, target.names)
        role = "right" if seen.right else "wrong"
        put(str(seen), stream, role)
        code = code if seen.right else NO
    return code


def _seen(problem: Problem, names: Sequence[str]) -> Verification:
    try:
        return verify(problem, names if names[1:] else names[0])
    except EvaluationError as error:
        raise UnsupportedError(error.message, hint=error.hint) from None


def _manner(say: Say) -> Manner:
    layout = choices.one_of(say.layout or "numerator", choices.LAYOUTS, "--layout")
    order = say.vec_order.upper() or "F"
    choices.one_of(order, choices.VEC_ORDERS, "--vec-order")
    return Manner(layout, order, say.parts, "light")
