"""A node as a flat list of rows, and back: what `repr` prints and `build` reads.

Row k may refer to earlier rows by number, so a shared node is one row, however often
it is used, and no row is nested. Sizes and coefficients are texts, arrays hexadecimal
bytes.

>>> from indexcalc.expr import einsum, tensor
>>> x = tensor("x", ("n",))
>>> rows = to_rows(einsum([(x, [0])], [0, 0]))
>>> rows
[('tensor', 'x', 'n'), ('einsum', [(0, (0,))], [(0,), (0,)], 'n')]
>>> from_rows(rows) is einsum([(x, [0])], [0, 0])
True
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .coefficients import Number
from .errors import InternalError, ParseError
from .expr import constant, einsum, linear, tensor
from .functions import USERS, call
from .legible import quoted
from .matrix import basis, embed
from .nodes import Call, Einsum, Node, Sum, Tensor, toposort
from .postfix import require_orders
from .sizes import Dim, Shape, parse_shape, parse_size, shape_text, size_text
from .structure_matrices import CONSTANTS

Row = tuple[Any, ...]

#: The most characters of a variable's name.
LONGEST_NAME = 1_000


def shape_row(shape: Shape) -> str:
    """A shape as a text that `parse_shape` reads."""
    return " ".join(size_text(size) for size in shape)


def number_row(value: Number) -> int | str:
    """A coefficient as an integer or an exact text."""
    if isinstance(value, int):
        return value
    if isinstance(value, Fraction):
        return str(value)
    return repr(value)


def to_rows(root: Node) -> list[Row]:
    """The rows of every node under the root, children first."""
    place: dict[Node, int] = {}
    rows: list[Row] = []
    for node in toposort(root):
        rows.append(_row(node, place))
        place[node] = len(rows) - 1
    return rows


def _row(node: Node, place: dict[Node, int]) -> Row:
    match node:
        case Tensor():
            return leaf_row(node)
        case Einsum():
            operands = [(place[e], legs) for e, legs in node.operands]
            return ("einsum", operands, list(node.out), shape_row(node.dims))
        case Sum():
            terms = [(place[e], number_row(c)) for e, c in node.terms]
            return ("sum", terms, shape_row(node.shape))
        case Call():
            args = [place[e] for e in node.args]
            params = [param_row(p) for p in node.params]
            return ("call", node.function, args, params, shape_row(node.shape))


def leaf_row(node: Tensor) -> Row:
    """The row of a variable or a constant."""
    if node.array is not None:
        shape = " ".join(map(str, node.array.shape))
        content = node.array.tobytes().hex()
        return ("constant", node.name, node.array.dtype.str, shape, content)
    row = ("tensor", node.name, shape_row(node.shape))
    return (*row, node.structure) if node.structure else row


def param_row(param: object) -> object:
    """A parameter of a function: sizes and fractions are marked, others plain."""
    if isinstance(param, Dim):
        return {"size": size_text(param)}
    if isinstance(param, Fraction):
        return {"number": str(param)}
    return param


def from_rows(rows: Sequence[Row]) -> Node:
    """The node that the rows describe.

    Raises `ParseError` for a row that is not one of `to_rows`.
    """
    nodes: list[Node] = []
    if not isinstance(rows, Sequence):
        raise ParseError(f"{quoted(rows)} is not a list of rows")
    for k, row in enumerate(rows):
        try:
            nodes.append(_READERS[row[0]](nodes, *row[1:]))
        except UNREADABLE as error:
            raise ParseError(
                f"row {k} is not a row of an expression: {_reason(error)}"
            ) from None
    if not nodes:
        raise ParseError("an expression needs at least one row")
    return nodes[-1]


def _reason(error: Exception) -> str:
    keys = error.args if isinstance(error, LookupError) else ()
    return ", ".join(map(quoted, keys)) if keys else str(error)


#: What reading a row that is none may raise.
UNREADABLE = (
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
    ArithmeticError,
    InternalError,
)


def _read_tensor(nodes: list[Node], name: str, shape: str, structure: str = "") -> Node:
    if not (isinstance(name, str) and isinstance(shape, str)):
        raise TypeError(
            f"{quoted(name)} and {quoted(shape)} are not a name and a shape"
        )
    return tensor(name, parse_shape(shape), structure)


def require_name(name: str) -> None:
    """Raises `ValueError` where no variable has this name: not an identifier, primes
    aside, in the form in which Python reads identifiers.

    >>> require_name("x_1′")
    """
    from unicodedata import is_normalized

    fine = name.rstrip("′").isidentifier()
    if not (fine and len(name) <= LONGEST_NAME and is_normalized("NFKC", name)):
        raise ValueError(f"{quoted(name)} is not the name of a variable")


def _read_constant(
    nodes: list[Node], name: str, dtype: str, shape: str, content: str
) -> Node:
    if dtype not in _DTYPES:
        raise TypeError(f"{quoted(dtype)} is not the dtype of a constant")
    flat = np.frombuffer(bytes.fromhex(content), dtype)
    return constant(flat.reshape([int(str(n)) for n in parse_shape(shape)]), name)


#: The dtypes that arrays of constants may have, of either byte order.
_DTYPES = frozenset(
    found.str
    for kind in np.typecodes["AllInteger"].lower() + np.typecodes["AllFloat"] + "?"
    for found in (np.dtype(kind), np.dtype(kind).newbyteorder())
)


def _read_einsum(
    nodes: list[Node], operands: list[Any], out: list[Any], dims: str
) -> Node:
    chosen = [(_earlier(nodes, k), legs) for k, legs in operands]
    return einsum(chosen, out, dict(enumerate(parse_shape(dims))))


def _read_sum(nodes: list[Node], terms: list[Any], shape: str) -> Node:
    chosen = [(_earlier(nodes, k), read_number(c)) for k, c in terms]
    return linear(chosen, parse_shape(shape))


def _read_call(
    nodes: list[Node], name: str, args: list[int], params: list[Any], shape: str
) -> Node:
    read: tuple[Any, ...] = tuple(read_param(p) for p in params)
    require_params(name, read)
    return function_node(
        name, [_earlier(nodes, k) for k in args], read, parse_shape(shape)
    )


def require_params(name: str, params: tuple[Any, ...]) -> None:
    """Raises `TypeError` where these are not the kinds of parameters a function has."""
    kinds = _PARAMS.get(name, ())
    if len(params) != len(kinds) or not all(map(isinstance, params, kinds)):
        raise TypeError(f"{quoted(params)} are not the parameters of {name}")
    if any(p > MOST_AXES for p in params if type(p) is int and name in _COUNTING):
        raise ValueError(f"{name} of more than {MOST_AXES} axes")
    if name in USERS:
        require_orders(params[1])


def function_node(
    name: str, args: Sequence[Node], params: tuple[Any, ...], shape: Shape
) -> Node:
    """A function of nodes, or a constant without arguments, of a known shape.

    Raises `ValueError` where it cannot have that shape.
    """
    if name == "basis":
        (size,) = shape
        return basis(params[0], size)
    if name == "embed":
        total, size = shape
        return embed(params[0], size, total)
    if name in CONSTANTS:
        return _constant_call(name, shape)
    node = call(name, args, params)
    if node.shape != shape:
        given, told = shape_text(node.shape), shape_text(shape)
        raise ValueError(f"{name} gives {given}, not {told}")
    return node


def _constant_call(name: str, shape: Shape) -> Node:
    """A constant without parameters: its shape says everything."""
    node = CONSTANTS[name](shape)
    if node.shape != shape:
        raise ValueError(f"{name} cannot have the shape {shape_text(shape)}")
    return node


#: Functions whose parameters count axes, and how many they count at most.
_COUNTING = frozenset({"cofactors", "norm2", "rnorm", "frechet"})
MOST_AXES = 1_000

_SIZE = (int, Dim)
_PARAMS: dict[str, tuple[Any, ...]] = {
    "power": ((int, Fraction, float, complex),),
    "cofactors": (int,),
    "norm2": (int,),
    "rnorm": (int,),
    "unknown": (str, tuple),
    "defined": (str, tuple, tuple),
    "basis": (int,),
    "frechet": (str, int, int),
    "embed": (_SIZE,),
}


def _earlier(nodes: list[Node], k: int) -> Node:
    if not 0 <= k < len(nodes):
        raise IndexError(f"there is no row {k} before it")
    return nodes[k]


def read_number(text: int | str) -> Number:
    """The coefficient that `number_row` wrote."""
    if isinstance(text, int):
        return text
    if "j" in text:
        return complex(text)
    return float(text) if any(c in text for c in ".en") else Fraction(text)


def read_param(param: object) -> object:
    """The parameter that `param_row` wrote, lists as tuples."""
    if isinstance(param, dict):
        (kind, text), *_ = param.items()
        return parse_size(text) if kind == "size" else Fraction(text)
    if isinstance(param, (list, tuple)):
        return tuple(tuple(p) if isinstance(p, list) else p for p in param)
    return param


_READERS: dict[str, Callable[..., Node]] = {
    "tensor": _read_tensor,
    "constant": _read_constant,
    "einsum": _read_einsum,
    "sum": _read_sum,
    "call": _read_call,
}


# -- pickling --------------------------------------------------------------------------


def _pickled(node: Node) -> tuple[Callable[[Sequence[Row]], Node], tuple[list[Row]]]:
    """A node that is unpickled is the node itself, where that still exists."""
    return from_rows, (to_rows(node),)


for _kind in (Tensor, Einsum, Sum, Call):
    copyreg.pickle(_kind, _pickled)  # type: ignore[arg-type]
