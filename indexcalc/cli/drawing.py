"""`diagram`: contraction diagrams of expressions and of einsum strings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..from_diagrams import diagram_from
from ..pictures import Diagram
from . import choices
from .options import By, Draw, Often, Read
from .progress import working
from .reading import is_einsum, only, problem_of, targets, text_of
from .refusals import DONE
from .said import symbols_remarked
from .writing import drawn, written

#: Which options the formats have, beside legend and labels of those with a scene.
SCENES = ("svg", "png", "tikz", "html")


def diagram_command(asked: Read, by: By, often: Often, draw: Draw) -> int:
    """A diagram, in the terminal or in a file."""
    form = choices.form_of(draw.to, draw.output, choices.PICTURES)
    options = _options(draw, form)
    asked = replace(asked, text=text_of(asked.text))
    with working("drawing"):
        picture = _picture(asked, by, often, draw)
        content = drawn(picture, form, **options)
    written(content, draw.output, draw.quiet)
    return DONE


def _picture(asked: Read, by: By, often: Often, draw: Draw) -> Diagram:
    if is_einsum(asked.text):
        return diagram_from(asked.text.strip())
    problem = problem_of(asked, by, often.order)
    if not draw.quiet:
        symbols_remarked(problem)
    found = targets(problem, always=bool(by.variables))
    one = only(found, "a picture shows one derivative").expression
    return one.diagram(by=draw.loop or None, fuse=not draw.unfused)


def _options(draw: Draw, form: str) -> dict[str, Any]:
    labels = choices.one_of(draw.labels, choices.LABELS, "--labels")
    theme = choices.one_of(draw.theme, choices.THEMES, "--theme")
    found: dict[str, Any] = {}
    if form in SCENES:
        found |= {"legend": draw.legend, "labels": labels}
    if form in ("svg", "png"):
        found["theme"] = theme
    if form == "tikz":
        found["standalone"] = draw.standalone
    return found
