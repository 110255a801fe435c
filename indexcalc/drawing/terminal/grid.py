"""A sheet of characters: texts, walls, and strokes that know where they go.

A stroke is what a wire leaves in a cell: the sides of the cell that it joins. Two wires
meet in a cell only where one runs straight across the other; the one that runs up and
down is then written, so that ─│─ is a crossing and ├ ┤ ┬ ┴ are always joints of one.

>>> sheet = Sheet(UNICODE)
>>> sheet.write(0, 0, "i"), sheet.stroke((1, 0), 1, LEFT | DOWN, "wire")
(None, None)
>>> sheet.stroke((1, 1), 1, UP | RIGHT, "wire"), sheet.write(2, 1, "(x)")
(None, None)
>>> print(sheet.text())
i╮
 ╰(x)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ...latex_names import GREEK
from ...legible import columns as columns

Cell: TypeAlias = tuple[int, int]

#: The sides of a cell, as bits, and the way to the cell beyond each.
RIGHT, DOWN, LEFT, UP = 1, 2, 4, 8
WAYS: dict[int, Cell] = {RIGHT: (1, 0), DOWN: (0, 1), LEFT: (-1, 0), UP: (0, -1)}
LEVEL, UPRIGHT = RIGHT | LEFT, DOWN | UP
BACK = {RIGHT: LEFT, LEFT: RIGHT, UP: DOWN, DOWN: UP}


def beyond(cell: Cell, way: int) -> Cell:
    """The next cell that way."""
    dx, dy = WAYS[way]
    return cell[0] + dx, cell[1] + dy


#: The characters by the sides that they join, from RIGHT alone to all four.
_ROUND = "─│╭──╮┬│╰│├╯┴┤┼"
_SQUARE = "─│┌──┐┬│└│├┘┴┤┼"
_DOUBLE = "═║╔══╗╦║╚║╠╝╩╣╬"
_HEAVY = "━┃┏━━┓┳┃┗┃┣┛┻┫╋"
_PLAIN = "-|+--++|+|++++|"

#: A double line joined by single ones: (its sides, those joined).
_DOUBLE_JOINTS = {
    (UP, RIGHT): "╙",
    (UP, LEFT): "╜",
    (DOWN, RIGHT): "╓",
    (DOWN, LEFT): "╖",
    (RIGHT, UP): "╘",
    (LEFT, UP): "╛",
    (RIGHT, DOWN): "╒",
    (LEFT, DOWN): "╕",
    (UPRIGHT, LEFT): "╢",
    (UPRIGHT, RIGHT): "╟",
    (UPRIGHT, LEVEL): "╫",
    (LEVEL, DOWN): "╤",
    (LEVEL, UP): "╧",
    (LEVEL, UPRIGHT): "╪",
}

#: A single line joined by a double one.
_SINGLE_JOINTS = {
    (UPRIGHT, LEFT): "╡",
    (UPRIGHT, RIGHT): "╞",
    (LEVEL, DOWN): "╥",
    (LEVEL, UP): "╨",
}

Joints: TypeAlias = Mapping[tuple[int, int], str]


@dataclass(frozen=True, slots=True)
class Writing:
    """The characters in use: for strokes and walls by style, for marks by name, for
    joints of single and double lines, and what is done to a text before it is
    written."""

    strokes: Mapping[str, str]
    walls: Mapping[str, str]
    marks: Mapping[str, str]
    spelled: Callable[[str], str]
    joints: Joints
    single_joints: Joints


def cut(text: str, widest: int) -> str:
    """A text of so many columns at most.

    >>> cut("abcdef", 4)
    'abc…'
    """
    if columns(text) <= widest:
        return text
    kept = text
    while kept and columns(kept) > widest - 1:
        kept = kept[:-1]
    return f"{kept}…" if widest > 0 else ""


# -- plain characters ------------------------------------------------------------------

_SPELLED = {
    **GREEK,
    **dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-", strict=True)),
    "∂": "d",
    "×": "x",
    "·": "*",
    "−": "-",
    "∘": "o",
    "…": "~",
    "◦": "?",
    "′": "'",
    "½": "1/2",
    "⊗": "(x)",
    "⊤": "T",
    "ᵀ": "T",
}
_POWERS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ", "0123456789+-()n", strict=True))


def spelled(text: str) -> str:
    """A text in ASCII.

    >>> spelled("X⁻¹"), spelled("σ₂"), spelled("é")
    ('X^-1', 'sigma2', 'e')
    """
    found, raised = [], False
    for c in text:
        if c in _POWERS and not raised:
            found.append("^")
        raised = c in _POWERS
        found.append(_POWERS.get(c) or _SPELLED.get(c) or _ascii(c))
    return "".join(found)


def _ascii(c: str) -> str:
    plain = unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode()
    shown = "".join(p for p in plain if p.isprintable())
    return shown or ("" if unicodedata.combining(c) else "?")


UNICODE = Writing(
    strokes={
        "wire": _ROUND,
        "variable": _ROUND.replace("─", "┄").replace("│", "┆"),
        "double": _DOUBLE,
    },
    walls={
        "function": _SQUARE,
        "elementwise": _SQUARE.replace("─", "┈").replace("│", "┊"),
        "bracket": _SQUARE.replace("─", " "),
        "loop": _DOUBLE,
        "wedge": _DOUBLE,
        "block": _HEAVY,
    },
    marks={
        "dot": "●",
        "ring": "○",
        "bar left": "┨",
        "bar right": "┠",
        "left": "┤",
        "right": "├",
        "side": "│",
        "foot": "○",
    },
    spelled=str,
    joints=_DOUBLE_JOINTS,
    single_joints=_SINGLE_JOINTS,
)

ASCII = Writing(
    strokes={
        "wire": _PLAIN,
        "variable": _PLAIN.replace("-", ".").replace("|", ":"),
        "double": _PLAIN.replace("-", "=").replace("|", "#"),
    },
    walls={
        "function": _PLAIN,
        "elementwise": _PLAIN.replace("-", ".").replace("|", ":"),
        "bracket": "-|+--++|+|++++|".replace("-", " "),
        "loop": _PLAIN.replace("-", "=").replace("|", "#"),
        "wedge": _PLAIN.replace("-", "=").replace("|", "#"),
        "block": "=##==############"[:15],
    },
    marks={
        "dot": "*",
        "ring": "o",
        "bar left": "[",
        "bar right": "]",
        "left": "|",
        "right": "|",
        "side": "|",
        "foot": "o",
    },
    spelled=spelled,
    joints={},
    single_joints={},
)


# -- the sheet -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a net leaves in a cell: the sides it joins, how it is drawn, and the sides
    where single lines join a double one, or double lines a single one."""

    sides: int
    style: str
    other: int = 0


@dataclass(slots=True)
class Wall:
    """A cell of a border: the sides along it, those where wires arrive, and those where
    double ones do."""

    style: str
    sides: int
    joined: int = 0
    double: int = 0


@dataclass(slots=True)
class Sheet:
    """The cells of a drawing. `strokes` are by cell and net; a text or a wall stands
    alone in its cell; at a dot the sides in use are known."""

    writing: Writing
    marks: dict[Cell, str] = field(default_factory=dict)
    walls: dict[Cell, Wall] = field(default_factory=dict)
    strokes: dict[Cell, dict[int, Stroke]] = field(default_factory=dict)
    dots: dict[Cell, int] = field(default_factory=dict)

    def write(self, x: int, y: int, text: str) -> None:
        """A text from a cell to the right; a wide letter fills two cells."""
        for c in self.writing.spelled(text):
            wide = columns(c)
            if not wide:
                self.marks[x - 1, y] = self.marks.get((x - 1, y), "") + c
                continue
            self.marks[x, y] = c
            if wide == 2:
                self.marks[x + 1, y] = ""
            x += wide

    def width(self, text: str) -> int:
        """The columns of a text as it is written."""
        return columns(self.writing.spelled(text))

    def stroke(self, cell: Cell, net: int, sides: int, style: str) -> None:
        """Adds to what a net has in a cell."""
        held = self.strokes.setdefault(cell, {})
        old = held.get(net, Stroke(0, style))
        mixed = (style == "double") != (old.style == "double")
        other = old.other | (sides if mixed else 0)
        held[net] = Stroke(old.sides | sides, old.style, other)

    def cells(self) -> dict[Cell, str]:
        """What is written in every cell that is in use."""
        found = {cell: self._shown(cell) for cell in (*self.marks, *self.walls)}
        found |= {cell: self._shown(cell) for cell in (*self.strokes, *self.dots)}
        return {cell: c for cell, c in found.items() if c != " "}

    def text(self) -> str:
        """The lines, without spaces at their ends, from the first column in use."""
        cells = self.cells()
        xs, ys = [x for x, _ in cells], [y for _, y in cells]
        lines = (
            "".join(cells.get((x, y), " ") for x in range(min(xs), max(xs) + 1))
            for y in range(min(ys, default=0), max(ys, default=-1) + 1)
        )
        return "\n".join(line.rstrip() for line in lines)

    def _shown(self, cell: Cell) -> str:
        if cell in self.marks:
            return self.marks[cell]
        if cell in self.dots:
            return self.writing.marks["dot" if self.dots[cell] else "ring"]
        if cell in self.walls:
            return self._wall(self.walls[cell])
        held = list(self.strokes[cell].values())
        upright = [s for s in held if s.sides == UPRIGHT]
        return self._stroke((upright or held)[0])

    def _stroke(self, stroke: Stroke) -> str:
        double = stroke.style == "double"
        joints = self.writing.joints if double else self.writing.single_joints
        joint = joints.get((stroke.sides & ~stroke.other, stroke.other))
        return joint or self.writing.strokes[stroke.style][stroke.sides - 1]

    def _wall(self, wall: Wall) -> str:
        joint = self.writing.joints.get((wall.sides, wall.joined))
        if wall.double:
            return self.writing.strokes["double"][(wall.sides | wall.double) - 1]
        if wall.style in ("loop", "wedge") and joint:
            return joint
        if not wall.joined:
            return self.writing.walls[wall.style][wall.sides - 1]
        return self.writing.walls["function"][(wall.sides | wall.joined) - 1]
