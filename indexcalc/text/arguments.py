"""Arguments that are not values: sizes, whole numbers and texts in quotes.

>>> from .syntax import Binary, Name, Number
>>> from fractions import Fraction
>>> tree = Binary("+", Name("n", 0, 1), Number(Fraction(1), 2, 3), 1, 0, 3)
>>> as_size("n+1", tree, frozenset())
Dim('n+1')
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from ..errors import BudgetError, IndexCalcError, ParseError, ShapeError
from ..sizes import Dim, Size, dim, over, plus, times
from .syntax import Binary, Group, Name, Number, Syntax, Text, excerpt, postorder

TERM_LIMIT = 64
SIZE_LIMIT = 2**40


def size_names(argument: Syntax) -> Iterator[str]:
    """The names in a size."""
    return (node.name for node in postorder(argument) if isinstance(node, Name))


def as_size(text: str, argument: Syntax, variables: Set[str]) -> Size:
    """The size an argument says: whole numbers, names, sums, products, and
    whole quotients such as n*(n+1)/2.

    `variables` are the names that are not sizes.
    """
    memo: dict[Syntax, Size] = {}
    for node in postorder(argument):
        memo[node] = size = _size(text, node, memo, variables)
        if size_is_excessive(size):
            raise BudgetError(
                "this size is out of range", text=text, position=node.start
            )
    return memo[argument]


def size_is_excessive(size: Size) -> bool:
    """Whether a size is a number or a polynomial beyond what anyone can mean."""
    if isinstance(size, Dim):
        return len(size.terms) > TERM_LIMIT or any(
            len(names) > TERM_LIMIT or c > SIZE_LIMIT for names, c in size.terms
        )
    return size > SIZE_LIMIT


def _size(
    text: str, node: Syntax, memo: dict[Syntax, Size], variables: Set[str]
) -> Size:
    match node:
        case Number() if node.value.denominator == 1:
            return int(node.value)
        case Name() if node.name not in variables:
            return dim(node.name)
        case Name():
            raise ParseError(
                f"{node.name} is a variable, and a size is needed here",
                text=text,
                position=node.start,
                hint="a size is a number, a name in a shape, or a sum or product",
            )
        case Group():
            return memo[node.inner]
        case Binary(symbol="+"):
            return plus(memo[node.left], memo[node.right])
        case Binary(symbol="*" | " "):
            return times(memo[node.left], memo[node.right])
        case Binary(symbol="/"):
            return _quotient(text, node, memo)
        case _:
            raise _unfit(text, node, "a size")


def _quotient(text: str, node: Binary, memo: dict[Syntax, Size]) -> Size:
    """A size divided by a number, as in n*(n+1)/2."""
    divisor = memo[node.right]
    if not isinstance(divisor, int) or divisor == 0:
        raise _unfit(text, node, "a size")
    try:
        return over(memo[node.left], divisor)
    except ShapeError as error:
        raise ParseError(
            error.message,
            text=text,
            position=node.start,
            hint="sizes are whole numbers, as n*(n+1)/2 is",
        ) from None


def _unfit(text: str, node: Syntax, wanted: str) -> IndexCalcError:
    return ParseError(
        f"{excerpt(text, node)} is not {wanted}",
        text=text,
        position=node.start,
        hint="numbers, names, + and *" if wanted == "a size" else None,
    )


def as_integer(text: str, argument: Syntax) -> int:
    """The whole number an argument is; places and axes count from 0."""
    while isinstance(argument, Group):
        argument = argument.inner
    if isinstance(argument, Number):
        value = argument.value
        if value.denominator == 1 and value < SIZE_LIMIT:
            return int(value)
    raise _unfit(text, argument, "a whole number from 0 on")


def as_text(text: str, argument: Syntax) -> str:
    """The text in quotes that an argument is."""
    if isinstance(argument, Text):
        return argument.value
    raise _unfit(text, argument, 'a text in quotes, such as "ij,jk->ik"')
