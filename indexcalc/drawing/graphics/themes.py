"""Themes: for every role of a mark its colours and its line.

Colour only repeats what lines say already (solid, dashed, dotted, double, thick), so a
drawing stays readable in black and white. In "auto" a drawing is light, and dark where
its viewer prefers that.

>>> style_of("light", "wire variable").dash
(5.0, 3.5)
>>> contrast("#000000", "#ffffff")
21.0
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..options import chosen
from ..scene import ROLES


@dataclass(frozen=True, slots=True)
class Style:
    """`ink` is the colour of lines and texts, `ground` that inside ("none": nothing);
    `width` and `dash` are of the line, in px; `round` gives dashes round ends."""

    ink: str
    ground: str = "none"
    width: float = 0.0
    dash: tuple[float, ...] = ()
    round: bool = False


@dataclass(frozen=True, slots=True)
class Theme:
    """`paper` is the colour a theme is made for; `background` the one that is painted,
    or "none"; `dark` names the theme for viewers that prefer a dark one."""

    name: str
    paper: str
    background: str
    styles: Mapping[str, Style]
    dark: str = ""


@dataclass(frozen=True, slots=True)
class _Inks:
    """The few colours of a theme, all of them read against `paper`."""

    paper: str
    ink: str
    quiet: str
    faint: str
    amber: str
    red: str
    blue: str
    ground: str
    line: float = 1.4


_LIGHT = _Inks(
    paper="#ffffff",
    ink="#1c2733",
    quiet="#5a6673",
    faint="#7d8894",
    amber="#a85a00",
    red="#b3201f",
    blue="#2f4b8f",
    ground="#f3f6fa",
)
_DARK = _Inks(
    paper="#11161d",
    ink="#e4e9ef",
    quiet="#a3afbc",
    faint="#8793a0",
    amber="#f2ab4b",
    red="#ff8f86",
    blue="#9db8f5",
    ground="#1d2733",
)
_CONTRAST = _Inks(
    paper="#ffffff",
    ink="#000000",
    quiet="#333333",
    faint="#333333",
    amber="#733c00",
    red="#940000",
    blue="#00256b",
    ground="#ffffff",
    line=1.8,
)

_DASHED, _DOTTED = (5.0, 3.5), (0.1, 4.2)


def _styles(of: _Inks) -> dict[str, Style]:
    line, thin = of.line, round(of.line * 0.72, 2)
    wire = Style(of.ink, width=line, round=True)
    frame = Style(of.quiet, width=round(line * 0.9, 2))
    return {
        "wire": wire,
        "wire variable": replace(wire, ink=of.amber, dash=_DASHED, round=False),
        "wire double": replace(wire, width=thin),
        "dot": Style(of.ink, of.ink),
        "ring": Style(of.ink, width=line),
        "box": Style(of.ink, of.ground, line),
        "bar": Style(of.ink, width=round(line * 2.9, 2)),
        "frame elementwise": replace(frame, width=line * 1.2, dash=_DOTTED, round=True),
        "frame function": frame,
        "frame bracket": Style(of.faint, width=thin),
        "loop": Style(of.amber, width=round(line * 1.15, 2)),
        "loop dot": Style(of.amber, of.paper, round(line * 1.25, 2)),
        "wedge": Style(of.ink, of.ground, line),
        "name": Style(of.ink),
        "name variable": Style(of.red),
        "name function": Style(of.blue),
        "number": Style(of.ink, width=round(line * 0.8, 2)),
        "index": Style(of.quiet),
        "index value": Style(of.ink),
        "index variable": Style(of.amber),
        "size": Style(of.quiet),
        "port": Style(of.quiet),
        "caption": Style(of.quiet),
        "tree": Style(of.quiet, width=thin),
        "step": Style(of.ink, of.ground, thin),
        "input": Style(of.quiet, "none", thin),
    }


THEMES: dict[str, Theme] = {
    "light": Theme("light", _LIGHT.paper, "none", _styles(_LIGHT)),
    "dark": Theme("dark", _DARK.paper, "none", _styles(_DARK)),
    "contrast": Theme("contrast", _CONTRAST.paper, _CONTRAST.paper, _styles(_CONTRAST)),
    "auto": Theme("auto", _LIGHT.paper, "none", _styles(_LIGHT), dark="dark"),
}


def theme_named(name: str) -> Theme:
    """The theme of a name.

    Raises `UnsupportedError` for a name that is none.

    >>> theme_named("contrast").background
    '#ffffff'
    """
    return THEMES[chosen("theme", name, THEMES)]


def style_of(theme: str, role: str) -> Style:
    """How a theme draws a role; a role of none is drawn as the first word of it is."""
    styles = theme_named(theme).styles
    return styles.get(role) or styles.get(role.split(" ")[0]) or styles["wire"]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.1), from 1 to 21."""
    a, b = sorted((_luminance(one), _luminance(other)))
    return round((b + 0.05) / (a + 0.05), 2)


def _luminance(colour: str) -> float:
    parts = [_linear(int(colour[k : k + 2], 16) / 255) for k in (1, 3, 5)]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def complete(theme: Theme) -> bool:
    """Whether a theme knows every role."""
    return set(theme.styles) == set(ROLES)
