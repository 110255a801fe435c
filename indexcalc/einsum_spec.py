"""Einsum specs: letters, long names, ellipsis, and any repetition in the output.

>>> read_spec("ij,jk->ik", [2, 2]).out
('i', 'k')
>>> read_spec("row col, col -> row", [2, 1]).inputs
(('row', 'col'), ('col',))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import BudgetError, ParseError, ShapeError
from .expr import einsum
from .legible import quoted
from .nodes import Node
from .sizes import Size, shape_text, size_text

ELLIPSIS = "..."
LENGTH_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Spec:
    """The index names of every operand and of the result; an ellipsis is `...k`, with
    k counting from the right."""

    inputs: tuple[tuple[str, ...], ...]
    out: tuple[str, ...]


def read_spec(text: str, orders: Sequence[int]) -> Spec:
    """The spec of operands with the given numbers of axes.

    Terms with spaces inside name long indices; otherwise every character is an index.
    Without `->` the result has the indices that occur once, in alphabetical order.

    Raises `ParseError`, with the place, for a spec that does not fit the operands,
    `BudgetError` for one that is too long.
    """
    terms, right = _terms(text)
    if len(terms) != len(orders):
        raise ParseError(
            f"the spec {quoted(text)} has {len(terms)} operands, {len(orders)} given",
            text=text,
            position=terms[min(len(orders), len(terms) - 1)].start,
        )
    widest = 0
    inputs = []
    for term, order in zip(terms, orders, strict=True):
        count = order - len(term.names) + 1 if ELLIPSIS in term.names else 0
        if count < 0 or (ELLIPSIS not in term.names and len(term.names) != order):
            raise ParseError(
                f"{quoted(''.join(term.names)) if term.names else 'an empty term'} "
                f"names {len(term.names)} indices, and its operand has {order} axes",
                text=text,
                position=term.start,
            )
        widest = max(widest, count)
        inputs.append(_opened(term.names, count))
    out = _implied(inputs, widest) if right is None else _opened(right.names, widest)
    return Spec(tuple(inputs), out)


@dataclass(frozen=True, slots=True)
class _Term:
    """What one term of a spec names, and where it begins."""

    names: list[str]
    start: int


def _terms(text: str) -> tuple[list[_Term], _Term | None]:
    """The terms before the arrow, and what stands after it if there is one."""
    if not isinstance(text, str):
        raise ParseError(
            f"{quoted(text)} is not an einsum string", hint='such as "ij,jk->ik"'
        )
    if len(text) > LENGTH_LIMIT:
        raise BudgetError(
            f"an einsum string of {len(text)} characters is over {LENGTH_LIMIT}"
        )
    left, arrow, right = text.partition("->")
    written = left.split(",")
    spaced = any(len(part.split()) > 1 for part in [*written, right])
    terms, start = [], 0
    for term in written:
        terms.append(_Term(_names(term, spaced, text, start), start))
        start += len(term) + 1
    after = len(left) + len(arrow)
    return terms, _Term(_names(right, spaced, text, after), after) if arrow else None


def _names(term: str, spaced: bool, text: str, start: int) -> list[str]:
    pieces = term.split() if spaced else _compact(term.replace(" ", ""))
    for piece in pieces:
        if piece != ELLIPSIS and not piece.isidentifier():
            raise ParseError(
                f"{quoted(piece)} is not an index",
                text=text,
                position=max(start, text.find(piece, start)),
                hint="letters, or names between spaces",
            )
    return pieces


def _compact(term: str) -> list[str]:
    head, dots, tail = term.partition(ELLIPSIS)
    return [*head, ELLIPSIS, *tail] if dots else [*head]


def _opened(term: Sequence[str], count: int) -> tuple[str, ...]:
    """The ellipsis replaced by `count` names."""
    dots = [f"...{k}" for k in range(count, 0, -1)]
    return tuple(
        name for piece in term for name in (dots if piece == ELLIPSIS else [piece])
    )


def _implied(inputs: Sequence[Sequence[str]], widest: int) -> tuple[str, ...]:
    names = Counter(name for term in inputs for name in term)
    once = sorted(
        name for name, n in names.items() if n == 1 and not name.startswith("...")
    )
    return tuple(f"...{k}" for k in range(widest, 0, -1)) + tuple(once)


def term_orders(text: str) -> list[int]:
    """How many indices every term before the arrow names.

    >>> term_orders("ij,j->i")
    [2, 1]

    Raises `ParseError` where an ellipsis leaves that open.
    """
    terms, _ = _terms(text)
    if any(ELLIPSIS in term.names for term in terms):
        raise ParseError(
            f"how many axes the ellipsis of {quoted(text)} stands for is not told",
            text=text,
            position=text.find(ELLIPSIS),
            hint="give the operands",
        )
    return [len(term.names) for term in terms]


@dataclass(frozen=True, slots=True)
class Joined:
    """A spec with its operands: indices are numbers, with their names and sizes; an
    axis of size 1 that is broadcast has an index of its own, negative."""

    operands: tuple[tuple[Node, tuple[int, ...]], ...]
    out: tuple[int, ...]
    names: tuple[str, ...]
    dims: Mapping[int, Size]


def joined(
    text: str, nodes: Sequence[Node], sizes: Mapping[str, Size] | None = None
) -> Joined:
    """A spec and its operands put together; `sizes` for indices only in the output.

    Raises `ShapeError` where an index would have two sizes. Only axes under an ellipsis
    broadcast a literal 1, as in NumPy.
    """
    spec = read_spec(text, [len(node.shape) for node in nodes])
    number: dict[str, int] = {}
    known: dict[str, Size] = dict(sizes or {})
    operands = []
    loose = 0
    for names, node in zip(spec.inputs, nodes, strict=True):
        legs = []
        for name, size in zip(names, node.shape, strict=True):
            if size == 1 and name.startswith("..."):
                loose += 1
                legs.append(-loose)
                continue
            if known.setdefault(name, size) != size:
                raise ShapeError(
                    f"the index {name} of {quoted(text)} has size "
                    f"{size_text(known[name])} and, in an operand of shape "
                    f"{shape_text(node.shape)}, {size_text(size)}",
                    text=text,
                    position=max(0, text.find(name)),
                )
            legs.append(number.setdefault(name, len(number)))
        operands.append((node, tuple(legs)))
    for name in spec.out:
        if name not in known and name.startswith("..."):
            known[name] = 1
        if name not in known:
            raise ParseError(
                f"the output index {name} of {quoted(text)} is on no operand",
                text=text,
                position=max(0, text.find(name, text.find("->"))),
                hint=f"give its size: sizes={{{name!r}: …}}",
            )
    out = tuple(number.setdefault(name, len(number)) for name in spec.out)
    dims = {k: known[name] for name, k in number.items()}
    return Joined(tuple(operands), out, tuple(number), dims)


def contraction(
    text: str, nodes: Sequence[Node], sizes: Mapping[str, Size] | None = None
) -> Node:
    """The node of a spec and its operands; errors as `joined`."""
    found = joined(text, nodes, sizes)
    return einsum(found.operands, found.out, found.dims)
