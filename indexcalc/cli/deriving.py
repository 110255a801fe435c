"""`steps`: a derivation line by line, or in pictures."""

from __future__ import annotations

import sys

from ..asking.problem import Problem
from ..pictures import Film
from ..steps.records import Derivation
from . import choices
from .options import By, Often, Read, Work
from .progress import working
from .reading import one_variable, problem_of
from .refusals import DONE
from .said import symbols_remarked
from .terminal import reads_paper, width
from .writing import written


def steps_command(asked: Read, by: By, often: Often, work: Work) -> int:
    """The steps of a derivation, by a method."""
    problem = problem_of(asked, by, often.order)
    name = one_variable(problem, "a derivation is by one")
    method = choices.one_of(work.method, choices.METHODS, "--method")
    form = choices.form_of(work.to, work.output, choices.STEPS)
    if not work.quiet:
        symbols_remarked(problem)
    if work.film:
        _film(problem, name, work)
    if work.output or work.to or not work.film:
        with working("deriving"):
            found = problem.expression.steps(name, method, problem.order)
        written(_told(found, form, work.output), work.output, work.quiet)
    return DONE


def _told(found: Derivation, form: str, path: str) -> str:
    if form == "latex":
        return found.latex()
    if form == "markdown":
        return found.markdown()
    paper = form == "text" and (path or reads_paper(sys.stdout))
    return found.text("paper" if paper else "plain")


def _film(problem: Problem, name: str, work: Work) -> None:
    """The film of a derivation, to its file."""
    form = choices.form_of("", work.film, choices.FILMS)
    with working("drawing"):
        film: Film = problem.expression.film(name, problem.order)
        if form == "text":
            text = film.text(width=width())
        elif form == "html":
            text = film.html(title=f"the derivative by {name}")
        else:
            text = getattr(film, form)()
    written(text, work.film, work.quiet)
