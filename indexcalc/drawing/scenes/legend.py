"""The legend: the marks that a drawing uses, each with a few words, in a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..faces import text_width
from ..scene import Circle, Group, Label, Mark, Path, Rect
from .marks import all_moved, extent, plain_marks

#: The size of a sample, the height of a row, the space between columns, the font.
_WIDE, _HIGH, _BETWEEN, _FONT = 46.0, 30.0, 26.0, 12.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample, centred in a cell of 46 × 30, with its words; `uses` says whether a
    drawing has such a mark."""

    words: str
    sample: tuple[Mark, ...]
    uses: Callable[[Sequence[Mark]], bool]


def legend_marks(drawn: Sequence[Mark], width: float) -> tuple[Mark, ...]:
    """The legend of the marks that are drawn, from (0, 0), at most so wide."""
    entries = [entry for entry in ENTRIES if entry.uses(drawn)]
    if not entries:
        return ()
    widest = max(text_width(entry.words, _FONT) for entry in entries)
    column = _WIDE + 8 + widest + _BETWEEN
    columns = max(1, min(3, len(entries), int((width + _BETWEEN) // column)))
    rows = -(-len(entries) // columns)
    found: list[Mark] = []
    for k, entry in enumerate(entries):
        x, y = (k // rows) * column, (k % rows) * _HIGH
        words = Label(_WIDE + 8, _HIGH / 2, entry.words, "caption", _FONT, "start")
        found += all_moved((*entry.sample, words), x, y)
    return tuple(found)


# -- what a drawing has ----------------------------------------------------------------


def _has(role: str) -> Callable[[Sequence[Mark]], bool]:
    return lambda drawn: any(mark.role == role for mark in plain_marks(drawn))


def _boxes(drawn: Iterable[Mark]) -> Iterator[tuple[Mark, ...]]:
    for mark in drawn:
        if isinstance(mark, Group) and mark.marks and _role(mark.marks[0]) == "box":
            yield mark.marks


def _role(mark: Mark) -> str:
    return "" if isinstance(mark, Group) else mark.role


def _bars(drawn: Iterable[Mark]) -> Iterator[bool]:
    """For every barred matrix, whether the bar stands in its left half."""
    for outline, *rest in _boxes(drawn):
        for bar in rest:
            if _is_square(outline) and isinstance(bar, Path):
                left, _, right, _ = extent((outline,))
                yield bar.start[0] < (left + right) / 2


def _is_square(outline: Mark) -> bool:
    """Whether an outline is that of a matrix with a bar: blocks are rounded."""
    return isinstance(outline, Rect) and not outline.radius


def _has_block(drawn: Sequence[Mark]) -> bool:
    return any(_role(mark) == "port" for mark in plain_marks(drawn))


def _has_round(drawn: Sequence[Mark]) -> bool:
    return any(
        isinstance(outline, Rect) and outline.radius == 10.0 and not _barred(rest)
        for outline, *rest in _boxes(drawn)
    )


def _barred(rest: Iterable[Mark]) -> bool:
    return any(_role(mark) == "bar" for mark in rest)


def _has_vector(drawn: Sequence[Mark]) -> bool:
    return any(isinstance(outline, Circle) for outline, *_ in _boxes(drawn))


def _has_dot(drawn: Sequence[Mark]) -> bool:
    return _has("dot")(drawn)


# -- samples ---------------------------------------------------------------------------


def _wire(x0: float, x1: float, role: str = "wire", y: float = 15.0) -> Path:
    return Path((x0, y), (((x1, y),),), role)


def _box(bar: float | None, radius: float = 0.0) -> tuple[Mark, ...]:
    found: tuple[Mark, ...] = (
        _wire(5, 14),
        _wire(32, 41),
        Rect(14, 6, 18, 18, "box", radius),
    )
    if bar is not None:
        found += (Path((bar, 6), (((bar, 24),),), "bar"),)
    return found


def _frame(role: str, radius: float) -> tuple[Mark, ...]:
    return (Rect(9, 5, 28, 20, role, radius),)


_DOT = (
    _wire(8, 23),
    Path((23, 15), (((27, 8), (30, 7), (38, 7)),), "wire"),
    Path((23, 15), (((27, 22), (30, 23), (38, 23)),), "wire"),
    Circle(23, 15, 3.6, "dot"),
)

_NUMBERED = (
    _wire(5, 14),
    _wire(32, 41, y=10),
    _wire(32, 41, y=20),
    Rect(14, 4, 18, 22, "box", 3),
    Path((15.4, 8), (((15.4, 22),),), "bar"),
)

_LOOP = (
    Rect(9, 2, 28, 20, "loop", 9),
    Path((23, 22), (((23, 30),),), "wire variable"),
    Circle(23, 22, 3.2, "loop dot"),
)

_WEDGE = (
    _wire(6, 18, y=10),
    _wire(6, 18, y=20),
    Path((28, 15), (((18, 6),), ((18, 24),)), "wedge", closed=True),
    _wire(28, 41, "wire double"),
)

_VECTOR = (_wire(26, 41), Circle(18, 15, 9, "box"))
_RING = (Circle(23, 15, 7, "ring"),)
_NAME = (Label(23, 15, "X", "name variable", 15.0, underlined=True),)

ENTRIES: tuple[Entry, ...] = (
    Entry("matrix, the bar at its first index", _box(15.4), lambda d: any(_bars(d))),
    Entry("transposed: the bar on the right", _box(30.6), lambda d: not all(_bars(d))),
    Entry("symmetric matrix", _box(None, 7), _has_round),
    Entry("vector", _VECTOR, _has_vector),
    Entry("tensor, its axes numbered", _NUMBERED, _has_block),
    Entry("one index on all wires (one wire: summed)", _DOT, _has_dot),
    Entry("the number that its size is", _RING, _has("ring")),
    Entry(
        "function, entry by entry",
        _frame("frame elementwise", 8),
        _has("frame elementwise"),
    ),
    Entry(
        "function of all within", _frame("frame function", 4), _has("frame function")
    ),
    Entry("brackets", _frame("frame bracket", 4), _has("frame bracket")),
    Entry("axes grouped, the top one slowest", _WEDGE, _has("wedge")),
    Entry("variable of differentiation", _NAME, _has("name variable")),
    Entry(
        "axis of that variable", (_wire(5, 41, "wire variable"),), _has("wire variable")
    ),
    Entry("derivative, not worked out", _LOOP, _has("loop")),
)
