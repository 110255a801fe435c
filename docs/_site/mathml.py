"""Formulas as MathML, which browsers draw by themselves: no script, no network."""

from __future__ import annotations

from typing import Any

from docutils import nodes

from indexcalc.errors import ParseError
from indexcalc.formula_image import mathml


def drawn(node: Any, display: str) -> str:
    """A formula of a page; one that cannot be drawn stops the build."""
    try:
        found = mathml(node.astext().strip())
    except ParseError as reason:
        raise ValueError(f"{node.source}, line {node.line}: {reason}") from reason
    return found.replace('display="inline"', f'display="{display}"', 1)


def inline(writer: Any, node: Any) -> None:
    """A formula in a line of text."""
    writer.body.append(f'<span class="math">{drawn(node, "inline")}</span>')
    raise nodes.SkipNode


def display(writer: Any, node: Any) -> None:
    """A formula that stands alone; a wide one scrolls."""
    formula = drawn(node, "block")
    writer.body.append(f'<div class="math" tabindex="0">{formula}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Makes it the renderer `mathml`."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
