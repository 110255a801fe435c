"""Diagrams for the page: SVG whose wires can be pointed at and reached by keys.

Colours come from the page's style sheet (`sheet`), so that the page's switch between
light and dark holds for drawings too.
"""

from __future__ import annotations

from xml.etree.ElementTree import tostring

from ..drawing.graphics.html import touchable
from ..drawing.graphics.svg import role_rules, svg_element
from ..drawing.graphics.themes import THEMES
from ..drawing.scene import Scene
from ..drawing.scenes.alignment import aligned
from ..pictures import Diagram, Film
from .formulas import Data

#: Frames of a film get numbers of their own, so that no ids are shared.
FIRST_FRAME = 100


def drawing(diagram: Diagram, number: int) -> Data:
    """A diagram as SVG; `number` makes its ids its own."""
    return {"svg": _svg(diagram.scene(), number)}


def frames(film: Film) -> list[Data]:
    """The frames of a film, boxes that stay kept in their places."""
    scenes = film._scenes()
    still = aligned([scene for scene, _ in scenes])
    return [
        {"svg": _svg(scene, FIRST_FRAME + k), "caption": caption}
        for k, (scene, (_, caption)) in enumerate(zip(still, scenes, strict=True))
    ]


def _svg(scene: Scene, number: int) -> str:
    return tostring(touchable(svg_element(scene), number), encoding="unicode")


def sheet() -> str:
    """The rules that darken drawings where the page is dark, by itself or by choice."""
    dark = THEMES["dark"]
    by_itself = role_rules(dark, ":root:not([data-theme=light]) ")
    chosen = role_rules(dark, ":root[data-theme=dark] ")
    return (
        f"@media screen and (prefers-color-scheme:dark){{{by_itself}}}\n"
        f"@media screen{{{chosen}}}\n"
    )
