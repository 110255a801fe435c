"""Tables of text, at most 88 columns wide, and numbers for a reader.

>>> count_text(1_234_567), time_text(0.0123)
('1.23 M', '12.3 ms')
>>> print("\\n".join(table([("step", "flops"), ("A @ B", "2 G")], left=1)))
step   flops
A @ B    2 G
"""

from __future__ import annotations

from collections.abc import Sequence

WIDTH = 88

#: How many rows are listed: the first of them, and the last.
MOST_ROWS = 40


def count_text(count: float) -> str:
    """A number with three digits."""
    for unit, size in (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.3g}"


def time_text(seconds: float) -> str:
    """Seconds with three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def short(text: str, width: int) -> str:
    """The text, cut where it is longer.

    >>> short("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= width else f"{text[: width - 1]}…"


def table(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """A line for every row, the first one the head; the first `left` columns begin at
    their left."""
    head, *shown = rows
    left_out = len(shown) - MOST_ROWS
    if left_out > 0:
        shown = [*shown[: MOST_ROWS // 2], *shown[-MOST_ROWS // 2 :]]
    every = [head, *shown]
    widths = [max(len(row[k]) for row in every) for k in range(len(head))]
    lines = [_line(row, widths, left) for row in every]
    if left_out > 0:
        lines.insert(1 + MOST_ROWS // 2, f"… {left_out} more")
    return [line[:WIDTH].rstrip() for line in lines]


def _line(row: Sequence[str], widths: Sequence[int], left: int) -> str:
    cells = [
        text.ljust(width) if k < left else text.rjust(width)
        for k, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells)
