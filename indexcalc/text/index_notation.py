"""Index notation: which index is summed where, and the node that says so.

An index in `out` is free. Any other is summed over the term in which it stands: the
smallest product that holds all its occurrences, each term of a sum on its own. An index
that a function's argument repeats is summed inside the function; one that stands there
once is visible outside. `sum_{j}` says it outright.

>>> parse_index("A_ij x_j", "i", {"A": "m n", "x": "n"}).shape
(Dim('m'),)
>>> parse_index("x_i y_i z_i", "i", {"x": 3, "y": 3, "z": 3}).shape
(3,)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from .. import expr, matrix
from ..errors import BudgetError, IndexCalcError, ParseError, ShapeError, UnsupportedError
from ..nodes import Node
from ..sizes import Size, dim, size_text
from .declarations import Declarations, declare
from .grammar import placed, read
from .index_words import CONSTANTS, COPIES, INDEX_LIMIT, scan_index
from .products import BIT_LIMIT, EXPONENT_LIMIT
from .scanner import NAME_PATTERN, canonical_name
from .syntax import (
    Applied,
    Binary,
    Group,
    Indexed,
    Name,
    Negated,
    Number,
    Suffix,
    Summed,
    Syntax,
    excerpt,
    operands,
    postorder,
)
from .vocabulary import ELEMENTWISE

Span: TypeAlias = tuple[int, int]
Visible: TypeAlias = dict[str, int]
Value: TypeAlias = tuple[Node, list[int]]

_SUMS = {"+": 1, "-": -1}
_PRODUCTS = frozenset({"*", " ", "∘"})
_QUOTIENTS = frozenset({"/", "⊘"})
_POWERS = frozenset({"^", ".^"})


@dataclass
class _Scopes:
    """Which label each index has where it stands, and the size of each label.

    `visible` are the labels a node may leave open; `ties` are labels of one size.
    """

    text: str
    declared: Declarations
    spans: dict[Syntax, dict[str, Span]] = field(default_factory=dict)
    visible: dict[Syntax, Visible] = field(default_factory=dict)
    sizes: dict[int, Size] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    ties: list[list[int]] = field(default_factory=list)

    def fresh(self, name: str) -> int:
        """A new label for an index."""
        self.names.append(name)
        return len(self.names) - 1

    def error(self, message: str, node: Syntax, hint: str | None = None) -> ParseError:
        """A `ParseError` at a node."""
        return ParseError(message, text=self.text, position=node.start, hint=hint)


def parse_index(
    text: str, out: str | Sequence[str], shapes: Mapping[str, object] | None = None
) -> Node:
    """The node of an expression in index notation, with the axes that `out` names.

    `out` is `"ij"`, `"i j"`, `"i,j"` or a sequence of names. Indices may occur any number
    of times. Raises `ParseError`, `ShapeError`, `UnknownNameError` or `BudgetError`.

    >>> parse_index("exp(A_ij x_j) - b_i", "i", {"A": "m n", "x": "n", "b": "m"}).shape
    (Dim('m'),)
    """
    declared = declare(shapes or {})
    root = read(text, scan_index(text, declared))
    scopes = _Scopes(text, declared)
    free = _free(out)
    labels = {name: scopes.fresh(name) for name in dict.fromkeys(free)}
    order = _scoped(scopes, root, labels)
    _tie(scopes)
    values: dict[Syntax, Value] = {}
    for node in reversed(order):
        try:
            values[node] = _value(scopes, node, values)
        except IndexCalcError as error:
            error.position = node.start if error.position is None else error.position
            raise placed(error, text) from None
    return _spread(scopes, root, values[root], [labels[name] for name in free])


def _free(out: str | Sequence[str]) -> list[str]:
    if isinstance(out, str):
        words = out.replace(",", " ").split()
        names = list(words[0]) if len(words) == 1 else words
    else:
        names = [name.strip() if isinstance(name, str) else "" for name in out]
    for name in names:
        if not NAME_PATTERN.fullmatch(name):
            raise ParseError(
                f"{out!r} does not name axes", hint='such as out="ij" or ["row", "col"]'
            )
    return [canonical_name(name) for name in names]


# -- scopes --------------------------------------------------------------------------------


def _scoped(scopes: _Scopes, root: Syntax, free: Visible) -> list[Syntax]:
    """Binds every index; the nodes, each before its operands."""
    nodes = postorder(root)
    names = {i for node in nodes if isinstance(node, Indexed) for i in node.indices}
    if len(names) > INDEX_LIMIT:
        raise BudgetError(f"{len(names)} indices are over the limit of {INDEX_LIMIT}")
    for node in nodes:
        scopes.spans[node] = _spans(scopes, node)
    order: list[Syntax] = []
    stack: list[tuple[Syntax, Visible, bool]] = [(root, free, True)]
    while stack:
        node, visible, is_term = stack.pop()
        order.append(node)
        if is_term and not _is_sum(node):
            visible = _bound(scopes, node, visible)
        scopes.visible[node] = visible
        match node:
            case Indexed():
                _learn(scopes, node)
            case Summed():
                inner = _explicit(scopes, node, visible)
                stack.append((node.inner, inner, True))
            case _:
                opens = not _is_factor_joint(node)
                stack.extend((child, visible, opens) for child in operands(node))
    return order


def _is_sum(node: Syntax) -> bool:
    while isinstance(node, Group):
        node = node.inner
    return isinstance(node, Binary) and node.symbol in _SUMS


def _is_factor_joint(node: Syntax) -> bool:
    """Whether the operands belong to the same term as the node."""
    if isinstance(node, (Negated, Group)):
        return not _is_sum(node)
    return isinstance(node, Binary) and node.symbol in _PRODUCTS | _QUOTIENTS


def _factors(node: Syntax) -> list[Syntax]:
    """The factors of a term, through parentheses round products."""
    found: list[Syntax] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if _is_factor_joint(part):
            stack.extend(operands(part))
        else:
            found.append(part)
    return found
