"""Which index is summed where in an expression in index notation.

Bottom up, how often each index stands in a term; then top down, where it is bound: at
the smallest product that holds all its occurrences. Labels are the bound or free
indices, told apart by scope, with their sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import BudgetError, ParseError, ShapeError
from ..nodes import Node
from ..sizes import Shape, Size, size_text
from .declarations import Declarations
from .index_words import CONSTANTS, COPIES, INDEX_LIMIT
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
    place_of,
    postorder,
)

Span: TypeAlias = tuple[int, int]
Visible: TypeAlias = dict[str, int]
Factor: TypeAlias = tuple[Syntax, bool]

SIGNS = {"+": 1, "-": -1}
PRODUCTS = frozenset({"*", " ", "∘"})
QUOTIENTS = frozenset({"/", "⊘"})
POWERS = frozenset({"^", ".^"})

#: How many indices copy tensors have that have a name for each order.
ORDERS = {"H": (3, "three indices"), "𝟏": (1, "one index")}


@dataclass
class Scopes:
    """Which label each index has where it stands, and the size of each label.

    `spans` say how often an index stands in a term, at least and at most; `visible` are
    the labels a node may leave open; `bound` those summed at a term; `ties` share a
    size.
    """

    text: str
    declared: Declarations
    spans: dict[Syntax, dict[str, Span]] = field(default_factory=dict)
    sums: set[Syntax] = field(default_factory=set)
    visible: dict[Syntax, Visible] = field(default_factory=dict)
    bound: dict[Syntax, list[int]] = field(default_factory=dict)
    sizes: dict[int, Size] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    ties: list[tuple[Indexed, list[int]]] = field(default_factory=list)
    given: dict[str, Node] = field(default_factory=dict)

    def fresh(self, name: str) -> int:
        """A new label for an index."""
        self.names.append(name)
        return len(self.names) - 1

    def error(self, message: str, node: Syntax, hint: str | None = None) -> ParseError:
        """A `ParseError` at a node."""
        return ParseError(message, text=self.text, position=place_of(node), hint=hint)

    def meet(self, label: int, size: Size, node: Syntax) -> None:
        """Learns the size of a label. Raises `ShapeError` where it has another."""
        known = self.sizes.setdefault(label, size)
        if known != size:
            raise ShapeError(
                f"the index {self.names[label]} has size {size_text(size)} in "
                f"{excerpt(self.text, node)} and {size_text(known)} elsewhere",
                text=self.text,
                position=node.start,
            )


# -- how often an index stands in a term -----------------------------------------------


def spans_of(scopes: Scopes, root: Syntax) -> dict[str, Span]:
    """How often each index that no sum binds stands in a term of the whole."""
    for node in postorder(root):
        scopes.spans[node] = _spans(scopes, node)
    return scopes.spans[root]


def _spans(scopes: Scopes, node: Syntax) -> dict[str, Span]:
    known = scopes.spans
    match node:
        case Indexed():
            return {i: (n, n) for i, n in Counter(node.indices).items()}
        case Number() | Name():
            return {}
        case Group() | Negated():
            if isinstance(node, Group) and node.inner in scopes.sums:
                scopes.sums.add(node)
            return known[node.inner]
        case Summed():
            inner = known[node.inner]
            return {i: span for i, span in inner.items() if i not in node.indices}
        case Applied():
            return _either(*(known[argument] for argument in node.arguments))
        case Suffix() if node.symbol != "'":
            return known[node.inner]
        case Binary() if node.symbol in SIGNS:
            scopes.sums.add(node)
            return _either(known[node.left], known[node.right])
        case Binary() if node.symbol in PRODUCTS | QUOTIENTS:
            return _together(known[node.left], known[node.right])
        case Binary() if node.symbol in POWERS:
            return _either(known[node.left], known[node.right])
        case _:
            raise scopes.error(
                "this is not in index notation", node, "products, sums, / and functions"
            )


def _either(*parts: dict[str, Span]) -> dict[str, Span]:
    """Spans over the parts in which an index stands at all."""
    if len(parts) == 2 and not parts[1]:
        return parts[0]
    found: dict[str, Span] = {}
    for part in parts:
        for index, (low, high) in part.items():
            least, most = found.get(index, (low, high))
            found[index] = (min(low, least), max(high, most))
    return found


def _together(a: dict[str, Span], b: dict[str, Span]) -> dict[str, Span]:
    """Spans of a product."""
    if not b:
        return a
    found = dict(a)
    for index, (low, high) in b.items():
        before = found.get(index, (0, 0))
        found[index] = (before[0] + low, before[1] + high)
    return found


# -- scopes ----------------------------------------------------------------------------


def scoped(scopes: Scopes, root: Syntax, free: Visible) -> list[Syntax]:
    """Binds every index; the nodes, each before its operands."""
    nodes = postorder(root)
    names = {i for node in nodes if isinstance(node, Indexed) for i in node.indices}
    if len(names) > INDEX_LIMIT:
        raise BudgetError(f"{len(names)} indices are over the limit of {INDEX_LIMIT}")
    spans_of(scopes, root)
    order: list[Syntax] = []
    stack: list[tuple[Syntax, Visible, bool]] = [(root, free, True)]
    while stack:
        node, visible, opens = stack.pop()
        order.append(node)
        if opens:
            scopes.bound.setdefault(node, [])
        if opens and node not in scopes.sums:
            visible = _bind(scopes, node, visible)
        scopes.visible[node] = visible
        stack.extend(reversed(list(_inside(scopes, node, visible))))
    return order


def _inside(
    scopes: Scopes, node: Syntax, visible: Visible
) -> Iterator[tuple[Syntax, Visible, bool]]:
    """The operands with what they may leave open, and whether each opens a term."""
    match node:
        case Indexed():
            _learn(scopes, node)
        case Summed():
            yield node.inner, _explicit(scopes, node, visible), True
        case Binary() if node.symbol in QUOTIENTS:
            yield node.left, visible, False
            yield node.right, visible, True
        case _:
            opens = not joins(scopes, node)
            for child in operands(node):
                yield child, visible, opens


def joins(scopes: Scopes, node: Syntax) -> bool:
    """Whether the node is no factor itself but a product or a sign of factors."""
    if isinstance(node, Group):
        return node not in scopes.sums
    if isinstance(node, Binary):
        return node.symbol in PRODUCTS | QUOTIENTS
    return isinstance(node, Negated)


def factors_of(scopes: Scopes, term: Syntax) -> tuple[int, list[Factor]]:
    """The sign of a term and its factors, each with whether it divides."""
    sign, found = 1, []
    stack: list[Factor] = [(term, False)]
    while stack:
        node, divides = stack.pop()
        if divides or not joins(scopes, node):
            found.append((node, divides))
            continue
        sign = -sign if isinstance(node, Negated) else sign
        if isinstance(node, Binary) and node.symbol in QUOTIENTS:
            stack.extend([(node.right, True), (node.left, False)])
        else:
            stack.extend((child, False) for child in reversed(operands(node)))
    return sign, found


def _bind(scopes: Scopes, term: Syntax, visible: Visible) -> Visible:
    """Binds at a term what is to be summed there; what is then visible inside it."""
    open_names = scopes.spans[term].keys() - visible.keys()
    if not open_names:
        return visible
    holders: dict[str, list[Factor]] = {}
    for factor in factors_of(scopes, term)[1]:
        for name in scopes.spans[factor[0]].keys() & open_names:
            holders.setdefault(name, []).append(factor)
    summed = [n for n in sorted(holders) if _is_bound_here(scopes, n, holders[n])]
    labels = {name: scopes.fresh(name) for name in summed}
    scopes.bound[term].extend(labels.values())
    return {**visible, **labels}


def _is_bound_here(scopes: Scopes, name: str, holders: list[Factor]) -> bool:
    """Whether a term sums an index, rather than the one factor that holds it."""
    alone = len(holders) == 1 and not isinstance(holders[0][0], Indexed)
    for node, divides in holders:
        closed = divides or not isinstance(node, (Indexed, Group, Summed))
        low, high = scopes.spans[node][name]
        if closed and high > 1 and not (alone and low > 1):
            raise scopes.error(
                f"it is not clear where {name} is summed, inside or outside "
                f"{excerpt(scopes.text, node)}",
                node,
                f"say it with sum_{{{name}}}",
            )
        if alone:
            return closed and high == 1
    return True


def _explicit(scopes: Scopes, node: Summed, visible: Visible) -> Visible:
    labels = {}
    for name in node.indices:
        if name in visible:
            raise scopes.error(f"the index {name} is summed and is free outside", node)
        if name not in scopes.spans[node.inner]:
            raise scopes.error(f"the index {name} does not stand in this sum", node)
        labels[name] = scopes.fresh(name)
    scopes.bound[node.inner] = list(labels.values())
    return {**visible, **labels}


# -- sizes -----------------------------------------------------------------------------


def _learn(scopes: Scopes, node: Indexed) -> None:
    labels = [scopes.visible[node][name] for name in node.indices]
    shape = _known_shape(scopes, node.name)
    if shape is not None:
        if len(labels) != len(shape):
            written = excerpt(scopes.text, node) if node.name in scopes.given else ""
            raise scopes.error(
                f"{written or node.name} has {len(shape)} axes, and is given "
                f"{len(labels)} of its indices",
                node,
            )
        for label, size in zip(labels, shape, strict=True):
            scopes.meet(label, size, node)
    elif node.name in COPIES:
        order, words = ORDERS.get(node.name, (max(len(labels), 1), "some indices"))
        if len(labels) != order:
            raise scopes.error(f"{node.name} has {words}", node)
        scopes.ties.append((node, labels))
    elif node.name in CONSTANTS:
        for label in labels:
            scopes.meet(label, len(labels), node)


def _known_shape(scopes: Scopes, name: str) -> Shape | None:
    """The shape of a part that has been read already, or of a declared tensor."""
    if name in scopes.given:
        return scopes.given[name].shape
    variable = scopes.declared.sized(name)
    return None if variable is None else variable.shape


def tie(scopes: Scopes) -> None:
    """Gives the labels of each δ one size, from whichever of them has one."""
    waiting, before = scopes.ties, -1
    while waiting and len(waiting) != before:
        before = len(waiting)
        waiting = [tied for tied in waiting if not _settled(scopes, *tied)]


def _settled(scopes: Scopes, node: Indexed, tie: list[int]) -> bool:
    known = [scopes.sizes[label] for label in tie if label in scopes.sizes]
    if not known:
        return False
    for label in tie:
        size = scopes.sizes.setdefault(label, known[0])
        if size != known[0]:
            raise ShapeError(
                f"the indices {', '.join(scopes.names[k] for k in tie)} of a delta "
                f"have sizes {size_text(known[0])} and {size_text(size)}",
                text=scopes.text,
                position=node.start,
            )
    return True
