r"""What LaTeX says with several signs together, as one node of the syntax tree.

\log|X| and \log\det X are the log-determinant, \|x\|^2 is Σ x², \operatorname{tr}\log X
the log-determinant again, σ' a derivative. A quotient by a product without brackets is
refused: a/bc is read in two ways.

>>> from .syntax import Applied, Name
>>> x = Name("X", 10, 11)
>>> tree = Applied("log", [Applied("det", [x], (), 5, 11)], (), 0, 11)
>>> composed(tree, r"\log\det(X)", frozenset()).name
'logdet'
"""

from __future__ import annotations

from collections.abc import Callable, Set

from ..errors import ParseError
from .syntax import (
    Applied,
    Binary,
    Blocks,
    Entry,
    Group,
    Indexed,
    Negated,
    Number,
    Suffix,
    Summed,
    Syntax,
    operands,
    postorder,
)
from .vocabulary import ELEMENTWISE

SQUARES = {name: f"{name}²" for name in ("‖·‖", "‖·‖₂", "‖·‖F")}


def composed(root: Syntax, text: str, functions: Set[str]) -> Syntax:
    """The tree with what several signs say together as one; `functions` are declared.

    Raises `ParseError` for a quotient that can be read in two ways.
    """
    new: dict[Syntax, Syntax] = {}
    for node in postorder(root):
        rename_operands(node, lambda child: new.get(child, child))
        found = node
        match node:
            case Applied() if node.name not in functions:
                found = _applied(node, text)
            case Binary(symbol="^"):
                found = _squared(node)
            case Binary(symbol="/"):
                _require_clear(node, text)
        if found is not node:
            new[node] = found
    return new.get(root, root)


def rename_operands(node: Syntax, new: Callable[[Syntax], Syntax]) -> None:
    """Puts new operands in the place of a node's own."""
    match node:
        case Binary():
            node.left, node.right = new(node.left), new(node.right)
        case Group() | Negated() | Suffix() | Summed() | Entry():
            node.inner = new(node.inner)
        case Applied():
            node.arguments = list(map(new, node.arguments))
        case Blocks():
            node.rows = [list(map(new, row)) for row in node.rows]


def bare(node: Syntax) -> Syntax:
    """The node without brackets round it."""
    while isinstance(node, Group):
        node = node.inner
    return node


def _applied(node: Applied, text: str) -> Syntax:
    if node.orders and node.name in ELEMENTWISE:
        return _differentiated(node, text)
    inner = bare(node.arguments[0]) if len(node.arguments) == 1 else None
    if not isinstance(inner, Applied) or node.orders or inner.orders:
        return node
    within = bare(inner.arguments[0]) if len(inner.arguments) == 1 else None
    match node.name, inner.name:
        case "log", "det":
            return _renamed(node, "logdet", inner.arguments)
        case "log", "|·|" if isinstance(within, Applied) and within.name == "det":
            return _renamed(node, "logdet", within.arguments)
        case "log", "|·|":
            return _renamed(node, "log|·|", inner.arguments)
        case "tr", "log":
            return _renamed(node, "logdet", inner.arguments)
        case _:
            return node


def _renamed(node: Applied, name: str, arguments: list[Syntax]) -> Applied:
    return Applied(name, arguments, (), node.start, node.stop)


def _differentiated(node: Applied, text: str) -> Syntax:
    if node.orders != (1,):
        raise ParseError(
            f"only the first derivative of {node.name} is written with primes",
            text=text,
            position=node.start,
            hint="differentiate with diff",
        )
    return _renamed(node, f"∂{node.name}", node.arguments)


def _squared(node: Binary) -> Syntax:
    base, exponent = node.left, bare(node.right)
    if not isinstance(base, Applied) or base.name not in SQUARES:
        return node
    if not isinstance(exponent, Number) or exponent.value != 2:
        return node
    found = _renamed(base, SQUARES[base.name], base.arguments)
    found.stop = node.stop
    return found


def _require_clear(node: Binary, text: str) -> None:
    right = node.right
    if isinstance(right, Binary) and right.symbol == " ":
        raise ParseError(
            "it is not clear how far / reaches",
            text=text,
            position=node.place,
            hint=r"write \frac{a}{b} c, or put the divisor in brackets",
        )


def has_index(root: Syntax) -> set[Syntax]:
    """The nodes that hold named indices, or a sum over them."""
    found: set[Syntax] = set()
    for node in postorder(root):
        own = isinstance(node, (Summed, Entry, Indexed)) and bool(node.indices)
        if own or any(child in found for child in operands(node)):
            found.add(node)
    return found
