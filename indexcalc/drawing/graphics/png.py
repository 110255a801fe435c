"""Scenes as PNG, by the optional package resvg-py and the fonts of the system."""

from __future__ import annotations

from importlib import import_module
from math import sqrt

from ...errors import UnsupportedError
from ..options import positive
from ..scene import Scene
from .svg import svg_text

#: The widest or highest picture, and the most pixels of one; larger ones are made
#: smaller.
LARGEST, MOST_PIXELS = 12_000, 25_000_000


def png_bytes(
    scene: Scene,
    theme: str = "light",
    scale: float = 2.0,
    background: str | None = "auto",
) -> bytes:
    """The scene as a PNG, `scale` pixels to a px; `background` "auto" is the paper of
    the theme, None none.

    Raises `UnsupportedError` where resvg-py is not installed, and for a scale that is
    no number above 0.
    """
    enlarged = positive("scale", scale)
    chosen = "light" if theme == "auto" else theme
    text = svg_text(scene, chosen, background)
    try:
        converter = import_module("resvg_py")
    except ImportError:
        raise UnsupportedError(
            "resvg-py is needed to make a PNG", hint="pip install indexcalc[png]"
        ) from None
    longest = max(scene.width, scene.height, 1.0)
    most = sqrt(MOST_PIXELS / max(scene.width * scene.height, 1.0))
    width = max(1, round(scene.width * min(enlarged, LARGEST / longest, most)))
    return bytes(converter.svg_to_bytes(svg_string=text, width=width))
