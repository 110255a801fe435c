"""Scenes as SVG: one self-contained element, sized in px, of any theme.

Built as an XML tree, so that no name can become markup. Every mark carries its look in
attributes and its role as a class; "auto" adds a style sheet for viewers that prefer a
dark one. The ids come from the content, so that drawings in one page do not clash.

>>> from ..scene import Circle, Scene
>>> text = svg_text(Scene(20, 20, (Circle(10, 10, 3.5, "dot", "k", "index k"),), "s"))
>>> text.startswith('<svg xmlns="http://www.w3.org/2000/svg"'), 'data-index="k"' in text
(True, True)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from math import fsum
from xml.etree.ElementTree import Element, SubElement, tostring

from ..faces import harmless, text_width
from ..options import colour
from ..scene import Circle, Group, Label, Mark, Path, Point, Rect, Scene
from ..scenes.letters import Run, kind_of, letter_runs
from ..scenes.marks import BEGINS
from ..scenes.strokes import shifted
from .themes import Style, Theme, style_of, theme_named

#: Serif text fonts with true italics, then fonts for the mathematical signs.
FONTS = (
    "'STIX Two Text','Latin Modern Roman','CMU Serif','Libertinus Serif',Cambria,"
    "'Times New Roman','Nimbus Roman','Noto Serif','DejaVu Serif',"
    "'STIX Two Math','Cambria Math','Latin Modern Math',serif"
)

#: Fonts that have the mathematical signs, for those.
SIGNS = (
    "'STIX Two Math','Cambria Math','Latin Modern Math','Libertinus Math',"
    "'XITS Math','DejaVu Serif','DejaVu Sans',serif"
)

#: Serif text fonts with italics that have Greek and mathematical signs as well.
BROAD = (
    "'STIX Two Text','CMU Serif','Libertinus Serif',Cambria,'Times New Roman',"
    "'Nimbus Roman','Liberation Serif','Noto Serif','FreeSerif','DejaVu Serif',"
    "'STIX Two Math','Cambria Math',serif"
)

#: What a text font may lack. Some viewers then set a whole piece of text in another
#: font, so that it stands in a piece of its own.
_RARE = re.compile(r"([^\u0000-\u024f\u2010-\u2026\u2212]+)")

#: Arrows, operators, shapes and mathematical letters.
_SIGN = re.compile(r"([\u2190-\u2bff\U0001d400-\U0001d7ff]+)")

#: A number with a fraction, as Python writes it: its last digits depend on its version.
_FLOAT = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")

#: How far the middle of a line lies above its baseline, of the font's size.
MIDDLE = 0.33

#: Half the distance between the two lines of a double wire.
APART = 1.7


def svg_text(scene: Scene, theme: str = "light", background: str | None = None) -> str:
    """The scene as the text of an SVG file.

    `theme` is "light", "dark", "contrast" or "auto"; `background` a colour to paint, or
    "auto" for the paper of the theme.
    """
    root = svg_element(scene, theme, background)
    return svg_written(root)


def svg_element(
    scene: Scene, theme: str = "light", background: str | None = None
) -> Element:
    """The scene as an `<svg>` element."""
    chosen = theme_named(theme)
    ident = identity(scene, theme, background)
    root = frame_element(scene.width, scene.height, ident, scene.title)
    SubElement(root, "desc", {"id": f"{ident}-d"}).text = harmless(scene.description)
    if chosen.dark:
        SubElement(root, "style").text = dark_sheet(chosen, ident)
    root.extend(ground(chosen, background))
    root.extend(elements(scene.marks, theme))
    return root


def frame_element(width: float, height: float, ident: str, title: str) -> Element:
    """An empty `<svg>` with its size and its title."""
    wide, high = number(width), number(height)
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "id": ident,
            "width": wide,
            "height": high,
            "viewBox": f"0 0 {wide} {high}",
            "role": "img",
            "aria-labelledby": f"{ident}-t {ident}-d",
            "font-family": FONTS,
        },
    )
    SubElement(root, "title", {"id": f"{ident}-t"}).text = harmless(title)
    return root


def ground(theme: Theme, background: str | None) -> list[Element]:
    """What is painted behind a drawing."""
    painted = colour(theme.background if background is None else background)
    if painted == "none":
        return []
    known = {"class": "ic-paper"} if painted == "auto" else {}
    fill = theme.paper if painted == "auto" else painted
    return [Element("rect", {**known, "width": "100%", "height": "100%", "fill": fill})]


def svg_written(root: Element) -> str:
    """The text of an element, each of its children on a line."""
    root.text = "\n"
    for child in root:
        child.tail = "\n"
    return tostring(root, encoding="unicode") + "\n"


def identity(*content: object) -> str:
    """An id that only the same content has."""
    written = _FLOAT.sub(lambda found: number(float(found[0])), repr(content))
    return "ic-" + sha256(written.encode(errors="replace")).hexdigest()[:10]


def number(value: float) -> str:
    """A coordinate with at most two decimals.

    >>> number(3.0), number(-0.001), number(2.456)
    ('3', '0', '2.46')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def role_class(role: str) -> str:
    """The class of a role's elements.

    >>> role_class("wire variable")
    'ic-wire-variable'
    """
    return "ic-" + role.replace(" ", "-")


# -- style sheets ----------------------------------------------------------------------


def dark_sheet(theme: Theme, ident: str) -> str:
    """The rules that darken the drawing `ident` where its viewer prefers that."""
    rules = role_rules(theme_named(theme.dark), f"#{ident} ")
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def role_rules(theme: Theme, within: str = "") -> str:
    """The rules that give every role its colours."""
    rules = [f"{within}.ic-paper{{fill:{theme.paper}}}"]
    rules += [
        f"{within}.{role_class(role)}{{{_rule(role, style)}}}"
        for role, style in theme.styles.items()
    ]
    rules.append(f"{within}path.ic-number{{stroke:{theme.styles['number'].ink}}}")
    return "".join(rules)


def _rule(role: str, style: Style) -> str:
    if role == "number" or not style.width:
        return f"fill:{style.ink}"
    return f"stroke:{style.ink};fill:{style.ground}"


# -- marks -----------------------------------------------------------------------------


def elements(marks: Iterable[Mark], theme: str) -> list[Element]:
    """The elements of marks, each complete in itself."""
    return [_element(mark, theme) for mark in marks]


def _element(mark: Mark, theme: str) -> Element:
    match mark:
        case Path():
            return _path(mark, theme)
        case Circle():
            return _circle(mark, theme)
        case Rect():
            return _rect(mark, theme)
        case Label():
            return _label(mark, theme)
        case Group():
            return _group(mark, theme)


def _group(mark: Group, theme: str) -> Element:
    found = Element("g", {"data-key": harmless(mark.key)} if mark.key else {})
    _titled(found, mark.title)
    found.extend(elements(mark.marks, theme))
    return found


def _path(mark: Path, theme: str) -> Element:
    if mark.role != "wire double":
        return _line(mark, path_data(mark), theme)
    drawn = (mark.start, mark.pieces)
    sides = [shifted(drawn, by) for by in (APART, -APART)]
    data = "".join(path_data(Path(*side, mark.role)) for side in sides)
    return _line(mark, data, theme)


def _line(mark: Path, data: str, theme: str) -> Element:
    style = style_of(theme, mark.role)
    look = _stroke(style) | {"fill": style.ground if mark.closed else "none"}
    found = Element("path", _known(mark.role, mark.index) | {"d": data} | look)
    return _titled(found, mark.title)


def path_data(mark: Path) -> str:
    """The `d` of a path.

    >>> path_data(Path((0, 0), (((4, 0),), ((5, 0), (6, 1), (6, 2))), "wire"))
    'M0 0L4 0C5 0 6 1 6 2'
    """
    pieces = [
        ("L" if len(piece) == 1 else "C") + " ".join(map(_pair, piece))
        for piece in mark.pieces
    ]
    return f"M{_pair(mark.start)}{''.join(pieces)}{'Z' if mark.closed else ''}"


def _pair(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _circle(mark: Circle, theme: str) -> Element:
    style = style_of(theme, mark.role)
    place = {"cx": number(mark.x), "cy": number(mark.y), "r": number(mark.radius)}
    look = {"fill": style.ground} | (_stroke(style) if style.width else {})
    found = Element("circle", _known(mark.role, mark.index) | place | look)
    return _titled(found, mark.title)


def _rect(mark: Rect, theme: str) -> Element:
    style = style_of(theme, mark.role)
    place = {"x": mark.x, "y": mark.y, "width": mark.width, "height": mark.height}
    place |= {"rx": mark.radius} if mark.radius else {}
    look = {"fill": style.ground} | _stroke(style)
    written = {name: number(value) for name, value in place.items()}
    return _titled(Element("rect", _known(mark.role, "") | written | look), mark.title)


def _stroke(style: Style) -> dict[str, str]:
    look = {"stroke": style.ink, "stroke-width": number(style.width)}
    if style.dash:
        look["stroke-dasharray"] = " ".join(map(number, style.dash))
    if style.round:
        look |= {"stroke-linecap": "round", "stroke-linejoin": "round"}
    return look


def _known(role: str, index: str) -> dict[str, str]:
    known = {"class": role_class(role)}
    return known | {"data-index": harmless(index)} if index else known


def _titled(found: Element, title: str) -> Element:
    if title:
        SubElement(found, "title").text = harmless(title)
    return found


# -- text ------------------------------------------------------------------------------

#: How much smaller an exponent is, and how far it is raised and a subscript lowered.
_SMALL, _UP, _DOWN = 0.7, -0.36, 0.2


def _label(mark: Label, theme: str) -> Element:
    style = style_of(theme, mark.role)
    place = {
        "x": number(mark.x),
        "y": number(mark.y + MIDDLE * mark.size),
        "font-size": number(mark.size),
        "text-anchor": mark.anchor,
        "fill": style.ink,
    }
    what = kind_of(mark.role, mark.text)
    if what == "indices" and len(mark.text) > 1:
        # Some fonts have a ligature for ij.
        place["letter-spacing"] = "0.4"
    runs = letter_runs(harmless(mark.text), what)
    pieces = _pieces(runs)
    starts = _starts(mark, pieces)
    if not starts and any(_RARE.search(text) for text, _, _ in runs):
        place["font-family"] = BROAD
    found = Element("text", _known(mark.role, mark.index) | place)
    _titled(found, mark.title)
    for piece, start in zip(pieces, starts, strict=True) if starts else [(runs, {})]:
        found.extend(_spans(mark, piece, start))
    return found


def _pieces(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs before the first rare letters, those with them, and those after, where
    no rare letters follow."""
    parts = [
        (text, *look) for run, *look in runs for text in filter(None, _RARE.split(run))
    ]
    return [
        list(piece)
        for _, piece in groupby(parts, lambda part: bool(_RARE.match(part[0])))
    ]


def _starts(mark: Label, pieces: Sequence[Sequence[Run]]) -> list[dict[str, str]]:
    """Where each of two or three pieces begins or ends, if only one of them is rare:
    they meet at a point, however wide they come out."""
    rare = [k for k, piece in enumerate(pieces) if _RARE.match(piece[0][0])]
    if len(pieces) < 2 or len(rare) != 1:
        return []
    wide = [_wide(mark, piece) for piece in pieces]
    left = mark.x + BEGINS[mark.anchor] * fsum(wide)
    meet = left + wide[0]
    y = number(mark.y + MIDDLE * mark.size)
    anchors = ["end", "start", "start"]
    found = [{"x": number(meet), "y": y, "text-anchor": way} for way in anchors]
    found[2]["x"] = number(meet + wide[1])
    found[rare[0]]["font-family"] = BROAD
    return found[: len(pieces)]


def _wide(mark: Label, piece: Sequence[Run]) -> float:
    small = {True: _SMALL, False: 1.0}
    return fsum(
        text_width(text, mark.size * small[level != 0]) for text, _, level in piece
    )


def _spans(
    mark: Label, runs: Sequence[Run], start: Mapping[str, str]
) -> Iterator[Element]:
    """The runs of a piece, which begins at a place of its own or goes on."""
    at, begun = 0.0, dict(start)
    for text, italic, level in runs:
        aim = mark.size * (_UP if level > 0 else _DOWN if level else 0.0)
        for part in filter(None, _SIGN.split(text)):
            family = {k: v for k, v in start.items() if k == "font-family"}
            look = begun | family | _run_look(mark, italic, level, aim - at)
            found = Element(
                "tspan", look | ({"font-family": SIGNS} if _SIGN.match(part) else {})
            )
            found.text = part
            yield found
            at, begun = aim, {}


def _run_look(mark: Label, italic: bool, level: int, move: float) -> dict[str, str]:
    look = {"font-style": "italic"} if italic else {}
    if level:
        look["font-size"] = number(mark.size * _SMALL)
    if abs(move) > 0.01:
        look["dy"] = number(move)
    if mark.underlined and not level:
        look["text-decoration"] = "underline"
    return look
