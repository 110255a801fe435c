"""`einsum`, `code` and `plan`: what computes an expression, and what that takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import IndexCalcError, ParseError
from ..from_diagrams import diagram_from
from ..reports import Plan as Report
from ..sizes import shape_text
from . import choices
from .options import By, Contract, Often, Plan, Print, Read
from .progress import working
from .reading import (
    Target,
    is_einsum,
    memory_of,
    only,
    problem_of,
    sizes_of,
    targets,
    text_of,
)
from .refusals import DONE
from .said import symbols_remarked
from .terminal import Row, put, reads_paper, rows
from .writing import drawn, headed, written


def einsum_command(asked: Read, wanted: Contract, by: By, often: Often) -> int:
    """An einsum program, or what an einsum string means."""
    library = choices.one_of(wanted.library, choices.LIBRARIES, "--library")
    asked = replace(asked, text=text_of(asked.text))
    if is_einsum(asked.text):
        return _explained(asked.text.strip(), wanted.operands, library)
    if wanted.operands:
        raise ParseError(
            "names of operands go with an einsum string",
            hint='such as indexcalc einsum "ij,jk->ik" X Y',
        )
    problem = problem_of(asked, by, often.order)
    found = targets(problem, always=bool(by.variables))
    if not wanted.quiet:
        symbols_remarked(problem)
    texts = [target.expression.einsum(library) for target in found]
    written(headed(found, texts), wanted.output, wanted.quiet)
    return DONE


def _explained(spec: str, operands: Sequence[str], library: str) -> int:
    """What an einsum string means, in every other way."""
    picture = diagram_from(spec, *operands)
    e, ends = picture.expression(), picture.model.picture.ends
    try:
        matrix = str(e.matrix("paper" if reads_paper() else "plain"))
    except IndexCalcError as error:
        matrix = f"none: {error.message}"
    put(spec, sys.stdout, "formula")
    rows(
        [
            *(Row(str(name), shape_text(v.shape)) for name, v in e.variables.items()),
            Row("shape", shape_text(e.shape)),
            Row("index", str(e.index([end.name for end in ends]))),
            Row("matrix", matrix),
            Row(library, e.einsum(library).rstrip()),
        ]
    )
    put("\n" + str(drawn(picture, "text")), sys.stdout)
    return DONE


def code_command(asked: Read, by: By, often: Often, wanted: Print) -> int:
    """A function in a language."""
    language = choices.form_of(wanted.to, wanted.output, choices.LANGUAGES)
    problem = problem_of(asked, by, often.order)
    found = targets(problem, always=bool(by.variables))
    sizes = sizes_of(wanted.size, problem)
    if not wanted.quiet:
        symbols_remarked(problem)
    texts = [
        target.expression.code(language, name, sizes=sizes or None)
        for target, name in zip(found, _names(found, wanted.name), strict=True)
    ]
    written("\n\n".join(text.rstrip() for text in texts), wanted.output, wanted.quiet)
    return DONE


def _names(found: Sequence[Target], name: str) -> list[str]:
    """A name for every function: the one given, with the variables where there are
    several."""
    if len(found) == 1:
        return [name]
    return [f"{name}_{'_'.join(target.names)}" for target in found]


def plan_command(asked: Read, by: By, often: Often, wanted: Plan) -> int:
    """What computing an expression takes."""
    form = choices.form_of(wanted.to, wanted.output, choices.PLANS)
    dtype = choices.one_of(wanted.dtype, choices.DTYPES, "--dtype")
    limit = memory_of(wanted.memory_limit)
    problem = problem_of(asked, by, often.order)
    found = targets(problem, always=bool(by.variables))
    sizes: dict[str, Any] = {**sizes_of(wanted.size, problem)}
    if not wanted.quiet:
        symbols_remarked(problem)
    one = only(found, "a plan is of one derivative")
    with working("planning"):
        plan = one.expression.plan(memory_limit=limit, dtype=dtype, **sizes)
    written(_planned(plan, form), wanted.output, wanted.quiet)
    return DONE


def _planned(plan: Report, form: str) -> str | bytes:
    if form == "text":
        return str(plan)
    if form == "json":
        return json.dumps(plan.data(), ensure_ascii=False, indent=2)
    found: str | bytes = getattr(plan.diagram(), form)()
    return found
