"""Types for a whole syntax tree: one pass, operands before what is made of them.

Names are looked up, each operator and function applies its rule, and sizes left open
are solved for. The result is a `Meaning` for every node, from which `lowering` builds.
"""

from __future__ import annotations

from typing import assert_never

from .. import expr
from ..errors import BudgetError, InternalError, ParseError, ShapeError
from ..nodes import Node
from ..sizes import dim, parse_size
from . import products
from .arguments import as_integer, as_size, as_text, size_is_excessive, size_names
from .blocks import block_rule
from .declarations import Variable
from .disagreements import explained
from .reading import Reading
from .symbols import NUMBERS, SIDE_BY_SIDE
from .syntax import (
    Applied,
    Binary,
    Blocks,
    Entry,
    Group,
    Indexed,
    Name,
    Negated,
    Number,
    Ones,
    Suffix,
    Summed,
    Syntax,
    Text,
    excerpt,
    postorder,
)
from .types import SCALAR, Disagreement, Meaning, Type, unknowns
from .unknown_names import no_function, undeclared
from .vocabulary import ORDER_LIMIT, TABLE, Function, identity, ones_of, spread_alike

OPEN_CONSTANTS = ("I", "eye")


def type_tree(reading: Reading) -> list[Syntax]:
    """Gives every value a meaning; the nodes in order of building.

    Raises `ShapeError` where operands do not fit, `ParseError` and `UnknownNameError`
    for what the language or the declarations do not know.
    """
    order = postorder(reading.root, reading.values)
    for node in order:
        if isinstance(node, Binary) and not reading.paper:
            _require_operator(reading, node)
        elif isinstance(node, Applied):
            reading.written_sizes |= _sizes_written_in(reading, node)
    for node in order:
        reading.meanings[node] = meaning(reading, node)
    _settle_sizes(reading)
    return order


def _require_operator(reading: Reading, node: Binary) -> None:
    if node.symbol != SIDE_BY_SIDE.symbol:
        return
    left = excerpt(reading.text, node.left, 20)
    right = excerpt(reading.text, node.right, 20)
    raise ParseError(
        "an operator is missing between two operands",
        text=reading.text,
        position=node.place,
        hint=f"the product is {left}*{right}",
    )


def _sizes_written_in(reading: Reading, node: Applied) -> set[str]:
    record = reading.record(node)
    if record is None or "s" not in record.kinds:
        return set()
    written = [a for k, a in enumerate(node.arguments) if record.kind(k) == "s"]
    return {name for argument in written for name in size_names(argument)}


# -- one node --------------------------------------------------------------------------


def meaning(reading: Reading, node: Syntax) -> Meaning:
    """The meaning of a node whose operands have theirs."""
    reading.sizes.place = node
    try:
        found = _meaning(reading, node)
    except Disagreement as disagreement:
        raise explained(reading, node, disagreement, meaning) from None
    _require_reasonable(reading, node, found.type)
    return found


def _meaning(reading: Reading, node: Syntax) -> Meaning:
    known, sizes = reading.meanings, reading.sizes
    match node:
        case Number():
            return Meaning(SCALAR, expr.number, node.value)
        case Name():
            return _named(reading, node)
        case Ones():
            return _ones(reading, node)
        case Group():
            inner = known[node.inner]
            return Meaning(inner.type, _itself, inner.value)
        case Negated():
            return products.negated(known[node.inner])
        case Suffix(symbol="'"):
            return products.transposed(sizes, known[node.inner])
        case Suffix():
            return products.superscript(sizes, known[node.inner], node.symbol)
        case Binary():
            rule = reading.rule(node.symbol)
            return rule(sizes, known[node.left], known[node.right])
        case Applied():
            return _applied(reading, node)
        case Blocks():
            return block_rule(
                sizes, [[known[e].type for e in row] for row in node.rows]
            )
        case Text():
            raise Disagreement(
                "a text in quotes stands only first in einsum", kind=ParseError
            )
        case Indexed() | Summed() | Entry():
            raise InternalError("named indices outside index notation")
        case _:
            assert_never(node)


def _itself(node: Node) -> Node:
    return node


def _require_reasonable(reading: Reading, node: Syntax, type_: Type) -> None:
    if type_.order > ORDER_LIMIT:
        message = f"a tensor of {type_.order} axes is over the limit of {ORDER_LIMIT}"
    elif any(size_is_excessive(size) for size in type_.shape):
        message = "an axis of this size is out of range"
    else:
        return
    raise BudgetError(message, text=reading.text, position=node.start)


# -- names -----------------------------------------------------------------------------


def _named(reading: Reading, node: Name) -> Meaning:
    found = reading.named.get(node.name)
    if found is None:
        found = reading.named[node.name] = _looked_up(reading, node)
    elif node.name in OPEN_CONSTANTS and node.name not in reading.declared.variables:
        found = _looked_up(reading, node)
    return found


def _looked_up(reading: Reading, node: Name) -> Meaning:
    name, sizes = node.name, reading.sizes
    variable = reading.declared.variables.get(name)
    if variable is not None and variable.open:
        return _found(reading, variable)
    if variable is not None:
        leaf = expr.tensor(name, variable.shape, variable.structure)
        return Meaning(Type(variable.shape), lambda: leaf)
    if name in reading.declared.sizes or name in reading.written_sizes:
        return Meaning(SCALAR, lambda: expr.size_node(dim(name)))
    if name in OPEN_CONSTANTS:
        size = sizes.fresh()
        reading.constants.append((node, (size,)))
        return identity(sizes, size)
    if name in NUMBERS:
        return Meaning(SCALAR, lambda: expr.number(NUMBERS[name]))
    if reading.infer:
        return _inferred(reading, node)
    raise undeclared(reading.text, name, node.start, reading.declared)


def _found(reading: Reading, variable: Variable) -> Meaning:
    """A variable whose sizes the text gives."""
    name, sizes = variable.name, reading.sizes
    if name not in reading.inferred:
        shape = tuple(sizes.fresh() for _ in variable.shape)
        reading.inferred[name] = shape[:1] * len(shape) if variable.square else shape
    shape = reading.inferred[name]
    structure = variable.structure
    return Meaning(
        Type(shape), lambda: expr.tensor(name, sizes.shape(shape), structure)
    )


def _inferred(reading: Reading, node: Name) -> Meaning:
    """a–g and small Greek letters scalars, h–z vectors, capitals matrices; e, E and H
    too, which are constants only before a parenthesis."""
    name, first = node.name, node.name[0]
    is_function = name in reading.declared.functions or name in TABLE
    if first == "_" or (is_function and (len(name) > 1 or name not in TABLE)):
        raise undeclared(reading.text, name, node.start, reading.declared)
    if name not in reading.inferred:
        small = first.islower()
        order = (0 if first > "z" or first <= "g" else 1) if small else 2
        shape = tuple(reading.sizes.fresh() for _ in range(order))
        reading.inferred[name] = shape
    shape = reading.inferred[name]
    return Meaning(Type(shape), lambda: expr.tensor(name, reading.sizes.shape(shape)))


def _ones(reading: Reading, node: Ones) -> Meaning:
    if node.size is None:
        size = reading.sizes.fresh()
        reading.constants.append((node, (size,)))
    else:
        size = parse_size(node.size)
    return ones_of(reading.sizes, size)


# -- functions -------------------------------------------------------------------------


def _applied(reading: Reading, node: Applied) -> Meaning:
    record = reading.record(node)
    if node.name in reading.declared.functions:
        return _unknown_function(reading, node)
    if record is None or node.orders:
        raise no_function(
            reading.text, node.name, node.start, reading.declared, bool(node.orders)
        )
    if not record.accepts(len(node.arguments)):
        raise Disagreement(
            f"{node.name} takes {_said(record)}, and {len(node.arguments)} are given",
            kind=ParseError,
        )
    before = reading.sizes.count
    arguments = [_argument(reading, record, k, a) for k, a in enumerate(node.arguments)]
    found = record.rule(reading.sizes, *arguments)
    if reading.sizes.count > before:
        reading.constants.append((node, found.type.shape))
    return found


def _argument(reading: Reading, record: Function, k: int, argument: Syntax) -> object:
    match record.kind(k):
        case "v":
            return reading.meanings[argument]
        case "s":
            known = reading.declared
            return as_size(reading.text, argument, known.variables.keys() - known.sizes)
        case "i":
            return as_integer(reading.text, argument)
        case _:
            return as_text(reading.text, argument)


_KINDS = {"v": "a value", "s": "a size", "i": "a whole number", "t": "a text in quotes"}


def _said(record: Function) -> str:
    listed = ", ".join(_KINDS[kind] for kind in record.kinds)
    return f"{listed}, …" if record.arguments.endswith("*") else listed


def _unknown_function(reading: Reading, node: Applied) -> Meaning:
    arguments = tuple(reading.meanings[a] for a in node.arguments)
    if not arguments:
        raise Disagreement(f"{node.name} needs an argument", kind=ParseError)
    orders = node.orders
    if orders and len(orders) != len(arguments):
        raise Disagreement(
            f"{len(orders)} orders of differentiation for {len(arguments)} arguments",
            f"D({node.name}, {', '.join('1' for _ in arguments)}) gives one for each",
            ParseError,
        )
    return spread_alike(
        reading.sizes,
        arguments,
        lambda *nodes: reading.declared.applied(node.name, nodes, orders),
    )


# -- sizes -----------------------------------------------------------------------------


def _settle_sizes(reading: Reading) -> None:
    """Solves for open sizes, names those of inferred variables, refuses the rest."""
    sizes, declared = reading.sizes, reading.declared
    if not sizes.count:
        return
    clash = sizes.contradiction()
    if clash is not None:
        a, b, place = clash
        raise ShapeError(
            f"the sizes {sizes.said((a,))} and {sizes.said((b,))} cannot be made equal",
            text=reading.text,
            position=None if place is None else place.start,
            hint="declare the shapes",
        )
    taken = {*declared.variables, *declared.sizes, *reading.written_sizes}
    taken |= {*reading.inferred, *declared.functions}
    sizes.name_unknowns(reading.inferred.values(), taken)
    for node, shape in reading.constants:
        if any(map(unknowns, sizes.shape(shape))):
            written = excerpt(reading.text, node)
            raise ParseError(
                f"nothing gives the size of {written}",
                text=reading.text,
                position=node.start,
                hint=reading.hint("give it one, as in eye(n), ones(n), ones(m,n)"),
            )
