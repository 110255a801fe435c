"""What languages that store arrays column by column share.

The first axis of a group is its slowest, so that merging axes column by column takes
them in the opposite order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..coefficients import as_number
from ..errors import UnsupportedError
from ..nodes import Tensor
from ..plan import Program
from ..sizes import Shape, Size
from .layout import Style, broken
from .lowering import Lowering
from .products import turned
from .signature import Signature
from .source import Source
from .words import Expr, entries, name, number

#: The longest code that stays inside another line.
INLINE = 40


class Writer:
    """One function in a language whose arguments are arrays of numbers."""

    inline = INLINE
    stacks = False
    factors = False

    def __init__(
        self,
        program: Program,
        order: Sequence[str],
        scope: Iterable[Tensor],
        reserved: Sequence[str],
        unfit: str = "",
    ) -> None:
        self.signature = Signature(program, order, scope, reserved, unfit)
        self.names = self.signature.names

    def text(self, e: Expr) -> str:
        """The code of an expression."""
        raise NotImplementedError

    def load(self, node: Tensor) -> Expr:
        """A variable, or a constant: a number, its entries, or its name."""
        if node.array is None:
            return name(self.signature.tensors[node.name], node.shape)
        if node in self.signature.large:
            return name(self.signature.large[node], node.shape)
        if not node.shape:
            return number(as_number(node.array.item()))
        return entries(node.array)

    def present(self, carried: Sequence[bool]) -> set[int]:
        """Trailing axes that nothing carries are left to broadcasting."""
        backwards = list(carried)[::-1]
        return set(range(len(backwards) - backwards.index(True)))

    def size(self, size: Size) -> str:
        """A size as code."""
        return self.signature.size(size)

    @property
    def complex(self) -> bool:
        """Whether a variable may be complex, so that transposing must not conjugate."""
        kinds = {t.structure for t in self.signature.variables}
        return bool(kinds & {"complex", "hermitian", "unitary"})

    @property
    def extra(self) -> list[str]:
        """Arguments after the arrays that were asked for: constants and functions."""
        given = self.signature
        return [*given.large.values(), *given.functions.values()]


def columnwise(e: Expr) -> Expr:
    """A `group` or a `split` as a reshape column by column, axes moved round it."""
    if e.op == "group":
        counts, start = e.data[0], 0
        order: list[int] = []
        for count in counts:
            order += range(start + count - 1, start - 1, -1)
            start += count
        moved = turned(e.args[0], order)
        return Expr("columns", (moved,), (), e.shape)
    groups: tuple[Shape, ...] = e.data[0]
    sizes: list[Size] = []
    order = []
    for lengths in groups:
        start = len(sizes)
        sizes += lengths[::-1]
        order += range(start + len(lengths) - 1, start - 1, -1)
    return turned(Expr("columns", e.args, (), tuple(sizes)), order)


def written(
    lowering: Lowering, statement: Callable[[str, Expr], list[str]]
) -> tuple[list[str], list[str]]:
    """The body of a function, every result under a name; the names of the results."""
    values = lowering.results()
    lines = [line for found, e in lowering.lines for line in statement(found, e)]
    local = {found for found, _ in lowering.lines}
    results: list[str] = []
    for e in values:
        mine = e.op == "name" and e.data[0] in local and e.data[0] not in results
        target = str(e.data[0]) if mine else lowering.names.numbered_from("out")
        lines += [] if mine else statement(target, e)
        results.append(target)
    return lines, results


def laid(head: str, text: str, style: Style, indent: int) -> list[str]:
    """A statement broken into lines."""
    return broken(head, text, indent, style)


def source(
    writer: Writer, lines: Sequence[str], function: str, free: dict[str, str]
) -> Source:
    """The text with what must be given beside the arrays."""
    given = writer.signature
    return Source(
        "\n".join(lines) + "\n",
        function,
        given.constants,
        free,
        dict(given.functions),
    )


def refused(what: str, language: str) -> UnsupportedError:
    """The error for what a language has no spelling of."""
    return UnsupportedError(
        f"{what} has no spelling in {language}", hint="print it for numpy"
    )
