"""A disagreement told to the reader: both sides, every size in them, and a way out.

The hint is tried before it is given: a side is transposed, or the operators grouped the
other way, and what then has a type is suggested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import IndexCalcError, ParseError, ShapeError
from . import products
from .reading import Reading
from .symbols import INFIX, JUXTAPOSED, POWERS, PRODUCT
from .syntax import (
    Binary,
    Group,
    Negated,
    Number,
    Suffix,
    Syntax,
    excerpt,
    place_of,
    postorder,
)
from .types import Disagreement, Meaning, Sizes, Type

PARTS = 8


Typing = Callable[[Reading, Syntax], Meaning]


def explained(
    reading: Reading, node: Syntax, disagreement: Disagreement, meaning: Typing
) -> IndexCalcError:
    """The error for a node whose operands do not fit, with a caret at its operator.

    `meaning` is the typing rule, by which hints are tried before they are given.
    """
    place = place_of(node)
    message, hint = disagreement.reason, disagreement.hint
    if disagreement.kind is ShapeError:
        sides = [_side(reading, operand) for operand in reading.values(node)[:PARTS]]
        message = f"{message}: {', '.join(sides)}" if sides else message
    if hint is None and isinstance(node, Binary) and disagreement.kind is ShapeError:
        hint = _suggestion(reading, node, meaning)
    hint = reading.hint(hint)
    return disagreement.kind(message, text=reading.text, position=place, hint=hint)


def _side(reading: Reading, operand: Syntax) -> str:
    """`A*B is m×n (A m×k, B k×n)`."""
    parts: dict[str, str] = {}
    for node in postorder(operand, reading.values):
        known = reading.meanings.get(node)
        if known is None or isinstance(node, (Group, Number)):
            continue
        parts[excerpt(reading.text, node, 30)] = _said(reading.sizes, known.type)
    written = excerpt(reading.text, operand, 30)
    whole = _said(reading.sizes, reading.meanings[operand].type)
    inner = {part: said for part, said in parts.items() if f"({part})" != written}
    inner.pop(written, None)
    listed = ", ".join(f"{part} {said}" for part, said in list(inner.items())[:PARTS])
    return f"{written} is {whole} ({listed})" if listed else f"{written} is {whole}"


def _said(sizes: Sizes, type_: Type) -> str:
    if type_.order == 0:
        return "a scalar"
    shape = sizes.said(type_.shape)
    return f"a {type_.kind} of {shape}" if type_.order == 1 else shape


# -- ways out --------------------------------------------------------------------------


def _suggestion(reading: Reading, node: Binary, meaning: Typing) -> str | None:
    turned = list(_transpositions(reading, node))
    if turned:
        return f"did you mean {' or '.join(turned)}?"
    for grouped in _regroupings(reading, node, meaning):
        return f"did you mean {grouped}?"
    return None


def _transpositions(reading: Reading, node: Binary) -> Iterator[str]:
    left, right = reading.meanings[node.left], reading.meanings[node.right]
    text = reading.text
    for side, other in ((node.left, node.right), (node.right, node.left)):
        first = side is node.left
        turned = _turned(left if first else right)
        pair = (turned, right) if first else (left, turned)
        if turned is None or _fits(reading, node.symbol, *pair) is None:
            continue
        if not _is_transposed(side):
            yield f"{_bracketed(text, side)}'"
            continue
        bare = _bracketed(text, _untransposed(side))
        kept = _bracketed(text, other)
        sign = _spelling(text, node)
        yield f"{bare}{sign}{kept}" if first else f"{kept}{sign}{bare}"


def _spelling(text: str, node: Binary) -> str:
    """The operator as it was written."""
    spellings = sorted((*INFIX, *POWERS), key=len, reverse=True)
    return next((s for s in spellings if text.startswith(s, node.place)), "")


def _turned(meaning: Meaning) -> Meaning | None:
    if meaning.type.order not in (1, 2):
        return None
    return products.transposed(Sizes(), meaning)


def _is_transposed(node: Syntax) -> bool:
    return isinstance(node, Suffix) and node.symbol == "'"


def _untransposed(node: Syntax) -> Syntax:
    assert isinstance(node, Suffix)
    return node.inner


def _bracketed(text: str, node: Syntax) -> str:
    written = excerpt(text, node, 30)
    return f"({written})" if isinstance(node, (Binary, Negated)) else written


def _fits(
    reading: Reading, symbol: str, a: Meaning | None, b: Meaning | None
) -> Meaning | None:
    """The meaning of a operator b, if it has one."""
    if a is None or b is None:
        return None
    try:
        return reading.rule(symbol)(reading.sizes.trial(), a, b)
    except Disagreement:
        return None


def _regroupings(reading: Reading, node: Binary, meaning: Typing) -> Iterator[str]:
    """`E∘(a*f')` for `E∘a*f'`, and likewise where the left was grouped too soon."""
    known, text = reading.meanings, reading.text
    parent = _continuation(reading, node)
    if parent is not None and _is_product(parent) and _is_product(node):
        last = _alone(reading, parent.right, meaning)
        inner = _fits(reading, parent.symbol, known[node.right], last)
        if _fits(reading, node.symbol, known[node.left], inner):
            pair = text[node.right.start : parent.stop]
            yield f"{text[node.start : node.right.start]}({pair})"
    left = node.left
    if isinstance(left, Binary) and _is_product(left) and _is_product(node):
        inner = _fits(reading, node.symbol, known[left.right], known[node.right])
        if _fits(reading, left.symbol, known[left.left], inner):
            pair = text[left.right.start : node.stop]
            yield f"{text[left.start : left.right.start]}({pair})"


def _is_product(node: Binary) -> bool:
    operator = INFIX.get(node.symbol)
    return (operator.level if operator else JUXTAPOSED) >= PRODUCT


def _continuation(reading: Reading, node: Syntax) -> Binary | None:
    """The operation whose left operand is the node."""
    for candidate in postorder(reading.root, reading.values):
        if isinstance(candidate, Binary) and candidate.left is node:
            return candidate
    return None


def _alone(reading: Reading, node: Syntax, meaning: Typing) -> Meaning | None:
    """The meaning of an operand that the pass has not come to yet."""
    try:
        for part in postorder(node, reading.values):
            if part not in reading.meanings:
                reading.meanings[part] = meaning(reading, part)
    except (ParseError, IndexCalcError):
        return None
    return reading.meanings[node]
