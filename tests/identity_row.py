"""One row of the table of known derivatives, and the sizes every row shares.

A row says its expression in the text language, which variable it is differentiated
by, what comes out (a closed form in the text language, in index notation, or along a
direction dX where the published form is over vec X), and the same mathematics as a
NumPy function that the engine never sees.

>>> made = row("A1", "MC69", "a'*x", "x", lambda a, x: a @ x, closed="a", a="n", x="n")
>>> made.source, made.order, made.dimensions("x")
('MC69', 1, (4,))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SIZES = {"m": 3, "n": 4, "p": 2, "q": 5, "r": 3}


@dataclass(frozen=True)
class Row:
    """A derivative that is known.

    `closed` and `index` (over the indices `out`) are forms of the whole derivative and
    `along` of its contraction with a direction dX; `where` names parts of them. `kinds`
    says how a valid input is drawn, and `false` marks a published form that is wrong.
    A `convention` says what the derivative by a variable with a structure is.
    """

    id: str
    source: str
    text: str
    variable: str
    function: Callable[..., Any]
    shapes: Mapping[str, str]
    order: int = 1
    closed: str = ""
    index: str = ""
    out: str = ""
    along: str = ""
    where: Mapping[str, tuple[str, str]] | None = None
    kinds: Mapping[str, str] | None = None
    false: bool = False
    convention: str = ""

    def dimensions(self, name: str) -> tuple[int, ...]:
        """The test sizes of the variable `name`."""
        sizes = self.shapes[name].partition(":")[0].split()
        return tuple(_size(size) for size in sizes)

    def kind(self, name: str) -> str:
        """How to draw the variable `name`."""
        declared = self.shapes[name].partition(":")[2].strip()
        return (self.kinds or {}).get(name, declared)


def _size(text: str) -> int:
    """The test value of a size or of a product of sizes."""
    value = 1
    for factor in text.split("*"):
        value *= SIZES[factor] if factor in SIZES else int(factor)
    return value


def row(
    id: str,
    source: str,
    text: str,
    variable: str,
    function: Callable[..., Any],
    *,
    order: int = 1,
    closed: str = "",
    index: str = "",
    out: str = "",
    along: str = "",
    where: Mapping[str, tuple[str, str]] | None = None,
    kinds: Mapping[str, str] | None = None,
    false: bool = False,
    convention: str = "",
    **shapes: str,
) -> Row:
    """A row whose variables are declared by keyword, as in `X="m n"`."""
    return Row(
        id, source, text, variable, function, shapes,
        order, closed, index, out, along, where, kinds, false, convention,
    )  # fmt: skip
