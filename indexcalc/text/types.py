"""Kinds and shapes of subexpressions, and sizes that are still to be found.

A `Type` is a shape and, for a vector, how it stands: as a column, as a row, or either,
where nothing has fixed it yet (the column sums of a matrix). A `Meaning` is a type with
the node it builds. Sizes nobody wrote are unknowns, solved by `Sizes` as the text is
read.

>>> Type((3, 3)).kind, Type((3,), "row").kind
('matrix', 'row')
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from .. import expr
from ..errors import IndexCalcError, ShapeError
from ..nodes import Node
from ..sizes import (
    Coefficient,
    Dim,
    Shape,
    Size,
    dim,
    names_in,
    polynomial,
    shape_text,
)
from ..sizes import replace as replaced
from .syntax import Syntax

COLUMN, ROW, EITHER = "column", "row", "either"


@dataclass(frozen=True, slots=True)
class Type:
    """The shape of a subexpression and how it stands if it is a vector."""

    shape: Shape
    stands: str = COLUMN

    @property
    def order(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def kind(self) -> str:
        """`scalar`, `column`, `row`, `matrix` or `tensor`."""
        match self.order:
            case 0:
                return "scalar"
            case 1:
                return COLUMN if self.stands == COLUMN else ROW
            case 2:
                return "matrix"
            case _:
                return "tensor"


SCALAR = Type(())


@dataclass(frozen=True, slots=True)
class Meaning:
    """A type and what builds the node from the nodes of the operands.

    `build` runs when all sizes are known; `value` is the number that a constant is.
    """

    type: Type
    build: Callable[..., Node]
    value: Fraction | None = None


class Disagreement(Exception):  # noqa: N818
    """Operands that do not fit, said without the text; the typing pass adds it."""

    def __init__(
        self,
        reason: str,
        hint: str | None = None,
        kind: type[IndexCalcError] = ShapeError,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.kind = kind


# -- sizes to be found -----------------------------------------------------------------

UNKNOWN = "ʔ"
READABLE = tuple("mnpqrklst")


@dataclass
class Sizes:
    """What is known of the sizes that the text leaves open.

    >>> sizes = Sizes()
    >>> open_size = sizes.fresh()
    >>> sizes.same(open_size, dim("n")), sizes.known(open_size)
    (True, Dim('n'))
    """

    found: dict[str, Size] = field(default_factory=dict)
    count: int = 0
    place: Syntax | None = None
    postponed: list[tuple[Size, Size, Syntax | None]] = field(default_factory=list)

    def fresh(self) -> Size:
        """A size nothing is known of."""
        self.count += 1
        return dim(f"{UNKNOWN}{self.count}")

    def known(self, size: Size) -> Size:
        """The size with what has been found put in."""
        if not self.found or isinstance(size, int):
            return size
        result: Size = size
        while names := [name for name in names_in(result) if name in self.found]:
            result = replaced(result, {name: self.found[name] for name in names})
        (factors, coefficient), *rest = size.terms
        if result is not size and not rest and len(factors) == coefficient == 1:
            self.found[factors[0]] = result
        return result

    def shape(self, shape: Iterable[Size]) -> Shape:
        """`known` of every size."""
        return tuple(map(self.known, shape))

    def same(self, a: Size, b: Size) -> bool:
        """Whether two sizes are equal or can be made so, which is then done.

        What cannot be told yet is believed, and kept for `contradiction`.
        """
        if a == b:
            return True
        if not self.count:
            return False
        answer = self._solve(self.known(a), self.known(b))
        if answer is None:
            self.postponed.append((a, b, self.place))
        return answer is not False

    def contradiction(self) -> tuple[Size, Size, Syntax | None] | None:
        """Two sizes that were believed equal and turned out not to be."""
        for a, b, place in self.postponed:
            if self._solve(self.known(a), self.known(b)) is not True:
                return self.known(a), self.known(b), place
        return None

    def _solve(self, a: Size, b: Size) -> bool | None:
        """Makes a and b equal; None where it cannot be told."""
        if a == b:
            return True
        if not (unknowns(a) or unknowns(b)):
            return False
        a, b = _without_common(a, b)
        # The newer unknown is given the older one, so that chains of them stay short.
        pairs = ((a, b), (b, a)) if _newest(a) > _newest(b) else ((b, a), (a, b))
        for one, other in pairs:
            solved = _solved(one, other)
            if solved is not None:
                self.found[solved[0]] = solved[1]
                return True
        return None

    def same_shape(self, a: Shape, b: Shape) -> bool:
        """Whether all sizes of two shapes are equal or can be made so."""
        return len(a) == len(b) and all(map(self.same, a, b))

    def one_entry(self, type_: Type) -> bool:
        """Whether there is exactly one entry, so that it may stand for a scalar."""
        return all(self.known(size) == 1 for size in type_.shape)

    def trial(self) -> Sizes:
        """A copy, to see whether something would fit."""
        return replace(self, found=dict(self.found), postponed=[])

    def name_unknowns(self, shapes: Iterable[Shape], taken: set[str]) -> None:
        """Gives readable names to the unknowns in shapes, in order of appearance."""
        names = (name for name in _readable_names() if name not in taken)
        for shape in shapes:
            for size in shape:
                for unknown in sorted(unknowns(self.known(size)), key=_number):
                    self.found[unknown] = dim(next(names))

    def said(self, shape: Shape) -> str:
        """A shape for a message, unknown sizes as question marks."""
        return (
            "×".join(
                "?" if unknowns(size) else shape_text((size,))
                for size in self.shape(shape)
            )
            or "scalar"
        )


def unknowns(size: Size) -> list[str]:
    """The names in a size that stand for sizes to be found."""
    if isinstance(size, int):
        return []
    return [name for name in names_in(size) if name.startswith(UNKNOWN)]


def _newest(size: Size) -> int:
    return max(map(_number, unknowns(size)), default=0)


def _number(unknown: str) -> int:
    return int(unknown[len(UNKNOWN) :])


def _readable_names() -> Iterable[str]:
    yield from READABLE
    count = 1
    while True:
        yield from (f"{letter}{count}" for letter in READABLE)
        count += 1


def _terms(size: Size) -> dict[tuple[str, ...], Coefficient]:
    if isinstance(size, Dim):
        return dict(size.terms)
    return {(): size} if size else {}


def _size(terms: dict[tuple[str, ...], Coefficient]) -> Size:
    return polynomial((tuple(sorted(names)), c) for names, c in terms.items())


def _without_common(a: Size, b: Size) -> tuple[Size, Size]:
    """Both sides of an equation less what they share as summands."""
    left, right = _terms(a), _terms(b)
    for names in left.keys() & right.keys():
        shared = min(left[names], right[names])
        left[names] -= shared
        right[names] -= shared
    return _size(left), _size(right)


def _solved(a: Size, b: Size) -> tuple[str, Size] | None:
    """The unknown factor of a monomial a, where a = b gives it."""
    if not isinstance(a, Dim) or len(a.terms) != 1:
        return None
    names, coefficient = a.terms[0]
    unknown = [name for name in names if name.startswith(UNKNOWN)]
    if len(unknown) != 1 or unknown[0] in names_in(b):
        return None
    rest = [name for name in names if name not in unknown]
    quotient = _quotient(b, rest, coefficient)
    return None if quotient is None else (unknown[0], quotient)


def _quotient(size: Size, names: list[str], coefficient: Coefficient) -> Size | None:
    """size / (coefficient · names) where it is exact."""
    if not names and coefficient == 1:
        return size
    terms: dict[tuple[str, ...], Coefficient] = {}
    for factors, c in _terms(size).items():
        left = list(factors)
        for name in names:
            if name not in left:
                return None
            left.remove(name)
        if c % coefficient:
            return None
        terms[tuple(left)] = c // coefficient
    return _size(terms)


# -- small builders --------------------------------------------------------------------


def squeezed(node: Node) -> Node:
    """The scalar that a node of exactly one entry is."""
    return expr.einsum([(node, range(len(node.shape)))], [])


def wired(places: list[list[int]], out: list[list[int]]) -> Callable[..., Node]:
    """The contraction that joins operands as `places` and `out` say."""

    def build(*nodes: Node) -> Node:
        return expr.einsum(list(zip(nodes, places, strict=True)), out)

    return build
