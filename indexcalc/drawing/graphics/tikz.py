r"""Scenes as TikZ: a `tikzpicture` for any LaTeX document, or a whole document.

It needs `\usepackage{tikz}` and nothing else, compiles with pdflatex and is ASCII
whatever the names are. Lengths are in big points, 3/4 of a px, so that a drawing is as
large as its SVG; styles and colours are those of the theme, defined inside the picture
so that they can be changed in one place and clash with nothing.

>>> from ..scene import Circle, Label, Scene
>>> dot = Circle(10, 10, 4, "dot")
>>> name = Label(10, 30, "x₁", "name", 14, tex="x_{1}")
>>> print(tikz_text(Scene(20, 40, (dot, name))))
% needs \usepackage{tikz}
\begin{tikzpicture}[x=1bp, y=1bp,
  every node/.style={inner sep=0pt, outer sep=0pt, font=\fontsize{10}{12}\selectfont},
  ic dot/.style={fill=icA},
  ic name/.style={text=icA}]
\definecolor{icA}{HTML}{1C2733}
\path[use as bounding box] (0,0) rectangle (15,30);
\path[ic dot] (7.5,22.5) circle [radius=3];
\node[ic name, anchor=base, scale=1.05] at (7.5,4.04) {$x_{1}$};
\end{tikzpicture}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from ..faces import text_width
from ..scene import Circle, Group, Label, Mark, Path, Point, Rect, Scene
from ..scenes.letters import kind_of
from .svg import APART, MIDDLE, number
from .tex_letters import HEXBLOCK, safe_math, tex_line
from .themes import Style, style_of

#: Big points in a px, and the size of the font that labels scale, in big points.
UNIT, FONT = 0.75, 10.0

#: Labels from this many letters on are kept to the width they have in other formats.
LONG = 6

#: What narrows a label that is wider in LaTeX's fonts than its place.
_FIT = (
    r"\def\icfit#1#2{\setbox0=\hbox{#2}"
    r"\ifdim\wd0>#1\relax\resizebox{#1}{!}{\box0}\else\box0\fi}"
)

_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def tikz_text(scene: Scene, *, standalone: bool = False, theme: str = "light") -> str:
    """The scene as LaTeX; `standalone` makes it a document of one page of its size."""
    lines = list(_picture(scene, theme))
    if standalone:
        lines = list(_document(scene, lines))
    return "\n".join(lines)


def _document(scene: Scene, picture: list[str]) -> Iterator[str]:
    wide, high = number(scene.width * UNIT), number(scene.height * UNIT)
    yield r"\documentclass{article}"
    paper = f"paperwidth={wide}bp, paperheight={high}bp, margin=0bp"
    yield rf"\usepackage[{paper}]{{geometry}}"
    yield r"\usepackage{tikz}"
    yield r"\pagestyle{empty}\parindent=0pt\topskip=0pt\vfuzz=2pt\hfuzz=2pt"
    yield r"\raggedbottom"
    yield r"\begin{document}"
    yield r"\vbox to 0pt{\offinterlineskip"
    yield from picture
    yield r"\vss}"
    yield r"\end{document}"


def _picture(scene: Scene, theme: str) -> Iterator[str]:
    drawn = _Pen(scene.height, _colours(scene, theme), theme)
    kinds = dict.fromkeys(map(_style_of, leaves(scene.marks)))
    styles = [f"  {style}/.style={{{drawn.look(*style)}}}" for style in kinds]
    font = r"font=\fontsize{10}{12}\selectfont"
    every = f"  every node/.style={{inner sep=0pt, outer sep=0pt, {font}}}"
    body = list(drawn.lines(scene.marks))
    yield r"% needs \usepackage{tikz}"
    yield r"\begin{tikzpicture}[x=1bp, y=1bp,"
    yield ",\n".join([every, *styles]) + "]"
    for colour, name in drawn.colours.items():
        yield rf"\definecolor{{{name}}}{{HTML}}{{{colour[1:].upper()}}}"
    for name, definition in (("\\icfit", _FIT), ("\\ichex", HEXBLOCK)):
        if any(name in line for line in body):
            yield definition
    far = _pair(scene.width * UNIT, scene.height * UNIT)
    yield rf"\path[use as bounding box] (0,0) rectangle {far};"
    yield from body
    yield r"\end{tikzpicture}"


Leaf: TypeAlias = Path | Circle | Rect | Label


def leaves(marks: Iterable[Mark]) -> Iterator[Leaf]:
    """The marks with those of groups in their place."""
    for mark in marks:
        if isinstance(mark, Group):
            yield from leaves(mark.marks)
        else:
            yield mark


def _colours(scene: Scene, theme: str) -> dict[str, str]:
    """A name for every colour in use."""
    looks = [style_of(theme, mark.role) for mark in leaves(scene.marks)]
    inks = [ink for look in looks for ink in (look.ink, look.ground) if ink != "none"]
    used = dict.fromkeys(inks)
    return {ink: f"ic{_lettered(k)}" for k, ink in enumerate(used)}


def _lettered(k: int) -> str:
    return chr(65 + k) if k < 26 else _lettered(k // 26 - 1) + chr(65 + k % 26)


class _Style(NamedTuple):
    """The style of the marks of a role: of its lines, or of its labels."""

    role: str
    text: bool

    def __str__(self) -> str:
        kept = "".join(c for c in self.role if c.isalnum() or c == " ")
        return (
            f"ic {kept} line" if self.role in _BOTH and not self.text else f"ic {kept}"
        )


#: Roles that labels and lines have.
_BOTH = frozenset({"number"})


def _style_of(mark: Leaf) -> _Style:
    return _Style(mark.role, isinstance(mark, Label))


@dataclass(frozen=True, slots=True)
class _Pen:
    """Turns px downwards into big points upwards, and marks into lines of TikZ."""

    height: float
    colours: Mapping[str, str]
    theme: str

    def look(self, role: str, text: bool) -> str:
        """The options of a role."""
        style = style_of(self.theme, role)
        if text:
            return f"text={self.colours[style.ink]}"
        return ", ".join([*self._ground(style), *self._stroke(style, role)])

    def _ground(self, style: Style) -> list[str]:
        return [] if style.ground == "none" else [f"fill={self.colours[style.ground]}"]

    def _stroke(self, style: Style, role: str) -> list[str]:
        if not style.width:
            return []
        width = style.width * UNIT
        found = [f"draw={self.colours[style.ink]}", f"line width={number(width)}bp"]
        if style.dash:
            found.append(f"dash pattern={_dashes(style.dash)}")
        if style.round:
            found.append("line cap=round, line join=round")
        if role == "wire double":
            apart = max(2 * APART * UNIT - width, 0.3)
            found += ["line cap=butt", "double", f"double distance={number(apart)}bp"]
        return found

    def lines(self, marks: Iterable[Mark]) -> Iterator[str]:
        """The marks in order, groups by a comment that says what they are."""
        for mark in marks:
            match mark:
                case Group():
                    yield from _remark(mark.title)
                    yield from self.lines(mark.marks)
                case Path():
                    yield self._path(mark)
                case Circle():
                    yield self._circle(mark)
                case Rect():
                    yield self._rect(mark)
                case Label():
                    yield self._label(mark)

    def _at(self, point: Point) -> str:
        return _pair(point[0] * UNIT, (self.height - point[1]) * UNIT)

    def _path(self, mark: Path) -> str:
        steps = [self._at(mark.start)]
        for piece in mark.pieces:
            *controls, end = map(self._at, piece)
            bend = f".. controls {' and '.join(controls)} .." if controls else "--"
            steps.append(f"{bend} {end}")
        steps += ["-- cycle"] * mark.closed
        options = str(_style_of(mark))
        if not mark.closed and style_of(self.theme, mark.role).ground != "none":
            options += ", fill=none"
        return rf"\path[{options}] {' '.join(steps)};"

    def _circle(self, mark: Circle) -> str:
        place, radius = self._at((mark.x, mark.y)), number(mark.radius * UNIT)
        style = str(_style_of(mark))
        return rf"\path[{style}] {place} circle [radius={radius}];"

    def _rect(self, mark: Rect) -> str:
        near = self._at((mark.x, mark.y))
        far = self._at((mark.x + mark.width, mark.y + mark.height))
        options = str(_style_of(mark))
        if mark.radius:
            options += f", rounded corners={number(mark.radius * UNIT)}bp"
        return rf"\path[{options}] {near} rectangle {far};"

    def _label(self, mark: Label) -> str:
        place = self._at((mark.x, mark.y + MIDDLE * mark.size))
        scale = mark.size * UNIT / FONT
        options = [str(_style_of(mark)), f"anchor={_ANCHORS[mark.anchor]}"]
        options.append(f"scale={number(scale)}")
        return rf"\node[{', '.join(options)}] at {place} {{{_words(mark)}}};"


def _words(mark: Label) -> str:
    """What a label says, never wider than in other formats."""
    words = _formula(mark)
    if mark.underlined:
        words = rf"\underline{{{words}}}"
    if len(mark.text) < LONG:
        return words
    width = text_width(mark.text, FONT)
    return rf"\icfit{{{number(width)}bp}}{{{words}}}"


def _formula(mark: Label) -> str:
    """The formula of a label; the text where it was cut or has signs of no formula."""
    cut = mark.text.endswith("…") or "(U+" in mark.tex
    math = "" if cut else safe_math(mark.tex)
    return f"${math}$" if math else tex_line(mark.text, kind_of(mark.role, mark.text))


def _remark(title: str) -> Iterator[str]:
    kept = "".join(c if c.isascii() and c.isprintable() else "?" for c in title)
    if kept:
        yield f"% {kept[:100]}"


def _dashes(dash: tuple[float, ...]) -> str:
    words = ("on", "off")
    return " ".join(
        f"{words[k % 2]} {number(length * UNIT)}bp" for k, length in enumerate(dash)
    )


def _pair(x: float, y: float) -> str:
    return f"({number(x)},{number(y)})"
