"""Names of indices in a drawing in characters: at stubs in frames, and at dots.

Where a frame has several terms, the wires of each stop short of the frame; when there
are several, a name at its tip tells each from the others. Dots have their name beside
them where there is room.

>>> from .grid import RIGHT, UNICODE, Sheet
>>> sheet = Sheet(UNICODE)
>>> name_stub(sheet, (3, 0), RIGHT, "k")
>>> sheet.text(), sheet.marks
('k', {(3, 0): 'k'})
"""

from __future__ import annotations

from .grid import BACK, LEFT, LEVEL, Cell, Sheet, beyond, cut
from .routes import is_solid

#: The longest name at a stub and at a dot.
LONGEST_STUB, LONGEST_DOT = 6, 3


def name_stub(sheet: Sheet, tip: Cell, way: int, name: str) -> None:
    """Writes a name from the tip of a stub that leads there in a way, where that leaves
    a piece of the stub; the wire then ends before it."""
    text = cut(sheet.writing.spelled(name), LONGEST_STUB)
    x, y = tip
    width = sheet.width(text)
    first = x - width + 1 if way == LEFT else x
    if not way & LEVEL:
        first = x - (width - 1) // 2
    if _has_room(sheet, first, y, width) and not is_solid(
        sheet, beyond(tip, BACK[way])
    ):
        sheet.write(first, y, text)


def name_dot(sheet: Sheet, dot: Cell, name: str) -> None:
    """Writes a name at a corner of a dot, where nothing else is."""
    text = sheet.writing.spelled(name)
    width = sheet.width(text)
    x, y = dot
    if not 0 < width <= LONGEST_DOT:
        return
    for row in (y - 1, y + 1):
        for first in (x - width, x + 1):
            if _has_room(sheet, first, row, width, True):
                sheet.write(first, row, text)
                return


def _has_room(sheet: Sheet, x: int, y: int, width: int, alone: bool = False) -> bool:
    """Whether cells are free and no text stands right before or after them; `alone`
    says that no line may be in them either."""
    cells = [(x + k, y) for k in range(width)]
    if any(is_solid(sheet, cell) for cell in cells):
        return False
    if alone and any(cell in sheet.strokes for cell in cells):
        return False
    return (x - 1, y) not in sheet.marks and (x + width, y) not in sheet.marks
