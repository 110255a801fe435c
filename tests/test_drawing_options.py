"""The options of drawings: a wrong one is one sentence with a hint."""

from __future__ import annotations

from typing import Any

import pytest

import indexcalc as ic
from indexcalc.drawing.graphics.animation import animated_svg
from indexcalc.drawing.graphics.html import page
from indexcalc.drawing.graphics.png import png_bytes
from indexcalc.drawing.graphics.svg import svg_text
from indexcalc.drawing.options import COLOURS, colour, only, whole
from indexcalc.drawing.scenes.film import film_scenes
from indexcalc.errors import UnsupportedError

DIAGRAM = ic.parse("A*x", A="m n", x="n").diagram()
SCENE = DIAGRAM.scene()
FRAMES = [(SCENE, "first"), (SCENE, "second")]
WRONG = [None, "2", "wide", 0, -1, True, float("nan"), float("inf"), 10**400, [2]]


@pytest.mark.parametrize("value", WRONG)
def test_lengths_are_numbers_above_zero(value: object) -> None:
    wrong: Any = value
    for draw in (
        lambda: png_bytes(SCENE, scale=wrong),
        lambda: animated_svg(FRAMES, wrong),
        lambda: film_scenes([DIAGRAM.model], width=wrong),
    ):
        with pytest.raises(UnsupportedError, match="a number above 0, such as"):
            draw()


@pytest.mark.parametrize(
    "value",
    ["nope", "lightgrey2", "#12", "#12345", 3, "", "red;}</style>", "a\nb", b"x"],
)
def test_backgrounds_are_colours(value: object) -> None:
    wrong: Any = value
    for draw in (
        lambda: svg_text(SCENE, "light", wrong),
        lambda: png_bytes(SCENE, background=wrong),
        lambda: animated_svg(FRAMES, background=wrong),
    ):
        with pytest.raises(UnsupportedError, match="a CSS name") as found:
            draw()
        assert "\n" not in str(found.value)


@pytest.mark.parametrize("value", [None, "x", 3, ["dots"], "Dots"])
def test_choices_are_known(value: object) -> None:
    wrong: Any = value
    with pytest.raises(UnsupportedError, match="one of dots, all, none"):
        DIAGRAM.scene(labels=wrong)
    with pytest.raises(UnsupportedError, match="one of light, dark, contrast, auto"):
        svg_text(SCENE, wrong)
    with pytest.raises(UnsupportedError, match="True or False"):
        DIAGRAM.scene(legend=wrong)


def test_captions_and_titles_are_texts() -> None:
    wrong: Any = 3
    with pytest.raises(UnsupportedError, match="caption is 3, no text"):
        DIAGRAM.scene(caption=wrong)
    with pytest.raises(UnsupportedError, match="title is 3, no text"):
        page(FRAMES, wrong)


def test_a_film_knows_its_options() -> None:
    with pytest.raises(UnsupportedError, match="no option widht"):
        ic.parse("A*x", A="m n", x="n").film("A").strip(widht=3)
    with pytest.raises(UnsupportedError, match="it has none"):
        only({"foo": 1}, (), "the picture of a plan")
    assert whole("width", 80) == 80
    with pytest.raises(UnsupportedError, match="whole number"):
        whole("width", 2.5)


def test_colours() -> None:
    assert len(COLOURS) == 148
    assert [colour(c) for c in (None, "transparent", " White ", "#FDE")] == [
        "none",
        "none",
        "white",
        "#fde",
    ]
