"""The syntax tree of the text language, and the walk over it.

Every node knows the stretch of text it was read from, `text[start:stop]`, so that an
error can point at it. Trees may be thousands deep: nothing here recurses.

>>> x = Name("x", 0, 1)
>>> [type(node).__name__ for node in postorder(Suffix("'", x, 1, 2))]
['Name', 'Suffix']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias


@dataclass(slots=True, eq=False)
class Number:
    """A decimal literal, exactly."""

    value: Fraction
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Name:
    """A variable, a size or a constant."""

    name: str
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Ones:
    """A vector of ones; `size` is None where it is to be inferred."""

    size: str | None
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Text:
    """A string literal, the indices of an einsum."""

    value: str
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Indexed:
    """A tensor with named indices, A_ij; of index notation only."""

    name: str
    indices: tuple[str, ...]
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Group:
    """A parenthesis."""

    inner: Syntax
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Negated:
    """A minus in front."""

    inner: Syntax
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Summed:
    """A sum over named indices, sum_{j} A_ij; of index notation only."""

    indices: tuple[str, ...]
    inner: Syntax
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Suffix:
    """A transposition or a superscript: `symbol` is `'` or the exponent's digits."""

    symbol: str
    inner: Syntax
    place: int
    stop: int
    start: int = field(init=False)

    def __post_init__(self) -> None:
        """It begins where the operand does."""
        self.start = self.inner.start


@dataclass(slots=True, eq=False)
class Entry:
    """An expression with named indices below it, (A x)_i; of LaTeX only."""

    inner: Syntax
    indices: tuple[str, ...]
    place: int
    stop: int
    start: int = field(init=False)

    def __post_init__(self) -> None:
        """It begins where the expression does."""
        self.start = self.inner.start


@dataclass(slots=True, eq=False)
class Binary:
    """Two operands and the symbol of the operator at `place`."""

    symbol: str
    left: Syntax
    right: Syntax
    place: int
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Applied:
    """A function of arguments; `orders` are those of a derivative D(f)(x)."""

    name: str
    arguments: list[Syntax]
    orders: tuple[int, ...]
    start: int
    stop: int


@dataclass(slots=True, eq=False)
class Blocks:
    """A matrix written in rows, [A, B; C, D]."""

    rows: list[list[Syntax]]
    start: int
    stop: int


Syntax: TypeAlias = (
    Number
    | Name
    | Ones
    | Text
    | Indexed
    | Group
    | Negated
    | Summed
    | Suffix
    | Entry
    | Binary
    | Applied
    | Blocks
)


def operands(node: Syntax) -> Sequence[Syntax]:
    """The nodes directly under a node, from left to right."""
    match node:
        case Binary():
            return (node.left, node.right)
        case Group() | Negated() | Suffix() | Summed() | Entry():
            return (node.inner,)
        case Applied():
            return node.arguments
        case Blocks():
            return [entry for row in node.rows for entry in row]
        case _:
            return ()


def postorder(
    root: Syntax, under: Callable[[Syntax], Sequence[Syntax]] = operands
) -> list[Syntax]:
    """Every node, operands before what is made of them; iterative."""
    found: list[Syntax] = []
    stack = [root]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(under(node))
    found.reverse()
    return found


def place_of(node: Syntax) -> int:
    """Where an error about a node points: at its operator, or where it begins."""
    return node.place if isinstance(node, (Binary, Suffix, Entry)) else node.start


def excerpt(text: str, node: Syntax, width: int = 40) -> str:
    """The node as it was written, cut in the middle where it is long."""
    written = " ".join(text[node.start : node.stop].split())
    if len(written) <= width:
        return written
    half = (width - 1) // 2
    return f"{written[:half]}…{written[-half:]}"
