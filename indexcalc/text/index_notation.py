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

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from .. import complexes, expr, matrix
from ..errors import BudgetError, IndexCalcError, ParseError
from ..given import names_of
from ..legible import quoted
from ..nodes import Node
from ..sizes import Size, dim
from .declarations import declare
from .definitions import WHERE, has_definitions
from .grammar import placed, read
from .index_parts import definitions, moved, wholes
from .index_scopes import POWERS, SIGNS, Scopes, factors_of, joins, scoped, tie
from .index_words import CONSTANTS, COPIES, Part, scan_index
from .products import BIT_LIMIT, EXPONENT_LIMIT
from .scanner import NAME_PATTERN, canonical_name, require_length
from .syntax import (
    Applied,
    Binary,
    Group,
    Indexed,
    Name,
    Number,
    Suffix,
    Summed,
    Syntax,
    place_of,
)
from .vocabulary import ELEMENTWISE, OF_SEVERAL

Value: TypeAlias = tuple[Node, list[int]]

OF_COMPLEX: dict[str, Callable[[Node], Node]] = {
    "conj": complexes.conjugate,
    "real": complexes.real_part,
    "imag": complexes.imaginary_part,
}


def parse_index(
    text: str, out: str | Sequence[str], shapes: Mapping[str, object] | None = None
) -> Node:
    """The node of an expression in index notation, with the axes that `out` names.

    `out` is `"ij"`, `"i j"`, `"i,j"` or a sequence of names. Indices may occur any
    number of times. Raises `ParseError`, `ShapeError`, `UnknownNameError` or
    `BudgetError`.

    >>> parse_index("exp(A_ij x_j) - b_i", "i", {"A": "m n", "x": "n", "b": "m"}).shape
    (Dim('m'),)
    """
    scopes, root = index_tree(text, shapes or {})
    return indexed_node(scopes, root, axes_named(out))


def index_tree(text: str, shapes: Mapping[str, object]) -> tuple[Scopes, Syntax]:
    """The tree of a text, and scopes that know its parts: those named after `where`,
    K_ij x_j where K_ij = …, and functions of whole arrays, inv(S)_ij.

    >>> given = {"S": "n n", "x": "n"}
    >>> sorted(index_tree("inv(S)_ij K_j where K_j = 2 x_j", given)[0].given)
    ['#0', 'K']
    """
    require_length(text)
    nodes: dict[str, Node] = {}
    where = WHERE.search(text) if has_definitions(text, shapes) else None
    for part in definitions(text, where.end()) if where else ():
        if part.name in shapes or part.name in nodes:
            raise ParseError(
                f"{part.name} has a meaning already", text=text, position=part.start
            )
        scopes, root = _stretch(text, part.start, part.stop, shapes, nodes)
        try:
            nodes[part.name] = indexed_node(scopes, root, part.indices)
        except IndexCalcError as error:
            raise moved(error, text, part.start) from None
    return _stretch(text, 0, where.start() if where else len(text), shapes, nodes)


def _stretch(
    text: str,
    start: int,
    stop: int,
    shapes: Mapping[str, object],
    nodes: Mapping[str, Node],
) -> tuple[Scopes, Syntax]:
    """The tree of one formula in the text; places in its errors are of the whole."""
    inside = text[start:stop]
    named = {name: node.shape for name, node in nodes.items()}
    declared = declare({**shapes, **named})
    given, parts = dict(nodes), {}
    try:
        for whole in wholes(inside, shapes, declared, nodes):
            key = f"#{whole.start}"
            given[key], parts[whole.start] = whole.node, Part(key, whole.stop)
        root = read(inside, scan_index(inside, declared, parts))
    except IndexCalcError as error:
        raise moved(error, text, start) from None
    return Scopes(inside, declared, given=given), root


def indexed_node(
    scopes: Scopes,
    root: Syntax,
    free: Sequence[str],
    check: Callable[[Scopes], None] | None = None,
) -> Node:
    """The node of a tree in index notation, with the axes that `free` names; `check`
    looks at the scopes once the sizes are known."""
    labels = {name: scopes.fresh(name) for name in dict.fromkeys(free)}
    order = scoped(scopes, root, labels)
    tie(scopes)
    if check is not None:
        check(scopes)
    values: dict[Syntax, Value] = {}
    for node in reversed(order):
        try:
            _evaluate(scopes, node, values)
        except IndexCalcError as error:
            if error.position is None:
                error.position = place_of(node)
            raise placed(error, scopes.text) from None
        except (ValueError, OverflowError):
            raise BudgetError("a number in this expression is out of range") from None
    wanted = [labels[name] for name in free]
    return _spread(scopes, root, values[root], wanted)


def axes_named(out: str | Sequence[str]) -> list[str]:
    """The names of axes that `out` lists."""
    if isinstance(out, str):
        words = out.replace(",", " ").split()
        names = list(words[0]) if len(words) == 1 else words
    else:
        names = [name.strip() for name in names_of(out, "out")]
    for name in names:
        if not NAME_PATTERN.fullmatch(name):
            raise ParseError(
                f"{quoted(out)} does not name axes",
                text=name,
                position=0,
                hint='such as out="ij" or ["row", "col"]',
            )
    return [canonical_name(name) for name in names]


# -- nodes -----------------------------------------------------------------------------


def _evaluate(scopes: Scopes, node: Syntax, values: dict[Syntax, Value]) -> None:
    """Gives a factor, a sum or a term its node and the labels of its axes."""
    if not joins(scopes, node):
        values[node] = _value(scopes, node, values)
    elif node in scopes.bound:
        values[node] = _term(scopes, node, values)
    bound = scopes.bound.get(node)
    if bound and not joins(scopes, node):
        inner, labels = values[node]
        values[node] = _contraction([(inner, labels)], set(bound))


def _value(scopes: Scopes, node: Syntax, values: dict[Syntax, Value]) -> Value:
    match node:
        case Number():
            return expr.number(node.value), []
        case Name():
            return _scalar(scopes, node), []
        case Indexed():
            return _tensor(scopes, node)
        case Group() | Summed():
            return values[node.inner]
        case Applied():
            return _applied(scopes, node, [values[a] for a in node.arguments])
        case Suffix():
            exponent = expr.number(int(node.symbol[:5]))
            return _power(scopes, node, values[node.inner], (exponent, []))
        case Binary() if node.symbol in POWERS:
            return _power(scopes, node, values[node.left], values[node.right])
        case Binary():
            return _sum(scopes, node, values)
        case _:
            raise scopes.error("this is not in index notation", node)


def _term(scopes: Scopes, term: Syntax, values: dict[Syntax, Value]) -> Value:
    """The product of the factors of a term, summed over what is bound there."""
    sign, factors = factors_of(scopes, term)
    coefficient = Fraction(sign)
    parts: list[Value] = []
    for node, divides in factors:
        if isinstance(node, Number) and not divides:
            coefficient *= node.value
            continue
        part, labels = values[node]
        parts.append((matrix.power(part, -1) if divides else part, labels))
    bits = coefficient.numerator.bit_length() + coefficient.denominator.bit_length()
    if bits > BIT_LIMIT:
        raise BudgetError("the product of these numbers is out of range")
    whole, labels = _contraction(parts, set(scopes.bound[term]))
    return expr.scale(coefficient, whole), labels


def _contraction(parts: list[Value], gone: set[int]) -> Value:
    left = sorted({label for _, labels in parts for label in labels} - gone)
    return expr.einsum(parts, left), left


def _scalar(scopes: Scopes, node: Name) -> Node:
    """An exponent that is a name."""
    variable = scopes.declared.variables.get(node.name)
    if variable is not None and not variable.shape:
        return expr.tensor(node.name, ())
    if variable is None and node.name in scopes.declared.sizes:
        return expr.size_node(dim(node.name))
    raise scopes.error(f"{node.name} is not a scalar", node)


def _tensor(scopes: Scopes, node: Indexed) -> Value:
    labels = [scopes.visible[node][name] for name in node.indices]
    if node.name in scopes.given:
        return scopes.given[node.name], labels
    variable = scopes.declared.sized(node.name)
    if variable is not None:
        return expr.tensor(node.name, variable.shape, variable.structure), labels
    if node.name in COPIES:
        size = _size(scopes, node, labels[0])
        return matrix.copy_tensor(size, len(labels)), labels
    if node.name in CONSTANTS:
        return matrix.levicivita(len(labels)), labels
    if labels or node.name not in scopes.declared.sizes:
        raise scopes.error(f"{node.name} takes no indices here", node)
    return expr.size_node(dim(node.name)), []


def _size(scopes: Scopes, node: Syntax, label: int) -> Size:
    if label not in scopes.sizes:
        raise scopes.error(
            f"nothing gives the size of the index {scopes.names[label]}",
            node,
            "a declared tensor must carry it somewhere",
        )
    return scopes.sizes[label]


def _spread(scopes: Scopes, node: Syntax, value: Value, wanted: list[int]) -> Node:
    """The node with exactly the wanted axes, constant along those it lacks."""
    part, labels = value
    dims = {k: _size(scopes, node, k) for k in wanted if k not in labels}
    return expr.einsum([(part, labels)], wanted, dims)


def _sum(scopes: Scopes, node: Binary, values: dict[Syntax, Value]) -> Value:
    sides = (node.left, node.right)
    union = sorted({label for side in sides for label in values[side][1]})
    left, right = (_spread(scopes, side, values[side], union) for side in sides)
    return expr.linear([(left, 1), (right, SIGNS[node.symbol])], left.shape), union


def _power(scopes: Scopes, node: Syntax, base: Value, exponent: Value) -> Value:
    if exponent[1]:
        raise scopes.error("an exponent has no indices", node)
    literal = matrix.literal_number(exponent[0])
    if _is_large(literal):
        raise BudgetError(f"an exponent over {EXPONENT_LIMIT} is out of range")
    return matrix.power(base[0], exponent[0]), base[1]


def _is_large(value: object) -> bool:
    if not isinstance(value, int | Fraction):
        return False
    return not -EXPONENT_LIMIT <= value <= EXPONENT_LIMIT


def _applied(scopes: Scopes, node: Applied, arguments: list[Value]) -> Value:
    name = node.name
    unknown = name in scopes.declared.functions
    _require_elementwise(scopes, node, unknown)
    union = sorted({label for _, labels in arguments for label in labels})
    nodes = [
        _spread(scopes, argument, value, union)
        for argument, value in zip(node.arguments, arguments, strict=True)
    ]
    if unknown:
        return scopes.declared.applied(name, nodes, node.orders), union
    if name in OF_COMPLEX:
        return OF_COMPLEX[name](nodes[0]), union
    return matrix.elementwise(name, *nodes), union


def _require_elementwise(scopes: Scopes, node: Applied, unknown: bool) -> None:
    if unknown:
        wanted = len(node.orders) or max(len(node.arguments), 1)
    elif node.name in (*ELEMENTWISE, *OF_COMPLEX) and not node.orders:
        wanted = 1
    elif node.name in OF_SEVERAL and not node.orders:
        wanted = OF_SEVERAL[node.name]
    else:
        raise scopes.error(
            f"{node.name} does not act entry by entry, so it has no place here",
            node,
            "say it with indices",
        )
    if len(node.arguments) != wanted:
        raise scopes.error(
            f"{node.name} takes {wanted} arguments, not {len(node.arguments)}",
            node,
        )
