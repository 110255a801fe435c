"""Nodes as entries of a document, every shared one once, and back to the same objects.

An entry names its fields and refers to earlier entries by their number. Sizes and
coefficients are exact; an array is its dtype, its shape and the base64 text of its
little-endian bytes, so that every bit pattern is kept and every machine writes the same
document.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", ("n",))
>>> entries, (root,) = node_entries([einsum([(x, [0])], [0, 0])])
>>> entries[root]
{'kind': 'einsum', 'operands': [[0, [0]]], 'out': [[0], [0]], 'dims': ['n']}
>>> nodes_of(entries, "nodes")[root] is einsum([(x, [0])], [0, 0])
True
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

import numpy as np

from ..coefficients import Number
from ..errors import BudgetError, ParseError, UnsupportedError
from ..expr import constant, einsum, linear, tensor
from ..nodes import Call, Einsum, Node, Sum, Tensor, toposort
from ..pairwise import Array
from ..rows import (
    UNREADABLE,
    function_node,
    number_row,
    require_name,
    require_params,
)
from ..sizes import Dim, Size
from .reading import (
    choice_of,
    count_of,
    exact_of,
    fields_of,
    kind_of,
    listed,
    place_of,
    size_of,
    size_row,
    text_of,
    unread,
)

Entry: TypeAlias = dict[str, Any]

#: What an array of a document may consist of.
DTYPES = (
    *("bool", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)

#: How many terms the sizes of an einsum's axes have together.
MOST_TERMS = 10_000

#: Integers beyond are written as texts where they are parameters.
PLAIN = 2**53

# -- out -------------------------------------------------------------------------------


def node_entries(roots: Sequence[Node]) -> tuple[list[Entry], list[int]]:
    """The entries of all nodes under the roots, children first, and the roots' places.

    Raises `UnsupportedError` for an array that no document holds.
    """
    place: dict[Node, int] = {}
    entries = []
    for node in toposort(*roots):
        entries.append(_entry(node, place))
        place[node] = len(place)
    return entries, [place[root] for root in roots]


def _entry(node: Node, place: dict[Node, int]) -> Entry:
    match node:
        case Tensor():
            return _leaf_entry(node)
        case Einsum():
            _require_few(node.out, node.dims)
            return {
                "kind": "einsum",
                "operands": [[place[e], list(legs)] for e, legs in node.operands],
                "out": [list(axis) for axis in node.out],
                "dims": _sizes(node.dims),
            }
        case Sum():
            terms = [[place[e], number_row(c)] for e, c in node.terms]
            return {"kind": "sum", "terms": terms, "shape": _sizes(node.shape)}
        case Call():
            return {
                "kind": "call",
                "function": node.function,
                "args": [place[e] for e in node.args],
                "params": [param_entry(p) for p in node.params],
                "shape": _sizes(node.shape),
            }


def _leaf_entry(node: Tensor) -> Entry:
    if node.array is not None:
        return {"kind": "constant", "name": node.name, **array_entry(node.array)}
    try:
        require_name(node.name)
    except ValueError as error:
        raise UnsupportedError(f"no document: {error}", hint="rename it") from None
    entry = {"kind": "tensor", "name": node.name, "shape": _sizes(node.shape)}
    return entry | ({"structure": node.structure} if node.structure else {})


def _sizes(sizes: Sequence[Size]) -> list[int | str]:
    return [_readable(size) for size in sizes]


def _readable(size: Size) -> int | str:
    """A size as it is written; one that would not be read back is refused here."""
    row = size_row(size)
    if isinstance(row, str) and "/" in row:
        size_of(row, "a size")
    return row


def array_entry(array: Array) -> Entry:
    """An array as its dtype, its shape and its bytes.

    >>> array_entry(np.array([1.0, -0.0]))
    {'dtype': 'float64', 'shape': [2], 'data': 'AAAAAAAA8D8AAAAAAAAAgA=='}
    """
    if array.dtype.name not in DTYPES:
        raise UnsupportedError(
            f"an array of dtype {array.dtype} is not the same on every machine",
            hint=f"one of {', '.join(DTYPES)}",
        )
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data = b64encode(little.tobytes()).decode("ascii")
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def param_entry(param: object) -> object:
    """A parameter of a function: whole numbers and texts plain, tuples as lists, sizes
    and other numbers marked.

    >>> param_entry((2, "f", Fraction(1, 2)))
    [2, 'f', {'number': '1/2'}]
    """
    match param:
        case tuple():
            return [param_entry(item) for item in param]
        case bool() | str():
            return param
        case int() if abs(param) < PLAIN:
            return int(param)
        case Dim():
            return {"size": _readable(param)}
        case int() | float() | complex() | Fraction():
            return {"number": str(number_row(param))}
    raise UnsupportedError(f"a parameter of type {type(param).__name__}")


# -- in --------------------------------------------------------------------------------


def nodes_of(entries: object, at: str) -> tuple[Node, ...]:
    """The nodes of a list of entries.

    Raises `ParseError`, with the place, for what `node_entries` never writes, and
    `BudgetError` for what would be too large.
    """
    nodes: list[Node] = []

    def read(entry: object, where: str) -> Node:
        kind = entry.get("kind") if isinstance(entry, dict) else None
        reader = READERS[choice_of(kind, f"{where}.kind", tuple(READERS))]
        try:
            node = reader(nodes, entry, where)
        except (BudgetError, ParseError):
            raise
        except UNREADABLE as error:
            raise unread(where, "an expression", error) from None
        nodes.append(node)
        return node

    return listed(entries, at, read)


def _tensor(nodes: list[Node], entry: object, at: str) -> Node:
    fields = fields_of(entry, at, ("kind", "name", "shape"), ("structure",))
    structure = text_of(fields.get("structure", ""), f"{at}.structure")
    name = text_of(fields["name"], f"{at}.name")
    try:
        require_name(name)
    except ValueError as error:
        raise unread(f"{at}.name", "a name", error) from None
    return tensor(name, _shape(fields["shape"], f"{at}.shape"), structure)


def _constant(nodes: list[Node], entry: object, at: str) -> Node:
    fields = fields_of(entry, at, ("kind", "name", "dtype", "shape", "data"))
    given = {name: fields[name] for name in ("dtype", "shape", "data")}
    return constant(array_of(given, at), text_of(fields["name"], f"{at}.name"))


def array_of(entry: object, at: str) -> Array:
    """The array that `array_entry` wrote; its length is checked before it is made."""
    fields = fields_of(entry, at, ("dtype", "shape", "data"))
    kind = np.dtype(choice_of(fields["dtype"], f"{at}.dtype", DTYPES))
    shape = listed(fields["shape"], f"{at}.shape", count_of)
    data = text_of(fields["data"], f"{at}.data")
    nbytes = prod(shape) * kind.itemsize
    if len(data) != 4 * -(-nbytes // 3):
        raise ParseError(
            f"{at}.data: {len(data)} characters where the bytes of the array take "
            f"{4 * -(-nbytes // 3)}"
        )
    raw = _decoded(data, at)
    array = np.frombuffer(raw, kind.newbyteorder("<")).astype(kind)
    try:
        return array.reshape(shape)
    except UNREADABLE as error:
        raise unread(f"{at}.shape", "the shape of an array", error) from None


def _decoded(data: str, at: str) -> bytes:
    try:
        raw = b64decode(data, validate=True)
    except ValueError as error:
        raise unread(f"{at}.data", "base64", error) from None
    if b64encode(raw).decode("ascii") != data:
        raise ParseError(f"{at}.data: not base64 as it is always written")
    return raw


def _shape(entry: object, at: str) -> tuple[Size, ...]:
    return listed(entry, at, size_of)


def _einsum(nodes: list[Node], entry: object, at: str) -> Node:
    fields = fields_of(entry, at, ("kind", "operands", "out", "dims"))
    dims = _shape(fields["dims"], f"{at}.dims")

    def label(item: object, where: str) -> int:
        return place_of(item, where, len(dims))

    def axis(item: object, where: str) -> tuple[int, ...]:
        return listed(item, where, label)

    def operand(item: object, where: str) -> tuple[Node, tuple[int, ...]]:
        first, second = _pair(item, where)
        node = nodes[place_of(first, f"{where}[0]", len(nodes))]
        legs = axis(second, f"{where}[1]")
        if tuple(dims[i] for i in legs) != node.shape:
            raise ParseError(f"{where}: the sizes of its indices are not its shape")
        return node, legs

    operands = listed(fields["operands"], f"{at}.operands", operand)
    out = listed(fields["out"], f"{at}.out", axis)
    _require_few(out, dims)
    return einsum(operands, out, dict(enumerate(dims)))


def _sum(nodes: list[Node], entry: object, at: str) -> Node:
    fields = fields_of(entry, at, ("kind", "terms", "shape"))

    def term(item: object, where: str) -> tuple[Node, Number]:
        first, second = _pair(item, where)
        node = nodes[place_of(first, f"{where}[0]", len(nodes))]
        return node, exact_of(second, f"{where}[1]")

    terms = listed(fields["terms"], f"{at}.terms", term)
    return linear(terms, _shape(fields["shape"], f"{at}.shape"))


def _require_few(out: Sequence[Sequence[int]], dims: Sequence[Size]) -> None:
    """Raises `BudgetError` where the sizes of all axes have too many terms together."""
    count = [len(size.terms) if isinstance(size, Dim) else 1 for size in dims]
    total = sum(prod(count[i] for i in axis) for axis in out)
    if total > MOST_TERMS:
        raise BudgetError(f"axes whose sizes have over {MOST_TERMS} terms together")


def _pair(item: object, at: str) -> tuple[object, object]:
    if not isinstance(item, list) or len(item) != 2:
        raise ParseError(f"{at}: {kind_of(item)} where a pair is needed")
    return item[0], item[1]


def _call(nodes: list[Node], entry: object, at: str) -> Node:
    fields = fields_of(entry, at, ("kind", "function", "args", "params", "shape"))
    name = text_of(fields["function"], f"{at}.function")
    params = listed(fields["params"], f"{at}.params", param_of)

    def argument(item: object, where: str) -> Node:
        return nodes[place_of(item, where, len(nodes))]

    args = listed(fields["args"], f"{at}.args", argument)
    require_params(name, params)
    return function_node(name, args, params, _shape(fields["shape"], f"{at}.shape"))


#: How deep lists lie in one another in a parameter: a program is a list of lists.
DEEPEST = 2


def param_of(entry: object, at: str, depth: int = 0) -> object:
    """The parameter that `param_entry` wrote."""
    if isinstance(entry, list) and depth < DEEPEST:
        return listed(entry, at, lambda item, where: param_of(item, where, depth + 1))
    if isinstance(entry, dict):
        return _marked(entry, at)
    if isinstance(entry, (bool, str)):
        return entry
    if type(entry) is not int or abs(entry) >= PLAIN:
        raise ParseError(f"{at}: {kind_of(entry)} where a parameter is needed")
    return entry


def _marked(entry: Entry, at: str) -> object:
    if "size" in entry:
        return size_of(fields_of(entry, at, ("size",))["size"], f"{at}.size")
    text = text_of(fields_of(entry, at, ("number",))["number"], f"{at}.number")
    value = exact_of(text if "/" in text else _whole(text), f"{at}.number")
    if isinstance(value, int) and abs(value) < PLAIN:
        raise ParseError(f"{at}: a small number stands without a mark")
    return value


def _whole(text: str) -> int | str:
    """A long integer, or the text of another number."""
    digits = text.removeprefix("-")
    return int(text) if digits.isdecimal() and len(digits) < 2_500 else text


READERS: dict[str, Callable[[list[Node], object, str], Node]] = {
    "tensor": _tensor,
    "constant": _constant,
    "einsum": _einsum,
    "sum": _sum,
    "call": _call,
}
