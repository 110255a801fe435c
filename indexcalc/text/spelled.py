"""einsum as it is spelled in a text: "ij,jk->ik", with repeated output indices allowed.

>>> inputs, output = subscripts("ij,j", 2)
>>> inputs, output
(['ij', 'j'], 'i')
"""

from __future__ import annotations

from collections import Counter

from .. import expr
from ..errors import ParseError, UnsupportedError
from ..nodes import Node
from ..sizes import Size
from .types import Disagreement, Meaning, Sizes, Type


def subscripts(text: str, count: int) -> tuple[list[str], str]:
    """The indices of each operand and of the result; without an arrow the result has
    those that occur once, in alphabetical order.
    """
    compact = "".join(text.split())
    if "." in compact:
        raise Disagreement(
            "an ellipsis would need axes without names, which a text has not",
            "write one letter for every axis",
            UnsupportedError,
        )
    left, arrow, output = compact.partition("->")
    inputs = left.split(",")
    for letter in left.replace(",", "") + output:
        if not letter.isalpha():
            raise Disagreement(
                f"{letter!r} is not an index", "indices are letters", ParseError
            )
    if len(inputs) != count:
        raise Disagreement(
            f"{text!r} has indices for {len(inputs)} operands, and {count} are given",
            kind=ParseError,
        )
    if not arrow:
        seen = Counter("".join(inputs))
        output = "".join(sorted(letter for letter, times in seen.items() if times == 1))
    return inputs, output


def einsum_rule(sizes: Sizes, text: str, *operands: Meaning) -> Meaning:
    """The contraction spelled by `text`."""
    inputs, output = subscripts(text, len(operands))
    known: dict[str, Size] = {}
    for letters, operand in zip(inputs, operands, strict=True):
        _learn(sizes, known, letters, operand.type)
    for letter in output:
        if letter not in known:
            raise Disagreement(
                f"nothing gives the size of the index {letter} of the result",
                "multiply by ones(n) with that index",
            )
    numbers = {letter: k for k, letter in enumerate(known)}
    legs = [[numbers[letter] for letter in letters] for letters in inputs]
    out = [numbers[letter] for letter in output]

    def build(*nodes: Node) -> Node:
        return expr.einsum(list(zip(nodes, legs, strict=True)), out)

    return Meaning(Type(tuple(known[letter] for letter in output)), build)


def _learn(sizes: Sizes, known: dict[str, Size], letters: str, type_: Type) -> None:
    if len(letters) != type_.order:
        raise Disagreement(
            f"{letters!r} names {len(letters)} axes of an operand with {type_.order}"
        )
    for letter, size in zip(letters, type_.shape, strict=True):
        if not sizes.same(known.setdefault(letter, size), size):
            raise Disagreement(
                f"the index {letter} has size {sizes.said((known[letter],))} and "
                f"{sizes.said((size,))}"
            )
