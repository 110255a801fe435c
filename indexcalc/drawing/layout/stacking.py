"""The components of a network in rows, clear of the wires that fall from rows above.

A component with a left end stands as far left as it can; one without stands after it,
at the right where it has a right end. Wires that go down to their ends pass straight
through the rows below: what stands there moves aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ..placed import Side
from .components import Sides
from .drawn import Drawn
from .metrics import Metrics
from .moving import moved_box

#: How often a component is moved aside at most.
_TRIES = 2_000

Span = tuple[float, float]


def stacked(
    rows: Sequence[Sequence[Drawn]],
    sides: Sides,
    m: Metrics,
    drop: float,
    margin: float,
) -> tuple[list[Drawn], list[float]]:
    """The components in their places, from (0, ·) on, and the heights of the rows;
    those without an end at the left start at the margin."""
    lines = _lines(rows, m)
    placed: list[list[Drawn]] = [[] for _ in rows]
    for n, row in enumerate(rows):
        for d in row:
            if reaches(d, sides, "left"):
                at = shifted(d, -d.left, lines[n] - d.line)
                above = [x for strip in placed[:n] for e in strip for x in falls(e)]
                placed[n].append(_aside(at, above, above, (), m, drop))
    for n in reversed(range(len(rows))):
        for d in rows[n]:
            if not reaches(d, sides, "left"):
                placed[n].append(_free(d, n, placed, lines[n], sides, m, drop, margin))
    return [d for strip in placed for d in strip], lines


def _lines(rows: Sequence[Sequence[Drawn]], m: Metrics) -> list[float]:
    """The heights of the spines, one row below the other."""
    lines: list[float] = []
    bottom = 0.0
    for row in rows:
        up = max(d.line - d.top for d in row)
        lines.append(m.up(bottom + m.row_gap + up) if lines else 0.0)
        bottom = lines[-1] + max(d.bottom - d.line for d in row)
    return lines


def _free(
    d: Drawn,
    n: int,
    placed: Sequence[Sequence[Drawn]],
    line: float,
    sides: Sides,
    m: Metrics,
    drop: float,
    margin: float,
) -> Drawn:
    """A component without a left end, in its row."""
    before = max((e.right + 2 * m.space for e in placed[n]), default=margin)
    if reaches(d, sides, "right"):
        rows = [e.right for strip in placed for e in strip]
        before = max([before, *(r - (d.right - d.left) for r in rows)])
    at = shifted(d, m.whole(before - d.left), line - d.line)
    above = [x for strip in placed[: n + 1] for e in strip for x in falls(e)]
    lower = [e for strip in placed[n + 1 :] for e in strip]
    below = [span for e in lower for span in _spans(e)]
    beside = [*above, *(x for e in lower for x in falls(e))]
    return _aside(at, above, beside, below, m, drop)


def _aside(
    d: Drawn,
    above: Sequence[float],
    beside: Sequence[float],
    below: Sequence[Span],
    m: Metrics,
    drop: float,
) -> Drawn:
    """A component moved to the right until no wire falls on it, its own fall on nothing
    below, and all of them keep their distance."""
    own, spans = falls(d), list(_spans(d))
    for n in range(_TRIES):
        dx = n * m.grid
        hit = any(_meets(x, s, dx, m) for x in above for s in spans)
        hit = hit or any(abs(x + dx - y) < drop for x in own for y in beside)
        hit = hit or any(_meets(x + dx, s, 0.0, m) for x in own for s in below)
        if not hit:
            return shifted(d, dx, 0.0)
    return d


def _meets(x: float, span: Span, dx: float, m: Metrics) -> bool:
    margin = m.gap / 2
    return span[0] + dx - margin < x < span[1] + dx + margin


def _spans(d: Drawn) -> Iterator[Span]:
    """From where to where boxes, dots and vertical pieces of wire stand."""
    for box in d.boxes.values():
        yield box.x, box.x + box.width
    for dot in d.dots.values():
        yield dot.x, dot.x
    for points in d.wires.values():
        for (x, y), (u, v) in pairwise(points):
            if x == u and y != v:
                yield x, x


def falls(d: Drawn) -> list[float]:
    """Where wires go down to their ends."""
    sides = d.component.sides
    return [p[0] for key, p in d.tips.items() if sides[key[0]] == "bottom"]


def reaches(d: Drawn, sides: Sides, side: Side) -> bool:
    """Whether a component has an end at a side."""
    return any(sides[number] == side for number, _ in d.tips)


def shifted(d: Drawn, dx: float, dy: float) -> Drawn:
    """A component moved."""
    return replace(
        d,
        boxes={n: moved_box(box, dx, dy) for n, box in d.boxes.items()},
        dots={n: replace(dot, x=dot.x + dx, y=dot.y + dy) for n, dot in d.dots.items()},
        wires={w: tuple((x + dx, y + dy) for x, y in p) for w, p in d.wires.items()},
        tips={k: (x + dx, y + dy) for k, (x, y) in d.tips.items()},
        left=d.left + dx,
        top=d.top + dy,
        right=d.right + dx,
        bottom=d.bottom + dy,
        line=d.line + dy,
    )
